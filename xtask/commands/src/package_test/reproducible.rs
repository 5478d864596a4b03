//! Whether another folder, at another time, gives the same packages.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use driver_api::Error;

use crate::files::copy_checkout;
use crate::packages::{Build, Features};
use crate::{file_error, git, root};

/// Packages the same compiled programs again, from a copy of the checkout, and compares the bytes. The copy has other
/// paths, times and modes.
pub(super) fn check(build: &Build<'_>, features: &Features, packages: &[PathBuf]) -> Result<(), Error> {
    let scratch = tempfile::tempdir().map_err(|error| file_error(&std::env::temp_dir(), error))?;
    let checkout = scratch.path().join("another checkout");
    copy_checkout(&checkout)?;
    change_metadata(&checkout)?;
    let again = Build { checkout: &checkout, out: &scratch.path().join("out"), ..*build };
    let again = [again.service(features)?, again.client()?];
    for (package, again) in packages.iter().zip(&again) {
        let read = |path: &Path| fs::read(path).map_err(|error| file_error(path, error));
        if read(package)? != read(again)? {
            return Err(different(package, again));
        }
    }
    say!("reproducible: another folder and time give the same bytes");
    Ok(())
}

/// Keeps both packages where a developer can compare them.
fn different(package: &Path, again: &Path) -> Error {
    let name = package.file_name().unwrap_or_default().display();
    let kept = crate::target().join("package-test-differences");
    let keep = |path: &Path, folder: &str| {
        let folder = kept.join(folder);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(path, folder.join(path.file_name().unwrap_or_default())))
            .map_err(|error| file_error(&folder, error))
    };
    if let Err(error) = keep(package, "first").and_then(|_| keep(again, "again")) {
        return error;
    }
    Error::driver(format!(
        "another folder and time give other bytes; compare {0}/first/{name} with {0}/again/{name}, by diffoscope",
        kept.display()
    ))
    .context(name.to_string())
}

/// Gives the files of a copy of the checkout another time, and other modes for all but the owner.
fn change_metadata(checkout: &Path) -> Result<(), Error> {
    let paths = git::files(root())?.into_iter().map(|name| checkout.join(name));
    let mut files = paths.filter(|path| !path.is_symlink());
    files.try_for_each(|path| other_metadata(&path).map_err(|error| file_error(&path, error)))
}

fn other_metadata(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o700;
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(946_684_800);
    OpenOptions::new().append(true).open(path)?.set_modified(long_ago)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}
