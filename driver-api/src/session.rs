use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::row::{self, Problem};
use crate::{Error, ErrorKind, Row, Rows, Snapshot, Value, blanked, breaks_line};

/// The database as a driver sees it: one read-only snapshot, for as long as the file takes.
///
/// Who runs a driver makes a session for each file and takes the warnings afterwards. With the crate `session`,
/// which opens databases, that is
///
/// ```
/// use driver_api::{Driver, Error, Session, Snapshot, Warning};
///
/// fn run(driver: &dyn Driver, snapshot: &mut dyn Snapshot) -> Result<(String, Vec<Warning>), Error> {
///     let mut session = Session::new(snapshot);
///     let text = driver.generate(&mut session)?;
///     Ok((text, session.take_warnings()))
/// }
/// ```
///
/// and in a test `fixtures::Scratch::generate` does it.
pub struct Session<'a> {
    snapshot: &'a mut dyn Snapshot,
    warnings: Vec<Warning>,
}

/// One query: its text, and how its rows are called in messages.
///
/// One text serves both engines: standard joins, parameters `$1`, `$2` …, `CASE`, `COALESCE`,
/// `CAST(… AS TEXT)`, and `COLLATE "C"` for the order of code points. A boolean is a condition by itself,
/// `WHERE enabled`, since only PostgreSQL has the type. An `ORDER BY` that leaves no two rows equal makes the
/// file the same each time. Work on strings is better done in Rust.
///
/// ```
/// use driver_api::Query;
///
/// /// The numbers of each user.
/// const NUMBERS: Query<'_> = Query {
///     table: "userfeatures",
///     key: &["uuid", "exten"],
///     sql: "SELECT u.uuid, e.exten, COALESCE(u.language, '') AS language
///         FROM userfeatures AS u
///         JOIN user_line AS ul ON ul.user_id = u.id AND ul.main_user
///         JOIN line_extension AS le ON le.line_id = ul.line_id
///         JOIN extensions AS e ON e.id = le.extension_id
///         WHERE e.context = $1
///         ORDER BY e.exten COLLATE \"C\", u.id",
/// };
/// # use driver_api::{Driver, Error, Session};
/// #
/// # #[derive(serde::Deserialize)]
/// # struct Number { uuid: String, exten: String, language: String }
/// #
/// # struct Numbers;
/// #
/// # impl Driver for Numbers {
/// #     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
/// #         let rows: Vec<Number> = session.query(NUMBERS, &["internal".into()])?;
/// #         Ok(rows.iter().map(|row| format!("{} {} {}\n", row.uuid, row.exten, row.language)).collect())
/// #     }
/// # }
/// #
/// # let user = r#"{"id": 1, "uuid": "u", "tenant_uuid": "t", "func_key_private_template_id": 1, "description": ""}"#;
/// # let extension = r#"{"id": 7, "type": "user", "exten": "1001", "context": "internal"}"#;
/// # let mut database = fixtures::Scratch::new(&[("userfeatures", user), ("extensions", extension)]);
/// # database.execute("INSERT INTO user_line (user_id, line_id, main_user, main_line) VALUES (1, 5, 1, 1);
/// #     INSERT INTO line_extension (line_id, extension_id, main_extension) VALUES (5, 7, 1)");
/// # assert_eq!(database.generate(&Numbers).unwrap(), "u 1001 \n");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The table that the rows come from; with several, the one that a row stands for.
    pub table: &'a str,
    /// The columns that tell a row from the others, for messages. They are among those of `sql`.
    pub key: &'a [&'a str],
    /// The text. Its columns have the names and the order of the row type's fields.
    pub sql: &'a str,
}

/// Something in the data that the file was made without, or that will not work as intended.
///
/// A warning is a value, not a log call: whoever runs the driver decides where it goes.
///
/// ```
/// use driver_api::Warning;
///
/// let warning = Warning::new("moh", "there is none: the class is silent").row("name=jazz").column("application");
/// let text = "table moh, row name=jazz, column application: there is none: the class is silent";
/// assert_eq!(warning.to_string(), text);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Warning {
    /// The table; empty where it is not the data but what became of it.
    pub table: String,
    /// The row, as `id=7`; empty where it is the table as a whole.
    pub key: String,
    /// The column; empty where it is the row as a whole.
    pub column: String,
    /// What is wrong with it, and what was done.
    pub message: String,
}

impl Warning {
    /// A warning about a table, or about no data if that is empty.
    pub fn new(table: &str, message: impl Into<String>) -> Warning {
        Warning { table: table.to_owned(), message: message.into(), ..Warning::default() }
    }

    /// The same about one row, like `id=7`.
    #[must_use]
    pub fn row(self, key: impl fmt::Display) -> Warning {
        Warning { key: key.to_string(), ..self }
    }

    /// The same about one column.
    #[must_use]
    pub fn column(self, column: &str) -> Warning {
        Warning { column: column.to_owned(), ..self }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, name) in [("table ", &self.table), (", row ", &self.key), (", column ", &self.column)] {
            if !name.is_empty() {
                write!(f, "{what}{name}")?;
            }
        }
        let separator = if self.table.is_empty() { "" } else { ": " };
        write!(f, "{separator}{}", self.message)
    }
}

impl<'a> Session<'a> {
    /// A session over a snapshot that is open already.
    pub fn new(snapshot: &'a mut dyn Snapshot) -> Session<'a> {
        Session { snapshot, warnings: Vec::new() }
    }

    /// Runs the query and returns its rows in the order of the database.
    ///
    /// `T` is a struct whose fields are, by name and order, the columns of the query. Integers,
    /// floats, booleans, texts (also of uuids and enumerations) and arrays are accepted as such,
    /// `Option` takes `NULL`; anything else is an error that names table, row and column. A row with
    /// a line break in a [`OneLine`](crate::OneLine) field is left out with a warning; in a
    /// [`Blanked`](crate::Blanked) field blanks replace it, with a warning too.
    ///
    /// ```
    /// use driver_api::{Driver, Error, OneLine, Query, Session};
    /// use serde::Deserialize;
    ///
    /// const MAILBOXES: Query<'_> = Query {
    ///     table: "voicemail",
    ///     key: &["uniqueid"],
    ///     sql: "SELECT uniqueid, mailbox, email, deletevoicemail
    ///         FROM voicemail
    ///         WHERE context = $1 AND uniqueid > $2
    ///         ORDER BY uniqueid",
    /// };
    ///
    /// #[derive(Deserialize)]
    /// struct Mailbox {
    ///     uniqueid: i64,
    ///     mailbox: OneLine,
    ///     email: Option<OneLine>,
    ///     // 0 or 1 is a boolean, too.
    ///     deletevoicemail: bool,
    /// }
    ///
    /// # struct Mailboxes;
    /// #
    /// # impl Driver for Mailboxes {
    /// # fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
    /// let mailboxes: Vec<Mailbox> = session.query(MAILBOXES, &["internal".into(), 1.into()])?;
    /// assert_eq!((mailboxes[0].uniqueid, &*mailboxes[0].mailbox), (2, "1002"));
    /// assert!(mailboxes[0].email.is_none() && mailboxes[0].deletevoicemail);
    /// # Ok(String::new())
    /// # }
    /// # }
    /// #
    /// # let rows = r#"{"uniqueid": 1, "context": "internal", "mailbox": "1001"}
    /// # {"uniqueid": 2, "context": "internal", "mailbox": "1002", "deletevoicemail": 1}"#;
    /// # fixtures::Scratch::new(&[("voicemail", rows)]).generate(&Mailboxes).unwrap();
    /// ```
    ///
    /// A table or column that is not there is an error of [`ErrorKind::MissingTable`] or
    /// [`ErrorKind::MissingColumn`], a value of the wrong type one of [`ErrorKind::Row`]. The session stays
    /// good for other queries.
    pub fn query<T: DeserializeOwned>(
        &mut self,
        query: Query<'_>,
        params: &[Value<'_>],
    ) -> Result<Vec<T>, Error> {
        let earlier = self.warnings.len();
        let mut decoder =
            Decoder { query, columns: Vec::new(), rows: Vec::new(), warnings: &mut self.warnings };
        let result = self.snapshot.run(query.sql, params, &mut decoder);
        let rows = decoder.rows;
        // A query without `ORDER BY` gives its rows, and with them these, in an order of chance.
        self.warnings[earlier..].sort();
        result.map_err(|error| error.in_(format!("table {}", query.table)))?;
        Ok(rows)
    }

    /// Notes something about the data. It does not change the result.
    ///
    /// ```
    /// # use driver_api::{Error, Rows, Session, Snapshot, Value};
    /// use driver_api::Warning;
    ///
    /// # struct Empty;
    /// #
    /// # impl Snapshot for Empty {
    /// #     fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
    /// #         rows.columns(&[])
    /// #     }
    /// # }
    /// #
    /// # let mut snapshot = Empty;
    /// # let mut session = Session::new(&mut snapshot);
    /// let ringseconds = 0;
    /// if ringseconds == 0 {
    ///     let warning = Warning::new("userfeatures", "the mobile phone does not ring");
    ///     session.warn(warning.row("uuid=u-1001").column("ringseconds"));
    /// }
    /// assert_eq!(session.take_warnings().len(), 1);
    /// ```
    pub fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Whether these values of a row, each with its column, can stand in a line. If one can't, this
    /// notes that the row is left out, as [`query`](Session::query) does by itself for
    /// [`OneLine`](crate::OneLine); for rows of which only a part is left out.
    ///
    /// ```
    /// # use driver_api::{Error, Rows, Session, Snapshot, Value};
    /// # struct Empty;
    /// #
    /// # impl Snapshot for Empty {
    /// #     fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
    /// #         rows.columns(&[])
    /// #     }
    /// # }
    /// #
    /// # let mut snapshot = Empty;
    /// # let mut session = Session::new(&mut snapshot);
    /// // What is left out is the section of this user in `followme.conf`.
    /// let columns = [("mobilephonenumber", "0612345678\n"), ("ringextern", "")];
    /// assert!(!session.keeps_line("userfeatures", "uuid=u-1001", &columns));
    /// let row = "table userfeatures, row uuid=u-1001, column mobilephonenumber";
    /// let text = format!("{row}: the value has a line break; the row is left out");
    /// assert_eq!(session.take_warnings()[0].to_string(), text);
    /// ```
    pub fn keeps_line(&mut self, table: &str, key: impl fmt::Display, values: &[(&str, &str)]) -> bool {
        let broken = values.iter().find(|(_, value)| breaks_line(value));
        if let Some((column, _)) = broken {
            self.warn(line_break(table, key.to_string(), column, LEFT_OUT));
        }
        broken.is_none()
    }

    /// Whether this value of a row can stand in a line. If it can't, this notes that the option is left out;
    /// the row, which has others, stays.
    ///
    /// ```
    /// # use driver_api::{Error, Rows, Session, Snapshot, Value};
    /// # struct Empty;
    /// #
    /// # impl Snapshot for Empty {
    /// #     fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
    /// #         rows.columns(&[])
    /// #     }
    /// # }
    /// #
    /// # let mut snapshot = Empty;
    /// # let mut session = Session::new(&mut snapshot);
    /// let mut options = Vec::new();
    /// for (column, value) in [("language", "fr_CA"), ("tz", "eu-fr\n[general]")] {
    ///     if session.keeps_option("voicemail", "uniqueid=7", column, value) {
    ///         options.push(format!("{column}={value}"));
    ///     }
    /// }
    /// assert_eq!(options, ["language=fr_CA"]);
    /// let text = "table voicemail, row uniqueid=7, column tz: the value has a line break; the option is left out";
    /// assert_eq!(session.take_warnings()[0].to_string(), text);
    /// ```
    pub fn keeps_option(&mut self, table: &str, key: impl fmt::Display, column: &str, value: &str) -> bool {
        let broken = breaks_line(value);
        if broken {
            self.warn(line_break(table, key.to_string(), column, OPTION_LEFT_OUT));
        }
        !broken
    }

    /// This value of a row, with blanks if it breaks the line; this notes it then, as
    /// [`query`](Session::query) does by itself for [`Blanked`](crate::Blanked). For values that are part of
    /// a column.
    ///
    /// ```
    /// # use driver_api::{Error, Rows, Session, Snapshot, Value};
    /// # struct Empty;
    /// #
    /// # impl Snapshot for Empty {
    /// #     fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
    /// #         rows.columns(&[])
    /// #     }
    /// # }
    /// #
    /// # let mut snapshot = Empty;
    /// # let mut session = Session::new(&mut snapshot);
    /// let callerid = "\"Alice\nLindholm\" <1001>";
    /// let name = callerid.split('"').nth(1).unwrap_or_default();
    /// assert_eq!(session.blanked("userfeatures", "uuid=u-1001", "callerid", name), "Alice Lindholm");
    /// assert_eq!(session.take_warnings().len(), 1);
    /// ```
    pub fn blanked<'v>(
        &mut self,
        table: &str,
        key: impl fmt::Display,
        column: &str,
        value: &'v str,
    ) -> Cow<'v, str> {
        if breaks_line(value) {
            self.warn(line_break(table, key.to_string(), column, BLANKED));
        }
        blanked(value)
    }

    /// The warnings so far, each once, and none left behind. Several queries may read the same bad row.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        let mut seen = HashSet::new();
        let warnings = std::mem::take(&mut self.warnings);
        warnings.into_iter().filter(|warning| seen.insert(warning.clone())).collect()
    }
}

const LEFT_OUT: &str = "the row is left out";
const OPTION_LEFT_OUT: &str = "the option is left out";
const BLANKED: &str = "blanks stand in its place";

fn line_break(table: &str, key: String, column: &str, consequence: &str) -> Warning {
    Warning::new(table, format!("the value has a line break; {consequence}")).row(key).column(column)
}

struct Decoder<'a, T> {
    query: Query<'a>,
    columns: Vec<String>,
    rows: Vec<T>,
    warnings: &'a mut Vec<Warning>,
}

impl<T: DeserializeOwned> Rows for Decoder<'_, T> {
    fn columns(&mut self, names: &[&str]) -> Result<(), Error> {
        row::check_columns::<T>(names)?;
        if let Some(missing) = self.query.key.iter().find(|key| !names.contains(key)) {
            return Err(Error::new(
                ErrorKind::Query,
                format!("the key column {missing} is not among the columns"),
            ));
        }
        self.columns = names.iter().map(|&name| name.to_owned()).collect();
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<(), Error> {
        match row::decode(row, self.columns.len()) {
            Ok((value, blanked)) => {
                self.rows.push(value);
                for column in blanked {
                    let warning = line_break(self.query.table, self.key(row), &self.columns[column], BLANKED);
                    self.warnings.push(warning);
                }
            }
            Err(Problem::LineBreak { column }) => {
                let warning = line_break(self.query.table, self.key(row), &self.columns[column], LEFT_OUT);
                self.warnings.push(warning);
            }
            Err(Problem::Value { column, error }) => {
                let error = match column {
                    Some(column) => error.in_(format!("column {}", self.columns[column])),
                    None => error,
                };
                return Err(error.in_(format!("row {}", self.key(row))));
            }
        }
        Ok(())
    }
}

impl<T> Decoder<'_, T> {
    /// `id=7`, or `child=… parent=…`, with control characters escaped.
    fn key(&self, row: &dyn Row) -> String {
        let part = |name: &&str| {
            let index = self.columns.iter().position(|column| column == name)?;
            let value = row.value(index).ok()?;
            Some(format!("{name}={}", row::Shown(&value)))
        };
        self.query.key.iter().filter_map(part).collect::<Vec<_>>().join(" ")
    }
}
