//! The service on a real PostgreSQL server that is locked, changed, silent, stopped and restarted.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Schema;
use fixtures::postgres::{Cluster, own, shared};
use postgres::{Client, NoTls};

use super::{Daemon, STEP_LIMIT, UUID, rest};

const FILE: &str = "wazo/uuid.yml";
const NEW_UUID: &str = "uuid: 00000000-0000-4000-8000-000000000001\n";

/// A database with the row of the file `wazo/uuid.yml`.
struct Site {
    client: Client,
    uri: String,
}

impl Site {
    fn new(name: &str) -> Option<Site> {
        Some(Site::on(shared()?, name))
    }

    fn on(cluster: &Cluster, name: &str) -> Site {
        let uri = cluster.schema_database(name, Schema::Current).unwrap();
        let mut client = Client::connect(&uri, NoTls).unwrap();
        client
            .batch_execute(
                "INSERT INTO infos (uuid, wazo_version)
                VALUES ('6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11', '26.08')",
            )
            .unwrap();
        Site { client, uri }
    }

    fn daemon(&self, configuration: &str) -> Daemon {
        Daemon::start(&format!("db_uri: {}\nlog_level: debug\n{configuration}", self.uri))
    }

    /// Blocks each generation after it has taken its snapshot, until the transaction ends.
    fn lock(&mut self) {
        self.client.batch_execute("BEGIN; LOCK TABLE infos IN ACCESS EXCLUSIVE MODE").unwrap();
    }

    /// Waits until the given number of generations is blocked.
    fn wait_for_blocked(&self, number: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let deadline = Instant::now() + STEP_LIMIT;
        // A transaction sees the statistics as they were when it first looked.
        let mut client = Client::connect(&self.uri, NoTls).unwrap();
        while client.query_one(waiting, &[]).unwrap().get::<_, i64>(0) != number {
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn generations(daemon: &Daemon) -> usize {
    daemon.log("bytes generated in ").len()
}

#[test]
fn simultaneous_requests_share_a_generation() {
    // The test needs its own server: a commit of another test is a change, too.
    let Some(cluster) = own() else { return };
    let mut site = Site::on(&cluster, "simultaneous");
    let daemon = site.daemon("");
    site.lock();
    thread::scope(|scope| {
        let mut clients = vec![scope.spawn(|| daemon.ask(FILE))];
        site.wait_for_blocked(1);
        // These requests come after the snapshot.
        clients.extend((0..20).map(|_| scope.spawn(|| daemon.ask(FILE))));
        thread::sleep(Duration::from_millis(300));
        site.client.batch_execute("ROLLBACK").unwrap();
        for client in clients {
            assert_eq!(client.join().unwrap(), UUID);
        }
    });
    assert_eq!(generations(&daemon), 1);
    assert_eq!(daemon.outcomes(), vec![format!("{FILE}: generated, 43 bytes"); 21]);
}

#[test]
fn a_request_sees_what_was_committed_before_it() {
    let Some(mut site) = Site::new("committed_before") else { return };
    let daemon = site.daemon("");
    site.lock();
    thread::scope(|scope| {
        let first = scope.spawn(|| daemon.ask(FILE));
        site.wait_for_blocked(1);
        site.client.batch_execute("UPDATE infos SET uuid = '00000000-0000-4000-8000-000000000001'").unwrap();
        let second = scope.spawn(|| daemon.ask(FILE));
        let third = scope.spawn(|| daemon.ask(FILE));
        thread::sleep(Duration::from_millis(300));
        site.client.batch_execute("COMMIT").unwrap();
        assert_eq!(first.join().unwrap(), UUID, "its snapshot is older than the change");
        assert_eq!(second.join().unwrap(), NEW_UUID);
        assert_eq!(third.join().unwrap(), NEW_UUID);
    });
    assert_eq!(generations(&daemon), 2);
    assert_eq!(daemon.ask(format!("{FILE} cached")), NEW_UUID);
}

#[test]
fn a_generation_from_before_an_invalidation_is_not_cached() {
    let Some(mut site) = Site::new("invalidation") else { return };
    let daemon = site.daemon("");
    site.lock();
    thread::scope(|scope| {
        let first = scope.spawn(|| daemon.ask(format!("{FILE} cached")));
        site.wait_for_blocked(1);
        site.client.batch_execute("UPDATE infos SET uuid = '00000000-0000-4000-8000-000000000001'").unwrap();
        assert_eq!(daemon.ask(format!("{FILE} invalidate")), "");
        let second = scope.spawn(|| daemon.ask(format!("{FILE} cached")));
        thread::sleep(Duration::from_millis(300));
        site.client.batch_execute("COMMIT").unwrap();
        assert_eq!(first.join().unwrap(), UUID);
        assert_eq!(second.join().unwrap(), NEW_UUID);
    });
    assert_eq!(daemon.ask(format!("{FILE} cached")), NEW_UUID);
    assert_eq!(daemon.outcome(), format!("{FILE} cached: cached, 43 bytes"));
}

#[test]
fn a_blocked_generation_blocks_no_other_request() {
    let Some(mut site) = Site::new("blocked") else { return };
    let daemon = site.daemon("service: {patience_seconds: 4, reuse: no}");
    assert_eq!(daemon.ask(FILE), UUID);
    site.lock();
    thread::scope(|scope| {
        let blocked = scope.spawn(|| daemon.ask(FILE));
        site.wait_for_blocked(1);
        assert_eq!(daemon.ask(format!("{FILE} cached")), UUID);
        #[cfg(feature = "asterisk")]
        assert!(daemon.ask("asterisk/modules.conf").contains("[modules]"));
        assert!(!blocked.is_finished());
        // The client of the blocked generation gets the cached copy after the time limit.
        assert_eq!(blocked.join().unwrap(), UUID);
        assert!(daemon.outcomes().contains(&format!("{FILE}: stale, 43 bytes")));
        let line = daemon.wait_for_log("(service.patience_seconds)");
        assert!(line.contains("not generated within 4s"), "{line}");
    });
    // After the abandoned generation has ended, requests succeed again.
    let before = generations(&daemon);
    site.client.batch_execute("ROLLBACK").unwrap();
    let deadline = Instant::now() + STEP_LIMIT;
    while generations(&daemon) == before {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(daemon.ask(FILE), UUID);
    assert_eq!(daemon.outcome(), format!("{FILE}: generated, 43 bytes"));
}

#[test]
#[cfg(all(feature = "asterisk", feature = "phoned"))]
fn callers_fail_fast_while_all_connections_are_busy() {
    let Some(mut site) = Site::new("busy") else { return };
    let daemon = site.daemon("database: {connections: 1, connect_seconds: 2, retry_seconds: 60}");
    let directory = daemon.ask("phoned/config.yml");
    assert_ne!(directory, "");
    site.lock();
    thread::scope(|scope| {
        let blocked = scope.spawn(|| daemon.ask(FILE));
        site.wait_for_blocked(1);
        let start = Instant::now();
        assert!(daemon.ask("asterisk/modules.conf").contains("[modules]"), "it needs no database");
        assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
        for _ in 0..10 {
            assert_eq!(daemon.ask("phoned/config.yml"), directory);
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        daemon.wait_for_log("all 1 connections to the database are busy (database.connections)");
        site.client.batch_execute("ROLLBACK").unwrap();
        assert_eq!(blocked.join().unwrap(), UUID);
    });
    // The first request after an invalidation does not fail fast.
    assert_eq!(daemon.ask("phoned/config.yml invalidate"), "");
    assert_eq!(daemon.ask("phoned/config.yml"), directory);
    assert_eq!(daemon.outcome(), format!("phoned/config.yml: generated, {} bytes", directory.len()));
}

#[test]
fn a_slow_query_is_cancelled() {
    let Some(mut site) = Site::new("too_long") else { return };
    let daemon = site.daemon("database: {statement_seconds: 0.3}");
    site.lock();
    assert_eq!(daemon.ask(FILE), "");
    assert!(daemon.wait_for_log("PostgreSQL").contains("(ERROR)"));
    site.client.batch_execute("ROLLBACK").unwrap();
    assert_eq!(daemon.ask(FILE), UUID);
}

#[test]
fn connections_are_kept_and_replaced_when_lost() {
    let Some(mut site) = Site::new("kept") else { return };
    site.uri = format!("{}?application_name=kept", site.uri);
    let daemon = site.daemon("");
    let mut pids = || -> Vec<i32> {
        let ours = "SELECT pid FROM pg_stat_activity WHERE application_name = 'kept' ORDER BY pid";
        site.client.query(ours, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(daemon.ask(FILE), UUID);
    let first = pids();
    assert_eq!(first.len(), 1);
    for _ in 0..10 {
        assert_eq!(daemon.ask(FILE), UUID);
    }
    assert_eq!(pids(), first);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kept'";
    site.client.batch_execute(end).unwrap();
    assert_eq!(daemon.ask(FILE), UUID, "{:?}", daemon.log(""));
    daemon.wait_for_log("a connection to the database was lost; it is replaced");
    assert_eq!(daemon.log("(ERROR)"), Vec::<String>::new());
}

#[test]
fn the_next_host_is_tried() {
    let Some(mut site) = Site::new("next_host") else { return };
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    site.uri = site.uri.replacen('@', &format!("@127.0.0.1:{port},"), 1);
    let daemon = site.daemon("");
    assert_eq!(daemon.ask(FILE), UUID, "{:?}", daemon.log(""));
}

#[test]
fn cached_copies_are_sent_without_a_database() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let daemon = Daemon::start(&format!("db_uri: postgresql://me:s3cret@127.0.0.1:{port}/site"));
    assert_eq!(daemon.ask(FILE), "");
    #[cfg(feature = "asterisk")]
    assert!(daemon.ask("asterisk/modules.conf").contains("[modules]"), "it needs no database");
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached(FILE), UUID).unwrap();
    assert_eq!(daemon.ask(FILE), UUID);
    assert_eq!(daemon.outcome(), format!("{FILE}: stale, 43 bytes"));
    let line = daemon.wait_for_log("Connection refused");
    assert!(line.contains(&format!("{FILE}: table infos: ")) || line.contains(FILE), "{line}");
    assert_eq!(daemon.log("s3cret"), Vec::<String>::new());
}

#[test]
fn callers_fail_fast_while_the_database_is_silent() {
    // The server accepts connections, and stays silent.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = "database: {connect_seconds: 1.2, retry_seconds: 60}";
    let daemon = Daemon::start(&format!("db_uri: postgresql://me@127.0.0.1:{port}/site\n{settings}"));
    fs::create_dir_all(daemon.cached("wazo")).unwrap();
    fs::write(daemon.cached(FILE), UUID).unwrap();
    let start = Instant::now();
    assert_eq!(daemon.ask(FILE), UUID);
    assert!(start.elapsed() > Duration::from_secs(1), "{:?}", start.elapsed());
    let again = Instant::now();
    for _ in 0..10 {
        assert_eq!(daemon.ask(FILE), UUID);
    }
    assert!(again.elapsed() < Duration::from_secs(1), "{:?}", again.elapsed());
    daemon.wait_for_log("not tried again for 60s");
}

#[test]
fn an_invalidated_copy_is_sent_while_a_query_hangs() {
    let Some(mut site) = Site::new("invalidated_hangs") else { return };
    let daemon = site.daemon("service: {patience_seconds: 1}");
    assert_eq!(daemon.ask(FILE), UUID);
    assert_eq!(daemon.ask(format!("{FILE} invalidate")), "");
    site.lock();
    for arguments in ["", " cached"] {
        assert_eq!(daemon.ask(format!("{FILE}{arguments}")), UUID);
        assert_eq!(daemon.outcome(), format!("{FILE}{arguments}: stale, 43 bytes"));
    }
    site.client.batch_execute("ROLLBACK").unwrap();
}

#[test]
fn requests_succeed_during_a_restart_of_the_server() {
    let Some(cluster) = own() else { return };
    let Site { uri, .. } = Site::on(&cluster, "load");
    let daemon = Daemon::start(&format!("db_uri: {uri}"));
    assert_eq!(daemon.ask(FILE), UUID);
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (done, asked, daemon) = (&done, &asked, &daemon);
    thread::scope(|scope| {
        for client in 0..8 {
            let request = if client % 2 == 0 { FILE.to_owned() } else { format!("{FILE} cached") };
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let mut stream = daemon.connect();
                    stream.write_all(request.as_bytes()).unwrap();
                    assert_eq!(rest(&mut stream), UUID);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(300));
            cluster.stop().unwrap();
            let before = asked.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(500));
            assert!(asked.load(Ordering::Relaxed) > before + 10, "requests go on while it is down");
            cluster.start_again().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    daemon.asked.fetch_add(asked.load(Ordering::Relaxed), Ordering::Relaxed);
    let count = |outcome: &str| daemon.outcomes().iter().filter(|it| it.contains(outcome)).count();
    assert!(count(": stale, ") > 0, "none of {asked:?} requests met a stopped server");
    assert_eq!(count(": failed, "), 0);
    // The service has recovered.
    let current = || count(": generated, ") + count(": unchanged, ");
    let before = current();
    assert_eq!(daemon.ask(FILE), UUID);
    assert_eq!(current(), before + 1, "{:#?}", daemon.log(""));
}

#[test]
fn an_unchanged_database_needs_no_new_text() {
    // Other tests commit to a server that they share.
    let Some(cluster) = own() else { return };
    let mut site = Site::on(&cluster, "unchanged");
    let daemon = site.daemon("");
    let outcome = |request: &str| {
        let text = daemon.ask(request);
        (text, daemon.outcome().split(": ").nth(1).unwrap().split(',').next().unwrap().to_owned())
    };
    let is = |text: &str, outcome: &str| (text.to_owned(), outcome.to_owned());
    assert_eq!(outcome(FILE), is(UUID, "generated"));
    assert_eq!([outcome(FILE), outcome(FILE)], [is(UUID, "unchanged"), is(UUID, "unchanged")]);
    // A commit to a table that the file does not need: nobody can tell that cheaply.
    site.client
        .batch_execute("INSERT INTO extensions (context, exten, type) VALUES ('x', '1', 'user')")
        .unwrap();
    assert_eq!([outcome(FILE), outcome(FILE)], [is(UUID, "generated"), is(UUID, "unchanged")]);
    site.client.batch_execute("UPDATE infos SET uuid = '00000000-0000-4000-8000-000000000001'").unwrap();
    assert_eq!([outcome(FILE), outcome(FILE)], [is(NEW_UUID, "generated"), is(NEW_UUID, "unchanged")]);
    daemon.ask(format!("{FILE} invalidate"));
    assert_eq!([outcome(FILE), outcome(FILE)], [is(NEW_UUID, "generated"), is(NEW_UUID, "unchanged")]);
    // A transaction that is rolled back changes nothing, but a number is used up.
    site.client.batch_execute("BEGIN; UPDATE infos SET uuid = 'x'; ROLLBACK").unwrap();
    assert_eq!(outcome(FILE), is(NEW_UUID, "generated"));
    fs::write(daemon.cached(FILE), "somebody was here").unwrap();
    assert_eq!(outcome(FILE), is(NEW_UUID, "generated"));
    assert_eq!(fs::read_to_string(daemon.cached(FILE)).unwrap(), NEW_UUID);
}

#[test]
fn the_reuse_of_copies_can_be_switched_off() {
    let Some(site) = Site::new("no_reuse") else { return };
    let daemon = site.daemon("service: {reuse: no}");
    for _ in 0..2 {
        assert_eq!(daemon.ask(FILE), UUID);
        assert_eq!(daemon.outcome(), format!("{FILE}: generated, 43 bytes"));
    }
}

#[test]
#[cfg(feature = "asterisk")]
fn a_large_generation_does_not_delay_cached_replies() {
    let Some(cluster) = own() else { return };
    let uri = cluster.create_database("large").unwrap();
    fixtures::load_synthetic_postgres(Schema::Current, 5000, &uri).unwrap();
    let daemon = Daemon::start(&format!("db_uri: {uri}\nlog_level: debug"));
    assert_ne!(daemon.ask("asterisk/rtp.conf"), "");
    thread::scope(|scope| {
        let clients: Vec<_> = (0..2).map(|_| scope.spawn(|| daemon.ask("asterisk/pjsip.conf"))).collect();
        let (begin, mut times) = (Instant::now(), Vec::new());
        while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
            let start = Instant::now();
            assert_ne!(daemon.ask("asterisk/rtp.conf cached"), "");
            times.push(start.elapsed());
        }
        let lengths: Vec<usize> = clients.into_iter().map(|client| client.join().unwrap().len()).collect();
        assert!(lengths[0] > 5_000_000 && lengths[0] == lengths[1], "{lengths:?}");
        times.sort();
        // Each cached reply takes a small part of the time of the generation.
        assert!(times.len() > 20, "{times:?}");
        let median = times[times.len() / 2];
        assert!(median * 10 < begin.elapsed(), "{median:?} of {:?}", begin.elapsed());
    });
    assert_eq!(generations(&daemon), 2, "rtp.conf, and pjsip.conf once for both");
}
