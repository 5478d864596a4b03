//! The differences between two sets of files: by object, and not by line.
//!
//! An object is a section of one of Asterisk's files, a mailbox, an extension, or a key of a YAML file. Two objects of one
//! identity, such as type and name, are compared option by option. Order counts only where it counts for Asterisk.

mod dialplan;
mod groups;
mod json;
mod lines;
mod options;
pub(crate) mod plain;
pub(crate) mod secrets;
mod sections;
#[cfg(test)]
mod tests;
mod text;
mod unified;
mod voicemail;
mod yaml;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use driver_api::Namespace;

pub use self::secrets::is_secret;
use self::secrets::{Secret, Secrets};
pub use self::text::Style;
use crate::site::is_configuration;
use crate::{FileSet, GeneratedFile};

/// How [`diff`] compares.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiffOptions {
    /// Whether secrets are shown. Otherwise, `•••` stands for each.
    pub show_secrets: bool,
}

/// The differences between two sets of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// The files that differ, sorted by name.
    pub files: Vec<FileDiff>,
    /// The number of files that mean the same in both sets.
    pub unchanged: usize,
}

/// The differences between two texts of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The file.
    pub file: Namespace,
    /// Remarks without which the differences can't be understood, such as that there was no such file.
    pub notes: Vec<String>,
    /// The objects that differ: added and changed ones in the order of the new text, between removed ones.
    pub objects: Vec<ObjectDiff>,
    /// Whether lines were compared, since the objects of the file are not known or can't be read.
    pub is_by_line: bool,
    /// The number of objects of each kind in the new text.
    pub totals: BTreeMap<Cow<'static, str>, usize>,
}

/// The difference of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectDiff {
    /// The kind in the singular, such as `endpoint`.
    pub kind: Cow<'static, str>,
    /// The context of the dialplan, for what stands in one.
    pub context: Option<String>,
    /// The name.
    pub name: String,
    /// The change of the object.
    pub change: Change,
}

/// The change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the new text has it.
    Added,
    /// Only the old text has it.
    Removed,
    /// Both have it, with these differences.
    Changed(Vec<OptionChange>),
}

/// The difference of one option of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionChange {
    /// The name of the option. It is empty if the object is itself a value.
    pub option: String,
    /// The values that only the old object has.
    pub old: Vec<String>,
    /// The values that only the new object has.
    pub new: Vec<String>,
    /// The number of values that both have, in other places.
    pub moved: usize,
}

/// Compares two sets of files.
///
/// A file that is missing in one set counts as empty there, and has a note. Files of equal meaning are only counted: their
/// sections may stand in another order.
///
/// ```
/// use review::{DiffOptions, FileSet, Style};
///
/// let set = |text| FileSet::from_texts([("asterisk/pjsip.conf", text)]).unwrap();
/// let old = set("[a]\ntype = aor\nmax_contacts = 1\n[a]\ntype = auth\npassword = x\n");
/// let new = set("[a]\ntype = auth\npassword = y\n[a]\ntype = aor\nmax_contacts = 2\n");
/// let diff = review::diff(&old, &new, DiffOptions::default());
/// assert_eq!(
///     diff.text(Style::default()),
///     "asterisk/pjsip.conf   ~2 objects\n  ~ auth a: password ••• → •••\n  ~ aor a: max_contacts 1 → 2\n0 files unchanged\n"
/// );
/// ```
pub fn diff(old: &FileSet, new: &FileSet, options: DiffOptions) -> Diff {
    let mut diff = Diff::default();
    for name in names(old, new) {
        diff.add(name, old.get(name), new.get(name), options);
    }
    diff
}

/// Returns the difference between two texts of a file in a few words: `+3 endpoints, ~1 aor`. It shows no value. Without an
/// old text, there was no file.
///
/// ```
/// let file = "asterisk/queues.conf".parse().unwrap();
/// assert_eq!(review::summary(&file, Some("[a]\n"), "[a]\n[b]\n"), "+1 queue (of 2)");
/// assert_eq!(review::summary(&file, Some("[a]\n"), "; b\n[a]\n"), "the same objects");
/// ```
pub fn summary(file: &Namespace, old: Option<&str>, new: &str) -> String {
    let (old, new) = (old.map(GeneratedFile::new), GeneratedFile::new(new));
    let difference = compare(file, old.as_ref(), Some(&new), DiffOptions::default());
    difference.map_or_else(|| "the same objects".to_owned(), |difference| difference.summary())
}

/// Returns the names of the files of both sets.
fn names<'s>(old: &'s FileSet, new: &'s FileSet) -> BTreeSet<&'s Namespace> {
    old.iter().chain(new.iter()).map(|(name, _)| name).collect()
}

/// Returns the differences line by line, as a unified diff. The text is empty if all bytes are equal.
pub fn unified(old: &FileSet, new: &FileSet, options: DiffOptions, style: Style) -> String {
    let text = |name| unified_file(name, old.get(name), new.get(name), options, style);
    names(old, new).into_iter().map(text).collect()
}

/// Does the same for one file.
pub fn unified_file(
    name: &Namespace,
    old: Option<&GeneratedFile>,
    new: Option<&GeneratedFile>,
    options: DiffOptions,
    style: Style,
) -> String {
    unified::text(name, (old, new), options, style)
}

impl Diff {
    /// Adds the difference of a file, which is in its place by the name. Of a large site, a program that holds one file at
    /// a time needs much less memory than one that holds [all](diff).
    pub fn add(
        &mut self,
        name: &Namespace,
        old: Option<&GeneratedFile>,
        new: Option<&GeneratedFile>,
        options: DiffOptions,
    ) {
        match compare(name, old, new, options) {
            Some(file) => {
                let place = self.files.partition_point(|other| other.file < file.file);
                self.files.insert(place, file);
            }
            None => self.unchanged += 1,
        }
    }

    /// Returns whether there is no difference.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// A text, without its origins, of a file that is missing.
static NOTHING: LazyLock<GeneratedFile> = LazyLock::new(GeneratedFile::default);

/// Compares two texts of a file. Returns `None` if there is no difference.
fn compare(
    name: &Namespace,
    old: Option<&GeneratedFile>,
    new: Option<&GeneratedFile>,
    options: DiffOptions,
) -> Option<FileDiff> {
    let note = match (old, new) {
        (None, _) => Some("there is no old file, which counts as empty"),
        (_, None) => Some("there is no new file, which counts as empty"),
        _ => None,
    };
    let (old, new) = (old.unwrap_or(&NOTHING), new.unwrap_or(&NOTHING));
    if old.text == new.text {
        return None;
    }
    let mut found = FileDiff {
        file: name.clone(),
        notes: note.map(str::to_owned).into_iter().collect(),
        objects: Vec::new(),
        is_by_line: false,
        totals: BTreeMap::new(),
    };
    let secrets = Secrets::new(name, new, options.show_secrets);
    if let Err(Unread { reason }) = by_object(name, &old.text, &new.text, &secrets, &mut found) {
        // It may quote the text.
        found.notes.extend(reason.map(|reason| secrets.shown(reason, Secret::InText)));
        found.is_by_line = true;
        lines::compare(old, new, &secrets, &mut found);
    }
    (!found.objects.is_empty()).then_some(found)
}

/// A text can't be compared by object.
struct Unread {
    /// The reason, unless the file has no objects at all.
    reason: Option<String>,
}

impl From<String> for Unread {
    fn from(reason: String) -> Unread {
        Unread { reason: Some(reason) }
    }
}

/// Compares two texts by object.
fn by_object(
    name: &Namespace,
    old: &[u8],
    new: &[u8],
    secrets: &Secrets<'_>,
    found: &mut FileDiff,
) -> Result<(), Unread> {
    let text = |which: &str, bytes| {
        std::str::from_utf8(bytes)
            .map_err(|_| format!("the {which} text is not UTF-8, so lines are compared"))
    };
    let (old, new) = (text("old", old)?, text("new", new)?);
    match name.filename() {
        _ if is_yaml(name) => yaml::compare(old, new, secrets, found)?,
        _ if !is_configuration(name) => return Err(Unread { reason: None }),
        "extensions.conf" => dialplan::compare(old, new, secrets, found)?,
        "voicemail.conf" => voicemail::compare(old, new, secrets, found)?,
        filename => sections::compare(filename, old, new, secrets, found)?,
    }
    Ok(())
}

/// Returns whether a file is YAML, by its name.
pub(crate) fn is_yaml(name: &Namespace) -> bool {
    name.filename().rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yml" | "yaml"))
}

impl FileDiff {
    /// Counts objects of the new text.
    fn count(&mut self, kind: impl Into<Cow<'static, str>>, count: usize) {
        if count > 0 {
            *self.totals.entry(kind.into()).or_default() += count;
        }
    }

    /// Adds the difference of an object that is in no context.
    fn add(&mut self, kind: impl Into<Cow<'static, str>>, name: impl Into<String>, change: Change) {
        self.add_in(None, kind, name, change);
    }

    /// Adds the difference of an object. A change of nothing is none.
    fn add_in(
        &mut self,
        context: Option<&str>,
        kind: impl Into<Cow<'static, str>>,
        name: impl Into<String>,
        change: Change,
    ) {
        if change == Change::Changed(Vec::new()) {
            return;
        }
        let context = context.map(str::to_owned);
        self.objects.push(ObjectDiff { kind: kind.into(), context, name: name.into(), change });
    }
}
