//! Drivers that the configuration defines, served.

use std::fs;

use fixtures::Scratch;

use super::{Daemon, IDENTITY, write_configuration};
use crate::Folder;

fn configuration(database: &Scratch, text: &str) -> String {
    format!(
        "db_uri: sqlite:{}\ndrivers:\n  acme.motd.txt:\n    queries: {{infos: {{table: infos, sql: SELECT uuid FROM infos ORDER BY uuid}}}}\n    \
        template: motd.jinja\n{text}",
        database.path().display()
    )
}

#[test]
fn a_definition_is_served_and_follows_its_template() {
    let database = Scratch::new(&[IDENTITY]);
    let folder = Folder::new(&[("motd.jinja", "{% for it in infos %}\nuuid {{ it.uuid }}\n{% endfor %}\n")]);
    let daemon = Daemon::start_in(folder, &configuration(&database, ""));
    let text = "uuid 6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11\n";
    assert_eq!(daemon.ask("acme/motd.txt"), text);
    assert_eq!(daemon.ask("acme/motd.txt cached"), text);
    fs::write(daemon.folder.path("motd.jinja"), "hello").unwrap();
    assert_eq!(daemon.ask("acme/motd.txt"), "hello");
    // A mistake has its place in the log, and the last good copy is served.
    fs::write(daemon.folder.path("motd.jinja"), "hello\n{{ nothing }}").unwrap();
    assert_eq!(daemon.ask("acme/motd.txt"), "hello");
    daemon.wait_for_log("motd.jinja:2:4: ");
}

#[cfg(feature = "postgres")]
#[test]
fn a_copy_follows_all_files_that_its_driver_reads() {
    let Some(cluster) = fixtures::postgres::shared() else { return };
    let uri = cluster.schema_database("definitions", fixtures::Schema::Current).unwrap();
    let definitions = "drivers:\n  acme.motd.txt: {template: motd.jinja}\n  \
        acme.said.txt: {command: [cat, FOLDER/said], reads: [said]}\n";
    let folder =
        Folder::new(&[("motd.jinja", "{% include 'name.jinja' %}!"), ("name.jinja", "Ann"), ("said", "one")]);
    let definitions = definitions.replace("FOLDER", &folder.text(""));
    let daemon = Daemon::start_in(folder, &format!("db_uri: {uri}\n{definitions}"));
    for _ in 0..2 {
        assert_eq!((daemon.ask("acme/motd.txt"), daemon.ask("acme/said.txt")), ("Ann!".into(), "one".into()));
    }
    fs::write(daemon.folder.path("name.jinja"), "Barbara").unwrap();
    fs::write(daemon.folder.path("said"), "three").unwrap();
    assert_eq!(
        (daemon.ask("acme/motd.txt"), daemon.ask("acme/said.txt")),
        ("Barbara!".into(), "three".into())
    );
}

fn reload(daemon: &Daemon, configuration: &str) {
    daemon.log.lock().unwrap().clear();
    write_configuration(&daemon.folder, configuration);
    daemon.signal(rustix::process::Signal::HUP);
    daemon.wait_for_log("the configuration was read again");
}

#[test]
fn a_reload_adds_and_removes_definitions() {
    let database = Scratch::new(&[IDENTITY]);
    let folder = Folder::new(&[("motd.jinja", "hello")]);
    let daemon = Daemon::start_in(folder, &configuration(&database, ""));
    assert_eq!(daemon.ask("acme/motd.txt"), "hello");
    reload(&daemon, &configuration(&database, "  acme.more.txt: {text: more}\n"));
    assert_eq!(daemon.ask("acme/more.txt"), "more");
    reload(&daemon, &format!("db_uri: sqlite:{}\n", database.path().display()));
    assert_eq!(daemon.ask("acme/motd.txt"), "");
}
