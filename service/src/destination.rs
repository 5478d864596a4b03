//! Writes a file at a place that an operator chose. The file there keeps its owner, its mode and its links.
//!
//! The files of the service itself, such as the cache, are those of the module `file`: it follows no link.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use driver_api::{Error, ErrorKind};
use rustix::fs::{FallocateFlags, XattrFlags, fallocate, fgetxattr, flistxattr, fsetxattr};
use tempfile::NamedTempFile;

use crate::file;

/// The maximum number of symbolic links that lead to a file, which is also the system's.
const MAX_LINKS: usize = 40;

/// The maximum size of a file that is kept in memory, to restore it if it can't be written as a whole.
const MAX_KEPT: u64 = 1 << 30;

/// Attributes that describe the bytes of a file. They are wrong for other bytes.
const ATTRIBUTES_OF_CONTENT: [&[u8]; 2] = [b"security.evm", b"security.ima"];

/// Writes a file. A reader sees the old text or the new one, even after a crash of the machine. After an error, the
/// old file stays. Missing folders are created.
///
/// - A file that is there keeps its owner, group, mode and extended attributes.
/// - A symbolic link stays; its target is written. A link that leads nowhere gets a target.
/// - A file that can't be replaced, such as a mounted one or one in a folder that is not writable, is written in
///   place. A reader may see a part of the new text then. The result is a warning that says so.
///
/// # Errors
///
/// The error names the path, and says whether the old text is still there.
pub fn write(path: &Path, text: &str) -> Result<Option<String>, Error> {
    write_with(&Steps::SYSTEM, path, text)
}

/// Does the same in a folder of another user, for whom root writes. A file that is new has this mode, and the owner of its
/// folder. Only links of root and of this user are followed, also to the folder: the owner must not lead root elsewhere.
///
/// # Errors
///
/// See [`write`](write()).
pub fn write_for_owner(path: &Path, text: &str, mode: u32) -> Result<Option<String>, Error> {
    let steps = Steps {
        new_mode: mode,
        adopt: file::give_to_owner_of_folder,
        may_follow: |owner, _, _, me| owner == me || owner == 0,
        ..Steps::SYSTEM
    };
    if let Some(folder) = path.parent().filter(|folder| folder.is_symlink()) {
        refuse_link_of_another_user(&steps, folder).map_err(|error| in_context(path, error))?;
    }
    write_with(&steps, path, text)
}

fn write_with(steps: &Steps, path: &Path, text: &str) -> Result<Option<String>, Error> {
    write_by(steps, path, text).map_err(|error| in_context(path, error))
}

fn in_context(path: &Path, error: io::Error) -> Error {
    let context = format!("file {}", path.display());
    Error::new(ErrorKind::Driver, "can't be written").because(error).context(context)
}

/// The steps that another file system, or another user, may not allow.
struct Steps {
    create: fn(&Path, u32) -> io::Result<NamedTempFile>,
    give: fn(&File, &Metadata) -> io::Result<()>,
    rename: fn(NamedTempFile, &Path) -> io::Result<()>,
    write: fn(&File, &[u8]) -> io::Result<()>,
    /// The mode of a file that is new, from which the umask takes bits away.
    new_mode: u32,
    /// Gives a file that is new to somebody.
    adopt: fn(&File, &Path) -> io::Result<()>,
    /// Returns whether a symbolic link may be followed: by its owner, the owner and the mode of its folder, and this user.
    may_follow: fn(u32, u32, u32, u32) -> bool,
}

impl Steps {
    const SYSTEM: Steps = Steps {
        create: file::unfinished_beside,
        give: |file, old| fchown(file, Some(old.uid()), Some(old.gid())),
        rename: |file, path| file.persist(path).map(|_| ()).map_err(|error| error.error),
        write: |file, bytes| file.write_all_at(bytes, 0),
        new_mode: 0o666,
        adopt: |_, _| Ok(()),
        may_follow,
    };
}

fn write_by(steps: &Steps, path: &Path, text: &str) -> io::Result<Option<String>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let path = &follow(steps, path)?;
    let old = match fs::symlink_metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(old) = &old
        && !old.is_file()
    {
        return Err(io::Error::other(format!("{} is {}", path.display(), kind_of(old))));
    }
    match replace(steps, path, old.as_ref(), text) {
        Ok(()) => Ok(None),
        Err(Failure { error, allows_in_place: true }) if old.is_some() => {
            write_in_place(steps, path, text).map_err(|failure| in_addition(&failure, &error))?;
            Ok(Some(format!(
                "file {}: written in place, since it can't be replaced ({error}): a program that reads it at that \
                moment sees a part of it",
                path.display()
            )))
        }
        Err(Failure { error, .. }) => Err(error),
    }
}

fn in_addition(failure: &io::Error, first: &io::Error) -> io::Error {
    io::Error::new(failure.kind(), format!("{failure}; it can't be replaced either: {first}"))
}

fn kind_of(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "no regular file"
    }
}

/// Returns the path of the file that symbolic links lead to, which may not exist.
fn follow(steps: &Steps, path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..=MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else { return Ok(path) };
        refuse_link_of_another_user(steps, &path)?;
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("too many symbolic links lead to each other"))
}

/// Refuses a link as the system does with `fs.protected_symlinks`: in a folder such as `/tmp`, another user could lead
/// this program to any file.
fn refuse_link_of_another_user(steps: &Steps, link: &Path) -> io::Result<()> {
    let owner = fs::symlink_metadata(link)?.uid();
    let folder = link.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::metadata(folder)?;
    let me = rustix::process::geteuid().as_raw();
    if !(steps.may_follow)(owner, folder.uid(), folder.mode(), me) {
        let message = format!("{} is a symbolic link of another user", link.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

fn may_follow(owner: u32, owner_of_folder: u32, mode_of_folder: u32, me: u32) -> bool {
    const STICKY_AND_WRITABLE_BY_ALL: u32 = 0o1002;
    let is_shared = mode_of_folder & STICKY_AND_WRITABLE_BY_ALL == STICKY_AND_WRITABLE_BY_ALL;
    !is_shared || owner == me || owner == owner_of_folder
}

/// Why a file was not replaced.
struct Failure {
    error: io::Error,
    /// Whether the file itself may be writable all the same.
    allows_in_place: bool,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure { error, allows_in_place: false }
    }
}

/// Returns a failure after which the file may be written in place: there is no permission for the folder, or the file
/// is mounted. On a full disk, that would cost the old text.
fn refused(error: io::Error) -> Failure {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    let kinds = [CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy];
    Failure { allows_in_place: kinds.contains(&error.kind()), error }
}

/// Replaces a file by a new one with the same properties.
fn replace(steps: &Steps, path: &Path, old: Option<&Metadata>, text: &str) -> Result<(), Failure> {
    // Nobody else may read the text before the file has the old owner and mode.
    let mode = if old.is_some() { 0o600 } else { steps.new_mode };
    let mut new = (steps.create)(path, mode).map_err(refused)?;
    new.write_all(text.as_bytes())?;
    match old {
        Some(old) => keep_properties(steps, path, old, new.as_file())?,
        None => (steps.adopt)(new.as_file(), path)?,
    }
    new.as_file().sync_all()?;
    (steps.rename)(new, path).map_err(refused)?;
    Ok(file::sync_folder_of(path)?)
}

/// Gives a new file the owner, the mode and the extended attributes of the old one. A program that may read the old
/// file must be able to read the new one, so another owner is a failure.
fn keep_properties(steps: &Steps, path: &Path, old: &Metadata, new: &File) -> Result<(), Failure> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        (steps.give)(new, old).map_err(refused)?;
    }
    // The mode comes second, since a change of the owner takes bits away.
    new.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777)).map_err(refused)?;
    // Only some attributes may be set, and not every file system has them.
    if let Ok(source) = File::open(path) {
        copy_attributes(&source, new);
    }
    Ok(())
}

fn copy_attributes(source: &File, target: &File) {
    let mut names = vec![0; 64 << 10];
    let Ok(length) = flistxattr(source, &mut names[..]) else { return };
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 << 10];
        if !ATTRIBUTES_OF_CONTENT.contains(&name)
            && let Ok(length) = fgetxattr(source, name, &mut value[..])
        {
            let _ = fsetxattr(target, name, &value[..length], XattrFlags::empty());
        }
    }
}

/// Writes over the bytes of a file. After a failure, it writes the old ones back.
fn write_in_place(steps: &Steps, path: &Path, text: &str) -> io::Result<()> {
    let (file, old) = open_for_both(path)?;
    if old.as_deref() == Some(text.as_bytes()) {
        return Ok(());
    }
    // The space is there before the first byte changes. Not every file system can tell.
    match fallocate(&file, FallocateFlags::KEEP_SIZE, 0, text.len().max(1) as u64).map_err(io::Error::from) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err(error),
        _ => {}
    }
    let length = text.len() as u64;
    let written = (steps.write)(&file, text.as_bytes()).and_then(|()| file.set_len(length));
    written.and_then(|()| file.sync_all()).map_err(|error| {
        let restored = old.as_deref().is_some_and(|old| {
            file.write_all_at(old, 0).and_then(|()| file.set_len(old.len() as u64)).is_ok()
        });
        let what = if restored { "its old text is restored" } else { "THE FILE IS DAMAGED: write it again" };
        io::Error::new(error.kind(), format!("{error}; {what}"))
    })
}

/// Opens a file, and reads its bytes if that is possible.
fn open_for_both(path: &Path) -> io::Result<(File, Option<Vec<u8>>)> {
    let Ok(mut file) = File::options().read(true).write(true).open(path) else {
        return Ok((File::options().write(true).open(path)?, None));
    };
    let mut old = Vec::new();
    let read = (&file).take(MAX_KEPT).read_to_end(&mut old);
    file.rewind()?;
    Ok((file, read.is_ok_and(|length| (length as u64) < MAX_KEPT).then_some(old)))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::symlink;

    use rustix::process::geteuid;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Folder {
            Folder(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// Creates a file with an old text.
        fn old(&self, name: &str) -> PathBuf {
            let path = self.path(name);
            fs::write(&path, "an old text").unwrap();
            path
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort_unstable();
            names
        }
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    fn denied<T>() -> io::Result<T> {
        Err(rustix::io::Errno::ACCESS.into())
    }

    #[test]
    fn missing_folders_are_created() {
        let folder = Folder::new();
        let path = folder.path("a/b/pjsip.conf");
        assert_eq!(write(&path, "new").unwrap(), None);
        assert_eq!(text(&path), "new");
    }

    #[test]
    fn a_written_file_keeps_its_mode_whatever_the_umask_is() {
        let folder = Folder::new();
        let path = folder.old("x");
        for mode in [0o600, 0o640, 0o666, 0o444] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(write(&path, &format!("{mode:o}")).unwrap(), None);
            assert_eq!(text(&path), format!("{mode:o}"));
            assert_eq!(path.metadata().unwrap().mode() & 0o7777, mode);
        }
        assert_eq!(folder.names(), ["x"]);
    }

    #[test]
    fn a_written_file_keeps_its_extended_attributes() {
        let folder = Folder::new();
        let path = folder.old("x");
        let file = File::open(&path).unwrap();
        if let Err(error) = fsetxattr(&file, "user.origin", b"mine", XattrFlags::empty()) {
            assert_eq!(error, rustix::io::Errno::NOTSUP, "this file system has no attributes");
            return;
        }
        write(&path, "new").unwrap();
        let mut value = [0; 16];
        let length = fgetxattr(File::open(&path).unwrap(), "user.origin", &mut value[..]).unwrap();
        assert_eq!((&value[..length], text(&path).as_str()), (&b"mine"[..], "new"));
    }

    /// Creates a file that has another owner than the one that it is to replace, if that is possible.
    fn create_for_another_user(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
        let file = file::unfinished_beside(path, mode)?;
        if geteuid().is_root() {
            fchown(&file, Some(1), Some(1))?;
        }
        Ok(file)
    }

    #[test]
    fn a_written_file_keeps_its_owner_or_is_written_in_place() {
        let folder = Folder::new();
        let path = folder.old("x");
        let owner = |path: &Path| path.metadata().map(|it| (it.uid(), it.gid(), it.ino())).unwrap();
        if geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(4711), Some(4712)).unwrap();
            assert_eq!(write(&path, "new").unwrap(), None);
            let (uid, gid, _) = owner(&path);
            assert_eq!((uid, gid, text(&path).as_str()), (4711, 4712, "new"));
        }
        // A user who is not root may not give files away.
        let before = owner(&path);
        let steps = Steps { create: create_for_another_user, give: |_, _| denied(), ..Steps::SYSTEM };
        let warning = write_by(&steps, &path, "newer").unwrap();
        assert_eq!((owner(&path), text(&path).as_str()), (before, "newer"));
        assert_eq!(warning.is_some(), geteuid().is_root());
        assert_eq!(folder.names(), ["x"]);
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_written() {
        let folder = Folder::new();
        fs::create_dir(folder.path("real")).unwrap();
        symlink("real/x", folder.path("second")).unwrap();
        symlink(folder.path("second"), folder.path("first")).unwrap();
        // The links lead nowhere at first.
        for new in ["new", "newer"] {
            assert_eq!(write(&folder.path("first"), new).unwrap(), None);
            assert!(folder.path("first").is_symlink() && folder.path("second").is_symlink());
            assert_eq!(text(&folder.path("real/x")), new);
            assert!(!folder.path("real/x").is_symlink());
        }
        symlink("loop", folder.path("loop")).unwrap();
        let error = write(&folder.path("loop"), "new").unwrap_err().chain();
        assert!(error.ends_with("can't be written: too many symbolic links lead to each other"), "{error}");
        assert!(folder.path("loop").is_symlink());
    }

    #[test]
    fn a_link_of_another_user_in_a_shared_folder_is_refused() {
        for (owner, mode, may) in
            [(7, 0o1777, false), (1000, 0o1777, true), (0, 0o1777, true), (7, 0o755, true)]
        {
            assert_eq!(may_follow(owner, 0, mode, 1000), may, "{owner} {mode:o}");
        }
        // Only root can make such a link.
        if !geteuid().is_root() {
            return;
        }
        let folder = Folder::new();
        let target = folder.old("target");
        let shared = folder.path("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        let link = shared.join("link");
        symlink(&target, &link).unwrap();
        write(&link, "mine").unwrap();
        std::os::unix::fs::lchown(&link, Some(4711), Some(4711)).unwrap();
        let error = write(&link, "theirs").unwrap_err().chain();
        assert!(error.ends_with("is a symbolic link of another user"), "{error}");
        assert_eq!(text(&target), "mine");
    }

    #[test]
    fn root_follows_no_link_of_the_owner_of_a_folder() {
        // Only root can make such a link.
        if !geteuid().is_root() {
            return;
        }
        let folder = Folder::new();
        let target = folder.old("target");
        let own = folder.path("own");
        fs::create_dir(&own).unwrap();
        let (link, linked) = (own.join("link"), folder.path("linked"));
        symlink(&target, &link).unwrap();
        symlink(&own, &linked).unwrap();
        assert_eq!(write_for_owner(&link, "mine", 0o640).unwrap(), None);
        for path in [&own, &link, &linked] {
            std::os::unix::fs::lchown(path, Some(4711), Some(4711)).unwrap();
        }
        for path in [link.clone(), linked.join("new")] {
            let error = write_for_owner(&path, "theirs", 0o640).unwrap_err().chain();
            assert!(error.ends_with("is a symbolic link of another user"), "{error}");
        }
        assert_eq!(text(&target), "mine");
        write_for_owner(&own.join("new"), "for the owner", 0o640).unwrap();
        let metadata = own.join("new").metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (4711, 4711, 0o640));
    }

    #[test]
    fn a_file_that_can_not_be_replaced_is_written_in_place() {
        let cannot_create = Steps { create: |_, _| denied(), ..Steps::SYSTEM };
        let cannot_rename = Steps { rename: |_, _| Err(rustix::io::Errno::BUSY.into()), ..Steps::SYSTEM };
        let read_only = Steps { create: |_, _| Err(rustix::io::Errno::ROFS.into()), ..Steps::SYSTEM };
        for steps in [cannot_create, cannot_rename, read_only] {
            let folder = Folder::new();
            let path = folder.old("x");
            let inode = path.metadata().unwrap().ino();
            for new in ["new", "", "longer than all the others, by far"] {
                let warning = write_by(&steps, &path, new).unwrap().unwrap();
                assert!(warning.contains("/x: written in place, since it can't be replaced ("), "{warning}");
                assert_eq!((text(&path).as_str(), path.metadata().unwrap().ino()), (new, inode));
            }
            assert_eq!(folder.names(), ["x"]);
        }
    }

    #[test]
    fn a_missing_file_is_not_written_in_place() {
        let folder = Folder::new();
        let steps = Steps { create: |_, _| denied(), ..Steps::SYSTEM };
        let error = write_by(&steps, &folder.path("x"), "new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(folder.names().is_empty());
    }

    #[test]
    fn a_full_disk_never_costs_the_old_text() {
        let full: fn(&Path, u32) -> io::Result<NamedTempFile> = |_, _| Err(rustix::io::Errno::NOSPC.into());
        let folder = Folder::new();
        let path = folder.old("x");
        assert!(write_by(&Steps { create: full, ..Steps::SYSTEM }, &path, "new").is_err());
        assert_eq!(text(&path), "an old text");
        // In place, half of the new text is written before the disk is full.
        let half = |file: &File, bytes: &[u8]| {
            file.write_all_at(&bytes[..bytes.len() / 2], 0)?;
            Err(rustix::io::Errno::NOSPC.into())
        };
        let steps = Steps { create: |_, _| denied(), write: half, ..Steps::SYSTEM };
        for new in ["new", "a new text that is longer than the old one"] {
            let error = write_by(&steps, &path, new).unwrap_err().to_string();
            assert!(error.contains("; its old text is restored; it can't be replaced either: "), "{error}");
            assert_eq!(text(&path), "an old text");
        }
    }

    #[test]
    fn only_a_regular_file_is_written() {
        let folder = Folder::new();
        let error = write(&folder.path("."), "new").unwrap_err().chain();
        assert!(error.ends_with("is a folder"), "{error}");
        let error = write(Path::new("/dev/null"), "new").unwrap_err().chain();
        assert!(error.ends_with("/dev/null is no regular file"), "{error}");
    }

    #[test]
    fn a_mounted_file_is_written_in_place() {
        let folder = Folder::new();
        let (source, path) = (folder.old("source"), folder.old("x"));
        let mount = |arguments: &[&Path]| {
            std::process::Command::new("mount").args(arguments).output().is_ok_and(|it| it.status.success())
        };
        // Without the privilege to mount, `a_file_that_can_not_be_replaced_is_written_in_place` shows the same.
        if !mount(&[Path::new("--bind"), &source, &path]) {
            return;
        }
        let warning = write(&path, "new");
        let unmounted = std::process::Command::new("umount").arg(&path).status().unwrap();
        assert!(unmounted.success());
        assert!(warning.unwrap().unwrap().contains("Device or resource busy"));
        assert_eq!((text(&source).as_str(), text(&path).as_str()), ("new", "an old text"));
    }
}
