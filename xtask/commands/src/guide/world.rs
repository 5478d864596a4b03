//! The home directory in which a guide is followed. It has a copy of this checkout and nothing else.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use driver_api::Error;
use tempfile::TempDir;

use crate::files::copy_checkout;
use crate::packages::dev_profile;
use crate::{command, file_error, root, target};

/// The name of the home in the guide.
pub(super) const HOME: &str = "/home/you";

/// The folder with the copy of this checkout, in the home.
const CHECKOUT: &str = "confgend";

/// The environment variables that commands inherit: where programs, the network and PostgreSQL are, and how to compile.
/// Any other variable could change what a command prints.
const INHERITED: &[&str] = &[
    "PATH",
    "TMPDIR",
    "USER",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "CARGO_BUILD_JOBS",
    "CARGO_INCREMENTAL",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "CONFGEND_PG_BIN",
    "CONFGEND_TEST_POSTGRES",
];

/// A home. It is deleted on drop, or before the next run if it is kept.
pub(super) struct World {
    home: PathBuf,
    _folder: TempDir,
    /// Held because every home has the same path, so that only one can exist.
    _lock: File,
}

impl World {
    pub(super) fn new(keep: bool) -> Result<World, Error> {
        // Other runs of this program take the lock as well.
        let target = target();
        fs::create_dir_all(&target).map_err(|error| file_error(&target, error))?;
        let lock = lock(&target)?;
        let mut folder = scratch().map_err(|error| file_error(&env::temp_dir(), error))?;
        // Programs print the path without symbolic links.
        let home = folder.path().canonicalize().map_err(|error| file_error(folder.path(), error))?;
        let checkout = home.join(CHECKOUT);
        copy_checkout(&checkout)?;
        // All workspaces of the guide share compiled dependencies with this one.
        let settings = home.join(".cargo/config.toml");
        fs::create_dir(home.join(".cargo"))
            .and_then(|()| fs::copy(dev_profile(), &settings))
            .map_err(|error| file_error(&settings, error))?;
        share_dependencies(&checkout)?;
        // The guide's reader looks for built programs in this folder.
        let link = checkout.join("target");
        symlink(target_folder(), &link).map_err(|error| file_error(&link, error))?;
        if keep {
            folder.disable_cleanup(true);
            say!("the guide's home, which is kept: {}", home.display());
        }
        Ok(World { home, _folder: folder, _lock: lock })
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The complete environment of the commands.
    pub(super) fn variables(&self, more: &[(&str, &str)]) -> Vec<(String, OsString)> {
        let own_home = env::home_dir().unwrap_or_default();
        let tool = |variable: &str, folder: &str| {
            let value = env::var_os(variable).unwrap_or_else(|| own_home.join(folder).into());
            (variable.to_owned(), value)
        };
        let inherited = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), env::var_os(name)?)));
        let set = [
            ("HOME", self.home.clone().into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("CARGO_TARGET_DIR", target_folder().into()),
        ];
        let set = set.into_iter().map(|(name, value)| (name.to_owned(), value));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let tools = [tool("CARGO_HOME", ".cargo"), tool("RUSTUP_HOME", ".rustup")];
        inherited.chain(tools).chain(set).chain(more).collect()
    }
}

/// The target folder of everything that a guide builds. It can't be that of this checkout: cargo takes a crate of the
/// copy for the same crate here, and would run a `cargo xtask` that works on this checkout. For the same reason, homes
/// at two paths have two target folders.
pub(super) fn target_folder() -> PathBuf {
    target().join("guide").join(as_file_name(&home_path()))
}

/// Begins the target folder with the dependencies that this checkout has compiled: as links, so that they take no room. The
/// crates of this repository are not among them.
fn share_dependencies(checkout: &Path) -> Result<(), Error> {
    let (from, to) = (target().join("debug"), target_folder().join("debug"));
    if to.exists() {
        return Ok(());
    }
    fs::create_dir_all(&to).map_err(|error| file_error(&to, error))?;
    // Cargo takes this lock before it writes to the folder.
    let held = lock(&from.join(".cargo-lock"))?;
    let mut copy = Command::new("cp");
    copy.args(["--archive", "--link"])
        .args(["deps", "build", ".fingerprint"].map(|folder| from.join(folder)));
    command::run(copy.arg(&to))?;
    drop(held);
    let mut clean = command::cargo();
    clean.current_dir(checkout).env("CARGO_TARGET_DIR", target_folder());
    command::run(clean.args(["clean", "--quiet", "--workspace"]))
}

/// The path of the home. It is the same in every run, because cargo compiles a crate again when it has moved.
fn home_path() -> PathBuf {
    env::temp_dir().join(format!("confgend-guide-{}", as_file_name(root())))
}

/// Waits for the lock on a file or a folder. Dropping the result releases it.
fn lock(path: &Path) -> Result<File, Error> {
    let locked = File::open(path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| file_error(path, error))
}

/// Creates an empty folder for the home, in place of one that an earlier run has kept.
fn scratch() -> io::Result<TempDir> {
    let path = home_path();
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => {
            let name = path.file_name().unwrap_or_default();
            tempfile::Builder::new().prefix(name).rand_bytes(0).tempdir()
        }
    }
}

/// A path as one part of a file name.
fn as_file_name(path: &Path) -> String {
    path.display().to_string().trim_matches('/').replace('/', "-")
}
