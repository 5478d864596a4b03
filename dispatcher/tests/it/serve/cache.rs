//! The cache: which texts are stored, and which replies come from it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use fixtures::Scratch;

use super::{Daemon, IDENTITY, UUID};

const FILE: &str = "wazo/uuid.yml";
/// The mark of an invalidated copy of the file.
const MARK: &str = "wazo/.uuid.yml.invalid";

/// A service on a database that can be broken and repaired.
struct Site {
    database: Scratch,
    daemon: Daemon,
}

impl Site {
    fn new() -> Site {
        let database = Scratch::new(&[IDENTITY]);
        let daemon = Daemon::on_scratch(&database, "");
        Site { database, daemon }
    }

    fn break_database(&self) {
        self.database.execute("ALTER TABLE infos RENAME TO broken");
    }

    fn repair_database(&self) {
        self.database.execute("ALTER TABLE broken RENAME TO infos");
    }

    fn cache(&self, text: &str) {
        fs::create_dir_all(self.daemon.cached("wazo")).unwrap();
        fs::write(self.daemon.cached(FILE), text).unwrap();
    }

    fn cached(&self) -> Option<String> {
        fs::read_to_string(self.daemon.cached(FILE)).ok()
    }

    fn ask(&self, arguments: &str) -> String {
        self.daemon.ask(format!("{FILE}{arguments}"))
    }

    fn outcome(&self) -> String {
        self.daemon.outcome().split(": ").nth(1).unwrap().split(',').next().unwrap().to_owned()
    }
}

#[test]
fn a_plain_request_renews_the_copy() {
    let site = Site::new();
    assert_eq!((site.ask(""), site.outcome().as_str()), (UUID.to_owned(), "generated"));
    assert_eq!(site.cached().as_deref(), Some(UUID));
    site.cache("old");
    assert_eq!((site.ask(""), site.outcome().as_str()), (UUID.to_owned(), "generated"));
    assert_eq!(site.cached().as_deref(), Some(UUID));
}

#[test]
fn a_failed_request_gets_the_cached_copy() {
    let site = Site::new();
    site.break_database();
    assert_eq!((site.ask(""), site.outcome().as_str()), (String::new(), "failed"));
    assert_eq!(site.cached(), None);
    assert!(site.daemon.wait_for_log("nothing is sent").contains(FILE));
    assert!(site.daemon.wait_for_log("needs table infos").contains("(ERROR)"));
    site.cache("old\r\n");
    let file = File::options().append(true).open(site.daemon.cached(FILE)).unwrap();
    let now = file.metadata().unwrap().modified().unwrap();
    file.set_modified(now - Duration::from_secs(3 * 3600 + 60)).unwrap();
    assert_eq!((site.ask(""), site.outcome().as_str()), ("old\r\n".to_owned(), "stale"));
    let line = site.daemon.wait_for_log("the cached copy is sent instead");
    assert!(line.contains("(WARNING)") && line.contains("made 3h 1m"), "{line}");
    assert_eq!(site.cached().as_deref(), Some("old\r\n"), "a failure changes nothing");
    site.repair_database();
    assert_eq!((site.ask(""), site.outcome().as_str()), (UUID.to_owned(), "generated"));
}

#[test]
#[cfg(feature = "asterisk")]
fn an_empty_result_is_cached() {
    const SKILL: (&str, &str) = ("queueskill", r#"{"id": 1, "name": "french", "tenant_uuid": "t"}"#);
    let file = "asterisk/queueskills.conf";
    let database = Scratch::new(&[SKILL]);
    let daemon = Daemon::on_scratch(&database, "");
    fs::create_dir_all(daemon.cached("asterisk")).unwrap();
    fs::write(daemon.cached(file), "[agent-7]\nfrench = 50\n").unwrap();
    assert_eq!(daemon.ask(file), "");
    assert_eq!(daemon.outcome(), format!("{file}: generated, 0 bytes"));
    assert_eq!(fs::read_to_string(daemon.cached(file)).unwrap(), "");
    // An empty copy is not sent to a request for the cached copy.
    assert_eq!(daemon.ask(format!("{file} cached")), "");
    assert_eq!(daemon.outcome(), format!("{file} cached: generated, 0 bytes"));
    // If the next generation fails, the empty copy is the last good text.
    database.execute("ALTER TABLE queueskill RENAME TO broken");
    assert_eq!(daemon.ask(file), "");
    assert_eq!(daemon.outcome(), format!("{file}: stale, 0 bytes"));
}

#[test]
fn a_cached_request_gets_a_copy_that_is_not_empty() {
    let site = Site::new();
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "generated"));
    site.cache("byte\rfor\r\nbyte");
    site.break_database();
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), ("byte\rfor\r\nbyte".to_owned(), "cached"));
    site.repair_database();
    site.cache("");
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "generated"));
    assert_eq!(site.cached().as_deref(), Some(UUID));
}

#[test]
fn an_invalidated_copy_is_not_sent_as_cached() {
    let site = Site::new();
    assert_eq!((site.ask(" invalidate"), site.outcome().as_str()), (String::new(), "invalidated"));
    assert!(!site.daemon.cached("wazo").exists(), "without a copy, there is nothing to mark");
    for arguments in [" invalidate", " invalidate cached", " cached invalidate foo"] {
        site.cache("old");
        assert_eq!((site.ask(arguments), site.outcome().as_str()), (String::new(), "invalidated"));
        assert_eq!(site.cached().as_deref(), Some("old"), "{arguments}");
        assert!(site.daemon.cached(MARK).exists(), "{arguments}");
        assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "generated"));
        assert_eq!(site.cached().as_deref(), Some(UUID));
        assert!(!site.daemon.cached(MARK).exists(), "{arguments}");
        assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "cached"));
    }
}

#[test]
fn an_invalidated_copy_is_a_net_without_a_database() {
    let site = Site::new();
    assert_eq!(site.ask(""), UUID);
    site.break_database();
    assert_eq!(site.ask(" invalidate"), "");
    for arguments in ["", " cached", " cached"] {
        assert_eq!((site.ask(arguments), site.outcome().as_str()), (UUID.to_owned(), "stale"));
    }
    let line = site.daemon.wait_for_log("the cached copy is sent instead");
    assert!(line.ends_with(" ago, and invalidated since"), "{line}");
    let again = restart(site);
    assert_eq!((again.ask(" cached"), again.outcome().as_str()), (UUID.to_owned(), "stale"));
    again.repair_database();
    assert_eq!((again.ask(" cached"), again.outcome().as_str()), (UUID.to_owned(), "generated"));
    assert_eq!((again.ask(" cached"), again.outcome().as_str()), (UUID.to_owned(), "cached"));
}

#[test]
#[cfg(feature = "asterisk")]
fn a_driver_that_cannot_be_built_fails_its_file() {
    let file = "asterisk/modules.conf";
    let database = Scratch::new(&[]);
    let broken = "enabled_asterisk_modules: [not, a, mapping]";
    let daemon = Daemon::on_scratch(&database, broken);
    daemon.wait_for_log("configuration key enabled_asterisk_modules: ");
    assert_eq!(daemon.ask(file), "");
    fs::create_dir_all(daemon.cached("asterisk")).unwrap();
    fs::write(daemon.cached(file), "old").unwrap();
    assert_eq!(daemon.ask(file), "old");
    assert_eq!(daemon.outcome(), format!("{file}: stale, 3 bytes"));
}

#[test]
#[cfg(feature = "dird")]
fn a_copy_for_an_older_schema_is_not_sent() {
    let file = "dird/views.yml";
    let database = Scratch::new(&[IDENTITY]);
    let daemon = Daemon::on_scratch(&database, "");
    fs::create_dir_all(daemon.cached("dird")).unwrap();
    fs::write(daemon.cached(file), "left from long ago").unwrap();
    assert_eq!(daemon.ask(file), "");
    assert_eq!(daemon.outcome(), format!("{file}: failed, 0 bytes"));
    daemon.wait_for_log("dird/views.yml needs table ");
}

#[test]
fn an_unreadable_copy_counts_as_missing() {
    let site = Site::new();
    fs::create_dir_all(site.daemon.cached(FILE)).unwrap();
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "generated"));
    assert!(site.daemon.wait_for_log("can't be read: not a file").contains("(ERROR)"));
    assert!(site.daemon.wait_for_log("the cached copy is not renewed").contains("(ERROR)"));
    site.break_database();
    assert_eq!((site.ask(""), site.outcome().as_str()), (String::new(), "failed"));
}

#[test]
fn an_unwritable_cache_does_not_prevent_replies() {
    let database = Scratch::new(&[IDENTITY]);
    // The path of the cache is a file.
    let daemon = Daemon::on_scratch(&database, "cache: config.yml");
    assert_eq!(daemon.ask(FILE), UUID);
    let line = daemon.wait_for_log("the cached copy is not renewed: file ");
    assert!(line.contains("(ERROR)") && line.contains("config.yml/wazo/uuid.yml"), "{line}");
    assert_eq!(daemon.ask(format!("{FILE} cached")), UUID);
    assert_eq!(daemon.ask(format!("{FILE} invalidate")), "");
    assert!(daemon.folder.path("config.yml").is_file());
}

#[test]
fn an_invalidation_without_a_mark_lasts_until_the_stop() {
    let site = Site::new();
    site.cache("old");
    // Not even root can create a file through this link.
    symlink("nowhere/mark", site.daemon.cached(MARK)).unwrap();
    assert_eq!(site.ask(" invalidate"), "");
    let line = site.daemon.wait_for_log("the cached copy can't be marked as out of date");
    assert!(line.contains("(ERROR)") && line.contains("/cache/wazo/.uuid.yml.invalid: "), "{line}");
    fs::remove_file(site.daemon.cached(MARK)).unwrap();
    site.break_database();
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), ("old".to_owned(), "stale"));
    site.repair_database();
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "generated"));
    assert_eq!((site.ask(" cached"), site.outcome().as_str()), (UUID.to_owned(), "cached"));
}

#[test]
fn a_pipe_in_the_cache_does_not_block() {
    let site = Site::new();
    fs::create_dir_all(site.daemon.cached("wazo")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(site.daemon.cached(FILE)).status().unwrap();
    assert!(made.success());
    assert_eq!(site.ask(" cached"), UUID);
    assert_eq!(site.cached().as_deref(), Some(UUID));
}

#[test]
#[cfg(feature = "asterisk")]
fn a_full_disk_keeps_replies_and_old_copies() {
    let database = Scratch::new(&[IDENTITY]);
    let folder = crate::Folder::new(&[]);
    // The limit of the file size makes writing fail as a full disk does.
    let program = env!("CARGO_BIN_EXE_confgend");
    let script = format!("trap '' XFSZ; ulimit -f 2; exec {program} serve --config \"$0\"");
    let config = folder.text("config.yml");
    let uri = format!("db_uri: sqlite:{}", database.path().display());
    let mut small = std::process::Command::new("sh");
    small.args(["-c", &script, &config]);
    fs::create_dir_all(folder.path("cache/asterisk")).unwrap();
    fs::write(folder.path("cache/asterisk/modules.conf"), "old").unwrap();
    let daemon = Daemon::start_by(small, folder, &uri);
    let reply = daemon.ask("asterisk/modules.conf");
    assert!(reply.len() > 1024, "{reply}");
    daemon.wait_for_log("File too large");
    assert_eq!(fs::read_to_string(daemon.cached("asterisk/modules.conf")).unwrap(), "old");
    let files = fs::read_dir(daemon.cached("asterisk")).unwrap().flatten().map(|file| file.file_name());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files, [".modules.conf.invalid", "modules.conf"], "nothing half-written is left");
    assert_eq!(daemon.ask(FILE), UUID);
    assert_eq!(fs::read_to_string(daemon.cached(FILE)).unwrap(), UUID);
}

#[test]
fn copies_survive_a_restart_and_are_hidden_from_others() {
    let site = Site::new();
    site.ask("");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(site.daemon.cached(FILE)), mode(site.daemon.cached("wazo"))), (0o640, 0o750));
    fs::set_permissions(site.daemon.cached(FILE), Permissions::from_mode(0o644)).unwrap();
    let left = site.daemon.cached("wazo/.confgend-abcdef");
    fs::write(&left, "half").unwrap();
    site.database.execute("ALTER TABLE infos RENAME TO broken");
    let again = restart(site);
    assert_eq!(again.ask(""), UUID);
    assert_eq!(mode(again.daemon.cached(FILE)), 0o640, "the start closes the copies of an earlier version");
    assert!(!left.exists(), "the start removes the unfinished files of a crash");
}

/// Stops the service, and starts it again on the same database and cache.
fn restart(site: Site) -> Site {
    let Site { database, mut daemon } = site;
    daemon.signal(rustix::process::Signal::TERM);
    assert!(daemon.wait().success());
    let folder = std::mem::replace(&mut daemon.folder, crate::Folder::new(&[]));
    let configuration = format!("db_uri: sqlite:{}", database.path().display());
    Site { database, daemon: Daemon::start_in(folder, &configuration) }
}
