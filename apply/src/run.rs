//! One apply: writes files, and has Asterisk read them.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use driver_api::asterisk::{with_end_mark, without_end_mark};
use driver_api::{Error, Namespace};
use service::{Cause, FileMode, Generation, History, Journal, JournalFile, NewText, Stage, destination};

use crate::reload::{Outcome, Reload, Step};
use crate::settings::ApplySettings;

/// The interval of attempts to get the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

/// The one apply that runs at a time on a machine.
pub struct Apply {
    pub(crate) folder: PathBuf,
    pub(crate) history: History,
    end_mark: bool,
    mode: FileMode,
    moments: Box<dyn FnMut(Moment) + Send>,
    /// Dropping it releases the lock.
    _lock: File,
}

/// A moment in an apply, between two steps. A test stops the process there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The journal says what is about to be written.
    Begun,
    /// One more file is written.
    Written,
    /// The journal says that Asterisk is being told.
    Telling,
    /// Asterisk has carried out one more command.
    Told,
    /// The history has the generation, and the journal is still there.
    Recorded,
    /// The old files are being put back.
    Restoring,
}

/// The result of an apply.
#[derive(Debug)]
pub enum Applied {
    /// The files are written, and Asterisk has read them.
    Done(Generation),
    /// A command failed, and the old files are back, for the reason that this text says.
    RolledBack(String),
}

/// The receiver of the outcome of each command, as soon as it is known.
pub(crate) type Progress<'p> = dyn FnMut(&Step, &Outcome) + 'p;

impl Apply {
    /// Waits until no other apply runs, and begins. `waits` is told once who runs.
    ///
    /// # Errors
    ///
    /// The other one does not end in time, or the lock can't be taken.
    pub fn begin(
        settings: &ApplySettings,
        mode: FileMode,
        history: History,
        waits: &mut dyn FnMut(&str),
    ) -> Result<Apply, Error> {
        let lock = lock(history.open_apply_lock()?, settings.wait_seconds.0, waits)?;
        Ok(Apply {
            folder: settings.folder.clone(),
            history,
            end_mark: settings.end_mark,
            mode,
            moments: Box::new(|_| {}),
            _lock: lock,
        })
    }

    /// Calls this function at each [`Moment`].
    #[must_use]
    pub fn at_moments(self, moments: impl FnMut(Moment) + Send + 'static) -> Apply {
        Apply { moments: Box::new(moments), ..self }
    }

    pub(crate) fn at(&mut self, moment: Moment) {
        (self.moments)(moment);
    }

    /// Returns the history.
    pub fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn path(&self, file: &Namespace) -> PathBuf {
        self.folder.join(file.to_string())
    }

    /// Returns a text as it is written.
    pub(crate) fn marked(&self, file: &Namespace, text: &str) -> String {
        if self.end_mark { with_end_mark(file, text).into_owned() } else { text.to_owned() }
    }

    /// Returns the text of a file in the folder as it was generated, without the mark of its end; none if there is no file.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is not UTF-8.
    pub fn current(&self, file: &Namespace) -> Result<Option<String>, Error> {
        let text = self.on_disk(file)?;
        Ok(text.map(|text| without_end_mark(file, &text).to_owned()))
    }

    pub(crate) fn on_disk(&self, file: &Namespace) -> Result<Option<String>, Error> {
        let path = self.path(file);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => {
                let context = format!("file {}", path.display());
                Err(Error::driver("can't be read").because(error).context(context))
            }
        }
    }

    /// Returns whether a file in the folder is byte for byte as it would be written.
    ///
    /// # Errors
    ///
    /// The file can't be read.
    pub fn is_written(&self, file: &Namespace, text: &str) -> Result<bool, Error> {
        Ok(self.on_disk(file)?.is_some_and(|there| there == self.marked(file, text)))
    }

    /// Writes these files, and has Asterisk read them. After a failure, the old files are back. Without `reload`,
    /// Asterisk is told nothing. `progress` gets the outcome of each command.
    ///
    /// # Errors
    ///
    /// A file can't be written. The error says so, and that nothing has changed; or the history can't be written.
    pub fn run(
        &mut self,
        cause: Cause,
        new: &[NewText<'_>],
        reload: Option<&mut Reload>,
        progress: &mut Progress<'_>,
    ) -> Result<Applied, Error> {
        let mut journal = self.journal(cause, new, reload.is_some())?;
        self.history.write_journal(&journal)?;
        self.at(Moment::Begun);
        if let Err(error) = self.write(new) {
            return Err(self.take_back(&journal, error));
        }
        if let Some(reload) = reload {
            journal.stage = Stage::Reloading;
            // Without a record that Asterisk may know the files, a crash would take them away from it.
            if let Err(error) = self.history.write_journal(&journal) {
                return Err(self.take_back(&journal, error));
            }
            self.at(Moment::Telling);
            if let Some(reason) = self.tell(&journal, reload, progress)? {
                return Ok(Applied::RolledBack(reason));
            }
        }
        let generation = self.history.record(cause, new)?;
        self.at(Moment::Recorded);
        self.history.remove_journal()?;
        Ok(Applied::Done(generation))
    }

    fn journal(&self, cause: Cause, new: &[NewText<'_>], reloads: bool) -> Result<Journal, Error> {
        let mut files = BTreeMap::new();
        for NewText { file, text, objects, change } in new {
            let old = self.on_disk(file)?.map(|text| self.history.keep(&text)).transpose()?;
            let new = service::KeptText { objects: *objects, ..self.history.keep(text)? };
            files.insert(file.clone(), JournalFile { old, new, change: change.clone() });
        }
        let previous = self.history.latest_applied()?.map_or(0, |generation| generation.number);
        Ok(Journal { folder: self.folder.clone(), cause, stage: Stage::Writing, reloads, previous, files })
    }

    fn write(&mut self, new: &[NewText<'_>]) -> Result<(), Error> {
        for NewText { file, text, .. } in new {
            self.write_file(file, &self.marked(file, text))?;
            self.at(Moment::Written);
        }
        Ok(())
    }

    pub(crate) fn write_file(&self, file: &Namespace, text: &str) -> Result<(), Error> {
        destination::write_for_owner(&self.path(file), text, self.mode.0).map(|_| ())
    }

    /// Puts the old files back after a failure before Asterisk was told. Returns the error.
    fn take_back(&mut self, journal: &Journal, error: Error) -> Error {
        match self.restore(journal).and_then(|()| self.history.remove_journal()) {
            Ok(()) => error.context("nothing has changed"),
            Err(second) => {
                Error::driver(format!("{}; the old files can't be put back either", error.chain()))
                    .because(second)
            }
        }
    }

    /// Sends the commands. If one fails, the old files come back, and the commands that were sent are sent again. Returns
    /// the reason of the failure then.
    pub(crate) fn tell(
        &mut self,
        journal: &Journal,
        reload: &mut Reload,
        progress: &mut Progress<'_>,
    ) -> Result<Option<String>, Error> {
        let steps = reload.steps(journal.files.keys());
        for (index, step) in steps.iter().enumerate() {
            let outcome = reload.run(step);
            progress(step, &outcome);
            self.at(Moment::Told);
            if let Outcome::Failed(reason) = outcome {
                let files: Vec<String> = step.files.iter().map(ToString::to_string).collect();
                let reason = format!("{}: {reason}", files.join(", "));
                return self.roll_back(journal, &steps[..=index], reload, reason).map(Some);
            }
        }
        Ok(None)
    }

    /// Puts the old files back, and has Asterisk read them. Returns the reason, with what went wrong meanwhile.
    pub(crate) fn roll_back(
        &mut self,
        journal: &Journal,
        sent: &[Step],
        reload: &mut Reload,
        reason: String,
    ) -> Result<String, Error> {
        self.history.write_journal(&Journal { stage: Stage::Restoring, ..journal.clone() })?;
        self.at(Moment::Restoring);
        self.restore(journal)?;
        let mut reasons = vec![reason];
        for step in sent {
            if let Outcome::Failed(again) = reload.run(step) {
                let command = step.command.as_deref().unwrap_or_default();
                reasons.push(format!("Asterisk has not read the old files: {command}: {again}"));
            }
        }
        self.history.remove_journal()?;
        Ok(reasons.join("; "))
    }

    /// Puts the old files back. A file that somebody else has changed since stays as it is.
    pub(crate) fn restore(&self, journal: &Journal) -> Result<(), Error> {
        for (file, JournalFile { old, new, .. }) in &journal.files {
            let there = self.on_disk(file)?;
            // The text of a damaged file of the history is not known, so the file on disk is as good as any.
            let written = self.history.kept(new).map(|text| self.marked(file, &text)).ok();
            if there.is_none() || there != written {
                continue;
            }
            match old {
                Some(old) => self.write_file(file, &self.history.kept(old)?)?,
                None => remove(&self.path(file))?,
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::driver("can't be deleted").because(error).context(format!("file {}", path.display())))
        }
        _ => Ok(()),
    }
}

/// Takes the lock, and writes into its file who has it.
fn lock(mut file: File, limit: Duration, waits: &mut dyn FnMut(&str)) -> Result<File, Error> {
    let failed = |error| Error::driver("the lock of applies can't be taken").because(error);
    let deadline = Instant::now() + limit;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let owner = owner(&mut file);
                if Instant::now() >= deadline {
                    let seconds = limit.as_secs_f64();
                    let message = format!("another apply runs ({owner}) and has not ended after {seconds} s");
                    return Err(Error::driver(message));
                }
                if !told {
                    told = true;
                    waits(&format!("another apply runs ({owner}); waiting for it"));
                }
                thread::sleep(LOCK_INTERVAL);
            }
        }
    }
    let mut write = || -> io::Result<()> {
        file.set_len(0)?;
        file.write_all(format!("{}\n", process::id()).as_bytes())
    };
    write().map_err(failed)?;
    Ok(file)
}

/// Returns who has the lock.
fn owner(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(pid) => format!("process {pid}"),
        None => "a process that has just begun".to_owned(),
    }
}
