//! The rows of queries as a template sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use driver_api::{Cell, Origin, Table};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

/// A cell: the numbers of its query, its row and its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellAt {
    pub(crate) query: u16,
    pub(crate) column: u16,
    pub(crate) row: u32,
}

/// Remembers the cell that the template read last. A value that it prints then comes from there, or from that row.
#[derive(Debug)]
pub(crate) struct LastRead(AtomicU64);

impl LastRead {
    pub(crate) fn new() -> LastRead {
        LastRead(AtomicU64::new(u64::MAX))
    }

    fn set(&self, cell: CellAt) {
        let place = u64::from(cell.query) << 48 | u64::from(cell.column) << 32 | u64::from(cell.row);
        self.0.store(place, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<CellAt> {
        let place = self.0.load(Ordering::Relaxed);
        let part = |shift: u32| u16::try_from(place >> shift & 0xffff).unwrap_or_default();
        let row = u32::try_from(place & 0xffff_ffff).unwrap_or_default();
        (place != u64::MAX).then(|| CellAt { query: part(48), column: part(32), row })
    }
}

/// The result of a query.
#[derive(Debug)]
pub(crate) struct ResultSet {
    pub(crate) name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    origins: Vec<Origin>,
}

impl ResultSet {
    pub(crate) fn new(name: &str, table: Table) -> ResultSet {
        let (mut rows, mut origins) =
            (Vec::with_capacity(table.rows.len()), Vec::with_capacity(table.rows.len()));
        for row in table.rows {
            origins.push(row.origin().clone());
            rows.push(row.iter().map(value).collect());
        }
        ResultSet { name: name.to_owned(), columns: table.columns, rows, origins }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn origin(&self, row: u32) -> Option<&Origin> {
        self.origins.get(row as usize)
    }

    pub(crate) fn column(&self, column: u16) -> &str {
        self.columns.get(usize::from(column)).map_or("", String::as_str)
    }

    /// Returns the text of a cell, if it has one.
    pub(crate) fn text(&self, cell: CellAt) -> Option<&str> {
        self.rows.get(cell.row as usize)?.get(usize::from(cell.column))?.as_str()
    }

    /// Returns the cells with a text that `is_it`.
    pub(crate) fn texts(&self, query: u16, is_it: impl Fn(&str) -> bool) -> Vec<CellAt> {
        let mut found = Vec::new();
        for (row, cells) in (0..).zip(&self.rows) {
            for (column, cell) in (0..).zip(cells) {
                if cell.as_str().is_some_and(&is_it) {
                    found.push(CellAt { query, column, row });
                }
            }
        }
        found
    }
}

/// A boolean is 0 or 1 on either engine: SQLite has no other.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::from(()),
        Cell::Bool(value) => Value::from(i64::from(*value)),
        Cell::Integer(value) => Value::from(*value),
        Cell::Float(value) => Value::from(*value),
        Cell::Text(text) => Value::from(&**text),
        Cell::List(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
    }
}

/// The rows of a query that are in the file.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) query: u16,
    pub(crate) result: Arc<ResultSet>,
    /// The numbers of the rows, without those that are left out.
    pub(crate) shown: Vec<u32>,
    pub(crate) last: Arc<LastRead>,
}

impl Object for Rows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, index: &Value) -> Option<Value> {
        let row = *self.shown.get(index.as_usize()?)?;
        Some(Value::from_object(RowObject { rows: Arc::clone(self), row }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.shown.len())
    }
}

/// A row: a mapping of columns to values.
#[derive(Debug)]
struct RowObject {
    rows: Arc<Rows>,
    row: u32,
}

impl Object for RowObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        let name = name.as_str()?;
        let Rows { query, result, last, .. } = &*self.rows;
        let column = result.columns.iter().position(|column| column == name)?;
        last.set(CellAt { query: *query, column: u16::try_from(column).unwrap_or(u16::MAX), row: self.row });
        result.rows.get(self.row as usize)?.get(column).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rows.result.columns.iter().map(Value::from).collect())
    }
}
