//! Where a guide is followed: the home of somebody who has this checkout and nothing else.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use driver_api::Error;
use tempfile::TempDir;

use crate::{file_error, not_started, root, target};

/// How the guide calls the home.
pub(super) const HOME: &str = "/home/you";

/// The folder in it with the copy of this checkout.
const CHECKOUT: &str = "confgend";

/// What a command has from whoever runs this: how to find programs and the network, how to compile, and where
/// PostgreSQL is. Anything else could make it print another text.
const HANDED_ON: &[&str] = &[
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
    // Set in `.cargo/config.toml`: with another value in the guide's own workspace, each would compile the allocator
    // again after the other.
    "JEMALLOC_SYS_WITH_MALLOC_CONF",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "CONFGEND_PG_BIN",
    "CONFGEND_TEST_POSTGRES",
];

/// A home that is gone afterwards, or before the next one if it is kept.
pub(super) struct World {
    home: PathBuf,
    _folder: TempDir,
    /// One at a time, since the next one has the same name.
    _lock: File,
}

impl World {
    pub(super) fn new(keep: bool) -> Result<World, Error> {
        let lock = lock(&target()).map_err(|error| file_error(&target(), error))?;
        let mut folder = scratch().map_err(|error| file_error(&env::temp_dir(), error))?;
        // Programs print it without symbolic links.
        let home = folder.path().canonicalize().map_err(|error| file_error(folder.path(), error))?;
        let checkout = home.join(CHECKOUT);
        for file in files(root())? {
            copy(&root().join(&file), &checkout.join(&file))?;
        }
        // What is built there is found where its reader looks for it.
        let link = checkout.join("target");
        symlink(built(), &link).map_err(|error| file_error(&link, error))?;
        if keep {
            folder.disable_cleanup(true);
            say!("the guide's home, which is kept: {}", home.display());
        }
        Ok(World { home, _folder: folder, _lock: lock })
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// All environment variables there are.
    pub(super) fn variables(&self, more: &[(&str, &str)]) -> Vec<(String, OsString)> {
        let own_home = env::home_dir().unwrap_or_default();
        let tool = |variable: &str, folder: &str| {
            let value = env::var_os(variable).unwrap_or_else(|| own_home.join(folder).into());
            (variable.to_owned(), value)
        };
        let handed_on = HANDED_ON.iter().filter_map(|name| Some(((*name).to_owned(), env::var_os(name)?)));
        let set = [
            ("HOME", self.home.clone().into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("CARGO_TARGET_DIR", built().into()),
            // As in this workspace: so crates of others, compiled once, serve all workspaces of the guide.
            ("CARGO_PROFILE_DEV_DEBUG", "line-tables-only".into()),
        ];
        let set = set.into_iter().map(|(name, value)| (name.to_owned(), value));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let tools = [tool("CARGO_HOME", ".cargo"), tool("RUSTUP_HOME", ".rustup")];
        handed_on.chain(tools).chain(set).chain(more).collect()
    }
}

/// Where everything is built that a guide builds, and its result outside. It is not the folder of this checkout itself:
/// cargo takes a crate of the copy for the one here, and would run a `cargo xtask` that works here. For the same
/// reason, homes in two places have two of these folders.
pub(crate) fn built() -> PathBuf {
    target().join("guide").join(in_a_name(&place()))
}

/// Where the home is: at the same path each time, because cargo compiles a crate again when it has moved.
fn place() -> PathBuf {
    env::temp_dir().join(format!("confgend-guide-{}", in_a_name(root())))
}

/// Waits until nobody else has the folder locked.
fn lock(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// An empty folder for the home. What an earlier run has kept there goes.
fn scratch() -> io::Result<TempDir> {
    let place = place();
    match fs::remove_dir_all(&place) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => {
            let name = place.file_name().unwrap_or_default();
            tempfile::Builder::new().prefix(name).rand_bytes(0).tempdir()
        }
    }
}

/// A path as a part of a name.
fn in_a_name(path: &Path) -> String {
    path.display().to_string().trim_matches('/').replace('/', "-")
}

/// The files below a folder, by their paths in it, with those that git has not been told of, but without what it ignores.
pub(super) fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = git(folder, &list)?;
    let names = output.split_terminator('\0').map(str::to_owned);
    let mut names: Vec<String> = names.filter(|name| folder.join(name).exists()).collect();
    names.sort_unstable();
    Ok(names)
}

/// What git says in a folder.
pub(super) fn git(folder: &Path, words: &[&str]) -> Result<String, Error> {
    let mut git = Command::new("git");
    // In a hook, git says with these which repository it means.
    git.env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").env_remove("GIT_WORK_TREE");
    let output = git.arg("-C").arg(folder).args(words).output();
    let output = output.map_err(|error| not_started("git", error))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::driver(message).context(format!("git {}", words.join(" "))));
    }
    String::from_utf8(output.stdout)
        .map_err(|error| Error::driver("prints no UTF-8").because(error).context("git"))
}

/// Copies a file with its time, by which cargo knows whether it has changed.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    let copy = || {
        fs::copy(from, to)?;
        File::open(to)?.set_modified(fs::metadata(from)?.modified()?)
    };
    copy().map_err(|error| file_error(from, error))
}
