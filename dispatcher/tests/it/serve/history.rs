//! The history of the texts that were served, and files that are pinned to a generation.

use fixtures::Scratch;

use super::{Daemon, IDENTITY, UUID};
use crate::{Run, confgend};

const FILE: &str = "wazo/uuid.yml";

/// A service on a database with one identity, which tests change.
struct Site {
    database: Scratch,
    daemon: Daemon,
}

impl Site {
    fn new(configuration: &str) -> Site {
        let database = Scratch::new(&[IDENTITY]);
        let daemon = Daemon::on_scratch(&database, configuration);
        Site { database, daemon }
    }

    fn change(&self, uuid: &str) {
        self.database.execute(&format!("UPDATE infos SET uuid = '{uuid}'"));
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let config = self.daemon.folder.text("config.yml");
        confgend(&[arguments, &["--config", &config]].concat())
    }

    /// Returns the numbers of the generations and what changed, the newest first, when there are this many.
    fn generations(&self, count: usize) -> Vec<String> {
        let changes = || -> Vec<String> {
            let run = self.run(&["history", FILE]);
            assert_eq!((run.code, run.err.as_str()), (0, ""));
            let line = |line: &str| {
                let words: Vec<&str> = line.split_whitespace().collect();
                [words[0], words[3], &words[5..].join(" ")].join(" ")
            };
            run.out.lines().filter(|line| line.contains(" request ")).map(line).collect()
        };
        // A text is recorded after the reply.
        for _ in 0..200 {
            if changes().len() >= count {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        changes()
    }

    /// Asks for the file. Returns the text and the outcome.
    fn ask(&self, arguments: &str) -> (String, String) {
        let text = self.daemon.ask(format!("{FILE}{arguments}"));
        let outcome = self.daemon.outcome().split(": ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        (text, outcome)
    }
}

fn uuid(text: &str) -> String {
    format!("uuid: {text}\n")
}

#[test]
fn each_distinct_text_that_is_served_is_kept() {
    let site = Site::new("");
    let run = site.run(&["history"]);
    let nothing = "there is no generation yet: one is recorded when a text is served or applied\n";
    assert_eq!((run.code, run.out.as_str()), (0, nothing));
    for _ in 0..3 {
        assert_eq!(site.daemon.ask(FILE), UUID);
    }
    assert_eq!(site.generations(1), ["1 request +1 key (of 1)"]);
    site.change("second");
    assert_eq!(site.daemon.ask(FILE), uuid("second"));
    assert_eq!(site.generations(2), ["2 request ~1 key (of 1)", "1 request +1 key (of 1)"]);

    let shown = |number: &str| site.run(&["show", number, FILE]);
    assert_eq!([shown("1").out, shown("2").out], [UUID.to_owned(), uuid("second")]);
    assert_eq!(shown("3").error(1), "there is no generation 3: the history has 1 to 2");
    let run = site.run(&["diff", "--against", "1", FILE]);
    let changed = "wazo/uuid.yml   ~1 key (of 1)\n  ~ key uuid: 6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11 → second\n\
        0 files unchanged\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, changed, ""));
    assert_eq!(site.run(&["diff", "--against", "2", FILE]).code, 0);
    let error = site.run(&["diff", "--against", "9", FILE]);
    assert_eq!(error.error(2), "there is no generation 9: the history has 1 to 2");

    let run = site.run(&["history", "--json"]);
    let lines: Vec<serde_json::Value> =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["number"], 2);
    assert_eq!(lines[0]["changes"][FILE]["summary"], "~1 key (of 1)");
}

#[test]
fn the_history_survives_a_restart_and_can_be_switched_off() {
    let site = Site::new("");
    site.daemon.ask(FILE);
    assert_eq!(site.generations(1).len(), 1);
    let Site { database, mut daemon } = site;
    daemon.signal(rustix::process::Signal::TERM);
    daemon.wait();
    let uri = format!("db_uri: sqlite:{}\n", database.path().display());
    let folder = std::mem::replace(&mut daemon.folder, crate::Folder::new(&[]));
    let site = Site { database, daemon: Daemon::start_in(folder, &uri) };
    site.daemon.ask(FILE);
    site.change("second");
    site.daemon.ask(FILE);
    assert_eq!(site.generations(2), ["2 request ~1 key (of 1)", "1 request +1 key (of 1)"]);

    let site = Site::new("history: {keep: }\n");
    site.daemon.ask(FILE);
    site.daemon.outcome();
    assert!(!site.daemon.cached(".history").exists());
    let run = site.run(&["history"]);
    let end = "config.yml: configuration key history.keep: null switches the history off";
    assert!(run.error(2).ends_with(end), "{run:?}");
}

#[test]
fn a_pinned_file_is_served_as_it_was() {
    let site = Site::new("");
    site.daemon.ask(FILE);
    assert_eq!(site.generations(1).len(), 1);
    site.change("second");
    site.daemon.ask(FILE);
    assert_eq!(site.generations(2).len(), 2);

    let run = site.run(&["pin", FILE, "1", "--for", "2h"]);
    assert!(run.out.starts_with("wazo/uuid.yml is pinned to generation 1 of 20"), "{run:?}");
    let pinned = || (UUID.to_owned(), "pinned".to_owned());
    assert_eq!([site.ask(""), site.ask(" cached")], [pinned(), pinned()]);
    site.change("third");
    assert_eq!(site.ask(" invalidate").1, "invalidated");
    assert_eq!(site.ask(" cached"), pinned());
    assert_eq!(std::fs::read_to_string(site.daemon.cached(FILE)).unwrap(), UUID, "the client's fallback");
    assert!(
        !site.daemon.log("WARNING: wazo/uuid.yml: pinned to generation 1, until 20").is_empty()
            || !site.daemon.log("wazo/uuid.yml: pinned to generation 1, until 20").is_empty()
    );
    assert!(site.run(&["history"]).out.contains("wazo/uuid.yml is pinned to generation 1, until 20"));

    let run = site.run(&["unpin", FILE]);
    let ended = "wazo/uuid.yml is not pinned any more: the next request or apply brings it up to date\n";
    assert_eq!((run.code, run.out.as_str()), (0, ended));
    assert_eq!(site.run(&["unpin", FILE]).out, "wazo/uuid.yml is not pinned\n");
    let third = || (uuid("third"), "generated".to_owned());
    assert_eq!(site.ask(" cached"), third());
    assert_eq!(site.generations(3).len(), 3, "the text of a pin is not recorded again");

    let error = site.run(&["pin", FILE, "7"]);
    assert_eq!(error.error(1), "there is no generation 7: the history has 1 to 3");
    let error = site.run(&["pin", FILE, "--for", "soon"]);
    assert_eq!(error.error(2), "--for takes a duration like 2h, 90m or 1d, not \"soon\"");
}
