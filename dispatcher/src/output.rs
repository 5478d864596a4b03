//! Files that are there as a whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use driver_api::{Error, ErrorKind};

/// How the names of unfinished files begin.
const UNFINISHED: &str = ".confgend-";

/// Replaces a file by a new text. Whoever reads it meanwhile, or after a crash of the machine, sees the
/// old text or the new one; when anything fails, the old one stays.
pub fn replace(path: &Path, text: &str) -> Result<(), Error> {
    write(path, text).map_err(|error| {
        let place = format!("file {}", path.display());
        Error::new(ErrorKind::Driver, "can't be written").because(error).context(place)
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    // In the same folder, since a rename across file systems is a copy.
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(mode_of(path)))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder_of(path)
}

/// Has the disk keep which files there are in the folder of this one.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Removes unfinished files that a crash left in a folder.
pub(crate) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            // One that can't be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A file keeps its mode; the mode of a new one is what the process' mask leaves.
fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_or_the_new_one() {
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
    fn what_is_in_the_way_is_named_and_stays() {
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
