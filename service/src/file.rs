//! Replaces files atomically.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use driver_api::{Error, ErrorKind};

/// The prefix of the names of unfinished files.
pub(crate) const UNFINISHED: &str = ".confgend-";

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
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    // A rename is atomic only within a file system, so the new file begins in the same folder.
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(mode_of(path)))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder_of(path)
}

/// Flushes the folder of a file to the disk, so that a rename or a deletion survives a crash.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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

/// Returns the mode of an existing file, or the mode of a new one before the umask.
fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode() & 0o7777)
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
        assert_eq!(mode_of(&path), 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
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
