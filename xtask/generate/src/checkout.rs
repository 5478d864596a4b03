//! Where things are in the checkout.

use std::io;
use std::path::{Path, PathBuf};

use driver_api::Error;

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// The folder for build results, all of which can be built again.
pub fn target() -> PathBuf {
    root().join("target")
}

/// An error of a file or folder.
pub fn file_error(path: &Path, error: io::Error) -> Error {
    Error::driver("can't be used").because(error).context(path.display().to_string())
}
