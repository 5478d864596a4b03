//! Replaces the files of the service atomically. It follows no link: a link in the folder of the cache is replaced.
//! [`destination`](crate::destination) is for files at a place that an operator chose.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use driver_api::{Error, ErrorKind};
use rustix::fs::OFlags;
use rustix::process::geteuid;
use tempfile::NamedTempFile;

/// The prefix of the names of unfinished files.
const UNFINISHED: &str = ".confgend-";

/// Replaces a file. A reader sees the old text or the new one, even after a crash of the machine. After an error,
/// the old file stays.
///
/// # Errors
///
/// The error names the path.
pub fn replace(path: &Path, text: &str) -> Result<(), Error> {
    write(path, text).map_err(|error| {
        let context = format!("file {}", path.display());
        Error::new(ErrorKind::Driver, "can't be written").because(error).context(context)
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    swap(path, text.as_bytes(), mode_of(path))
}

/// Replaces a file in a folder that exists. Without a mode, it is the one that the umask leaves.
///
/// The file gets the owner and the group of its folder if this user may give it away: a command that root types must not
/// lock the service out of its own files.
pub(crate) fn swap(path: &Path, text: &[u8], mode: Option<u32>) -> io::Result<()> {
    let mut file = unfinished_beside(path, mode.unwrap_or(0o666))?;
    file.write_all(text)?;
    give_to_owner_of_folder(file.as_file(), path)?;
    if let Some(mode) = mode {
        // The umask has taken bits away.
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder_of(path)
}

/// Gives a file of root the owner and the group of the folder that it is in.
pub(crate) fn give_to_owner_of_folder(file: &File, path: &Path) -> io::Result<()> {
    let folder = fs::metadata(folder_of(path))?;
    if geteuid().is_root() && file.metadata()?.uid() != folder.uid() {
        fchown(file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

/// Has a file opened only if its path is no symbolic link. The folders of the service belong to its user, who must not be able
/// to lead a command of root to another file.
pub(crate) fn without_link(options: &mut OpenOptions, flags: OFlags) -> &OpenOptions {
    options.custom_flags(i32::try_from((OFlags::NOFOLLOW | flags).bits()).unwrap_or_default())
}

/// Creates a folder with those above it, unless it exists. Each has the mode, and the owner of the folder that it is in.
pub(crate) fn create_folder(folder: &Path, mode: u32) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        create_folder(above, mode)?;
    }
    match DirBuilder::new().mode(mode).create(folder) {
        Ok(()) => {
            let mut options = File::options();
            let opened = without_link(options.read(true), OFlags::DIRECTORY).open(folder)?;
            give_to_owner_of_folder(&opened, folder)
        }
        // Somebody else created it at the same time, or a file is in the way.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if folder.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }
        Err(error) => Err(error),
    }
}

/// Waits for the lock that this file stands for, and takes it. Dropping the result releases it. The system releases it if
/// the process is killed.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let file = open_lock(path)?;
    file.lock()?;
    Ok(file)
}

/// Opens the file that stands for a lock, and creates it if need be. It is for the owner alone.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    let open = without_link(File::options().read(true).append(true), OFlags::empty()).open(path);
    if !open.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return open;
    }
    let mut options = File::options();
    options.read(true).append(true).create(true).mode(0o600);
    let file = without_link(&mut options, OFlags::empty()).open(path)?;
    give_to_owner_of_folder(&file, path)?;
    Ok(file)
}

/// Creates an unfinished file beside a file that it is to replace: a rename is atomic only within a file system. The
/// umask takes bits of the mode away.
pub(crate) fn unfinished_beside(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder_of(path))
}

/// Returns the folder of a file. An empty path is the current folder, which the system does not know by that name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Flushes the folder of a file to the disk, so that a rename or a deletion survives a crash.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Removes unfinished files from a folder. A crash leaves them.
pub(crate) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            // An unfinished file does no harm, so the error is ignored.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns the mode of an existing file.
fn mode_of(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("asterisk/pjsip.conf");
        replace(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        replace(&path, "").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
        assert_eq!(mode_of(&path), Some(0o600));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_leads_no_lock_to_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(open_lock(&link).is_err());
        assert!(!target.exists());
        fs::write(&target, "somebody's").unwrap();
        assert!(open_lock(&link).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "somebody's");
        drop(lock(&folder.path().join("lock")).unwrap());
    }

    #[test]
    fn a_file_in_the_way_is_named_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("asterisk");
        fs::write(&file, "a file, not a folder").unwrap();
        let error = replace(&file.join("pjsip.conf"), "new").unwrap_err().chain();
        assert!(
            error.starts_with(&format!("file {}/pjsip.conf: can't be written: ", file.display())),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "a file, not a folder");
        let error = replace(folder.path(), "new").unwrap_err().chain();
        assert!(error.contains("can't be written: "), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
