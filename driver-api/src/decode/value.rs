//! Decodes one column of a row with serde.

use serde::de::value::{StrDeserializer, U16Deserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::shown::{Found, hyphenated};
use super::{Cursor, Failure};
use crate::Value;
use crate::columns::OPTION_COLUMNS;
use crate::table::CELLS;
use crate::text::{BLANKED, ONE_LINE, TEXT, breaks_line};

/// The value of a column, or an element of the array in it.
pub(super) struct ValueDeserializer<'c, 'v> {
    pub(super) value: Value<'v>,
    pub(super) column: usize,
    pub(super) cursor: &'c Cursor<'c>,
}

impl ValueDeserializer<'_, '_> {
    /// Reads a [`Text`](crate::Text) or a type around one, which takes the text and the index of its column.
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

/// Integers of every width. Serde narrows them, and reports one that does not fit.
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

    /// Lets a uuid type take the bytes, which saves formatting and parsing the text.
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
            CELLS => {
                let first = Some((self.column, self.value));
                visitor.visit_seq(RestOfValues { first, cursor: self.cursor })
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
            // SQLite has no arrays; they are stored as JSON.
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

/// Converts an element of an array that SQLite stores as JSON.
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

/// The sequence that a [`Text`](crate::Text) is read from: the text, then the index of its column.
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

/// The sequence that [`Cells`](crate::Cells) are read from: the values of all columns from `first` on.
struct RestOfValues<'c, 'v> {
    first: Option<(usize, Value<'v>)>,
    cursor: &'c Cursor<'v>,
}

impl<'de> SeqAccess<'de> for RestOfValues<'_, '_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let next = match self.first.take() {
            Some(first) => Some(first),
            None => self.cursor.advance()?,
        };
        let Some((column, value)) = next else { return Ok(None) };
        seed.deserialize(ValueDeserializer { value, column, cursor: self.cursor }).map(Some)
    }
}

/// The sequence that [`OptionColumns`](crate::OptionColumns) is read from: for each column from `first` on that is
/// not NULL, its index and then its text.
struct RestOfColumns<'c, 'v> {
    first: Option<(usize, Value<'v>)>,
    /// The value of the column whose index was returned last.
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
