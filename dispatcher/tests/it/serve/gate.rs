//! The gate: new texts that Asterisk refuses, or of which it drops objects.

use fixtures::Scratch;

use super::Daemon;
use crate::confgend;

const FILE: &str = "asterisk/hep.conf";

/// A service on a database whose hep.conf has an address, without which Asterisk refuses the file.
struct Site {
    database: Scratch,
    daemon: Daemon,
}

impl Site {
    fn new(configuration: &str) -> Site {
        let option = |id: i32, key: &str, value: &str| {
            format!(r#"{{"id": {id}, "key": "{key}", "value": "{value}", "asterisk_file_section_id": 1}}"#)
        };
        let options = [option(1, "capture_address", "192.0.2.1:9061"), option(2, "enabled", "yes")];
        let database = Scratch::new(&[
            ("asterisk_file", r#"{"id": 1, "name": "hep.conf"}"#),
            ("asterisk_file_section", r#"{"id": 1, "name": "general", "asterisk_file_id": 1}"#),
            ("asterisk_file_variable", &options.join("\n")),
        ]);
        let daemon = Daemon::on_scratch(&database, configuration);
        let site = Site { database, daemon };
        assert_eq!(
            site.ask(""),
            (
                "[general]\ncapture_address = 192.0.2.1:9061\nenabled = yes\n\n".to_owned(),
                "generated".to_owned()
            )
        );
        site
    }

    /// Asks for the file; returns the text and the outcome.
    fn ask(&self, arguments: &str) -> (String, String) {
        let text = self.daemon.ask(format!("{FILE}{arguments}"));
        let outcome = self.daemon.outcome().split(": ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        (text, outcome)
    }

    fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }

    fn errors(&self) -> Vec<String> {
        self.daemon.log("(ERROR)")
    }
}

#[test]
fn a_text_that_asterisk_refuses_is_served_with_an_error() {
    let site = Site::new("");
    assert_eq!(site.errors(), Vec::<String>::new());
    site.execute("UPDATE asterisk_file_variable SET key = 'capture_adress' WHERE id = 1");
    let (text, outcome) = site.ask("");
    assert!(text.contains("capture_adress") && outcome == "generated", "{text} {outcome}");
    site.daemon.wait_for_log("confgend check asterisk/hep.conf");
    let errors = site.errors();
    for (line, part) in errors.iter().zip([
        "asterisk/hep.conf:1: error: general general: there is no option capture_address: Asterisk refuses the whole file [option-required]",
        "asterisk/hep.conf:2: error: general general: there is no option \"capture_adress\" here (did you mean capture_address?): Asterisk refuses the whole file [option-unknown]",
        "asterisk/hep.conf: Asterisk refuses the new text or drops objects of it (findings: 2). The text is served",
    ]) {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(errors.len(), 3);
    // The same faults are not new; another one is.
    site.execute("UPDATE asterisk_file_variable SET value = 'no' WHERE id = 2");
    assert_eq!(site.ask("").1, "generated");
    site.execute("UPDATE asterisk_file_variable SET key = 'enable' WHERE id = 2");
    assert_eq!(site.ask("").1, "generated");
    site.daemon.wait_for_log("(findings: 1)");
    assert_eq!(site.errors().len(), 5);
}

#[test]
fn a_text_that_asterisk_refuses_is_held_until_it_is_accepted() {
    let site = Site::new("check: {gate: hold}");
    site.execute("DELETE FROM asterisk_file_variable WHERE id = 1");
    let (text, outcome) = site.ask("");
    assert!(text.contains("capture_address") && outcome == "held", "{text} {outcome}");
    site.daemon.wait_for_log("confgend accept asterisk/hep.conf");
    let config = site.daemon.folder.text("config.yml");
    let accepted = confgend(&["accept", FILE, "--config", &config]);
    assert_eq!((accepted.code, accepted.err.as_str()), (0, ""));
    assert_eq!(site.ask("").1, "generated");
    // A file without a good copy is served, whatever it is.
    site.execute("UPDATE asterisk_file SET name = 'rtp.conf'");
    assert_eq!(site.daemon.ask("asterisk/rtp.conf"), "[general]\nenabled = yes\n\n");
}

#[test]
fn without_the_gate_no_text_is_looked_at() {
    let site = Site::new("check: {gate: off}");
    site.execute("DELETE FROM asterisk_file_variable WHERE id = 1");
    assert_eq!(site.ask(""), ("[general]\nenabled = yes\n\n".to_owned(), "generated".to_owned()));
    assert_eq!(site.errors(), Vec::<String>::new());
}

#[test]
fn a_rule_that_is_off_does_not_hold() {
    let site = Site::new("check: {gate: hold, rules: {option-required: off}}");
    site.execute("DELETE FROM asterisk_file_variable WHERE id = 1");
    assert_eq!(site.ask("").1, "generated");
}
