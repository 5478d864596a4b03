//! What may stand in which place of a line, and how it is written there.
//!
//! Each function appends a text so that Asterisk reads exactly it, or says why that can't be done and appends
//! nothing. The rules were measured on Asterisk 22; its parser works on bytes, so *blank* means a byte up to 32
//! and nothing of Unicode.
//!
//! | place | escaped | refused |
//! |---|---|---|
//! | all | `;` as `\;` | line feed, NUL |
//! | [`section_name`] | | `]`, more than 79 bytes, empty, a blank at an end |
//! | [`key`] | a first `[`, `#`, `=` or `\` | `=`, empty, a blank at an end |
//! | [`value`] | | |
//! | [`comment`] | nothing: a comment has no escapes | |
//! | [`mailbox_field`] | | `,` |
//! | [`member_field`] | `\`, `,`, `"`, brackets | a blank at an end |
//! | [`argument`] | | what is evaluated: `${`, `$[` |
//!
//! A `;` that has its backslash already keeps it, and is not escaped again: people who know Asterisk type `\;`,
//! and mean a semicolon. So what Asterisk reads is [`meaning`] of the text.

use std::borrow::Cow;
use std::fmt;

/// The most bytes of a line, without its line feed. Asterisk skips a longer line.
pub const LINE_LIMIT: usize = 8190;

/// The most bytes of the name of a section. Asterisk cuts a longer one.
pub const NAME_LIMIT: usize = 79;

/// Why a text can't stand in its place: Asterisk would read something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A line feed; a NUL, which cuts a line off; or a carriage return, which readers other than Asterisk take for
    /// a line feed.
    LineBreak,
    /// Nothing, where a name or a key must be.
    Empty,
    /// A blank at an end of a name, key or field, which Asterisk strips.
    BlankAtEnd,
    /// A `]`, which ends the name of a section.
    Bracket,
    /// A `=`, which ends a key.
    EqualsSign,
    /// A `,`, which ends a field, an argument or an extension.
    Comma,
    /// A backslash at the end, which takes its meaning from what follows.
    Backslash,
    /// A `|`, which ends an option of a mailbox.
    Pipe,
    /// A `&`, which ends a device in a list.
    Ampersand,
    /// `${` or `$[`, which Asterisk evaluates.
    Expression,
    /// A parenthesis, bracket or quote without its counterpart, so that the arguments behind it are lost.
    Unbalanced,
    /// A `#` at the start of a line, which makes a directive of it.
    Directive,
    /// `;--` or `--;`, which begin and end a comment of many lines, in a text that can't be escaped any more.
    BlockComment,
    /// A name of more than [`NAME_LIMIT`] bytes.
    LongName,
    /// A line of more than [`LINE_LIMIT`] bytes.
    LongLine,
}

/// A place of a line: a function that appends a text as it is written there, or says why it can't be.
pub type Place = fn(&mut String, &str) -> Result<(), Refusal>;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::LineBreak => "the value has a line break",
            Refusal::Empty => "it is empty",
            Refusal::BlankAtEnd => "there is a blank at an end, which Asterisk strips",
            Refusal::Bracket => "there is a \"]\", which ends the name of a section",
            Refusal::EqualsSign => "there is a \"=\", which ends the name of an option",
            Refusal::Comma => "there is a comma, and what follows it would be the next field",
            Refusal::Backslash => {
                "there is a backslash at the end, which takes its meaning from the comma behind it"
            }
            Refusal::Pipe => "there is a \"|\", and what follows it would be the next option",
            Refusal::Ampersand => "there is a \"&\", and what follows it would be the next device",
            Refusal::Expression => "there is \"${\" or \"$[\", which Asterisk evaluates",
            Refusal::Unbalanced => {
                "a parenthesis, bracket or quote has no counterpart, and the arguments behind it would be lost"
            }
            Refusal::Directive => "a line begins with \"#\", which Asterisk takes for a directive",
            Refusal::BlockComment => "there is \";--\" or \"--;\", which hides the lines that follow",
            Refusal::LongName => "it is longer than the 79 bytes that Asterisk keeps of a name",
            Refusal::LongLine => "its line is longer than the 8190 bytes that Asterisk reads",
        })
    }
}

impl std::error::Error for Refusal {}

/// Whether the text has neither a `;` nor a control character below 14, so that no place escapes or refuses anything
/// of it but for its own reasons. Nearly every text is so, and this is asked for each: eight bytes at a time.
fn is_plain(text: &str) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Where a byte is below n, below 128 for itself, its high bit is set: the usual arithmetic on bytes in a word.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let matters = |word: u64| below(word, 14) | below(word ^ (ONES * u64::from(b';')), 1) != 0;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    // A blank in place of what is not there.
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    !words.iter().chain([&last]).any(|word| matters(u64::from_le_bytes(*word)))
}

/// Letters, digits, `_` and `-`: what nearly every key is made of.
const WORD: u8 = 1;

/// The same, and what else numbers, devices, names and sounds are made of. It means nothing in any place but at the
/// start of a key.
const NAME: u8 = 2;

/// What each byte belongs to.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' => WORD | NAME,
            b'*' | b'#' | b'+' | b'.' | b'!' | b'/' | b':' | b'@' | b'&' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Whether there is a text, and all of it belongs to this class: the usual case, which needs no closer look.
fn is_all(text: &str, class: u8) -> bool {
    !text.is_empty() && text.bytes().all(|byte| CLASSES[usize::from(byte)] & class != 0)
}

/// What Asterisk strips from the ends of lines, names, keys and values: every control character of ASCII and
/// the space.
pub fn is_blank(c: char) -> bool {
    c <= ' '
}

/// The text without what Asterisk strips from its ends.
///
/// ```
/// assert_eq!(asterisk_conf::syntax::stripped("\t jazz \u{a0}"), "jazz \u{a0}");
/// ```
pub fn stripped(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Refuses what no line can hold.
///
/// A carriage return alone ends no line for Asterisk, which strips it at the ends of a value. It is refused all
/// the same, because other readers of such files take it for a line end.
pub fn on_one_line(text: &str) -> Result<(), Refusal> {
    let breaks = memchr::memchr3(b'\n', b'\r', 0, text.as_bytes()).is_some();
    if breaks { Err(Refusal::LineBreak) } else { Ok(()) }
}

/// Appends the text with a backslash before each `;` that has none: the one escape that every place has.
///
/// With it, no `;` begins a comment, opens a block comment (`;--`) or ends one (`--;`), whatever stands around
/// it.
pub fn escape(out: &mut String, text: &str) {
    let mut from = 0;
    for at in memchr::memchr_iter(b';', text.as_bytes()) {
        if at == 0 || text.as_bytes()[at - 1] != b'\\' {
            out.push_str(&text[from..at]);
            out.push('\\');
            from = at;
        }
    }
    out.push_str(&text[from..]);
}

/// What Asterisk reads when the text is written: `;` where it has `\;`.
///
/// ```
/// assert_eq!(asterisk_conf::syntax::meaning(r"s;e\;c\\;r"), r"s;e;c\;r");
/// ```
pub fn meaning(text: &str) -> Cow<'_, str> {
    if text.contains("\\;") { text.replace("\\;", ";").into() } else { text.into() }
}

/// Appends the name of a section, which stands between brackets.
///
/// ```
/// use asterisk_conf::syntax::{Refusal, section_name};
///
/// let mut line = String::new();
/// section_name(&mut line, "a;b").unwrap();
/// assert_eq!(line, r"a\;b");
/// assert_eq!(section_name(&mut line, "a](evil)"), Err(Refusal::Bracket));
/// ```
pub fn section_name(out: &mut String, name: &str) -> Result<(), Refusal> {
    if name.len() <= NAME_LIMIT && is_all(name, NAME) {
        out.push_str(name);
        return Ok(());
    }
    on_one_line(name)?;
    if name.is_empty() {
        return Err(Refusal::Empty);
    }
    if stripped(name).len() != name.len() {
        return Err(Refusal::BlankAtEnd);
    }
    if name.contains(']') {
        return Err(Refusal::Bracket);
    }
    if meaning(name).len() > NAME_LIMIT {
        return Err(Refusal::LongName);
    }
    escape(out, name);
    Ok(())
}

/// Appends the name of a section that another one refers to, in the parentheses of its header: there,
/// `,` and `)` end it, and `!` and `+` mean something else.
pub fn template_name(out: &mut String, name: &str) -> Result<(), Refusal> {
    if name.contains([',', ')']) || name == "!" || name.starts_with('+') {
        return Err(Refusal::Bracket);
    }
    section_name(out, name)
}

/// Appends the key of an option, at the start of a line. A blank must follow it.
///
/// ```
/// let mut line = String::new();
/// asterisk_conf::syntax::key(&mut line, "#1").unwrap();
/// assert_eq!(line, r"\#1");
/// ```
pub fn key(out: &mut String, key: &str) -> Result<(), Refusal> {
    if is_all(key, WORD) {
        out.push_str(key);
        return Ok(());
    }
    on_one_line(key)?;
    let Some(first) = key.chars().next() else { return Err(Refusal::Empty) };
    if stripped(key).len() != key.len() {
        return Err(Refusal::BlankAtEnd);
    }
    if key.bytes().skip(1).any(|byte| byte == b'=') {
        return Err(Refusal::EqualsSign);
    }
    let is_escape_of_semicolon = key.starts_with("\\;");
    if matches!(first, '[' | '#' | '=') || first == '\\' && !is_escape_of_semicolon {
        out.push('\\');
    }
    escape(out, key);
    Ok(())
}

/// Appends a key with the blanks around it, which Asterisk strips: the key is what stands between them.
pub fn padded_key(out: &mut String, text: &str) -> Result<(), Refusal> {
    if is_all(text, WORD) {
        out.push_str(text);
        return Ok(());
    }
    on_one_line(text)?;
    let start = text.len() - text.trim_start_matches(is_blank).len();
    let end = start + stripped(text).len();
    let length = out.len();
    out.push_str(&text[..start]);
    if let Err(refusal) = key(out, &text[start..end]) {
        out.truncate(length);
        return Err(refusal);
    }
    out.push_str(&text[end..]);
    Ok(())
}

/// Appends a value or a part of one. A blank must stand before it.
///
/// Blanks at its ends are written, though Asterisk strips them at the ends of the line: the caller knows
/// whether something stands beside it.
pub fn value(out: &mut String, value: &str) -> Result<(), Refusal> {
    if is_plain(value) {
        out.push_str(value);
        return Ok(());
    }
    on_one_line(value)?;
    escape(out, value);
    Ok(())
}

/// Appends the text of a comment, behind `; `. Nothing in it can end the comment but a line break.
pub fn comment(out: &mut String, text: &str) -> Result<(), Refusal> {
    on_one_line(text)?;
    out.push_str(text);
    Ok(())
}

/// Appends a field of a mailbox: password, name, address of mail or pager.
pub fn mailbox_field(out: &mut String, field: &str) -> Result<(), Refusal> {
    if field.contains(',') {
        return Err(Refusal::Comma);
    }
    value(out, field)
}

/// Appends a field of the line of a queue's member: what Asterisk splits with quotes, brackets and backslashes.
///
/// ```
/// let mut line = String::new();
/// asterisk_conf::syntax::member_field(&mut line, "Local/1,2;3").unwrap();
/// assert_eq!(line, r"Local/1\,2\;3");
/// ```
pub fn member_field(out: &mut String, field: &str) -> Result<(), Refusal> {
    on_one_line(field)?;
    if stripped(field).len() != field.len() {
        return Err(Refusal::BlankAtEnd);
    }
    for c in meaning(field).chars() {
        if matches!(c, '\\' | ',' | '"' | '(' | ')' | '[' | ']' | ';') {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(())
}

/// Appends the name of an extension, which the priority follows: the first comma that stands outside brackets,
/// and not behind a backslash, ends it.
pub fn extension(out: &mut String, extension: &str) -> Result<(), Refusal> {
    if is_all(extension, NAME) {
        out.push_str(extension);
        return Ok(());
    }
    if extension.is_empty() {
        return Err(Refusal::Empty);
    }
    if extension.contains(',') {
        return Err(Refusal::Comma);
    }
    if extension.ends_with('\\') {
        return Err(Refusal::Backslash);
    }
    not_evaluated(extension)?;
    if extension.matches('[').count() > extension.matches(']').count() {
        return Err(Refusal::Unbalanced);
    }
    value(out, extension)
}

/// Appends a device, or a part of one, whose state an extension has. Behind a comma Asterisk looks for a
/// presence, and forgets what stands behind a parenthesis.
pub fn device(out: &mut String, device: &str) -> Result<(), Refusal> {
    if is_all(device, NAME) {
        out.push_str(device);
        return Ok(());
    }
    if device.contains(',') {
        return Err(Refusal::Comma);
    }
    not_evaluated(device)?;
    if device.contains('(') {
        return Err(Refusal::Unbalanced);
    }
    value(out, device)
}

/// Appends a value between the parentheses of a dialplan application: a sound, a name, a number. It is neither
/// evaluated nor several arguments.
///
/// ```
/// use asterisk_conf::syntax::{Refusal, argument};
///
/// assert_eq!(argument(&mut String::new(), "${SHELL(id)}"), Err(Refusal::Expression));
/// assert_eq!(argument(&mut String::new(), "beep),1,System(id"), Err(Refusal::Comma));
/// ```
pub fn argument(out: &mut String, argument: &str) -> Result<(), Refusal> {
    if argument.contains(',') {
        return Err(Refusal::Comma);
    }
    arguments(out, argument)
}

/// The same for a value that is several arguments itself, so that its commas count.
pub fn arguments(out: &mut String, arguments: &str) -> Result<(), Refusal> {
    if is_all(arguments, NAME) {
        out.push_str(arguments);
        return Ok(());
    }
    not_evaluated(arguments)?;
    balanced(arguments)?;
    if arguments.ends_with('\\') {
        return Err(Refusal::Backslash);
    }
    value(out, arguments)
}

/// Refuses a line that is too long.
pub fn fits(line: &str) -> Result<(), Refusal> {
    if line.len() > LINE_LIMIT { Err(Refusal::LongLine) } else { Ok(()) }
}

/// Refuses what Asterisk evaluates in the dialplan.
pub fn not_evaluated(text: &str) -> Result<(), Refusal> {
    if text.contains("${") || text.contains("$[") { Err(Refusal::Expression) } else { Ok(()) }
}

/// Refuses parentheses, brackets and quotes that would take what stands behind the text into them.
pub fn balanced(text: &str) -> Result<(), Refusal> {
    let (mut parentheses, mut brackets, mut quoted) = (0_i32, 0_i32, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' => parentheses += 1,
            ')' => parentheses -= 1,
            '[' => brackets += 1,
            ']' => brackets -= 1,
            _ => {}
        }
        if parentheses < 0 || brackets < 0 {
            return Err(Refusal::Unbalanced);
        }
    }
    if parentheses == 0 && brackets == 0 && !quoted { Ok(()) } else { Err(Refusal::Unbalanced) }
}

/// Refuses a line of finished text, such as a template renders, that is not what it looks like: a directive, a
/// mark of a block comment, more than one line. A comment is fine.
///
/// ```
/// use asterisk_conf::syntax::{Refusal, line};
///
/// assert_eq!(line("exten = s,1,Playback(beep) ; a sound"), Ok(()));
/// assert_eq!(line("exten = s,1,Playback(beep;--)"), Err(Refusal::BlockComment));
/// assert_eq!(line("  #exec reboot"), Err(Refusal::Directive));
/// ```
pub fn line(text: &str) -> Result<(), Refusal> {
    on_one_line(text)?;
    fits(text)?;
    if text.trim_start_matches(is_blank).starts_with('#') {
        return Err(Refusal::Directive);
    }
    // Asterisk's own scan: an escaped semicolon is text, any other one a mark or the end of the line.
    let bytes = text.as_bytes();
    let mut from = 0;
    for at in memchr::memchr_iter(b';', bytes) {
        let (before, behind) = (&bytes[from..at], &bytes[at + 1..]);
        if before.ends_with(b"\\") {
            from = at + 1;
            continue;
        }
        let opens = behind.starts_with(b"--") && behind.get(2) != Some(&b'-');
        return if opens || before.ends_with(b"--") { Err(Refusal::BlockComment) } else { Ok(()) };
    }
    Ok(())
}

/// The same for each line of a text. Beside the reason stands the number of the line; the first is 1.
pub fn lines(text: &str) -> Result<(), (usize, Refusal)> {
    (1..).zip(text.split('\n')).try_for_each(|(number, text)| line(text).map_err(|refusal| (number, refusal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(place: fn(&mut String, &str) -> Result<(), Refusal>, text: &str) -> Result<String, Refusal> {
        let mut out = String::new();
        let result = place(&mut out, text);
        assert!(result.is_ok() || out.is_empty(), "{out}");
        result.map(|()| out)
    }

    #[test]
    fn a_plain_text_has_nothing_that_matters() {
        for length in 0..40 {
            let plain = "é~ \u{e}x".chars().cycle().take(length).collect::<String>();
            assert!(is_plain(&plain), "{plain:?}");
            for byte in ['\0', '\n', '\r', '\t', ';'] {
                for at in plain.char_indices().map(|(at, _)| at).chain([plain.len()]) {
                    let mut text = plain.clone();
                    text.insert(at, byte);
                    assert!(!is_plain(&text), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn every_semicolon_has_a_backslash() {
        for (text, expected) in [
            (";", r"\;"),
            (r"\;", r"\;"),
            (r"\;;", r"\;\;"),
            (r"\\;", r"\\;"),
            (";--#exec x--;", r"\;--#exec x--\;"),
            ("é;ß", r"é\;ß"),
            ("plain", "plain"),
        ] {
            assert_eq!(written(value, text), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_a_section_name_or_key_can_not_be() {
        let long = "x".repeat(80);
        for (text, name, key_) in [
            ("a]", Err(Refusal::Bracket), Ok("a]")),
            ("a](nosuch)", Err(Refusal::Bracket), Ok("a](nosuch)")),
            ("", Err(Refusal::Empty), Err(Refusal::Empty)),
            (" a", Err(Refusal::BlankAtEnd), Err(Refusal::BlankAtEnd)),
            ("a\u{1f}", Err(Refusal::BlankAtEnd), Err(Refusal::BlankAtEnd)),
            ("a\nb", Err(Refusal::LineBreak), Err(Refusal::LineBreak)),
            ("a\0b", Err(Refusal::LineBreak), Err(Refusal::LineBreak)),
            (&long, Err(Refusal::LongName), Ok(&*long)),
            ("a=b", Ok("a=b"), Err(Refusal::EqualsSign)),
            ("=a", Ok("=a"), Ok(r"\=a")),
            ("#exec x", Ok("#exec x"), Ok(r"\#exec x")),
            ("[evil](x)", Err(Refusal::Bracket), Ok(r"\[evil](x)")),
            (r"\a", Ok(r"\a"), Ok(r"\\a")),
            (r"\;a", Ok(r"\;a"), Ok(r"\;a")),
            (";--a", Ok(r"\;--a"), Ok(r"\;--a")),
            ("a b", Ok("a b"), Ok("a b")),
            ("\u{a0}é", Ok("\u{a0}é"), Ok("\u{a0}é")),
        ] {
            assert_eq!(written(section_name, text).as_deref(), name.as_ref().copied(), "{text:?}");
            assert_eq!(written(key, text).as_deref(), key_.as_ref().copied(), "{text:?}");
        }
    }

    #[test]
    fn a_template_that_is_named_can_not_end_its_parentheses() {
        for name in ["a,b", "a)", "!", "+", "+a", "a]"] {
            assert_eq!(written(template_name, name), Err(Refusal::Bracket), "{name}");
        }
        assert_eq!(written(template_name, "a;(!"), Ok(r"a\;(!".to_owned()));
    }

    #[test]
    fn fields_and_arguments_stay_one() {
        assert_eq!(written(mailbox_field, " Ann; "), Ok(r" Ann\; ".to_owned()));
        assert_eq!(written(mailbox_field, "a,b"), Err(Refusal::Comma));
        assert_eq!(written(member_field, r#"a\b,"(c)[d];e"#), Ok(r#"a\\b\,\"\(c\)\[d\]\;e"#.to_owned()));
        assert_eq!(written(member_field, "a "), Err(Refusal::BlankAtEnd));
        assert_eq!(written(extension, "_X.;"), Ok(r"_X.\;".to_owned()));
        for (text, refusal) in [
            ("666,1,System(id)", Refusal::Comma),
            ("1\\", Refusal::Backslash),
            ("_[1-3", Refusal::Unbalanced),
            ("${X}", Refusal::Expression),
            ("", Refusal::Empty),
        ] {
            assert_eq!(written(extension, text), Err(refusal), "{text}");
        }
        for (text, refusal) in [
            ("a,b", Refusal::Comma),
            ("${X}", Refusal::Expression),
            ("$[1+1]", Refusal::Expression),
            ("a)", Refusal::Unbalanced),
            ("(a", Refusal::Unbalanced),
            (")(", Refusal::Unbalanced),
            ("a\"b", Refusal::Unbalanced),
            ("[", Refusal::Unbalanced),
            ("a\\", Refusal::Backslash),
        ] {
            assert_eq!(written(argument, text), Err(refusal), "{text}");
        }
        assert_eq!(written(argument, "beep;(x)"), Ok(r"beep\;(x)".to_owned()));
        assert_eq!(written(arguments, "a,b"), Ok("a,b".to_owned()));
    }

    #[test]
    fn a_finished_line_is_what_it_looks_like() {
        for text in [
            "",
            "  ",
            "[a]",
            "exten = 1,1,X(a\\;b)",
            "; Sales;--North",
            ";",
            ";---",
            "a = #",
            "a = b ; c",
            "a = b;c;--d",
            "a = \\;\\;",
        ] {
            assert_eq!(line(text), Ok(()), "{text}");
        }
        for (text, refusal) in [
            ("#exec x", Refusal::Directive),
            ("\t #include x", Refusal::Directive),
            (";--", Refusal::BlockComment),
            (" ;-- x", Refusal::BlockComment),
            ("a = --;", Refusal::BlockComment),
            ("a = \\;;-- b", Refusal::BlockComment),
            ("a\nb", Refusal::LineBreak),
        ] {
            assert_eq!(line(text), Err(refusal), "{text}");
        }
        assert_eq!(line(&"x".repeat(LINE_LIMIT)), Ok(()));
        assert_eq!(line(&"x".repeat(LINE_LIMIT + 1)), Err(Refusal::LongLine));
    }
}
