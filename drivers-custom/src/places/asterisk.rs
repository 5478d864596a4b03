//! Values in a file of Asterisk.

use std::fmt;

use driver_api::asterisk::syntax::{self, NAME_LIMIT, Place, Refusal};

use super::{Context, Kind, Printed, START};

/// The reason why a value can't stand in its place.
pub(super) enum Reason {
    Refused(Refusal),
    Other(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Refused(refusal) => refusal.fmt(f),
            Reason::Other(reason) => f.write_str(reason),
        }
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Reason {
        Reason::Refused(refusal)
    }
}

/// The part of a line that a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The name of a section; the bytes of the line before it.
    Section(usize),
    /// A name in the parentheses of a header.
    Template,
    /// The start of the line, where a key begins.
    KeyStart,
    Key,
    Value,
    /// A value of `exten` or `same`, whose parts are arguments.
    Dialplan,
    Comment,
    /// A part that takes no value.
    Nothing(&'static str),
}

pub(super) fn written(context: &Context<'_>, value: &Printed) -> Result<String, Reason> {
    let mut text = String::with_capacity(value.text.len() + 2);
    let part = part(context.template);
    let place = match value.kind {
        Kind::Part(place) if matches!(part, Part::Value | Part::Dialplan) => place,
        Kind::Part(_) => return Err(Reason::Other("this filter is for the value of an option")),
        _ => place(part, &value.text)?,
    };
    place(&mut text, &value.text)?;
    check(context, part, &text)?;
    Ok(text)
}

fn place(part: Part, text: &str) -> Result<Place, Reason> {
    Ok(match part {
        Part::Section(_) => syntax::section_name,
        Part::Template => syntax::template_name,
        Part::KeyStart => syntax::key,
        Part::Key if text.contains('=') => return Err(Refusal::EqualsSign.into()),
        Part::Key | Part::Value => syntax::value,
        Part::Dialplan => syntax::argument,
        Part::Comment => syntax::comment,
        Part::Nothing(reason) => return Err(Reason::Other(reason)),
    })
}

/// Returns the part of the line behind what the template has of it so far.
fn part(template: &str) -> Part {
    let line = template.trim_start_matches(syntax::is_blank);
    match line.chars().next() {
        None => Part::KeyStart,
        Some('#') => Part::Nothing("a value can't stand in a directive"),
        Some('[') => header(template, &line[1..]),
        Some(_) => option(line),
    }
}

/// Returns the part of a header; `rest` follows its bracket.
fn header(template: &str, rest: &str) -> Part {
    let Some((_, behind)) = rest.split_once(']') else { return Part::Section(template.len() - rest.len()) };
    if behind.contains(';') {
        return Part::Comment;
    }
    match behind.split_once('(') {
        Some((_, parents)) if !parents.contains(')') => Part::Template,
        _ => Part::Nothing("a value can't stand behind the header of a section"),
    }
}

fn option(line: &str) -> Part {
    if has_comment(line) {
        return Part::Comment;
    }
    match line.split_once('=') {
        None => Part::Key,
        Some((key, _)) if matches!(syntax::stripped(key), "exten" | "same") => Part::Dialplan,
        Some(_) => Part::Value,
    }
}

/// Whether a `;` that is not escaped begins a comment.
fn has_comment(line: &str) -> bool {
    line.match_indices(';').any(|(at, _)| !line[..at].ends_with('\\'))
}

/// Refuses what makes syntax only together with the text around the value.
fn check(context: &Context<'_>, part: Part, text: &str) -> Result<(), Reason> {
    let Context { line, template, after, .. } = context;
    if line.len() + text.len() + after.len() > syntax::LINE_LIMIT {
        return Err(Refusal::LongLine.into());
    }
    match part {
        Part::Section(before) => {
            // Values in front may have escapes, which count less, but seldom.
            let before = line.len() - line.get(before..).map_or(0, str::len);
            let name = format!("{}{text}", &line[before..]);
            if syntax::meaning(&name).len() > NAME_LIMIT {
                return Err(Refusal::LongName.into());
            }
        }
        Part::KeyStart | Part::Key if after.starts_with('=') && text.ends_with('+') => {
            return Err(Reason::Other("there is a \"+\" before the \"=\", which appends to another value"));
        }
        Part::KeyStart | Part::Key if !after.contains('=') && !context.is_followed => {
            return Err(Reason::Other("the line has no \"=\" behind the value, so it is no option"));
        }
        Part::Value | Part::Dialplan if template.ends_with('=') && text.starts_with('>') => {
            return Err(Reason::Other(
                "there is a \">\" behind the \"=\", which Asterisk takes for a part of the sign",
            ));
        }
        Part::Comment if makes_block(line, template, text, after) => return Err(Refusal::BlockComment.into()),
        _ => {}
    }
    let escapes = text.ends_with('\\') && (after.starts_with(';') || after.is_empty() && context.is_followed);
    if part != Part::Comment && escapes {
        return Err(Reason::Other(
            "there is a backslash at the end, which takes its meaning from what follows",
        ));
    }
    Ok(())
}

/// Whether a value makes a mark of a block comment, together with the text around it.
fn makes_block(line: &str, template: &str, text: &str, after: &str) -> bool {
    let marks = |text: &str| text.matches(";--").count() + text.matches("--;").count();
    marks(&format!("{line}{text}{after}")) > marks(&format!("{template}{START}{after}"))
}
