use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::{panic, thread};

use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use crate::asterisk::{LineOrigins, Recorder, origins_by_section, origins_of_lines};
use crate::decode::{self, Problem};
use crate::explanation::{Explanation, LineNote, Note};
use crate::row::Source;
use crate::table::AnyRow;
use crate::{
    Blanked, EngineRow, Error, ErrorKind, Exported, OneLine, Origin, Release, Row, Rows, Snapshot, StandIn,
    Table, Value, Warning, Warnings,
};

mod release;

/// The database as a driver sees it: one read-only snapshot, while the driver writes one file.
///
/// A program that runs drivers creates a session for each file, over a snapshot that the crate `database` opens, and
/// takes the warnings afterwards. In tests, `fixtures::Scratch::generate` does so.
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
pub struct Session<'a> {
    snapshot: &'a mut dyn Snapshot,
    warnings: Vec<Warning>,
    /// The origins of the file's lines, if the session records them.
    origins: Option<LineOrigins>,
    /// The columns whose lines have origins; none for all lines.
    columns: Option<fn(&str) -> bool>,
    /// All else that is known of the file, if the session explains it.
    explaining: Option<Explaining>,
    /// What stands for tables and columns that the database may lack, and whether it does.
    stand_ins: Vec<(StandIn, bool)>,
    /// The release of the database, once it was asked for.
    release: Option<Release>,
}

/// The section that a session explains, and its knowledge so far.
struct Explaining {
    section: Option<Arc<str>>,
    explanation: Explanation,
}

/// One query: its SQL text, and the table and key that messages use for its rows.
///
/// The SQL text must run on both engines. Use standard joins, parameters `$1`, `$2` …, `CASE`, `COALESCE`,
/// `CAST(… AS TEXT)`, and `COLLATE "C"` to sort by code point. Write a boolean as a condition, `WHERE enabled`,
/// because SQLite has no boolean type. Let `ORDER BY` decide between any two rows, so that the same data gives the
/// same file. Process strings in Rust.
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
/// # #[derive(serde::Deserialize)]
/// # struct Number { uuid: String, exten: String, language: String }
/// # let rows = fixtures::Scratch::new(&[]).in_session(|session| {
/// #     session.query::<Number>(NUMBERS, &["internal".into()])
/// # });
/// # assert!(rows.unwrap().is_empty());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The table that the rows come from. In a join, the table that a row stands for.
    pub table: &'a str,
    /// The columns that identify a row in messages. They are among the columns of `sql`.
    pub key: &'a [&'a str],
    /// The SQL text. Its columns are the fields of the row type, by name and order; a column of the key needs no field.
    pub sql: &'a str,
}

impl<'a> Session<'a> {
    /// Creates a session over an open snapshot.
    pub fn new(snapshot: &'a mut dyn Snapshot) -> Session<'a> {
        Session {
            snapshot,
            warnings: Vec::new(),
            origins: None,
            columns: None,
            explaining: None,
            stand_ins: Vec::new(),
            release: None,
        }
    }

    /// Makes the writers of the file record the origin of each line. [`take_origins`](Session::take_origins) returns
    /// them once the file is written.
    #[must_use]
    pub fn recording_origins(self) -> Session<'a> {
        Session { origins: Some(LineOrigins::default()), ..self }
    }

    /// Does the same for lines whose value comes from one of these columns, and records nothing of others.
    #[must_use]
    pub fn recording_origins_of(self, columns: fn(&str) -> bool) -> Session<'a> {
        Session { columns: Some(columns), ..self.recording_origins() }
    }

    /// Makes the driver explain the file: beside the origin of each line, the session collects the tables of the queries
    /// and the driver's notes, about single lines those of the sections of this name.
    /// [`take_explanation`](Session::take_explanation) returns them once the file is written.
    #[must_use]
    pub fn explaining(self, section: Option<&str>) -> Session<'a> {
        let explaining = Explaining { section: section.map(Arc::from), explanation: Explanation::default() };
        Session { explaining: Some(explaining), ..self.recording_origins() }
    }

    /// Returns whether the session is [`explaining`](Session::explaining) the file, so that notes are of use.
    pub fn explains(&self) -> bool {
        self.explaining.is_some()
    }

    /// Returns whether the session records the origins of lines. A driver whose text comes from a template may then find
    /// out what it can; the [`Writer`](crate::asterisk::Writer) does so by itself.
    pub fn records_origins(&self) -> bool {
        self.origins.is_some()
    }

    /// Returns what the lines of a writer are recorded in.
    pub(crate) fn recorder(&self) -> Option<Recorder> {
        match &self.explaining {
            Some(explaining) => Some(Recorder::explaining(explaining.section.clone())),
            None => self.records_origins().then(|| Recorder::of(self.columns)),
        }
    }

    pub(crate) fn record(&mut self, origins: LineOrigins) {
        match &mut self.origins {
            // Mostly, one writer writes the whole file.
            Some(recorded) if recorded.is_empty() => *recorded = origins,
            Some(recorded) => recorded.append(0, origins),
            None => {}
        }
    }

    /// Records, for a text that comes from a template, that each section of one of these names comes from this row.
    pub fn record_sections<'n>(&mut self, text: &str, rows: impl IntoIterator<Item = (&'n str, &'n Origin)>) {
        if self.records_origins() && self.columns.is_none() {
            self.record(origins_by_section(text, &rows.into_iter().collect()));
        }
    }

    /// Records, for a text that no [`Writer`](crate::asterisk::Writer) writes, the rows and columns of its lines: the
    /// number of each line, from 1 and ascending, its row, and the column that its value comes from.
    pub fn record_lines<'n>(&mut self, lines: impl IntoIterator<Item = (usize, &'n Origin, &'n str)>) {
        if self.records_origins() {
            let columns = self.columns;
            let is_wanted = |column: &str| columns.is_none_or(|wanted| wanted(column));
            self.record(origins_of_lines(lines.into_iter().filter(|(_, _, column)| is_wanted(column))));
        }
    }

    /// Adds what a line comes from, beside its row. The function is called only if the session is
    /// [`explaining`](Session::explaining) the file. Lines must ascend.
    pub fn note_line(&mut self, line: usize, note: impl FnOnce() -> Note) {
        if let Some(Explaining { explanation, .. }) = &mut self.explaining {
            explanation.lines.push(LineNote { line, note: note() });
        }
    }

    pub(crate) fn record_notes(&mut self, notes: Vec<LineNote>) {
        if let Some(Explaining { explanation, .. }) = &mut self.explaining {
            explanation.lines.extend(notes);
            explanation.is_by_lines = true;
        }
    }

    /// Returns what the session has recorded of the file's lines, if it records anything.
    pub(crate) fn recorded(&mut self) -> Option<(&mut LineOrigins, Option<&mut Explanation>)> {
        let explanation = self.explaining.as_mut().map(|explaining| &mut explaining.explanation);
        Some((self.origins.as_mut()?, explanation))
    }

    /// Adds what the whole file comes from. The function is called only if the session is
    /// [`explaining`](Session::explaining) the file.
    pub fn note_file(&mut self, note: impl FnOnce() -> Note) {
        if let Some(Explaining { explanation, .. }) = &mut self.explaining {
            explanation.file.push(note());
        }
    }

    /// Adds what single lines of a text come from that no writer writes. The function is called for each line, and only
    /// if the session is [`explaining`](Session::explaining) the file.
    pub fn note_lines(&mut self, text: &str, note: impl Fn(&str) -> Option<Note>) {
        if let Some(Explaining { explanation, .. }) = &mut self.explaining {
            let lines = (1..).zip(text.lines());
            let notes = lines.filter_map(|(line, text)| Some(LineNote { line, note: note(text)? }));
            explanation.lines.extend(notes);
        }
    }

    /// Takes what is known of the file beside the origins of its lines. There is nothing unless the session is
    /// [`explaining`](Session::explaining) it.
    pub fn take_explanation(&mut self) -> Explanation {
        let explaining = self.explaining.as_mut();
        explaining.map(|explaining| std::mem::take(&mut explaining.explanation)).unwrap_or_default()
    }

    /// Takes the origins of the file's lines, in order. There are none unless the session is
    /// [`recording_origins`](Session::recording_origins).
    pub fn take_origins(&mut self) -> LineOrigins {
        self.origins.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Runs the query and returns its rows, each with its [`Origin`](crate::Origin), in the order of the database.
    ///
    /// `T` is a struct whose fields are, by name and order, the columns of the query. A column of the
    /// [key](Query::key) needs no field, and the last columns may be [options](crate::OptionColumns). A field is an
    /// integer, a float, a boolean, a text (also for uuids and enumerations) or an array; `Option` accepts `NULL`.
    /// A value of another type is an error that names table, row and column. A line break in a
    /// [`OneLine`] field drops the row; in a [`Blanked`] field, blanks replace it.
    /// Both add a warning.
    ///
    /// ```
    /// use driver_api::{OneLine, Query, Row};
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
    /// #[derive(serde::Deserialize)]
    /// struct Mailbox {
    ///     uniqueid: i64,
    ///     mailbox: OneLine,
    ///     email: Option<OneLine>,
    ///     // An integer 0 or 1 is also a boolean.
    ///     deletevoicemail: bool,
    /// }
    ///
    /// # let rows = r#"{"uniqueid": 1, "context": "internal", "mailbox": "1001"}
    /// # {"uniqueid": 2, "context": "internal", "mailbox": "1002", "deletevoicemail": 1}"#;
    /// # fixtures::Scratch::new(&[("voicemail", rows)]).in_session(|session| {
    /// let mailboxes: Vec<Row<Mailbox>> = session.query(MAILBOXES, &["internal".into(), 1.into()]).unwrap();
    /// assert_eq!((mailboxes[0].uniqueid, &*mailboxes[0].mailbox), (2, "1002"));
    /// assert!(mailboxes[0].email.is_none() && mailboxes[0].deletevoicemail);
    /// # });
    /// ```
    ///
    /// The error is of [`ErrorKind::MissingTable`] or [`ErrorKind::MissingColumn`] if a table or column does not
    /// exist, and of [`ErrorKind::Row`] if a value has the wrong type. The session can run other queries afterwards.
    pub fn query<T: DeserializeOwned>(
        &mut self,
        query: Query<'_>,
        params: &[Value<'_>],
    ) -> Result<Vec<Row<T>>, Error> {
        self.run(query, params).map(|(rows, _)| rows)
    }

    /// Runs a query whose columns are known only now, and returns its rows with the names of the columns.
    pub fn query_table(&mut self, query: Query<'_>, params: &[Value<'_>]) -> Result<Table, Error> {
        let (rows, columns) = self.run::<AnyRow>(query, params)?;
        let rows = rows.into_iter().map(|row| row.map(|row| row.option_columns)).collect();
        Ok(Table { columns, rows })
    }

    /// Runs the query, and returns its rows and the names of its columns.
    fn run<T: DeserializeOwned>(
        &mut self,
        query: Query<'_>,
        params: &[Value<'_>],
    ) -> Result<(Vec<Row<T>>, Vec<String>), Error> {
        if let Some(Explaining { explanation, .. }) = &mut self.explaining {
            explanation.add_table(query.table);
        }
        let mut sql = Cow::Borrowed(query.sql);
        for (stand_in, _) in self.stand_ins.iter().filter(|(_, is_needed)| *is_needed) {
            sql = stand_in.applied(&sql).map_or(sql, Cow::Owned);
        }
        loop {
            let result = self.run_once(query, &sql, params);
            let Some(with_stand_in) = result.as_ref().err().and_then(|error| self.find_stand_in(error, &sql))
            else {
                return result.map_err(|error| {
                    release::real_names(error, &sql).context(format!("table {}", query.table))
                });
            };
            sql = Cow::Owned(with_stand_in);
        }
    }

    fn run_once<T: DeserializeOwned>(
        &mut self,
        query: Query<'_>,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<(Vec<Row<T>>, Vec<String>), Error> {
        let earlier = self.warnings.len();
        let mut decoder = Decoder {
            query,
            source: None,
            key: Vec::new(),
            keys: Vec::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            warnings: &mut self.warnings,
        };
        let result = self.snapshot.run(sql, params, &mut decoder);
        let Decoder { source, keys, mut rows, .. } = decoder;
        // The rows stay while the file is written, and a vector that grew may be half empty.
        rows.shrink_to_fit();
        let columns = source.map_or_else(Vec::new, |source| {
            source.set_keys(keys);
            source.columns().to_vec()
        });
        // A query without `ORDER BY` returns its rows, and so their warnings, in any order.
        self.warnings[earlier..].sort();
        result.map(|()| (rows, columns))
    }

    /// Has the database show the snapshot to another program while this session lasts. Returns how the program finds
    /// it, or `None` if only this program can read the database.
    pub fn export(&mut self) -> Result<Option<Exported>, Error> {
        self.snapshot.export()
    }

    /// Returns the columns of each unique key of a table. No two rows have the same values in them, and none is NULL.
    pub fn unique_keys(&mut self, table: &str) -> Result<Vec<Vec<String>>, Error> {
        self.snapshot.unique_keys(table)
    }

    /// Runs two functions that read independent tables, at the same time where the database takes a second connection. Their
    /// warnings have the order in which they stand here. A large file waits half as long for its rows.
    ///
    /// ```
    /// use driver_api::{Query, Row, Session};
    ///
    /// # #[derive(serde::Deserialize)]
    /// # struct Line { id: i64 }
    /// # #[derive(serde::Deserialize)]
    /// # struct User { id: i64 }
    /// const LINES: Query<'_> = Query { table: "linefeatures", key: &["id"], sql: "SELECT id FROM linefeatures" };
    /// const USERS: Query<'_> = Query { table: "userfeatures", key: &["id"], sql: "SELECT id FROM userfeatures" };
    ///
    /// # fixtures::Scratch::new(&[]).in_session(|session: &mut Session<'_>| {
    /// let (lines, users): (Vec<Row<Line>>, Vec<Row<User>>) =
    ///     session.both(|session| session.query(LINES, &[]), |session| session.query(USERS, &[])).unwrap();
    /// # assert!(lines.is_empty() && users.is_empty());
    /// # });
    /// ```
    pub fn both<A, B: Send>(
        &mut self,
        first: impl FnOnce(&mut Session<'_>) -> Result<A, Error>,
        second: impl FnOnce(&mut Session<'_>) -> Result<B, Error> + Send,
    ) -> Result<(A, B), Error> {
        // What is recorded belongs to this session alone.
        let view = if self.records_origins() { None } else { self.snapshot.second() };
        let Some(view) = view else { return Ok((first(self)?, second(self)?)) };
        let second = Mutex::new(Some(second));
        let (stand_ins, release) = (self.stand_ins.clone(), self.release);
        let take = || second.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (is_running, running) = mpsc::channel();
        thread::scope(|scope| {
            let other = scope.spawn(move || {
                let mut snapshot = view.open(&running)?;
                let mut session = Session { stand_ins, release, ..Session::new(&mut *snapshot) };
                let result = take()?(&mut session);
                Some((result, session.warnings))
            });
            let result = first(self)?;
            drop(is_running);
            // The other thread may not have begun.
            if let Some(second) = take() {
                return Ok((result, second(self)?));
            }
            match other.join() {
                Ok(Some((other, warnings))) => {
                    self.warnings.extend(warnings);
                    Ok((result, other?))
                }
                Ok(None) => Err(Error::driver("the second view ended too early")),
                Err(panic) => panic::resume_unwind(panic),
            }
        })
    }

    /// Adds a warning. For one about a row, [`Row::warn`] is shorter.
    pub fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Takes the warnings so far, without duplicates: several queries may read the same bad row. Control characters in
    /// their messages are escaped, since a message may quote any text of a row, and a warning is one line of a log.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        let mut seen = HashSet::new();
        let warnings = std::mem::take(&mut self.warnings);
        warnings
            .into_iter()
            .map(Warning::on_one_line)
            .filter(|warning| seen.insert(warning.clone()))
            .collect()
    }
}

impl Warnings for Session<'_> {
    fn warn(&mut self, warning: Warning) {
        Session::warn(self, warning);
    }
}

struct Decoder<'a, T> {
    query: Query<'a>,
    source: Option<Arc<Source>>,
    /// The indexes of the key's columns.
    key: Vec<usize>,
    /// The keys of the rows, as [`Source::origin`] writes them.
    keys: Vec<u8>,
    /// The indexes of the columns that the row type has fields for.
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
        // Columns of a key are often fields, too, and are read once.
        let read = |&column: &usize| row.value(column).unwrap_or(Value::Null);
        let key: SmallVec<[Value<'_>; 4]> = self.key.iter().map(read).collect();
        let mut line_break = |column: usize, consequence: &str| {
            let message = format!("the value has a line break; {consequence}");
            self.warnings.push(source.early_origin(&key).warning(source.column(column), message));
        };
        match decode::decode(row, &self.columns, (&self.key, &key)) {
            Ok((value, blanked)) => {
                for column in blanked {
                    line_break(column, Blanked::CONSEQUENCE);
                }
                self.rows.push(Row::new(value, source.origin(&key, &mut self.keys)));
            }
            Err(Problem::LineBreak { column }) => line_break(column, OneLine::CONSEQUENCE),
            Err(Problem::Value { column, error }) if *error.kind() == ErrorKind::Encoding => {
                let column = column.map_or("", |column| source.column(column));
                let message = format!("{error}; the row is left out");
                self.warnings.push(source.early_origin(&key).warning(column, message));
            }
            Err(Problem::Value { column, error }) => {
                let error = match column {
                    Some(column) => error.context(format!("column {}", source.column(column))),
                    None => error,
                };
                return Err(error.context(format!("row {}", source.early_origin(&key).key())));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;
    use std::time::Duration;

    use super::*;
    use crate::Second;

    struct NoRows;

    impl Snapshot for NoRows {
        fn run(&mut self, _: &str, _: &[Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
            Ok(())
        }
    }

    /// Has a second view, or says that it has one.
    struct Doubled {
        opens: bool,
    }

    impl Snapshot for Doubled {
        fn run(&mut self, _: &str, _: &[Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
            Ok(())
        }

        fn second(&mut self) -> Option<Second> {
            let opens = self.opens;
            Some(Second::new(move || {
                if opens { Ok(Box::new(NoRows)) } else { Err(Error::new(ErrorKind::Connection, "")) }
            }))
        }
    }

    /// Warns after a time, and returns the thread.
    fn warning(text: &str, time: u64) -> impl FnOnce(&mut Session<'_>) -> Result<ThreadId, Error> + Send {
        move |session| {
            thread::sleep(Duration::from_millis(time));
            session.warn(Warning::new("", text));
            Ok(thread::current().id())
        }
    }

    #[test]
    fn two_threads_warn_in_the_order_of_one() {
        for (opens, time, threads) in [(true, 60, 2), (true, 0, 1), (false, 60, 1)] {
            let mut snapshot = Doubled { opens };
            let mut session = Session::new(&mut snapshot);
            let (first, second) = session.both(warning("first", time), warning("second", 0)).unwrap();
            assert_eq!(HashSet::from([first, second]).len(), threads, "{opens} {time}");
            let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
            assert_eq!(warnings, ["first", "second"]);
        }
    }

    #[test]
    fn the_first_of_two_errors_is_told() {
        let fails = |text: &'static str, time| {
            move |_: &mut Session<'_>| {
                thread::sleep(Duration::from_millis(time));
                Err::<(), Error>(Error::driver(text))
            }
        };
        let mut snapshot = Doubled { opens: true };
        let mut session = Session::new(&mut snapshot);
        let error = session.both(fails("first", 60), fails("second", 0)).unwrap_err();
        assert_eq!(error.to_string(), "first");
        let error = session.both(warning("", 60), fails("second", 0)).unwrap_err();
        assert_eq!(error.to_string(), "second");
    }

    #[test]
    fn a_warning_that_quotes_a_text_is_one_line() {
        let mut snapshot = NoRows;
        let mut session = Session::new(&mut snapshot);
        session.warn(Warning::new("moh", "the option a\tb\n\u{1b}[31m\u{85} é\\n has no value"));
        let shown = session.take_warnings()[0].to_string();
        assert_eq!(shown, "table moh: the option a\\tb\\n\\u{1b}[31m\\u{85} é\\n has no value");
    }
}
