//! The rows of a query whose columns are known only when it runs.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::Row;

/// The result of a query whose columns are known only when it runs, such as one from a configuration file.
///
/// A driver in Rust has a struct for its rows, and [`Session::query`](crate::Session::query) checks it.
///
/// ```
/// use driver_api::{Cell, Query};
///
/// let row = r#"{"context": "internal", "mailbox": "1001", "maxmsg": 50}"#;
/// fixtures::Scratch::new(&[("voicemail", row)]).in_session(|session| {
///     let sql = "SELECT mailbox, maxmsg, email FROM voicemail ORDER BY uniqueid";
///     let table = session.query_table(Query { table: "voicemail", key: &["mailbox"], sql }, &[]).unwrap();
///     assert_eq!(table.columns, ["mailbox", "maxmsg", "email"]);
///     assert_eq!(*table.rows[0], [Cell::Text("1001".into()), Cell::Integer(50), Cell::Null]);
///     assert_eq!(table.rows[0].origin().to_string(), "table voicemail, row mailbox=1001");
/// });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The names of the columns, in the order of the query.
    pub columns: Vec<String>,
    /// The rows, each with one cell for each column.
    pub rows: Vec<Row<Cells>>,
}

/// The values of a row, in the order of the columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells(Box<[Cell]>);

/// A value in a row of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// SQL's `NULL`.
    Null,
    /// A boolean. SQLite has none; it returns the integer 0 or 1.
    Bool(bool),
    /// Any integer type.
    Integer(i64),
    /// Any floating point type.
    Float(f64),
    /// A text, also of a uuid or an enumeration. On SQLite also an array, as JSON.
    Text(Box<str>),
    /// An array.
    List(Vec<Cell>),
}

impl Deref for Cells {
    type Target = [Cell];

    fn deref(&self) -> &[Cell] {
        &self.0
    }
}

impl PartialEq<[Cell]> for Cells {
    fn eq(&self, other: &[Cell]) -> bool {
        *self.0 == *other
    }
}

impl<const N: usize> PartialEq<[Cell; N]> for Cells {
    fn eq(&self, other: &[Cell; N]) -> bool {
        *self.0 == *other
    }
}

/// The name by which the deserializer of rows recognizes [`Cells`]. It passes the values of the columns.
pub(crate) const CELLS: &str = "driver_api::Cells";

/// The row type whose columns are those of the query.
#[derive(Deserialize)]
pub(crate) struct AnyRow {
    /// The name of the field says that it takes all columns.
    pub(crate) option_columns: Cells,
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cells, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Cells;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the columns of a row")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> Result<Cells, A::Error> {
                let mut cells = Vec::new();
                while let Some(cell) = columns.next_element()? {
                    cells.push(cell);
                }
                Ok(Cells(cells.into_boxed_slice()))
            }
        }
        deserializer.deserialize_newtype_struct(CELLS, Columns)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of a column")
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Integer(value))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
                Ok(Cell::Float(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Cell, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Cell::List(list))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}
