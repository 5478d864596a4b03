//! Mistakes in templates that would show only when a line is rendered: unknown filters, tests and functions, names that
//! nothing sets, missing includes, and what Jinja2 understands in another way.

mod names;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;

use minijinja::Environment;
use minijinja::machinery::{Span, parse};
use minijinja::syntax::SyntaxConfig;

use super::engine::{Loader, context_of};
use super::translate::translate;
use crate::{Error, ErrorKind};

use names::declared;
use walk::Walk;

/// A mistake in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The name of the template: the checked one, or one that it includes.
    pub template: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Mistake {
    /// Returns an [`ErrorKind::Template`] error that names the template's path, line and column.
    pub fn at(&self, path: &Path) -> Error {
        let column = self.column.map_or_else(String::new, |column| format!(", column {column}"));
        let place = format!("{}, line {}{column}", context_of(path), self.line);
        Error::new(ErrorKind::Template, &*self.message).context(place)
    }
}

/// Finds the mistakes of a template and of those that it includes.
pub(super) struct Checker<'c> {
    environment: &'c Environment<'c>,
    load: &'c Loader,
    mistakes: Vec<Mistake>,
    /// The templates that are checked already, or just now.
    seen: Vec<String>,
    /// The templates that others include, whether they exist or not.
    named: BTreeSet<String>,
}

/// The template that is checked.
struct Source<'s> {
    name: &'s str,
    text: &'s str,
    has_columns: bool,
}

impl<'c> Checker<'c> {
    pub(super) fn new(environment: &'c Environment<'c>, load: &'c Loader) -> Checker<'c> {
        Checker { environment, load, mistakes: Vec::new(), seen: Vec::new(), named: BTreeSet::new() }
    }

    /// Returns the names of the templates that those include which were checked.
    pub(super) fn into_named(self) -> Vec<String> {
        self.named.into_iter().collect()
    }

    pub(super) fn finish(mut self) -> Vec<Mistake> {
        let key = |mistake: &Mistake| (mistake.template.clone(), mistake.line, mistake.column);
        self.mistakes.sort_by_key(key);
        self.mistakes.dedup();
        self.mistakes
    }

    /// Checks a template whose context has these variables.
    pub(super) fn template(&mut self, name: &str, text: &str, variables: &[&str]) {
        self.seen.push(name.to_owned());
        match parse(text, name, SyntaxConfig::default()) {
            Ok(tree) => {
                let source = Source { name, text, has_columns: true };
                Walk::visit(self, &source, &tree, variables);
            }
            Err(error) => self.untranslated(name, text, variables, &error),
        }
    }

    /// Checks a template that can be parsed only after its translation, which moves columns; or not at all.
    fn untranslated(&mut self, name: &str, text: &str, variables: &[&str], error: &minijinja::Error) {
        let translated = translate(text);
        if let Ok(tree) = parse(&translated, name, SyntaxConfig::default()) {
            let source = Source { name, text: &translated, has_columns: false };
            return Walk::visit(self, &source, &tree, variables);
        }
        let line = error.line().unwrap_or(1);
        let column = error.range().and_then(|range| column(text, range.start));
        let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        let message = format!("syntax error: {message}");
        self.mistakes.push(Mistake { template: name.to_owned(), line, column, message });
    }

    /// Checks an included template. Returns whether there is one.
    fn included(&mut self, name: &str, variables: &[&str]) -> bool {
        self.named.insert(name.to_owned());
        if self.seen.iter().any(|seen| seen == name) {
            return true;
        }
        let text = (self.load)(name).ok().flatten();
        text.as_deref().map(|text| self.template(name, text, variables)).is_some()
    }

    /// Returns the names that a template sets at its top, such as its macros. `None` if it has none, or can't be read.
    fn exported(&self, name: &str) -> Option<Vec<String>> {
        let text = translate(&(self.load)(name).ok()??).into_owned();
        let tree = parse(&text, name, SyntaxConfig::default()).ok()?;
        Some(declared(std::slice::from_ref(&tree)).into_iter().map(str::to_owned).collect())
    }

    fn report(&mut self, source: &Source<'_>, span: Span, message: String) {
        let start = span.start_offset as usize;
        let before = source.text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = source.has_columns.then(|| column(source.text, start)).flatten();
        self.mistakes.push(Mistake { template: source.name.to_owned(), line, column, message });
    }
}

/// Returns the column of a byte.
fn column(text: &str, offset: usize) -> Option<usize> {
    let before = text.get(..offset)?;
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    Some(line.chars().count() + 1)
}

#[cfg(test)]
mod tests;
