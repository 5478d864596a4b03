//! Rows through serde: a struct is read from the columns by position, after one check that their
//! names are the names of its fields.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::value::{StrDeserializer, U16Deserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::columns::{OPTION_COLUMNS, TAKES_THE_REST};
use crate::text::{BLANKED, ONE_LINE, TEXT, breaks_line};
use crate::{EngineRow, Error, ErrorKind, Value};

/// Why a row can't be decoded.
pub(crate) enum Problem {
    /// A field that must stand on one line does not.
    LineBreak { column: usize },
    /// Anything else.
    Value { column: Option<usize>, error: Error },
}

/// Checks that the columns are the fields of `T`, by name and order, and returns the columns to be read. A column of
/// the key need not be a field; a last field [`TAKES_THE_REST`] stands for all columns behind the others.
pub(crate) fn columns_to_read<T: DeserializeOwned>(
    columns: &[&str],
    key: &[&str],
) -> Result<Vec<usize>, Error> {
    let mut fields = None;
    // The probe gets the list of fields and then always fails.
    let _ = T::deserialize(FieldProbe { fields: &mut fields });
    let mut fields: &[&str] = fields.ok_or_else(|| {
        Error::new(ErrorKind::Query, "the row type is not a struct whose fields are the columns")
    })?;
    let number = fields.len();
    let mut read = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        match fields {
            [TAKES_THE_REST] => read.push(index),
            [field, rest @ ..] if field == column => {
                read.push(index);
                fields = rest;
            }
            _ if key.contains(column) => {}
            [field, ..] => {
                let message =
                    format!("the query gives the column {column} where the row has the field {field}");
                return Err(Error::new(ErrorKind::Query, message));
            }
            [] => {
                let message = format!("the query gives the column {column}, and the row has no field for it");
                return Err(Error::new(ErrorKind::Query, message));
            }
        }
    }
    if !matches!(fields, [] | [TAKES_THE_REST]) {
        let message = format!("the query gives {} columns and the row has {number} fields", columns.len());
        return Err(Error::new(ErrorKind::Query, message));
    }
    Ok(read)
}

/// Reads these columns of a row. Beside it are the columns of the texts in which blanks replaced line breaks.
pub(crate) fn decode<T: DeserializeOwned>(
    row: &dyn EngineRow,
    columns: &[usize],
) -> Result<(T, Vec<usize>), Problem> {
    let cursor = Cursor { row, columns, next: Cell::new(0), blanked: RefCell::default() };
    let decoded = T::deserialize(RowDeserializer(&cursor));
    let column = cursor.next.get().checked_sub(1).and_then(|at| columns.get(at).copied());
    decoded.map(|row| (row, cursor.blanked.into_inner())).map_err(|failure| {
        // The column that was being read; past the end it is the row as a whole.
        match failure {
            Failure::LineBreak => Problem::LineBreak { column: column.unwrap_or_default() },
            Failure::Engine(error) => Problem::Value { column, error },
            Failure::Message(message) => {
                Problem::Value { column, error: Error::new(ErrorKind::Row, message) }
            }
        }
    })
}

#[derive(Debug)]
enum Failure {
    LineBreak,
    Engine(Error),
    Message(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::LineBreak => f.write_str("the text has a line break"),
            Failure::Engine(error) => error.fmt(f),
            Failure::Message(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Failure {
        Failure::Message(message.to_string())
    }
}

struct FieldProbe<'a> {
    fields: &'a mut Option<&'static [&'static str]>,
}

impl<'de> Deserializer<'de> for FieldProbe<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Failure> {
        Err(Failure::Message(String::new()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Failure> {
        *self.fields = Some(fields);
        Err(Failure::Message(String::new()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Where in a row the reading is.
struct Cursor<'a> {
    row: &'a dyn EngineRow,
    /// Those that are read.
    columns: &'a [usize],
    /// The next of them.
    next: Cell<usize>,
    /// The columns in which blanks replaced line breaks.
    blanked: RefCell<Vec<usize>>,
}

impl<'a> Cursor<'a> {
    /// The next column and its value.
    fn advance(&self) -> Result<Option<(usize, Value<'a>)>, Failure> {
        let next = self.next.get();
        let Some(&column) = self.columns.get(next) else { return Ok(None) };
        self.next.set(next + 1);
        self.row.value(column).map(|value| Some((column, value))).map_err(Failure::Engine)
    }
}

struct RowDeserializer<'c>(&'c Cursor<'c>);

impl<'de> Deserializer<'de> for RowDeserializer<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for RowDeserializer<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some((column, value)) = self.0.advance()? else { return Ok(None) };
        seed.deserialize(ValueDeserializer { value, column, cursor: self.0 }).map(Some)
    }
}

/// A column, or an element of the array that it holds.
struct ValueDeserializer<'c, 'v> {
    value: Value<'v>,
    column: usize,
    cursor: &'c Cursor<'c>,
}

impl ValueDeserializer<'_, '_> {
    /// A text, with the index of its column.
    fn text<'de, V: Visitor<'de>>(self, name: &str, visitor: V) -> Result<V::Value, Failure> {
        let mut uuid = [0; 36];
        let text = match self.value {
            Value::Text(text) => text,
            Value::Uuid(bytes) => hyphenated(bytes, &mut uuid),
            _ => return Err(self.expected("a text")),
        };
        if name != TEXT && breaks_line(text) {
            if name == ONE_LINE {
                return Err(Failure::LineBreak);
            }
            let mut blanked = self.cursor.blanked.borrow_mut();
            if blanked.last() != Some(&self.column) {
                blanked.push(self.column);
            }
        }
        visitor.visit_seq(TextOfColumn { text: Some(text), column: self.column })
    }

    fn expected(&self, what: &str) -> Failure {
        Failure::Message(format!("expected {what}, found {}", Found(&self.value)))
    }
}

/// Integers of every width: serde narrows them and says when one does not fit.
macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            match self.value {
                Value::Integer(value) => visitor.visit_i64(value),
                _ => Err(self.expected("an integer")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_, '_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Integer(value) => visitor.visit_i64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Text(_) | Value::Uuid(_) => self.deserialize_str(visitor),
            Value::Array(_) => self.deserialize_seq(visitor),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Integer(value @ (0 | 1)) => visitor.visit_bool(value == 1),
            _ => Err(self.expected("a boolean")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Float(value) => visitor.visit_f64(value),
            _ => Err(self.expected("a floating point number")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Text(text) => visitor.visit_str(text),
            Value::Uuid(bytes) => visitor.visit_str(hyphenated(bytes, &mut [0; 36])),
            _ => Err(self.expected("a text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Uuid(bytes) => visitor.visit_bytes(&bytes),
            _ => Err(self.expected("a uuid")),
        }
    }

    /// A uuid type that can takes the bytes, which saves writing and reading their text.
    fn is_human_readable(&self) -> bool {
        !matches!(self.value, Value::Uuid(_))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match name {
            TEXT | ONE_LINE | BLANKED => self.text(name, visitor),
            OPTION_COLUMNS => {
                let first = Some((self.column, self.value));
                visitor.visit_seq(RestOfColumns { first, open: None, cursor: self.cursor })
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.value {
            Value::Text(text) => {
                let text: StrDeserializer<'_, Failure> = text.into_deserializer();
                visitor.visit_enum(text)
            }
            _ => Err(self.expected("a text")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let Self { value, column, cursor } = self;
        match value {
            Value::Array(values) => {
                visitor.visit_seq(Elements { values: values.into_iter(), column, cursor })
            }
            // SQLite's form of an array.
            Value::Text(text) if text.starts_with('[') => {
                let elements: Vec<serde_json::Value> = serde_json::from_str(text)
                    .map_err(|error| Failure::Message(format!("expected an array as JSON: {error}")))?;
                let values = elements.iter().map(from_json).collect::<Result<Vec<_>, _>>()?;
                visitor.visit_seq(Elements { values: values.into_iter(), column, cursor })
            }
            _ => Err(Self { value, column, cursor }.expected("an array")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char byte_buf unit unit_struct map struct identifier
    }
}

/// The elements of an array.
struct Elements<'c, 'v> {
    values: std::vec::IntoIter<Value<'v>>,
    column: usize,
    cursor: &'c Cursor<'c>,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(value) = self.values.next() else { return Ok(None) };
        seed.deserialize(ValueDeserializer { value, column: self.column, cursor: self.cursor }).map(Some)
    }
}

/// SQLite's form of a value in an array.
fn from_json(value: &serde_json::Value) -> Result<Value<'_>, Failure> {
    Ok(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(values) => {
            Value::Array(values.iter().map(from_json).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(_) => {
            return Err(Failure::Message("expected a plain value in the array, found an object".to_owned()));
        }
    })
}

/// What a text of a row is read from: the text, and the index of its column.
struct TextOfColumn<'v> {
    text: Option<&'v str>,
    column: usize,
}

impl<'de> SeqAccess<'de> for TextOfColumn<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        match self.text.take() {
            Some(text) => seed.deserialize(StrDeserializer::<Failure>::new(text)).map(Some),
            None => seed.deserialize(index(self.column)).map(Some),
        }
    }
}

fn index(column: usize) -> U16Deserializer<Failure> {
    u16::try_from(column).unwrap_or(u16::MAX).into_deserializer()
}

/// This column and all behind it, without those that are NULL: for each its index, and then its text.
struct RestOfColumns<'c, 'v> {
    first: Option<(usize, Value<'v>)>,
    /// The value of the column whose index was given.
    open: Option<Value<'v>>,
    cursor: &'c Cursor<'v>,
}

impl<'v> RestOfColumns<'_, 'v> {
    fn advance(&mut self) -> Result<Option<(usize, Value<'v>)>, Failure> {
        loop {
            let column = match self.first.take() {
                Some(first) => Some(first),
                None => self.cursor.advance()?,
            };
            if !matches!(column, Some((_, Value::Null))) {
                return Ok(column);
            }
        }
    }
}

impl<'de> SeqAccess<'de> for RestOfColumns<'_, '_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(value) = self.open.take() else {
            let Some((column, value)) = self.advance()? else { return Ok(None) };
            self.open = Some(value);
            return seed.deserialize(index(column)).map(Some);
        };
        let text = |text: &str| seed.deserialize(StrDeserializer::<Failure>::new(text)).map(Some);
        match &value {
            Value::Text(value) => text(value),
            Value::Integer(number) => text(&number.to_string()),
            Value::Uuid(bytes) => text(hyphenated(*bytes, &mut [0; 36])),
            other => Err(Failure::Message(format!("expected a text or an integer, found {}", Found(other)))),
        }
    }
}

/// A uuid in lower case with hyphens.
fn hyphenated(bytes: [u8; 16], buffer: &mut [u8; 36]) -> &str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut at = 0;
    for (i, byte) in bytes.into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            buffer[at] = b'-';
            at += 1;
        }
        buffer[at] = HEX[usize::from(byte >> 4)];
        buffer[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    std::str::from_utf8(buffer).unwrap_or_default()
}

/// A value in a message: `the text "x"`.
struct Found<'a>(&'a Value<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Bool(value) => write!(f, "the boolean {value}"),
            Value::Integer(value) => write!(f, "the integer {value}"),
            Value::Float(value) => write!(f, "the number {value}"),
            Value::Text(text) => write!(f, "the text {}", Shown(&Value::Text(text))),
            Value::Uuid(_) => write!(f, "the uuid {}", Shown(self.0)),
            Value::Array(_) => f.write_str("an array"),
        }
    }
}

/// A value as the key of a row: bare where it is one word, else quoted and escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a Value<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::Text(text)
                if text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) && !text.is_empty() =>
            {
                f.write_str(text)
            }
            Value::Text(text) => match text.char_indices().nth(40) {
                Some((end, _)) => write!(f, "{:?}…", &text[..end]),
                None => write!(f, "{text:?}"),
            },
            Value::Uuid(bytes) => f.write_str(hyphenated(*bytes, &mut [0; 36])),
            Value::Array(_) => f.write_str("[…]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::{Blanked, EngineRow, Error, OneLine, Query, Row, Rows, Session, Snapshot, Value};

    /// A result that is there already.
    struct Canned {
        columns: Vec<&'static str>,
        rows: Vec<Vec<Value<'static>>>,
    }

    impl Snapshot for Canned {
        fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            rows.columns(&self.columns)?;
            self.rows.iter().try_for_each(|row| rows.row(&Values(row)))
        }
    }

    struct Values<'a>(&'a [Value<'static>]);

    impl EngineRow for Values<'_> {
        fn value(&self, column: usize) -> Result<Value<'_>, Error> {
            Ok(self.0[column].clone())
        }
    }

    const QUERY: Query<'_> = Query { table: "moh", key: &["id"], sql: "SELECT" };

    #[derive(Debug, Deserialize, PartialEq)]
    struct Full {
        id: i32,
        ratio: f64,
        enabled: bool,
        name: Option<String>,
        kind: Kind,
        options: Vec<Vec<Option<String>>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Files,
        Custom,
    }

    const COLUMNS: [&str; 6] = ["id", "ratio", "enabled", "name", "kind", "options"];

    fn full(change: usize, value: Value<'static>) -> Result<Vec<Full>, String> {
        let mut row = vec![
            Value::Integer(7),
            Value::Float(0.5),
            Value::Bool(true),
            Value::Null,
            Value::Text("custom"),
            Value::Text(r#"[["a","b"],["c",null]]"#),
        ];
        row[change] = value;
        let mut canned = Canned { columns: COLUMNS.to_vec(), rows: vec![row] };
        let rows = Session::new(&mut canned).query(QUERY, &[]).map_err(|error| error.chain())?;
        Ok(rows.into_iter().map(Row::into_inner).collect())
    }

    #[test]
    fn every_type_of_both_engines() {
        let expected = Full {
            id: 7,
            ratio: 0.5,
            enabled: true,
            name: Some("0a000000-0000-4000-8000-00000000000f".to_owned()),
            kind: Kind::Custom,
            options: vec![vec![Some("a".into()), Some("b".into())], vec![Some("c".into()), None]],
        };
        let uuid = Value::Uuid([0x0a, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0f]);
        assert_eq!(full(3, uuid), Ok(vec![expected]));
        let pair = |a, b| Value::Array(vec![a, b]);
        let array = pair(pair(Value::Text("a"), Value::Text("b")), pair(Value::Text("c"), Value::Null));
        assert_eq!(full(5, array), full(0, Value::Integer(7)));
        assert_eq!(full(2, Value::Integer(1)), full(0, Value::Integer(7)));
    }

    #[test]
    fn a_wrong_value_names_table_row_and_column() {
        let cases = [
            (
                0,
                Value::Text("x y"),
                "table moh: row id=\"x y\": column id: expected an integer, found the text \"x y\"",
            ),
            (
                0,
                Value::Integer(1 << 40),
                "table moh: row id=1099511627776: column id: invalid value: integer `1099511627776`, expected i32",
            ),
            (
                1,
                Value::Integer(1),
                "table moh: row id=7: column ratio: expected a floating point number, found the integer 1",
            ),
            (
                2,
                Value::Integer(2),
                "table moh: row id=7: column enabled: expected a boolean, found the integer 2",
            ),
            (2, Value::Null, "table moh: row id=7: column enabled: expected a boolean, found NULL"),
            (
                3,
                Value::Bool(true),
                "table moh: row id=7: column name: expected a text, found the boolean true",
            ),
            (
                4,
                Value::Text("mp3"),
                "table moh: row id=7: column kind: unknown variant `mp3`, expected `files` or `custom`",
            ),
            (
                5,
                Value::Text("{a,b}"),
                "table moh: row id=7: column options: expected an array, found the text \"{a,b}\"",
            ),
            (
                5,
                Value::Text("[1"),
                "table moh: row id=7: column options: expected an array as JSON: EOF while parsing a list at line 1 column 2",
            ),
        ];
        for (column, value, expected) in cases {
            assert_eq!(full(column, value), Err(expected.to_owned()));
        }
    }

    fn columns(columns: &[&'static str]) -> String {
        // No row: the names are checked all the same.
        let mut canned = Canned { columns: columns.to_vec(), rows: Vec::new() };
        Session::new(&mut canned).query::<Full>(QUERY, &[]).unwrap_err().chain()
    }

    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "only its name matters")]
        name: String,
    }

    #[test]
    fn columns_are_the_fields_by_name_and_order() {
        assert_eq!(
            columns(&["id", "ratio", "name", "enabled", "kind", "options"]),
            "table moh: the query gives the column name where the row has the field enabled"
        );
        assert_eq!(columns(&COLUMNS[..5]), "table moh: the query gives 5 columns and the row has 6 fields");
        assert_eq!(
            columns(&["id", "ratio", "enabled", "name", "kind", "options", "more"]),
            "table moh: the query gives the column more, and the row has no field for it"
        );
        let mut canned = Canned { columns: vec!["id"], rows: Vec::new() };
        let error = Session::new(&mut canned).query::<(i64,)>(QUERY, &[]).unwrap_err();
        assert_eq!(error.chain(), "table moh: the row type is not a struct whose fields are the columns");
        let mut canned = Canned { columns: vec!["name"], rows: Vec::new() };
        let error = Session::new(&mut canned).query::<Other>(QUERY, &[]).unwrap_err();
        assert_eq!(error.chain(), "table moh: the key column id is not among the columns");
    }

    #[test]
    fn texts_in_an_array_are_alike_on_both_engines() {
        #[derive(Debug, Deserialize)]
        struct Trunk {
            strict: Vec<OneLine>,
            lenient: Vec<Blanked>,
        }
        let in_postgres = |text| Value::Array(vec![Value::Text("a"), Value::Text(text)]);
        let arrays = [
            (in_postgres("b c"), in_postgres("d\ne")),
            (Value::Text(r#"["a","b c"]"#), Value::Text(r#"["a","d\ne"]"#)),
        ];
        let broken = [in_postgres("b\nc"), Value::Text(r#"["a","b\nc"]"#)];
        for ((strict, lenient), broken) in arrays.into_iter().zip(broken) {
            let mut canned = Canned {
                columns: vec!["id", "strict", "lenient"],
                rows: vec![
                    vec![Value::Integer(1), strict, lenient.clone()],
                    vec![Value::Integer(2), broken, lenient],
                ],
            };
            let mut session = Session::new(&mut canned);
            let rows: Vec<Row<Trunk>> = session.query(QUERY, &[]).unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!((&*rows[0].strict[1], &*rows[0].lenient[1]), ("b c", "d e"));
            let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
            let warning = |id, column, consequence| {
                format!("table moh, row id={id}, column {column}: the value has a line break; {consequence}")
            };
            assert_eq!(
                warnings,
                [
                    warning(1, "lenient", "blanks stand in its place"),
                    warning(2, "strict", "the row is left out")
                ]
            );
        }
    }

    #[test]
    fn a_line_break_costs_the_row_and_a_warning() {
        #[derive(Debug, Deserialize)]
        struct Class {
            id: i64,
            name: Option<OneLine>,
            label: Blanked,
        }
        let row = |id, name, label| vec![Value::Integer(id), Value::Text(name), Value::Text(label)];
        let mut canned = Canned {
            columns: vec!["id", "name", "label"],
            rows: vec![
                row(1, "a;b", "c\nd"),
                row(2, "a\nb", ""),
                row(3, "a\rb", ""),
                row(4, "a\0b", ""),
                row(5, "", ""),
            ],
        };
        let mut session = Session::new(&mut canned);
        let rows: Vec<Row<Class>> = session.query(QUERY, &[]).unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 5]);
        assert_eq!((rows[0].name.as_deref(), &*rows[0].label), (Some("a;b"), "c d"));
        let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
        let left_out = |id| {
            format!("table moh, row id={id}, column name: the value has a line break; the row is left out")
        };
        let blanked =
            "table moh, row id=1, column label: the value has a line break; blanks stand in its place";
        assert_eq!(warnings, [blanked.to_owned(), left_out(2), left_out(3), left_out(4)]);
        assert!(session.take_warnings().is_empty());
    }
}
