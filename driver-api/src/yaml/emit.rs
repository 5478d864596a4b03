use std::cmp::Ordering;

use serde::Serialize;
use serde_yaml::{Mapping, Number, Value};

use super::resolve::{self, Kind};
use crate::Error;

/// A text is folded where its line exceeds this column.
const WIDTH: usize = 80;

/// The most characters of a key that stands on one line with its colon. A longer key is written behind `?`.
const MAX_SHORT_KEY: usize = 122;

/// Writes data as PyYAML's `safe_dump` writes it, byte by byte: block style, sorted keys, ASCII only, and quotes around
/// every text that YAML 1.1 would read as another type.
///
/// Keys are texts, numbers, booleans or null. Python can't sort a mixture of them; here null comes first, then numbers.
/// An enum variant with data is an error, since it would need a tag; so is a list or a mapping as a key. The text ends
/// with a line break.
///
/// ```
/// use driver_api::yaml;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Directory {
///     name: &'static str,
///     hosts: Vec<&'static str>,
///     country: &'static str,
/// }
///
/// let directory = Directory { name: "Büro", hosts: vec!["10.0.0.0/8"], country: "no" };
/// assert_eq!(yaml::to_string(&directory)?, "country: 'no'\nhosts:\n- 10.0.0.0/8\nname: \"B\\xFCro\"\n");
/// # Ok::<(), driver_api::Error>(())
/// ```
pub fn to_string<T: Serialize>(data: &T) -> Result<String, Error> {
    let value = serde_yaml::to_value(data)
        .map_err(|error| Error::driver("the data can't be written as YAML").because(error))?;
    let mut writer = Writer::default();
    match value {
        Value::Mapping(_) | Value::Sequence(_) => writer.node(&value, 0)?,
        // Further lines of a scalar are indented, even if the scalar is the whole document.
        scalar => writer.node(&scalar, 2)?,
    }
    writer.line_end();
    Ok(writer.text)
}

/// The text so far and its last column. The text is ASCII, so a byte is a column.
#[derive(Default)]
struct Writer {
    text: String,
    column: usize,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.len();
    }

    fn line_end(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn line_start(&mut self, indent: usize) {
        self.push(&" ".repeat(indent));
    }

    fn next_line(&mut self, indent: usize) {
        self.line_end();
        self.line_start(indent);
    }

    /// Writes a value at the current column. Its further lines get this indentation.
    fn node(&mut self, value: &Value, indent: usize) -> Result<(), Error> {
        match value {
            Value::Mapping(mapping) if !mapping.is_empty() => self.mapping(mapping, indent),
            Value::Sequence(items) if !items.is_empty() => self.sequence(items, indent),
            _ => self.scalar(value, Some(indent)),
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize) -> Result<(), Error> {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.next_line(indent);
            }
            self.push("- ");
            self.node(item, indent + 2)?;
        }
        Ok(())
    }

    fn mapping(&mut self, mapping: &Mapping, indent: usize) -> Result<(), Error> {
        let mut entries: Vec<(&Value, &Value)> = mapping.iter().collect();
        entries.sort_by(|(a, _), (b, _)| key_order(a, b));
        for (i, (key, value)) in entries.into_iter().enumerate() {
            if i > 0 {
                self.next_line(indent);
            }
            if key.is_sequence() || key.is_mapping() {
                return Err(Error::driver("a list or a mapping can't be a key in YAML"));
            }
            if is_short(key) {
                self.scalar(key, None)?;
                self.push(":");
                self.value_of_short_key(value, indent)?;
            } else {
                self.push("? ");
                self.scalar(key, Some(indent + 2))?;
                self.next_line(indent);
                self.push(": ");
                self.node(value, indent + 2)?;
            }
        }
        Ok(())
    }

    fn value_of_short_key(&mut self, value: &Value, indent: usize) -> Result<(), Error> {
        match value {
            Value::Mapping(mapping) if !mapping.is_empty() => {
                self.next_line(indent + 2);
                self.mapping(mapping, indent + 2)
            }
            // PyYAML does not indent a list below its key.
            Value::Sequence(items) if !items.is_empty() => {
                self.next_line(indent);
                self.sequence(items, indent)
            }
            _ => {
                self.push(" ");
                self.scalar(value, Some(indent + 2))
            }
        }
    }

    /// Writes a scalar, or an empty list or mapping. Without an indentation, a long text is not folded.
    fn scalar(&mut self, value: &Value, indent: Option<usize>) -> Result<(), Error> {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(value) => self.push(if *value { "true" } else { "false" }),
            Value::Number(value) => self.push(&number(value)),
            Value::String(text) => self.string(text, indent),
            Value::Sequence(_) => self.push("[]"),
            Value::Mapping(_) => self.push("{}"),
            Value::Tagged(tagged) => {
                return Err(Error::driver(format!("the data needs the YAML tag {}", tagged.tag)));
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &str, indent: Option<usize>) {
        match Style::of(text) {
            Style::Plain => self.words(text, "'", indent),
            Style::SingleQuoted => {
                self.push("'");
                self.words(text, "''", indent);
                self.push("'");
            }
            Style::DoubleQuoted => {
                self.push("\"");
                self.escaped(text, indent);
                self.push("\"");
            }
        }
    }

    /// Writes an ASCII text, folds it between words, and replaces each apostrophe.
    fn words(&mut self, text: &str, apostrophe: &str, indent: Option<usize>) {
        let bytes = text.as_bytes();
        for (i, byte) in bytes.iter().enumerate() {
            match (byte, indent) {
                (b' ', Some(indent)) if self.column > WIDTH && is_between_words(bytes, i) => {
                    self.next_line(indent);
                }
                // YAML reads a single line break as a space, so a run of them gets one more.
                (b'\n', _) => {
                    if i == 0 || bytes[i - 1] != b'\n' {
                        self.line_end();
                    }
                    self.line_end();
                    if bytes.get(i + 1) != Some(&b'\n') {
                        self.line_start(indent.unwrap_or(0));
                    }
                }
                (b'\'', _) => self.push(apostrophe),
                _ => self.push(&text[i..=i]),
            }
        }
    }

    /// Writes a text with escapes, and folds it at spaces and after an escape.
    fn escaped(&mut self, text: &str, indent: Option<usize>) {
        let last = text.chars().count().saturating_sub(1);
        let mut after_escape = true;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let indent = indent.filter(|_| 0 < i && i < last);
            if let Some(escape) = escape(c) {
                self.push(&escape);
                after_escape = true;
                if let Some(indent) = indent.filter(|_| self.column > WIDTH + 1) {
                    self.escaped_break(indent, chars.peek().map(|&(_, next)| next));
                }
            } else {
                if let Some(indent) = indent.filter(|_| self.column > WIDTH && (c == ' ' || after_escape)) {
                    self.escaped_break(indent, Some(c));
                }
                self.push(c.encode_utf8(&mut [0; 4]));
                after_escape = false;
            }
        }
    }

    /// Folds inside double quotes, where YAML ignores a space at the start of a line unless it is escaped.
    fn escaped_break(&mut self, indent: usize, next: Option<char>) {
        self.push("\\");
        self.next_line(indent);
        if next == Some(' ') {
            self.push("\\");
        }
    }
}

/// Whether the space at this index is a single one between two other characters.
fn is_between_words(bytes: &[u8], i: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|&byte| byte != b' ');
    is_word(bytes[..i].last()) && is_word(bytes.get(i + 1))
}

/// Compares keys: null comes first, then numbers, then texts by code point.
fn key_order(a: &Value, b: &Value) -> Ordering {
    let rank = |key: &Value| match key {
        Value::Null => 0,
        Value::Bool(_) | Value::Number(_) => 1,
        _ => 2,
    };
    // In Python a boolean is a number.
    let number = |key: &Value| key.as_f64().or(key.as_bool().map(|value| f64::from(u8::from(value))));
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => rank(a).cmp(&rank(b)).then_with(|| a.as_str().cmp(&b.as_str())),
    }
}

/// Whether a key stands on one line with its colon.
fn is_short(key: &Value) -> bool {
    let Value::String(text) = key else { return true };
    !text.is_empty()
        && text.chars().count() <= MAX_SHORT_KEY
        && !text.contains(['\n', '\u{85}', '\u{2028}', '\u{2029}'])
}

enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
}

impl Style {
    fn of(text: &str) -> Style {
        if resolve::kind(text) == Kind::Text && can_be_plain(text) {
            Style::Plain
        } else if can_be_single_quoted(text) {
            Style::SingleQuoted
        } else {
            Style::DoubleQuoted
        }
    }
}

fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~')
}

/// Whether YAML reads every character of the text literally if it has no quotes.
fn can_be_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let is_indicator = match first {
        None => true,
        Some('?' | ':' | '-') => matches!(second, None | Some(' ')),
        Some(c) => "#,[]{}&*!|>'\"%@` ".contains(c),
    };
    !is_indicator
        && text.chars().all(is_printable)
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}

/// Whether the text needs no escape. Folding drops a space next to a line break, so that needs one.
fn can_be_single_quoted(text: &str) -> bool {
    text.chars().all(|c| is_printable(c) || c == '\n') && !text.contains(" \n") && !text.contains("\n ")
}

/// Returns the escape of a character in double quotes, if it needs one.
fn escape(c: char) -> Option<String> {
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if is_printable(c) => return None,
        _ => {
            return Some(match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            });
        }
    };
    Some(format!("\\{short}"))
}

/// Formats a number as Python does: the fewest digits that read back as the same number, with a point. From sixteen
/// digits on, and below a ten-thousandth, it has an exponent with a sign and at least two digits.
fn number(number: &Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let point = if digits.contains('.') { "" } else { ".0" };
        return format!("{digits}{point}e{exponent:+03}");
    }
    // Of two shortest forms that are equally near, Python prints the even one, as Rust does with a given precision.
    let shortest = format!("{value:?}");
    let decimals = shortest.len() - 1 - shortest.find('.').unwrap_or(0);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::yaml::parse;

    /// Writes the value behind a key of one letter, and returns it without the key.
    fn written<T: Serialize>(value: T) -> String {
        let text = to_string(&BTreeMap::from([("k", value)])).unwrap();
        text.strip_prefix("k: ").unwrap().strip_suffix('\n').unwrap().to_owned()
    }

    #[test]
    fn lists_and_mappings_are_written_in_block_style() {
        let texts = [
            "{}\n",
            "[]\n",
            "a:\n  b:\n  - c\n  - d: 1\n    e: []\n  - - f\n    - - {}\n  g: {}\n",
            "- a: null\n- b: true\n  c: false\n",
            "s:\n  ? ''\n  : sources:\n      p: true\n    timeout: 2.9\n  z: {}\n",
            "? ''\n: - a\n  - b\n? 'a\n\n  b'\n: c\n",
            "general:\n  advertised_http_url: http://10.0.0.254:8667\n",
        ];
        for text in texts {
            assert_eq!(to_string(&parse(text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn a_scalar_can_be_the_whole_document() {
        assert_eq!(to_string(&"x").unwrap(), "x\n");
        assert_eq!(to_string(&"a\nb").unwrap(), "'a\n\n  b'\n");
        assert_eq!(to_string(&None::<bool>).unwrap(), "null\n");
    }

    #[test]
    fn keys_are_sorted() {
        let keys = BTreeMap::from(["é", "a", "B", "1", "😀", "\u{ffee}"].map(|key| (key, 1)));
        let expected = "'1': 1\nB: 1\na: 1\n\"\\xE9\": 1\n\"\\uFFEE\": 1\n\"\\U0001F600\": 1\n";
        assert_eq!(to_string(&keys).unwrap(), expected);
        let keys = parse("{b: 1, 10: 1, 9.5: 1, yes: 1, ~: 1}").unwrap();
        assert_eq!(to_string(&keys).unwrap(), "null: 1\ntrue: 1\n9.5: 1\n10: 1\nb: 1\n");
    }

    #[test]
    fn a_long_key_stands_behind_a_question_mark() {
        let entry = |key: &str| to_string(&BTreeMap::from([(key, 1)])).unwrap();
        let key = "a".repeat(122);
        assert_eq!(entry(&key), format!("{key}: 1\n"));
        assert_eq!(entry(&format!("{key}a")), format!("? {key}a\n: 1\n"));
        let key = "b ".repeat(59);
        assert_eq!(entry(&key), format!("'{key}': 1\n"));
        let (line, rest) = (["b"; 40].join(" "), ["b"; 22].join(" "));
        assert_eq!(entry(&format!("{line} {rest}")), format!("? {line}\n  {rest}\n: 1\n"));
        assert_eq!(entry("c\u{2028}"), "? \"c\\L\"\n: 1\n");
    }

    #[test]
    fn numbers_are_formatted_as_in_python() {
        let floats = [
            (2.9, "2.9"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1.0e+16"),
            (1.5e20, "1.5e+20"),
            (1e-4, "0.0001"),
            (1e-5, "1.0e-05"),
            (1e-7, "1.0e-07"),
            (5e-324, "5.0e-324"),
            (862_506_438_639_261.2, "862506438639261.2"),
            (f64::INFINITY, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
        ];
        for (value, expected) in floats {
            assert_eq!(written(value), expected);
        }
        assert_eq!((written(u64::MAX), written(i64::MIN)), (u64::MAX.to_string(), i64::MIN.to_string()));
    }

    #[test]
    fn a_text_is_quoted_only_if_necessary() {
        let quoted = "10 10.0 1:30 017 0x1F 1_000 1.5e+5 2020-01-01 2001:10:20:30:40:50:10:20 ~ null yes Off \
                      << = # , [ ] { } &a *a !a | > %a @a `a \" - ? : fe80:: --- ---a ....";
        for text in quoted.split(' ').chain(["", "- x", "? x", "a: b", "a #b", " a", "a "]) {
            assert_eq!(written(text), format!("'{text}'"));
        }
        let plain =
            "1e5 0o17 10.0.0.1 10.0.0.0/8 y n -x ?x :x ::1 http://x:80 a#b a,b a[0]{} it's a\"b .. --";
        for text in
            plain.split(' ').chain(["a, b", "https://prov.example.com/x y", "{a}"].into_iter().take(2))
        {
            assert_eq!(written(text), text);
        }
        assert_eq!(written("'a' b: c"), "'''a'' b: c'");
    }

    #[test]
    fn special_characters_are_escaped_in_double_quotes() {
        let table = [
            ("é.example", r#""\xE9.example""#),
            ("😀", r#""\U0001F600""#),
            ("\u{feff}\u{7f}", r#""\uFEFF\x7F""#),
            ("\0\x07\x08\t\x0b\x0c\r\x1b", r#""\0\a\b\t\v\f\r\e""#),
            ("\u{85}\u{a0}\u{2028}\u{2029}\"\\\n", r#""\N\_\L\P\"\\\n""#),
            ("a \nb", r#""a \nb""#),
            ("a\n b", r#""a\n b""#),
        ];
        for (text, expected) in table {
            assert_eq!(written(text), expected);
        }
    }

    #[test]
    fn a_line_break_is_written_as_an_empty_line() {
        assert_eq!(to_string(&[["a\nb"]]).unwrap(), "- - 'a\n\n    b'\n");
        assert_eq!(written("\na\n\n"), "'\n\n  a\n\n\n  '");
    }

    #[test]
    fn long_texts_are_folded() {
        let words = |count| vec!["word"; count].join(" ");
        assert_eq!(written(words(20)), format!("{}\n  {}", words(16), words(4)));
        assert_eq!(written(words(20) + " "), format!("'{}\n  {} '", words(16), words(4)));
        assert_eq!(written(words(20) + "é"), format!("\"{}\\\n  \\ {}\\xE9\"", words(16), words(4)));
        assert_eq!(written("é".repeat(25)), format!("\"{}\\\n  {}\"", r"\xE9".repeat(20), r"\xE9".repeat(5)));
        assert_eq!(written("word".repeat(50)), "word".repeat(50));
    }

    #[test]
    fn data_that_needs_a_tag_or_a_complex_key_is_an_error() {
        #[derive(Serialize)]
        enum Source {
            Ldap(i32),
        }
        let error = to_string(&[Source::Ldap(1)]).unwrap_err().chain();
        assert_eq!(error, "the data needs the YAML tag !Ldap");
        for key in [vec![1], vec![]] {
            let error = to_string(&BTreeMap::from([(key, 2)])).unwrap_err().chain();
            assert_eq!(error, "a list or a mapping can't be a key in YAML");
        }
    }

    #[test]
    fn every_text_reads_back_as_itself() {
        let parts = ["", " ", "\n", "'", "\"", "\\", ":", "#", "-", "?", "[", "a", "1", "é", "\t", "\u{85}"];
        let pairs = || parts.iter().flat_map(|a| parts.map(|b| format!("{a}{b}")));
        for (a, b) in pairs().flat_map(|a| parts.map(|b| (a.clone(), b))) {
            for text in [
                format!("{a}{b}"),
                format!("{a}{}{b}", "x ".repeat(45)),
                format!("{}{a} {b}", "é".repeat(20)),
            ] {
                let document = to_string(&[BTreeMap::from([(&text, &text)])]).unwrap();
                assert_eq!(parse(&document).unwrap()[0][&*text], *text, "{document}");
            }
        }
    }
}
