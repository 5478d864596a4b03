//! Where things are in the checkout.

use std::path::{self, Path, PathBuf};
use std::{env, io};

use driver_api::Error;

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// The folder for build results, all of which can be built again: the one of cargo, which `CARGO_TARGET_DIR` may name.
pub fn target() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
    // Cargo was started in this folder, too.
    named.and_then(|folder| path::absolute(folder).ok()).unwrap_or_else(|| root().join("target"))
}

/// An error of a file or folder.
pub fn file_error(path: &Path, error: io::Error) -> Error {
    Error::driver("can't be used").because(error).context(path.display().to_string())
}
