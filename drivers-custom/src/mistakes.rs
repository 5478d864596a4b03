//! Mistakes in templates, with their place.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::sync::Arc;

use driver_api::templates::{Mistake, original_range};
use driver_api::{Error, ErrorKind};

use crate::definition::{KEY, Place, TemplateText};
use crate::position::{self, Part};
use crate::report;

/// The name by which the engine knows the template of the definition.
pub(crate) const MAIN: &str = "template";

/// Returns an error about a part of the template.
pub(crate) fn at(
    place: &Place,
    template: &TemplateText,
    source: &str,
    range: Range<usize>,
    message: &str,
) -> Error {
    match template {
        TemplateText::File(path) => {
            report::mistake(ErrorKind::Template, &path.display().to_string(), source, range, message)
        }
        TemplateText::Inline(_) => {
            let name = place.file.clone().unwrap_or_default();
            match in_definition(place, source, &range) {
                Some((text, range)) => report::mistake(ErrorKind::Template, &name, &text, range, message),
                None => report::mistake(ErrorKind::Template, "text", source, range, message)
                    .context(format!("configuration key {KEY}.{}.text", place.namespace))
                    .context(name),
            }
        }
    }
}

/// Finds a part of a template in the file that has the template as a block of lines. Returns the text of the file, and the
/// part in it.
fn in_definition(place: &Place, source: &str, range: &Range<usize>) -> Option<(String, Range<usize>)> {
    let text = fs::read_to_string(place.file.as_ref()?).ok()?;
    let path = [KEY, &place.namespace, "text"];
    let key = position::find(&text, &path, Part::Key)?;
    let before = source.get(..range.start)?;
    let number = before.matches('\n').count();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let wanted = source[line_start..].lines().next()?;
    // The block begins on the line behind the key, with the same indentation for all lines.
    let behind = key.end + text[key.end..].find('\n')? + 1;
    let mut start = behind;
    let lines = text[behind..].split_inclusive('\n');
    for (index, line) in lines.enumerate() {
        let content = line.trim_end_matches(['\n', '\r']);
        if index == number {
            let indentation = content.strip_suffix(wanted)?.len();
            let start = start + indentation + (range.start - line_start);
            let length = range.len().min(wanted.len().saturating_sub(range.start - line_start)).max(1);
            return Some((text, start..start + length));
        }
        start += line.len();
    }
    None
}

/// Returns the error of a template that can't be rendered.
pub(crate) fn of_engine(
    place: &Place,
    template: &TemplateText,
    source: &str,
    error: &minijinja::Error,
) -> Error {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let message = match std::error::Error::source(error) {
        Some(cause) => format!("{}{detail}: {cause}", error.kind()),
        None => format!("{}{detail}", error.kind()),
    };
    match error.name().and_then(|name| included(template, name)) {
        Some((path, source)) => {
            report::mistake(ErrorKind::Template, &path, &source, range(&source, error), &message)
        }
        None => at(place, template, source, range(source, error), &message),
    }
}

/// Returns the path and the text of a template that this one includes. The template itself is none.
fn included(template: &TemplateText, name: &str) -> Option<(String, String)> {
    let path = template.folder().filter(|_| name != MAIN)?.join(name);
    let text = fs::read_to_string(&path).unwrap_or_default();
    Some((path.display().to_string(), text))
}

/// Returns the part of the text that an error is about: an expression, or else a line.
fn range(source: &str, error: &minijinja::Error) -> Range<usize> {
    let original = |range| original_range(source, range);
    if let Some(range) = error.range().map(original).filter(|range| source.get(range.clone()).is_some()) {
        return range;
    }
    let start = start_of(source, error.line().unwrap_or(1));
    let length = source.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    start..start + length
}

/// Returns where a line begins, from 1.
fn start_of(source: &str, line: usize) -> usize {
    source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

/// Returns the mistakes that can be seen without rows. `names` are the variables that the template has.
pub(crate) fn of_template(
    place: &Place,
    template: &TemplateText,
    source: &str,
    names: &BTreeSet<&str>,
) -> Vec<Error> {
    let engine = crate::page::engine(&Arc::default(), 0, template.folder());
    let variables: Vec<&str> = names.iter().copied().collect();
    let mistakes = engine.check(MAIN, source, &variables);
    mistakes.iter().map(|mistake| of_check(place, template, source, mistake)).collect()
}

fn of_check(place: &Place, template: &TemplateText, source: &str, mistake: &Mistake) -> Error {
    match included(template, &mistake.template) {
        Some((path, source)) => {
            report::mistake(ErrorKind::Template, &path, &source, place_of(&source, mistake), &mistake.message)
        }
        None => at(place, template, source, place_of(source, mistake), &mistake.message),
    }
}

/// Returns the word at which a mistake begins, or its line.
fn place_of(source: &str, mistake: &Mistake) -> Range<usize> {
    let start = start_of(source, mistake.line);
    let line = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let Some(column) = mistake.column else { return start..start + line.len() };
    let before = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = line[before..].find(|c| !is_word(c)).unwrap_or(line.len() - before).max(1);
    start + before..(start + before + word).min(source.len())
}
