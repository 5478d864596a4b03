//! The hierarchy of configuration files, as `confgend config` shows and checks it.

use std::fs;
use std::os::unix::fs::symlink;

use crate::{Folder, Run, before_features, confgend};

/// Runs `confgend config` on the `config.yml` of a folder, and removes the folder from all paths.
fn config(folder: &Folder) -> Run {
    let run = confgend(&["config", "--config", &folder.text("config.yml")]);
    let short = |text: &str| text.replace(&folder.text(""), "");
    Run { code: run.code, out: short(&run.out), err: short(&run.err) }
}

/// A main file and extra files, in a folder.
fn site(main: &str, extra: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&[("config.yml", &format!("{main}\nextra_config_files: conf.d\n"))]);
    fs::create_dir(folder.path("conf.d")).unwrap();
    for (name, text) in extra {
        fs::write(folder.path("conf.d").join(name), text).unwrap();
    }
    folder
}

/// Returns the line of a key in the output.
fn line<'a>(run: &'a Run, key: &str) -> &'a str {
    let is_it = |line: &&str| line.trim_start().split(':').next() == Some(key);
    run.out.lines().find(is_it).unwrap_or_else(|| panic!("{key}: {run:?}"))
}

/// Returns the error of a configuration that is refused.
fn refused(main: &str, extra: &[(&str, &str)]) -> String {
    config(&site(main, extra)).error(2).to_owned()
}

#[test]
fn the_first_name_is_the_strongest() {
    let names =
        ["9.yml", "B.yml", "10.yml", "b.yml", "01.yml", "99.yml", ".00.yml", "00.YML", "00.yaml", "00"];
    let texts = names.map(|name| (name, format!("name: {name}\n'{name}': 1")));
    let extra = texts.each_ref().map(|(name, text)| (*name, text.as_str()));
    let folder = site("name: main", &extra);
    // Files in subfolders don't count.
    fs::create_dir(folder.path("conf.d/sub")).unwrap();
    fs::write(folder.path("conf.d/sub/00.yml"), "name: sub").unwrap();
    let run = config(&folder);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(line(&run, "name"), "name: 01.yml  # conf.d/01.yml");
    let files: Vec<&str> = run.out.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    let expected =
        ["01.yml", "10.yml", "9.yml", "99.yml", "B.yml", "b.yml"].map(|name| format!("conf.d/{name}"));
    assert_eq!(files, [&expected[..], &["config.yml".to_owned()]].concat());
    for (name, counts) in [("10.yml", true), (".00.yml", false), ("00.yaml", false)] {
        assert_eq!(run.out.contains(&format!("\n{name}: 1")), counts, "{name}");
    }
}

#[test]
fn values_merge_key_by_key() {
    let main = "a: {b: 1, c: 1}\nlist: [1, 2]\nnull_stands: 1\nscalar: {x: 1}\nmapping: 1\nlog_level: error";
    let extra = [
        ("1.yml", "a: {c: 2}\nlist: [3]\nnull_stands: ~"),
        (
            "2.yml",
            "a: {c: 3, d: 3}\nscalar: 2\nmapping: {y: 2}\na: {c: 4, d: 4}\nextra_config_files: /nonexistent",
        ),
    ];
    let run = config(&site(main, &extra));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let expected = [
        ("b", "  b: 1  # config.yml"),
        ("c", "  c: 2  # conf.d/1.yml"),
        ("d", "  d: 4  # conf.d/2.yml"),
        ("list", "list:  # conf.d/1.yml"),
        ("null_stands", "null_stands: null  # conf.d/1.yml"),
        ("scalar", "scalar: 2  # conf.d/2.yml"),
        ("y", "  y: 2  # conf.d/2.yml"),
        ("log_level", "log_level: error  # config.yml"),
        ("listen_port", "listen_port: 8669  # built-in"),
        // An extra file can't change the folder of extra files, but its value is shown.
        ("extra_config_files", "extra_config_files: /nonexistent  # conf.d/2.yml"),
    ];
    for (key, shown) in expected {
        assert_eq!(line(&run, key), shown);
    }
    assert!(run.out.contains("\n- 3\n") && !run.out.contains("- 1"), "{}", run.out);
}

#[test]
fn files_are_yaml_1_1() {
    let main = "flag: no\noctal: 017\ntime: 1:30\ntwice: 1\ntwice: 2\n'é': x\n? a\n: <<: {b: 1}\n";
    let run = config(&site(main, &[("empty.yml", ""), ("comment.yml", "# nothing\n")]));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    for (key, value) in [("flag", "false"), ("octal", "15"), ("time", "90"), ("twice", "2"), ("b", "1")] {
        assert!(line(&run, key).ends_with(&format!("{key}: {value}  # config.yml")), "{}", run.out);
    }
}

#[test]
fn an_unreadable_main_file_is_an_error() {
    let folder = Folder::new(&[("folder/x", "")]);
    for (name, cause) in [
        ("missing.yml", "No such file or directory (os error 2)"),
        ("folder", "Is a directory (os error 21)"),
        ("folder/x/y", "Not a directory (os error 20)"),
    ] {
        for command in ["config", "list"] {
            let run = confgend(&[command, "--config", &folder.text(name)]);
            let error = run.error(2).replace(&folder.text(""), "");
            assert_eq!(error, format!("{name}: the configuration file can't be read: {cause}"));
        }
    }
}

#[test]
fn a_broken_main_file_is_an_error() {
    let table = [
        ("a: b: c", "config.yml: line 1, column 5: mapping values are not allowed in this context"),
        (
            "a: {b: !env HOME}",
            "config.yml: configuration key a.b: the value has an unknown tag; there is !exec only",
        ),
        (
            "a: !!set {b}",
            "config.yml: configuration key a: the value has an unknown tag; there is !exec only",
        ),
        (
            "a: !exec {command: 'false'}",
            "config.yml: configuration key a: command \"false\": failed with exit status: 1",
        ),
        (
            "a: !exec {command: /nonexistent/x --now}",
            "config.yml: configuration key a: command \"/nonexistent/x\": can't be run: No such file or directory (os error 2)",
        ),
        ("extra_config_files: [a]", "config.yml: configuration key extra_config_files: invalid type: "),
    ];
    for (main, expected) in table {
        let folder = Folder::new(&[("config.yml", main)]);
        let run = config(&folder);
        assert!(run.error(2).starts_with(expected), "{run:?}");
    }
}

/// Runs `confgend config --lenient` on the `config.yml` of a folder.
fn leniently(folder: &Folder) -> Run {
    let run = confgend(&["config", "--lenient", "--config", &folder.text("config.yml")]);
    let short = |text: &str| text.replace(&folder.text(""), "");
    Run { code: run.code, out: short(&run.out), err: short(&run.err) }
}

#[test]
fn a_broken_extra_file_is_an_error() {
    let table = [
        ("a:\n\tb: 1", "line 2, column "),
        ("a: [", "line 2, column 1: "),
        ("a: !env HOME", "configuration key a: the value has an unknown tag; there is !exec only"),
        ("!exec {command: 'false'}", "command \"false\": failed with exit status: 1"),
        ("a: \u{1}", "line 1, column 4: the character U+0001 must be escaped"),
    ];
    for (text, why) in table {
        let folder = site("", &[("1.yml", text), ("2.yml", "a: 2")]);
        let error = config(&folder).error(2).to_owned();
        assert!(error.starts_with(&format!("conf.d/1.yml: {why}")), "{error}");
        for command in ["generate", "list", "serve"] {
            let run = confgend(&[command, "--config", &folder.text("config.yml")]);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{command}: {run:?}");
            assert!(run.err.contains(why), "{command}: {run:?}");
        }
        let run = leniently(&folder);
        assert_eq!((run.code, line(&run, "a")), (0, "a: 2  # conf.d/2.yml"));
        let warning = format!("warning: conf.d/1.yml: the file is ignored: {why}");
        assert!(run.err.starts_with(&warning) && run.err.lines().count() == 1, "{}", run.err);
    }
}

#[test]
fn all_problems_of_all_files_are_shown() {
    let folder = site("listen_port: x", &[("3.yml", "a: 3"), ("4.yml", "a: ["), ("5.yml", "[1]")]);
    fs::create_dir(folder.path("conf.d/1.yml")).unwrap();
    symlink("nowhere", folder.path("conf.d/2.yml")).unwrap();
    let unreadable = "the configuration file can't be read";
    let files = format!(
        "error: conf.d/1.yml: {unreadable}: Is a directory (os error 21)\n\
        error: conf.d/2.yml: {unreadable}: No such file or directory (os error 2)\n\
        error: conf.d/4.yml: line 2, column 1: "
    );
    let others = "error: conf.d/5.yml: expected a mapping of keys at the top, found a list\n\
        error: config.yml: configuration key listen_port: expected a whole number from 0 to 65535, found x\n";
    let run = config(&folder);
    // The values in force are not known, so none are shown.
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with(&files) && run.err.ends_with(others), "{}", run.err);
    let run = leniently(&folder);
    assert_eq!(run.code, 2);
    assert!(run.err.ends_with(others) && run.err.starts_with("warning: conf.d/1.yml: the file is ignored"));
}

#[test]
fn a_missing_folder_of_extra_files_is_no_error() {
    let site = |folder| Folder::new(&[("config.yml", &format!("a: 1\nextra_config_files: {folder}"))]);
    let run = config(&site("nowhere"));
    assert_eq!((run.code, line(&run, "a")), (0, "a: 1  # config.yml"));
    let message = "the folder of extra files can't be read";
    assert_eq!(run.err, format!("warning: nowhere: {message}: No such file or directory (os error 2)\n"));
    for nothing in ["", "''"] {
        assert_eq!(config(&site(nothing)).err, "");
    }
    let not_a_folder = site("config.yml");
    let error = format!("config.yml: {message}: Not a directory (os error 20)");
    assert_eq!(config(&not_a_folder).error(2), error);
    assert_eq!(leniently(&not_a_folder).err, format!("warning: {error}\n"));
}

#[test]
fn the_top_of_every_file_is_a_mapping() {
    let top = "expected a mapping of keys at the top, found";
    for (text, found) in [("[1]", "a list"), ("x", "a text"), ("7", "a number")] {
        let folder = Folder::new(&[("config.yml", text)]);
        assert_eq!(config(&folder).error(2), format!("config.yml: {top} {found}"));
        assert_eq!(refused("", &[("1.yml", text)]), format!("conf.d/1.yml: {top} {found}"));
    }
    assert_eq!(refused("", &[("1.yml", "!exec\ncommand: echo x")]), format!("conf.d/1.yml: {top} a text"));
}

#[test]
fn a_command_is_replaced_by_its_output() {
    let folder = site("", &[]);
    fs::write(folder.path("tool"), "echo complaint >&2\nfor word; do echo \"- \\\"$word\\\"\"; done\n")
        .unwrap();
    let tool = folder.text("tool");
    let main = format!(
        "a:\n- !exec\n  command: sh {tool} 1:30 $HOME  'x' *\nb: !exec {{command: }}\nc: {{command: tool}}\n\
        extra_config_files: conf.d\n"
    );
    fs::write(folder.path("config.yml"), main).unwrap();
    fs::write(folder.path("conf.d/1.yml"), "!exec\ncommand: printf d:\\040{e:\\0401,log_level:\\040x}\\n")
        .unwrap();
    fs::write(folder.path("conf.d/2.yml"), "!exec\ncommand: 'true'").unwrap();
    let run = config(&folder);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let words = "a:  # config.yml\n- - '1:30'\n  - $HOME\n  - ''\n  - '''x'''\n  - '*'\nany_release:";
    assert!(run.out.contains(words), "{}", run.out);
    assert_eq!(line(&run, "b"), "b: null  # config.yml");
    assert_eq!(line(&run, "command"), "  command: tool  # config.yml");
    assert_eq!(line(&run, "e"), "  e: 1  # conf.d/1.yml");
    assert!(run.out.contains("#   conf.d/2.yml\n"), "{}", run.out);
}

#[test]
fn every_key_of_the_service_is_checked() {
    let main = "log_level: warn\nlisten_address: nowhere\ndb_uri: mysql://me:s3cret@host/x\n\
        service: {idle_seconds: 0}\nmetrics: {listen_port: x}";
    let run = config(&site(main, &[("1.yml", "listen_port: 70000\npid_file: {a: 1}")]));
    assert_eq!(run.code, 2);
    let expected = [
        (
            "config.yml",
            "listen_address: expected an IP address, localhost, '*' for all, or none, found nowhere",
        ),
        ("conf.d/1.yml", "listen_port: expected a whole number from 0 to 65535, found 70000"),
        ("conf.d/1.yml", "pid_file: expected a path, or null for none, found a mapping"),
        ("config.yml", "log_level: expected critical, error, warning, info or debug, found warn"),
        ("config.yml", "service.idle_seconds: expected a number above 0 and up to 86400, found 0"),
        (
            "config.yml",
            "metrics.listen_port: expected a whole number from 0 to 65535, or null for none, found x",
        ),
        (
            "config.yml",
            "db_uri: not a database URI: a database is written postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH",
        ),
    ];
    let expected = expected.map(|(file, error)| format!("error: {file}: configuration key {error}\n"));
    assert_eq!(run.err, expected.concat());
    assert!(!run.out.contains("s3cret"), "{}", run.out);
    assert_eq!(line(&run, "db_uri"), "db_uri: mysql://me:***@host/x  # config.yml");
}

#[test]
#[cfg(feature = "asterisk")]
fn every_driver_is_built() {
    let run = config(&site("templates: {directory: nowhere}", &[("1.yml", "enabled_asterisk_modules: 1")]));
    assert_eq!(run.code, 2);
    let directory = "config.yml: configuration key templates.directory: there is no folder nowhere";
    let modules = "conf.d/1.yml: configuration key enabled_asterisk_modules: invalid type: integer `1`, expected a YAML mapping";
    let older = if cfg!(feature = "asterisk-older") {
        format!("error: asterisk/sip.conf: {directory}\n")
    } else {
        String::new()
    };
    assert_eq!(
        run.err,
        format!(
            "error: asterisk/extensions.conf: {directory}\nerror: asterisk/modules.conf: {modules}\n\
            error: asterisk/musiconhold.conf: {directory}\n{older}"
        )
    );
}

#[test]
#[cfg(feature = "asterisk")]
fn templates_are_checked() {
    let main = "templates: {directory: t, contextsconf: contexts.conf, modulesconf: modules.jinja}";
    let folder = site(main, &[]);
    let write = |name: &str, text: &str| fs::write(folder.path(name), text).unwrap();
    fs::create_dir_all(folder.path("t/asterisk/extensions")).unwrap();
    for name in ["modules.jinja", "t/asterisk/musiconhold.jinja", "t/asterisk/extensions/ivr-7.jinja"] {
        write(name, "{{ 1 }}");
    }
    write("contexts.conf", "[template]\n[xivo-features]\n");
    assert_eq!((config(&folder).code, config(&folder).err), (0, String::new()));
    for name in ["modules.jinja", "t/asterisk/musiconhold.jinja", "t/asterisk/extensions/ivr-7.jinja"] {
        write(name, "\n{% if %}");
    }
    write("t/asterisk/extensions/ivr-8.jinja", "{{ ivr.name }}\n{{ ivrs | nonsense }}");
    write("t/asterisk/extensions/ivr.jinja", "{{ a");
    write("contexts.conf", "[template\n");
    let run = config(&folder);
    assert_eq!(run.code, 2);
    for (file, mistake) in [
        ("extensions", "template t/asterisk/extensions/ivr-7.jinja, line 2, column 7: syntax error: "),
        ("extensions", "template t/asterisk/extensions/ivr-8.jinja, line 2, column 4: nothing sets \"ivrs\""),
        (
            "extensions",
            "template t/asterisk/extensions/ivr-8.jinja, line 2, column 11: there is no filter \"nonsense\"",
        ),
        ("extensions", "template t/asterisk/extensions/ivr.jinja, line 1, column 4: syntax error: "),
        ("extensions", "contexts.conf: line 1"),
        ("modules", "template modules.jinja, line 2, column 7: syntax error: "),
        ("musiconhold", "template t/asterisk/musiconhold.jinja, line 2, column 7: syntax error: "),
    ] {
        assert!(
            run.err.contains(&format!("error: asterisk/{file}.conf: {mistake}")),
            "{mistake}: {}",
            run.err
        );
    }
    assert_eq!(run.err.lines().count(), 7, "{}", run.err);
}

#[test]
#[cfg(feature = "postgres")]
fn the_address_of_the_database_is_parsed() {
    for (uri, why) in [
        ("postgresql://u:s3@cret@h/d", "there is more than one \"@\": write the \"@\" of a password as %40"),
        ("postgresql://u:s3c #ret@h/d", ""),
        ("postgresql://u@h:port/d", ""),
        ("postgresql://u@h/d?sslmode=none", ""),
        ("postgresql://u@h/d?nonsense=1", ""),
    ] {
        let run = config(&site(&format!("db_uri: {uri}"), &[]));
        let (problem, line) = ("error: config.yml: configuration key db_uri: ", run.err.trim_end());
        assert_eq!((run.code, line.lines().count()), (2, 1), "{uri}: {run:?}");
        assert!(line.starts_with(problem) && line.ends_with(why), "{uri}: {run:?}");
        assert!(!(run.out + &run.err).contains("s3c"), "{uri}");
    }
    assert_eq!(config(&site("db_uri: postgresql://u:s3%40cret@h:5432/d?sslmode=disable", &[])).err, "");
}

#[test]
fn paths_are_checked() {
    let folder = site("cache: config.yml\nlog_filename: nowhere/x.log", &[]);
    let run = config(&folder);
    let warning = "warning: config.yml: configuration key log_filename: there is no folder nowhere";
    let error = "error: config.yml: configuration key cache: config.yml is no folder";
    assert_eq!((run.code, run.err), (2, format!("{warning}\n{error}\n")));
}

#[test]
#[cfg(feature = "asterisk")]
fn the_default_replaces_an_unknown_driver() {
    let wrong = "plugins: {asterisk.hep.conf: wazoo, asterisk.pjzip.conf: wazo, nonsense: wazo, asterisk.rtp.conf: wazo}";
    let folder = site("plugins: {asterisk.hep.conf: wazo}", &[("1.yml", wrong)]);
    let warnings = "\
warning: conf.d/1.yml: configuration key plugins.asterisk.hep.conf: there is no driver called \"wazoo\", so wazo is used; did you mean wazo?
warning: conf.d/1.yml: configuration key plugins.asterisk.pjzip.conf: the entry has no effect: no driver writes asterisk/pjzip.conf; did you mean asterisk/pjsip.conf?
warning: conf.d/1.yml: configuration key plugins.nonsense: the entry has no effect: \"nonsense\" is not a namespace: it has no file name; write it like asterisk/pjsip.conf
";
    let run = config(&folder);
    assert_eq!((run.code, run.err.as_str()), (0, warnings));
    let run = confgend(&["list", "--config", &folder.text("config.yml")]);
    assert_eq!((run.code, before_features(&run.err).replace(&folder.text(""), "").as_str()), (0, warnings));
    assert!(run.out.contains("asterisk/hep.conf              wazo         yes\n"), "{}", run.out);
}

#[test]
fn plugins_is_a_mapping_or_empty() {
    assert_eq!(config(&site("plugins:", &[])).err, "");
    let error = refused("plugins: wazo", &[]);
    assert!(error.starts_with("config.yml: configuration key plugins: invalid type: string "), "{error}");
}
