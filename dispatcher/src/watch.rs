//! Watches the database, and applies the files whose tables changed.
//!
//! Nothing is written to the database, and it needs no trigger. PostgreSQL says by the numbers of its transactions that
//! something was committed, and by its statistics which tables were written. These come up to a minute late, and leave out
//! some changes, such as those of a migration. So there is a full look now and then. SQLite says only that something was
//! committed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use apply::{Applied, ApplySettings, Outcome, Reload, Step};
use database::{Database, Uri};
use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace};
use drivers::{Registry, Report};
use service::{Cause, NewText};

use crate::proposal::{self, Proposal, Proposed, Proposer};
use crate::told::{AppliedFile, Told};

/// The interval of looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long PostgreSQL may take to count what a transaction wrote.
const STATISTICS_DELAY: Duration = Duration::from_secs(70);

/// The pause before a database that is away is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// How many times as long as the wait for quiet a busy database can delay an apply.
const MAX_DEBOUNCES: u32 = 10;

/// A watch over the database of a configuration.
pub(crate) struct Watch<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) config: &'a Config,
    pub(crate) uri: Uri,
    /// The files that are applied.
    pub(crate) files: Vec<Namespace>,
    /// Whether files with tables that the database does not have are left out without a word.
    pub(crate) skips: bool,
    /// Returns whether the watch has to end.
    pub(crate) is_over: &'a dyn Fn() -> bool,
}

type Tell<'t> = dyn FnMut(Told) + 't;

/// The files to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Concerned {
    Nothing,
    Files(BTreeSet<Namespace>),
    All,
}

impl Concerned {
    fn and(self, other: Concerned) -> Concerned {
        match (self, other) {
            (Concerned::Nothing, other) | (other, Concerned::Nothing) => other,
            (Concerned::All, _) | (_, Concerned::All) => Concerned::All,
            (Concerned::Files(mut files), Concerned::Files(others)) => {
                files.extend(others);
                Concerned::Files(files)
            }
        }
    }
}

/// The last that is known of a database.
#[derive(Default)]
struct Seen {
    state: Option<String>,
    /// When the state last changed.
    changed: Option<Instant>,
    /// How many rows were written in each table.
    written: Option<BTreeMap<String, u64>>,
    /// The words of the queries of each file, among which are its tables.
    words: BTreeMap<Namespace, BTreeSet<String>>,
    /// The pinned files, each with what was told of its pin.
    pinned: BTreeMap<Namespace, String>,
}

impl Seen {
    /// Remembers what a proposal for these files found out. Returns the pins that were not told yet.
    fn learn(&mut self, files: &[Namespace], proposal: &Proposal) -> Vec<Told> {
        self.words.extend(proposal.words.clone());
        self.pinned.retain(|file, _| proposal.pinned.contains_key(file) || !files.contains(file));
        let mut untold = Vec::new();
        for (file, pin) in &proposal.pinned {
            // What it needs is known when it is generated again.
            self.words.remove(file);
            if self.pinned.insert(file.clone(), pin.clone()).as_ref() != Some(pin) {
                untold.push(Told::Pinned(file.clone(), pin.clone()));
            }
        }
        untold
    }
}

impl Watch<'_> {
    /// Watches until it is over. A database that is away, or a file that can't be applied, does not end it.
    pub(crate) fn run(&self, tell: &mut Tell<'_>) -> Result<(), Error> {
        let settings = ApplySettings::read(self.config)?;
        let mut is_away = false;
        while !(self.is_over)() {
            let result = database::open(&self.uri).and_then(|mut database| {
                if std::mem::take(&mut is_away) {
                    tell(Told::DatabaseIsBack);
                }
                self.follow(&mut *database, &settings, tell)
            });
            if let Err(error) = result {
                // One line for each outage.
                if !std::mem::replace(&mut is_away, true) {
                    tell(Told::DatabaseIsAway(error));
                }
                self.sleep(RETRY);
            }
        }
        Ok(())
    }

    /// Watches over one connection, for as long as it lasts.
    fn follow(
        &self,
        database: &mut dyn Database,
        settings: &ApplySettings,
        tell: &mut Tell<'_>,
    ) -> Result<(), Error> {
        let mut seen = Seen::default();
        self.look(database, &mut seen)?;
        let mut concerned = Concerned::All;
        let mut last_full_look = Instant::now();
        loop {
            if concerned != Concerned::Nothing {
                if concerned == Concerned::All {
                    last_full_look = Instant::now();
                }
                let begun = Instant::now();
                if self.apply(&concerned, database, &mut seen, settings, tell)? {
                    self.sleep(settings.min_interval_seconds.0.saturating_sub(begun.elapsed()));
                }
            }
            if (self.is_over)() {
                return Ok(());
            }
            concerned = self.next(database, &mut seen, settings, last_full_look)?;
        }
    }

    /// Waits for a change, and then for quiet. Returns the files that it concerns.
    fn next(
        &self,
        database: &mut dyn Database,
        seen: &mut Seen,
        settings: &ApplySettings,
        last_full_look: Instant,
    ) -> Result<Concerned, Error> {
        let mut concerned = Concerned::Nothing;
        let (mut first, mut last) = (None, Instant::now());
        while !(self.is_over)() {
            self.sleep(INTERVAL);
            let found = self.look(database, seen)?;
            if found != Concerned::Nothing {
                last = Instant::now();
                first.get_or_insert(last);
                concerned = concerned.and(found);
            }
            let debounce = settings.debounce_seconds.0;
            let has_waited = |first: Instant| first.elapsed() >= debounce * MAX_DEBOUNCES;
            if first.is_some_and(|first| last.elapsed() >= debounce || has_waited(first)) {
                return Ok(concerned);
            }
            if first.is_none() && last_full_look.elapsed() >= settings.full_look_seconds.0 {
                return Ok(Concerned::All);
            }
        }
        Ok(Concerned::Nothing)
    }

    /// Looks for changes since the last look.
    fn look(&self, database: &mut dyn Database, seen: &mut Seen) -> Result<Concerned, Error> {
        let Some(state) = database.state()? else {
            if !matches!(self.uri, Uri::Sqlite(_)) {
                // A standby tells nothing, so that there are full looks only.
                return Ok(Concerned::Nothing);
            }
            // The connection knows whether something was committed since its last snapshot.
            let is_same = database.unchanged()?;
            if !is_same {
                drop(database.snapshot()?);
            }
            return Ok(if is_same { Concerned::Nothing } else { Concerned::All });
        };
        if seen.state.as_ref() != Some(&state) {
            seen.state = Some(state);
            seen.changed = Some(Instant::now());
        }
        if seen.changed.is_none_or(|changed| changed.elapsed() > STATISTICS_DELAY) {
            return Ok(Concerned::Nothing);
        }
        let Some(written) = database.write_counts()? else { return Ok(Concerned::All) };
        let before = seen.written.replace(written).unwrap_or_default();
        let now = seen.written.as_ref();
        let is_other = |table: &&String| now.and_then(|now| now.get(*table)) != before.get(*table);
        let tables: BTreeSet<&str> =
            now.into_iter().flat_map(BTreeMap::keys).filter(is_other).map(String::as_str).collect();
        let reads = |file: &&Namespace| {
            // Before its first generation, nobody knows what a file needs.
            let words = seen.words.get(*file);
            words.is_none_or(|words| tables.iter().any(|table| words.contains(*table)))
        };
        let files: BTreeSet<Namespace> = if tables.is_empty() {
            BTreeSet::new()
        } else {
            self.files.iter().filter(reads).cloned().collect()
        };
        Ok(if files.is_empty() { Concerned::Nothing } else { Concerned::Files(files) })
    }

    /// Applies the files that a change concerns. Returns whether Asterisk was told something. Only a failure of the database
    /// is an error.
    fn apply(
        &self,
        concerned: &Concerned,
        database: &mut dyn Database,
        seen: &mut Seen,
        settings: &ApplySettings,
        tell: &mut Tell<'_>,
    ) -> Result<bool, Error> {
        let files: Vec<Namespace> = match concerned {
            Concerned::Nothing => return Ok(false),
            Concerned::Files(files) => files.iter().cloned().collect(),
            Concerned::All => self.files.clone(),
        };
        let mut snapshot = database.snapshot()?;
        let mut messages = Messages::default();
        let mut report = Report::quiet(&mut messages);
        if self.skips {
            report = report.skipping();
        }
        let proposer = Proposer { registry: self.registry, config: self.config, is_forced: false };
        let result = self.begin(settings, tell).and_then(|(mut apply, mut reload)| {
            let proposal = proposer.propose(&apply, &files, &mut *snapshot, report)?;
            seen.learn(&files, &proposal).into_iter().for_each(&mut *tell);
            write(&mut apply, &mut reload, &proposal, tell)
        });
        drop(snapshot);
        // Warnings of files that did not change are not worth a line each time.
        let was_told = result.unwrap_or_else(|error| {
            let messages = String::from_utf8_lossy(&messages.0);
            let errors = messages.lines().filter(|line| line.starts_with("error: "));
            errors.for_each(|line| tell(Told::NotGenerated(line.trim_start_matches("error: ").to_owned())));
            tell(Told::Failed(error));
            false
        });
        Ok(was_told)
    }

    fn begin(&self, settings: &ApplySettings, tell: &mut Tell<'_>) -> Result<(apply::Apply, Reload), Error> {
        let mut waits = |text: &str| tell(Told::Waits(text.to_owned()));
        let (apply, reload, recovered) = proposal::begin(self.config, settings, &mut waits)?;
        if let Some(recovered) = recovered {
            tell(Told::Recovered(recovered));
        }
        Ok((apply, reload))
    }

    /// Sleeps, unless the watch is over.
    fn sleep(&self, duration: Duration) {
        let end = Instant::now() + duration;
        while !(self.is_over)() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(INTERVAL / 4));
        }
    }
}

/// Writes the files of a proposal, and has Asterisk read them. Returns whether there are any.
fn write(
    apply: &mut apply::Apply,
    reload: &mut Reload,
    proposal: &Proposal,
    tell: &mut Tell<'_>,
) -> Result<bool, Error> {
    let Proposal { changed, errors, .. } = proposal;
    if let Some(first) = errors.first() {
        let message = format!(
            "Asterisk would refuse a file or drop objects (errors: {}), so nothing is written: {}",
            errors.len(),
            first.first_line()
        );
        return Err(Error::driver(message));
    }
    if changed.is_empty() {
        return Ok(false);
    }
    let new: Vec<NewText<'_>> = changed.iter().map(Proposed::new_text).collect();
    let mut written = Vec::new();
    let mut progress = |step: &Step, outcome: &Outcome| {
        for file in &step.files {
            let change = new.iter().find(|new| new.file == *file).map(|new| new.change.summary.clone());
            written.push(AppliedFile {
                file: file.clone(),
                change: change.unwrap_or_default(),
                command: step.command.clone(),
                outcome: outcome.text(),
            });
        }
    };
    let applied = apply.run(Cause::Watch, &new, Some(reload), &mut progress)?;
    match applied {
        Applied::Done(generation) => {
            for file in written {
                tell(Told::Applied(generation.number, file));
            }
            Ok(true)
        }
        Applied::RolledBack(reason) => {
            tell(Told::RolledBack(reason));
            Ok(false)
        }
    }
}

/// The messages of a report.
#[derive(Default)]
struct Messages(Vec<u8>);

impl io::Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
