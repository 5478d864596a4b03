//! Patches of the configuration in the service.

use std::fs;

use fixtures::Scratch;
use rustix::process::Signal;

use super::Daemon;

const FILE: &str = "asterisk/hep.conf";

fn database() -> Scratch {
    Scratch::new(&[
        ("asterisk_file", r#"{"id": 1, "name": "hep.conf"}"#),
        ("asterisk_file_section", r#"{"id": 1, "name": "general", "asterisk_file_id": 1}"#),
        (
            "asterisk_file_variable",
            r#"{"id": 1, "key": "capture_address", "value": "192.0.2.1", "asterisk_file_section_id": 1}"#,
        ),
    ])
}

#[test]
fn a_client_gets_the_patched_text() {
    let patches = "patches: {asterisk.hep.conf: [{section: general, set: {capture_address: '192.0.2.2', 'x;': ';--#exec y'}}]}";
    let database = database();
    let daemon = Daemon::on_scratch(&database, patches);
    assert_eq!(daemon.ask(FILE), "[general]\ncapture_address = 192.0.2.2\nx\\; = \\;--#exec y\n\n");
    let line = daemon.wait_for_log("asterisk/hep.conf: 1 patch changed 1 section");
    assert!(line.contains("(INFO)"), "{line}");
}

#[test]
fn a_reload_applies_new_patches_also_to_what_is_cached() {
    let database = database();
    let daemon = Daemon::on_scratch(&database, "");
    assert_eq!(daemon.ask(FILE), "[general]\ncapture_address = 192.0.2.1\n\n");
    let patch = |patch: &str| {
        let text = format!("patches: {{asterisk.hep.conf: [{patch}]}}");
        fs::write(daemon.folder.path("conf.d/50.yml"), text).unwrap();
        let reloads = daemon.log("the configuration was read again").len();
        daemon.signal(Signal::HUP);
        while daemon.log("the configuration was read again").len() == reloads {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    patch("{remove: [capture_address]}");
    assert_eq!(daemon.ask(FILE), "[general]\n\n");
    patch("{section: generel, remove: [capture_address]}");
    assert_eq!(daemon.ask(FILE), "[general]\ncapture_address = 192.0.2.1\n\n");
    let key = format!("{}: configuration key patches", daemon.folder.text("conf.d/50.yml"));
    let warning =
        format!("{FILE}: {key}.asterisk.hep.conf[0]: the patch has no effect: the file has no such section");
    assert!(daemon.wait_for_log(&warning).contains("(WARNING)"));
    // A bad patch costs the file, for which the last good copy stands in.
    patch("{}");
    assert_eq!(daemon.ask(FILE), "[general]\ncapture_address = 192.0.2.1\n\n");
    assert_eq!(daemon.outcome(), "asterisk/hep.conf: stale, 39 bytes");
    daemon.wait_for_log("asterisk.hep.conf[0]: the patch changes nothing: it needs remove, set or add");
}
