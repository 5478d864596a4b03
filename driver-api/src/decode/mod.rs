//! Decodes rows with serde. [`columns_to_read`] compares the names of the columns with the fields of the struct once
//! per query; [`decode`] then reads each row by position.

mod shown;
#[cfg(test)]
mod tests;
mod value;

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use self::value::ValueDeserializer;
use crate::columns::TAKES_THE_REST;
use crate::{EngineRow, Error, ErrorKind, Value};

pub(crate) use self::shown::Shown;

/// The reason why a row can't be decoded.
pub(crate) enum Problem {
    /// The text of a [`OneLine`](crate::OneLine) field has a line break.
    LineBreak { column: usize },
    /// Anything else.
    Value { column: Option<usize>, error: Error },
}

/// Checks that the columns are the fields of `T`, by name and order, and returns the indexes of the columns to read.
/// A column of the key needs no field. A last field [`TAKES_THE_REST`] takes all columns that follow the others.
pub(crate) fn columns_to_read<T: DeserializeOwned>(
    columns: &[&str],
    key: &[&str],
) -> Result<Vec<usize>, Error> {
    let mut fields = None;
    // The probe stores the list of fields and then always fails.
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

/// Reads these columns of a row; `key` has indexes and values of the columns that are read already. Also returns the
/// columns whose text has a line break that [`Blanked`](crate::Blanked) replaces.
pub(crate) fn decode<T: DeserializeOwned>(
    row: &dyn EngineRow,
    columns: &[usize],
    key: (&[usize], &[Value<'_>]),
) -> Result<(T, Vec<usize>), Problem> {
    let cursor = Cursor { row, columns, key, next: Cell::new(0), blanked: RefCell::default() };
    let decoded = T::deserialize(RowDeserializer(&cursor));
    let column = cursor.next.get().checked_sub(1).and_then(|at| columns.get(at).copied());
    decoded.map(|row| (row, cursor.blanked.into_inner())).map_err(|failure| {
        // The cursor is one past the column that failed.
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

/// A position in a row.
struct Cursor<'a> {
    row: &'a dyn EngineRow,
    /// The columns to read.
    columns: &'a [usize],
    /// Indexes and values of the key's columns.
    key: (&'a [usize], &'a [Value<'a>]),
    /// The position in `columns` to read next.
    next: Cell<usize>,
    /// The columns whose line breaks blanks replace.
    blanked: RefCell<Vec<usize>>,
}

impl<'a> Cursor<'a> {
    /// Returns the next column and its value.
    fn advance(&self) -> Result<Option<(usize, Value<'a>)>, Failure> {
        let next = self.next.get();
        let Some(&column) = self.columns.get(next) else { return Ok(None) };
        self.next.set(next + 1);
        self.value(column).map(|value| Some((column, value))).map_err(Failure::Engine)
    }

    fn value(&self, column: usize) -> Result<Value<'a>, Error> {
        let (columns, values) = self.key;
        match columns.iter().position(|&key| key == column).map(|key| &values[key]) {
            // A key column that can't be read is NULL in the key, and an error here.
            None | Some(Value::Null) => self.row.value(column),
            Some(value) => Ok(value.clone()),
        }
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
