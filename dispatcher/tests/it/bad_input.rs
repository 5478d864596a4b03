//! Bad input: each problem has a message of one line, fails only the files that it affects, and leaves no partial
//! file.

use std::fs;

use fixtures::Scratch;

use crate::{Folder, confgend, current_files, files_below};

const IDENTITY: (&str, &str) =
    ("infos", r#"{"uuid": "6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11", "wazo_version": "26.08"}"#);

fn uri(database: &Scratch) -> String {
    format!("sqlite:{}", database.path().display())
}

#[test]
fn an_unreadable_configuration_is_an_error() {
    let folder = Folder::new(&[
        ("text.yml", "just a text"),
        ("list.yml", "- a\n- b\n"),
        ("broken.yml", "a: [1\nb: 2\n"),
        ("plugins.yml", "plugins: 3\nextra_config_files:"),
        ("uri.yml", "db_uri: {host: x}\nextra_config_files:"),
        ("other.yml", "db_uri: oracle://x\nextra_config_files:"),
    ]);
    let error = |file: &str| {
        let path = folder.text(file);
        let run = confgend(&["generate", "--out", &folder.text("out"), "--config", &path]);
        run.error(2).replace(&path, file)
    };
    assert_eq!(error("text.yml"), "text.yml: expected a mapping of keys at the top, found a text");
    assert_eq!(error("list.yml"), "list.yml: expected a mapping of keys at the top, found a list");
    let broken = error("broken.yml");
    assert!(broken.starts_with("broken.yml: line 2, column "), "{broken}");
    let plugins = error("plugins.yml");
    assert!(plugins.starts_with("plugins.yml: configuration key plugins: invalid type: "), "{plugins}");
    let uri = error("uri.yml");
    assert_eq!(uri, "uri.yml: configuration key db_uri: expected a text");
    let other = error("other.yml");
    assert!(other.starts_with("other.yml: configuration key db_uri: not a database URI: "), "{other}");
    let missing = error("missing.yml");
    let cause = "the configuration file can't be read: No such file or directory (os error 2)";
    assert_eq!(missing, format!("missing.yml: {cause}"));
    assert!(!folder.path("out").exists());
}

#[test]
fn a_bad_database_file_is_an_error() {
    let folder = Folder::new(&[(
        "text.db",
        "this is a text, and not a short one: SQLite reads a hundred bytes of it first",
    )]);
    let error = |name: &str| {
        let path = folder.text(name);
        let run = confgend(&["generate", "--out", &folder.text("out"), "--db", &format!("sqlite:{path}")]);
        run.error(1).replace(&path, name)
    };
    assert_eq!(error("missing.db"), "database file missing.db: no such file");
    assert_eq!(error("."), "database file .: not a file");
    let text = error("text.db");
    assert!(text.ends_with("file is not a database"), "{text}");
    assert!(!folder.path("out").exists());
}

#[test]
#[cfg(all(feature = "asterisk", feature = "phoned", feature = "wazo"))]
fn a_missing_table_or_column_fails_its_files_only() {
    let database = Scratch::new(&[IDENTITY]);
    database.execute("DROP TABLE moh; ALTER TABLE accessfeatures RENAME COLUMN host TO address;");
    let folder = Folder::new(&[]);
    let run = confgend(&["generate", "--out", &folder.text("out"), "--db", &uri(&database)]);
    assert_eq!(run.code, 1);
    let moh = "asterisk/musiconhold.conf needs table moh, which this database does not have";
    let host = "error: phoned/config.yml: table accessfeatures: this database has no column host";
    let messages: Vec<&str> = run.err.lines().filter(|line| !line.starts_with("warning: ")).collect();
    assert!(
        messages.contains(&format!("skipped: {moh}").as_str()) && messages.contains(&host),
        "{messages:#?}"
    );
    assert_eq!(messages.iter().filter(|line| line.starts_with("error: ")).count(), 1);
    let files = files_below(&folder.path("out"));
    assert_eq!(files.len() + 2, current_files().len());
    assert!(files.contains(&"wazo/uuid.yml".to_owned()), "{files:?}");
    // A file that is asked for by name is not skipped.
    let run = confgend(&["generate", "asterisk/musiconhold.conf", "--db", &uri(&database)]);
    assert_eq!(run.error(1), moh);
    // The list shows the same problems.
    let list = confgend(&["list", "--db", &uri(&database)]);
    assert_eq!(list.code, 1);
    let answer = |namespace: &str| {
        let line = list.out.lines().find(|line| line.starts_with(namespace)).unwrap();
        // The column before it is the first release that the driver is for.
        line.split_once(" yes ").unwrap().1.trim_start().split_once(' ').unwrap().1.trim_start().to_owned()
    };
    assert_eq!(answer("asterisk/musiconhold.conf"), moh);
    assert_eq!(answer("asterisk/queues.conf"), "ok");
    assert_eq!(answer("phoned/config.yml"), host.strip_prefix("error: ").unwrap());
    assert_eq!(answer("wazo/uuid.yml"), "ok");
}

#[test]
#[cfg(feature = "asterisk")]
fn a_value_of_the_wrong_type_names_row_and_column() {
    let database = Scratch::new(&[]);
    database.execute(
        "DROP TABLE conference;
        CREATE TABLE conference (id, max_users, record, quiet_join_leave, announce_join_leave,
            announce_user_count, announce_only_user, music_on_hold, admin_pin);
        INSERT INTO conference VALUES (7, 'many', 0, 0, 0, 0, 1, NULL, NULL)",
    );
    let run = confgend(&["generate", "asterisk/confbridge.conf", "--db", &uri(&database)]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    let error = run.err.lines().last().unwrap_or_default();
    assert_eq!(
        error,
        "error: asterisk/confbridge.conf: table conference: row id=7: column max_users: expected an integer, found the text many"
    );
}

#[test]
#[cfg(feature = "wazo")]
fn an_empty_identity_table_is_an_error() {
    let database = Scratch::new(&[]);
    let run = confgend(&["generate", "wazo/uuid.yml", "--db", &uri(&database)]);
    assert_eq!(run.error(1), "wazo/uuid.yml: the table infos is empty: the installation has no identity yet");
}

#[test]
#[cfg(feature = "asterisk")]
fn a_bad_template_is_an_error() {
    let database = Scratch::new(&[]);
    let folder = Folder::new(&[
        ("missing.yml", "templates: {modulesconf: missing.jinja}\nextra_config_files:"),
        ("folder.yml", "templates: {modulesconf: .}\nextra_config_files:"),
        ("syntax.yml", "templates: {modulesconf: syntax.jinja}\nextra_config_files:"),
        ("syntax.jinja", "\n{% for x in %}"),
        ("modules.yml", "enabled_asterisk_modules: on\nextra_config_files:"),
        ("directory.yml", "templates: {directory: nowhere}\nextra_config_files:"),
    ]);
    let error = |file: &str, namespace: &str| {
        let run = confgend(&["generate", namespace, "--db", &uri(&database), "--config", &folder.text(file)]);
        run.error(1).replace(&folder.text(""), "")
    };
    let modules = |file| error(file, "asterisk/modules.conf");
    assert_eq!(
        modules("missing.yml"),
        "asterisk/modules.conf: template missing.jinja: can't be read: No such file or directory (os error 2)"
    );
    let folder_error = modules("folder.yml");
    assert!(folder_error.ends_with("can't be read: Is a directory (os error 21)"), "{folder_error}");
    let syntax = modules("syntax.yml");
    assert!(
        syntax.starts_with("asterisk/modules.conf: template syntax.jinja, line 2: syntax error: "),
        "{syntax}"
    );
    let not_a_map = modules("modules.yml");
    let key =
        "asterisk/modules.conf: modules.yml: configuration key enabled_asterisk_modules: invalid type: ";
    assert!(not_a_map.starts_with(key), "{not_a_map}");
    assert_eq!(
        error("directory.yml", "asterisk/musiconhold.conf"),
        "asterisk/musiconhold.conf: directory.yml: configuration key templates.directory: there is no folder nowhere"
    );
}

#[test]
#[cfg(feature = "wazo")]
fn an_unwritable_folder_is_an_error() {
    let database = Scratch::new(&[IDENTITY]);
    let folder = Folder::new(&[("file", "old")]);
    let run =
        confgend(&["generate", "wazo/uuid.yml", "--db", &uri(&database), "--out", &folder.text("file")]);
    let error = run.error(1).replace(&folder.text(""), "");
    assert!(error.starts_with("wazo/uuid.yml: file file/wazo/uuid.yml: can't be written: "), "{error}");
    assert_eq!(fs::read_to_string(folder.path("file")).unwrap(), "old");
}
