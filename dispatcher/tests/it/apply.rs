//! `confgend apply`, `rollback` and `pin` over a stand-in for Asterisk.

use std::fs;

use fixtures::{Asterisk, Scratch};

use crate::{Folder, Run, confgend};

/// A system whose Asterisk includes two files that confgend applies.
pub(crate) struct Site {
    database: Scratch,
    pub(crate) asterisk: Asterisk,
    pub(crate) folder: Folder,
}

pub(crate) const QUEUES: &str = "asterisk/queues.conf";
pub(crate) const FILES: [&str; 2] = [QUEUES, "asterisk/musiconhold.conf"];

impl Site {
    fn new() -> Site {
        let site = Site::on(None);
        site.add_queue(1, "sales");
        site
    }

    /// Creates a site on this database, or on an SQLite file.
    pub(crate) fn on(uri: Option<&str>) -> Site {
        let class = r#"{"uuid": "m1", "tenant_uuid": "t", "name": "jazz", "label": "", "mode": "files"}"#;
        let site = Site {
            database: Scratch::new(&[("moh", class), ("infos", r#"{"uuid": "u", "wazo_version": "26.08"}"#)]),
            asterisk: Asterisk::new(),
            folder: Folder::new(&[]),
        };
        let command: Vec<String> = site.asterisk.command().iter().map(|word| format!("{word:?}")).collect();
        let configuration = format!(
            "db_uri: {}\ncache: cache\nextra_config_files:\nlog_filename:\npid_file:\nlisten_port: 0\n\
             apply: {{folder: {}, debounce_seconds: 0.2, min_interval_seconds: 0.1}}\n\
             reload: {{command: [{}], log: {}}}\n",
            uri.map_or_else(|| format!("sqlite:{}", site.database.path().display()), str::to_owned),
            site.folder.text("files"),
            command.join(", "),
            site.asterisk.path("log").display()
        );
        fs::write(site.folder.path("config.yml"), configuration).unwrap();
        for file in FILES {
            let name = file.split('/').next_back().unwrap();
            site.asterisk.include(name, &site.folder.path("files").join(file));
        }
        site
    }

    pub(crate) fn add_queue(&self, id: u32, name: &str) {
        self.database.execute(&queue(id, name));
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        confgend(&[arguments, &["--config", &self.folder.text("config.yml")]].concat())
    }

    /// Applies the two files. Returns the lines without the times.
    fn apply(&self, arguments: &[&str]) -> (i32, Vec<String>) {
        let run = self.run(&[&["apply"], &FILES[..], arguments].concat());
        (run.code, words(&run.out))
    }

    pub(crate) fn running(&self, name: &str) -> bool {
        self.asterisk.get("running/queues.conf").contains(&format!("[{name}]"))
    }
}

/// Returns the statements that add a queue.
pub(crate) fn queue(id: u32, name: &str) -> String {
    format!(
        "INSERT INTO queuefeatures (id, tenant_uuid, name, displayname) VALUES ({id}, '{TENANT}', '{name}', '');
         INSERT INTO queue (name, category) VALUES ('{name}', 'queue')"
    )
}

const TENANT: &str = "00000000-0000-4000-8000-000000000001";

/// Returns the lines with single blanks, and without times.
fn words(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        line.split_once(" ok, ").map_or(line.clone(), |(before, _)| format!("{before} ok"))
    };
    text.lines().map(line).collect()
}

#[test]
fn only_files_that_changed_are_written_and_read() {
    let site = Site::new();
    let moh = "asterisk/musiconhold.conf +2 music classes (of 2) moh reload";
    let queues = "asterisk/queues.conf +1 section, +1 queue module reload app_queue.so";
    let nothing = "nothing is written: --dry-run";
    let dry = site.apply(&["--dry-run"]);
    assert_eq!(dry, (0, [moh, queues, "0 files unchanged", nothing].map(str::to_owned).into()));
    assert!(!site.folder.path("files").exists() && site.asterisk.take_commands().is_empty());
    let first = [format!("{moh} ok"), format!("{queues} ok")];
    let end = ["0 files unchanged", "generation 1, the first"].map(str::to_owned);
    assert_eq!(site.apply(&[]), (0, [first, end].concat()));
    assert_eq!(site.asterisk.take_commands(), ["moh reload", "module reload app_queue.so"]);
    assert!(site.running("sales"));

    assert_eq!(site.apply(&[]), (0, vec!["2 files unchanged".to_owned()]));
    assert!(site.asterisk.take_commands().is_empty());
    site.add_queue(2, "support");
    let end = ["1 file unchanged", "generation 2, previous 1: confgend rollback 1"];
    let changed = "asterisk/queues.conf +1 queue (of 2) module reload app_queue.so ok";
    assert_eq!(site.apply(&[]), (0, [changed, end[0], end[1]].map(str::to_owned).into()));
    assert!(site.running("support"));
}

#[test]
fn a_rollback_brings_an_earlier_generation_back() {
    let site = Site::new();
    site.apply(&[]);
    site.add_queue(2, "support");
    site.apply(&[]);
    let run = site.run(&["rollback", "1"]);
    let expected = [
        "asterisk/queues.conf −1 queue (of 1) module reload app_queue.so ok",
        "generation 3 has the files of generation 1",
        "The next apply brings the state of the database again; confgend pin FILE 1 keeps a file as it is.",
    ];
    assert_eq!((run.code, words(&run.out)), (0, expected.map(str::to_owned).into()));
    assert!(site.running("sales") && !site.running("support"));
    assert_eq!(site.run(&["rollback", "1"]).out, "the files are those of generation 1 already\n");
    assert_eq!(site.run(&["rollback", "9"]).error(1), "there is no generation 9: the history has 1 to 3");

    assert_eq!(site.run(&["pin", QUEUES, "1"]).code, 0);
    let run = site.run(&["apply", QUEUES]);
    assert_eq!((run.code, run.out.as_str()), (0, "1 file unchanged\n"));
    assert_eq!(run.err, "warning: asterisk/queues.conf: pinned to generation 1, without an end\n");
    site.run(&["unpin", QUEUES]);
    assert_eq!(site.apply(&[]).1.last().unwrap(), "generation 4, previous 3: confgend rollback 3");
    assert!(site.running("support"));
}

#[test]
fn the_old_files_stay_if_asterisk_refuses_the_new_ones() {
    let site = Site::new();
    site.apply(&[]);
    site.add_queue(2, "support");
    site.asterisk.set("fails", "module reload app_queue.so");
    let run = site.run(&["apply", QUEUES]);
    assert_eq!(run.code, 1);
    let failure = "Module 'app_queue.so' reported a reload failure";
    assert!(
        run.err.starts_with(&format!("error: rolled back: asterisk/queues.conf: {failure}; ")),
        "{run:?}"
    );
    assert!(!site.running("support"));
    assert!(!fs::read_to_string(site.folder.path("files/asterisk/queues.conf")).unwrap().contains("support"));
    assert_eq!(site.run(&["history"]).out.lines().filter(|line| line.contains(" apply ")).count(), 1);
}

#[test]
fn errors_that_were_not_there_before_stop_an_apply() {
    let site = Site::new();
    // Asterisk takes one queue for the other.
    site.add_queue(2, "SALES");
    let run = site.run(&["apply", QUEUES]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains(" error: queue sales: ") && run.out.ends_with("]\n"), "{run:?}");
    assert!(run.err.contains("(errors: 1), so nothing is written; --force applies"), "{run:?}");
    assert!(!site.folder.path("files").exists());
    assert_eq!(site.run(&["apply", QUEUES, "--force"]).code, 0);
    site.add_queue(3, "support");
    assert_eq!(site.run(&["apply", QUEUES]).code, 0, "the files in the folder have that error already");
    // A file that can't be generated, as when the database is lost in the middle, prevents all.
    site.database.execute("DROP TABLE moh");
    site.add_queue(4, "lost");
    let (code, lines) = site.apply(&[]);
    assert_eq!((code, lines.len()), (1, 0));
    assert!(!site.running("lost"));
}

#[test]
fn asterisk_need_not_be_told() {
    let site = Site::new();
    let lines = site.apply(&["--no-reload"]).1;
    assert_eq!(lines.last().unwrap(), "generation 1, the first");
    assert!(site.asterisk.take_commands().is_empty());
    let out = site.folder.text("elsewhere");
    let run = site.run(&["apply", QUEUES, "--out", &out, "--no-reload"]);
    assert_eq!(run.code, 0);
    let text = fs::read_to_string(site.folder.path("elsewhere/asterisk/queues.conf")).unwrap();
    assert!(text.ends_with("[confgend-queues-end](!)\n"), "{text}");
}
