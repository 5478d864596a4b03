//! A driver that makes its file with a template over the rows of queries, such as
//!
//! ```text
//! {% for user in users %}
//! [{{ user.uuid }}]
//! number => {{ user.mobilephonenumber|argument }},30
//! {% endfor %}
//! ```
//!
//! A row with a value that can't stand where the template prints it is left out: the template is rendered again without
//! it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use driver_api::explanation::{Note, Setting, TextSource};
use driver_api::{Config, Driver, Error, ErrorKind, Session, yaml};
use minijinja::Value;
use minijinja::value::Serde;

use crate::definition::{KEY, Place, QueryText, TemplateText, TemplateWork};
use crate::mistakes::MAIN;
use crate::page::{Page, engine, with_lines};
use crate::places::{Composed, Kind, START, Syntax, compose};
use crate::position::Part;
use crate::rows::{CellAt, LastRead, ResultSet, Rows};
use crate::{mistakes, order};

/// How often the file is made again without the rows that can't be written. Each time, it lacks all rows that were found.
const MAX_ATTEMPTS: usize = 20;

/// A driver with queries and a template.
pub(crate) struct TemplateDriver {
    place: Place,
    queries: Vec<(String, QueryText)>,
    template: TemplateText,
    syntax: Syntax,
    /// The configuration, without the address of the database.
    config: Value,
    /// The key that has the template.
    setting: Setting,
}

/// Returns the paths of the template, if it is a file, and of those that it includes.
pub(crate) fn files(template: &TemplateText) -> Vec<PathBuf> {
    let (TemplateText::File(path), Some(folder)) = (template, template.folder()) else { return Vec::new() };
    let source = fs::read_to_string(path).unwrap_or_default();
    let included = engine(&Arc::default(), 0, Some(folder)).includes(MAIN, &source);
    [path.clone()].into_iter().chain(included.iter().map(|name| folder.join(name))).collect()
}

/// Rows that are left out, each with the cell and the reason.
type LeftOut = BTreeMap<(u16, u32), (CellAt, Cow<'static, str>)>;

impl TemplateDriver {
    pub(crate) fn new(place: Place, work: TemplateWork, config: &Config) -> Result<TemplateDriver, Error> {
        let TemplateWork { queries, template, syntax } = work;
        let mut values = config.values().clone();
        values.remove("db_uri");
        let key = match template {
            TemplateText::Inline(_) => "text",
            TemplateText::File(_) => "template",
        };
        let key = format!("{KEY}.{}.{key}", place.namespace);
        let setting = Setting { key, source: place.file.clone() };
        let config = Value::from(Serde(&values));
        let driver = TemplateDriver { place, queries, template, syntax, config, setting };
        // A mistake is known at the start, and not when somebody asks for the file.
        driver.check().into_iter().next().map_or(Ok(driver), Err)
    }

    /// Reads the template. It is read for each file, so a change needs no restart.
    fn source(&self) -> Result<Cow<'_, str>, Error> {
        let text: Cow<'_, str> = match &self.template {
            TemplateText::Inline(text) => text.into(),
            TemplateText::File(path) => {
                let text = fs::read_to_string(path).map_err(|error| {
                    Error::new(ErrorKind::Template, "can't be read")
                        .context(format!("template {}", path.display()))
                        .because(error)
                })?;
                text.replace("\r\n", "\n").into()
            }
        };
        if let Some(at) = text.find(START) {
            let message = "this character stands for values; remove it";
            return Err(mistakes::at(&self.place, &self.template, &text, at..at + START.len_utf8(), message));
        }
        Ok(text)
    }

    fn results(&self, session: &mut Session<'_>) -> Result<Vec<Arc<ResultSet>>, Error> {
        let run = |(name, query): &(String, QueryText)| {
            let table = query
                .with(|query| session.query_table(query, &[]))
                .map_err(|error| error.context(format!("query {name}")))?;
            Ok(Arc::new(ResultSet::new(name, table)))
        };
        self.queries.iter().map(run).collect()
    }

    /// Makes the file once, without these rows.
    fn attempt(
        &self,
        source: &str,
        results: &[Arc<ResultSet>],
        left_out: &LeftOut,
        marks_all: bool,
    ) -> Result<Attempt, Error> {
        let last = Arc::new(LastRead::new());
        let page = Arc::new(Mutex::new(Page::new(self.syntax, marks_all, Arc::clone(&last))));
        let mut engine = engine(&page, steps(results), self.template.folder());
        let context = self.context(results, left_out, &last);
        let output = engine.render_source(MAIN, source, context);
        let output =
            output.map_err(|error| mistakes::of_engine(&self.place, &self.template, source, &error))?;
        let page = std::mem::take(&mut *page.lock().unwrap_or_else(PoisonError::into_inner));
        let composed = compose(self.syntax, &output, &page.printed);
        Ok(Attempt { composed, page })
    }

    fn context(&self, results: &[Arc<ResultSet>], left_out: &LeftOut, last: &Arc<LastRead>) -> Value {
        let rows = (0..).zip(results).map(|(query, result): (u16, _)| {
            let count = u32::try_from(result.len()).unwrap_or(u32::MAX);
            let shown = (0..count).filter(|row| !left_out.contains_key(&(query, *row))).collect();
            let rows = Rows { query, result: Arc::clone(result), shown, last: Arc::clone(last) };
            (result.name.clone(), Value::from_object(rows))
        });
        let config = ("config".to_owned(), self.config.clone());
        Value::from_pairs(rows.chain([config]))
    }

    /// Records what each line comes from: the row, the query, and the line of the template.
    fn record(&self, session: &mut Session<'_>, results: &[Arc<ResultSet>], attempt: &Attempt) {
        if !session.records_origins() {
            return;
        }
        let cell = |number: usize| attempt.page.cells.get(number).copied().flatten();
        let lines = attempt.composed.lines.iter().filter_map(|(line, number)| {
            let cell = cell(*number)?;
            let result = results.get(usize::from(cell.query))?;
            Some((*line, result.origin(cell.row)?, result.column(cell.column)))
        });
        session.record_lines(lines);
        for (line, number) in &attempt.composed.lines {
            let query = cell(*number).and_then(|cell| self.queries.get(usize::from(cell.query)));
            if let Some((name, _)) = query {
                session.note_line(*line, || Note::Setting(self.query_setting(name)));
            }
            if let Some(of_template) = attempt.page.lines.get(*number).filter(|line| **line > 0) {
                session.note_line(*line, || self.note(Some(*of_template)));
            }
        }
        session.note_file(|| self.note(None));
    }

    fn query_setting(&self, name: &str) -> Setting {
        let key = format!("{KEY}.{}.queries.{name}", self.place.namespace);
        Setting { key, source: self.place.file.clone() }
    }

    /// Returns the note that something is made from the template, or from one of its lines.
    fn note(&self, line: Option<usize>) -> Note {
        match &self.template {
            TemplateText::Inline(_) => Note::Setting(self.setting.clone()),
            TemplateText::File(path) => Note::Text(TextSource {
                path: path.display().to_string(),
                is_shipped: false,
                line,
                setting: self.setting.clone(),
            }),
        }
    }
}

/// Returns the number of steps that a template may take over these rows. A loop that does not end takes more.
fn steps(results: &[Arc<ResultSet>]) -> u64 {
    let rows: usize = results.iter().map(|result| result.len()).sum();
    5_000_000 + 1_000 * rows as u64
}

/// The file as one attempt made it.
struct Attempt {
    composed: Composed,
    page: Page,
}

impl Attempt {
    /// Adds the rows of the values that can't be written to those that are left out.
    fn leave_out(
        &self,
        results: &[Arc<ResultSet>],
        syntax: Syntax,
        left_out: &mut LeftOut,
    ) -> Result<(), Error> {
        let before = left_out.len();
        for (number, reason) in &self.composed.refused {
            for cell in self.cells_of(*number, results, syntax) {
                left_out.entry((cell.query, cell.row)).or_insert_with(|| (cell, reason.clone()));
            }
        }
        match self.composed.refused.first() {
            // Without a row to leave out, the file can't be made.
            Some((number, reason)) if left_out.len() == before => {
                let value = self.page.printed.get(*number).map_or("", |printed| &printed.text);
                let message = format!("the template prints {value:?} where it can't stand: {reason}");
                Err(Error::new(ErrorKind::Template, message))
            }
            _ => Ok(()),
        }
    }

    /// Returns the cells that a printed value comes from: that which was read last, if it is the value or a part of it
    /// that can't stand anywhere; else all such cells.
    fn cells_of(&self, number: usize, results: &[Arc<ResultSet>], syntax: Syntax) -> Vec<CellAt> {
        let Some(printed) = self.page.printed.get(number) else { return Vec::new() };
        let is_cut = matches!(printed.kind, Kind::Cut);
        let is_cause = |text: &str| {
            let is_suspect = if is_cut { text.contains(START) } else { !syntax.is_harmless(text) };
            *text == *printed.text || is_suspect && !text.is_empty() && printed.text.contains(text)
        };
        let last = self.page.cells.get(number).copied().flatten();
        let is_last = |cell: &CellAt| {
            let result = results.get(usize::from(cell.query));
            result.and_then(|result| result.text(*cell)).is_some_and(is_cause)
        };
        if let Some(cell) = last.filter(is_last) {
            return vec![cell];
        }
        let found: Vec<CellAt> =
            (0..).zip(results).flat_map(|(query, result)| result.texts(query, is_cause)).collect();
        if found.is_empty() && !is_cut { last.into_iter().collect() } else { found }
    }
}

impl Driver for TemplateDriver {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let source = self.source()?;
        let results = self.results(session)?;
        let source = if session.explains() { with_lines(&source).into_owned().into() } else { source };
        let mut left_out = LeftOut::new();
        for _ in 0..MAX_ATTEMPTS {
            let attempt = self.attempt(&source, &results, &left_out, session.records_origins());
            // Without a row, the template may fail where it does not with it.
            let attempt = attempt.inspect_err(|_| warn(session, &results, &left_out))?;
            if attempt.composed.refused.is_empty() {
                self.check_text(&attempt.composed.text)?;
                warn(session, &results, &left_out);
                self.record(session, &results, &attempt);
                return Ok(attempt.composed.text);
            }
            attempt
                .leave_out(&results, self.syntax, &mut left_out)
                .map_err(|error| error.context(self.path()))?;
        }
        let message = format!("rows that can't be written remain after {MAX_ATTEMPTS} attempts without them");
        Err(Error::new(ErrorKind::Template, message).context(self.path()))
    }

    fn check(&self) -> Vec<Error> {
        let names: BTreeSet<&str> =
            self.queries.iter().map(|(name, _)| name.as_str()).chain(["config"]).collect();
        let source = self.source();
        source.map_or_else(
            |error| vec![error],
            |source| mistakes::of_template(&self.place, &self.template, &source, &names),
        )
    }

    fn rehearse(&self, session: &mut Session<'_>) -> Result<(), Error> {
        // Without rows, a template may print nothing that makes sense.
        self.results(session)?;
        for (name, query) in &self.queries {
            if let Some(problem) = order::problem(session, &query.sql)? {
                return Err(self.place.error(&["queries", name, "sql"], Part::Key, problem));
            }
        }
        Ok(())
    }
}

impl TemplateDriver {
    fn path(&self) -> String {
        match (&self.template, &self.place.file) {
            (TemplateText::File(path), _) => format!("template {}", path.display()),
            (TemplateText::Inline(_), Some(file)) => format!("{file}: {}", self.setting.key),
            (TemplateText::Inline(_), None) => self.setting.key.clone(),
        }
    }

    /// Refuses a text that its reader would not read at all.
    fn check_text(&self, text: &str) -> Result<(), Error> {
        if self.syntax != Syntax::Yaml {
            return Ok(());
        }
        yaml::parse(text).map(|_| ()).map_err(|error| {
            Error::new(ErrorKind::Template, "the text that it renders is no YAML")
                .context(self.path())
                .because(error)
        })
    }
}

fn warn(session: &mut Session<'_>, results: &[Arc<ResultSet>], left_out: &LeftOut) {
    for (cell, reason) in left_out.values() {
        let Some(result) = results.get(usize::from(cell.query)) else { continue };
        if let Some(origin) = result.origin(cell.row) {
            let origin = origin.clone();
            origin.warn(session, result.column(cell.column), format!("{reason}; the row is left out"));
        }
    }
}
