//! Drivers that the configuration defines.

use std::fs;

use fixtures::{Case, Scratch, Strictness, load_sqlite};

use crate::{Folder, Run, confgend};

const DEFINITION: &str = "\
drivers:
  asterisk.followme.conf:
    queries:
      users:
        table: userfeatures
        key: [uuid]
        sql: >
          SELECT u.uuid, u.mobilephonenumber, u.ringseconds, l.context
          FROM userfeatures AS u
          JOIN user_line AS ul ON ul.user_id = u.id AND ul.main_user AND ul.main_line
          JOIN linefeatures AS l ON l.id = ul.line_id
          WHERE u.mobilephonenumber <> ''
          ORDER BY u.id, l.id
    template: followme.jinja
";

const TEMPLATE: &str = "\
[general]
{% for user in users %}

[{{ user.uuid }}]
context = {{ user.context }}
number => {{ user.mobilephonenumber|argument }},{{ 2 * user.ringseconds }}
{% endfor %}
";

/// A configuration with the definition in its folder of extra files, and the office in a database.
struct Site(Folder);

impl Site {
    fn new() -> Site {
        let folder = Folder::new(&[
            ("config.yml", "extra_config_files: conf.d\ndb_uri: sqlite:office.db\n"),
            ("conf.d/50-acme.yml", DEFINITION),
            ("conf.d/followme.jinja", TEMPLATE),
        ]);
        let case = Case::named("office").unwrap();
        load_sqlite(&case, &folder.path("office.db"), Strictness::Lenient).unwrap();
        Site(folder)
    }

    fn run(&self, command: &[&str]) -> Run {
        confgend(&[command, &["--config", &self.0.text("config.yml")]].concat())
    }

    /// Removes the folder from a text.
    fn short(&self, text: &str) -> String {
        text.replace(&self.0.text(""), "")
    }
}

#[test]
fn a_definition_is_a_driver_like_others() {
    let site = Site::new();
    let list = site.run(&["list", "--db", &format!("sqlite:{}", site.0.text("office.db"))]);
    assert!(list.out.contains("asterisk/followme.conf         acme         yes      any   ok\n"), "{list:?}");
    let generated = site.run(&["generate", "asterisk/followme.conf"]);
    assert_eq!((generated.code, generated.err.as_str()), (0, ""));
    insta::assert_snapshot!("followme", generated.out);
    let check = site.run(&["check", "asterisk/followme.conf"]);
    assert_eq!(check.code, 0, "{check:?}");
    let explained = site.run(&["explain", "asterisk/followme.conf", "--line", "4"]);
    insta::assert_snapshot!("followme-explained", site.short(&explained.out));
    let shown = site.run(&["config"]);
    assert!(shown.out.contains("drivers:\n"), "{shown:?}");
}

#[test]
fn a_mistake_costs_its_file_only() {
    let site = Site::new();
    fs::write(site.0.path("conf.d/followme.jinja"), "{{ user.uuid }}").unwrap();
    let out = site.0.text("out");
    let generated = site.run(&["generate", "asterisk/followme.conf", "asterisk/queues.conf", "--out", &out]);
    assert_eq!(generated.code, 1);
    insta::assert_snapshot!("followme-mistake", site.short(&generated.err));
    assert!(site.0.path("out/asterisk/queues.conf").exists());
    let config = site.run(&["config"]);
    assert_eq!(config.code, 2);
    assert!(config.err.contains("followme.jinja:1:4: nothing sets \"user\""), "{config:?}");
}

#[test]
fn a_definition_replaces_a_driver_of_ours_if_selected() {
    let site = Site::new();
    let definition = "drivers: {asterisk.hep.conf: {name: acme, text: '; mine'}}\n";
    fs::write(site.0.path("conf.d/hep.yml"), definition).unwrap();
    let ours = site.run(&["generate", "asterisk/hep.conf"]);
    assert!(!ours.out.contains("mine"), "{ours:?}");
    fs::write(site.0.path("conf.d/hep.yml"), definition.to_owned() + "plugins: {asterisk.hep.conf: acme}\n")
        .unwrap();
    assert_eq!(site.run(&["generate", "asterisk/hep.conf"]).out, "; mine");
    let clash = definition.replace("acme", "wazo");
    fs::write(site.0.path("conf.d/hep.yml"), clash).unwrap();
    let error = site.run(&["generate", "asterisk/hep.conf"]);
    let expected =
        "two drivers of asterisk.hep.conf are called wazo; one of them needs another name in its key name";
    assert_eq!(error.error(2), expected);
}

#[test]
fn a_definition_is_tried_without_being_installed() {
    let site = Site::new();
    fs::write(site.0.path("config.yml"), "extra_config_files: ''\n").unwrap();
    let definition = site.0.text("conf.d/50-acme.yml");
    let tried = |arguments: &[&str]| site.run(&[&["try", &definition], arguments].concat());
    let office = tried(&["--case", "office"]);
    assert_eq!(office.code, 0, "{office:?}");
    assert!(
        office.out.starts_with("[general]\n\n[") && office.err.starts_with("asterisk/followme.conf "),
        "{office:?}"
    );
    let db = format!("sqlite:{}", site.0.text("office.db"));
    assert_eq!(tried(&["--db", &db]).out, office.out);
    assert!(
        tried(&["--case", "nowhere"])
            .error(2)
            .starts_with("there is no case \"nowhere\" and no folder of that name; ")
    );
    assert!(tried(&["--case", "office", "--db", &db]).error(2).starts_with("--case stands in place of --db"));
    let unordered = DEFINITION.replace("ORDER BY u.id, l.id", "");
    fs::write(&definition, unordered).unwrap();
    let run = tried(&["--case", "office"]);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("two rows may come in any order: add u.id, ul.line_id to ORDER BY\n"),
        "{run:?}"
    );
    // Each mistake is told once.
    for (definition_text, expected) in [
        ("drivers: {acme.x.txt: {text: '{{ nothing }}'}}", "nothing sets \"nothing\""),
        ("drivers: {acme.x.txt: {command: ./missing.py}}", "there is no program "),
        (
            "drivers: {acme.x.txt: {text: x, queries: {a: {table: t, sql: SELECT a FROM t}}}}",
            "acme/x.txt needs table t, which this database does not have",
        ),
    ] {
        fs::write(&definition, definition_text).unwrap();
        let run = tried(&["--case", "office"]);
        assert_eq!((run.code, run.err.matches("error: ").count()), (1, 1), "{run:?}");
        assert!(run.err.contains(expected), "{run:?}");
    }
    fs::write(&definition, "a: 1\n").unwrap();
    assert!(tried(&["--case", "office"]).error(2).ends_with("the key drivers defines no driver"));
}

/// A driver as it was written for wazo-confgend: it opens the database by the configuration.
const PYTHON: &str = "\
import sqlite3


class FollowMe:
    def __init__(self, dependencies):
        self.config = dependencies['config']

    def generate(self):
        print('hello')
        path = self.config['db_uri'].removeprefix('sqlite:///')
        rows = sqlite3.connect(path).execute('SELECT name FROM moh ORDER BY name')
        return '[general]\\n' + ''.join(f'; {self.config[\"greeting\"]} {name}\\n' for name, in rows)
";

#[test]
fn a_python_driver_runs_unchanged() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CONFGEND_REQUIRE_POSTGRES").is_none(), "python3 is missing");
        return;
    }
    let bridge = concat!(env!("CARGO_MANIFEST_DIR"), "/../drivers-custom/confgend-python-driver");
    let folder = Folder::new(&[
        ("python/acme.py", PYTHON),
        ("python/acme-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n"),
        (
            "python/acme-1.0.dist-info/entry_points.txt",
            "[wazo_confgend.asterisk.followme.conf]\nacme = acme:FollowMe\n",
        ),
    ]);
    let python = folder.text("python");
    let definition = format!(
        "greeting: été\ndrivers:\n  asterisk.followme.conf:\n    command: [/usr/bin/env, PYTHONPATH={python}, python3, {bridge}, acme]\n"
    );
    fs::write(folder.path("acme.yml"), definition).unwrap();
    let moh = r#"{"uuid": "m-1", "tenant_uuid": "t-1", "name": "jazz", "label": "", "mode": "files"}"#;
    let database = Scratch::new(&[("moh", moh)]);
    let db = format!("sqlite:{}", database.path().display());
    let run =
        confgend(&["generate", "asterisk/followme.conf", "--db", &db, "--config", &folder.text("acme.yml")]);
    let expected = Run {
        code: 0,
        out: "[general]\n; été jazz\n".to_owned(),
        err: "warning: asterisk/followme.conf: hello\n".to_owned(),
    };
    assert_eq!(run, expected);
    let unknown = folder.text("acme.yml");
    fs::write(&unknown, fs::read_to_string(&unknown).unwrap().replace(", acme]", ", other]")).unwrap();
    let run = confgend(&["generate", "asterisk/followme.conf", "--db", &db, "--config", &unknown]);
    let error = run.error(1);
    assert!(error.ends_with("0 drivers are installed for asterisk.followme.conf: none"), "{error}");
}
