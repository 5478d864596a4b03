//! The origins of a file's lines, in a compact form: a large file has a million lines.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use asterisk_conf::edit::LineChange;

use crate::Origin;
use crate::explanation::Template;
use crate::row::Source;

/// The row and column that a line of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOrigin {
    /// The number of the line in the file; the first is 1.
    pub line: usize,
    /// The row. For an option that an endpoint of `pjsip.conf` inherits, the row of its template.
    pub origin: Origin,
    /// The column that the value comes from, if it comes from one.
    pub column: Option<Arc<str>>,
    /// The template that the row belongs to, if the section inherits it.
    pub template: Option<Arc<Template>>,
}

/// The origins of the lines of a file, in the order of the lines.
#[derive(Clone, Default)]
pub struct LineOrigins {
    runs: Vec<Run>,
    forms: Vec<Form>,
}

/// Consecutive lines of one origin. It has indexes and no references: several threads write a file, and would wait for
/// each other at the counters of references.
#[derive(Clone, Copy)]
struct Run {
    /// The number of the first line.
    first: u32,
    lines: u32,
    /// The [place](Origin::place) of the row's key.
    key: u32,
    /// The index of the form.
    form: u32,
}

/// What the origins of many lines share.
#[derive(Clone)]
struct Form {
    source: Arc<Source>,
    column: Option<Arc<str>>,
    template: Option<Arc<Template>>,
}

impl LineOrigins {
    /// Returns the origins of a text of which none is known.
    pub const fn new() -> LineOrigins {
        LineOrigins { runs: Vec::new(), forms: Vec::new() }
    }

    /// Returns whether no line has an origin.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the origins of all lines.
    pub fn iter(&self) -> impl Iterator<Item = LineOrigin> {
        self.runs.iter().flat_map(|run| run.numbers().filter_map(|line| self.origin(*run, line)))
    }

    /// Returns the origins of a line; the first line is 1.
    pub fn of_line(&self, line: usize) -> impl Iterator<Item = LineOrigin> {
        let from = self.runs.partition_point(|run| run.numbers().end <= line);
        let runs = self.runs.get(from..).unwrap_or_default();
        let runs = runs.iter().take_while(move |run| run.numbers().start <= line);
        runs.filter_map(move |run| self.origin(*run, line))
    }

    /// Returns the numbers of the lines whose value comes from one of these columns.
    pub fn lines_of_columns(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = usize> {
        let is_wanted = |form: &Form| form.column.as_deref().is_some_and(&is_wanted);
        let wanted: Vec<bool> = self.forms.iter().map(is_wanted).collect();
        let runs = self.runs.iter().filter(move |run| wanted.get(run.form as usize) == Some(&true));
        runs.flat_map(|run| run.numbers())
    }

    /// Returns the tables that lines come from, each with the numbers of consecutive lines.
    pub fn tables(&self) -> impl Iterator<Item = (Range<usize>, &str)> {
        self.runs
            .iter()
            .filter_map(|run| Some((run.numbers(), self.forms.get(run.form as usize)?.source.table())))
    }

    fn origin(&self, run: Run, line: usize) -> Option<LineOrigin> {
        let Form { source, column, template } = self.forms.get(run.form as usize)?.clone();
        Some(LineOrigin { line, origin: source.origin_at(run.key), column, template })
    }

    /// Adds those of a text that follows so many lines.
    pub(crate) fn append(&mut self, lines: usize, others: LineOrigins) {
        let (lines, forms) = (number(lines), number(self.forms.len()));
        self.runs.extend(others.runs.into_iter().map(|run| Run {
            first: run.first.saturating_add(lines),
            form: run.form.saturating_add(forms),
            ..run
        }));
        self.forms.extend(others.forms);
        // Only a driver with several texts writes lines in another order.
        if !self.runs.is_sorted_by_key(|run| run.first) {
            self.runs.sort_by_key(|run| run.first);
        }
    }

    /// Moves them with the lines of an edited text. Lines that went lose theirs, and lines that came have none.
    pub(crate) fn edit(&mut self, changes: &[LineChange]) {
        let mut runs: Vec<Run> = Vec::with_capacity(self.runs.len());
        for run in std::mem::take(&mut self.runs) {
            for line in run.numbers().filter_map(|line| moved(line, changes)).map(number) {
                match runs.last_mut() {
                    Some(Run { first, lines, key, form })
                        if (*key, *form) == (run.key, run.form)
                            && first.checked_add(*lines) == Some(line) =>
                    {
                        *lines += 1;
                    }
                    _ => runs.push(Run { first: line, lines: 1, ..run }),
                }
            }
        }
        self.runs = runs;
    }

    /// Gives back the memory that was kept for more lines.
    pub(crate) fn shrink(&mut self) {
        self.runs.shrink_to_fit();
    }
}

/// Returns the new number of a line of an edited text, or none if the line went.
pub(crate) fn moved(line: usize, changes: &[LineChange]) -> Option<usize> {
    let behind = changes.partition_point(|change| change.old.end <= line);
    if changes.get(behind).is_some_and(|change| change.old.contains(&line)) {
        return None;
    }
    let last = behind.checked_sub(1).and_then(|last| changes.get(last));
    Some(last.map_or(line, |change| line - change.old.end + change.new + change.authors.len()))
}

impl fmt::Debug for LineOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Run {
    fn numbers(self) -> Range<usize> {
        let first = self.first as usize;
        first..first + self.lines as usize
    }
}

impl Form {
    fn is(&self, origin: &Origin, column: Option<&str>, template: Option<&Arc<Template>>) -> bool {
        Arc::ptr_eq(&self.source, origin.source())
            && self.column.as_deref() == column
            && self.template.as_ref().map(Arc::as_ptr) == template.map(Arc::as_ptr)
    }
}

/// The origins of the lines that are written.
#[derive(Default)]
pub(super) struct Recording {
    origins: LineOrigins,
    /// The indexes of the forms by the addresses of source and template, which the forms keep alive.
    forms: HashMap<(usize, usize), Vec<u32>>,
    /// The form of the last line: the next one has mostly the same.
    last: u32,
}

impl Recording {
    /// Records a line behind those so far.
    pub(super) fn push(
        &mut self,
        line: usize,
        origin: &Origin,
        column: Option<&str>,
        template: Option<&Arc<Template>>,
    ) {
        let form = self.form(origin, column, template);
        let (line, key) = (number(line), origin.place());
        self.last = form;
        if let Some(run) = self.origins.runs.last_mut()
            && (run.form, run.key) == (form, key)
            && run.first.checked_add(run.lines) == Some(line)
        {
            run.lines += 1;
            return;
        }
        self.origins.runs.push(Run { first: line, lines: 1, key, form });
    }

    /// Returns the index of the form with these parts, which it adds if it is new.
    fn form(&mut self, origin: &Origin, column: Option<&str>, template: Option<&Arc<Template>>) -> u32 {
        let forms = &mut self.origins.forms;
        let is_it =
            |index: u32| forms.get(index as usize).is_some_and(|form| form.is(origin, column, template));
        if is_it(self.last) {
            return self.last;
        }
        let source = origin.source();
        let address = template.map_or(0, |template| Arc::as_ptr(template).addr());
        let same = self.forms.entry((Arc::as_ptr(source).addr(), address)).or_default();
        if let Some(index) = same.iter().copied().find(|index| is_it(*index)) {
            return index;
        }
        let index = number(forms.len());
        same.push(index);
        let column = column.map(Arc::from);
        forms.push(Form { source: Arc::clone(source), column, template: template.cloned() });
        index
    }

    /// Adds those of a text that follows so many lines.
    pub(super) fn append(&mut self, lines: usize, others: Recording) {
        self.origins.append(lines, others.origins);
    }

    pub(super) fn into_origins(mut self) -> LineOrigins {
        self.origins.shrink();
        self.origins
    }
}

/// Returns a number in the width that the origins have for it. No text has more lines or rows.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
