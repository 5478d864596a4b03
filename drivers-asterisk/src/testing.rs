//! Rows for the tests of the drivers.

use std::collections::BTreeMap;

use driver_api::{Driver, Error, Snapshot, Value};
use fixtures::Scratch;

/// The rows of a database, put there one by one.
#[derive(Default)]
pub(crate) struct Rows(BTreeMap<&'static str, String>);

/// The text of a driver and its warnings.
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) warnings: Vec<String>,
}

impl Rows {
    /// Adds a row, which [`row!`] makes.
    pub(crate) fn add(mut self, table: &'static str, row: String) -> Rows {
        self.0.entry(table).or_default().push_str(&(row + "\n"));
        self
    }

    /// Adds a row unless it is there already.
    pub(crate) fn ensure(self, table: &'static str, row: String) -> Rows {
        let known = self.0.get(table).is_some_and(|rows| rows.lines().any(|line| line == row));
        if known { self } else { self.add(table, row) }
    }

    pub(crate) fn load(&self) -> Scratch {
        let tables: Vec<(&str, &str)> = self.0.iter().map(|(table, rows)| (*table, rows.as_str())).collect();
        Scratch::new(&tables)
    }

    /// Runs a driver. Drops the warnings of blanks that Asterisk strips: they come from the writer and not from the
    /// driver, and many texts of these tests have such blanks.
    pub(crate) fn write(&self, driver: &dyn Driver) -> Written {
        let mut database = self.load();
        let text = database.generate(driver).unwrap();
        let mut warnings = database.warnings;
        warnings.retain(|warning| !warning.ends_with(": Asterisk strips the blanks at its ends"));
        Written { text, warnings }
    }
}

/// A row as a line of JSON: `row! { id: 1, name: "a", label: () }`. The other columns have their defaults.
macro_rules! row {
    ($($column:ident: $value:expr),+ $(,)?) => {{
        let columns = [$(format!("\"{}\": {}", stringify!($column), $crate::testing::Json::json(&$value))),+];
        format!("{{{}}}", columns.join(", "))
    }};
}
pub(crate) use row;

/// A value of a row.
pub(crate) trait Json {
    fn json(&self) -> String;
}

impl Json for &str {
    fn json(&self) -> String {
        serde_json::to_string(self).expect("a text is JSON")
    }
}

impl Json for String {
    fn json(&self) -> String {
        self.as_str().json()
    }
}

impl<T: Json> Json for Option<T> {
    fn json(&self) -> String {
        self.as_ref().map_or_else(|| "null".to_owned(), Json::json)
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn json(&self) -> String {
        format!("[{}]", self.each_ref().map(Json::json).join(", "))
    }
}

macro_rules! json_as_displayed {
    ($($type:ty)*) => {$(
        impl Json for $type {
            fn json(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

json_as_displayed!(bool i64);

impl Json for () {
    fn json(&self) -> String {
        "null".to_owned()
    }
}

/// Removes the white space before the lines of a text and the empty lines at its ends, so that a test can indent
/// it.
pub(crate) fn unindented(text: &str) -> String {
    text.trim().lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

/// A database for drivers that run no query.
pub(crate) struct NoDatabase;

impl Snapshot for NoDatabase {
    fn run(&mut self, sql: &str, _: &[Value<'_>], _: &mut dyn driver_api::Rows) -> Result<(), Error> {
        panic!("unexpected query: {sql}")
    }
}
