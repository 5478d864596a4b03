//! The start of the service ends an apply that was interrupted.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fixtures::{Asterisk, Scratch};

use super::{Daemon, write_configuration};
use crate::{Folder, confgend};

#[test]
fn an_apply_that_was_killed_is_completed() {
    let (database, asterisk, folder) = (Scratch::new(&[]), Asterisk::new(), Folder::new(&[]));
    asterisk.include("musiconhold.conf", &folder.path("files/asterisk/musiconhold.conf"));
    let command: Vec<String> = asterisk.command().iter().map(|word| format!("{word:?}")).collect();
    let configuration = format!(
        "db_uri: sqlite:{}\napply: {{folder: {}}}\nreload: {{command: [{}], log: {}}}\n",
        database.path().display(),
        folder.text("files"),
        command.join(", "),
        asterisk.path("log").display()
    );
    write_configuration(&folder, &configuration);
    asterisk.set("hangs", "");
    let mut apply = Command::new(env!("CARGO_BIN_EXE_confgend"))
        .args(["apply", "asterisk/musiconhold.conf", "--config", &folder.text("config.yml")])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while asterisk.get("commands").is_empty() {
        assert!(apply.try_wait().unwrap().is_none(), "it has ended");
        thread::sleep(Duration::from_millis(5));
    }
    apply.kill().unwrap();
    apply.wait().unwrap();
    asterisk.unset("hangs");
    assert!(folder.path("cache/.history/apply.json").exists());
    let daemon = Daemon::start_in(folder, &configuration);
    daemon.wait_for_log("an apply was interrupted: generation 1 is complete now");
    assert!(asterisk.get("running/musiconhold.conf").contains("[confgend-musiconhold-end](!)"));
    let run = confgend(&["history", "--config", &daemon.folder.text("config.yml")]);
    assert!(run.out.contains(" apply    asterisk/musiconhold.conf "), "{run:?}");
}
