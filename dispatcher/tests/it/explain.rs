//! `confgend explain`.

use fixtures::{Case, Strictness, load_sqlite};

use crate::{ALONE, Folder, Run, confgend};

/// The office in a database.
struct Office(Folder);

impl Office {
    fn new() -> Office {
        let folder = Folder::new(&[]);
        let case = Case::named("office").unwrap();
        load_sqlite(&case, &folder.path("office.db"), Strictness::Lenient).unwrap();
        Office(folder)
    }

    fn explain_with(&self, config: &str, arguments: &[&str]) -> Run {
        let db = format!("sqlite:{}", self.0.text("office.db"));
        confgend(&[&["explain", "--db", &db, "--config", config], arguments].concat())
    }

    fn explain(&self, arguments: &[&str]) -> Run {
        self.explain_with(ALONE, arguments)
    }

    /// Returns what several commands print, each below its arguments.
    fn transcript(&self, commands: &[&[&str]]) -> String {
        let shown = |arguments: &&[&str]| {
            let run = self.explain(arguments);
            assert_eq!((run.code, run.err.as_str()), (0, ""), "{arguments:?}");
            format!("$ confgend explain {}\n{}", arguments.join(" "), run.out)
        };
        commands.iter().map(shown).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn the_rows_of_typical_lines() {
    let commands: &[&[&str]] = &[
        &["asterisk/pjsip.conf"],
        &["asterisk/pjsip.conf", "4bfumy48", "allow"],
        &["asterisk/pjsip.conf", "4bfumy48", "transport"],
        &["asterisk/pjsip.conf", "auth/wgtf37my"],
        &["asterisk/pjsip.conf", "endpoint/wgtf37my", "mailboxes"],
        &["asterisk/pjsip.conf", "--line", "1"],
        &["asterisk/extensions.conf", "1000@ctx-ten0000-internal"],
        &["asterisk/extensions.conf", "1000@ctx-ten0000-internal", "2"],
        &["asterisk/extensions.conf", "1000@ctx-ten0000-internal", "hint"],
        &["asterisk/voicemail.conf", "1000@ctx-ten0000-internal"],
        &["asterisk/queues.conf", "q-ten0000-0", "member"],
        &["asterisk/musiconhold.conf", "default"],
        &["asterisk/confbridge.conf", "wazo-user-profile-1"],
        &["wazo/uuid.yml"],
    ];
    insta::assert_snapshot!(Office::new().transcript(commands));
}

#[test]
fn a_name_that_is_not_there_is_an_error_with_the_nearest() {
    let office = Office::new();
    for (arguments, error) in [
        (
            &["asterisk/pjsip.conf", "wgtf37m"][..],
            "asterisk/pjsip.conf has no section \"wgtf37m\"; the nearest is wgtf37my",
        ),
        (
            &["asterisk/pjsip.conf", "endpoint/wgtf37my", "alow"],
            "endpoint/wgtf37my has no option \"alow\"; the nearest are allow, allow_transfer, allow_subscribe",
        ),
        (
            &["asterisk/pjsip.conf", "--line", "100000"],
            "asterisk/pjsip.conf has 2410 lines, and no line 100000",
        ),
        (&["asterisk/pjsip.conf", "a", "b", "c"], "\"c\": only a section and an option can follow the file"),
        (
            &["asterisk/pjsip.conf", "a", "--line", "1"],
            "--line stands in place of a section: leave out one of them",
        ),
        (
            &["wazo/uuid.yml", "uuid"],
            "wazo/uuid.yml: it is no configuration file of Asterisk, and the rows of its lines are not recorded; leave \
                out section and line",
        ),
    ] {
        assert_eq!(office.explain(arguments).error(2), error, "{arguments:?}");
    }
    assert!(office.explain(&["asterisk/none.conf"]).error(2).contains("asterisk/none.conf"));
    let run = confgend(&["explain", "asterisk/pjsip.conf", "--config", ALONE, "--db", "sqlite:/nonexistent"]);
    assert!(run.error(2).contains("/nonexistent"), "{run:?}");
}

#[test]
fn secrets_are_shown_on_demand_only() {
    let office = Office::new();
    let password = ["asterisk/pjsip.conf", "auth/wgtf37my", "password"];
    let masked = office.explain(&password).out;
    assert_eq!(masked.matches("•••").count(), 2, "{masked}");
    let shown = office.explain(&[&password[..], &["--show-secrets"]].concat()).out;
    let first = shown.lines().next().unwrap_or_default().strip_prefix("password = ").unwrap_or_default();
    assert!(!shown.contains('•') && !first.is_empty(), "{shown}");
    assert!(!masked.contains(first), "{masked}");
}

#[test]
fn a_line_of_an_operators_text_names_file_and_key() {
    let office = Office::new();
    let contexts = "[template]\nobjtpl = %%EXTEN%%,1,Answer()\nobjtpl = n,Hangup()\n[xivo-features]\nexten = h,1,NoOp()\n";
    let config = "templates: {contextsconf: mine.conf}\nenabled_asterisk_modules: {app_mine.so: false}\n";
    let folder = Folder::new(&[("mine.conf", contexts), ("config.yml", config)]);
    let [mine, config] = ["mine.conf", "config.yml"].map(|name| folder.text(name));
    let explain = |arguments: &[&str]| {
        let run = office.explain_with(&config, arguments);
        assert_eq!(run.code, 0, "{run:?}");
        run.out.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = explain(&["asterisk/extensions.conf", "1000@ctx-ten0000-internal", "2"]);
    let note = |line| format!("line {line} of {mine} (configuration key templates.contextsconf in {config})");
    assert_eq!(lines, ["same  =     n,Hangup()".to_owned(), "extensions id=1".to_owned(), note(3)]);
    let lines = explain(&["asterisk/extensions.conf", "xivo-features", "exten"]);
    assert_eq!(lines[..2], ["exten = h,1,NoOp()".to_owned(), note(5)]);
    let lines = explain(&["asterisk/modules.conf", "modules", "noload"]);
    let at = lines.iter().position(|line| line == "noload => app_mine.so").unwrap();
    assert_eq!(lines[at + 1], format!("configuration key enabled_asterisk_modules.app_mine.so in {config}"));
}
