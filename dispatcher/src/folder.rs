//! Files in folders: those of a file set, and Asterisk's configuration folder. Others wrote them, so they may be anything.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use asterisk_conf::{Content, Files, files};
use bstr::{BStr, BString, ByteSlice};
use driver_api::{Error, Namespace};
use review::{FileSet, Folder, GeneratedFile, Host};

/// The largest file that is read. A file of 200,000 telephones has about 300 MB.
const MAX_BYTES: u64 = 1 << 30;

/// Reads the files of a folder, each as RESOURCE/FILENAME: all, or those of these names. Hidden files are left out.
///
/// # Errors
///
/// The folder or a file can't be read, is no file, or is larger than 1 GiB; or one of the names is not there.
pub fn file_set(folder: &Path, names: &[Namespace]) -> Result<FileSet, Error> {
    if !names.is_empty() {
        return names.iter().map(|name| Ok((name.clone(), file(folder, name)?))).collect();
    }
    let mut set = FileSet::default();
    for resource in visible(folder)?.into_iter().filter(|name| folder.join(name).is_dir()) {
        for filename in visible(&folder.join(&resource))? {
            // A copy by an old name is from a release that served it.
            let text = format!("{resource}/{filename}");
            if !Namespace::is_old_name(&text)
                && let Ok(name) = text.parse::<Namespace>()
            {
                set.insert(name.clone(), file(folder, &name)?);
            }
        }
    }
    Ok(set)
}

/// Checks that a folder is there.
///
/// # Errors
///
/// It is none.
pub fn exists(folder: &Path) -> Result<(), Error> {
    let found = fs::metadata(folder).and_then(|metadata| {
        if metadata.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
    });
    found.map_err(|error| {
        Error::driver("the folder can't be read").because(error).context(folder.display().to_string())
    })
}

/// Reads a file of a folder, if it has one of this name.
///
/// # Errors
///
/// The file can't be read, is no file, or is larger than 1 GiB.
pub fn present(folder: &Path, name: &Namespace) -> Result<Option<GeneratedFile>, Error> {
    match fs::symlink_metadata(folder.join(name.to_string())) {
        Err(error) if is_missing(&error) => Ok(None),
        _ => file(folder, name).map(Some),
    }
}

/// Returns the names in a folder that are UTF-8 and not hidden, sorted.
fn visible(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |error: io::Error| {
        Error::driver("the folder can't be read").because(error).context(folder.display().to_string())
    };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
    let names = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_unstable();
    Ok(names)
}

fn file(folder: &Path, name: &Namespace) -> Result<GeneratedFile, Error> {
    let path = folder.join(name.to_string());
    let text = read(&path).map_err(|error| {
        Error::driver("the file can't be read").because(error).context(path.display().to_string())
    })?;
    Ok(GeneratedFile::new(text))
}

/// Reads a file that is one: a pipe would never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other("it has more than 1 GiB"));
    }
    fs::read(path)
}

/// The most files, and the most folders inside each other, that a check looks through.
const MAX_FILES: usize = 200_000;
const MAX_DEPTH: usize = 16;

/// The files of Asterisk's configuration folder. Includes are relative to it.
#[derive(Debug, Clone, Copy)]
pub struct AsteriskFolder<'p> {
    /// The folder, such as `/etc/asterisk`.
    pub root: &'p Path,
}

impl Files for AsteriskFolder<'_> {
    fn find(&self, pattern: &BStr) -> Vec<BString> {
        let find = |alternative: BString| match files::wildcard(alternative.as_bstr()) {
            None => vec![alternative],
            Some(wildcard) => self.matching(&wildcard),
        };
        files::alternatives(pattern).into_iter().flat_map(find).collect()
    }

    fn read(&self, name: &BStr) -> Content<'_> {
        let Ok(path) = name.to_path() else { return Content::Missing };
        let path = self.root.join(path);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                read(&path).map_or(Content::Missing, |text| Content::Text(text.into()))
            }
            Ok(_) => Content::NotAFile,
            Err(_) => Content::Missing,
        }
    }
}

impl Host for AsteriskFolder<'_> {
    fn files_in(&self, folder: &BStr) -> Folder {
        let Ok(path) = folder.to_path() else { return Folder::Missing };
        let is_played = |entry: io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| {
                let name = entry.file_name();
                let has_extension = !name.as_bytes().starts_with(b".") && name.as_bytes().contains(&b'.');
                has_extension && entry.path().is_file()
            })
        };
        match fs::read_dir(path) {
            Ok(entries) => Folder::Files(entries.map(is_played).filter(|is_played| *is_played).count()),
            Err(error) if is_missing(&error) => Folder::Missing,
            Err(_) => Folder::Unreadable,
        }
    }

    fn files_below(&self, folder: &BStr) -> Option<Vec<BString>> {
        let root = folder.to_path().ok()?;
        let (mut files, mut waiting) = (Vec::new(), vec![(root.to_owned(), 0)]);
        while let Some((folder, depth)) = waiting.pop() {
            for entry in fs::read_dir(folder).ok()? {
                let path = entry.ok()?.path();
                match fs::metadata(&path) {
                    // A link may lead back to a folder above it.
                    Ok(metadata) if metadata.is_dir() && depth < MAX_DEPTH => waiting.push((path, depth + 1)),
                    Ok(metadata) if metadata.is_dir() => return None,
                    Ok(_) => files.push(BString::from(relative(&path, root))),
                    // A link to nothing.
                    Err(error) if is_missing(&error) => {}
                    Err(_) => return None,
                }
            }
            if files.len() + waiting.len() > MAX_FILES {
                return None;
            }
        }
        Some(files)
    }

    fn is_program(&self, path: &BStr) -> bool {
        let Ok(path) = path.to_path() else { return false };
        match fs::metadata(path) {
            Ok(metadata) => metadata.is_file() && metadata.permissions().mode() & 0o111 != 0,
            Err(error) => !is_missing(&error),
        }
    }
}

/// Returns whether there is nothing at a path. After another error, there may be.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl AsteriskFolder<'_> {
    fn matching(&self, wildcard: &glob::Pattern) -> Vec<BString> {
        let root = glob::Pattern::escape(&self.root.to_string_lossy());
        let wildcard = wildcard.as_str();
        let absolute =
            if wildcard.starts_with('/') { wildcard.to_owned() } else { format!("{root}/{wildcard}") };
        let Ok(paths) = glob::glob_with(&absolute, files::WILDCARD_OPTIONS) else { return Vec::new() };
        let name = |path: PathBuf| {
            let path = path.strip_prefix(self.root).map(Path::to_owned).unwrap_or(path);
            BString::from(path.into_os_string().into_vec())
        };
        let mut names: Vec<_> = paths.flatten().map(name).collect();
        // Asterisk sorts whole names; the crate `glob` sorts folder by folder.
        names.sort_unstable();
        names
    }
}

/// Returns the name of a file relative to a folder, as messages show it.
pub fn relative<'p>(file: &'p Path, folder: &Path) -> &'p [u8] {
    file.strip_prefix(folder).unwrap_or(file).as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_folder_that_asterisk_may_play() {
        let root = tempfile::tempdir().unwrap();
        let host = AsteriskFolder { root: root.path() };
        let path = BString::from(root.path().as_os_str().as_bytes());
        assert_eq!(host.files_in(path.as_bstr()), Folder::Files(0));
        for name in [".hidden.wav", "README", "a.wav", "b.slin"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        fs::create_dir(root.path().join("c.wav")).unwrap();
        assert_eq!(host.files_in(path.as_bstr()), Folder::Files(2));
        for missing in ["none", "a.wav", "a.wav/b"] {
            let path = [path.as_bytes(), b"/", missing.as_bytes()].concat();
            assert_eq!(host.files_in(path.as_bstr()), Folder::Missing, "{missing}");
        }
    }

    #[test]
    fn the_files_below_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let host = AsteriskFolder { root: root.path() };
        fs::create_dir_all(root.path().join("en/digits")).unwrap();
        for name in ["beep.wav", "en/hello.gsm", "en/digits/1.wav"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", root.path().join("lost")).unwrap();
        let path = root.path().as_os_str().as_bytes().as_bstr();
        let mut files = host.files_below(path).unwrap();
        files.sort_unstable();
        assert_eq!(files, ["beep.wav", "en/digits/1.wav", "en/hello.gsm"]);
        std::os::unix::fs::symlink("..", root.path().join("en/back")).unwrap();
        assert_eq!(host.files_below(path), None, "a folder without an end");
        assert_eq!(host.files_below(BStr::new("/none")), None);
    }

    #[test]
    fn a_program_is_a_file_that_can_be_run() {
        let root = tempfile::tempdir().unwrap();
        let host = AsteriskFolder { root: root.path() };
        let program = root.path().join("play");
        let path = BString::from(program.as_os_str().as_bytes());
        assert!(!host.is_program(path.as_bstr()));
        fs::write(&program, "x").unwrap();
        assert!(!host.is_program(path.as_bstr()));
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(host.is_program(path.as_bstr()));
        assert!(!host.is_program(root.path().as_os_str().as_bytes().as_bstr()), "a folder is none");
    }
}
