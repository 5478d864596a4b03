//! The section types and options that Asterisk 22 knows in each file, and how it treats others.
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
//! The facts were measured on Asterisk 22.10.1, or come from its built-in help or the source of its modules. Where the
//! catalogue knows nothing, it accepts everything and returns [`Consequence::Unknown`].
//!
//! # The data
//!
//! The data is `catalogue/options.txt`, a text of 40 kB, whose first lines describe its format. It is edited by hand; a
//! test compares it with the measurement, `tests/data/options.json`. The program contains the text and parses it at
//! first use, in about a millisecond. A table of constants would need no parser, but thousands of pointers that the
//! loader relocates at every start, also of a program that never uses them.
//!
//! `applications.txt` and `functions.txt` are lists of names, written down from Asterisk's documentation.

mod data;
mod names;
mod value;

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

pub use names::{Names, applications, functions};
pub use value::{Reason, Rejection, ValueType, boolean, number};

/// The parsed data. A test parses the same text, so the default, an empty catalogue, never occurs.
static FILES: LazyLock<Vec<File>> = LazyLock::new(|| data::parse(data::TEXT).unwrap_or_default());

/// Returns all files of the catalogue.
pub fn files() -> &'static [File] {
    &FILES
}

/// Returns the file of this name, such as `pjsip.conf`, if the catalogue has it.
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
    /// The reaction of Asterisk to a section of no known kind.
    pub unknown_section: Consequence,
    /// A remark.
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
    /// Nothing in the stock Asterisk.
    Nothing,
}

/// A kind of section, with the options that its module knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kind {
    /// The module's name of the kind. It may differ from the value of `type`.
    pub name: &'static str,
    /// The module that reads the section.
    pub module: &'static str,
    /// How Asterisk recognizes a section of this kind.
    pub selection: Selection,
    /// The exact name of the section that is of this kind without a `type`, if there is one.
    pub section_without_type: Option<&'static str>,
    /// How Asterisk compares the names of sections of this kind, where they name objects.
    pub names: NameCase,
    /// The reaction of Asterisk to an option that the kind does not know.
    pub unknown_option: Consequence,
    /// Whether Asterisk ignores a section of this kind in this file, because it stores such objects elsewhere.
    pub not_in_file: bool,
    /// The options with a name, in the order of [`compare`].
    options: Vec<OptionInfo>,
    /// The options with a pattern instead of a name, in the order in which they are tried.
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
    /// Every section is of this kind, except those with these names, without case. A name that ends in `*` is a prefix.
    Others(Vec<&'static str>),
    /// No section is of this kind: the options are inside the value of another option.
    Inside,
}

/// How Asterisk compares two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NameCase {
    /// `a` and `A` are two names.
    Sensitive,
    /// `a` and `A` are one name.
    Insensitive,
    /// It was not measured, or the section names no object.
    #[default]
    Unknown,
}

/// The reaction of Asterisk to a section, option or value that it does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Consequence {
    /// Asterisk ignores it without a message.
    Ignored,
    /// Asterisk uses another value than the file has, without a message.
    OtherValue,
    /// Asterisk logs a warning, and uses the rest or a default.
    Warned,
    /// Asterisk ignores the section without a message.
    SectionIgnored,
    /// Asterisk does not create the object. At a reload, it keeps the previous one.
    ObjectRefused,
    /// Asterisk refuses the whole file. At a reload, it keeps all previous objects; at start, it does not load the module.
    FileRefused,
    /// Asterisk does not start.
    NoStart,
    /// It was not measured.
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
    /// The name, which Asterisk compares without case, or a pattern: a prefix and `*`, or `[0-9A-D*#]+`.
    pub name: &'static str,
    /// The option of which this one is an alias.
    pub alias_of: Option<&'static str>,
    /// The type of the value.
    pub value_type: ValueType,
    /// The value that Asterisk uses if the option is missing, as a text for people. It is empty if the option has no
    /// value then, and may refer to another option.
    pub default: Option<&'static str>,
    /// The characters that separate the items of a value that is a list. Asterisk strips the items.
    pub list: Option<&'static str>,
    /// Which value Asterisk uses if a section repeats the option.
    pub repeat: Repeat,
    /// Whether Asterisk creates no object without the option.
    pub required: bool,
    /// Whether Asterisk is known to refuse an empty value.
    pub nonempty: bool,
    /// The replacement, if the option is deprecated.
    pub deprecated: Option<Deprecation>,
    /// The object that the value, or each item of it, names.
    pub refers_to: Option<Reference>,
    /// The build of Asterisk that knows the option, if the stock build does not: a compile option such as `IMAP`, or the
    /// name of the patched distribution.
    pub only_in: Option<&'static str>,
    /// The source of the fact that the option exists.
    pub source: Source,
    /// A remark.
    pub note: Option<&'static str>,
    /// The reaction of Asterisk to a value that it refuses.
    bad_value: Consequence,
    /// Deprecated values, each with its replacement.
    deprecated_values: Vec<(&'static str, &'static str)>,
}

/// Which value Asterisk uses if an option is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Repeat {
    /// The first one.
    First,
    /// The last one.
    Last,
    /// All: each adds to the previous ones.
    Adds,
    /// It was not measured.
    #[default]
    Unknown,
}

/// The deprecation of an option, which Asterisk still accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deprecation {
    /// The option to use instead.
    pub replacement: Option<&'static str>,
}

/// The kind of object that a value names: an object of another section, often of another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The file that defines the object.
    pub file: &'static str,
    /// The kind of section that defines it, if known.
    pub kind: Option<&'static str>,
}

/// The source of the fact that an option exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Source {
    /// A running Asterisk lists the option in `config show help`.
    Help,
    /// The source code of the module reads it.
    #[default]
    Code,
    /// The documentation of the module lists it. The module was not loaded for the measurement.
    Documentation,
}

/// A section that Asterisk reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// The kinds of the section: one, or two for a `friend` of `iax.conf`, which is a user and a peer.
    kinds: Vec<&'a Kind>,
    /// Whether its name selects the kind, where the `type` selects the kind of other sections.
    lacks_type: bool,
}

/// The reason why Asterisk does not read a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unread {
    /// The section has no `type`, but needs one.
    NoType(Consequence),
    /// No module knows the `type`.
    UnknownType(Consequence),
    /// Asterisk stores objects of this `type` elsewhere.
    NotInFile(Consequence),
    /// The module reads no section of this name.
    UnknownName(Consequence),
}

impl Unread {
    /// Returns what Asterisk does with the section.
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
        match self.consequence() {
            Consequence::Warned => write!(f, "{reason}; Asterisk logs a warning and ignores the section"),
            consequence => write!(f, "{reason}; {consequence}"),
        }
    }
}

impl std::error::Error for Unread {}

impl File {
    /// Returns the kind of this name, such as [`Reference::kind`].
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Returns whether Asterisk recognizes some kinds by the option `type`.
    pub fn selects_by_type(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind.selection, Selection::Type(_)))
    }

    /// Finds the kinds of a section by its name and the value of its first option `type`.
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
    /// Returns all options: those with a name, ordered by name, then those with a pattern.
    pub fn options(&self) -> impl Iterator<Item = &OptionInfo> {
        self.options.iter().chain(&self.patterns)
    }

    /// Finds an option by its name, without regard to case.
    pub fn option(&self, name: &str) -> Option<&OptionInfo> {
        match self.options.binary_search_by(|option| compare(option.name, name)) {
            Ok(at) => self.options.get(at),
            Err(_) => self.patterns.iter().find(|option| matches(option.name, name)),
        }
    }

    /// Returns the options without which Asterisk creates no object of this kind.
    pub fn required(&self) -> impl Iterator<Item = &OptionInfo> {
        self.options.iter().filter(|option| option.required)
    }
}

impl<'a> Section<'a> {
    /// Returns the kinds of the section, at least one.
    pub fn kinds(&self) -> &[&'a Kind] {
        &self.kinds
    }

    /// Finds an option by its name, without regard to case.
    pub fn option(&self, name: &str) -> Option<&'a OptionInfo> {
        self.kinds.iter().find_map(|kind| kind.option(name))
    }

    /// Returns what Asterisk does if the section has an option that it does not know.
    pub fn unknown_option(&self) -> Consequence {
        // Measured for `[global]` of pjsip.conf. With a `type`, the section behaves as others do.
        if self.lacks_type {
            return Consequence::SectionIgnored;
        }
        self.kinds.first().map_or(Consequence::Unknown, |kind| kind.unknown_option)
    }
}

impl OptionInfo {
    /// Returns whether the name is a pattern that matches many names.
    pub fn is_pattern(&self) -> bool {
        self.name.ends_with('*') || self.name == MENU_KEYS
    }

    /// Returns whether Asterisk takes every value unchanged, as far as is known, and nothing is deprecated.
    pub fn accepts_all(&self) -> bool {
        !self.nonempty
            && self.value_type.accepts_all()
            && self.deprecated.is_none()
            && self.deprecated_values.is_empty()
    }

    /// Returns the replacement of a deprecated value.
    pub fn replacement_of(&self, value: &str) -> Option<&'static str> {
        self.deprecated_values.iter().find(|(old, _)| old.eq_ignore_ascii_case(value)).map(|(_, new)| *new)
    }
}

/// The pattern of the keys of a telephone.
const MENU_KEYS: &str = "[0-9A-D*#]+";

/// Whether a name matches a pattern of the data.
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

/// Compares two names without case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes().map(|b| b.to_ascii_lowercase()).cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}
