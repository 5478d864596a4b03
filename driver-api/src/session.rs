use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::asterisk::LineOrigin;
use crate::decode::{self, Problem};
use crate::row::{Origin, Source};
use crate::{Blanked, EngineRow, Error, ErrorKind, OneLine, Row, Rows, Snapshot, Value};

/// The database as a driver sees it: one read-only snapshot, for as long as the file takes.
///
/// Who runs a driver makes a session for each file and takes the warnings afterwards. With the crate `database`,
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
    /// Where the lines of the file come from, if somebody asked for it.
    origins: Option<Vec<LineOrigin>>,
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
/// # use driver_api::{Driver, Error, Row, Session};
/// #
/// # #[derive(serde::Deserialize)]
/// # struct Number { uuid: String, exten: String, language: String }
/// #
/// # struct Numbers;
/// #
/// # impl Driver for Numbers {
/// #     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
/// #         let rows: Vec<Row<Number>> = session.query(NUMBERS, &["internal".into()])?;
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
    /// The text. Its columns have the names and the order of the row type's fields; a column of the key needs no
    /// field.
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
        Session { snapshot, warnings: Vec::new(), origins: None }
    }

    /// Has the writers of the file record where each line comes from; [`take_origins`](Session::take_origins)
    /// gives it when the file is there.
    #[must_use]
    pub fn recording_origins(self) -> Session<'a> {
        Session { origins: Some(Vec::new()), ..self }
    }

    pub(crate) fn records_origins(&self) -> bool {
        self.origins.is_some()
    }

    pub(crate) fn record(&mut self, origins: Vec<LineOrigin>) {
        if let Some(recorded) = &mut self.origins {
            recorded.extend(origins);
        }
    }

    /// The origins of the lines of the file, in their order, and none left behind; nothing if nobody asked for them
    /// by [`recording_origins`](Session::recording_origins).
    pub fn take_origins(&mut self) -> Vec<LineOrigin> {
        self.origins.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Runs the query and returns its rows, each with its [`Origin`](crate::Origin), in the order of the database.
    ///
    /// `T` is a struct whose fields are, by name and order, the columns of the query; a column of the
    /// [key](Query::key) that the driver does not read needs no field, and those behind the others may be
    /// [options](crate::OptionColumns). Integers,
    /// floats, booleans, texts (also of uuids and enumerations) and arrays are accepted as such,
    /// `Option` takes `NULL`; anything else is an error that names table, row and column. A row with
    /// a line break in a [`OneLine`](crate::OneLine) field is left out with a warning; in a
    /// [`Blanked`](crate::Blanked) field blanks replace it, with a warning too.
    ///
    /// ```
    /// use driver_api::{Driver, Error, OneLine, Query, Row, Session};
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
    /// let mailboxes: Vec<Row<Mailbox>> = session.query(MAILBOXES, &["internal".into(), 1.into()])?;
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
    ) -> Result<Vec<Row<T>>, Error> {
        let earlier = self.warnings.len();
        let mut decoder = Decoder {
            query,
            source: None,
            key: Vec::new(),
            room: Vec::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            warnings: &mut self.warnings,
        };
        let result = self.snapshot.run(query.sql, params, &mut decoder);
        let rows = decoder.rows;
        // A query without `ORDER BY` gives its rows, and with them these, in an order of chance.
        self.warnings[earlier..].sort();
        result.map_err(|error| error.context(format!("table {}", query.table)))?;
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

    /// The warnings so far, each once, and none left behind. Several queries may read the same bad row.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        let mut seen = HashSet::new();
        let warnings = std::mem::take(&mut self.warnings);
        warnings.into_iter().filter(|warning| seen.insert(warning.clone())).collect()
    }
}

struct Decoder<'a, T> {
    query: Query<'a>,
    source: Option<Arc<Source>>,
    /// Where the columns of the key are.
    key: Vec<usize>,
    /// Where keys are put together.
    room: Vec<u8>,
    /// The columns that the row type has fields for.
    columns: Vec<usize>,
    rows: Vec<Row<T>>,
    warnings: &'a mut Vec<Warning>,
}

impl<T: DeserializeOwned> Rows for Decoder<'_, T> {
    fn columns(&mut self, names: &[&str]) -> Result<(), Error> {
        self.columns = decode::columns_to_read::<T>(names, self.query.key)?;
        let index = |key: &&str| {
            let index = names.iter().position(|name| name == key);
            let message = || format!("the key column {key} is not among the columns");
            index.ok_or_else(|| Error::new(ErrorKind::Query, message()))
        };
        self.key = self.query.key.iter().map(index).collect::<Result<_, _>>()?;
        self.source = Some(Arc::new(Source::new(&self.query, names)));
        Ok(())
    }

    fn row(&mut self, row: &dyn EngineRow) -> Result<(), Error> {
        let Some(source) = &self.source else {
            return Err(Error::new(ErrorKind::Query, "a row came before the names of the columns"));
        };
        let mut line_break = |origin: &Origin, column: usize, consequence: &str| {
            let message = format!("the value has a line break; {consequence}");
            self.warnings.push(origin.warning(source.column(column), message));
        };
        let decoded = decode::decode(row, &self.columns);
        let origin = source.origin(row, &self.key, &mut self.room);
        match decoded {
            Ok((value, blanked)) => {
                for column in blanked {
                    line_break(&origin, column, Blanked::CONSEQUENCE);
                }
                self.rows.push(Row::new(value, origin));
            }
            Err(Problem::LineBreak { column }) => line_break(&origin, column, OneLine::CONSEQUENCE),
            Err(Problem::Value { column, error }) => {
                let error = match column {
                    Some(column) => error.context(format!("column {}", source.column(column))),
                    None => error,
                };
                return Err(error.context(format!("row {}", origin.key())));
            }
        }
        Ok(())
    }
}
