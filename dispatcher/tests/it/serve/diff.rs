//! `confgend diff` with the running service.

use std::fs;

use fixtures::Scratch;

use super::{Daemon, IDENTITY, UUID};
use crate::confgend;

/// Compares a file with the copy of the service.
fn compare(daemon: &Daemon, database: &Scratch, listen: &str) -> crate::Run {
    let config = daemon.folder.path("client.yml");
    let uri = format!("sqlite:{}", database.path().display());
    fs::write(&config, format!("db_uri: {uri}\nextra_config_files:\n{listen}")).unwrap();
    confgend(&["diff", "--config", config.to_str().unwrap(), "--against", "service", "wazo/uuid.yml"])
}

#[test]
fn the_copy_of_the_service_is_compared() {
    let database = Scratch::new(&[IDENTITY]);
    let mut daemon = Daemon::on_scratch(&database, "listen_socket: run/confgend.sock\n");
    assert_eq!(daemon.ask("wazo/uuid.yml"), UUID);
    let port = format!("listen_port: {}\n", daemon.address.port());
    let socket = format!("listen_socket: {}\n", daemon.folder.text("run/confgend.sock"));
    assert_eq!(compare(&daemon, &database, &port).code, 0);
    database.execute("UPDATE infos SET uuid = 'another'");
    let changed = "wazo/uuid.yml   ~1 key (of 1)\n  ~ key uuid: 6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11 → another\n\
        0 files unchanged\n";
    for listen in [&port, &socket] {
        let run = compare(&daemon, &database, listen);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, changed, ""), "{listen}");
    }
    daemon.signal(rustix::process::Signal::TERM);
    daemon.wait();
    let refused =
        "the service did not answer the request for wazo/uuid.yml: Connection refused (os error 111)";
    let run = compare(&daemon, &database, &port);
    assert_eq!(run.error(2), format!("{}: {refused}", daemon.address));
    let run = compare(&daemon, &database, &socket);
    assert!(run.error(2).starts_with(&daemon.folder.text("run/confgend.sock")), "{run:?}");
    let run = compare(&daemon, &database, "listen_port: 0\n");
    assert!(
        run.error(2).contains("configuration key listen_port: the service listens on any free port"),
        "{run:?}"
    );
}
