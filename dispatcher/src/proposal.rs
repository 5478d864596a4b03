//! A proposal: the files that an apply would write, with what they change and what Asterisk would refuse.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use apply::{Apply, ApplySettings, Recovered, Reload, ReloadSettings};
use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Exported, Namespace, Rows, Snapshot, Value};
use drivers::{Outcome, Registry, Report, generate};
use review::{FileSet, Finding, GeneratedFile, Rules, Severity};
use service::{FileChange, NewText, Storage};

use crate::file_set::is_of_older_schema;
use crate::{config, folder};

/// The new files, all of one snapshot.
pub(crate) struct Proposal {
    /// The files that differ from those in the folder, sorted by name.
    pub(crate) changed: Vec<Proposed>,
    /// The number of files that are as they are in the folder.
    pub(crate) unchanged: usize,
    /// The errors for which Asterisk would refuse a file or drop an object, and that the files in the folder do not have.
    pub(crate) errors: Vec<Finding>,
    /// The words of the queries of each generated file, among which are the tables that it reads; none for a file that
    /// another program made.
    pub(crate) words: BTreeMap<Namespace, BTreeSet<String>>,
    /// The files that are not generated because they are pinned, each with the generation and the end of the pin.
    pub(crate) pinned: BTreeMap<Namespace, String>,
}

/// A file that an apply would write.
pub(crate) struct Proposed {
    pub(crate) file: Namespace,
    pub(crate) text: String,
    pub(crate) change: FileChange,
}

/// A generated text.
struct Text {
    file: Namespace,
    text: String,
    warnings: Vec<String>,
    elapsed: Option<Duration>,
}

/// The drivers of a configuration, for a proposal.
pub(crate) struct Proposer<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) config: &'a Config,
    /// Whether files that can't be generated are left out. Otherwise, one of them prevents the proposal.
    pub(crate) is_forced: bool,
}

impl Proposer<'_> {
    /// Generates the files, compares them with those in the folder, and checks them. `report` gets warnings and errors.
    ///
    /// # Errors
    ///
    /// A file can't be generated, or one in the folder can't be read.
    pub(crate) fn propose(
        &self,
        apply: &Apply,
        namespaces: &[Namespace],
        snapshot: &mut dyn Snapshot,
        mut report: Report<'_>,
    ) -> Result<Proposal, Error> {
        let (mut texts, mut words, mut pinned) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for file in namespaces {
            if let Some(text) = self.pinned(apply, file)? {
                report.warn(file, &text.warnings);
                pinned.insert(file.clone(), text.warnings.join("; "));
                texts.push(text);
            }
        }
        let generated: Vec<Namespace> =
            namespaces.iter().filter(|file| !pinned.contains_key(file)).cloned().collect();
        let make = |file: &Namespace, snapshot: &mut dyn Snapshot| {
            let mut recording = Recording { snapshot, words: BTreeSet::new(), is_exported: false };
            let outcome = generate::file(self.registry, self.config, file, &mut recording);
            (outcome, (!recording.is_exported).then_some(recording.words))
        };
        generate::each(&generated, snapshot, &make, &mut |file, (outcome, read)| {
            texts.extend(self.generated(file, outcome, &mut report));
            words.extend(read.map(|read| (file.clone(), read)));
        });
        texts.sort_by(|one, other| one.file.cmp(&other.file));
        if !report.finish() && !self.is_forced {
            return Err(Error::driver("a file could not be generated, so nothing is written"));
        }
        let written = texts.iter().map(|text| apply.is_written(&text.file, &text.text));
        let written: Vec<bool> = written.collect::<Result<_, _>>()?;
        let unchanged = written.iter().filter(|is_written| **is_written).count();
        // The same files have the same errors.
        let errors = if unchanged == texts.len() { Vec::new() } else { self.new_errors(apply, &texts)? };
        let changed = texts.into_iter().zip(written).filter(|(_, is_written)| !is_written);
        let changed = changed.map(|(text, _)| text.proposed(apply)).collect::<Result<_, _>>()?;
        Ok(Proposal { changed, unchanged, errors, words, pinned })
    }

    /// Returns the text of a pinned file, as it was in the generation that it is pinned to.
    fn pinned(&self, apply: &Apply, file: &Namespace) -> Result<Option<Text>, Error> {
        let Some(pin) = service::pinned(&Storage::read(self.config)?, file)? else { return Ok(None) };
        let history = apply.history();
        let text =
            history.generation(pin.generation).and_then(|generation| history.text(&generation, file))?;
        let warnings = vec![format!("pinned to generation {}, {}", pin.generation, pin.end())];
        Ok(Some(Text { file: file.clone(), text, warnings, elapsed: None }))
    }

    /// Reports a file, and returns its text. One that the database has no tables for, or that can't be generated, has
    /// none.
    fn generated(&self, file: &Namespace, outcome: Outcome, report: &mut Report<'_>) -> Option<Text> {
        if report.skips() && is_of_older_schema(self.registry, file, &outcome) {
            return None;
        }
        report.end(file, &outcome);
        let warnings = outcome.warnings.iter().map(ToString::to_string).collect();
        let elapsed = Some(outcome.elapsed);
        outcome.result.ok().map(|text| Text { file: file.clone(), text, warnings, elapsed })
    }

    /// Returns the errors of the new files that the files before do not have. These are the files in the folder, or else the
    /// service's last good copies, which Asterisk has read so far.
    fn new_errors(&self, apply: &Apply, texts: &[Text]) -> Result<Vec<Finding>, Error> {
        let rules = config::check_rules(self.config)?;
        let new = texts.iter().map(|text| (text.file.clone(), GeneratedFile::new(text.text.as_str())));
        let mut errors = errors(&new.collect(), &rules);
        if errors.is_empty() {
            return Ok(errors);
        }
        let storage = Storage::read(self.config)?;
        let mut before = FileSet::default();
        for Text { file, .. } in texts {
            let there = apply.current(file)?.map(GeneratedFile::new);
            let copy = || folder::present(&storage.cache, file).ok().flatten();
            if let Some(text) = there.or_else(copy) {
                before.insert(file.clone(), text);
            }
        }
        let known: HashSet<String> = self::errors(&before, &rules).iter().map(Finding::identity).collect();
        errors.retain(|finding| !known.contains(&finding.identity()));
        Ok(errors)
    }
}

fn errors(set: &FileSet, rules: &Rules) -> Vec<Finding> {
    let mut findings = review::check(set, None, rules).findings;
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

impl Text {
    fn proposed(self, apply: &Apply) -> Result<Proposed, Error> {
        let Text { file, text, warnings, elapsed } = self;
        let summary = review::summary(&file, apply.current(&file)?.as_deref(), &text);
        Ok(Proposed { change: FileChange::new(summary, &warnings, elapsed), file, text })
    }
}

impl Proposed {
    pub(crate) fn new_text(&self) -> NewText<'_> {
        let Proposed { file, text, change } = self;
        NewText {
            file: file.clone(),
            text,
            objects: review::count_objects(file, text),
            change: change.clone(),
        }
    }
}

/// Begins the one apply that runs at a time on a machine, and ends one that was interrupted. `waits` is told who runs, if
/// it has to wait.
pub(crate) fn begin(
    config: &Config,
    settings: &ApplySettings,
    waits: &mut dyn FnMut(&str),
) -> Result<(Apply, Reload, Option<Recovered>), Error> {
    let mut reload = Reload::new(ReloadSettings::read(config)?);
    let mode = Storage::read(config)?.cache_mode;
    let mut apply = Apply::begin(settings, mode, config::history(config)?, waits)?;
    let recovered = apply.recover(&mut reload, &mut |_, _| {})?;
    Ok((apply, reload, recovered))
}

/// A snapshot that remembers the words of the queries.
struct Recording<'s> {
    snapshot: &'s mut dyn Snapshot,
    words: BTreeSet<String>,
    /// Whether another program may have read any table.
    is_exported: bool,
}

impl Snapshot for Recording<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        self.words.extend(words.map(str::to_owned));
        self.snapshot.run(sql, params, rows)
    }

    fn export(&mut self) -> Result<Option<Exported>, Error> {
        self.is_exported = true;
        self.snapshot.export()
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, Error> {
        self.snapshot.has_column(table, column)
    }

    fn unique_keys(&mut self, table: &str) -> Result<Vec<Vec<String>>, Error> {
        self.snapshot.unique_keys(table)
    }
}
