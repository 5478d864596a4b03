//! The Asterisk syntax, which INI files share: sections and their options, each on a line of its own.
//!
//! [`Writer`] writes it, and it is what confgend's own drivers of Asterisk's files are written with. A line comes
//! [`at`](Writer::at) a row of the database, or is the program's [`own`](Writer::own):
//!
//! | call | line |
//! |---|---|
//! | [`section("1001")`](Lines::section) | `[1001]`, below an empty line if it is not the first |
//! | [`template_section("wazo")`](Lines::template_section) | `[wazo](!)` |
//! | [`derived_section("1001", "wazo")`](Lines::derived_section) | `[1001](wazo)` |
//! | [`option("language", "fr_CA")`](Lines::option) | `language = fr_CA` |
//! | [`object_option("number", "0612345678,30")`](Lines::object_option) | `number => 0612345678,30` |
//! | [`hint("1001", &[&"PJSIP/abc"])`](Lines::hint) | `exten = 1001,hint,PJSIP/abc` |
//! | [`member(&[&"PJSIP/abc", &0])`](Lines::member) | `member = PJSIP/abc,0` |
//! | [`same("n,Hangup()")`](Lines::same) | `same  =     n,Hangup()` |
//!
//! A `;` in a value gets a backslash, unless it has one already: Asterisk would take what follows it for a comment.
//! `option`, `object_option` and `same` strip blanks from both ends of the line, where Asterisk strips them; what
//! begins with `verbatim` keeps every blank. [`syntax`] says what else can stand where.

use std::borrow::Cow;

pub use asterisk_conf::syntax;
use asterisk_conf::syntax::{Place, Refusal};

use crate::{Origin, Piece, Row, Session, Warning};

/// Writes a file, or a part of one, from top to bottom.
///
/// Whatever the values are, Asterisk reads from each line what the call said. What can't be written so is left out,
/// and [`finish`](Writer::finish) warns of it: of the table, row and column if the line comes from a row. The options
/// of a section that is left out are left out with it.
///
/// ```
/// use driver_api::asterisk::{Writer, yes_no};
/// use driver_api::{Driver, Error, Query, Row, Session, Text};
/// use serde::Deserialize;
///
/// struct FollowMe;
///
/// impl Driver for FollowMe {
///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
///         let users: Vec<Row<User>> = session.query(USERS, &[])?;
///         let mut writer = Writer::new(session);
///         writer.own().section("general");
///         writer.own().option("enable_callee_prompt", yes_no(true));
///         for user in &users {
///             let mut lines = writer.at(user);
///             lines.section(&user.uuid);
///             lines.option("musicclass", &user.musiconhold);
///         }
///         Ok(writer.finish(session))
///     }
/// }
///
/// const USERS: Query<'_> =
///     Query { table: "userfeatures", key: &["id"], sql: "SELECT id, uuid, musiconhold FROM userfeatures ORDER BY id" };
///
/// #[derive(Deserialize)]
/// struct User {
///     uuid: Text,
///     musiconhold: Text,
/// }
///
/// let user = |id: i64, class: &str| {
///     let row = serde_json::json!({
///         "id": id, "uuid": format!("u-{id}"), "musiconhold": class,
///         "tenant_uuid": "t-1", "func_key_private_template_id": id, "description": "",
///     });
///     format!("{row}\n")
/// };
/// let rows = user(1, "jazz;--") + &user(2, "jazz\n[general]");
/// let mut database = fixtures::Scratch::new(&[("userfeatures", &rows)]);
/// let text = "[general]\nenable_callee_prompt = yes\n\n[u-1]\nmusicclass = jazz\\;--\n\n[u-2]\n";
/// assert_eq!(database.generate(&FollowMe).unwrap(), text);
/// let row = "table userfeatures, row id=2, column musiconhold";
/// let message = "the value has a line break; the option \"musicclass\" is left out";
/// assert_eq!(database.warnings, [format!("{row}: {message}")]);
/// ```
pub struct Writer {
    text: asterisk_conf::Writer,
    section: String,
    refused: Vec<Warning>,
    /// Warnings of blanks that Asterisk strips, which nobody is to read before the others.
    stripped: Vec<Warning>,
    recorder: Option<Recorder>,
}

/// Where a line of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOrigin {
    /// The number of the line in the file; the first is 1.
    pub line: usize,
    /// The row. The options that an endpoint of `pjsip.conf` inherits come from rows of its template.
    pub origin: Origin,
    /// The column that the value of the line comes from, if it comes from one.
    pub column: Option<String>,
}

impl Writer {
    /// A writer for a file, or for its first part.
    pub fn new(session: &Session<'_>) -> Writer {
        Writer {
            text: asterisk_conf::Writer::new(),
            ..Writer::with(session.records_origins().then(Recorder::default))
        }
    }

    /// A writer for what follows other sections, to be put behind this one's text with
    /// [`append`](Writer::append).
    #[must_use]
    pub fn continued(&self) -> Writer {
        Writer::with(self.recorder.as_ref().map(|_| Recorder::default()))
    }

    fn with(recorder: Option<Recorder>) -> Writer {
        Writer {
            text: asterisk_conf::Writer::continued(),
            section: String::new(),
            refused: Vec::new(),
            stripped: Vec::new(),
            recorder,
        }
    }

    /// Puts the text of another writer behind this one's.
    pub fn append(&mut self, mut other: Writer) {
        if let (Some(recorder), Some(others)) = (&mut self.recorder, other.recorder) {
            recorder.append(self.text.text(), others);
        }
        self.text.append(&other.text);
        self.refused.append(&mut other.refused);
        self.stripped.append(&mut other.stripped);
        self.section = other.section;
    }

    /// Begins a part of the file: an empty line stands between its sections, not before the first.
    pub fn part(&mut self) {
        self.text.part();
    }

    /// For lines that come from this row.
    pub fn at<'w, T>(&'w mut self, row: &'w Row<T>) -> Lines<'w> {
        self.at_origin(row.origin())
    }

    /// For lines that come from this place in the database.
    pub fn at_origin<'w>(&'w mut self, origin: &'w Origin) -> Lines<'w> {
        Lines { writer: self, origin: Some(origin) }
    }

    /// For lines that the program has by itself, whatever the database holds.
    pub fn own(&mut self) -> Lines<'_> {
        Lines { writer: self, origin: None }
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.text.blank();
    }

    /// A text of the program's own, with as many lines as it has.
    pub fn fixed(&mut self, text: &'static str) {
        self.text.fixed(text);
    }

    /// The text, after a warning for each line that was left out.
    pub fn finish(self, session: &mut Session<'_>) -> String {
        for warning in self.refused.into_iter().chain(self.stripped) {
            session.warn(warning);
        }
        if let Some(recorder) = self.recorder {
            session.record(recorder.lines);
        }
        self.text.into_text()
    }
}

/// Writes lines that come from one row, or that are the program's own.
///
/// What is written is a [`Piece`]: a text, a number, or a field of the row, whose column a warning names.
pub struct Lines<'w> {
    writer: &'w mut Writer,
    origin: Option<&'w Origin>,
}

impl<'w> Lines<'w> {
    /// The row that the lines come from; none if they are the program's own.
    pub fn origin(&self) -> Option<&'w Origin> {
        self.origin
    }

    /// `[name]`.
    pub fn section(&mut self, name: impl Piece) {
        self.begin_section(None, &name, None);
    }

    /// `[name](!)`: a section that is nothing by itself, and that others inherit from.
    pub fn template_section(&mut self, name: impl Piece) {
        self.begin_section(None, &name, Some("!"));
    }

    /// `[name](template)`: a section that inherits from another.
    pub fn derived_section(&mut self, name: impl Piece, template: &str) {
        self.begin_section(None, &name, Some(template));
    }

    /// `[name]`, under a comment if there is one.
    pub fn headed_section(&mut self, comment: Option<&str>, name: impl Piece) {
        self.begin_section(comment.filter(|comment| !comment.is_empty()), &name, None);
    }

    fn begin_section(&mut self, comment: Option<&str>, name: &dyn Piece, template: Option<&str>) {
        let text = name.text();
        let section = &mut self.writer.section;
        section.clear();
        section.push_str(&text);
        let start = self.writer.text.text().len();
        match self.writer.text.section(comment, &text, template) {
            Ok(()) => self.record(start, name),
            Err(refusal) => self.refuse(name, &format!("the section {text:?}"), refusal),
        }
    }

    /// `key = value`, without blanks at either end of the line.
    pub fn option(&mut self, key: impl Piece, value: impl Piece) {
        self.stripped(&key, " = ", &[&value]);
    }

    /// The same with a value that is put together from pieces.
    pub fn option_of(&mut self, key: impl Piece, value: &[&dyn Piece]) {
        self.stripped(&key, " = ", value);
    }

    /// `key => value`, without blanks at either end of the line.
    pub fn object_option(&mut self, key: impl Piece, value: impl Piece) {
        self.stripped(&key, " => ", &[&value]);
    }

    /// The same with a value that is put together from pieces.
    pub fn object_option_of(&mut self, key: impl Piece, value: &[&dyn Piece]) {
        self.stripped(&key, " => ", value);
    }

    /// `same  =     value`: one more line of the extension above. Dialplans are compared with those of
    /// earlier releases, so it has their blanks.
    pub fn same(&mut self, value: impl Piece) {
        self.stripped(&"same ", " =     ", &[&value]);
    }

    /// `key = value`, every blank kept.
    pub fn verbatim_option(&mut self, key: impl Piece, value: impl Piece) {
        self.verbatim_line(key, " = ", &[&value]);
    }

    /// `key => value`, every blank of both kept.
    pub fn verbatim_object_option(&mut self, key: impl Piece, value: impl Piece) {
        self.verbatim_line(key, " => ", &[&value]);
    }

    /// `key = value` with a sign of one's own and a value in pieces, every blank kept. The sign has its blanks
    /// with it: `" => "`.
    pub fn verbatim_line(&mut self, key: impl Piece, sign: &str, value: &[&dyn Piece]) {
        self.line(&key, syntax::padded_key, value, syntax::value, |text, key, value| {
            text.verbatim_option(key, sign, value)
        });
    }

    /// `exten = extension,hint,devices`: which devices show the state of an extension, in pieces, with the `&` between
    /// them. Every blank is kept.
    pub fn hint(&mut self, extension: impl Piece, devices: &[&dyn Piece]) {
        self.line(&extension, syntax::extension, devices, syntax::device, |text, extension, devices| {
            text.hint(extension, devices)
        });
    }

    /// `member = interface,penalty,name,state interface`: a member of a queue, in as many fields as are given.
    pub fn member(&mut self, fields: &[&dyn Piece]) {
        self.line(&"member", syntax::key, fields, syntax::member_field, |text, _, fields| {
            text.member(fields)
        });
    }

    /// What a template made, with as many lines as that has, and the end of the last. If one of them is a
    /// directive or has a mark of a block comment, all of it is refused; the reason has the number of the line.
    pub fn rendered(&mut self, text: &str) -> Result<(), String> {
        let before = self.writer.recorder.as_ref().map(|_| self.writer.text.text().len());
        let rendered = self.writer.text.rendered(text);
        rendered.map_err(|(line, refusal)| format!("line {line} of its text: {refusal}"))?;
        if let (Some(recorder), Some(origin), Some(before)) = (&mut self.writer.recorder, self.origin, before)
        {
            recorder.record_from(self.writer.text.text(), before, origin);
        }
        Ok(())
    }

    fn stripped(&mut self, key: &dyn Piece, sign: &str, value: &[&dyn Piece]) {
        self.line(key, syntax::padded_key, value, syntax::value, |text, key, value| {
            text.option(key, sign, value)
        });
    }

    fn line(
        &mut self,
        key: &dyn Piece,
        key_place: Place,
        value: &[&dyn Piece],
        value_place: Place,
        write: impl FnOnce(&mut asterisk_conf::Writer, &str, Texts<'_>) -> Result<(), Refusal>,
    ) {
        let key_text = key.text();
        let start = self.writer.text.text().len();
        // Nearly every value is one piece, whose text is made once.
        let result = if let [piece] = value {
            let text = piece.text();
            let ends = Some((*piece, &*text));
            let has_blanks = ends_blank(&key_text) || ends_blank(&text);
            write(&mut self.writer.text, &key_text, Texts::One(Some(&text))).map(|()| {
                if has_blanks {
                    self.warn_of_blanks(start, (key, &key_text), ends, ends);
                }
            })
        } else {
            write(&mut self.writer.text, &key_text, Texts::Several(value.iter())).map(|()| {
                let [first, last] = [value.first(), value.last()].map(|piece| Some((*piece?, piece?.text())));
                let [first, last] =
                    [&first, &last].map(|end| end.as_ref().map(|(piece, text)| (*piece, &**text)));
                self.warn_of_blanks(start, (key, &key_text), first, last);
            })
        };
        match result {
            Ok(()) if self.writer.recorder.is_none() => {}
            Ok(()) => {
                let value = value.iter().find(|piece| piece.column(self.origin).is_some());
                self.record(start, *value.unwrap_or(&key));
            }
            Err(refusal) => {
                let culprit = culprit(key, key_place, value, value_place);
                self.refuse(culprit, &format!("the option {key_text:?}"), refusal);
            }
        }
    }

    /// Notes that Asterisk strips blanks of a row's text, if there are some at an end of the key or of the value
    /// that was written behind that byte.
    fn warn_of_blanks(
        &mut self,
        start: usize,
        key: (&dyn Piece, &str),
        first: Option<(&dyn Piece, &str)>,
        last: Option<(&dyn Piece, &str)>,
    ) {
        let begins = |(_, text): &(&dyn Piece, &str)| text.starts_with(syntax::is_blank);
        let ends = |(_, text): &(&dyn Piece, &str)| text.ends_with(syntax::is_blank);
        let key = Some(key).filter(|(_, text)| ends_blank(text));
        for (piece, _) in [key, first.filter(begins), last.filter(ends)].into_iter().flatten() {
            if let (Some(origin), Some(column)) = (self.origin, piece.column(self.origin))
                && self.writer.text.text().len() > start
            {
                self.writer.stripped.push(origin.warning(column, STRIPPED));
            }
        }
    }

    fn refuse(&mut self, culprit: &dyn Piece, what: &str, refusal: Refusal) {
        let warning = match self.origin {
            Some(origin) => {
                let column = culprit.column(self.origin).unwrap_or_default();
                origin.warning(column, format!("{refusal}; {what} is left out"))
            }
            None if what.starts_with("the section") => {
                Warning::new("", format!("{what} is left out: {refusal}"))
            }
            None => {
                let section = &self.writer.section;
                Warning::new("", format!("in section {section:?}, {what} is left out: {refusal}"))
            }
        };
        self.writer.refused.push(warning);
    }

    /// Records where the line comes from that was written behind that byte, if it was: below a refused section
    /// nothing is.
    fn record(&mut self, start: usize, value: &dyn Piece) {
        if let (Some(recorder), Some(origin)) = (&mut self.writer.recorder, self.origin) {
            let text = self.writer.text.text();
            if text.len() > start {
                recorder.record(text, origin, value.column(self.origin));
            }
        }
    }
}

/// Whether there is a blank at an end.
fn ends_blank(text: &str) -> bool {
    text.starts_with(syntax::is_blank) || text.ends_with(syntax::is_blank)
}

/// The texts of pieces.
enum Texts<'p> {
    One(Option<&'p str>),
    Several(std::slice::Iter<'p, &'p dyn Piece>),
}

impl<'p> Iterator for Texts<'p> {
    type Item = Cow<'p, str>;

    fn next(&mut self) -> Option<Cow<'p, str>> {
        match self {
            Texts::One(text) => text.take().map(Cow::Borrowed),
            Texts::Several(pieces) => pieces.next().map(|piece| piece.text()),
        }
    }
}

const STRIPPED: &str = "Asterisk strips the blanks at its ends";

/// The piece for which a line is refused; the longest one if it is for the length of the line.
fn culprit<'p>(
    key: &'p dyn Piece,
    key_place: Place,
    value: &[&'p dyn Piece],
    value_place: Place,
) -> &'p dyn Piece {
    let is_refused = |place: Place, piece: &dyn Piece| place(&mut String::new(), &piece.text()).is_err();
    if is_refused(key_place, key) {
        return key;
    }
    let refused = value.iter().copied().find(|piece| is_refused(value_place, *piece));
    let longest = || value.iter().copied().chain([key]).max_by_key(|piece| piece.text().len());
    refused.or_else(longest).unwrap_or(key)
}

/// The origins of the lines that are there so far.
#[derive(Default)]
struct Recorder {
    lines: Vec<LineOrigin>,
    /// How much of the text was seen, and how many lines that is.
    seen: usize,
    count: usize,
}

impl Recorder {
    /// How many lines the text has.
    fn lines_of(&mut self, text: &str) -> usize {
        self.count += memchr::memchr_iter(b'\n', &text.as_bytes()[self.seen..]).count();
        self.seen = text.len();
        self.count
    }

    /// Records the last line of the text.
    fn record(&mut self, text: &str, origin: &Origin, column: Option<&str>) {
        let line = self.lines_of(text);
        self.lines.push(LineOrigin { line, origin: origin.clone(), column: column.map(str::to_owned) });
    }

    /// Records all lines behind that byte.
    fn record_from(&mut self, text: &str, start: usize, origin: &Origin) {
        let first = self.lines_of(&text[..start]) + 1;
        for line in first..=self.lines_of(text) {
            self.lines.push(LineOrigin { line, origin: origin.clone(), column: None });
        }
    }

    /// Adds those of a text that is put behind this one.
    fn append(&mut self, text: &str, others: Recorder) {
        let lines = self.lines_of(text);
        self.lines
            .extend(others.lines.into_iter().map(|other| LineOrigin { line: other.line + lines, ..other }));
    }
}

/// What Python's `str.strip` strips: Unicode's white space, and four separators that Rust leaves.
pub fn is_white_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// How Asterisk's own files write a boolean: `yes` or `no`.
pub fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{EngineRow, Error, Query, Rows, Snapshot, Text, Value};

    /// A database with one row, whatever it is asked.
    struct OneRow(&'static [(&'static str, Value<'static>)]);

    impl Snapshot for OneRow {
        fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            rows.columns(&self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
            rows.row(&Cells(self.0))
        }
    }

    struct Cells(&'static [(&'static str, Value<'static>)]);

    impl EngineRow for Cells {
        fn value(&self, column: usize) -> Result<Value<'_>, Error> {
            Ok(self.0[column].1.clone())
        }
    }

    #[derive(Deserialize)]
    struct Queue {
        name: Text,
        label: Text,
    }

    const QUEUES: Query<'_> = Query { table: "queue", key: &["id"], sql: "" };

    fn queue(session: &mut Session<'_>) -> Row<Queue> {
        session.query(QUEUES, &[]).unwrap().pop().unwrap()
    }

    const ROW: &[(&str, Value<'_>)] =
        &[("id", Value::Integer(7)), ("name", Value::Text("sales")), ("label", Value::Text("a\nb"))];

    fn written(write: impl FnOnce(&mut Writer)) -> (String, Vec<String>) {
        let mut snapshot = OneRow(ROW);
        let mut session = Session::new(&mut snapshot);
        let mut writer = Writer::new(&session);
        write(&mut writer);
        let text = writer.finish(&mut session);
        (text, session.take_warnings().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_call_is_a_line() {
        let (text, warnings) = written(|w| {
            w.own().section("a");
            w.own().option("k", " v ");
            w.own().option("n", 25);
            w.own().option_of("k", &[&"a", &"-", &2]);
            w.own().verbatim_option("k", " v ");
            w.own().object_option("k", "v");
            w.own().verbatim_object_option(" k ", " v ");
            w.own().hint(" 5 ", &[&"Custom:", &" 5 "]);
            w.own().same("n,Hangup() ");
            w.part();
            w.own().headed_section(Some("  "), "b");
            w.own().headed_section(Some(""), "c");
            w.own().template_section("d");
            w.own().derived_section("e", "d");
            assert_eq!(w.own().rendered("; text"), Ok(()));
        });
        let expected = "[a]\nk =  v\nn = 25\nk = a-2\nk =  v \nk => v\n k  =>  v \n\
            exten =  5 ,hint,Custom: 5 \nsame  =     n,Hangup()\n;   \n[b]\n\n[c]\n\n[d](!)\n\n[e](d)\n; text\n";
        assert_eq!((text.as_str(), warnings.len()), (expected, 0));
    }

    #[test]
    fn nothing_but_a_call_makes_a_line() {
        for bad in ["a\nb", "a\rb", "a\0b"] {
            let (text, warnings) = written(|w| {
                w.own().section("s");
                w.own().option("k", bad);
                w.own().option(bad, "v");
                w.own().object_option("k", bad);
                w.own().same(bad);
                w.own().hint(bad, &[&"x"]);
                w.own().hint("x", &[&"x", &bad]);
                w.own().verbatim_option("k", bad);
                w.own().verbatim_object_option(bad, "v");
                w.own().section(bad);
                w.own().option("of", "the bad section");
                w.own().headed_section(Some(bad), "t");
                w.own().template_section(bad);
                w.own().section("u");
                w.own().option("k", "v");
                assert!(w.own().rendered("#exec x").is_err());
            });
            assert_eq!(text, "[s]\n\n[t]\n\n[u]\nk = v\n");
            assert_eq!(warnings.len(), 5, "{warnings:?}");
        }
        let (_, warnings) = written(|w| {
            w.own().section("s");
            w.own().option("a=b", "c");
            w.own().section("a]b");
        });
        assert_eq!(
            warnings,
            [
                "in section \"s\", the option \"a=b\" is left out: there is a \"=\", which ends the name of an option",
                "the section \"a]b\" is left out: there is a \"]\", which ends the name of a section",
            ]
        );
    }

    #[test]
    fn a_warning_names_the_row_and_the_column_of_the_piece() {
        let mut snapshot = OneRow(ROW);
        let mut session = Session::new(&mut snapshot);
        let queue = queue(&mut session);
        let mut writer = Writer::new(&session);
        let mut lines = writer.at(&queue);
        lines.section(&queue.name);
        lines.option("label", &queue.label);
        lines.option_of("both", &[&queue.name, &"-", &queue.label]);
        lines.option(&queue.label, &queue.name);
        lines.option("part", ("options", "a\nb"));
        lines.hint(&queue.name, &[&queue.name, &"&", &"a,b"]);
        lines.section(&queue.label);
        assert_eq!(writer.finish(&mut session), "[sales]\n");
        let row = "table queue, row id=7, column";
        let break_ = "the value has a line break;";
        let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                format!("{row} label: {break_} the option \"label\" is left out"),
                format!("{row} label: {break_} the option \"both\" is left out"),
                format!("{row} label: {break_} the option \"a\\nb\" is left out"),
                format!("{row} options: {break_} the option \"part\" is left out"),
                "table queue, row id=7: there is a comma, and what follows it would be the next field; the option \
                    \"sales\" is left out"
                    .to_owned(),
                format!("{row} label: {break_} the section \"a\\nb\" is left out"),
            ]
        );
    }

    #[test]
    fn blanks_at_the_ends_are_told_after_everything_else() {
        const BLANKS: &[(&str, Value<'_>)] =
            &[("id", Value::Integer(7)), ("name", Value::Text(" sales")), ("label", Value::Text("a\u{a0}"))];
        let mut snapshot = OneRow(BLANKS);
        let mut session = Session::new(&mut snapshot);
        let queue = queue(&mut session);
        let mut writer = Writer::new(&session);
        let mut lines = writer.at(&queue);
        lines.section("s");
        lines.option("name", &queue.name);
        lines.option_of("in the middle", &[&"a", &queue.name, &"b"]);
        lines.option(&queue.name, "v");
        lines.option("label", &queue.label);
        lines.option("own", " of the program");
        lines.option("a=b", "c");
        assert!(
            writer
                .finish(&mut session)
                .starts_with("[s]\nname =  sales\nin the middle = a salesb\nsales = v\n")
        );
        let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert_eq!(warnings[1], "table queue, row id=7, column name: Asterisk strips the blanks at its ends");
    }

    #[test]
    fn origins_are_recorded_when_somebody_asks() {
        let mut snapshot = OneRow(ROW);
        let mut session = Session::new(&mut snapshot).recording_origins();
        let queue = queue(&mut session);
        let mut writer = Writer::new(&session);
        writer.own().section("general");
        writer.own().option("k", "v");
        writer.blank();
        writer.at(&queue).headed_section(Some("a comment"), &queue.name);
        writer.at(&queue).option("name", &queue.name);
        writer.at(&queue).section(&queue.label);
        writer.at(&queue).option("below", "a section that is left out");
        let mut other = writer.continued();
        other.at(&queue).section("second");
        other.at(&queue).rendered("a = 1\nb = 2").unwrap();
        writer.append(other);
        writer.at(&queue).option("last", 1);
        let text = writer.finish(&mut session);
        let origins = session.take_origins();
        let lines: Vec<&str> = text.lines().collect();
        let recorded: Vec<(&str, Option<&str>)> =
            origins.iter().map(|origin| (lines[origin.line - 1], origin.column.as_deref())).collect();
        let expected = [
            ("[sales]", Some("name")),
            ("name = sales", Some("name")),
            ("[second]", None),
            ("a = 1", None),
            ("b = 2", None),
            ("last = 1", None),
        ];
        assert_eq!(recorded, expected);
        assert!(origins.iter().all(|origin| origin.origin == *queue.origin()));
        assert!(session.take_origins().is_empty());
    }
}
