//! Checks the paths of the service: whether it can write its cache and its log.

use std::path::{Path, PathBuf};

use driver_api::{Config, Error};
use drivers::config::BUILT_IN;
use rustix::fs::{Access, access};
use rustix::io::Errno;

const CACHE: &str = "cache";
const LOG: &str = "log_filename";

/// Checks the folder of the cache and the file of the log. A path that can't be right for anybody is a problem. One
/// that this user may not write is a note, since the service may run as another user; so is a log without a folder,
/// since its lines go to standard error then.
pub(super) fn check(config: &Config, problems: &mut Vec<Error>, notes: &mut Vec<String>) {
    check_for(&|path, wanted| access(path, wanted), config, problems, notes);
}

/// Asks the system whether this user has access to a path.
type Asks<'a> = &'a dyn Fn(&Path, Access) -> Result<(), Errno>;

fn check_for(user: Asks<'_>, config: &Config, problems: &mut Vec<Error>, notes: &mut Vec<String>) {
    // A value of a wrong type is reported as such.
    if let Some(path) = path_at(config, CACHE) {
        match folder(user, &path) {
            Ok(()) => {}
            Err(Obstacle::Kind(what)) => problems.push(config.error(CACHE, what)),
            Err(Obstacle::Permission(what)) => notes.push(config.error(CACHE, what).chain()),
        }
    }
    if let Some(path) = path_at(config, LOG)
        && let Err(Obstacle::Kind(what) | Obstacle::Permission(what)) = log_file(user, &path)
    {
        notes.push(config.error(LOG, what).chain());
    }
}

/// Why a file or folder can't be written.
enum Obstacle {
    /// Something else is in the way, or a folder is missing.
    Kind(String),
    /// This user has no permission, or the file system is read-only.
    Permission(String),
}

/// Returns the path at a key. A built-in one counts only if there is something: otherwise the service is not
/// installed.
fn path_at(config: &Config, key: &str) -> Option<PathBuf> {
    let path: PathBuf = config.get(key).ok().flatten()?;
    let counts = !path.as_os_str().is_empty() && (config.source(key) != Some(BUILT_IN) || path.exists());
    counts.then_some(path)
}

/// Checks a folder that is created with all folders above it if it does not exist.
fn folder(user: Asks<'_>, path: &Path) -> Result<(), Obstacle> {
    // Every absolute path has an ancestor that exists.
    let there = path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok());
    let there = there.unwrap_or(Path::new("."));
    if !there.is_dir() {
        return Err(Obstacle::Kind(format!("{} is no folder", there.display())));
    }
    writable(user, there, Access::WRITE_OK | Access::EXEC_OK)
}

/// Checks a file that is created if it does not exist, but only in a folder that exists.
fn log_file(user: Asks<'_>, path: &Path) -> Result<(), Obstacle> {
    if path.is_dir() {
        return Err(Obstacle::Kind(format!("{} is a folder", path.display())));
    }
    if path.exists() {
        return writable(user, path, Access::WRITE_OK);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Err(Obstacle::Kind(format!("there is no folder {}", parent.display())));
    }
    writable(user, parent, Access::WRITE_OK | Access::EXEC_OK)
}

fn writable(user: Asks<'_>, path: &Path, wanted: Access) -> Result<(), Obstacle> {
    user(path, wanted)
        .map_err(|error| Obstacle::Permission(format!("this user can't write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// Returns the problems and the notes of a configuration whose paths are below a folder with `file` in it.
    fn found(cache: &str, log: &str) -> (Vec<String>, Vec<String>) {
        found_by(&|_, _| Ok(()), cache, log)
    }

    fn found_by(user: Asks<'_>, cache: &str, log: &str) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        symlink("nowhere", folder.path().join("dangling")).unwrap();
        let path = |name: &str| if name.starts_with('/') { name.into() } else { folder.path().join(name) };
        let yaml = format!("cache: {}\nlog_filename: {}", path(cache).display(), path(log).display());
        let config = Config::from_yaml(&yaml).unwrap().named("c.yml");
        let (mut problems, mut notes) = (Vec::new(), Vec::new());
        check_for(user, &config, &mut problems, &mut notes);
        let short = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
        let problems = problems.iter().map(|error| short(error.chain())).collect();
        (problems, notes.into_iter().map(short).collect())
    }

    #[test]
    fn folders_that_can_be_created_are_right() {
        for (cache, log) in [("new/deep/cache", "new.log"), (".", "file")] {
            assert_eq!(found(cache, log), (Vec::new(), Vec::new()), "{cache}");
        }
    }

    #[test]
    fn a_file_in_place_of_the_cache_is_a_problem() {
        for cache in ["file", "file/below/it"] {
            let error = "c.yml: configuration key cache: file is no folder";
            assert_eq!(found(cache, "file").0, [error], "{cache}");
        }
        assert_eq!(found("dangling/x", "file").0, ["c.yml: configuration key cache: dangling is no folder"]);
    }

    #[test]
    fn a_log_that_can_not_be_opened_is_a_note() {
        let note = |log| found(".", log).1.join(" ");
        assert_eq!(
            note("none/x.log"),
            format!("c.yml: configuration key log_filename: there is no folder none")
        );
        assert!(note("/proc").ends_with("log_filename: /proc is a folder"));
    }

    #[test]
    fn a_path_that_this_user_can_not_write_is_a_note() {
        let denied = "this user can't write";
        for (cache, log) in [("new/cache", "new.log"), (".", "file")] {
            let (problems, notes) = found_by(&|_, _| Err(Errno::ACCESS), cache, log);
            assert_eq!((problems.len(), notes.len()), (0, 2), "{cache}");
            assert!(notes[0].starts_with(&format!("c.yml: configuration key cache: {denied} ")), "{notes:?}");
            assert!(notes[1].contains(&format!("log_filename: {denied} ")), "{notes:?}");
            assert!(notes[1].ends_with(": Permission denied (os error 13)"), "{notes:?}");
        }
    }

    #[test]
    fn a_built_in_path_counts_only_where_it_exists() {
        let config = Config::from_yaml("cache: /nonexistent/x\nlog_filename: /nonexistent/y").unwrap();
        let (mut problems, mut notes) = (Vec::new(), Vec::new());
        check(&config.named(BUILT_IN), &mut problems, &mut notes);
        assert!(problems.is_empty() && notes.is_empty(), "{notes:?}");
    }
}
