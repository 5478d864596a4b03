//! Gathers the status: what the service remembers, and what the files on disk tell. It reads files, so it blocks.

use std::time::Duration;

use driver_api::{Error, Namespace, secrets};
use jiff::Timestamp;

use super::ledger::Note;
use super::{
    Attempt, Change, FileStatus, GenerationStatus, Point, ServiceStatus, State, Status, VERSION, Warnings,
};
use crate::cache::{Cache, Copy};
use crate::history::{Generation, History, HistorySettings};
use crate::reply::Outcome;
use crate::settings::Storage;
use crate::state::Service;

/// How many generations the charts go back.
const MAX_GENERATIONS: usize = 100;

/// How many generations are listed.
const MAX_LISTED: usize = 20;

impl Status {
    /// Gathers what the files on disk tell, without asking a running service.
    pub fn on_disk<'f>(
        storage: &Storage,
        history: &HistorySettings,
        files: impl IntoIterator<Item = &'f Namespace>,
    ) -> Status {
        let mut disk = Disk::read(storage, history);
        let files = files.into_iter().map(|file| disk.file(file, None)).collect();
        disk.status(files, None)
    }

    pub(crate) fn of_service(service: &Service) -> Status {
        let site = service.site();
        let mut disk = Disk::read(&site.settings.storage, &site.settings.history);
        let file = |file: &Namespace| {
            let mut status = disk.file(file, Some(&service.ledger.note(file)));
            let is_trusted = service.coalescer(file).is_none_or(|coalescer| coalescer.trusts_copy());
            status.invalidated |= !is_trusted && status.bytes.is_some() && status.pin.is_none();
            status
        };
        let files = service.files().iter().map(file).collect();
        let running = ServiceStatus {
            since: service.ledger.since,
            data: format!("database {}", site.generator.database()),
            connections: service.metrics.connections.get(),
        };
        disk.status(files, Some(running))
    }
}

/// The state that the files on disk tell.
struct Disk {
    cache: Cache,
    generations: Vec<Generation>,
    problems: Vec<String>,
}

impl Disk {
    fn read(storage: &Storage, settings: &HistorySettings) -> Disk {
        let recent = History::new(storage, settings).map(|history| history.recent(MAX_GENERATIONS));
        let (generations, errors) = match recent.transpose() {
            Ok(recent) => recent.unwrap_or_default(),
            Err(error) => (Vec::new(), vec![error]),
        };
        let problems = errors.iter().map(Error::chain).collect();
        Disk { cache: Cache::new(storage), generations, problems }
    }

    fn status(self, files: Vec<FileStatus>, service: Option<ServiceStatus>) -> Status {
        let problems = self.problems.iter().map(|problem| secrets::in_text(problem)).collect();
        Status {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            time: Timestamp::now(),
            fine: files.iter().all(|file| file.state.is_fine()),
            service,
            files,
            generations: self.generations.iter().rev().take(MAX_LISTED).map(listed).collect(),
            problems,
        }
    }

    /// Returns the result of reading a file of the cache; without one, there is a problem to show.
    fn noted<T>(&mut self, file: &Namespace, result: Result<Option<T>, Error>) -> Option<T> {
        result.unwrap_or_else(|error| {
            self.problems.push(error.context(file.to_string()).chain());
            None
        })
    }

    fn file(&mut self, file: &Namespace, note: Option<&Note>) -> FileStatus {
        let copy = self.cache.open(file);
        let copy = self.noted(file, copy);
        let pin = self.cache.pin(file);
        let pin = self.noted(file, pin);
        let held = self.cache.age_of_held(file);
        let held = self.noted(file, held);
        let history: Vec<Point> = self.generations.iter().filter_map(|it| point(it, file)).collect();
        let generation = note.and_then(|note| note.generation.as_deref());
        FileStatus {
            file: file.clone(),
            state: state(note, copy.as_ref(), pin.is_some(), held.is_some()),
            // The copy of a pinned file is marked for the time after the pin.
            invalidated: copy.is_some() && pin.is_none() && self.cache.is_invalidated(file),
            age_seconds: copy.as_ref().map(|copy| copy.age().as_secs()),
            bytes: copy.as_ref().map(|copy| copy.length),
            objects: copy.as_ref().and_then(|_| self.objects(file)),
            last_attempt: generation.map(|generation| Attempt::clone(&generation.attempt)),
            pin,
            held_seconds: held.map(|age: Duration| age.as_secs()),
            warnings: match generation {
                Some(generation) => generation.warnings.clone(),
                None => self.warnings(file),
            },
            history,
        }
    }

    /// Returns the number of objects in the last text of a file that the history has.
    fn objects(&self, file: &Namespace) -> Option<usize> {
        Some(self.generations.last()?.files.get(file)?.objects)
    }

    /// Returns the warnings of the last text of a file that the history has.
    fn warnings(&self, file: &Namespace) -> Warnings {
        let change = self.generations.iter().rev().find_map(|generation| generation.changes.get(file));
        change.map(|change| Warnings::from_texts(&change.warnings, change.warning_count)).unwrap_or_default()
    }
}

/// Returns the state of a file. Without a service, there is no note.
fn state(note: Option<&Note>, copy: Option<&Copy>, is_pinned: bool, is_held: bool) -> State {
    if is_pinned && copy.is_some() {
        return State::Pinned;
    }
    if is_held {
        return State::Held;
    }
    let without_requests = || match copy {
        Some(_) => State::Cached,
        None => State::NotAsked,
    };
    let Some(note) = note else { return without_requests() };
    if let Some(generation) = note.generation.as_ref().filter(|it| it.attempt.error.is_some()) {
        let has_copy = copy.is_some() && !generation.voids_copy;
        return if has_copy { State::Stale } else { State::Failed };
    }
    match note.outcome {
        None => State::NotAsked,
        // An unchanged copy is as a new text would be.
        Some(Outcome::Generated | Outcome::Unchanged) => State::Generated,
        Some(Outcome::Stale) => State::Stale,
        Some(Outcome::Failed) if copy.is_none() => State::Failed,
        // A pin that is over, or a text that somebody has accepted: what is there is the copy.
        Some(_) => without_requests(),
    }
}

fn point(generation: &Generation, file: &Namespace) -> Option<Point> {
    let change = generation.changes.get(file)?;
    let objects = generation.files.get(file)?.objects;
    let Generation { number, time, .. } = *generation;
    Some(Point { generation: number, time, milliseconds: change.milliseconds, objects })
}

fn listed(generation: &Generation) -> GenerationStatus {
    let changes = generation.changes.iter().map(|(file, change)| Change {
        file: file.clone(),
        summary: change.summary.clone(),
        warnings: change.warning_count,
    });
    let Generation { number, time, cause, .. } = *generation;
    GenerationStatus { number, time, cause, changes: changes.collect() }
}
