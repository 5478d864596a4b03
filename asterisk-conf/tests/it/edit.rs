//! The editor changes what it is asked to, and nothing else. The reader says what Asterisk reads of the result.

use asterisk_conf::edit::{Editor, LineChange, SectionId, Selection, Where};
use asterisk_conf::{DiagnosticKind, Document, Status, read, syntax};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const LINES: &[&str] = &[
    "[a]",
    "[b](!)",
    "[c](b)",
    "[a](+)",
    "[c](b,+)",
    "[A](!,+)",
    "  [d] behind",
    "[e;-- x --;f](a)",
    "[b](a,b)",
    "k = 1",
    "K=>2",
    "  k=3  ",
    "k += 4",
    "k = 5 ; c",
    "k = 6;-- x\n[no]\n--; k = 7",
    "k = 6 ;-- x",
    ";-- a\n;--\n--;\n--; k = 8 ;--\n--;",
    "\\#k = 0",
    "j = 1",
    "j = \\;",
    "j = [z]",
    "jk=1",
    "type = auth",
    "TYPE=aor ; x",
    ";type=x",
    "no equals",
    "= no key",
    "; c",
    ";-- x\nk = no\n--; [g] ;-- y\n--; k = 9",
    "x ;-- y --; z = 1",
    "close --;",
    ";",
    "",
    "  ",
    "\u{e9} = \u{e9}",
    "#exec x",
    "[",
    "[x](",
    "\\",
];

fn text() -> impl Strategy<Value = String> {
    let lines = vec(select(LINES), 0..30);
    (lines, any::<bool>()).prop_map(|(lines, ends)| {
        // With these sections, most headers find what they refer to.
        format!("[b](!)\n[c]\n[a]\n{}{}", lines.join("\n"), if ends { "\n" } else { "" })
    })
}

/// Returns the own options of each section, but those of a key in one of them; in none if the text appends to options,
/// which may be inherited.
fn other_options(text: &str, document: &Document, but: usize, key: &str) -> Vec<Vec<(String, String)>> {
    let sections = document.sections().iter().enumerate();
    let options = sections.map(|(at, section)| {
        let own = section.options().iter().filter(|option| !option.is_inherited());
        let others = own.filter(|option| !option.has_key(key) || at != but && !text.contains("+="));
        others.map(|option| (option.key().to_string(), option.value().to_string())).collect()
    });
    options.collect()
}

fn own_values(document: &Document, at: usize, key: &str) -> Vec<String> {
    let own = document.sections()[at].options().iter().filter(|option| !option.is_inherited());
    own.filter(|option| option.has_key(key)).map(|option| option.value().to_string()).collect()
}

/// A text that Asterisk reads, with a section of it.
struct Edit {
    editor: Editor,
    before: Document,
    at: usize,
    section: SectionId,
}

/// Opens a text that Asterisk reads to its end.
fn opened(document: &Document, text: &str) -> Option<Editor> {
    let is_cut = document.diagnostics().iter().any(|it| it.kind() == DiagnosticKind::UnopenedBlockComment);
    let editor = Editor::new(text);
    assert!(editor.is_err() || !is_cut, "{text:?}");
    editor.ok()
}

fn edit(text: &str, index: Index) -> Option<Edit> {
    let before = read(text);
    if before.status() != Status::Ok {
        return None;
    }
    let mut editor = opened(&before, text)?;
    let sections = editor.select(&Selection::all());
    let at = index.index(sections.len());
    Some(Edit { editor, before, at, section: sections[at] })
}

/// Asserts that the lines between those of the changes are the old ones.
fn assert_others_stay(text: &str, edited: &str, changes: &[LineChange]) -> Result<(), TestCaseError> {
    let (old, new): (Vec<&str>, Vec<&str>) = (text.lines().collect(), edited.lines().collect());
    let (mut old_at, mut new_at) = (0, 0);
    for change in changes {
        prop_assert_eq!(&old[old_at..change.old.start - 1], &new[new_at..change.new - 1]);
        (old_at, new_at) = (change.old.end - 1, change.new - 1 + change.authors.len());
    }
    prop_assert_eq!(&old[old_at..], &new[new_at..]);
    Ok(())
}

fn values() -> impl Strategy<Value = Vec<String>> {
    let value = "[ -~\u{e9}]{0,12}".prop_map(|text| syntax::stripped(&text).to_owned());
    vec(
        prop_oneof![
            value,
            select(&[";--", "--;", "> x", "=", "[b]", "\\;", "\\"][..]).prop_map(str::to_owned)
        ],
        0..3,
    )
}

proptest! {
    #[test]
    fn the_sections_are_those_of_the_reader(text in text()) {
        let document = read(&text);
        if document.status() != Status::Ok {
            return Ok(());
        }
        let Some(mut editor) = opened(&document, &text) else { return Ok(()) };
        let sections = editor.select(&Selection::all());
        let names: Vec<String> = sections.iter().map(|section| editor.name(*section).into_owned()).collect();
        let expected: Vec<String> = document.sections().iter().map(|section| section.name().to_string()).collect();
        prop_assert_eq!(names, expected);
        for type_value in ["auth", "aor"] {
            let of_type = document.sections().iter().zip(&sections);
            let of_type = of_type.filter(|(section, _)| section.value("type").is_some_and(|it| it == type_value));
            let expected: Vec<SectionId> = of_type.map(|(_, section)| *section).collect();
            prop_assert_eq!(editor.select(&Selection::all().of_type(type_value)), expected);
        }
        prop_assert_eq!(&editor.finish(), &text);
    }

    #[test]
    fn asterisk_reads_the_values_that_are_set(text in text(), index: Index, values in values(), key in select(&["k", "new", "#k"][..])) {
        let Some(Edit { mut editor, before, at, section }) = edit(&text, index) else { return Ok(()) };
        editor.set(section, key, &values).unwrap();
        let (edited, lines) = editor.finish_with_lines();
        let after = read(&edited);
        prop_assert_eq!(after.status(), Status::Ok);
        let expected: Vec<String> = values.iter().map(|value| syntax::meaning(value).into_owned()).collect();
        prop_assert_eq!(own_values(&after, at, key), expected);
        prop_assert_eq!(other_options(&text, &after, at, key), other_options(&text, &before, at, key));
        assert_others_stay(&text, &edited, &lines)?;
    }

    #[test]
    fn what_is_removed_is_gone_and_all_else_stays(text in text(), index: Index, key in select(&["k", "J", "type"][..])) {
        let Some(Edit { mut editor, before, at, section }) = edit(&text, index) else { return Ok(()) };
        editor.remove(section, key);
        prop_assert!(editor.values(section, key).is_empty());
        let (edited, lines) = editor.finish_with_lines();
        let after = read(&edited);
        prop_assert_eq!(after.status(), Status::Ok);
        prop_assert_eq!(own_values(&after, at, key), [""; 0]);
        prop_assert_eq!(other_options(&text, &after, at, key), other_options(&text, &before, at, key));
        assert_others_stay(&text, &edited, &lines)?;
    }

    #[test]
    fn what_is_added_follows_the_others(text in text(), index: Index, value in "[ -~]{0,9}") {
        let Some(Edit { mut editor, before, at, section }) = edit(&text, index) else { return Ok(()) };
        let value = syntax::stripped(&value);
        editor.add(section, "k", value).unwrap();
        let (edited, lines) = editor.finish_with_lines();
        let after = read(&edited);
        prop_assert_eq!(after.status(), Status::Ok);
        let mut expected = own_values(&before, at, "k");
        expected.push(syntax::meaning(value).into_owned());
        prop_assert_eq!(own_values(&after, at, "k"), expected);
        prop_assert_eq!(other_options(&text, &after, at, "k"), other_options(&text, &before, at, "k"));
        assert_others_stay(&text, &edited, &lines)?;
    }

    #[test]
    fn a_section_comes_and_goes_alone(text in text(), index: Index, is_inserted: bool, ends: bool) {
        let Some(Edit { mut editor, before, at, section }) = edit(&text, index) else { return Ok(()) };
        let options = |document: &Document| other_options(&text, document, usize::MAX, "no");
        let mut expected = options(&before);
        if is_inserted {
            let place = if ends { Where::AtEnd } else { Where::Before(section) };
            editor.insert_section(place, "new;", None, &[("x", "y;")]).unwrap();
            let at = if ends { expected.len() } else { at };
            expected.insert(at, vec![("x".to_owned(), "y;".to_owned())]);
        } else if editor.remove_section(section).is_ok() {
            // Another section of the same name takes its place for those that continue it.
            let name = before.sections()[at].name();
            prop_assume!(before.sections_named(name).count() == 1);
            expected.remove(at);
        }
        let (edited, lines) = editor.finish_with_lines();
        let after = read(&edited);
        prop_assert_eq!(after.status(), Status::Ok, "{}", edited);
        prop_assert_eq!(options(&after), expected);
        assert_others_stay(&text, &edited, &lines)?;
    }

    #[test]
    fn any_text_is_edited_or_refused(text in "(?s)[\\[\\]();=\\-+!\n\\\\ a#\u{e9}]{0,60}") {
        let Ok(mut editor) = Editor::new(&*text) else { return Ok(()) };
        for section in editor.select(&Selection::all()) {
            editor.set(section, "a", &["x"]).unwrap();
            editor.add(section, "a", "y").unwrap();
            let _ = editor.remove_section(section);
        }
        let (edited, lines) = editor.finish_with_lines();
        assert_others_stay(&text, &edited, &lines)?;
    }
}
