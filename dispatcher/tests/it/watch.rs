//! `confgend apply --watch` and the watch of the service, over a stand-in for Asterisk.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::apply::{FILES, QUEUES, Site};

/// The time limit for a change to reach Asterisk.
const LIMIT: Duration = Duration::from_secs(60);

/// A program that watches. Dropping it kills the program.
struct Watching<'s> {
    site: &'s Site,
    child: Child,
}

impl<'s> Watching<'s> {
    fn start(site: &'s Site, arguments: &[&str]) -> Watching<'s> {
        let output = File::create(site.folder.path("output")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_confgend"))
            .args(arguments)
            .args(["--config", &site.folder.text("config.yml")])
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Watching { site, child }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.site.folder.path("output")).unwrap()
    }

    fn wait(&mut self, what: &str, is_there: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let output = self.output();
            if is_there(&output) {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended: {output}");
            assert!(Instant::now() < deadline, "no {what}: {output}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait_for(&mut self, text: &str) {
        self.wait(text, |output| output.contains(text));
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_commit_reaches_asterisk() {
    let site = Site::on(None);
    site.add_queue(1, "sales");
    let mut watching = Watching::start(&site, &[&["apply", "--watch"], &FILES[..]].concat());
    watching.wait_for(
        "generation 1: asterisk/queues.conf: +1 section, +1 queue; module reload app_queue.so: ok, ",
    );
    site.asterisk.take_commands();
    site.add_queue(2, "support");
    watching
        .wait_for("generation 2: asterisk/queues.conf: +1 queue (of 2); module reload app_queue.so: ok, ");
    assert!(site.running("sales") && site.running("support"));
    assert_eq!(site.asterisk.take_commands(), ["module reload app_queue.so"]);
    assert!(site.run(&["history", QUEUES]).out.contains(" watch    asterisk/queues.conf "));
    // Asterisk refuses a change; the next one goes through.
    site.asterisk.set("fails", "module reload app_queue.so");
    site.add_queue(3, "third");
    watching.wait_for(
        "error: rolled back: asterisk/queues.conf: Module 'app_queue.so' reported a reload failure",
    );
    site.asterisk.unset("fails");
    site.add_queue(4, "fourth");
    watching.wait_for("generation 3: asterisk/queues.conf: +2 queues (of 4)");
    assert!(site.running("fourth"));
}

#[test]
fn the_service_watches_if_the_configuration_says_so() {
    let site = Site::on(None);
    site.add_queue(1, "sales");
    let config = site.folder.path("config.yml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}watch: true\ncheck: {{rules: {{option-required: off}}}}\n")).unwrap();
    let mut watching = Watching::start(&site, &["serve"]);
    watching.wait_for("generation 1: asterisk/queues.conf: ");
    site.add_queue(2, "support");
    watching
        .wait_for("generation 2: asterisk/queues.conf: +1 queue (of 2); module reload app_queue.so: ok, ");
    assert!(site.running("support"));
    fs::write(&config, text).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&watching.child),
        rustix::process::Signal::HUP,
    )
    .unwrap();
    watching.wait_for("the configuration was read again");
    site.add_queue(3, "third");
    thread::sleep(Duration::from_secs(3));
    assert!(!site.running("third"), "the watch has ended");
}

#[test]
#[cfg(feature = "postgres")]
fn only_files_whose_tables_changed_are_generated() {
    use fixtures::Schema;
    use postgres::{Client, NoTls};

    let Some(cluster) = fixtures::postgres::own() else { return };
    let uri = cluster.schema_database("watch", Schema::Current).unwrap();
    let mut client = Client::connect(&uri, NoTls).unwrap();
    let site = Site::on(Some(&uri));
    let mut watching = Watching::start(&site, &[&["apply", "--watch"], &FILES[..]].concat());
    watching.wait_for("generation 1: asterisk/queues.conf: ");
    client.batch_execute(&crate::apply::queue(1, "sales")).unwrap();
    watching.wait_for("generation 2: asterisk/queues.conf: +1 queue");
    assert!(site.running("sales"));
    // A file that somebody damaged is not looked at, since no table of it changed.
    let music = site.folder.path("files/asterisk/musiconhold.conf");
    fs::write(&music, "damaged").unwrap();
    client.batch_execute(&crate::apply::queue(2, "support")).unwrap();
    watching.wait_for("generation 3: asterisk/queues.conf: +1 queue");
    assert_eq!(fs::read_to_string(&music).unwrap(), "damaged");

    drop(client);
    cluster.stop().unwrap();
    watching.wait_for("; the files stay as they are");
    assert!(site.running("support"));
    cluster.start_again().unwrap();
    watching.wait_for("the database is back");
    let mut client = Client::connect(&uri, NoTls).unwrap();
    client.batch_execute(&crate::apply::queue(3, "third")).unwrap();
    watching.wait("the third queue", |_| site.running("third"));
    let text = fs::read_to_string(&music).unwrap();
    assert!(
        text.contains("[general]") || text.contains("[confgend-musiconhold-end]"),
        "a full look mends it"
    );
}

#[test]
#[cfg(feature = "postgres")]
fn a_pin_is_told_and_its_end_noticed() {
    use fixtures::Schema;
    use postgres::{Client, NoTls};

    let Some(cluster) = fixtures::postgres::shared() else { return };
    let uri = cluster.schema_database("watch_pin", Schema::Current).unwrap();
    let mut client = Client::connect(&uri, NoTls).unwrap();
    let site = Site::on(Some(&uri));
    client.batch_execute(&crate::apply::queue(1, "sales")).unwrap();
    assert_eq!(site.run(&[&["apply"], &FILES[..]].concat()).code, 0);
    assert_eq!(site.run(&["pin", QUEUES, "1"]).code, 0);
    let mut watching = Watching::start(&site, &[&["apply", "--watch"], &FILES[..]].concat());
    watching.wait_for("warning: asterisk/queues.conf: pinned to generation 1, without an end");
    client.batch_execute(&crate::apply::queue(2, "support")).unwrap();
    assert_eq!(site.run(&["unpin", QUEUES]).code, 0);
    client.batch_execute(&crate::apply::queue(3, "third")).unwrap();
    watching.wait("the new queues", |_| site.running("support") && site.running("third"));
}

#[test]
fn the_log_of_the_service_has_the_fields_of_an_apply() {
    let site = Site::on(None);
    site.add_queue(1, "sales");
    let config = site.folder.path("config.yml");
    let text = fs::read_to_string(&config).unwrap();
    let more = "watch: true\nlog_format: json\ncheck: {rules: {option-required: off}}\n";
    fs::write(&config, format!("{text}{more}")).unwrap();
    let mut watching = Watching::start(&site, &["serve"]);
    let mut event = |fields: &str| {
        watching.wait_for(fields);
        let output = watching.output();
        let line = output.lines().find(|line| line.contains(fields)).unwrap();
        serde_json::from_str::<serde_json::Value>(line).unwrap()
    };
    let line = event(r#""event":"apply","namespace":"asterisk/queues.conf","generation":1,"#);
    assert_eq!((&line["change"], &line["level"]), (&"+1 section, +1 queue".into(), &"INFO".into()));
    assert_eq!(line["command"], "module reload app_queue.so");
    assert!(line["outcome"].as_str().unwrap().starts_with("ok, "), "{line}");
    site.asterisk.set("fails", "module reload app_queue.so");
    site.add_queue(2, "support");
    let line = event(r#""event":"rollback""#);
    let reason = "asterisk/queues.conf: Module 'app_queue.so' reported a reload failure";
    assert!(line["error"].as_str().unwrap().starts_with(reason), "{line}");
    assert_eq!(line["level"], "ERROR");
}
