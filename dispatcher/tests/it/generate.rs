//! `confgend generate` on a database without problems.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use fixtures::{Case, Strictness, load_sqlite};

use crate::{Folder, confgend, current_files, files_below, without_older};

/// Loads the case `office` into an SQLite file in a folder.
fn office() -> Folder {
    let folder = Folder::new(&[]);
    let case = Case::named("office").unwrap();
    load_sqlite(&case, &folder.path("office.db"), Strictness::Lenient).unwrap();
    folder
}

/// Returns the lines of standard error, but those of older files and the warning of the trunk of that office, which
/// registers without the option `line`.
fn unexpected(err: &str) -> Vec<&str> {
    const TRUNK: &str = "warning: asterisk/pjsip.conf: table endpoint_sip, \
        row uuid=bd65693b-3d08-40fb-8153-6363f6724ba0 name=trunk-ten0000-0: the trunk registers with neither line = yes ";
    let is_trunk = |line: &&str| line.starts_with(TRUNK);
    without_older(err).into_iter().filter(|line| !is_trunk(line)).collect()
}

#[test]
fn all_files_are_written_below_a_folder() {
    let folder = office();
    let db = format!("sqlite:{}", folder.text("office.db"));
    let out = folder.text("new/out");
    let run = confgend(&["generate", "--db", &db, "--out", &out]);
    // Standard error is not a terminal, so the report has only warnings and errors.
    assert_eq!((run.code, run.out.as_str(), unexpected(&run.err)), (0, "", vec![]));
    let namespaces = current_files();
    assert_eq!(files_below(&folder.path("new/out")), namespaces);
    // A single file has the same text, in each spelling of its name.
    for namespace in &namespaces {
        let text = fs::read_to_string(folder.path("new/out").join(namespace)).unwrap();
        let dotted = namespace.replace('/', ".");
        for spelling in [namespace, &dotted, &format!("confgend.{dotted}")] {
            let run = confgend(&["generate", spelling, "--db", &db]);
            assert_eq!((run.code, unexpected(&run.err)), (0, vec![]));
            assert_eq!(run.out, text);
        }
    }
}

#[test]
#[cfg(all(feature = "asterisk", feature = "wazo"))]
fn the_end_mark_is_the_last_line_of_files_of_asterisk() {
    let folder = office();
    let db = format!("sqlite:{}", folder.text("office.db"));
    let run = confgend(&["generate", "--end-mark", "--db", &db, "--out", &folder.text("out")]);
    assert_eq!((run.code, unexpected(&run.err)), (0, vec![]));
    for namespace in current_files() {
        let plain = confgend(&["generate", &namespace, "--db", &db]).out;
        let marked = confgend(&["generate", &namespace, "--db", &db, "--end-mark"]).out;
        assert_eq!(fs::read_to_string(folder.path("out").join(&namespace)).unwrap(), marked);
        let name = namespace.strip_prefix("asterisk/").and_then(|name| name.strip_suffix(".conf"));
        let mark = name.map(|name| format!("[confgend-{name}-end](!)\n")).filter(|_| !plain.is_empty());
        let rest = marked.strip_suffix(&mark.clone().unwrap_or_default()).unwrap();
        assert_eq!(rest.trim_end_matches('\n'), plain.trim_end_matches('\n'), "{namespace}");
        assert_eq!(marked == plain, mark.is_none(), "{namespace}");
    }
}

#[test]
#[cfg(feature = "wazo")]
fn a_written_file_keeps_its_mode_and_its_link() {
    let folder = office();
    let db = format!("sqlite:{}", folder.text("office.db"));
    let generate = || confgend(&["generate", "wazo/uuid.yml", "--db", &db, "--out", &folder.text("out")]);
    fs::create_dir_all(folder.path("out/wazo")).unwrap();
    fs::write(folder.path("real"), "old").unwrap();
    fs::set_permissions(folder.path("real"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../../real", folder.path("out/wazo/uuid.yml")).unwrap();
    let run = generate();
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(fs::read_to_string(folder.path("real")).unwrap().starts_with("uuid: "));
    assert_eq!(folder.path("real").metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert!(folder.path("out/wazo/uuid.yml").is_symlink());
}

#[test]
fn the_configuration_has_the_address_of_the_database() {
    let folder = office();
    // A relative path starts at the folder of the configuration file.
    fs::write(folder.path("config.yml"), "db_uri: sqlite:office.db\nextra_config_files:\n").unwrap();
    let run = confgend(&["generate", "--config", &folder.text("config.yml"), "--out", &folder.text("out")]);
    assert_eq!((run.code, unexpected(&run.err)), (0, vec![]));
    assert_eq!(files_below(&folder.path("out")), current_files());
}

#[test]
#[cfg(feature = "asterisk")]
fn the_configuration_changes_a_file() {
    let folder = office();
    let config = "db_uri: sqlite:office.db\nextra_config_files:\n\
        templates: {modulesconf: modules.jinja}\n\
        enabled_asterisk_modules: {app_amd.so: yes, app_zap.so: no, res_xmpp.so: \"no\"}\n";
    fs::write(folder.path("config.yml"), config).unwrap();
    fs::write(folder.path("modules.jinja"), "{{ modules|length }} {{ modules[0] }} {{ modules[-1] }}\n")
        .unwrap();
    let run = confgend(&["generate", "asterisk.modules.conf", "--config", &folder.text("config.yml")]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "67 app_adsiprog.so res_stun_monitor.so");
}
