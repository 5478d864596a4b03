use super::*;

fn edited(text: &str, act: impl FnOnce(&mut Editor, &[SectionId])) -> String {
    let mut editor = Editor::new(text).unwrap();
    let all = editor.select(&Selection::all());
    act(&mut editor, &all);
    editor.finish()
}

fn names(text: &str, selection: &Selection) -> Vec<String> {
    let mut editor = Editor::new(text).unwrap();
    let selected = editor.select(selection);
    selected.into_iter().map(|section| editor.name(section).into_owned()).collect()
}

#[test]
fn a_section_is_selected_by_name_and_type() {
    let text = "[tpl](!)\nTYPE = auth\n  [a](tpl)\ntype = aor\n;-- [no] --;\n; [no]\n\
        [trunk-1]\nx = [no]\nother=1\n[a](+)\n[trunk-2](other,tpl)\n[trunk-2]\ntype=Auth\n[e]\n[e](+)\ntype = aor\n";
    let all = Selection::all();
    assert_eq!(names(text, &all), ["tpl", "a", "trunk-1", "trunk-2", "trunk-2", "e"]);
    assert_eq!(names(text, &all.clone().of_type("auth")), ["tpl", "a", "trunk-2"]);
    assert_eq!(names(text, &all.clone().of_type("aor")), ["e"]);
    assert_eq!(names(text, &all.clone().like("trunk-*").unwrap()), ["trunk-1", "trunk-2", "trunk-2"]);
    assert_eq!(names(text, &all.clone().like("trunk-*").unwrap().of_type("auth")), ["trunk-2"]);
    assert_eq!(names(text, &all.clone().named("A")), [""; 0]);
    assert_eq!(names("\u{feff}[a\\;b]\n[[c]\n", &all), ["a;b", "[c"]);
    let error = all.like("a[").unwrap_err().to_string();
    assert!(error.starts_with("\"a[\" is no pattern: "), "{error}");
}

#[test]
fn a_value_is_replaced_in_the_spelling_of_the_line() {
    for (line, value, expected) in [
        ("k = v", "w", "k = w"),
        ("K=v", "w", "K=w"),
        ("\tk   =>v  ", "w;x", "\tk   =>w\\;x"),
        ("k=v", "> w", "k= > w"),
        ("k = v ; a comment", "w", "k = w"),
        ("k += v", "w", "k = w"),
        ("k = v", "", "k ="),
        ("k =", "w", "k =w"),
    ] {
        let text = format!("[a]\n{line}\n; end\n");
        let new = edited(&text, |editor, all| assert_eq!(editor.set(all[0], "k", &[value]), Ok(true)));
        assert_eq!(new, format!("[a]\n{expected}\n; end\n"));
        assert_eq!(crate::read(&new).value("a", "k").unwrap(), value);
    }
}

#[test]
fn an_option_that_repeats_gets_all_its_values() {
    let text = "[a]\nallow=ulaw\nb = 1\n\n[b]\n[a](+)\nALLOW=alaw\n\n; end";
    let set = |values: &[&str]| {
        edited(text, |editor, all| {
            editor.set(all[0], "allow", values).unwrap();
        })
    };
    assert_eq!(set(&["g722"]), "[a]\nallow=g722\nb = 1\n\n[b]\n[a](+)\n\n; end");
    assert_eq!(set(&["x", "y"]), "[a]\nallow=x\nallow=y\nb = 1\n\n[b]\n[a](+)\n\n; end");
    assert_eq!(set(&[]), "[a]\nb = 1\n\n[b]\n[a](+)\n\n; end");
    assert_eq!(set(&["ulaw", "alaw"]), text);
    let new = edited(text, |editor, all| {
        editor.add(all[0], "allow", "g722").unwrap();
        assert_eq!(editor.values(all[0], "allow"), ["ulaw", "alaw", "g722"]);
        editor.set(all[1], "c", &["1"]).unwrap();
        editor.set(all[1], "c", &["2", "3"]).unwrap();
        editor.add(all[1], "d", "4").unwrap();
        assert_eq!(editor.remove(all[1], "C"), 2);
    });
    assert_eq!(new, "[a]\nallow=ulaw\nb = 1\n\n[b]\nd = 4\n[a](+)\nALLOW=alaw\nallow = g722\n\n; end");
}

#[test]
fn changes_of_changed_options_add_up() {
    let new = edited("[a]\nk = 1\nk = 2\nk = 3\n", |editor, all| {
        editor.set(all[0], "k", &["x", "y"]).unwrap();
        assert_eq!(editor.values(all[0], "k"), ["x", "y"]);
        assert_eq!(editor.remove(all[0], "k"), 2);
        assert_eq!(editor.remove(all[0], "k"), 0);
        editor.set(all[0], "type", &["auth"]).unwrap();
        assert_eq!(editor.select(&Selection::all().of_type("auth")), all);
        editor.set(all[0], "type", &["aor"]).unwrap();
        assert_eq!(editor.select(&Selection::all().of_type("aor")), all);
    });
    assert_eq!(new, "[a]\ntype = aor\n");
}

#[test]
fn a_value_that_no_line_can_hold_is_refused() {
    let text = "[a]\nk = v\n";
    let unchanged = edited(text, |editor, all| {
        let long = "x".repeat(syntax::LINE_LIMIT);
        for (key, value, refusal) in [
            ("k", "a\n[evil]", Refusal::LineBreak),
            ("k", " a", Refusal::BlankAtEnd),
            ("k", &long, Refusal::LongLine),
            ("a=b", "v", Refusal::EqualsSign),
            ("", "v", Refusal::Empty),
        ] {
            let error = EditError::refused("a", Some(key), refusal);
            assert_eq!(editor.set(all[0], key, &[value]), Err(error.clone()));
            assert_eq!(editor.add(all[0], key, value), Err(error.clone()));
            let insert = |editor: &mut Editor| {
                editor.insert_section(Where::AtEnd, "a", None, &[("x", "y"), (key, value)])
            };
            assert_eq!(insert(editor), Err(error));
        }
        let error = editor.insert_section(Where::AtEnd, "a]", None, &[]).unwrap_err();
        assert_eq!(error, EditError::refused("a]", None, Refusal::Bracket));
    });
    assert_eq!(unchanged, text);
    let new = edited(text, |editor, all| {
        editor.set(all[0], "k", &[";--#exec x--;"]).unwrap();
        editor.add(all[0], "#exec x", "[evil](x)").unwrap();
    });
    assert_eq!(new, "[a]\nk = \\;--#exec x--\\;\n\\#exec x = [evil](x)\n");
}

#[test]
fn sections_are_inserted_and_removed() {
    let text = "[t](!)\nk = 1\n\n; Ann.\n; Her line.\n[ann](t)\nk = 2\n\n; Bob.\n[bob]\n\n[ann](+)\nj = 3\n";
    let removed = edited(text, |editor, all| {
        let error = editor.remove_section(all[0]).unwrap_err().to_string();
        assert_eq!(error, "the section \"t\" can't be removed: \"ann\" inherits from it");
        editor.set(all[1], "k", &["x"]).unwrap();
        editor.remove_section(all[1]).unwrap();
        assert_eq!(editor.select(&Selection::all()), [all[0], all[2]]);
        // It is not there any more.
        editor.set(all[1], "k", &["y"]).unwrap();
        editor.add(all[1], "k", "z").unwrap();
        assert_eq!(editor.remove(all[1], "k"), 0);
        editor.remove_section(all[1]).unwrap();
    });
    assert_eq!(removed, "[t](!)\nk = 1\n\n; Bob.\n[bob]\n\n");
    let all_removed = edited(text, |editor, all| {
        for at in [1, 0, 2] {
            editor.remove_section(all[at]).unwrap();
        }
    });
    assert_eq!(all_removed, "");
    let inserted = edited("; Ann.\n[ann]\nk = 1", |editor, all| {
        editor.add(all[0], "l", "2").unwrap();
        editor.insert_section(Where::Before(all[0]), "t", None, &[("a", "b;")]).unwrap();
        editor.insert_section(Where::AtEnd, "x", Some("t"), &[]).unwrap();
    });
    assert_eq!(inserted, "[t]\na = b\\;\n\n; Ann.\n[ann]\nk = 1\nl = 2\n\n[x](t)\n");
    let only = edited("", |editor, _| editor.insert_section(Where::AtEnd, "x", None, &[("k", "v")]).unwrap());
    assert_eq!(only, "[x]\nk = v\n");
}

#[test]
fn block_comments_stay_around_a_change() {
    let new = edited("[a]\nk = 1 ;-- x\n--; l = 2\n[b] ;-- y\nk = no\n--;\n", |editor, all| {
        editor.remove(all[0], "k");
        editor.set(all[0], "l", &["3"]).unwrap();
        editor.add(all[1], "k", "4").unwrap();
    });
    assert_eq!(new, "[a]\n;--\n--;\nl = 3\n[b] ;-- y\n--;\nk = 4\n;--\nk = no\n--;\n");
    let document = crate::read(&new);
    assert_eq!(document.value("a", "l").unwrap(), "3");
    assert_eq!(document.value("b", "k").unwrap(), "4");
}

#[test]
fn a_text_whose_sections_cannot_be_told_is_refused() {
    let problem = |text: &str| Editor::new(text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(problem("[a]\nk = \0"), "line 2 of the text: it has a NUL, at which Asterisk cuts it");
    let filter = "line 2 of the text: its header selects the section that it continues by a filter";
    assert_eq!(problem("[a]\n[a](+type=aor)\n"), filter);
    let end = "line 2 of the text: it ends a block comment that none begins, and hides the rest";
    assert_eq!(problem("[a]\nk = --;\n"), end);
    assert!(problem(&";--".repeat(129)).starts_with("line 1 of the text: it opens a block comment"));
}

#[test]
fn the_changed_lines_are_known_by_their_numbers_and_authors() {
    let text = "[a]\nk = 1\nl = 2\n\n[b]\nk = 3 ;--\n--;\nm = 4";
    let mut editor = Editor::new(text).unwrap();
    let all = editor.select(&Selection::all());
    editor.remove(all[0], "l");
    editor.set_author(7);
    editor.set(all[0], "k", &["x", "y"]).unwrap();
    editor.set(all[1], "k", &["z"]).unwrap();
    editor.set_author(8);
    editor.add(all[1], "n", "5").unwrap();
    let (edited, lines) = editor.finish_with_lines();
    assert_eq!(edited, "[a]\nk = x\nk = y\n\n[b]\nk = z\n;--\n--;\nm = 4\nn = 5\n");
    let change = |old, new, authors: &[Option<usize>], removed_by| {
        let authors = authors.to_vec();
        LineChange { old, new, authors, removed_by }
    };
    let expected = [
        change(2..3, 2, &[Some(7), Some(7)], None),
        change(3..4, 4, &[], Some(0)),
        change(6..7, 6, &[Some(7), None], None),
        change(9..9, 10, &[Some(8)], None),
    ];
    assert_eq!(lines, expected);
}
