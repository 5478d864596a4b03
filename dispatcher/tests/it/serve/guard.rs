//! The guard: files that lost much of their content, and the command `accept`.

use std::fs;

use fixtures::Scratch;

use super::{Daemon, write_configuration};
use crate::{Run, confgend};

const FILE: &str = "asterisk/queueskills.conf";

/// A service on a database with skills of this many agents, each of which is a section.
struct Site {
    database: Scratch,
    daemon: Daemon,
}

impl Site {
    fn new(agents: usize, configuration: &str) -> Site {
        let database = Scratch::new(&[("queueskill", r#"{"id": 1, "name": "french", "tenant_uuid": "t"}"#)]);
        let daemon = Daemon::on_scratch(&database, configuration);
        let site = Site { database, daemon };
        site.add(1, agents);
        site
    }

    fn add(&self, first: usize, last: usize) {
        for id in first..=last {
            self.database.execute(&format!(
                "INSERT INTO agentfeatures (id, number, firstname, tenant_uuid) VALUES ({id}, '{id}', '', 't')"
            ));
            self.database.execute(&format!("INSERT INTO agentqueueskill VALUES ({id}, 1, 50)"));
        }
    }

    fn delete_after(&self, last: usize) {
        self.database.execute(&format!("DELETE FROM agentqueueskill WHERE agentid > {last}"));
    }

    /// Asks for the file; returns the number of its sections and the outcome.
    fn ask(&self, arguments: &str) -> (usize, String) {
        let text = self.daemon.ask(format!("{FILE}{arguments}"));
        let outcome = self.daemon.outcome().split(": ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        (sections(&text), outcome)
    }

    fn accept(&self, arguments: &[&str]) -> Run {
        let config = self.daemon.folder.text("config.yml");
        confgend(&[&["accept", "--config", &config], arguments].concat())
    }

    fn held(&self) -> bool {
        self.daemon.cached("asterisk/.queueskills.conf.held").exists()
    }

    fn copy(&self) -> usize {
        sections(&fs::read_to_string(self.daemon.cached(FILE)).unwrap())
    }
}

fn sections(text: &str) -> usize {
    text.matches("[agent-").count()
}

fn outcome(sections: usize, outcome: &str) -> (usize, String) {
    (sections, outcome.to_owned())
}

#[test]
fn a_large_loss_is_served_with_an_error() {
    let site = Site::new(40, "");
    assert_eq!(site.ask(""), outcome(40, "generated"));
    site.delete_after(20);
    assert_eq!(site.ask(""), outcome(20, "generated"));
    assert_eq!(site.daemon.log("(ERROR)"), Vec::<String>::new(), "half of the objects is within the limit");
    site.delete_after(9);
    assert_eq!(site.ask(""), outcome(9, "generated"));
    let line = site.daemon.wait_for_log("(ERROR)");
    for part in [FILE, "the new text has 9 objects, the last good copy has 20", "50 %", "guard.action"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!((site.copy(), site.held()), (9, false));
    // Below guard.min_objects, a file may lose everything.
    site.delete_after(0);
    assert_eq!(site.ask(""), outcome(0, "generated"));
    assert_eq!(site.daemon.log("(ERROR)").len(), 1);
}

#[test]
fn a_suspect_text_is_held_until_it_is_accepted() {
    let site = Site::new(30, "guard: {action: hold, max_loss: 10}");
    assert_eq!(site.ask(""), outcome(30, "generated"));
    assert_eq!(site.accept(&[]).out, "no file is held back\n");
    let missing = site.accept(&[FILE]);
    assert!(missing.error(1).starts_with(&format!("{FILE}: no new text is held back; ")), "{missing:?}");
    site.delete_after(20);
    assert_eq!(site.ask(""), outcome(30, "held"));
    site.delete_after(3);
    assert_eq!(site.ask(""), outcome(30, "held"));
    assert_eq!(site.ask(" cached"), outcome(30, "cached"));
    assert_eq!(site.ask(" invalidate"), outcome(0, "invalidated"));
    assert_eq!(site.ask(" cached"), outcome(30, "held"));
    let line = site.daemon.wait_for_log("confgend accept ");
    assert!(line.contains("(ERROR)") && line.contains(" 3 objects, the last good copy has 30"), "{line}");
    let list = site.accept(&[]).out;
    let row: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..3], [FILE, "3", "30"]);
    let accepted = site.accept(&[FILE]);
    assert_eq!((accepted.code, accepted.err.as_str()), (0, ""));
    let expected =
        format!("{FILE}: the text with 3 objects replaces the one with 30; reload Asterisk to read it\n");
    assert_eq!(accepted.out, expected);
    assert_eq!((site.copy(), site.held()), (3, false));
    assert_eq!(site.ask(" cached"), outcome(3, "generated"), "the copy was invalidated before");
    assert_eq!(site.ask(""), outcome(3, "generated"));
    assert_eq!(site.accept(&["asterisk/nothing.conf"]).code, 2);
}

#[test]
fn a_restored_database_ends_the_hold() {
    let site = Site::new(30, "guard: {action: hold}");
    assert_eq!(site.ask(""), outcome(30, "generated"));
    // An empty text has lost everything.
    site.delete_after(0);
    assert_eq!(site.ask(""), outcome(30, "held"));
    assert!(site.held());
    site.database.execute("ALTER TABLE queueskill RENAME TO broken");
    assert_eq!(site.ask(""), outcome(30, "stale"));
    site.database.execute("ALTER TABLE broken RENAME TO queueskill");
    site.database.execute("DELETE FROM agentfeatures");
    site.add(1, 25);
    assert_eq!(site.ask(""), outcome(25, "generated"));
    assert_eq!((site.copy(), site.held()), (25, false));
}

#[test]
fn a_file_may_have_its_own_limit_or_none() {
    let site = Site::new(30, "guard: {action: hold, files: {asterisk/queueskills.conf: null, a/b.conf: 1}}");
    let line = site.daemon.wait_for_log("guard.files");
    assert!(line.contains("(WARNING)") && line.contains("no driver writes a/b.conf"), "{line}");
    assert_eq!(site.ask(""), outcome(30, "generated"));
    site.delete_after(0);
    assert_eq!(site.ask(""), outcome(0, "generated"));
    site.database.execute("DELETE FROM agentfeatures");
    site.add(1, 30);
    assert_eq!(site.ask(""), outcome(30, "generated"));
    let limit = "guard: {action: hold, max_loss: null, files: {asterisk.queueskills.conf: 0}}";
    let uri = format!("db_uri: sqlite:{}\n{limit}", site.database.path().display());
    write_configuration(&site.daemon.folder, &uri);
    site.daemon.signal(rustix::process::Signal::HUP);
    site.daemon.wait_for_log("the configuration was read again");
    site.delete_after(29);
    assert_eq!(site.ask(""), outcome(30, "held"));
}

#[test]
fn a_held_text_that_cannot_be_stored_is_still_held() {
    let site = Site::new(30, "guard: {action: hold}");
    assert_eq!(site.ask(""), outcome(30, "generated"));
    fs::create_dir(site.daemon.cached("asterisk/.queueskills.conf.held")).unwrap();
    site.delete_after(0);
    assert_eq!(site.ask(""), outcome(30, "held"));
    let line = site.daemon.wait_for_log("confgend accept can't have the new text: file ");
    assert!(
        line.contains("(ERROR)") && line.contains(".queueskills.conf.held: can't be written: "),
        "{line}"
    );
    assert_eq!(site.copy(), 30);
}
