//! The status page, and the command that asks it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use fixtures::Scratch;
use rustix::process::Signal;
use serde_json::Value;

use super::{Daemon, IDENTITY, STEP_LIMIT, rest};
use crate::{Folder, confgend};

const FILE: &str = "wazo/uuid.yml";

const PATHS: [&str; 6] = ["/", "/files/wazo/uuid.yml", "/healthz", "/readyz", "/metrics", "/api/status.json"];

/// A service with a status page, on a database that tests change.
struct Site {
    database: Scratch,
    daemon: Daemon,
    address: String,
}

impl Site {
    fn new(configuration: &str) -> Site {
        Site::on(Scratch::new(&[IDENTITY]), configuration)
    }

    fn on(database: Scratch, configuration: &str) -> Site {
        let daemon = Daemon::on_scratch(&database, &format!("http: {{listen: 0}}\n{configuration}"));
        let address = address(&daemon);
        Site { database, daemon, address }
    }

    fn send(&self, request: &str) -> String {
        send(&self.address, request)
    }

    /// Asks for a page. Returns the status line, the headers and the body.
    fn get(&self, path: &str) -> (String, String, String) {
        parts(&self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.get("/api/status.json").2).unwrap()
    }

    /// Returns what the JSON says about the file.
    fn file(&self) -> Value {
        let status = self.json();
        let files = status["files"].as_array().unwrap();
        files.iter().find(|file| file["file"] == FILE).unwrap().clone()
    }

    /// Asserts the state of the file, in all forms.
    fn assert_state(&self, state: &str) {
        assert_eq!(self.file()["state"], state.replace("not asked for yet", "not_asked"));
        let badge = format!(">{state}</span>");
        for path in ["/", "/files/wazo/uuid.yml"] {
            let page = self.get(path).2;
            assert!(page.contains(&badge), "{path}: {page}");
        }
    }
}

fn address(daemon: &Daemon) -> String {
    let line = daemon.wait_for_log("status page on http://");
    line.split("http://").nth(1).unwrap().trim_end_matches('/').to_owned()
}

fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(STEP_LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    rest(&mut stream)
}

fn parts(answer: &str) -> (String, String, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (first, headers) = head.split_once("\r\n").unwrap();
    (first.to_owned(), headers.to_owned(), body.to_owned())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn each_page_has_its_type_and_the_security_headers() {
    let site = Site::new("");
    let types = [
        "text/html; charset=utf-8",
        "text/html; charset=utf-8",
        "text/plain; charset=utf-8",
        "text/plain; charset=utf-8",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/json",
    ];
    for (path, content_type) in PATHS.into_iter().zip(types) {
        let (first, headers, body) = site.get(path);
        assert_eq!(first, "HTTP/1.1 200 OK", "{path}: {body}");
        for header in [
            &format!("content-type: {content_type}"),
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "content-security-policy: default-src 'none'; ",
            "connection: close",
        ] {
            assert!(headers.contains(header), "{path}: {header}\n{headers}");
        }
        assert!(!headers.contains("unsafe-") && !headers.contains("http:"), "{headers}");
    }
}

#[test]
fn other_paths_and_methods_are_refused() {
    let site = Site::new("");
    for path in [
        "/nothing",
        "/files/wazo/nothing.yml",
        "/files/wazo.uuid.yml",
        "/files/../etc/passwd",
        "//",
        "/%3Cb%3E",
    ] {
        let (first, headers, body) = site.get(path);
        assert_eq!(first, "HTTP/1.1 404 Not Found", "{path}");
        assert!(headers.contains("content-security-policy: ") && body.contains("There is no such page"));
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        let (first, headers, _) = parts(&site.send(&request));
        assert_eq!(first, "HTTP/1.1 405 Method Not Allowed");
        assert!(headers.contains("allow: GET, HEAD"), "{headers}");
    }
    for path in PATHS {
        let (first, headers, body) =
            parts(&site.send(&format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")));
        assert_eq!((first.as_str(), body.as_str()), ("HTTP/1.1 200 OK", ""), "{path}");
        assert!(headers.contains("content-length: "), "{headers}");
    }
}

#[test]
fn a_name_that_leads_to_this_machine_reads_nothing() {
    let site = Site::new("");
    for path in PATHS {
        let get = |host: &str| parts(&site.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")));
        for host in ["evil.example", "evil.example:8671", "127.0.0.1.evil.example", ""] {
            let (first, _, body) = get(host);
            assert_eq!(first, "HTTP/1.1 421 Misdirected Request", "{host}");
            assert!(!body.contains("uuid"), "{body}");
        }
        for host in ["localhost", "127.0.0.1:1", "[::1]"] {
            assert_eq!(get(host).0, "HTTP/1.1 200 OK", "{host}");
        }
        // A monitor without a host is no browser.
        assert_eq!(parts(&site.send(&format!("GET {path} HTTP/1.0\r\n\r\n"))).0, "HTTP/1.0 200 OK");
    }
}

#[test]
fn the_page_shows_where_texts_come_from() {
    let site = Site::new("");
    site.assert_state("not asked for yet");
    site.daemon.ask(FILE);
    site.assert_state("generated");
    site.daemon.ask(format!("{FILE} cached"));
    site.assert_state("cached");
    site.daemon.ask(format!("{FILE} invalidate"));
    assert_eq!((&site.file()["state"], &site.file()["invalidated"]), (&"cached".into(), &true.into()));
    site.daemon.ask(FILE);

    site.database.execute("ALTER TABLE infos RENAME TO away");
    site.daemon.ask(FILE);
    site.assert_state("stale");
    let error = site.file()["last_attempt"]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("needs table infos"), "{error}");
    let page = site.get("/").2;
    assert!(page.contains("1 file needs attention") && page.contains("needs table infos"), "{page}");
    fs::remove_file(site.daemon.cached(FILE)).unwrap();
    site.daemon.ask(FILE);
    site.assert_state("failed");
    assert_eq!(site.json()["fine"], false);

    site.database.execute("ALTER TABLE away RENAME TO infos");
    site.daemon.ask(FILE);
    site.assert_state("generated");
    assert_eq!(site.file()["last_attempt"]["error"], Value::Null);
    let config = site.daemon.folder.text("config.yml");
    assert_eq!(confgend(&["pin", FILE, "1", "--config", &config]).code, 0);
    site.assert_state("pinned");
    assert_eq!(site.file()["pin"]["generation"], 1);
    confgend(&["unpin", FILE, "--config", &config]);
    fs::write(site.daemon.cached("wazo/.uuid.yml.held"), "suspect").unwrap();
    site.assert_state("held");
}

#[test]
fn the_page_shows_the_history_and_no_secret() {
    let site = Site::new("");
    for uuid in ["one", "two", "three"] {
        site.database.execute(&format!("UPDATE infos SET uuid = '{uuid}'"));
        site.daemon.ask(FILE);
        // Texts are recorded one by one after their replies.
        site.daemon.wait_for_log("generated");
    }
    let deadline = Instant::now() + STEP_LIMIT;
    while site.file()["history"].as_array().unwrap().len() < 3 {
        assert!(Instant::now() < deadline, "{}", site.file());
    }
    let status = site.json();
    assert_eq!(status["version"], 1);
    assert_eq!(status["generations"][0]["changes"][0]["summary"], "~1 key (of 1)");
    assert!(status["service"]["data"].as_str().unwrap().starts_with("database sqlite:"));
    assert_eq!(site.file()["objects"], 1);
    for path in ["/", "/files/wazo/uuid.yml"] {
        let page = site.get(path).2;
        for part in ["<svg", "objects: 1 to 1 over the last 3 texts", "Generation 3", "~1 key (of 1)"] {
            assert!(page.contains(part), "{path}: {part}\n{page}");
        }
        for part in ["<form", "<button", "http://", "https://", "<link rel=\"stylesheet\"", " style="] {
            assert!(!page.contains(part), "{path}: {part}");
        }
    }
}

#[cfg(feature = "asterisk")]
#[test]
fn a_hostile_value_of_the_database_is_escaped() {
    let script = "<script>alert(1)</script>";
    let tenant = "6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11";
    let name = format!(r"]{script}<img src=x onerror=alert(1)>");
    let row = format!(
        r#"{{"uuid": "{tenant}", "tenant_uuid": "{tenant}", "name": "{name}", "label": "x", "mode": "files"}}"#
    );
    let site = Site::on(Scratch::new(&[IDENTITY, ("moh", &row)]), "");
    site.daemon.ask("asterisk/musiconhold.conf");
    let warnings = site.json()["files"].to_string();
    assert!(warnings.contains(script), "the warning has the value: {warnings}");
    for path in ["/", "/files/asterisk/musiconhold.conf"] {
        let page = site.get(path).2;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{page}");
    }
}

#[test]
fn a_service_that_can_serve_is_ready() {
    let site = Site::new("");
    assert_eq!(site.get("/readyz").2, "ready\n");

    let folder = Folder::new(&[]);
    let uri = format!("db_uri: sqlite:{}\nhttp: {{listen: 0}}\n", folder.text("missing.db"));
    let daemon = Daemon::start_in(folder, &uri);
    let get = |path: &str| {
        parts(&send(&address(&daemon), &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")))
    };
    let (first, _, body) = get("/readyz");
    assert_eq!(first, "HTTP/1.1 503 Service Unavailable");
    assert!(body.starts_with("there is no copy of ") && body.contains("missing.db"), "{body}");
    assert_eq!(body.lines().count(), 1);
    assert_eq!(get("/healthz").0, "HTTP/1.1 200 OK");

    let site = Site::new("cache: config.yml\n");
    let (first, _, body) = site.get("/readyz");
    assert_eq!(first, "HTTP/1.1 503 Service Unavailable");
    assert!(body.contains("the cache can't be written"), "{body}");
}

#[test]
fn slow_clients_keep_nobody_waiting() {
    let site = Site::new("");
    let mut slow: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&site.address).unwrap()).collect();
    for (index, stream) in slow.iter_mut().enumerate() {
        // Half of them have asked, and don't read.
        let end = if index % 2 == 0 { "\r\n" } else { "" };
        write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\n{end}").unwrap();
    }
    let start = Instant::now();
    assert_eq!(site.get("/").0, "HTTP/1.1 200 OK");
    assert!(site.daemon.ask(FILE).starts_with("uuid: "));
    assert!(start.elapsed() < Duration::from_secs(8));
    let mut first = [0; 12];
    slow[0].read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[test]
fn the_port_of_the_metrics_has_the_status_page() {
    let port = free_port();
    let daemon = Daemon::on_scratch(&Scratch::new(&[IDENTITY]), &format!("metrics: {{listen_port: {port}}}"));
    assert_eq!(address(&daemon), format!("127.0.0.1:{port}"));
    let answer = send(&address(&daemon), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.contains("All files are fine"), "{answer}");
}

#[test]
fn the_command_shows_the_state_of_the_service() {
    let database = Scratch::new(&[IDENTITY]);
    let http = format!("http: {{listen: {}}}\n", free_port());
    let mut daemon = Daemon::on_scratch(&database, &http);
    let config = daemon.folder.text("config.yml");
    let run = |words: &[&str]| confgend(&[&["status", "--config", &config], words].concat());
    daemon.ask(FILE);
    let fine = run(&[]);
    assert_eq!((fine.code, fine.err.as_str()), (0, ""), "{fine:?}");
    assert!(
        fine.out.contains(" clients connected\n") && fine.out.ends_with("\nall files are fine\n"),
        "{fine:?}"
    );
    assert!(fine.out.lines().any(|line| line.starts_with("wazo/uuid.yml  ") && line.contains(" generated ")));
    let json: Value = serde_json::from_str(&run(&["--json"]).out).unwrap();
    assert_eq!((&json["version"], &json["fine"]), (&1.into(), &true.into()));

    database.execute("DROP TABLE infos");
    daemon.ask(FILE);
    let stale = run(&[]);
    assert_eq!(stale.code, 1);
    assert!(
        stale.out.contains("    error: wazo/uuid.yml") && stale.out.ends_with("1 file needs attention\n")
    );

    daemon.signal(Signal::TERM);
    daemon.wait();
    let down = run(&[]);
    assert_eq!(down.code, 1);
    assert!(down.err.contains("/api/status.json: the service did not answer: "), "{down:?}");
    assert!(down.out.contains("The service was not asked."), "{down:?}");
    assert!(down.out.lines().any(|line| line.starts_with("wazo/uuid.yml  ") && line.contains(" cached ")));
    let json: Value = serde_json::from_str(&run(&["--json"]).out).unwrap();
    assert_eq!(json["service"], Value::Null);
}

#[test]
fn the_command_says_how_to_switch_the_page_on() {
    let folder = Folder::new(&[
        ("off.yml", "cache: cache\nextra_config_files: ''\n"),
        ("any.yml", "http: {listen: 0}\nextra_config_files: ''\n"),
    ]);
    let off = confgend(&["status", "--config", &folder.text("off.yml")]);
    assert_eq!(off.code, 1);
    assert_eq!(
        off.err,
        "error: the service has no status page: set http.listen to a port such as 8671, and restart it\n"
    );
    assert!(off.out.contains("without a copy, not asked for yet"), "{off:?}");
    let any = confgend(&["status", "--config", &folder.text("any.yml")]);
    assert!(any.error(2).ends_with(
        "http.listen: the status page is on any free port, so nobody can tell where to ask for it"
    ));
}

#[test]
fn a_health_check_asks_only_whether_the_service_answers() {
    let database = Scratch::new(&[IDENTITY]);
    let port = free_port();
    let mut daemon = Daemon::on_scratch(&database, &format!("http: {{listen: '*:{port}'}}\n"));
    let config = daemon.folder.text("config.yml");
    let run = || confgend(&["status", "--alive", "--config", &config]);
    database.execute("DROP TABLE infos");
    daemon.ask(FILE);
    let failed = run();
    assert_eq!((failed.code, failed.out.as_str(), failed.err.as_str()), (0, "", ""), "a file fails");
    daemon.signal(Signal::TERM);
    daemon.wait();
    let down = run();
    assert_eq!((down.code, down.out.as_str()), (1, ""));
    let url = format!("error: http://127.0.0.1:{port}/healthz: the service did not answer: ");
    assert!(down.err.starts_with(&url), "{down:?}");
}

#[test]
fn a_health_check_ends_with_1_whatever_the_reason_is() {
    // This service takes the connection, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = format!("http: {{listen: {port}}}\nextra_config_files: ''\n");
    let folder = Folder::new(&[
        ("off.yml", "extra_config_files: ''\n"),
        ("any.yml", "http: {listen: 0}\nextra_config_files: ''\n"),
        ("broken.yml", "http: [\n"),
        ("silent.yml", &silent),
    ]);
    for name in ["off.yml", "any.yml", "broken.yml", "silent.yml"] {
        let start = Instant::now();
        let run = confgend(&["status", "--alive", "--config", &folder.text(name)]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{name}: {run:?}");
        assert!(run.err.starts_with("error: "), "{name}: {run:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{name}");
    }
}

#[test]
fn an_address_of_the_network_answers_by_any_name() {
    let daemon = Daemon::on_scratch(&Scratch::new(&[IDENTITY]), "http: {listen: '*:0'}\n");
    let answer = send(&address(&daemon), "GET /healthz HTTP/1.1\r\nHost: pbx.example\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[cfg(feature = "postgres")]
#[test]
fn the_password_of_the_database_is_not_shown() {
    let uri = format!("postgresql://me:s3cret@127.0.0.1:{}/d?password=s3cret", free_port());
    let daemon = Daemon::start(&format!("db_uri: {uri}\nhttp: {{listen: 0}}\n"));
    assert_eq!(daemon.ask(FILE), "");
    for path in PATHS {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = send(&address(&daemon), &request);
        assert!(!answer.contains("s3cret"), "{path}: {answer}");
        if path == "/" {
            assert!(
                answer.contains("1 file needs attention") && answer.contains(">failed</span>"),
                "{answer}"
            );
        }
    }
}
