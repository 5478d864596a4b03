//! The dialplan, as Asterisk's `pbx_config` makes it of `extensions.conf`.
//!
//! ```text
//! [internal]                               a context
//! include => features,09:00-18:00,*,*,*    another context that it searches after its own extensions
//! exten => 1000,1,Answer()                 an extension with its first priority
//! same => n(go),Goto(1001,1)               its second one, with a label
//! exten => 1000,hint,PJSIP/a&PJSIP/b       the devices that tell its state
//! ```
//!
//! All texts are borrowed from the document. A line that Asterisk skips or reads in another way than it seems is a
//! [`Problem`].

mod arguments;
mod build;
mod line;
mod lookup;
mod name;
mod pattern;
mod variables;

use std::collections::HashMap;

use asterisk_conf::{Document, Location};
use bstr::{BStr, ByteSlice};

pub(crate) use arguments::{
    Jump, branches, call_in, has_variable, local_channel, open_variable, split, unquoted,
};
pub(crate) use line::{Name, leading_number};
pub(crate) use lookup::{Absent, Elsewhere, Lookup, Target};
pub(crate) use name::Key;
pub(crate) use pattern::{Fault, fault, is_pattern, numbers};
pub(crate) use variables::{assignments, bare_operands, expressions, function_set, functions_read};

/// The contexts of `extensions.conf`.
#[derive(Debug, Default)]
pub(crate) struct Dialplan<'d> {
    /// The contexts in the order in which they are first opened.
    pub(crate) contexts: Vec<Context<'d>>,
    by_name: HashMap<&'d BStr, usize>,
    /// The priorities with labels, and their lines.
    labels: HashMap<(Owner, &'d BStr), (i32, Location)>,
    /// The lines that Asterisk skips, in their order.
    pub(crate) problems: Vec<Problem<'d>>,
}

/// The indexes of a context and of its extension.
type Owner = (usize, usize);

/// A context: all sections of one name.
#[derive(Debug)]
pub(crate) struct Context<'d> {
    /// The name, which Asterisk compares with case.
    pub(crate) name: &'d BStr,
    /// The line of its first section.
    pub(crate) location: Location,
    /// The extensions in the order of their first lines.
    pub(crate) extensions: Vec<Extension<'d>>,
    extensions_by_key: HashMap<Key<'d>, usize>,
    /// The indexes of the extensions that a lookup does not find by key: patterns, and those for one caller.
    scanned: Vec<usize>,
    /// The hints in the order of their lines.
    pub(crate) hints: Vec<Hint<'d>>,
    hints_by_key: HashMap<Key<'d>, usize>,
    /// The indexes of the hints that a lookup does not find by key: patterns, and those for one caller.
    scanned_hints: Vec<usize>,
    /// The included contexts in the order in which Asterisk searches them.
    pub(crate) includes: Vec<Include<'d>>,
    /// The values of `ignorepat`, `switch`, `lswitch`, `eswitch` and `autohints`, in order.
    pub(crate) settings: Vec<Setting<'d>>,
    /// Whether a name of an extension or of an included context has a variable, which Asterisk replaces when it reads
    /// the file.
    pub(crate) has_variables: bool,
}

/// An extension that can be called.
#[derive(Debug)]
pub(crate) struct Extension<'d> {
    /// The name in its first line.
    pub(crate) name: Name<'d>,
    /// Its first line.
    pub(crate) location: Location,
    /// Its priorities, sorted by number.
    pub(crate) priorities: Vec<Priority<'d>>,
}

/// One step of an extension.
#[derive(Debug)]
pub(crate) struct Priority<'d> {
    pub(crate) number: i32,
    pub(crate) label: Option<&'d BStr>,
    pub(crate) application: &'d BStr,
    /// The text between the parentheses of the application.
    pub(crate) arguments: &'d BStr,
    pub(crate) location: Location,
}

/// The devices that tell the state of an extension.
#[derive(Debug)]
pub(crate) struct Hint<'d> {
    pub(crate) name: Name<'d>,
    /// The devices, joined by `&`.
    pub(crate) devices: &'d BStr,
    /// The provider of presence, behind a comma.
    pub(crate) presence: Option<&'d BStr>,
    pub(crate) location: Location,
}

/// A context that another one includes.
#[derive(Debug)]
pub(crate) struct Include<'d> {
    pub(crate) context: &'d BStr,
    /// The times in which it is included, behind a comma.
    pub(crate) times: Option<&'d BStr>,
    pub(crate) location: Location,
}

/// Another option of a context.
#[derive(Debug)]
pub(crate) struct Setting<'d> {
    pub(crate) kind: SettingKind,
    pub(crate) value: &'d BStr,
    pub(crate) location: Location,
}

/// The kind of a [`Setting`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingKind {
    /// `ignorepat`: the digits behind which the dial tone continues.
    IgnorePattern,
    /// `switch`, `lswitch` or `eswitch`: extensions from elsewhere.
    Switch,
    /// `autohints`: hints are made for devices as they appear.
    AutoHints,
}

impl SettingKind {
    /// Returns the kind of a key, which Asterisk compares without case.
    fn of(key: &BStr) -> Option<SettingKind> {
        let table = [
            ("ignorepat", SettingKind::IgnorePattern),
            ("switch", SettingKind::Switch),
            ("lswitch", SettingKind::Switch),
            ("eswitch", SettingKind::Switch),
            ("autohints", SettingKind::AutoHints),
        ];
        table.into_iter().find(|(name, _)| key.eq_ignore_ascii_case(name.as_bytes())).map(|(_, kind)| kind)
    }
}

/// A line that Asterisk skips, or reads in another way than it seems.
#[derive(Debug)]
pub(crate) struct Problem<'d> {
    pub(crate) context: &'d BStr,
    /// The extension, if the line has one.
    pub(crate) extension: Option<Name<'d>>,
    pub(crate) location: Location,
    pub(crate) kind: ProblemKind<'d>,
}

/// The kind of a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind<'d> {
    /// The context has no option of this name. Asterisk skips the line.
    UnknownKey(&'d BStr),
    /// A `same` before the first `exten` of its section. Asterisk skips the line.
    SameFirst,
    /// A `[` in the name of an extension without its `]`: the commas behind it are part of the name. Asterisk skips the
    /// line.
    OpenName,
    /// The extension is not followed by a priority. Asterisk skips the line.
    NoPriority,
    /// A priority that is less than 1. Asterisk skips the line.
    BadPriority(&'d BStr),
    /// A priority that is neither a number nor a label of this extension. Asterisk skips the line.
    UnknownLabel(&'d BStr),
    /// `n` or `s` in the first line of a section. Asterisk skips the line.
    RelativeFirst(&'d BStr),
    /// `n` behind a hint. Asterisk skips the line without a message.
    NextBehindHint,
    /// A label without its closing parenthesis. Asterisk skips the line.
    OpenLabel,
    /// The application has no closing parenthesis. Asterisk takes the rest of the line for its arguments.
    OpenParenthesis(&'d BStr),
    /// Text behind the last parenthesis, which is lost.
    TextBehind(&'d BStr),
    /// A hint that is cut at a parenthesis.
    CutHint(&'d BStr),
    /// The extension has this priority already, in the given line. Asterisk skips the line.
    PriorityTwice(i32, Location),
    /// The extension has this label already, in the given line. Asterisk drops the label.
    LabelTwice(&'d BStr, Location),
    /// The extension has a hint already, in the given line. Asterisk skips the line.
    HintTwice(Location),
    /// The context is included already, in the given line. Asterisk skips the line.
    IncludeTwice(&'d BStr, Location),
}

impl<'d> Dialplan<'d> {
    /// Reads the dialplan of a document.
    pub(crate) fn read(document: &'d Document) -> Dialplan<'d> {
        build::read(document)
    }

    /// Returns the context of this name.
    pub(crate) fn context(&self, name: &BStr) -> Option<&Context<'d>> {
        self.contexts.get(*self.by_name.get(name)?)
    }
}

impl<'d> Context<'d> {
    /// Returns the extension of this name, which is not matched as a pattern.
    pub(crate) fn extension(&self, key: &Key<'_>) -> Option<&Extension<'d>> {
        self.extensions.get(*self.extensions_by_key.get(key)?)
    }

    /// Returns the hint of this extension, which is not matched as a pattern.
    pub(crate) fn hint(&self, key: &Key<'_>) -> Option<&Hint<'d>> {
        self.hints.get(*self.hints_by_key.get(key)?)
    }

    /// Returns whether the context has a setting of this kind.
    pub(crate) fn has(&self, kind: SettingKind) -> bool {
        self.settings.iter().any(|setting| setting.kind == kind)
    }
}

impl<'d> Extension<'d> {
    /// Returns the priority of this number.
    pub(crate) fn priority(&self, number: i32) -> Option<&Priority<'d>> {
        let at = self.priorities.binary_search_by_key(&number, |priority| priority.number).ok()?;
        self.priorities.get(at)
    }
}

impl<'d> Hint<'d> {
    /// Returns the devices one by one.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &'d BStr> + use<'d> {
        self.devices.split_str("&").map(ByteSlice::as_bstr)
    }
}
