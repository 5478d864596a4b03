//! What each release has in its files.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::path::PathBuf;

use database::Uri;
use driver_api::{Config, EngineRow, Error, Rows, Session, Snapshot, Value};
use fixtures::{Case, Strictness, load_sqlite};
use tempfile::TempDir;

/// A database with the case of release 24.10.
struct Site {
    path: PathBuf,
    _folder: TempDir,
}

impl Site {
    fn load() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.db");
        let case = Case::named("release-24.10").unwrap();
        load_sqlite(&case, &path, Strictness::Strict).unwrap();
        Site { path, _folder: folder }
    }

    /// Returns a file as if the database were of another release.
    fn generated(&self, file: &str, release: &str) -> String {
        let entry = drivers_asterisk::DRIVERS
            .iter()
            .find(|entry| entry.namespace == format!("asterisk.{file}") && entry.name == "wazo")
            .unwrap();
        let mut config = Config::default();
        config.fill_from(&entry.built_in().unwrap());
        let mut database = database::open(&Uri::Sqlite(self.path.clone())).unwrap();
        let mut snapshot = OfRelease { snapshot: &mut *database.snapshot().unwrap(), release };
        entry.build(&config).unwrap().generate(&mut Session::new(&mut snapshot)).unwrap()
    }
}

/// A snapshot that names another release.
struct OfRelease<'a> {
    snapshot: &'a mut dyn Snapshot,
    release: &'a str,
}

impl Snapshot for OfRelease<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        if !sql.contains("wazo_version") {
            return self.snapshot.run(sql, params, rows);
        }
        rows.columns(&["uuid", "wazo_version"])?;
        rows.row(&Named(self.release))
    }
}

struct Named<'a>(&'a str);

impl EngineRow for Named<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        Ok(Value::Text(if column == 0 { "u-1" } else { self.0 }))
    }
}

#[test]
fn a_release_has_the_lines_of_its_time() {
    // A file, a part of a line, and the first and the last release that have it.
    let table = [
        ("confbridge.conf", "[xivo-default-user-menu]", "24.10", "25.02"),
        ("confbridge.conf", "[wazo-default-user-menu]", "25.03", "26.08"),
        ("confbridge.conf", "[xivo-bridge-profile-", "24.10", "25.02"),
        ("confbridge.conf", "](wazo-user-profile-", "25.03", "26.08"),
        ("confbridge.conf", "[wazo-meeting-menu]", "24.10", "26.08"),
        ("extensions.conf", "include = parkedcalls", "24.10", "25.14"),
        ("pjsip.conf", "set_var = WAZO_CALLER_SIMULTCALLS=", "24.17", "26.08"),
        ("pjsip.conf", "set_var = DYNAMIC_FEATURES=togglerecord", "24.10", "25.01"),
        ("pjsip.conf", "set_var = WAZO_USER_DTMF_RECORD_TOGGLE_ENABLED=1", "25.02", "26.08"),
        ("pjsip.conf", "set_var = WAZO_PAI_FORMAT=", "25.14", "26.08"),
        ("pjsip.conf", "set_var = __WAZO_MIXMONITOR_OPTIONS=pP", "25.04", "25.16"),
        ("queues.conf", "hint:", "24.10", "26.08"),
        ("res_parking.conf", "[default]", "24.15", "26.08"),
        ("sccp.conf", "setvar = WAZO_CALLER_SIMULTCALLS=", "24.17", "26.08"),
        ("sccp.conf", "setvar = TIMEOUT(absolute)=36000", "24.08", "26.08"),
    ];
    let releases = [
        "24.07", "24.08", "24.10", "24.14", "24.15", "24.16", "24.17", "25.01", "25.02", "25.03", "25.04",
        "25.13", "25.14", "25.15", "25.16", "25.17", "26.08",
    ];
    let site = Site::load();
    for (file, line, first, last) in table {
        for release in releases.into_iter().filter(|release| *release >= "24.10" || file == "sccp.conf") {
            let is_of_time = (first..=last).contains(&release);
            let has_it = site.generated(file, release).contains(line);
            assert_eq!(has_it, is_of_time, "{file} of {release}: {line}");
        }
    }
}

#[test]
fn a_user_in_a_queue_is_called_by_device_until_24_15() {
    let site = Site::load();
    let members = |release: &str, beginning: &str| {
        let text = site.generated("queues.conf", release);
        text.lines().filter(|line| line.starts_with(beginning)).count()
    };
    let (before, after) = (members("24.15", "member = Local/"), members("24.16", "member = Local/"));
    assert!(before < after, "{before} {after}");
    assert!(before > 0, "the members of groups");
    assert_eq!(members("24.15", "member = "), members("24.16", "member = "));
}
