//! Kills an apply at each of its steps, and sees that the next start completes it or takes it back.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "site/mod.rs"]
mod site;

use std::env;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use apply::Recovered;
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
    let texts = FILES.map(|file| (file, NEW));
    apply.run(Cause::Apply, &new(&texts), Some(&mut reload(command, log)), &mut |_, _| {}).unwrap();
}

/// Has an apply killed at this moment. Returns whether there is such a moment. `fails` has the last command fail.
fn kill_at(step: usize, fails: bool) -> bool {
    let site = Site::new();
    let texts = FILES.map(|file| (file, OLD));
    site.begin().run(Cause::Apply, &new(&texts), Some(&mut site.reload()), &mut |_, _| {}).unwrap();
    if fails {
        site.asterisk.set("fails", "dialplan reload");
    }
    let status = Command::new(env::current_exe().unwrap())
        .arg("child")
        .arg(site.folder.path())
        .arg(site.asterisk.path("log"))
        .arg(step.to_string())
        .args(site.asterisk.command())
        .status()
        .unwrap();
    if status.signal() != Some(9) {
        assert!(status.success());
        return false;
    }
    if fails {
        site.asterisk.unset("fails");
    }
    let recovered = site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap();
    let text = if matches!(recovered, Some(Recovered::Completed(2))) { NEW } else { OLD };
    let latest = site.history().latest_applied().unwrap().unwrap().number;
    assert_eq!(latest == 2, text == NEW, "step {step}: {recovered:?}");
    for file in FILES {
        let mark = format!("[confgend-{}-end](!)\n", file.trim_end_matches(".conf"));
        assert_eq!(site.text(file).unwrap(), format!("{text}{mark}"), "step {step}: {recovered:?}");
        assert_eq!(
            site.asterisk.get(&format!("running/{file}")),
            format!("{text}{mark}"),
            "step {step}: {recovered:?}"
        );
    }
    assert!(site.history().journal().unwrap().is_none());
    assert_eq!(site.begin().recover(&mut site.reload(), &mut |_, _| {}).unwrap(), None);
    true
}
