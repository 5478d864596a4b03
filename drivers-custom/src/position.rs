//! Finds the place of a value in the text of a YAML file.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, Span};

/// The part of the text that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The key itself.
    Key,
    /// Its value.
    Value,
}

/// Returns the bytes of the text at which the value stands, or its key. The path has keys, and numbers of items from 0. If the path leads nowhere, it is the last part of
/// the path that is there.
pub(crate) fn find(text: &str, path: &[&str], part: Part) -> Option<Range<usize>> {
    let mut events = Events { parser: Parser::new_from_str(text), found: None };
    // The start of the stream, and of the document.
    events.next()?;
    events.next()?;
    let root = events.next()?;
    events.node(root, path, part);
    events.found.map(|(start, end)| byte(text, start)..byte(text, end))
}

fn byte(text: &str, mark: Marker) -> usize {
    text.char_indices().nth(mark.index()).map_or(text.len(), |(at, _)| at)
}

struct Events<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    found: Option<(Marker, Marker)>,
}

impl<'t> Events<'t> {
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        self.parser.next_event()?.ok()
    }

    /// Reads the value that begins with this event. On the path, it is found.
    fn node(&mut self, (event, span): (Event<'t>, Span), path: &[&str], part: Part) {
        let is_scalar = matches!(event, Event::Scalar(..) | Event::Alias(_));
        // Of a list or a mapping, the place is where it begins.
        let end = if is_scalar { span.end } else { span.start };
        if path.is_empty() && part == Part::Value {
            self.found = Some((span.start, end));
        }
        match event {
            Event::MappingStart(..) => self.mapping(path, part),
            Event::SequenceStart(..) => self.sequence(path, part),
            _ => {}
        }
    }

    fn mapping(&mut self, path: &[&str], part: Part) {
        while let Some((event, span)) = self.next() {
            let is_on_path = match (&event, path) {
                (Event::MappingEnd, _) => return,
                (Event::Scalar(key, ..), [wanted, ..]) => key == wanted,
                _ => false,
            };
            if is_on_path {
                self.found = Some((span.start, span.end));
            }
            let is_end = is_on_path && path.len() == 1 && part == Part::Key;
            // A key that is a list or a mapping is read whole.
            if !matches!(event, Event::Scalar(..)) {
                self.node((event, span), NOWHERE, part);
            }
            let Some(value) = self.next() else { return };
            self.node(value, if is_on_path && !is_end { &path[1..] } else { NOWHERE }, part);
        }
    }

    fn sequence(&mut self, path: &[&str], part: Part) {
        let mut index = 0_usize;
        while let Some((event, span)) = self.next() {
            if matches!(event, Event::SequenceEnd) {
                return;
            }
            let is_on_path = path.first().is_some_and(|wanted| wanted.parse() == Ok(index));
            self.node((event, span), if is_on_path { &path[1..] } else { NOWHERE }, part);
            index += 1;
        }
    }
}

/// A path that leads to nothing.
const NOWHERE: &[&str] = &["\0"];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, path: &[&str], part: Part) -> String {
        find(text, path, part).map_or_else(
            || "none".to_owned(),
            |range| format!("{}:{}", text[..range.start].matches('\n').count() + 1, &text[range]),
        )
    }

    #[test]
    fn a_value_and_a_key_are_found() {
        let text =
            "# é\ndrivers:\n  a.b: {x: 1, 'y': [2, {z: é3}]}\n  c.d:\n    x: |\n      t\n    {k: v}: 1\n";
        let table: [(&[&str], Part, &str); 8] = [
            (&["drivers", "a.b", "x"], Part::Value, "3:1"),
            (&["drivers", "a.b", "y"], Part::Key, "3:'y'"),
            (&["drivers", "a.b", "y", "1", "z"], Part::Value, "3:é3"),
            (&["drivers", "a.b", "y", "1", "z"], Part::Key, "3:z"),
            (&["drivers", "c.d"], Part::Key, "4:c.d"),
            (&["drivers", "c.d", "none"], Part::Value, "4:c.d"),
            (&["none"], Part::Value, "none"),
            (&[], Part::Key, "none"),
        ];
        for (path, part, expected) in table {
            assert_eq!(found(text, path, part), expected, "{path:?}");
        }
        assert_eq!(found("a: [", &["a", "0"], Part::Value), "1:a");
        assert_eq!(found("", &["a"], Part::Value), "none");
    }
}
