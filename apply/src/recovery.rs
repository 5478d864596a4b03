//! Completes an apply that was interrupted, or takes it back.

use driver_api::{Error, Namespace};
use service::{Journal, NewText, Stage};

use crate::reload::Reload;
use crate::run::{Apply, Progress};

/// The end of an apply that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Asterisk had not been told yet. The old files are back.
    TakenBack(Vec<Namespace>),
    /// Asterisk may have read some files. Now it has read all, and the generation has this number.
    Completed(u64),
    /// Asterisk could not read the files, for the reason that this text says. The old ones are back.
    RolledBack(String),
}

impl Apply {
    /// Ends an apply that a crash interrupted. If Asterisk had not been told yet, the old files come back; otherwise the
    /// generation is completed. Returns none if there is nothing to do.
    ///
    /// # Errors
    ///
    /// A file can't be written, or the apply was into another folder. The journal stays, for the next time.
    pub fn recover(
        &mut self,
        reload: &mut Reload,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Recovered>, Error> {
        let Some(journal) = self.history.journal()? else { return Ok(None) };
        // The journal belongs to the user of the service, who must not have root write anywhere else.
        if journal.folder != self.folder {
            let folder = journal.folder.display();
            let message =
                format!("an apply into {folder} was interrupted: end it by confgend apply --out {folder}");
            return Err(Error::driver(message));
        }
        self.end(&journal, reload, progress).map(Some)
    }

    fn end(
        &mut self,
        journal: &Journal,
        reload: &mut Reload,
        progress: &mut Progress<'_>,
    ) -> Result<Recovered, Error> {
        match journal.stage {
            Stage::Writing => {
                self.restore(journal)?;
                self.history.remove_journal()?;
                Ok(Recovered::TakenBack(journal.files.keys().cloned().collect()))
            }
            Stage::Reloading => self.complete(journal, reload, progress),
            Stage::Restoring => {
                let steps = reload.steps(journal.files.keys());
                let reason = "the rollback was interrupted".to_owned();
                self.roll_back(journal, &steps, reload, reason).map(Recovered::RolledBack)
            }
        }
    }

    /// Has Asterisk read all files, and records the generation.
    fn complete(
        &mut self,
        journal: &Journal,
        reload: &mut Reload,
        progress: &mut Progress<'_>,
    ) -> Result<Recovered, Error> {
        if let Some(recorded) =
            self.history.latest_applied()?.filter(|latest| latest.number > journal.previous)
        {
            // It was interrupted behind the last step.
            self.history.remove_journal()?;
            return Ok(Recovered::Completed(recorded.number));
        }
        let mut texts = Vec::new();
        for (file, it) in &journal.files {
            texts.push((file, self.history.kept(&it.new)?, it));
        }
        for (file, text, _) in &texts {
            if !self.is_written(file, text)? {
                self.write_file(file, &self.marked(file, text))?;
            }
        }
        if let Some(reason) = self.tell(journal, reload, progress)? {
            return Ok(Recovered::RolledBack(reason));
        }
        let new: Vec<NewText<'_>> = texts
            .iter()
            .map(|(file, text, it)| NewText {
                file: (*file).clone(),
                text,
                objects: it.new.objects,
                change: it.change.clone(),
            })
            .collect();
        let generation = self.history.record(journal.cause, &new)?;
        self.history.remove_journal()?;
        Ok(Recovered::Completed(generation.number))
    }
}

impl Recovered {
    /// Returns what happened, in a sentence.
    pub fn text(&self) -> String {
        match self {
            Recovered::TakenBack(files) => {
                format!(
                    "an apply was interrupted before Asterisk was told: {} files are as before",
                    files.len()
                )
            }
            Recovered::Completed(number) => {
                format!("an apply was interrupted: generation {number} is complete now")
            }
            Recovered::RolledBack(reason) => {
                format!("an apply was interrupted, and is rolled back: {reason}")
            }
        }
    }
}
