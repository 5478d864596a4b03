//! Kills an apply at each of its steps, and sees that the next start completes it or takes it back; and has the disk full in
//! the middle of one.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "site/mod.rs"]
mod site;

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use apply::{Applied, Recovered};
use rustix::process::{Signal, getpid, kill_process};
use service::Cause;

use crate::site::{FILES, Site, begin, new, reload};

const OLD: &str = "[old]\n";
const NEW: &str = "[new]\n";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [first, folder, log, step, command @ ..] = arguments.as_slice()
        && first == "child"
    {
        return child(Path::new(folder), Path::new(log), step.parse().unwrap(), command);
    }
    if arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    for fails in [false, true] {
        let mut step = 0;
        while kill_at(step, fails) {
            step += 1;
        }
        // Each file and each command has a moment, and there are some more.
        assert!(step >= 9, "only {step} moments");
    }
    // The history keeps many equal lines in a few bytes, and many random numbers in about as many as they have.
    fill_the_disk_with(&"same = same\n".repeat(1_000), "files/asterisk/queues.conf");
    let mut numbers = String::new();
    let mut number = 1_u64;
    for _ in 0..2_000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(numbers, "{number} = x").unwrap();
    }
    fill_the_disk_with(&numbers, "cache/.history");
}

/// The file with the text that the child applies, except for the first file.
fn new_text(folder: &Path) -> PathBuf {
    folder.join("new")
}

/// Applies new texts, and kills itself at this moment.
fn child(folder: &Path, log: &Path, step: usize, command: &[String]) {
    let mut passed = 0;
    let mut apply = begin(folder).unwrap().at_moments(move |_| {
        if passed == step {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        passed += 1;
    });
    let text = fs::read_to_string(new_text(folder)).unwrap();
    let mut texts = FILES.map(|file| (file, text.as_str()));
    texts[0].1 = NEW;
    apply.run(Cause::Apply, &new(&texts), Some(&mut reload(command, log)), &mut |_, _| {}).unwrap();
}

/// Has an apply killed at this moment. Returns whether there is such a moment. `fails` has the last command fail.
fn kill_at(step: usize, fails: bool) -> bool {
    let site = with_old_files(NEW);
    if fails {
        site.asterisk.set("fails", "dialplan reload");
    }
    let Output { status, stderr, .. } =
        run_child(&mut Command::new(env::current_exe().unwrap()), &site, step);
    if status.signal() != Some(9) {
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        return false;
    }
    if fails {
        site.asterisk.unset("fails");
    }
    let recovered = site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap();
    let text = if matches!(recovered, Some(Recovered::Completed(2))) { NEW } else { OLD };
    let latest = site.history().latest_applied().unwrap().unwrap().number;
    assert_eq!(latest == 2, text == NEW, "step {step}: {recovered:?}");
    assert_runs(&site, text, &format!("step {step}: {recovered:?}"));
    assert_eq!(site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap(), None);
    true
}

/// Has the disk take no more than 8 kB of a file, while a generation with this text is applied. The error names `file`, and
/// everything is as before.
fn fill_the_disk_with(text: &str, file: &str) {
    let site = with_old_files(text);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""]).arg(env::current_exe().unwrap());
    let Output { status, stderr, .. } = run_child(&mut shell, &site, usize::MAX);
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(!status.success(), "{file}: the disk is not full");
    let path = site.folder.path().join(file);
    assert!(stderr.contains(&path.display().to_string()), "{file}: {stderr}");
    let recovered = site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap();
    assert_runs(&site, OLD, &format!("{file}: {recovered:?}: {stderr}"));
    // With room on the disk, the same text is applied.
    apply_to_all(&site, text);
    assert_runs(&site, text, file);
}

/// A site on which Asterisk has read old files, and whose child is to apply this text.
fn with_old_files(text: &str) -> Site {
    let site = Site::new();
    apply_to_all(&site, OLD);
    fs::write(new_text(site.folder.path()), text).unwrap();
    site
}

fn apply_to_all(site: &Site, text: &str) {
    let texts = FILES.map(|file| (file, text));
    let applied = site.begin().run(Cause::Apply, &new(&texts), Some(&mut site.reload()), &mut |_, _| {});
    assert!(matches!(applied, Ok(Applied::Done(_))), "{applied:?}");
}

fn run_child(command: &mut Command, site: &Site, step: usize) -> Output {
    let command = command.arg("child").arg(site.folder.path()).arg(site.asterisk.path("log"));
    command.arg(step.to_string()).args(site.asterisk.command()).output().unwrap()
}

/// Checks that this text is in all files, that Asterisk has read it, and that no apply is unfinished.
fn assert_runs(site: &Site, text: &str, when: &str) {
    for file in FILES {
        let mark = format!("[confgend-{}-end](!)\n", file.trim_end_matches(".conf"));
        let expected = format!("{text}{mark}");
        assert!(site.text(file).unwrap() == expected, "{when}: {file}");
        assert!(
            site.asterisk.get(&format!("running/{file}")) == expected,
            "{when}: what Asterisk has of {file}"
        );
    }
    assert!(site.history().journal().unwrap().is_none(), "{when}");
}
