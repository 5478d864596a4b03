//! Lists of options with their origins, and the canonical form in which they are inherited and written.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ptr;

use driver_api::asterisk::{Lines, Writer};
use driver_api::{Origin, Piece, Row};

use super::OptionRow;

/// The options of one section, in order.
///
/// A list is canonical if each key stands in it once, except for those that may be repeated; those of
/// [`Endpoints::resolve`](super::Endpoints::resolve) are. [`push`](Options::push) adds options of a driver's own, behind
/// which [`canonical`](Options::canonical) makes it so again.
///
/// ```
/// use driver_api::asterisk::Writer;
/// use lookups::endpoints::{Endpoints, Kind};
///
/// static TRUSTED: Kind = Kind::option("trust_id_inbound");
///
/// # let uuid = "6c1f0a52-95c5-4a3c-8a53-2f5c9a1f7c1e";
/// # let endpoint = format!(r#"{{"uuid": "{uuid}", "name": "ann", "tenant_uuid": "t"}}"#);
/// # let section = format!(r#"{{"uuid": "{uuid}", "type": "endpoint", "endpoint_sip_uuid": "{uuid}"}}"#);
/// # let option = |key, value| {
/// #     format!(r#"{{"key": "{key}", "value": "{value}", "endpoint_sip_section_uuid": "{uuid}"}}"#)
/// # };
/// # let options = [option("allow", "opus"), option("trust_id_inbound", "no")].join("\n");
/// # let tables = [
/// #     ("endpoint_sip", &*endpoint), ("endpoint_sip_section", &section), ("endpoint_sip_section_option", &options),
/// # ];
/// # fixtures::Scratch::new(&tables).in_session(|session| {
/// // The endpoint `ann` has the options `allow = opus` and `trust_id_inbound = no`.
/// let endpoints = Endpoints::read(session)?;
/// let mut writer = Writer::new(session);
/// for (at, mut lists) in endpoints.resolve(session, 0..endpoints.len()) {
///     let endpoint = endpoints.get(at);
///     lists.endpoint.push(&TRUSTED, endpoint.row.origin(), "yes");
///     writer.at(&endpoint.row).section(&endpoint.row.name);
///     lists.endpoint.canonical().write(&mut writer);
/// }
/// assert_eq!(writer.finish(session), "[ann]\nallow = opus\ntrust_id_inbound = yes\n");
/// # Ok::<(), driver_api::Error>(())
/// # })?;
/// # Ok::<(), driver_api::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Options<'a>(Vec<SipOption<'a>>);

/// An option and its origin. It is a [`Piece`], of which the text is the value as it is written.
///
/// Lists are copied for each endpoint that inherits them, so an option holds references, and its [`Kind`] has the fields
/// that many options share.
#[derive(Clone)]
pub struct SipOption<'a> {
    key: &'a str,
    /// The value behind the prefix of its kind.
    value: Cow<'a, str>,
    source: Source<'a>,
}

/// The source of an option.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// A row that is an option: that of the template for an inherited option.
    Row(&'a Row<OptionRow>),
    /// The program computes it for a row.
    Computed(&'static Kind, &'a Origin),
}

/// A kind of computed options: the fields that all options share that are computed in the same way.
pub struct Kind {
    key: &'static str,
    /// The text before the value.
    prefix: &'static str,
    /// The column that the value comes from, if any.
    column: Option<&'static str>,
    /// The source of a computed value in words, if a column of the row does not say it.
    from: Option<&'static str>,
}

impl Kind {
    /// A computed option.
    pub const fn option(key: &'static str) -> Kind {
        Kind { key, prefix: "", column: None, from: None }
    }

    /// A variable of the channels of an endpoint, given with the `=` behind its name.
    pub const fn variable(assignment: &'static str) -> Kind {
        Kind { prefix: assignment, ..Kind::option("set_var") }
    }

    /// Puts a prefix before the value.
    #[must_use]
    pub const fn prefixed(self, prefix: &'static str) -> Kind {
        Kind { prefix, ..self }
    }

    /// Takes the value from this column.
    #[must_use]
    pub const fn of(self, column: &'static str) -> Kind {
        Kind { column: Some(column), ..self }
    }

    /// Says in words what the value is computed from.
    #[must_use]
    pub const fn from(self, what: &'static str) -> Kind {
        Kind { from: Some(what), ..self }
    }

    /// Returns what [`from`](Kind::from) said.
    pub const fn source(&self) -> Option<&'static str> {
        self.from
    }
}

impl<'a> Options<'a> {
    /// Creates an empty list with room for this many options.
    pub fn with_capacity(capacity: usize) -> Options<'a> {
        Options(Vec::with_capacity(capacity))
    }

    /// Adds a computed option, which comes from this row.
    pub fn push(&mut self, kind: &'static Kind, origin: &'a Origin, value: impl Into<Cow<'a, str>>) {
        let source = Source::Computed(kind, origin);
        self.0.push(SipOption { key: kind.key, value: value.into(), source });
    }

    /// Adds an option of an endpoint's own.
    pub fn push_row(&mut self, row: &'a Row<OptionRow>) {
        let value = Cow::Borrowed(&*row.value);
        self.0.push(SipOption { key: &row.key, value, source: Source::Row(row) });
    }

    /// Adds all options of another list.
    pub fn extend(&mut self, other: &Options<'a>) {
        self.0.extend_from_slice(&other.0);
    }

    /// Returns the last option with this key.
    pub fn last(&self, key: &str) -> Option<&SipOption<'a>> {
        self.0.iter().rev().find(|option| option.key == key)
    }

    /// Returns whether there is no option.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the options in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &SipOption<'a>> {
        self.0.iter()
    }

    /// Writes a line for each option.
    pub fn write(&self, writer: &mut Writer) {
        for option in &self.0 {
            match option.row().and_then(|row| row.line.as_ref()) {
                Some(line) => writer.prepared(line),
                None => option.write(writer.at_origin(option.origin())),
            }
        }
    }

    /// Reduces the list: each key once, at the position of its first option and with the value of its last; then
    /// the options of the keys that may be repeated, without duplicates.
    ///
    /// A list of canonical lists has the same canonical form as one of raw lists, so inherited lists can be
    /// canonical already.
    #[must_use]
    pub fn canonical(self) -> Options<'a> {
        if self.0.len() > MAX_SEARCHED { self.canonical_by_hash() } else { self.canonical_by_search() }
    }

    /// Compares each option with all before it. Of few options, as nearly all endpoints have, that is the fastest.
    fn canonical_by_search(self) -> Options<'a> {
        let mut once: Vec<SipOption<'a>> = Vec::with_capacity(self.0.len());
        let mut repeated: Vec<SipOption<'a>> = Vec::new();
        for option in self.0 {
            if option.may_be_repeated() {
                if !repeated.iter().any(|earlier| earlier.is_same(&option)) {
                    repeated.push(option);
                }
            } else if let Some(earlier) = once.iter_mut().find(|earlier| earlier.key == option.key) {
                *earlier = option;
            } else {
                once.push(option);
            }
        }
        once.append(&mut repeated);
        Options(once)
    }

    /// Does the same in time that grows with the number of options, and not with its square.
    fn canonical_by_hash(self) -> Options<'a> {
        let mut once: Vec<SipOption<'a>> = Vec::with_capacity(self.0.len());
        let mut repeated: Vec<SipOption<'a>> = Vec::new();
        let mut places: HashMap<&'a str, usize> = HashMap::new();
        let mut seen: HashSet<(&'a str, String)> = HashSet::new();
        for option in self.0 {
            if option.may_be_repeated() {
                if seen.insert((option.key, option.text().into_owned())) {
                    repeated.push(option);
                }
                continue;
            }
            match places.entry(option.key) {
                Entry::Occupied(place) => once[*place.get()] = option,
                Entry::Vacant(place) => {
                    place.insert(once.len());
                    once.push(option);
                }
            }
        }
        once.append(&mut repeated);
        Options(once)
    }
}

/// The longest list in which options are searched one by one.
const MAX_SEARCHED: usize = 100;

impl<'a> SipOption<'a> {
    /// Returns the row that it comes from: that of the template for an inherited option.
    pub fn origin(&self) -> &'a Origin {
        match self.source {
            Source::Row(row) => row.origin(),
            Source::Computed(_, origin) => origin,
        }
    }

    /// Returns the row that is the option, if there is one.
    pub fn row(&self) -> Option<&'a Row<OptionRow>> {
        match self.source {
            Source::Row(row) => Some(row),
            Source::Computed(..) => None,
        }
    }

    /// Returns the kind of a computed option.
    pub fn kind(&self) -> Option<&'static Kind> {
        match self.source {
            Source::Row(_) => None,
            Source::Computed(kind, _) => Some(kind),
        }
    }

    /// Returns the key.
    pub fn key(&self) -> &'a str {
        self.key
    }

    /// Returns whether both come from the same row, and are computed in the same way if they are.
    pub fn has_source_of(&self, other: &SipOption<'_>) -> bool {
        let kinds = (self.kind(), other.kind());
        let same_kind = match kinds {
            (Some(kind), Some(other)) => ptr::eq(kind, other),
            (kind, other) => kind.is_none() && other.is_none(),
        };
        same_kind && ptr::eq(self.origin(), other.origin())
    }

    /// Writes the line of the option. The caller chooses the row that it comes from, which is
    /// [`origin`](SipOption::origin) as a rule.
    pub fn write(&self, mut lines: Lines<'_>) {
        match self.source {
            Source::Row(_) => lines.option(("key", self.key), self),
            Source::Computed(kind, _) if kind.prefix.is_empty() => lines.option(self.key, self),
            Source::Computed(kind, _) => lines.option_of(self.key, &[&kind.prefix, &Behind(self)]),
        }
    }

    fn prefix(&self) -> &'static str {
        self.kind().map_or("", |kind| kind.prefix)
    }

    /// Returns the value without the prefix that computed options may have.
    pub fn value(&self) -> &Cow<'a, str> {
        &self.value
    }

    /// Returns whether a section may have several options of this key: variables, and what identifies a call.
    pub fn may_be_repeated(&self) -> bool {
        matches!(self.key, "set_var" | "match")
    }

    /// Tells whether both have the same key and value.
    fn is_same(&self, other: &SipOption<'_>) -> bool {
        fn bytes<'o>(option: &'o SipOption<'_>) -> impl Iterator<Item = u8> + 'o {
            option.prefix().bytes().chain(option.value.bytes())
        }
        let length = |option: &SipOption<'_>| option.prefix().len() + option.value.len();
        length(self) == length(other) && self.key == other.key && bytes(self).eq(bytes(other))
    }
}

/// The value of an option behind its prefix. The prefix is a piece of its own, so that nothing is copied.
struct Behind<'o>(&'o SipOption<'o>);

impl Piece for Behind<'_> {
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0.value)
    }

    fn column<'c>(&'c self, origin: Option<&'c Origin>) -> Option<&'c str> {
        self.0.column(origin)
    }
}

/// The value as it is written.
impl Piece for SipOption<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self.prefix() {
            "" => Cow::Borrowed(&self.value),
            prefix => Cow::Owned([prefix, &self.value].concat()),
        }
    }

    fn column<'c>(&'c self, _: Option<&'c Origin>) -> Option<&'c str> {
        match self.source {
            Source::Row(_) => Some("value"),
            Source::Computed(kind, _) => kind.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use driver_api::{EngineRow, Error, Query, Rows, Session, Snapshot, Value};

    use super::*;

    /// Options of an endpoint: keys and values.
    struct Own(&'static [(&'static str, &'static str)]);

    impl Snapshot for Own {
        fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            rows.columns(&["ctid", "endpoint_sip_uuid", "type", "key", "value"])?;
            (1..).zip(self.0).try_for_each(|(at, option)| rows.row(&OwnRow(at, option)))
        }
    }

    struct OwnRow(i64, &'static (&'static str, &'static str));

    impl EngineRow for OwnRow {
        fn value(&self, column: usize) -> Result<Value<'_>, Error> {
            let OwnRow(at, (key, value)) = *self;
            Ok([
                Value::Integer(at),
                Value::Uuid([0; 16]),
                Value::Text("endpoint"),
                Value::Text(key),
                Value::Text(value),
            ][column]
                .clone())
        }
    }

    fn rows(own: &'static [(&'static str, &'static str)]) -> Vec<Row<OptionRow>> {
        let query = Query { table: "endpoint_sip_section_option", key: &["ctid"], sql: "" };
        Session::new(&mut Own(own)).query(query, &[]).unwrap()
    }

    /// Each as key, value and number of the row that it comes from.
    fn shown(options: &Options<'_>) -> Vec<String> {
        let shown = |option: &SipOption<'_>| {
            let row = option.origin().key();
            format!("{}={} of {}", option.key, option.text(), row.trim_start_matches("ctid="))
        };
        options.0.iter().map(shown).collect()
    }

    fn canonical(own: &'static [(&'static str, &'static str)]) -> Vec<String> {
        let rows = rows(own);
        let mut options = Options::default();
        for row in &rows {
            options.push_row(row);
        }
        let by_hash = shown(&options.clone().canonical_by_hash());
        assert_eq!(shown(&options.clone().canonical_by_search()), by_hash);
        shown(&options.canonical())
    }

    #[test]
    fn an_option_is_small_since_each_endpoint_has_copies() {
        assert!(size_of::<SipOption<'_>>() <= 56, "{}", size_of::<SipOption<'_>>());
    }

    #[test]
    fn a_key_keeps_its_first_position_and_its_last_value() {
        assert_eq!(canonical(&[("a", "1"), ("b", "2"), ("a", "3")]), ["a=3 of 3", "b=2 of 2"]);
    }

    #[test]
    fn variables_and_matches_are_repeated_but_not_doubled() {
        let options = canonical(&[
            ("set_var", "B=2"),
            ("match", "m"),
            ("set_var", "A= 1"),
            ("set_var", "B=2"),
            ("k", "v"),
            ("set_var", "A=1"),
            ("match", "B=2"),
        ]);
        let expected = [
            "k=v of 5",
            "set_var=B=2 of 1",
            "match=m of 2",
            "set_var=A= 1 of 3",
            "set_var=A=1 of 6",
            "match=B=2 of 7",
        ];
        assert_eq!(options, expected);
    }

    #[test]
    fn other_spellings_are_ordinary_keys() {
        let options = canonical(&[
            (" set_var", "1"),
            ("Set_Var", "1"),
            ("set_var ", "1"),
            (" set_var", "2"),
            ("MATCH", "1"),
            ("MATCH", "2"),
        ]);
        assert_eq!(options, [" set_var=2 of 4", "Set_Var=1 of 2", "set_var =1 of 3", "MATCH=2 of 6"]);
    }

    #[test]
    fn a_computed_variable_is_not_doubled_by_a_row() {
        static VARIABLE: Kind = Kind::variable("A=");
        let rows = rows(&[("set_var", "A=1"), ("set_var", "A=2")]);
        let mut options = Options::default();
        options.push(&VARIABLE, rows[1].origin(), "1");
        options.push_row(&rows[0]);
        options.push_row(&rows[1]);
        let expected = ["set_var=A=1 of 2", "set_var=A=2 of 2"];
        assert_eq!(shown(&options.clone().canonical_by_hash()), expected);
        assert_eq!(shown(&options.canonical()), expected);
    }
}
