//! The command line.

use crate::{before_features, confgend};

#[test]
fn help_goes_to_standard_output() {
    for arguments in [&["--help"][..], &["generate", "--help"], &["list", "--help"], &["config", "--help"]] {
        let run = confgend(arguments);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        assert!(run.out.starts_with("Usage: confgend "), "{}", run.out);
    }
    let exit_codes = confgend(&["--help"]).out;
    assert!(exit_codes.contains("1 Something failed; the other files are there."), "{exit_codes}");
}

#[test]
fn version_is_printed() {
    assert_eq!(confgend(&["--version"]).out, format!("confgend {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line_does_nothing() {
    for arguments in [&["generate", "--nonsense"][..], &["nonsense"], &["generate", "--db"]] {
        let run = confgend(arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
        assert!(!run.err.is_empty());
    }
    let missing = confgend(&[]).error(2).to_owned();
    assert!(missing.starts_with("a command is missing: generate, list, config, serve, "), "{missing}");
    assert!(missing.ends_with("; see confgend --help"), "{missing}");
}

#[test]
fn the_help_of_every_command_has_an_example() {
    let top = dispatcher::command_line();
    assert!(confgend(&["--help"]).out.contains(top.examples[0]));
    for command in &top.commands {
        let help = confgend(&[command.name, "--help"]).out;
        assert!(!command.command.examples.is_empty(), "{} has no example", command.name);
        for example in command.command.examples {
            assert!(help.contains(example), "{help}");
        }
    }
}

#[test]
fn an_unknown_namespace_gets_a_hint() {
    let error = |namespace| confgend(&["generate", namespace]).error(2).to_owned();
    if cfg!(feature = "asterisk") {
        let hint = "no driver writes asterisk/pjsip.cfg; did you mean asterisk/pjsip.conf?";
        assert_eq!(error("asterisk/pjsip.cfg"), hint);
    } else {
        let hint = "no driver writes asterisk/pjsip.cfg; this build leaves out the feature `asterisk`";
        assert_eq!(error("asterisk/pjsip.cfg"), hint);
    }
    assert_eq!(error("zzz/q"), "no driver writes zzz/q; see `confgend list`");
    assert_eq!(
        error("asterisk/../passwd"),
        "\"asterisk/../passwd\" is not a namespace: it has more than one slash; write it like asterisk/pjsip.conf"
    );
}

#[test]
fn several_files_need_a_folder() {
    if cfg!(feature = "asterisk") {
        let error = confgend(&["generate", "asterisk/hep.conf", "asterisk/rtp.conf", "--db", "sqlite:x"]);
        assert_eq!(error.error(2), "several files need a folder: add --out DIR");
    }
}

#[test]
fn a_database_uri_is_checked_and_never_shown() {
    let run = confgend(&["generate", "--out", "x", "--db", "mysql://me:s3cret@host/x"]);
    let hint = "a database is written postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH";
    assert_eq!(run.error(2), format!("--db: not a database URI: {hint}"));
}

#[test]
fn an_address_in_the_wrong_place_is_not_shown() {
    for address in ["postgresql://me:s3cret@host/x", "me:s3cret@host/x", "postgresql://me:s3cret"] {
        for arguments in
            [&["generate", address][..], &["list", address], &[address], &["list", "--bd", address]]
        {
            let run = confgend(arguments);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
            assert!(!run.err.is_empty() && !run.err.contains("s3cret"), "{arguments:?}: {}", run.err);
        }
    }
}

#[test]
fn list_shows_the_selected_drivers() {
    let run = confgend(&["list"]);
    assert_eq!((run.code, before_features(&run.err)), (0, ""));
    let (head, rows) = run.out.split_once('\n').unwrap();
    assert_eq!(head, "NAMESPACE                      DRIVER       SELECTED");
    let registry = dispatcher::Registry::new(dispatcher::FAMILIES).unwrap();
    let files = registry.namespaces().map(ToString::to_string);
    let selected = files.map(|file| format!("{file:<30} wazo         yes"));
    assert_eq!(rows.lines().collect::<Vec<_>>(), selected.collect::<Vec<_>>());
    let pjsip = "\nasterisk/pjsip.conf            wazo         yes\n";
    assert_eq!(run.out.contains(pjsip), cfg!(feature = "asterisk"));
}

#[test]
fn list_shows_the_features_of_the_build() {
    let run = confgend(&["list"]);
    let (built, left_out) = run.err.split_once("\nfeatures left out: ").unwrap();
    let built: Vec<&str> = built.strip_prefix("features compiled in: ").unwrap().split(", ").collect();
    let left_out = left_out.trim_end();
    let table = [
        (cfg!(feature = "asterisk"), "asterisk", "asterisk (asterisk/*)"),
        (
            cfg!(feature = "asterisk-older"),
            "asterisk-older",
            "asterisk-older (asterisk/meetme.conf, asterisk/queuerules.conf, asterisk/sip.conf)",
        ),
        (cfg!(feature = "wazo"), "wazo", "wazo (wazo/*)"),
        (cfg!(feature = "postgres"), "postgres", "postgres (postgresql://HOST/NAME)"),
        (cfg!(feature = "sqlite"), "sqlite", "sqlite (sqlite:PATH)"),
    ];
    for (is_built, name, with_what_it_adds) in table {
        assert_eq!(built.contains(&name), is_built, "{}", run.err);
        assert_eq!(left_out.contains(with_what_it_adds), !is_built, "{}", run.err);
    }
    let all = dispatcher::features().all(|feature| feature.built);
    assert_eq!(left_out == "none", all, "{}", run.err);
}
