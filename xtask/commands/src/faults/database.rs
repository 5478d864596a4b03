//! The database stops, hangs, locks a table, or moves to another server.

use std::process::Command;
use std::thread;
use std::time::Duration;

use driver_api::Error;
use fixtures::postgres::find_binaries;

use super::site::{Site, kill};
use super::tally::Tally;
use super::{Row, Scale, repeat};
use crate::{command, free_port};

pub(super) fn restarts(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    repeat(site, "PostgreSQL stopped and started under load", scale.restarts, |site, seen| {
        site.cluster.stop()?;
        thread::sleep(Duration::from_millis(100));
        site.cluster.start_again()?;
        site.change()?;
        seen.recover(site)
    })
}

pub(super) fn hangs(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    repeat(site, "PostgreSQL accepts and hangs, also during a query", scale.times, |site, seen| {
        site.change()?;
        site.proxy.hang(true);
        seen.ask(site);
        thread::sleep(Duration::from_secs(3));
        site.proxy.hang(false);
        seen.recover(site)
    })
}

pub(super) fn locks(site: &mut Site, scale: &Scale) -> Result<Row, Error> {
    repeat(site, "a table locked by a migration", scale.times, |site, seen| {
        site.change()?;
        let mut migration = site.client()?;
        let failed = |error| Error::driver("the table can't be locked").because(error);
        migration.batch_execute("BEGIN; LOCK TABLE voicemail IN ACCESS EXCLUSIVE MODE").map_err(failed)?;
        // The first may share a generation that began before.
        for _ in 0..3 {
            seen.ask(site);
        }
        migration.batch_execute("ROLLBACK").map_err(failed)?;
        seen.recover(site)
    })
}

/// Runs once: the primary does not come back.
pub(super) fn failover(site: &mut Site, _: &Scale) -> Result<Row, Error> {
    let standby = standby(site)?;
    let result = fail_over(site, standby.port);
    // The standby ends when its folder vanishes, but not at once.
    if let Ok(pid) = postmaster(&standby.folder) {
        let _ = kill("INT", pid);
    }
    result
}

fn fail_over(site: &mut Site, standby: u16) -> Result<Row, Error> {
    let uri = site.uri().to_owned();
    let (address, database) = uri.rsplit_once('/').unwrap_or((&uri, ""));
    site.signal("TERM")?;
    site.configure(&format!("{address},127.0.0.1:{standby}/{database}"))?;
    site.start()?;
    site.change()?;
    site.recover(&mut Tally::default())?;
    // The standby is asynchronous; both states are right.
    repeat(site, "the primary killed beside a hot standby", 1, |site, seen| {
        let folder = site.cluster.folder().ok_or_else(|| Error::driver("no folder"))?.join("data");
        let primary = postmaster(&folder)?;
        kill("KILL", primary).map_err(|error| Error::driver("the primary can't be killed").because(error))?;
        // Its processes end when they notice.
        thread::sleep(Duration::from_millis(500));
        seen.recover(site)
    })
}

struct Standby {
    folder: std::path::PathBuf,
    port: u16,
}

/// Makes the server of the site a primary, and starts a standby beside it. The server starts it, as the user that it
/// runs as.
fn standby(site: &mut Site) -> Result<Standby, Error> {
    let failed = |error| Error::driver("the standby does not start").because(error);
    let none = || Error::driver("the server was not started here");
    let programs = find_binaries().ok_or_else(none)?;
    let folder = site.cluster.folder().ok_or_else(none)?.to_owned();
    let admin = site.cluster.socket_uri("postgres").ok_or_else(none)?;
    let port = free_port()?;
    let mut client = fixtures::postgres::connect(&admin)?;
    for setting in ["wal_level = replica", "max_wal_senders = 4", "hot_standby = on"] {
        client.batch_execute(&format!("ALTER SYSTEM SET {setting}")).map_err(failed)?;
    }
    drop(client);
    let data = folder.join("standby");
    let primary = admin.split("port=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
    // The copy has to begin with a log that a standby can follow.
    site.cluster.stop()?;
    site.cluster.start_again()?;
    site.cluster.stop()?;
    // A copy of a stopped server is a standby once it has this file and this setting.
    let source = format!("primary_conninfo = 'host={} port={primary} user=confgend'", folder.display());
    let script =
        "cp -a \"$1\" \"$2\" && touch \"$2/standby.signal\" && echo \"$3\" >>\"$2/postgresql.auto.conf\"";
    let mut copy = Command::new("sh");
    copy.args(["-c", script, "sh"]).arg(folder.join("data")).arg(&data).arg(source);
    command::run(&mut copy)?;
    site.cluster.start_again()?;
    let (programs, target) = (programs.display(), data.display());
    let start = format!(
        "{programs}/pg_ctl start --wait -D {target} -l {target}.log -o \"-p {port} -k {target}\" >/dev/null 2>&1"
    );
    let sql = format!("COPY (SELECT WHERE false) TO PROGRAM '{}'", start.replace('\'', "''"));
    fixtures::postgres::connect(&admin)?.batch_execute(&sql).map_err(failed)?;
    Ok(Standby { folder: data, port })
}

/// Returns the process id of a server by its folder.
fn postmaster(folder: &std::path::Path) -> Result<u32, Error> {
    let path = folder.join("postmaster.pid");
    let text = std::fs::read_to_string(&path).map_err(|error| crate::file_error(&path, error))?;
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    pid.ok_or_else(|| Error::driver("no process id").context(path.display().to_string()))
}
