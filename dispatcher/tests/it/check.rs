//! `confgend check`.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use fixtures::{Case, Schema, Scratch, Strictness, load_sqlite};

use crate::{Folder, confgend};

const QUEUES: &str = "[general]\n\n[sales]\nmusicclass = jazz\nmember = PJSIP/a\n";
const CLASSES: &str = "[default]\nmode = files\ndirectory = /var/lib/asterisk/moh/default\n";

/// Returns a folder with files, each in a folder of its own name.
fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&[]);
    for (name, text) in files {
        let path = folder.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Returns the lines of a run, the last one without its time.
fn lines(out: &str) -> Vec<String> {
    let without_time = |line: &str| match line.rsplit_once(", ") {
        Some((rest, time)) if time.ends_with(" s") => rest.to_owned(),
        _ => line.to_owned(),
    };
    out.lines().map(without_time).collect()
}

#[test]
fn findings_of_files_in_a_folder() {
    let folder = folder(&[
        ("asterisk/queues.conf", QUEUES),
        ("asterisk/musiconhold.conf", CLASSES),
        ("asterisk/.queues.conf.held", "x"),
    ]);
    let files = folder.text("");
    let finding = "asterisk/queues.conf:4: warning: queue sales: there is no music class \"jazz\" [queue-musicclass-missing]";
    let run = confgend(&["check", "--files", &files]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(lines(&run.out), [finding, "0 errors, 1 warning, 0 notes in 2 files, 3 objects"]);
    assert_eq!(confgend(&["check", "--files", &files, "--deny", "warnings"]).code, 1);
    let run = confgend(&["check", "--files", &files, "--deny", "notes"]);
    assert!(run.error(2).starts_with("--deny takes \"warnings\", not \"notes\""), "{run:?}");
    let run = confgend(&["check", "--files", &files, "--db", "sqlite:x"]);
    assert!(run.error(2).starts_with("--files and --db can't both be given"), "{run:?}");
    // One of them.
    let run = confgend(&["check", "--files", &files, "asterisk/musiconhold.conf"]);
    assert_eq!(lines(&run.out), ["0 errors, 0 warnings, 0 notes in 1 file, 1 object"]);
    let json = confgend(&["check", "--files", &files, "--json"]).out;
    let expected = r#"{"rule":"queue-musicclass-missing","severity":"warning","file":"asterisk/queues.conf","line":4,"object":"queue sales","message":"there is no music class \"jazz\"","origins":[]}"#;
    assert_eq!(json, format!("{expected}\n"));
}

#[test]
fn the_configuration_switches_rules() {
    let folder = folder(&[
        ("asterisk/queues.conf", QUEUES),
        ("asterisk/musiconhold.conf", CLASSES),
        ("error.yml", "check: {rules: {queue-musicclass-missing: error}}"),
        ("off.yml", "check: {rules: {queue-musicclass-missing: off}}"),
        ("unknown.yml", "check: {rules: {queue-musicclas-missing: off}}"),
        ("severity.yml", "check: {rules: {queue-musicclass-missing: fatal}}"),
    ]);
    let check =
        |config: &str| confgend(&["check", "--files", &folder.text(""), "--config", &folder.text(config)]);
    let run = check("error.yml");
    assert_eq!(run.code, 1);
    assert!(run.out.contains(": error: queue sales: "), "{run:?}");
    let run = check("off.yml");
    assert_eq!((run.code, lines(&run.out).len()), (0, 1));
    let key = "configuration key check.rules: ";
    let run = check("unknown.yml");
    let error = run.error(2);
    assert!(
        error.contains(&format!(
            "{key}there is no rule \"queue-musicclas-missing\"; did you mean queue-musicclass-missing?"
        )),
        "{error}"
    );
    let run = check("severity.yml");
    let error = run.error(2);
    assert!(
        error.contains(&format!("{key}queue-musicclass-missing: expected off, note, warning or error")),
        "{error}"
    );
    let rules = confgend(&["check", "--rules", "--config", &folder.text("off.yml")]).out;
    assert!(
        rules.lines().any(|line| line.starts_with("queue-musicclass-missing ") && line.contains(" off ")),
        "{rules}"
    );
}

#[test]
fn asterisks_folder_surrounds_the_generated_files() {
    let folder = folder(&[
        ("set/asterisk/queues.conf", QUEUES),
        ("etc/queues.conf", "#include queues.d/*.conf\n"),
        ("etc/queues.d/01-generated.conf", "#exec wazo-confgen asterisk/queues.conf\n#exec touch ran\n"),
        ("etc/queues.d/02-own.conf", "[own]\nmusicclass = rock\nmember = PJSIP/a\n"),
        ("etc/musiconhold.conf", "[jazz]\nmode = files\ndirectory = /d\n"),
    ]);
    symlink("musiconhold.conf", folder.path("etc/loop.conf")).unwrap();
    UnixListener::bind(folder.path("etc/queues.d/03-socket.conf")).unwrap();
    let run = confgend(&["check", "--files", &folder.text("set"), "--asterisk", &folder.text("etc")]);
    let finding = "queues.d/02-own.conf:2: warning: queue own: there is no music class \"rock\" [queue-musicclass-missing]";
    assert!(lines(&run.out).iter().any(|line| line == finding), "{run:?}");
    assert!(!run.out.contains("\"jazz\""), "{run:?}");
    let finding = "musiconhold.conf:3: error: music class jazz: the folder /d does not exist [musiconhold-folder-empty]";
    assert!(lines(&run.out).iter().any(|line| line == finding), "{run:?}");
    assert!(!folder.path("ran").exists() && !folder.path("etc/ran").exists());
    let run = confgend(&["check", "--files", &folder.text("set"), "--asterisk", &folder.text("nothing")]);
    assert!(run.error(2).ends_with("nothing: is no folder"), "{run:?}");
}

#[test]
fn unreadable_files_are_errors_that_name_them() {
    let folder = folder(&[
        ("asterisk/queues.conf", "[a]\nmusicclass = \u{fffd}\nmember = PJSIP/a\n"),
        ("dird/views.yml", "a: [\n"),
    ]);
    fs::write(folder.path("asterisk/features.conf"), b"[general]\npickupexten = \xff\xfe\n").unwrap();
    let run = confgend(&["check", "--files", &folder.text("")]);
    assert_eq!(run.code, 1);
    assert!(run.out.starts_with("dird/views.yml: error: "), "{run:?}");
    UnixListener::bind(folder.path("asterisk/rtp.conf")).unwrap();
    let run = confgend(&["check", "--files", &folder.text("")]);
    assert!(run.error(2).contains("asterisk/rtp.conf: the file can't be read: it is no file"), "{run:?}");
    let run = confgend(&["check", "--files", &folder.text("nothing")]);
    assert!(run.error(2).contains("nothing: the folder can't be read"), "{run:?}");
    let run = confgend(&["check", "--files", &folder.text(""), "asterisk/acl.conf"]);
    assert!(run.error(2).contains("asterisk/acl.conf: the file can't be read"), "{run:?}");
    let run = confgend(&["check", "--db", "sqlite:/nothing/here.db"]);
    assert!(run.error(2).contains("/nothing/here.db"), "{run:?}");
}

#[test]
fn a_finding_names_the_row_that_the_line_comes_from() {
    let queue = r#"{"name": "sales", "category": "queue", "musicclass": "jazz"}"#;
    let features = r#"{"id": 1, "name": "sales", "displayname": "", "tenant_uuid": "t"}"#;
    let database = Scratch::new(&[("queue", queue), ("queuefeatures", features)]);
    let db = format!("sqlite:{}", database.path().display());
    let run = confgend(&["check", "--db", &db, "asterisk/queues.conf", "asterisk/musiconhold.conf"]);
    assert_eq!(run.code, 0, "{run:?}");
    let finding = "there is no music class \"jazz\" [queue-musicclass-missing]\n    from queue name=sales, column musicclass\n";
    assert!(run.out.contains(finding), "{run:?}");
}

#[test]
#[cfg(feature = "asterisk")]
fn mistakes_in_an_operators_templates_are_findings() {
    let template = "{% if ivr.id == 99 %}\n  {{ ivr.nam | nonsense }}{{ greeting }}\n{% endif %}";
    let folder = folder(&[
        ("t/asterisk/extensions/ivr.jinja", template),
        ("config.yml", "templates: {directory: t}"),
        ("off.yml", "templates: {directory: t}\ncheck: {rules: {text-mistake: off}}"),
    ]);
    let database = Scratch::new(&[]);
    let db = format!("sqlite:{}", database.path().display());
    let check = |config| {
        confgend(&["check", "--db", &db, "--config", &folder.text(config), "asterisk/extensions.conf"])
    };
    let run = check("config.yml");
    let path = folder.text("t/asterisk/extensions/ivr.jinja");
    let finding = |column, message| {
        format!(
            "asterisk/extensions.conf: error: template {path}, line 2, column {column}: {message} [text-mistake]"
        )
    };
    let found = [finding(16, "there is no filter \"nonsense\""), finding(30, "nothing sets \"greeting\"")];
    assert_eq!((run.code, &lines(&run.out)[..2]), (1, &found[..]), "{run:?}");
    assert_eq!(check("off.yml").code, 0);
}

/// Asterisk refuses `hep.conf` without an address, which neither the cases nor the synthetic system have.
fn errors_but_of_hep(run: &crate::Run) -> Vec<&str> {
    run.out
        .lines()
        .filter(|line| line.contains(": error: ") && !line.starts_with("asterisk/hep.conf:1: "))
        .collect()
}

#[test]
fn sound_telephone_systems_have_no_errors() {
    let folder = Folder::new(&[]);
    let synthetic = folder.path("synthetic.db");
    fixtures::load_synthetic_sqlite(Schema::Current, 300, &synthetic).unwrap();
    for name in ["fresh", "office", "odd"] {
        let case = Case::named(name).unwrap();
        load_sqlite(&case, &folder.path(&format!("{name}.db")), Strictness::Lenient).unwrap();
    }
    for name in ["fresh", "office", "odd", "synthetic"] {
        let db = format!("sqlite:{}", folder.text(&format!("{name}.db")));
        let run = confgend(&["check", "--all", "--db", &db]);
        assert_eq!(errors_but_of_hep(&run), Vec::<&str>::new(), "{name}");
    }
}
