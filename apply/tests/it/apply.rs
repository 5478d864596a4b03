use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::thread;
use std::time::Duration;

use apply::{Applied, Outcome, Recovered};
use fixtures::Asterisk;
use service::{Cause, FileChange, Journal, JournalFile, Stage};

use crate::site::{FILES, Site, begin, name, new};

const PJSIP: &str = "[a]\ntype = endpoint\n";
const QUEUES: &str = "[sales]\nmember = PJSIP/a\n";
const EXTENSIONS: &str = "[default]\nexten = 1,1,Dial(PJSIP/a)\n";

/// A site on which the three files are applied.
fn applied() -> Site {
    let site = Site::new();
    assert_eq!(
        apply(&site, &[("pjsip.conf", PJSIP), ("queues.conf", QUEUES), ("extensions.conf", EXTENSIONS)]),
        Ok(1)
    );
    site.asterisk.take_commands();
    site
}

/// Applies these texts. Returns the number of the generation, or the reason of the rollback.
fn apply(site: &Site, texts: &[(&str, &str)]) -> Result<u64, String> {
    let applied = site.begin().run(Cause::Apply, &new(texts), Some(&mut site.reload()), &mut |_, _| {});
    match applied.map_err(|error| error.chain())? {
        Applied::Done(generation) => Ok(generation.number),
        Applied::RolledBack(reason) => Err(format!("rolled back: {reason}")),
    }
}

fn running(asterisk: &Asterisk) -> [bool; 3] {
    FILES.map(|file| asterisk.get(&format!("running/{file}")).contains("new"))
}

#[test]
fn asterisk_reads_exactly_the_files_that_changed() {
    let site = applied();
    assert_eq!(site.asterisk.get("reads"), "pjsip.conf\nqueues.conf\nextensions.conf\n");
    assert_eq!(site.text("pjsip.conf").unwrap(), format!("{PJSIP}[confgend-pjsip-end](!)\n"));
    let time = || fs::metadata(site.path("extensions.conf")).unwrap().mtime_nsec();
    let before = time();
    assert_eq!(apply(&site, &[("queues.conf", "[sales]\n; new\n")]), Ok(2));
    assert_eq!(site.asterisk.take_commands(), ["module reload app_queue.so"]);
    assert_eq!(time(), before);
    assert_eq!(running(&site.asterisk), [false, true, false]);
    let begun = site.begin();
    assert!(begun.is_written(&name("pjsip.conf"), PJSIP).unwrap());
    assert!(!begun.is_written(&name("queues.conf"), QUEUES).unwrap());
    assert_eq!(begun.current(&name("pjsip.conf")).unwrap().as_deref(), Some(PJSIP));
    assert_eq!(begun.current(&name("hep.conf")).unwrap(), None);
    assert!(site.history().journal().unwrap().is_none());
}

#[test]
fn the_old_files_come_back_after_a_failure() {
    let site = applied();
    let new_texts = [("pjsip.conf", "[new]\n"), ("queues.conf", "[new]\n"), ("extensions.conf", "[new]\n")];
    site.asterisk.set("fails", "module reload app_queue.so");
    let reason = apply(&site, &new_texts).unwrap_err();
    let failure = "Module 'app_queue.so' reported a reload failure";
    let again = format!("Asterisk has not read the old files: module reload app_queue.so: {failure}");
    assert_eq!(reason, format!("rolled back: asterisk/queues.conf: {failure}; {again}"));
    let sent = ["module reload res_pjsip.so", "module reload app_queue.so"];
    assert_eq!(
        site.asterisk.take_commands(),
        [sent, sent].concat(),
        "extensions.conf was not read, so not again"
    );
    assert_eq!(running(&site.asterisk), [false; 3]);
    assert!(FILES.iter().all(|file| !site.text(file).unwrap().contains("new")));
    assert_eq!(site.history().latest().unwrap().unwrap().number, 1);
    site.asterisk.unset("fails");
    assert_eq!(apply(&site, &new_texts), Ok(2));
    assert_eq!(running(&site.asterisk), [true; 3]);
}

#[test]
fn a_file_that_asterisk_refuses_comes_back() {
    let site = applied();
    let reason = apply(&site, &[("pjsip.conf", "[new]\n"), ("extensions.conf", "[cut\n")]).unwrap_err();
    assert!(reason.starts_with("rolled back: asterisk/extensions.conf: Asterisk logs: "), "{reason}");
    assert!(reason.contains("parse error: No closing ']', line 1 of"), "{reason}");
    assert_eq!(running(&site.asterisk), [false; 3]);
    assert_eq!(site.text("pjsip.conf").unwrap(), format!("{PJSIP}[confgend-pjsip-end](!)\n"));
}

#[test]
fn an_asterisk_that_does_not_run_keeps_its_files() {
    let site = applied();
    site.asterisk.set("down", "");
    let reason = apply(&site, &[("queues.conf", "[new]\n")]).unwrap_err();
    assert!(reason.contains("env: Unable to connect to remote asterisk"), "{reason}");
    assert!(!site.text("queues.conf").unwrap().contains("new"));
    let applied = site.begin().run(Cause::Apply, &new(&[("queues.conf", "[new]\n")]), None, &mut |_, _| {});
    assert!(matches!(applied, Ok(Applied::Done(generation)) if generation.number == 2));
    assert!(site.text("queues.conf").unwrap().contains("new"));
}

#[test]
fn a_command_waits_for_another_reload() {
    let site = applied();
    site.asterisk.set("busy", "2");
    assert_eq!(apply(&site, &[("queues.conf", "[new]\n")]), Ok(2));
    assert_eq!(site.asterisk.take_commands(), ["module reload app_queue.so"; 3]);
    assert_eq!(running(&site.asterisk), [false, true, false]);
}

#[test]
fn a_module_that_is_not_loaded_has_nothing_to_lose() {
    let site = applied();
    site.asterisk.set("declined", "pbx_config.so\n");
    let mut outcomes = Vec::new();
    let texts = [("queues.conf", "[new]\n"), ("extensions.conf", "[new]\n"), ("modules.conf", "[new]\n")];
    let mut progress = |step: &apply::Step, outcome: &Outcome| {
        outcomes
            .push((step.files[0].to_string(), outcome.text().split([',', ':']).next().unwrap().to_owned()));
    };
    let applied = site.begin().run(Cause::Apply, &new(&texts), Some(&mut site.reload()), &mut progress);
    assert!(matches!(applied, Ok(Applied::Done(_))));
    let expected = [("queues.conf", "ok"), ("extensions.conf", "not loaded"), ("modules.conf", "no command")];
    assert_eq!(outcomes, expected.map(|(file, text)| (format!("asterisk/{file}"), text.to_owned())));
}

#[test]
fn a_file_that_can_not_be_written_costs_nothing() {
    let site = applied();
    // A folder is in the way of the second file.
    fs::remove_file(site.path("queues.conf")).unwrap();
    fs::create_dir(site.path("queues.conf")).unwrap();
    let error = apply(&site, &[("pjsip.conf", "[new]\n"), ("queues.conf", "[new]\n")]).unwrap_err();
    assert!(error.contains("asterisk/queues.conf: can't be read: Is a directory"), "{error}");
    assert_eq!(site.text("pjsip.conf").unwrap(), format!("{PJSIP}[confgend-pjsip-end](!)\n"));
    fs::remove_dir(site.path("queues.conf")).unwrap();
    // The third file stands where a folder is needed.
    fs::write(site.folder.path().join("files/dird"), "").unwrap();
    let mut texts = new(&[("pjsip.conf", "[new]\n"), ("queues.conf", "[new]\n")]);
    texts.extend(
        new(&[("x", "new")])
            .into_iter()
            .map(|text| service::NewText { file: "dird/views.yml".parse().unwrap(), ..text }),
    );
    let error = site.begin().run(Cause::Apply, &texts, Some(&mut site.reload()), &mut |_, _| {}).unwrap_err();
    assert!(error.chain().starts_with("nothing has changed: file "), "{}", error.chain());
    assert_eq!(site.text("pjsip.conf").unwrap(), format!("{PJSIP}[confgend-pjsip-end](!)\n"));
    assert_eq!(site.text("queues.conf"), None, "it did not exist before");
    assert_eq!(site.asterisk.take_commands(), [""; 0]);
    assert!(site.history().journal().unwrap().is_none());
}

#[test]
fn a_second_apply_waits_for_the_first() {
    let site = Site::new();
    let first = site.begin();
    let error = begin(site.folder.path()).map(|_| ()).unwrap_err().chain();
    let pid = std::process::id();
    assert_eq!(error, format!("another apply runs (process {pid}) and has not ended after 0.3 s"));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            drop(first);
        });
        begin(site.folder.path()).unwrap();
    });
}

#[test]
fn only_the_folder_of_the_configuration_is_recovered() {
    let site = applied();
    let etc = tempfile::tempdir().unwrap();
    let history = site.history();
    let new = history.keep("root::0:0::/:/bin/sh").unwrap();
    let file = JournalFile { old: None, new, change: FileChange::default() };
    let files = [("etc/passwd".parse().unwrap(), file)].into();
    let folder = etc.path().to_owned();
    let journal =
        Journal { folder, cause: Cause::Apply, stage: Stage::Reloading, reloads: false, previous: 9, files };
    history.write_journal(&journal).unwrap();
    let error = site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap_err().chain();
    let folder = etc.path().display();
    assert_eq!(
        error,
        format!("an apply into {folder} was interrupted: end it by confgend apply --out {folder}")
    );
    assert!(!etc.path().join("etc").exists());
}

#[test]
fn nothing_is_recovered_without_a_crash() {
    let site = applied();
    let recovered: Option<Recovered> = site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap();
    assert_eq!(recovered, None);
    assert_eq!(site.asterisk.take_commands(), [""; 0]);
}
