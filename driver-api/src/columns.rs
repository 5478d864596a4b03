//! Columns of a query that become options of a section.

use std::fmt;
use std::mem;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use crate::{Origin, Piece, Row};

/// The last columns of a query, each of which is an option of a section. Only the query names them, in the order of
/// the file.
///
/// The field is the last one of a row type and has the name `option_columns`. [`Row::options`] returns the names and
/// values. A column that is NULL is no option. Texts and integers can be options; other types are an error.
///
/// ```
/// use driver_api::asterisk::Writer;
/// use driver_api::{OptionColumns, Query, Row, Text};
///
/// const QUEUES: Query<'_> = Query {
///     table: "queue",
///     key: &["name"],
///     sql: r#"SELECT name, musicclass, timeout, "monitor-type", strategy FROM queue ORDER BY name COLLATE "C""#,
/// };
///
/// #[derive(serde::Deserialize)]
/// struct Queue {
///     name: Text,
///     option_columns: OptionColumns,
/// }
///
/// let row = r#"{"name": "sales", "category": "queue", "musicclass": "jazz;", "timeout": 15}"#;
/// fixtures::Scratch::new(&[("queue", row)]).in_session(|session| {
///     let queues: Vec<Row<Queue>> = session.query(QUEUES, &[]).unwrap();
///     let mut writer = Writer::new(session);
///     for queue in &queues {
///         let mut lines = writer.at(queue);
///         lines.section(&queue.name);
///         for option in queue.options(&queue.option_columns) {
///             lines.option(option.name(), option);
///         }
///     }
///     assert_eq!(writer.finish(session), "[sales]\nmusicclass = jazz\\;\ntimeout = 15\n");
/// });
/// ```
#[derive(Clone, Default)]
pub struct OptionColumns {
    /// All values, concatenated.
    text: String,
    /// The index of each column in the query, and the end of its value in the text.
    ends: Vec<(u16, u32)>,
}

/// The name and value of one of the [`OptionColumns`]. As a [`Piece`] it is the value, of that column.
#[derive(Clone, Copy)]
pub struct OptionColumn<'a> {
    name: &'a str,
    value: &'a str,
}

impl<T> Row<T> {
    /// Returns the options in these columns, in the order of the query.
    pub fn options<'a>(&'a self, columns: &'a OptionColumns) -> impl Iterator<Item = OptionColumn<'a>> {
        let mut start = 0;
        columns.ends.iter().map(move |&(column, end)| {
            let end = end as usize;
            let value = columns.text.get(mem::replace(&mut start, end)..end).unwrap_or_default();
            OptionColumn { name: self.origin().column(column.into()).unwrap_or_default(), value }
        })
    }
}

impl<'a> OptionColumn<'a> {
    /// Returns the name of the column.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the value.
    pub fn value(&self) -> &'a str {
        self.value
    }
}

impl Piece for OptionColumn<'_> {
    fn text(&self) -> std::borrow::Cow<'_, str> {
        self.value.into()
    }

    fn column<'a>(&'a self, _: Option<&'a Origin>) -> Option<&'a str> {
        Some(self.name)
    }
}

/// The name of the field that takes the columns that follow the others.
pub(crate) const TAKES_THE_REST: &str = "option_columns";

/// The name by which the deserializer of rows recognizes [`OptionColumns`]. It passes the index and the text of each
/// column.
pub(crate) const OPTION_COLUMNS: &str = "driver_api::OptionColumns";

impl<'de> Deserialize<'de> for OptionColumns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OptionColumns, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = OptionColumns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the columns of a row")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> Result<OptionColumns, A::Error> {
                let mut options = OptionColumns::default();
                while let Some(column) = columns.next_element()? {
                    columns.next_element_seed(Append(&mut options.text))?;
                    let end = u32::try_from(options.text.len()).map_err(A::Error::custom)?;
                    options.ends.push((column, end));
                }
                Ok(options)
            }
        }
        deserializer.deserialize_newtype_struct(OPTION_COLUMNS, Columns)
    }
}

/// Appends a text without an intermediate copy.
struct Append<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}
