//! The rows of a query, each with its origin.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use asterisk_conf::syntax::{Place, Refusal};
use serde::{Serialize, Serializer};

use crate::decode::Shown;
use crate::{Blanked, Piece, Query, Value, Warning, Warnings, blanked, breaks_line};

/// A row of a query's result: the driver's struct and its [`Origin`], the table and key that it comes from.
///
/// It derefs to the struct, and serializes as the struct does. A warning about a row names table and key by itself:
///
/// ```
/// use driver_api::{Query, Row, Text};
///
/// #[derive(serde::Deserialize)]
/// struct Class {
///     name: Text,
/// }
///
/// let row = r#"{"uuid": "m-1", "tenant_uuid": "t-1", "name": "default", "label": "", "mode": "files"}"#;
/// let mut database = fixtures::Scratch::new(&[("moh", row)]);
/// database.in_session(|session| {
///     let sql = "SELECT uuid, name FROM moh ORDER BY uuid";
///     let classes: Vec<Row<Class>> = session.query(Query { table: "moh", key: &["uuid"], sql }, &[]).unwrap();
///     for class in classes.iter().filter(|class| class.name == "default") {
///         class.warn(session, "name", "Asterisk already has a class of this name");
///     }
/// });
/// let warning = "table moh, row uuid=m-1, column name: Asterisk already has a class of this name";
/// assert_eq!(database.warnings, [warning]);
/// ```
#[derive(Debug, Clone)]
pub struct Row<T> {
    value: T,
    origin: Origin,
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Row<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Serialize> Serialize for Row<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T> Row<T> {
    pub(crate) fn new(value: T, origin: Origin) -> Row<T> {
        Row { value, origin }
    }

    /// Returns the table and key that the row comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the struct without its origin.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Converts the struct and keeps the origin.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Row<U> {
        Row { value: change(self.value), origin: self.origin }
    }

    /// Adds a warning about this column, or about the whole row if `column` is empty.
    pub fn warn(&self, warnings: &mut impl Warnings, column: &str, message: impl Into<String>) {
        self.origin.warn(warnings, column, message);
    }

    /// See [`Origin::keeps`].
    pub fn keeps(&self, warnings: &mut impl Warnings, place: Place, value: impl Piece) -> bool {
        self.origin.keeps(warnings, place, value)
    }

    /// See [`Origin::keeps_or`].
    pub fn keeps_or(
        &self,
        warnings: &mut impl Warnings,
        consequence: &str,
        place: Place,
        value: impl Piece,
    ) -> bool {
        self.origin.keeps_or(warnings, consequence, place, value)
    }

    /// Returns the value; if it has a line break, with blanks in place of its control characters, and adds a warning.
    ///
    /// It is for a part of a column. For a whole column, the field type [`Blanked`] does the same.
    pub fn blanked<'v>(
        &self,
        warnings: &mut impl Warnings,
        column: &str,
        value: &'v str,
    ) -> std::borrow::Cow<'v, str> {
        if breaks_line(value) {
            self.warn(warnings, column, format!("the value has a line break; {}", Blanked::CONSEQUENCE));
        }
        blanked(value)
    }
}

/// The table and key of a row.
///
/// Each row of a query has one, so it is compact: the text of the key is formatted on demand.
#[derive(Clone)]
pub struct Origin {
    source: Arc<Source>,
    /// The position in [`Source::keys`] of the first value of the key. A box for each row would cost more than all else
    /// here.
    place: u32,
}

impl Origin {
    /// Returns the table, which is [`Query::table`].
    pub fn table(&self) -> &str {
        self.source.table()
    }

    /// Returns the key as text: `id=7`, or `context=default mailbox=1001`. Control characters are escaped.
    pub fn key(&self) -> String {
        let parts = self.source.key.iter().zip(self.values());
        parts.map(|(name, value)| format!("{name}={}", Shown(&value))).collect::<Vec<_>>().join(" ")
    }

    /// Returns one value for each column of the key.
    fn values(&self) -> Vec<Value<'_>> {
        let keys = self.source.keys.get();
        let mut rest = keys.and_then(|keys| keys.get(self.place as usize..)).unwrap_or_default();
        self.source.key.iter().map_while(|_| take(&mut rest)).collect()
    }

    /// Returns what all rows of the result share.
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Returns the place of the key, by which the source makes the origin [again](Source::origin_at).
    pub(crate) fn place(&self) -> u32 {
        self.place
    }

    /// Returns the name of the column at this index of the query.
    pub(crate) fn column(&self, index: usize) -> Option<&str> {
        self.source.columns.get(index).map(String::as_str)
    }

    /// Returns a warning about this column of the row, or about the whole row if `column` is empty.
    pub fn warning(&self, column: &str, message: impl Into<String>) -> Warning {
        Warning::new(self.table(), message).row(self.key()).column(column)
    }

    /// Adds a [`warning`](Origin::warning).
    pub fn warn(&self, warnings: &mut impl Warnings, column: &str, message: impl Into<String>) {
        warnings.warn(self.warning(column, message));
    }

    /// Returns whether this value of the row can stand in this [place](crate::asterisk::syntax) of a file. If it
    /// can't, adds a warning that the row is left out. The caller then leaves it out.
    ///
    /// ```
    /// # use driver_api::{Query, Row, Text, asterisk::syntax};
    /// # #[derive(serde::Deserialize)]
    /// # struct Context { name: Text }
    /// # const CONTEXTS: Query<'_> = Query { table: "context", key: &["name"], sql: "SELECT name FROM context" };
    /// # let row = r#"{"id": 1, "uuid": "u", "name": "a]b", "displayname": "", "contexttype": "", "tenant_uuid": ""}"#;
    /// # let mut database = fixtures::Scratch::new(&[("context", row)]);
    /// # database.in_session(|session| {
    /// let mut contexts: Vec<Row<Context>> = session.query(CONTEXTS, &[]).unwrap();
    /// contexts.retain(|context| context.keeps(session, syntax::section_name, &context.name));
    /// # });
    /// let reason = r#"there is a "]", which ends the name of a section; the row is left out"#;
    /// assert_eq!(database.warnings, [format!(r#"table context, row name="a]b", column name: {reason}"#)]);
    /// ```
    pub fn keeps(&self, warnings: &mut impl Warnings, place: Place, value: impl Piece) -> bool {
        self.keeps_or(warnings, "the row is left out", place, value)
    }

    /// Does the same as [`keeps`](Origin::keeps), with another consequence in the warning.
    pub fn keeps_or(
        &self,
        warnings: &mut impl Warnings,
        consequence: &str,
        place: Place,
        value: impl Piece,
    ) -> bool {
        let Err(refusal) = refused(place, &value.text()) else { return true };
        let column = value.column(Some(self)).unwrap_or_default();
        self.warn(warnings, column, format!("{refusal}; {consequence}"));
        false
    }
}

/// Checks whether a text can stand in this place. A place can only write, so the text goes to a buffer, which all
/// checks of a thread share: there is at least one per row.
fn refused(place: Place, text: &str) -> Result<(), Refusal> {
    thread_local! {
        static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        place(buffer, text)
    })
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}, row {}", self.table(), self.key())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Origin) -> bool {
        self.table() == other.table()
            && self.source.key == other.source.key
            && self.values() == other.values()
    }
}

impl Eq for Origin {}

/// The part of an [`Origin`] that all rows of a result share.
pub(crate) struct Source {
    table: String,
    key: Vec<String>,
    columns: Vec<String>,
    /// The keys of all rows, one behind the other, as [`put`] writes them. It is set once all rows are read.
    keys: OnceLock<Box<[u8]>>,
}

impl Source {
    pub(crate) fn new(query: &Query<'_>, columns: &[&str]) -> Source {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Source {
            table: query.table.to_owned(),
            key: owned(query.key),
            columns: owned(columns),
            keys: OnceLock::new(),
        }
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    pub(crate) fn column(&self, index: usize) -> &str {
        &self.columns[index]
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the origin of a row with this key, for as long as not all rows are read. It has a source of its own.
    pub(crate) fn early_origin(&self, key: &[Value<'_>]) -> Origin {
        let (table, names, columns) = (self.table.clone(), self.key.clone(), self.columns.clone());
        let mut keys = Vec::new();
        let source = Arc::new(Source { table, key: names, columns, keys: OnceLock::new() });
        let origin = source.origin(key, &mut keys);
        source.set_keys(keys);
        origin
    }

    /// Returns the origin of a row with this key. It can be read once `keys` is [`set`](Source::set_keys).
    pub(crate) fn origin(self: &Arc<Source>, key: &[Value<'_>], keys: &mut Vec<u8>) -> Origin {
        // The keys of a result that is larger are lost, and the rows have none in messages.
        let place = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        for value in key {
            put(keys, value);
        }
        self.origin_at(place)
    }

    /// Returns the origin of the row whose key is at this [place](Origin::place).
    pub(crate) fn origin_at(self: &Arc<Source>, place: u32) -> Origin {
        Origin { source: Arc::clone(self), place }
    }

    /// Makes the keys that [`origin`](Source::origin) wrote readable.
    pub(crate) fn set_keys(&self, keys: Vec<u8>) {
        // It is called once.
        let _ = self.keys.set(keys.into_boxed_slice());
    }
}

// In the bytes of keys, one for the type precedes each value, and the length precedes a text.
const NULL: u8 = 0;
const INTEGER: u8 = 1;
const UUID: u8 = 2;
const TEXT: u8 = 3;
const OTHER: u8 = 4;

fn put(bytes: &mut Vec<u8>, value: &Value<'_>) {
    let mut text = |kind, text: &str| {
        bytes.push(kind);
        bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    match value {
        Value::Null => bytes.push(NULL),
        Value::Integer(number) => {
            bytes.push(INTEGER);
            bytes.extend(number.to_le_bytes());
        }
        Value::Uuid(uuid) => {
            bytes.push(UUID);
            bytes.extend(uuid);
        }
        Value::Text(value) => text(TEXT, value),
        other => text(OTHER, &Shown(other).to_string()),
    }
}

/// Reads the next value that [`put`] wrote.
fn take<'a>(rest: &mut &'a [u8]) -> Option<Value<'a>> {
    let (&kind, behind) = rest.split_first()?;
    *rest = behind;
    match kind {
        INTEGER => split(rest).map(|bytes| Value::Integer(i64::from_le_bytes(bytes))),
        UUID => split(rest).map(Value::Uuid),
        TEXT | OTHER => {
            let length = usize::try_from(u32::from_le_bytes(split(rest)?)).ok()?;
            let (text, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            std::str::from_utf8(text).ok().map(Value::Text)
        }
        _ => Some(Value::Null),
    }
}

fn split<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_key_reads_as_it_was_written() {
        let uuid = Value::Uuid([7; 16]);
        for (values, text) in [
            (vec![], ""),
            (vec![Value::Integer(-7)], "a=-7"),
            (vec![uuid.clone()], "a=07070707-0707-0707-0707-070707070707"),
            (vec![Value::Text("x y\n")], "a=\"x y\\n\""),
            (vec![Value::Null, Value::Bool(true)], "a=NULL b=true"),
            (
                vec![Value::Text(""), Value::Integer(1), uuid],
                "a=\"\" b=1 c=07070707-0707-0707-0707-070707070707",
            ),
        ] {
            let names = &["a", "b", "c"][..values.len()];
            let source = Arc::new(Source::new(&Query { table: "t", key: names, sql: "" }, names));
            // Another row's key stands before it.
            let mut keys = vec![NULL];
            let origin = source.origin(&values, &mut keys);
            source.set_keys(keys);
            assert_eq!(origin.key(), text);
            assert_eq!(origin, source.early_origin(&values));
        }
        // A large query has one per row.
        assert!(size_of::<Origin>() <= 16, "{}", size_of::<Origin>());
    }
}
