//! Patches of the configuration, in all commands that generate files.

use std::fs;

use fixtures::{Case, Strictness, load_sqlite};

use crate::{Folder, Run, confgend};

const FILE: &str = "asterisk/pjsip.conf";

const PATCHES: &str = "patches:
  asterisk.pjsip.conf:
  - {section_type: auth, remove: [password]}
  - {section_type: endpoint, section: 'wg*', set: {rtp_symmetric: 'no', allow: ['!all', ulaw]}}
  - {section: wgtf37my, section_type: aor, add: {contact: 'sip:a;b@192.0.2.1'}}
";

/// The case `office` in a database, with these patches in a file of `conf.d`.
struct Office(Folder);

impl Office {
    fn new(patches: &str) -> Office {
        let folder = Folder::new(&[
            ("config.yml", "db_uri: sqlite:office.db\nextra_config_files: conf.d\n"),
            ("conf.d/50.yml", patches),
        ]);
        load_sqlite(&Case::named("office").unwrap(), &folder.path("office.db"), Strictness::Lenient).unwrap();
        Office(folder)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        confgend(&[arguments, &["--config", &self.0.text("config.yml")]].concat())
    }

    fn text(&self) -> String {
        let run = self.run(&["generate", FILE]);
        assert_eq!(run.code, 0, "{run:?}");
        run.out
    }

    /// Returns the key of a patch with its file, as messages name it.
    fn key(&self, more: &str) -> String {
        format!("{}: configuration key patches.{more}", self.0.text("conf.d/50.yml"))
    }
}

/// The text that the patches make of the one without.
fn expected(plain: &str) -> String {
    let mut kind = "";
    let (mut lines, mut section) = (Vec::new(), Vec::new());
    let mut end = |section: &mut Vec<String>, kind: &str| {
        let is_wg = section.first().is_some_and(|header| header.starts_with("[wg"));
        let last = section.iter().rposition(|line| !line.is_empty() && !line.starts_with(';')).unwrap_or(0);
        match kind {
            "type = auth" => section.retain(|line| !line.starts_with("password = ")),
            "type = endpoint" if is_wg => {
                section.insert(last + 1, "rtp_symmetric = no".to_owned());
                let allow = section.iter().position(|line| line.starts_with("allow = ")).unwrap();
                section.splice(allow..=allow, ["allow = !all".to_owned(), "allow = ulaw".to_owned()]);
            }
            "type = aor" if section[0] == "[wgtf37my]" => {
                section.insert(last + 1, "contact = sip:a\\;b@192.0.2.1".to_owned());
            }
            _ => {}
        }
        lines.append(section);
    };
    for line in plain.lines() {
        if line.starts_with('[') {
            end(&mut section, kind);
        }
        if line.starts_with("type = ") {
            kind = line;
        }
        section.push(line.to_owned());
    }
    end(&mut section, kind);
    lines.join("\n") + "\n"
}

#[test]
fn patches_change_what_they_select_and_nothing_else() {
    let plain = Office::new("").text();
    let patched = Office::new(PATCHES).text();
    assert!(plain.contains("\npassword = ") && !patched.contains("\npassword = "));
    assert_eq!(patched, expected(&plain));
}

#[test]
#[cfg(feature = "postgres")]
fn both_engines_have_the_same_patched_text() {
    let Some(cluster) = fixtures::postgres::shared() else { return };
    let uri = cluster.case_database(&Case::named("office").unwrap()).unwrap();
    let office = Office::new(PATCHES);
    let run = office.run(&["generate", FILE, "--db", &uri]);
    assert_eq!((run.code, run.out), (0, office.text()));
}

#[test]
fn check_and_diff_see_the_patched_text() {
    let office = Office::new("");
    let out = office.0.text("out");
    assert_eq!(office.run(&["generate", FILE, "--out", &out]).code, 0);
    fs::write(office.0.path("conf.d/50.yml"), PATCHES).unwrap();
    let diff = office.run(&["diff", FILE, "--against", &out]);
    assert!(diff.out.contains("\n  ~ 49 auths: −password •••\n"), "{diff:?}");
    assert!(diff.out.contains("endpoint wgtf37my: −allow"), "{diff:?}");
    let bad =
        "patches: {asterisk.pjsip.conf: [{section: wgtf37my, section_type: aor, set: {max_contacts: x}}]}";
    fs::write(office.0.path("conf.d/50.yml"), bad).unwrap();
    let check = office.run(&["check", FILE]);
    assert!(check.out.contains("max_contacts"), "{check:?}");
}

#[test]
fn explain_names_the_patch_of_a_line() {
    let office = Office::new(PATCHES);
    let file = office.0.text("conf.d/50.yml");
    let explain = |names: &[&str]| {
        let run = office.run(&[&["explain", FILE], names].concat());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
        run.out
    };
    let key = format!("configuration key patches.{}", "asterisk.pjsip.conf");
    assert_eq!(
        explain(&["endpoint/wgtf37my", "rtp_symmetric"]),
        format!("rtp_symmetric = no\n    {key}[1] in {file}\n")
    );
    let without = format!("without the option password, which a patch removes: {key}[0] in {file}\n");
    let section = explain(&["auth/wgtf37my"]);
    assert!(section.ends_with(&format!("\n{without}")), "{section}");
    assert!(section.contains("username = wgtf37my  "), "{section}");
    let removed = explain(&["auth/wgtf37my", "password"]);
    assert!(removed.starts_with("[wgtf37my]\n") && removed.ends_with(&format!("    {without}")), "{removed}");
    // The rows of other lines stay right.
    let plain = Office::new("");
    let names = ["explain", FILE, "endpoint/wgtf37my", "callerid"];
    assert_eq!(office.run(&names).out, plain.run(&names).out);
}

#[test]
fn a_bad_patch_is_found_by_config_and_costs_its_file_alone() {
    let office =
        Office::new("patches: {asterisk.pjsip.conf: [{remove: [password]}, {set: {a: \"b\\n[c]\"}}]}");
    let error = office.key("asterisk.pjsip.conf[1].set.a: the value has a line break");
    let config = office.run(&["config"]);
    assert_eq!((config.code, config.err), (2, format!("error: {FILE}: {error}\n")));
    assert!(config.out.contains("\npatches:\n  asterisk.pjsip.conf:  # "), "{}", config.out);
    let run = office.run(&["generate", FILE, "asterisk/rtp.conf", "--out", &office.0.text("out")]);
    assert_eq!((run.code, run.err), (1, format!("error: {FILE}: {error}\n")));
    assert!(office.0.path("out/asterisk/rtp.conf").exists());
}

#[test]
fn an_entry_that_patches_no_file_is_a_warning() {
    let office = Office::new("patches: {asterisk.pjsp.conf: [{remove: [password]}], wazo.uuid.yml: }");
    let message =
        "the entry has no effect: no driver writes asterisk/pjsp.conf; did you mean asterisk/pjsip.conf?";
    let config = office.run(&["config"]);
    let warning = office.key(&format!("asterisk.pjsp.conf: {message}"));
    assert_eq!((config.code, config.err), (0, format!("warning: {warning}\n")));
    fs::write(office.0.path("conf.d/50.yml"), "patches: [x]").unwrap();
    let error = "expected a mapping of files to lists of patches";
    let config = office.run(&["config"]);
    let file = office.0.text("conf.d/50.yml");
    assert_eq!(
        (config.code, config.err),
        (2, format!("error: {file}: configuration key patches: {error}\n"))
    );
}
