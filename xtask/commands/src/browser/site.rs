//! A service on the case `office`, with a history, a pinned file, and a hostile value if wanted.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use dispatcher::{FAMILIES, Registry};
use driver_api::Error;
use fixtures::{Case, Schema, Strictness};

use super::relay;
use crate::{command, file_error, free_port, namespaces, target};

/// Values that would change the title of a page that runs them. A warning shows no longer ones whole.
pub(super) const HOSTILE: [&str; 2] =
    ["<script>document.title='owned'</script>", "<svg onload=document.title='owned'>"];

/// The file that the history must have before the page is looked at. Its objects change in each round.
const LAST: &str = "asterisk/pjsip.conf";

/// The file that is pinned.
const PINNED: &str = "asterisk/queues.conf";

/// The number of changes of the database.
const ROUNDS: usize = 6;

/// The tables that grow from round to round.
const GROWING: [&str; 3] = ["endpoint_sip", "voicemail", "queuemember"];

/// The time limit for the start of the service, and for its history.
const LIMIT: Duration = Duration::from_secs(20);

/// The pages that are tested.
#[derive(Clone, Copy)]
pub(super) enum PathKind {
    Overview,
    File,
}

impl PathKind {
    pub(super) const ALL: [PathKind; 2] = [PathKind::Overview, PathKind::File];

    pub(super) fn path(self) -> &'static str {
        match self {
            PathKind::Overview => "/",
            PathKind::File => "/files/asterisk/musiconhold.conf",
        }
    }
}

pub(super) struct Site {
    process: Child,
    pub(super) address: SocketAddr,
    /// The files that were asked for.
    pub(super) files: Vec<String>,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Site {
    /// Starts the service in a folder, and asks for all files after each change of the database.
    pub(super) fn start(folder: &Path, is_hostile: bool) -> Result<Site, Error> {
        command::run(command::cargo().args(["build", "--quiet", "--bin", "confgend"]))?;
        let mut files: Vec<String> = namespaces(&Registry::new(FAMILIES)?, Schema::Current)
            .iter()
            .map(ToString::to_string)
            .filter(|file| file != LAST)
            .collect();
        files.push(LAST.to_owned());
        load(folder, 0, is_hostile)?;
        let (address, port) = (free_address()?, free_address()?);
        let config = folder.join("config.yml");
        let text = format!(
            "db_uri: sqlite:office.db\nlisten_port: {}\ncache: cache\npid_file: pid\nlog_filename: log\n\
             extra_config_files: ''\nhttp: {{listen: {}}}\n",
            port.port(),
            address.port()
        );
        fs::write(&config, text).map_err(|error| file_error(&config, error))?;
        let mut confgend = confgend(&["serve", "--config"], &config);
        let process = confgend.current_dir(folder).stderr(Stdio::null()).spawn();
        let process = process.map_err(|error| file_error(&program(), error))?;
        let site = Site { process, address, files };
        site.wait("the service does not start", || site.get("/healthz").is_ok())?;
        for round in 0..ROUNDS {
            load(folder, round, is_hostile)?;
            for file in &site.files {
                ask(port, file)?;
            }
            let is_recorded = || site.recorded() > round;
            site.wait("the history does not grow", is_recorded)?;
        }
        command::output(confgend_pin(&config).current_dir(folder))?;
        Ok(site)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the body of a page.
    pub(super) fn get(&self, path: &str) -> Result<String, Error> {
        let answer = relay::get(self.address, path);
        let answer =
            answer.map_err(|error| Error::driver("no answer").because(error).context(self.url(path)))?;
        Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    /// Returns how many texts of the last file the history has.
    fn recorded(&self) -> usize {
        let status = self.get("/api/status.json").unwrap_or_default();
        let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
        let files = status["files"].as_array().map(Vec::as_slice).unwrap_or_default();
        let last = files.iter().find(|file| file["file"] == LAST);
        last.and_then(|file| Some(file["history"].as_array()?.len())).unwrap_or_default()
    }

    #[expect(clippy::unused_self, reason = "there is nothing to wait for without a service")]
    fn wait(&self, message: &str, is_done: impl Fn() -> bool) -> Result<(), Error> {
        let deadline = Instant::now() + LIMIT;
        while !is_done() {
            if Instant::now() > deadline {
                return Err(Error::driver(message));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn free_address() -> Result<SocketAddr, Error> {
    Ok(([127, 0, 0, 1], free_port()?).into())
}

fn program() -> PathBuf {
    target().join("debug/confgend")
}

fn confgend(words: &[&str], config: &Path) -> Command {
    let mut confgend = Command::new(program());
    confgend.args(words).arg(config);
    confgend
}

fn confgend_pin(config: &Path) -> Command {
    confgend(&["pin", PINNED, "--config"], config)
}

/// Makes the database of a round: the case without the last rows of some tables. It takes the place of the one before.
fn load(folder: &Path, round: usize, is_hostile: bool) -> Result<(), Error> {
    let case = Case::named("office").ok_or_else(|| Error::driver("there is no case office"))?;
    let copy = folder.join("office");
    fs::create_dir_all(&copy).map_err(|error| file_error(&copy, error))?;
    for entry in fs::read_dir(&case.dir).map_err(|error| file_error(&case.dir, error))?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(mut text) = fs::read_to_string(&path) else { continue };
        let table = name.to_string_lossy().trim_end_matches(".jsonl").to_owned();
        if GROWING.contains(&table.as_str()) {
            let lines: Vec<&str> = text.lines().collect();
            let kept = lines.len().saturating_sub(ROUNDS - 1 - round).max(1);
            text = lines[..kept].join("\n") + "\n";
        }
        if table == "moh" && is_hostile {
            text += &hostile_rows();
        }
        let copied = copy.join(&name);
        fs::write(&copied, text).map_err(|error| file_error(&copied, error))?;
    }
    let (new, database) = (folder.join("new.db"), folder.join("office.db"));
    let _ = fs::remove_file(&new);
    fixtures::load_sqlite(&Case::open(&copy)?, &new, Strictness::Lenient)?;
    fs::rename(&new, &database).map_err(|error| file_error(&database, error))
}

/// Rows whose names cost them their sections, with warnings that show the names.
fn hostile_rows() -> String {
    let row = |(index, name): (usize, &&str)| {
        let uuid = format!("0b0b0b0b-0000-4000-8000-00000000000{index}");
        let name = format!("]{name}");
        let row = serde_json::json!({
            "uuid": uuid, "tenant_uuid": uuid, "name": name, "label": "x", "mode": "files"
        });
        format!("{row}\n")
    };
    HOSTILE.iter().enumerate().map(row).collect()
}

/// Asks the service for a file.
fn ask(service: SocketAddr, file: &str) -> Result<(), Error> {
    let ask = || {
        let mut stream = TcpStream::connect(service)?;
        stream.write_all(format!("{file}\n").as_bytes())?;
        stream.read_to_end(&mut Vec::new())
    };
    ask()
        .map(drop)
        .map_err(|error| Error::driver("the service did not answer").because(error).context(file.to_owned()))
}
