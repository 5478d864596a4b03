//! What a template prints, and the engine that renders it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use driver_api::asterisk::syntax::{self, Place};
use driver_api::templates::Engine;
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{AutoEscape, UndefinedBehavior, Value, path_loader};

use crate::places::{Kind, Printed, START, Syntax, mark};
use crate::rows::{CellAt, LastRead};

/// The values that a template printed, in order.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) printed: Vec<Printed>,
    /// The cell that was read last before each value was printed.
    pub(crate) cells: Vec<Option<CellAt>>,
    /// The line of the template that printed each value, from 1; 0 if the template [does not tell](with_lines).
    pub(crate) lines: Vec<usize>,
    line: Arc<AtomicUsize>,
    syntax: Option<Syntax>,
    /// Whether values that can stand anywhere are kept, too: somebody wants to know where each line comes from.
    marks_all: bool,
    last: Option<Arc<LastRead>>,
}

impl Page {
    pub(crate) fn new(syntax: Syntax, marks_all: bool, last: Arc<LastRead>) -> Page {
        Page { syntax: Some(syntax), marks_all, last: Some(last), ..Page::default() }
    }

    /// Appends a value, or the mark that stands for it.
    fn print(&mut self, out: &mut String, value: &Value, text: &str) {
        let syntax = self.syntax.unwrap_or(Syntax::Text);
        if value.is_safe() {
            // A block of the template, in which the values have marks already.
            out.push_str(text);
            return;
        }
        let part = value.downcast_object_ref::<Part>();
        let (text, kind) = match part {
            Some(part) => (part.text.as_str(), part.kind),
            None => (literal(syntax, value).unwrap_or(text), kind(value)),
        };
        let is_plain = part.is_none() && (matches!(kind, Kind::Literal) || syntax.is_harmless(text));
        if is_plain && !self.marks_all {
            out.push_str(text);
            return;
        }
        let kind = if text.contains(START) { Kind::Cut } else { kind };
        mark(out, self.printed.len());
        self.printed.push(Printed { text: text.into(), kind });
        self.lines.push(self.line.load(Ordering::Relaxed));
        self.cells.push(self.last.as_ref().and_then(|last| last.get()));
    }
}

fn kind(value: &Value) -> Kind {
    match value.kind() {
        ValueKind::Number | ValueKind::Bool | ValueKind::None | ValueKind::Undefined => Kind::Literal,
        _ => Kind::Text,
    }
}

/// Returns how a value that is no text looks, where it differs from Python: NULL prints nothing.
fn literal(syntax: Syntax, value: &Value) -> Option<&'static str> {
    Some(match (value.kind(), syntax) {
        (ValueKind::None, Syntax::Yaml) => "null",
        (ValueKind::None, _) => "",
        (ValueKind::Bool, Syntax::Yaml) if value.is_true() => "true",
        (ValueKind::Bool, Syntax::Yaml) => "false",
        _ => return None,
    })
}

/// A text with the way in which it is written.
#[derive(Debug)]
struct Part {
    text: String,
    kind: Kind,
}

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn part(value: &Value, kind: Kind) -> Value {
    let text = if value.is_none() { String::new() } else { value.to_string() };
    Value::from_object(Part { text, kind })
}

/// The filters that say which part of a value of an option a text is.
const PARTS: [(&str, Place); 3] =
    [("argument", syntax::argument), ("field", syntax::mailbox_field), ("member", syntax::member_field)];

/// Creates the engine that prints to a page. The template may include those in the folder.
pub(crate) fn engine(page: &Arc<Mutex<Page>>, steps: u64, folder: Option<&Path>) -> Engine<'static> {
    let page = Arc::clone(page);
    let line = Arc::clone(&page.lock().unwrap_or_else(PoisonError::into_inner).line);
    let mut engine = Engine::new(move |out, value, text| {
        page.lock().unwrap_or_else(PoisonError::into_inner).print(out, value, text);
        Ok(())
    })
    .with_steps(steps);
    if let Some(folder) = folder {
        let in_folder = path_loader(folder);
        engine.set_loader(move |name| Ok(in_folder(name)?.map(|template| template.source().to_owned())));
    }
    let environment = engine.environment_mut();
    // With it, blocks and macros are values that are safe, and all others are not.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("place".into()));
    // A line with nothing but a tag leaves no empty line, and the file ends as the template does.
    let lines =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(lines.expect("the delimiters are those of Jinja2"));
    // The name of a column with a mistake in it is an error, and no empty text.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("verbatim", |value: &Value| part(value, Kind::Verbatim));
    environment.add_filter("safe", |value: &Value| part(value, Kind::Verbatim));
    for (name, place) in PARTS {
        environment.add_filter(name, move |value: &Value| part(value, Kind::Part(place)));
    }
    // HTML has no place here. Printing escapes.
    for name in ["e", "escape", "forceescape"] {
        environment.add_filter(name, |value: Value| value);
    }
    let tojson = |value: &Value| {
        serde_json::to_string(value)
            .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, error.to_string()))
    };
    environment.add_filter("tojson", tojson);
    let note_line = move |number: usize, value: Value| {
        line.store(number, Ordering::Relaxed);
        value
    };
    environment.add_function(AT_LINE, note_line);
    engine
}

/// The function that [`with_lines`] adds to a template.
const AT_LINE: &str = "__at_line__";

/// Returns a template that tells the page on which line each value is printed, for a session that explains the file.
pub(crate) fn with_lines(source: &str) -> Cow<'_, str> {
    let tokens = tokenize(source, false, SyntaxConfig::default());
    let mut changed = String::new();
    let (mut written, mut start) = (0, None);
    for token in tokens {
        // The parser tells what is wrong.
        let Ok((token, span)) = token else { return source.into() };
        match token {
            Token::VariableStart => start = Some((span.end_offset as usize, span.start_line)),
            Token::VariableEnd => {
                let Some((from, line)) = start.take() else { continue };
                let to = span.start_offset as usize;
                let (Some(before), Some(expression)) = (source.get(written..from), source.get(from..to))
                else {
                    return source.into();
                };
                changed.push_str(before);
                let _ = write!(changed, " {AT_LINE}({line}, ({expression})) ");
                written = to;
            }
            _ => {}
        }
    }
    changed.push_str(&source[written..]);
    changed.into()
}
