//! Which section types and options Asterisk 22 knows in which file, and what it makes of the rest.
//!
//! ```
//! use asterisk_conf::catalogue::{self, Consequence};
//!
//! let file = catalogue::file("pjsip.conf").unwrap();
//! let section = file.section("1000", Some("endpoint")).unwrap();
//! let option = section.option("dtmf_mode").unwrap();
//! assert!(option.accepts("RFC4733").is_ok());
//! assert_eq!(option.accepts("rfc").unwrap_err().consequence, Consequence::ObjectRefused);
//!
//! assert!(section.option("dtmfmode").is_none());
//! assert_eq!(section.unknown_option(), Consequence::ObjectRefused);
//! ```
//!
//! The catalogue says only what somebody measured on Asterisk 22.10.1, asked of its built-in help, or read in the
//! source of its modules. Where it knows nothing it accepts everything, and says [`Consequence::Unknown`].
//!
//! # The data
//!
//! The data is `catalogue/options.txt`, a text of 40 kB, whose first lines describe it. People edit it by hand; a
//! test compares it with the measurement, `tests/data/options.json`. The program holds the text as it stands and
//! parses it when somebody first asks, in about a millisecond. A table of constants would need no parser, but be a
//! larger program: the loader relocates thousands of pointers at every start, and a generator that checks nothing
//! never reads them. JSON is twice as long and needs a parser that this crate has no other use for.

mod data;
mod value;

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

pub use value::{Reason, Rejection, ValueType, boolean, number};

/// The files, as they stand in the data.
///
/// A test parses the same data, so that the default, an empty catalogue, never comes to be.
static FILES: LazyLock<Vec<File>> = LazyLock::new(|| data::parse(data::TEXT).unwrap_or_default());

/// All files of the catalogue.
pub fn files() -> &'static [File] {
    &FILES
}

/// The file of a name, such as `pjsip.conf`, if the catalogue has it.
pub fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

/// A configuration file that a module of Asterisk reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The name in Asterisk's configuration folder.
    pub name: &'static str,
    /// The part of Asterisk that turns the file into objects.
    pub reader: Reader,
    /// The kinds of section that the file can have.
    pub kinds: Vec<Kind>,
    /// How Asterisk compares the value of `type`, where that is known.
    pub type_case: NameCase,
    /// What Asterisk does with a section that is of none of the kinds.
    pub unknown_section: Consequence,
    /// What else there is to know.
    pub note: Option<&'static str>,
}

/// The part of Asterisk that turns a file into objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reader {
    /// The data access layer, in which one bad option costs one object.
    Sorcery,
    /// The configuration options framework, in which one bad option costs the whole file.
    Aco,
    /// Code of the module's own.
    Module,
    /// Nothing in Asterisk as its authors publish it.
    Nothing,
}

/// A kind of section: the options that a module knows there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kind {
    /// The name that the module gives the kind. It need not be the value of `type`.
    pub name: &'static str,
    /// The module that reads the section.
    pub module: &'static str,
    /// How Asterisk recognizes a section of this kind.
    pub selection: Selection,
    /// The one section, by its exact name, that is of this kind without a `type`.
    pub section_without_type: Option<&'static str>,
    /// How Asterisk compares the names of sections of this kind, where they name objects.
    pub names: NameCase,
    /// What Asterisk does when a section has an option that the kind does not know.
    pub unknown_option: Consequence,
    /// Whether Asterisk ignores a section of this kind in this file, since it keeps such objects elsewhere.
    pub not_in_file: bool,
    /// The options that have a name of their own, ordered by name without case.
    options: Vec<OptionInfo>,
    /// The options that have a pattern instead of a name, the ones that are tried first in front.
    patterns: Vec<OptionInfo>,
}

/// How Asterisk recognizes the kind of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// By one of these values of the section's first option `type`.
    Type(Vec<&'static str>),
    /// By the name of the section, without case.
    Name(&'static str),
    /// Every section is of this kind but those with these names, without case. A name that ends in `*` is a
    /// prefix.
    Others(Vec<&'static str>),
    /// No section is: the options stand inside the value of another option.
    Inside,
}

/// How Asterisk compares two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NameCase {
    /// `a` and `A` are two.
    Sensitive,
    /// `a` and `A` are one.
    Insensitive,
    /// Nobody has measured it, or the section names no object.
    #[default]
    Unknown,
}

/// What Asterisk does with something it does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Consequence {
    /// Asterisk ignores it without a message.
    Ignored,
    /// Asterisk takes another value than the one that is written, without a message.
    OtherValue,
    /// Asterisk warns, and uses the rest or a default.
    Warned,
    /// Asterisk ignores the section without a message.
    SectionIgnored,
    /// Asterisk does not make the object. At a reload the former one stays.
    ObjectRefused,
    /// Asterisk refuses the whole file. At a reload all former objects stay; at start the module is not loaded.
    FileRefused,
    /// Asterisk does not start.
    NoStart,
    /// Nobody has measured it.
    #[default]
    Unknown,
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Consequence::Ignored => "Asterisk ignores it without a message",
            Consequence::OtherValue => "Asterisk uses another value without a message",
            Consequence::Warned => "Asterisk logs a warning and uses the rest",
            Consequence::SectionIgnored => "Asterisk ignores the section without a message",
            Consequence::ObjectRefused => "Asterisk does not make the object",
            Consequence::FileRefused => "Asterisk refuses the whole file",
            Consequence::NoStart => "Asterisk does not start",
            Consequence::Unknown => "what Asterisk does then has not been measured",
        })
    }
}

/// An option that a module knows in a kind of section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionInfo {
    /// The name, which Asterisk compares without case. An option whose name is free has a pattern here:
    /// a prefix and `*`, or `[0-9A-D*#]+`.
    pub name: &'static str,
    /// The option that this one is another name of.
    pub alias_of: Option<&'static str>,
    /// What the value can be.
    pub value_type: ValueType,
    /// The value that Asterisk uses where the option is missing. It is a text for people: it can be empty where
    /// the option has no value, and can name another place.
    pub default: Option<&'static str>,
    /// The characters that separate the items of a value that is a list. Asterisk strips the items.
    pub list: Option<&'static str>,
    /// Which value holds when the option is repeated in a section.
    pub repeat: Repeat,
    /// Whether Asterisk makes no object without the option.
    pub required: bool,
    /// Whether Asterisk is known to take no empty value.
    pub nonempty: bool,
    /// Why the option should not be written any more.
    pub deprecated: Option<Deprecation>,
    /// What the value, or each item of it, names.
    pub refers_to: Option<Reference>,
    /// The build of Asterisk that knows the option, where the stock build does not: a compile option such as
    /// `IMAP`, or the name of who patches it.
    pub only_in: Option<&'static str>,
    /// How it is known that the option exists.
    pub source: Source,
    /// What else there is to know.
    pub note: Option<&'static str>,
    /// What Asterisk does with a value that it does not take and does not silently read as another.
    bad_value: Consequence,
    /// Values that should not be written any more, each with the one that replaces it.
    deprecated_values: Vec<(&'static str, &'static str)>,
}

/// Which value holds when an option is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Repeat {
    /// The first one.
    First,
    /// The last one.
    Last,
    /// All of them: each adds to what stands before.
    Adds,
    /// Nobody has measured it.
    #[default]
    Unknown,
}

/// An option that Asterisk still takes, but that has a better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deprecation {
    /// The option to write instead.
    pub replacement: Option<&'static str>,
}

/// What a value names: an object of another section, often of another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The file that defines the object.
    pub file: &'static str,
    /// The kind of section that defines it, as far as it is known.
    pub kind: Option<&'static str>,
}

/// How it is known that an option exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Source {
    /// A running Asterisk lists the option in `config show help`.
    Help,
    /// The source of the module reads it.
    #[default]
    Code,
    /// The documentation of the module lists it. The module was not loaded.
    Documentation,
}

/// A section of which Asterisk makes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// The kinds of the section: one, or two for a `friend` of `iax.conf`, who is a user and a peer.
    kinds: Vec<&'a Kind>,
    /// Whether the section is of its kind by its name where others are by their `type`.
    lacks_type: bool,
}

/// Why Asterisk makes nothing of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unread {
    /// The section has no `type`, and needs one.
    NoType(Consequence),
    /// No module knows the `type`.
    UnknownType(Consequence),
    /// Asterisk keeps objects of this `type` elsewhere.
    NotInFile(Consequence),
    /// The module reads no section of this name.
    UnknownName(Consequence),
}

impl Unread {
    /// What Asterisk does about it.
    pub fn consequence(self) -> Consequence {
        let (Unread::NoType(consequence)
        | Unread::UnknownType(consequence)
        | Unread::NotInFile(consequence)
        | Unread::UnknownName(consequence)) = self;
        consequence
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Unread::NoType(_) => "the section has no type",
            Unread::UnknownType(_) => "Asterisk knows no such type",
            Unread::NotInFile(_) => "Asterisk keeps objects of this type elsewhere",
            Unread::UnknownName(_) => "the module reads no section of this name",
        };
        write!(f, "{reason}; {}", self.consequence())
    }
}

impl std::error::Error for Unread {}

impl File {
    /// The kind of a name: the one that [`Reference::kind`] gives.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Whether Asterisk recognizes some kinds by the option `type`.
    pub fn selects_by_type(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind.selection, Selection::Type(_)))
    }

    /// The kinds of a section, from its name and the value of its first option `type`.
    pub fn section(&self, name: &str, type_value: Option<&str>) -> Result<Section<'_>, Unread> {
        let kinds: Vec<_> = self.kinds.iter().filter(|kind| kind.selection.takes_name(name)).collect();
        if !kinds.is_empty() {
            return Ok(Section { kinds, lacks_type: false });
        }
        if !self.selects_by_type() {
            return Err(Unread::UnknownName(self.unknown_section));
        }
        let Some(value) = type_value else {
            let kind = self.kinds.iter().find(|kind| kind.section_without_type == Some(name));
            return kind
                .map(|kind| Section { kinds: vec![kind], lacks_type: true })
                .ok_or(Unread::NoType(self.unknown_section));
        };
        let kinds: Vec<_> =
            self.kinds.iter().filter(|kind| kind.selection.takes_type(value, self.type_case)).collect();
        if kinds.is_empty() {
            Err(Unread::UnknownType(self.unknown_section))
        } else if kinds.iter().all(|kind| kind.not_in_file) {
            Err(Unread::NotInFile(Consequence::SectionIgnored))
        } else {
            Ok(Section { kinds, lacks_type: false })
        }
    }
}

impl Selection {
    fn takes_name(&self, name: &str) -> bool {
        match self {
            Selection::Name(own) => own.eq_ignore_ascii_case(name),
            Selection::Others(not) => !not.iter().any(|pattern| matches(pattern, name)),
            Selection::Type(_) | Selection::Inside => false,
        }
    }

    fn takes_type(&self, value: &str, case: NameCase) -> bool {
        let Selection::Type(values) = self else { return false };
        values.iter().any(|own| {
            if case == NameCase::Sensitive { *own == value } else { own.eq_ignore_ascii_case(value) }
        })
    }
}

impl Kind {
    /// All options: those with a name, ordered by it, then those with a pattern.
    pub fn options(&self) -> impl Iterator<Item = &OptionInfo> {
        self.options.iter().chain(&self.patterns)
    }

    /// The option of a name, whatever its case.
    pub fn option(&self, name: &str) -> Option<&OptionInfo> {
        match self.options.binary_search_by(|option| compare(option.name, name)) {
            Ok(at) => self.options.get(at),
            Err(_) => self.patterns.iter().find(|option| matches(option.name, name)),
        }
    }

    /// The options without which Asterisk makes no object of this kind.
    pub fn required(&self) -> impl Iterator<Item = &OptionInfo> {
        self.options.iter().filter(|option| option.required)
    }
}

impl<'a> Section<'a> {
    /// The kinds of the section: at least one.
    pub fn kinds(&self) -> &[&'a Kind] {
        &self.kinds
    }

    /// The option of a name, whatever its case.
    pub fn option(&self, name: &str) -> Option<&'a OptionInfo> {
        self.kinds.iter().find_map(|kind| kind.option(name))
    }

    /// What Asterisk does when the section has an option that it does not know.
    pub fn unknown_option(&self) -> Consequence {
        // `[global]` of pjsip.conf without a `type`: measured, and unlike one with its type.
        if self.lacks_type {
            return Consequence::SectionIgnored;
        }
        self.kinds.first().map_or(Consequence::Unknown, |kind| kind.unknown_option)
    }
}

impl OptionInfo {
    /// Whether the name is a pattern that fits many names.
    pub fn is_pattern(&self) -> bool {
        self.name.ends_with('*') || self.name == MENU_KEYS
    }

    /// The value to write instead of one that should not be written any more.
    pub fn replacement_of(&self, value: &str) -> Option<&'static str> {
        self.deprecated_values.iter().find(|(old, _)| old.eq_ignore_ascii_case(value)).map(|(_, new)| *new)
    }
}

/// The pattern for the keys of a telephone.
const MENU_KEYS: &str = "[0-9A-D*#]+";

/// Whether a name fits a pattern of the data.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern == MENU_KEYS {
        return !name.is_empty()
            && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'D' | b'*' | b'#'));
    }
    match pattern.strip_suffix('*') {
        Some(prefix) => name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

/// The order of two names without case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes().map(|b| b.to_ascii_lowercase()).cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}
