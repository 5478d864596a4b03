//! The escaping rules for each place of a line, such as the name of a section, a value or an argument of the dialplan.
//!
//! Each function of type [`Place`] appends a text so that Asterisk reads exactly this text, or returns a [`Refusal`]
//! and appends nothing. The rules were measured on Asterisk 22. Its parser works on bytes: a *blank* is a byte up to
//! 32, and Unicode has no others.
//!
//! | place | escapes | refuses |
//! |---|---|---|
//! | all | `;` as `\;` | line feed, NUL |
//! | [`section_name`] | | `]`, more than 79 bytes, empty, a blank at an end |
//! | [`key`] | a first `[`, `#`, `=` or `\` | `=`, empty, a blank at an end |
//! | [`value`] | | |
//! | [`comment`] | nothing: a comment has no escapes | |
//! | [`mailbox_field`] | | `,` |
//! | [`member_field`] | `\`, `,`, `"`, brackets | a blank at an end |
//! | [`argument`] | | `,`, and expressions: `${`, `$[` |
//!
//! A `;` that already has a backslash is not escaped again: users who know Asterisk type `\;` for a semicolon. Asterisk
//! therefore reads the [`meaning`] of the text.

mod plain;
mod refusal;

use std::borrow::Cow;

use self::plain::{NAME, WORD, is_all, is_plain};
pub use self::refusal::Refusal;

/// The most bytes of a line without its line feed. Asterisk skips a longer line.
pub const LINE_LIMIT: usize = 8190;

/// The most bytes of the name of a section. Asterisk cuts a longer one.
pub const NAME_LIMIT: usize = 79;

/// A place of a line: a function that appends a text with its escapes, or refuses it and appends nothing.
pub type Place = fn(&mut String, &str) -> Result<(), Refusal>;

/// Whether Asterisk strips the character from the ends of lines, names, keys and values: the ASCII control characters
/// up to 31, and the space.
pub fn is_blank(c: char) -> bool {
    c <= ' '
}

/// Returns the text without the blanks at its ends, which Asterisk strips.
///
/// ```
/// assert_eq!(asterisk_conf::syntax::stripped("\t jazz \u{a0}"), "jazz \u{a0}");
/// ```
pub fn stripped(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Refuses a text with a line break or a NUL.
///
/// A carriage return alone ends no line for Asterisk, but it does for other readers of such files, so it is refused.
pub fn on_one_line(text: &str) -> Result<(), Refusal> {
    let breaks = memchr::memchr3(b'\n', b'\r', 0, text.as_bytes()).is_some();
    if breaks { Err(Refusal::LineBreak) } else { Ok(()) }
}

/// Appends the text with a backslash before each `;` that has none.
///
/// No escaped `;` begins a comment, opens a block comment (`;--`) or ends one (`--;`).
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

/// Returns the text as Asterisk reads it once it is written: `;` in place of `\;`.
///
/// ```
/// assert_eq!(asterisk_conf::syntax::meaning(r"s;e\;c\\;r"), r"s;e;c\;r");
/// ```
pub fn meaning(text: &str) -> Cow<'_, str> {
    if text.contains("\\;") { text.replace("\\;", ";").into() } else { text.into() }
}

/// Appends the name of a section, between the brackets of its header.
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

/// Appends the name of a template, in the parentheses of a header. There, `,` and `)` end a name, and `!` and `+` have
/// a meaning of their own.
pub fn template_name(out: &mut String, name: &str) -> Result<(), Refusal> {
    if name.contains([',', ')']) || name == "!" || name.starts_with('+') {
        return Err(Refusal::Bracket);
    }
    section_name(out, name)
}

/// Appends the key of an option at the start of a line. The caller writes a blank behind it.
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

/// Appends a key with blanks at its ends, which Asterisk strips.
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

/// Appends a value or a part of one. The caller writes a blank before it.
///
/// It keeps blanks at the ends, since another part of the value may follow or precede. Asterisk strips them at the ends
/// of the whole value.
pub fn value(out: &mut String, value: &str) -> Result<(), Refusal> {
    if is_plain(value) {
        out.push_str(value);
        return Ok(());
    }
    on_one_line(value)?;
    escape(out, value);
    Ok(())
}

/// Appends the text of a comment behind `; `. Only a line break can end the comment.
pub fn comment(out: &mut String, text: &str) -> Result<(), Refusal> {
    on_one_line(text)?;
    out.push_str(text);
    Ok(())
}

/// Appends a field of a mailbox: the password, the name, the email address or the address of a pager.
pub fn mailbox_field(out: &mut String, field: &str) -> Result<(), Refusal> {
    if field.contains(',') {
        return Err(Refusal::Comma);
    }
    value(out, field)
}

/// Appends a field of a queue member. Asterisk splits the fields by commas, and interprets quotes, brackets and
/// backslashes.
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

/// Appends the name of an extension. The first comma outside brackets and not behind a backslash ends it; the priority
/// follows.
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

/// Appends a device of a hint, or a part of one. Asterisk reads a presence behind a comma, and drops the text behind a
/// parenthesis.
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

/// Appends one argument of a dialplan application: a sound, a name, a number. Refuses expressions and commas.
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

/// Appends several arguments of a dialplan application, separated by commas.
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

/// Refuses a line of more than [`LINE_LIMIT`] bytes.
pub fn fits(line: &str) -> Result<(), Refusal> {
    if line.len() > LINE_LIMIT { Err(Refusal::LongLine) } else { Ok(()) }
}

/// Refuses expressions, which Asterisk evaluates in the dialplan.
pub fn not_evaluated(text: &str) -> Result<(), Refusal> {
    if text.contains("${") || text.contains("$[") { Err(Refusal::Expression) } else { Ok(()) }
}

/// Refuses parentheses, brackets and quotes that are not in pairs: an open one would enclose the text that follows.
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

/// Refuses a line of finished text, such as the output of a template, that is a directive, has a mark of a block comment
/// or is more than one line. A comment is allowed.
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
    // As Asterisk scans: an escaped semicolon is text, any other is a mark or begins a comment.
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

/// Checks each line of a text as [`line()`] does. The error has the number of the line, from 1, and the reason.
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
    fn section_names_and_keys_are_escaped_or_refused() {
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
    fn a_template_name_does_not_end_its_parentheses() {
        for name in ["a,b", "a)", "!", "+", "+a", "a]"] {
            assert_eq!(written(template_name, name), Err(Refusal::Bracket), "{name}");
        }
        assert_eq!(written(template_name, "a;(!"), Ok(r"a\;(!".to_owned()));
    }

    #[test]
    fn a_field_or_argument_stays_a_single_one() {
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
    fn a_finished_line_has_no_directive_or_block_comment() {
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
