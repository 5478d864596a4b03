//! Rows that know where they come from.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use asterisk_conf::syntax::{Place, Refusal};
use serde::{Serialize, Serializer};

use crate::decode::Shown;
use crate::{Blanked, EngineRow, Piece, Query, Session, Value, Warning, blanked, breaks_line};

/// A row of a query's result: the driver's struct, to which it derefs, and the place in the database that it
/// comes from. It serializes as its struct.
///
/// Messages about it need nothing else:
///
/// ```
/// use driver_api::{Driver, Error, Query, Row, Session, Text};
/// use serde::Deserialize;
///
/// /// `moh-classes.txt`: the classes of music on hold, one on a line.
/// struct Classes;
///
/// impl Driver for Classes {
///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
///         let classes: Vec<Row<Class>> = session.query(CLASSES, &[])?;
///         for class in classes.iter().filter(|class| class.name == "default") {
///             class.warn(session, "name", "Asterisk has a class of this name already");
///         }
///         Ok(classes.iter().map(|class| format!("{}\n", class.name)).collect())
///     }
/// }
///
/// const CLASSES: Query<'_> = Query { table: "moh", key: &["uuid"], sql: "SELECT uuid, name FROM moh ORDER BY uuid" };
///
/// #[derive(Deserialize)]
/// struct Class {
///     name: Text,
/// }
///
/// let row = r#"{"uuid": "m-1", "tenant_uuid": "t-1", "name": "default", "label": "", "mode": "files"}"#;
/// let mut database = fixtures::Scratch::new(&[("moh", row)]);
/// assert_eq!(database.generate(&Classes).unwrap(), "default\n");
/// let warning = "table moh, row uuid=m-1, column name: Asterisk has a class of this name already";
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

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The struct, without its origin.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// What becomes of the struct, from the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Row<U> {
        Row { value: change(self.value), origin: self.origin }
    }

    /// Notes something about this column, or about the row as a whole if that is empty.
    pub fn warn(&self, session: &mut Session<'_>, column: &str, message: impl Into<String>) {
        self.origin.warn(session, column, message);
    }

    /// [`Origin::keeps`].
    pub fn keeps(&self, session: &mut Session<'_>, place: Place, value: impl Piece) -> bool {
        self.origin.keeps(session, place, value)
    }

    /// [`Origin::keeps_or`].
    pub fn keeps_or(
        &self,
        session: &mut Session<'_>,
        consequence: &str,
        place: Place,
        value: impl Piece,
    ) -> bool {
        self.origin.keeps_or(session, consequence, place, value)
    }

    /// The value with blanks in place of control characters if it has a line break; this notes it then, as
    /// [`Session::query`] does by itself for [`Blanked`]. For values that are a part of a column.
    pub fn blanked<'v>(
        &self,
        session: &mut Session<'_>,
        column: &str,
        value: &'v str,
    ) -> std::borrow::Cow<'v, str> {
        if breaks_line(value) {
            self.warn(session, column, format!("the value has a line break; {}", Blanked::CONSEQUENCE));
        }
        blanked(value)
    }
}

/// A place in the database: a row of a table.
///
/// It is small, since each row of a query has one: its text is made when somebody reads it.
#[derive(Clone)]
pub struct Origin {
    source: Arc<Source>,
    key: Key,
}

impl Origin {
    /// The table, as [`Query::table`] says.
    pub fn table(&self) -> &str {
        &self.source.table
    }

    /// What tells the row from the others: `id=7`, or `context=default mailbox=1001`. Control characters are
    /// escaped.
    pub fn key(&self) -> String {
        let parts = self.source.key.iter().zip(self.key.values());
        parts.map(|(name, value)| format!("{name}={}", Shown(&value))).collect::<Vec<_>>().join(" ")
    }

    /// The name of the column at this index of the query.
    pub(crate) fn column(&self, index: usize) -> Option<&str> {
        self.source.columns.get(index).map(String::as_str)
    }

    /// A warning about this column of the row, or about the row as a whole if that is empty.
    pub fn warning(&self, column: &str, message: impl Into<String>) -> Warning {
        Warning::new(self.table(), message).row(self.key()).column(column)
    }

    /// Notes such a warning.
    pub fn warn(&self, session: &mut Session<'_>, column: &str, message: impl Into<String>) {
        session.warn(self.warning(column, message));
    }

    /// Whether this value of the row can stand in this [place](crate::asterisk::syntax) of a file. If it can't,
    /// this notes that the row is left out; the caller leaves it out.
    ///
    /// ```
    /// # use driver_api::asterisk::syntax;
    /// # use driver_api::{Driver, Error, Query, Row, Session, Text};
    /// # struct Names;
    /// # #[derive(serde::Deserialize)]
    /// # struct Context { name: Text }
    /// # const CONTEXTS: Query<'_> = Query { table: "context", key: &["name"], sql: "SELECT name FROM context" };
    /// # impl Driver for Names {
    /// # fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
    /// let mut contexts: Vec<Row<Context>> = session.query(CONTEXTS, &[])?;
    /// contexts.retain(|context| context.keeps(session, syntax::section_name, &context.name));
    /// # Ok(contexts.iter().map(|context| format!("[{}]\n", context.name)).collect())
    /// # }
    /// # }
    /// # let row = r#"{"id": 1, "uuid": "u", "name": "a]b", "displayname": "", "contexttype": "", "tenant_uuid": ""}"#;
    /// # let mut database = fixtures::Scratch::new(&[("context", row)]);
    /// # assert_eq!(database.generate(&Names).unwrap(), "");
    /// let warning = r#"table context, row name="a]b", column name: there is a "]", which ends the name of a section; the row is left out"#;
    /// # assert_eq!(database.warnings, [warning]);
    /// ```
    pub fn keeps(&self, session: &mut Session<'_>, place: Place, value: impl Piece) -> bool {
        self.keeps_or(session, "the row is left out", place, value)
    }

    /// The same with another consequence than that the row is left out.
    pub fn keeps_or(
        &self,
        session: &mut Session<'_>,
        consequence: &str,
        place: Place,
        value: impl Piece,
    ) -> bool {
        let Err(refusal) = refused(place, &value.text()) else { return true };
        let column = value.column(Some(self)).unwrap_or_default();
        self.warn(session, column, format!("{refusal}; {consequence}"));
        false
    }
}

/// Writes a text as in this place, for the answer alone. Rows are asked so often that the text is written over the
/// one before.
fn refused(place: Place, text: &str) -> Result<(), Refusal> {
    thread_local! {
        static WRITTEN: RefCell<String> = const { RefCell::new(String::new()) };
    }
    WRITTEN.with_borrow_mut(|written| {
        written.clear();
        place(written, text)
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
        self.table() == other.table() && self.source.key == other.source.key && self.key == other.key
    }
}

impl Eq for Origin {}

/// What all rows of a query's result have in common.
pub(crate) struct Source {
    table: String,
    key: Vec<String>,
    columns: Vec<String>,
}

impl Source {
    pub(crate) fn new(query: &Query<'_>, columns: &[&str]) -> Source {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Source { table: query.table.to_owned(), key: owned(query.key), columns: owned(columns) }
    }

    pub(crate) fn column(&self, index: usize) -> &str {
        &self.columns[index]
    }

    /// Where this row of the result comes from, given where the columns of the key are. The key is put together
    /// where there is room already.
    pub(crate) fn origin(
        self: &Arc<Source>,
        row: &dyn EngineRow,
        key: &[usize],
        room: &mut Vec<u8>,
    ) -> Origin {
        Origin { source: Arc::clone(self), key: Key::read(row, key, room) }
    }
}

/// The values of the columns that tell a row from the others.
#[derive(Clone, PartialEq, Eq)]
enum Key {
    Integer(i64),
    Uuid([u8; 16]),
    /// Any number of values, each behind a byte that says what it is, and a text behind its length.
    Several(Box<[u8]>),
}

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const UUID: u8 = 2;
const TEXT: u8 = 3;
const OTHER: u8 = 4;

impl Key {
    fn read(row: &dyn EngineRow, columns: &[usize], room: &mut Vec<u8>) -> Key {
        let value = |column: usize| row.value(column).unwrap_or(Value::Null);
        match columns.first().map(|&column| value(column)) {
            Some(Value::Integer(number)) if columns.len() == 1 => Key::Integer(number),
            Some(Value::Uuid(uuid)) if columns.len() == 1 => Key::Uuid(uuid),
            _ => {
                room.clear();
                for &column in columns {
                    put(room, &value(column));
                }
                Key::Several(room.as_slice().into())
            }
        }
    }

    fn values(&self) -> Vec<Value<'_>> {
        match self {
            Key::Integer(number) => vec![Value::Integer(*number)],
            Key::Uuid(uuid) => vec![Value::Uuid(*uuid)],
            Key::Several(bytes) => {
                let (mut values, mut rest) = (Vec::new(), &**bytes);
                while let Some(value) = take(&mut rest) {
                    values.push(value);
                }
                values
            }
        }
    }
}

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

/// The next value, which [`put`] wrote.
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
    use crate::Error;

    struct Cells(Vec<Value<'static>>);

    impl EngineRow for Cells {
        fn value(&self, column: usize) -> Result<Value<'_>, Error> {
            Ok(self.0[column].clone())
        }
    }

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
            let key: Vec<usize> = (0..values.len()).collect();
            let origin = source.origin(&Cells(values), &key, &mut Vec::new());
            assert_eq!(origin.key(), text);
            assert_eq!(origin, origin.clone());
        }
        // Every row of a large query has one.
        assert!(size_of::<Origin>() <= 32, "{}", size_of::<Origin>());
    }
}
