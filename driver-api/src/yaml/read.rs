use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_yaml::value::TaggedValue;
use serde_yaml::{Mapping, Value};

use super::resolve::{self, Kind};
use crate::{Error, ErrorKind};

/// The most lists and mappings inside each other. The reader recurses, so a deeper document could overflow the stack.
const MAX_DEPTH: usize = 128;

/// The most values and bytes of text, added up, that anchors and aliases may copy. Ten lines of nested aliases can
/// stand for a billion values.
const MAX_COPIED: usize = 1_000_000;

const CORE: &str = "tag:yaml.org,2002:";

/// Parses one document, as PyYAML's safe loader does. An empty document is null.
///
/// - Of duplicate keys the last one wins, and `<<` fills a mapping from another one.
/// - A timestamp is a text. So is `<<` or `=` where PyYAML refuses it.
/// - A tag outside YAML's core schema, such as `!exec`, gives a [`Value::Tagged`].
/// - An integer beyond 64 bits is an error, and so is a list or a mapping as a key.
///
/// Lists and mappings can be nested 128 deep. The error is of [`ErrorKind::Config`]; its message begins with line and
/// column, both from 1. The caller adds the file.
///
/// ```
/// use driver_api::yaml;
///
/// let phones = yaml::parse("voicemail: off\npin: 0042\ncountry: 'no'")?;
/// assert_eq!(phones["voicemail"], false);
/// assert_eq!(phones["pin"], 34);
/// assert_eq!(phones["country"], "no");
///
/// let error = yaml::parse("followme:\n  number: @office").unwrap_err();
/// assert!(error.to_string().starts_with("line 2, column 11: "), "{error}");
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn parse(text: &str) -> Result<Value, Error> {
    check_characters(text)?;
    // The parser may read spaces behind the last line break as another line.
    let trimmed = text.trim_end_matches(' ');
    let text = if trimmed.ends_with(['\n', '\r']) { trimmed } else { text };
    let cut_off_at = (!text.ends_with(['\n', '\r'])).then(|| text.chars().count());
    let parser = Parser::new_from_str(text);
    Reader { parser, cut_off_at, anchors: BTreeMap::new(), copied: 0 }.document()
}

/// Refuses control characters, as PyYAML does, and Unicode's line separators, which end a line for PyYAML but not for
/// the parser. All of them are valid as escapes in double quotes.
fn check_characters(text: &str) -> Result<(), Error> {
    let is_refused = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
    };
    let Some((index, found)) = text.char_indices().find(|&(_, c)| is_refused(c)) else { return Ok(()) };
    let before = &text[..index];
    let column = before.chars().rev().take_while(|&c| c != '\n').count();
    let mark = Marker::new(0, before.matches('\n').count() + 1, column);
    Err(error_at(mark, format!("the character U+{:04X} must be escaped", u32::from(found))))
}

fn error_at(mark: Marker, message: impl Into<String>) -> Error {
    let place = format!("line {}, column {}", mark.line(), mark.col() + 1);
    Error::new(ErrorKind::Config, message).context(place)
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// The index of the end of the document, if its last line has no line break.
    cut_off_at: Option<usize>,
    /// The complete values that have an anchor, by the parser's number of the anchor.
    anchors: BTreeMap<usize, Node>,
    /// The size of all copies so far, limited by `MAX_COPIED`.
    copied: usize,
}

/// A value, with its size and height for the limits.
#[derive(Clone)]
struct Node {
    value: Value,
    /// The number of values in it, itself included, and of bytes of their texts, added up.
    size: usize,
    /// The number of levels of lists and mappings in it, itself included.
    height: usize,
}

impl<'a> Reader<'a> {
    fn document(mut self) -> Result<Value, Error> {
        self.next()?; // the start of the stream
        if let (Event::StreamEnd, _) = self.next()? {
            return Ok(Value::Null);
        }
        let first = self.next()?;
        let root = self.node(first, 0)?;
        self.next()?; // the end of the document
        match self.next()? {
            (Event::StreamEnd, _) => Ok(root.value),
            (_, span) => Err(error_at(span.start, "expected one document, found another")),
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Error> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(error_at(*error.marker(), error.info())),
            None => Err(Error::new(ErrorKind::Config, "unexpected end of the document")),
        }
    }

    /// Builds the value that begins with this event, at this depth of lists and mappings.
    fn node(&mut self, (event, span): (Event<'a>, Span), depth: usize) -> Result<Node, Error> {
        let at = span.start;
        let (node, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, depth, at),
            Event::Scalar(text, style, anchor, tag) => {
                let text = self.without_added_break(&text, style, span.end);
                let value =
                    scalar(text, style, full_name(tag).as_deref()).map_err(|why| error_at(at, why))?;
                (Node { value, size: 1 + text.len(), height: 0 }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                check_depth(depth + 1, at)?;
                (self.sequence(depth + 1)?.tagged(full_name(tag).as_deref(), at)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                check_depth(depth + 1, at)?;
                (self.mapping(depth + 1)?.tagged(full_name(tag).as_deref(), at)?, anchor)
            }
            _ => return Err(error_at(at, "expected a value")),
        };
        if anchor != 0 {
            self.count_copy(node.size, at)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Removes the line break that the parser adds to a block scalar at the end of a document without a final line
    /// break. PyYAML adds none.
    fn without_added_break<'t>(&self, text: &'t str, style: ScalarStyle, end: Marker) -> &'t str {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        match text.strip_suffix('\n') {
            Some(text) if is_block && self.cut_off_at == Some(end.index()) => text,
            _ => text,
        }
    }

    fn alias(&mut self, anchor: usize, depth: usize, at: Marker) -> Result<Node, Error> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(error_at(at, "the alias stands inside the value that it stands for"));
        };
        check_depth(depth + node.height, at)?;
        self.count_copy(node.size, at)?;
        Ok(node)
    }

    fn count_copy(&mut self, size: usize, at: Marker) -> Result<(), Error> {
        self.copied += size;
        if self.copied > MAX_COPIED {
            return Err(error_at(at, "the aliases make the document too large"));
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, Error> {
        let mut items = Vec::new();
        let mut extent = Extent::default();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(extent.around(Value::Sequence(items))),
                first => items.push(extent.take(self.node(first, depth)?)),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Node, Error> {
        let mut merged = Mapping::new();
        let mut own = Vec::new();
        let mut extent = Extent::default();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                // The mapping's own keys override merged ones, wherever the `<<` stands.
                merged.extend(own);
                return Ok(extent.around(Value::Mapping(merged)));
            }
            let is_merge = is_merge_key(&event);
            let key = extent.take(self.node((event, span), depth)?);
            if matches!(key, Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_)) {
                return Err(error_at(span.start, "expected a text, number or boolean as a key"));
            }
            let first = self.next()?;
            let value_span = first.1;
            let value = extent.take(self.node(first, depth)?);
            if is_merge {
                merge(&mut merged, value).map_err(|why| error_at(value_span.start, why))?;
            } else {
                own.push((key, value));
            }
        }
    }
}

fn check_depth(depth: usize, at: Marker) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(error_at(at, format!("lists and mappings are more than {MAX_DEPTH} levels deep")));
    }
    Ok(())
}

/// The size and height of the values in a list or mapping so far.
#[derive(Default)]
struct Extent {
    size: usize,
    height: usize,
}

impl Extent {
    fn take(&mut self, node: Node) -> Value {
        self.size += node.size;
        self.height = self.height.max(node.height);
        node.value
    }

    fn around(self, value: Value) -> Node {
        Node { value, size: self.size + 1, height: self.height + 1 }
    }
}

impl Node {
    /// Applies the tag of a list or mapping.
    fn tagged(mut self, tag: Option<&str>, at: Marker) -> Result<Node, Error> {
        self.value = collection(self.value, tag).map_err(|why| error_at(at, why))?;
        Ok(self)
    }
}

fn is_merge_key(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if resolve::kind(text) == Kind::Merge)
}

/// Fills a mapping from the value of `<<`: a mapping, or a list of mappings, of which the first one wins.
fn merge(into: &mut Mapping, value: Value) -> Result<(), String> {
    match value {
        Value::Mapping(mapping) => into.extend(mapping),
        Value::Sequence(items) if items.iter().all(Value::is_mapping) => {
            items.into_iter().rev().try_for_each(|item| merge(into, item))?;
        }
        _ => return Err("expected a mapping or a list of mappings after <<".to_owned()),
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&str>) -> Result<Value, String> {
    let untagged = || match style {
        ScalarStyle::Plain => resolve::value(text),
        _ => Ok(Value::from(text)),
    };
    match tag {
        None => untagged(),
        // After a lone `!`, PyYAML resolves the type even of a quoted scalar.
        Some("!") => resolve::value(text),
        Some(tag) => match tag.strip_prefix(CORE) {
            Some("str" | "timestamp") => Ok(Value::from(text)),
            Some("null") => Ok(Value::Null),
            Some("bool") => resolve::boolean(text),
            Some("int") => resolve::integer(text),
            Some("float") => resolve::float(text),
            Some(wanted @ ("seq" | "map")) => Err(format!("expected a !!{wanted}, found a scalar")),
            _ => tagged(tag, untagged()?),
        },
    }
}

fn collection(value: Value, tag: Option<&str>) -> Result<Value, String> {
    let (name, found) = if value.is_sequence() { ("seq", "a list") } else { ("map", "a mapping") };
    match tag {
        None | Some("!") => Ok(value),
        Some(tag) => match tag.strip_prefix(CORE) {
            Some(wanted) if wanted == name => Ok(value),
            Some(wanted @ ("str" | "timestamp" | "null" | "bool" | "int" | "float" | "seq" | "map")) => {
                Err(format!("expected a !!{wanted}, found {found}"))
            }
            _ => tagged(tag, value),
        },
    }
}

fn tagged(tag: &str, value: Value) -> Result<Value, String> {
    if tag.is_empty() {
        return Err("the tag is empty".to_owned());
    }
    Ok(Value::Tagged(Box::new(TaggedValue { tag: serde_yaml::value::Tag::new(tag), value })))
}

/// Returns the full name of a tag: `!exec`, `!`, `tag:yaml.org,2002:str`.
fn full_name(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    tag.map(|tag| format!("{}{}", tag.handle, tag.suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the document as JSON, which shows the type of each value.
    fn json(text: &str) -> String {
        serde_json::to_string(&parse(text).unwrap()).unwrap()
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().chain()
    }

    #[test]
    fn documents_are_read_as_pyyaml_reads_them() {
        let table = [
            ("", "null"),
            ("# nothing\n", "null"),
            ("---\n...\n", "null"),
            ("\u{feff}a: 1", r#"{"a":1}"#),
            ("%YAML 1.1\n---\na: 1\n", r#"{"a":1}"#),
            ("a: no\nb: 'no'\nc: \"no\"\nd: |-\n  no\n", r#"{"a":false,"b":"no","c":"no","d":"no"}"#),
            ("[1:30, 017, 2020-01-01, 1e5, ~, ]", r#"[90,15,"2020-01-01","1e5",null]"#),
            ("a: 1\na: 2\nb:\n", r#"{"a":2,"b":null}"#),
            ("[a: 1, {\"b\":2}, 'c', http://d:80]", r#"[{"a":1},{"b":2},"c","http://d:80"]"#),
            ("a: &x [1]\nb: *x\n", r#"{"a":[1],"b":[1]}"#),
            ("? a\n: - b\n  - c\n", r#"{"a":["b","c"]}"#),
            ("a: one\n  two\nb: 'one\n\n  two'\n", r#"{"a":"one two","b":"one\ntwo"}"#),
            ("a:\n- b\n-\n  - c\n", r#"{"a":["b",["c"]]}"#),
            ("a: {\n  b: [\n    c\n  ]\n}\n", r#"{"a":{"b":["c"]}}"#),
        ];
        for (text, expected) in table {
            assert_eq!(json(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_block_scalar_ends_as_the_document_does() {
        for (end, expected) in [("", "x"), ("\n", "x\n"), ("\r", "x\n"), ("\n ", "x\n"), ("\n# c", "x\n")] {
            assert_eq!(parse(&format!("a: |\n  x{end}")).unwrap()["a"], expected, "{end:?}");
        }
        assert_eq!(json("- |\n  x\n- |+\n  y\n\n- >-\n  z"), r#"["x\n","y\n\n","z"]"#);
    }

    #[test]
    fn a_merge_key_fills_a_mapping() {
        let table = [
            ("b: 1\n<<: {a: 2, b: 2}\n", r#"{"a":2,"b":1}"#),
            ("<<: [{a: 1}, {a: 2, c: 3}]\n", r#"{"a":1,"c":3}"#),
            ("<<: {a: 1}\n<<: {a: 2}\n", r#"{"a":2}"#),
            ("a: &a {<<: {x: 1}}\nb: {<<: *a, y: 2}\n", r#"{"a":{"x":1},"b":{"x":1,"y":2}}"#),
            ("'<<': {a: 1}\n=: 2\n", r#"{"<<":{"a":1},"=":2}"#),
        ];
        for (text, expected) in table {
            // As JSON they would differ in the order of the keys.
            assert_eq!(parse(text).unwrap(), parse(expected).unwrap(), "{text:?}");
        }
    }

    #[test]
    fn a_tag_decides_the_type() {
        let table = [
            ("[!!str 12, !!str , !!int '0x1f', !!float 1, !!bool 'YES']", r#"["12","",31,1.0,true]"#),
            ("[!!null x, !!timestamp 2020-01-01, ! 12, ! '12']", r#"[null,"2020-01-01",12,12]"#),
            ("[!!seq [], !!map {}, ! [], ! {}, !<tag:yaml.org,2002:str> 1]", r#"[[],{},[],{},"1"]"#),
        ];
        for (text, expected) in table {
            assert_eq!(json(text), expected, "{text:?}");
        }
        let Value::Tagged(exec) = parse("!exec\ncommand: ls\n").unwrap() else { panic!("no tag") };
        assert_eq!((exec.tag.to_string().as_str(), &exec.value["command"]), ("!exec", &Value::from("ls")));
        assert!(matches!(parse("!!set {a}"), Ok(Value::Tagged(_))));
    }

    #[test]
    fn an_error_is_one_line_with_line_and_column() {
        let table = [
            ("a: b: c", "line 1, column 5: mapping values are not allowed in this context"),
            ("a: 'x\n", "line 1, column 4: while scanning a quoted scalar, found unexpected end of stream"),
            ("a\n---\nb", "line 2, column 1: expected one document, found another"),
            ("a: *x", "line 1, column 4: while parsing node, found unknown anchor"),
            ("a: &x [*x]", "line 1, column 8: the alias stands inside the value that it stands for"),
            ("[a]: b", "line 1, column 1: expected a text, number or boolean as a key"),
            ("a: {<<: 1}", "line 1, column 9: expected a mapping or a list of mappings after <<"),
            ("<<: [1]", "line 1, column 5: expected a mapping or a list of mappings after <<"),
            ("a: 99999999999999999999", "line 1, column 4: the value is not an integer of 64 bits"),
            ("!!bool x", "line 1, column 1: the value is not a boolean"),
            ("!!str [a]", "line 1, column 1: expected a !!str, found a list"),
            ("!!seq {}", "line 1, column 1: expected a !!seq, found a mapping"),
            ("!!map x", "line 1, column 1: expected a !!map, found a scalar"),
            ("!<> x", "line 1, column 1: the tag is empty"),
            ("a:\n  é: \u{85}", "line 2, column 6: the character U+0085 must be escaped"),
            ("\0", "line 1, column 1: the character U+0000 must be escaped"),
        ];
        for (text, expected) in table {
            assert_eq!(error(text), expected, "{text:?}");
        }
    }

    #[test]
    fn depth_and_copies_are_limited() {
        let nested = |levels, inner: &str| "[".repeat(levels) + inner + &"]".repeat(levels);
        let too_deep = "lists and mappings are more than 128 levels deep";
        assert!(parse(&nested(128, "x")).is_ok());
        assert_eq!(error(&nested(129, "x")), format!("line 1, column 129: {too_deep}"));
        assert_eq!(error(&"- ".repeat(100_000)), format!("line 1, column 257: {too_deep}"));
        let text = format!("a: &a {}\nb: {}", nested(70, "x"), nested(70, "*a"));
        assert_eq!(error(&text), format!("line 2, column 74: {too_deep}"));

        let line = |(what, name): (char, char)| {
            format!("{name}: &{name} [{}]", [what; 10].map(|c| format!("*{c}")).join(", "))
        };
        let lines: Vec<String> = "abcdefgh".chars().zip("bcdefghi".chars()).map(line).collect();
        let laughs = format!("a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n{}", lines.join("\n"));
        assert!(error(&laughs).ends_with(": the aliases make the document too large"));
    }
}
