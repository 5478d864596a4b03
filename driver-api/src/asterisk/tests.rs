use serde::Deserialize;

use super::edit::Selection;
use super::*;
use crate::explanation::{Explanation, LineNote, Note, Removed, Setting};
use crate::{EngineRow, Error, Query, Rows, Snapshot, Text, Value};

/// A database that answers every query with one row.
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
    id: i64,
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
fn a_value_never_makes_a_line_of_its_own() {
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
fn warnings_of_stripped_blanks_come_last() {
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
        writer.finish(&mut session).starts_with("[s]\nname =  sales\nin the middle = a salesb\nsales = v\n")
    );
    let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!(warnings[1], "table queue, row id=7, column name: Asterisk strips the blanks at its ends");
}

#[test]
fn a_session_may_record_the_lines_of_some_columns_alone() {
    let mut snapshot = OneRow(ROW);
    let mut session = Session::new(&mut snapshot).recording_origins_of(|column| column == "name");
    let queue = queue(&mut session);
    let mut writer = Writer::new(&session);
    writer.at(&queue).section("general");
    writer.at(&queue).option("label", &queue.label);
    let mut other = writer.continued();
    other.at(&queue).rendered("a = 1\nb = 2").unwrap();
    other.at(&queue).option("name", &queue.name);
    writer.append(other);
    let text = writer.finish(&mut session);
    let lines: Vec<&str> = text.lines().collect();
    let recorded: Vec<&str> = session.take_origins().iter().map(|origin| lines[origin.line - 1]).collect();
    assert_eq!(recorded, ["name = sales"]);
}

#[test]
fn a_recording_session_gets_the_origin_of_each_line() {
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
    let recorded: Vec<LineOrigin> = origins.iter().collect();
    let recorded: Vec<(&str, Option<&str>)> =
        recorded.iter().map(|origin| (lines[origin.line - 1], origin.column.as_deref())).collect();
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

#[test]
fn an_explaining_session_gets_the_notes_of_one_section() {
    let mut snapshot = OneRow(ROW);
    let mut session = Session::new(&mut snapshot).explaining(Some("sales"));
    let queue = queue(&mut session);
    let note = [Note::Computed(None)];
    let mut writer = Writer::new(&session);
    writer.own().section("other");
    assert!(!writer.explains_section());
    writer.at(&queue).section("sales");
    assert!(writer.explains_section());
    writer.own().noting(&note).option("own", 1);
    writer.at(&queue).noting(&note).option("refused", &queue.label);
    let mut other = writer.continued();
    other.at(&queue).section("sales");
    assert!(other.explains_section());
    other.at(&queue).noting(&note).option("k", 1);
    writer.append(other);
    let text = writer.finish(&mut session);
    let explanation = session.take_explanation();
    let lines: Vec<&str> = text.lines().collect();
    let noted: Vec<&str> = explanation.lines.iter().map(|note| lines[note.line - 1]).collect();
    assert_eq!(noted, ["own = 1", "k = 1"]);
    assert_eq!(explanation.of_line(explanation.lines[1].line).collect::<Vec<_>>(), [&note[0]]);
    assert_eq!((explanation.tables, explanation.is_by_lines), (vec!["queue".to_owned()], true));
}

#[test]
fn a_session_that_explains_nothing_takes_no_notes() {
    let mut snapshot = OneRow(ROW);
    let mut session = Session::new(&mut snapshot).recording_origins();
    let queue = queue(&mut session);
    session.note_file(|| panic!("it is of no use"));
    session.note_lines("a\n", |_| panic!("it is of no use"));
    let mut writer = Writer::new(&session);
    writer.at(&queue).section("sales");
    assert!(!writer.explains_section());
    writer.at(&queue).noting(&[Note::Computed(None)]).option("k", 1);
    writer.finish(&mut session);
    assert_eq!(session.take_explanation(), Explanation::default());
}

#[test]
fn the_sections_of_a_rendered_text_have_their_rows() {
    let mut snapshot = OneRow(ROW);
    let mut session = Session::new(&mut snapshot).recording_origins();
    let queue = queue(&mut session);
    let text = "[general]\na = 1\n\n[sa\\;les](t)\nb = 2\n\n[other]\nc = 3\n";
    session.record_sections(text, [("sa;les", queue.origin())]);
    let lines: Vec<usize> = session.take_origins().iter().map(|origin| origin.line).collect();
    assert_eq!(lines, [4, 5]);
}

#[test]
fn a_line_of_several_columns_is_noted() {
    const TEXTS: &[(&str, Value<'_>)] =
        &[("id", Value::Integer(7)), ("name", Value::Text("sales")), ("label", Value::Text("L"))];
    let mut snapshot = OneRow(TEXTS);
    let mut session = Session::new(&mut snapshot).explaining(Some("s"));
    let queue = queue(&mut session);
    let mut writer = Writer::new(&session);
    let mut lines = writer.at(&queue);
    lines.section("s");
    lines.option_of(&queue.name, &[&queue.label, &"-", &queue.name]);
    lines.option_of("k", &[&queue.label, &queue.label]);
    lines.section("other");
    lines.option(&queue.name, &queue.label);
    writer.finish(&mut session);
    let notes: Vec<(usize, Note)> =
        session.take_explanation().lines.into_iter().map(|note| (note.line, note.note)).collect();
    assert_eq!(notes, [(2, Note::Columns(vec!["name".to_owned(), "label".to_owned()]))]);
}

#[test]
fn origins_and_notes_move_with_the_lines_of_an_edited_text() {
    let mut snapshot = OneRow(ROW);
    let mut session = Session::new(&mut snapshot).explaining(Some("sales"));
    let queue = queue(&mut session);
    let mut writer = Writer::new(&session);
    writer.own().section("general");
    writer.own().option("a", 1);
    let computed = [Note::Computed(None)];
    let mut lines = writer.at(&queue).noting(&computed);
    lines.section(&queue.name);
    for key in ["k", "K", "l", "m"] {
        lines.option(key, queue.id);
    }
    let text = writer.finish(&mut session);
    let setting = |key: &str| Setting { key: key.to_owned(), source: None };
    let settings = [setting("patches[0]"), setting("patches[1]")];
    let edited = session.edit_for(text, &settings, |editor| {
        for section in editor.select(&Selection::all()) {
            editor.set_author(0);
            editor.add(section, "b", "2")?;
            if editor.name(section) == "sales" {
                editor.set(section, "k", &["3"])?;
                editor.set_author(1);
                editor.remove(section, "l");
            }
        }
        Ok(())
    });
    assert_eq!(edited.unwrap(), "[general]\na = 1\nb = 2\n\n[sales]\nk = 3\nm = 7\nb = 2\n");
    let origins: Vec<usize> = session.take_origins().iter().map(|origin| origin.line).collect();
    assert_eq!(origins, [5, 7]);
    let note = |line, note| LineNote { line, note };
    let expected = [
        note(3, Note::Setting(settings[0].clone())),
        note(5, Note::Computed(None)),
        note(5, Note::Removed(Removed { key: "l".to_owned(), setting: settings[1].clone() })),
        note(6, Note::Setting(settings[0].clone())),
        note(7, Note::Computed(None)),
        note(8, Note::Setting(settings[0].clone())),
    ];
    assert_eq!(session.take_explanation().lines, expected);
}

#[test]
fn an_edit_that_fails_is_an_error_of_the_driver() {
    let mut snapshot = OneRow(ROW);
    let mut session = Session::new(&mut snapshot);
    let error = session.edit("[a]\nk = \0".to_owned(), |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "line 2 of the text: it has a NUL, at which Asterisk cuts it");
    let text = "[a]\nk = v\n".to_owned();
    let error = session.edit(text, |editor| {
        let all = editor.select(&Selection::all());
        Ok(editor.add(all[0], "k", "a\nb")?)
    });
    let message = "in section \"a\", the option \"k\" can't be written: the value has a line break";
    assert_eq!(error.unwrap_err().to_string(), message);
}
