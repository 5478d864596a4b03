//! Contexts, includes and extensions.

use super::*;

#[test]
fn each_type_has_its_action() {
    let system = [
        (1, "user", "11", "GoSub(user,s,1(11,,1))"),
        (2, "group", "12", "GoSub(group,s,1(12,))"),
        (3, "queue", "13", "GoSub(queue,s,1(13,))"),
        (4, "conference", "14", "GoSub(conference,s,1(14,))"),
        (5, "incall", "15", "GoSub(did,s,1(15,))"),
        (6, "outcall", "16", "GoSub(outcall,s,1(16,))"),
        (7, "voicemenu", "17", "GoSub(voicemenu,s,1(17,))"),
        (8, "extenfeatures", "18", "GoSub(extenfeatures,s,1(18,))"),
        (9, "featuremap", "19", "GoSub(featuremap,s,1(19,))"),
        (10, "generalfeatures", "20", "GoSub(generalfeatures,s,1(20,))"),
        (14, "user", "", "GoSub(user,s,1(,,14))"),
        (15, "group", "00", "GoSub(group,s,1(00,))"),
    ];
    for (id, kind, typeval, action) in system {
        let written = System::with_contexts(&["c"]).extension(id, "1", kind, typeval).write();
        assert_eq!(written.dialplan("c"), [format!("exten = 1,1,{action}")], "{kind}");
        assert_eq!(written.warnings, [""; 0]);
    }
    let written = System::with_contexts(&["c"])
        .extension(1, "1", "parking", "1")
        .extension(2, "2", "user", "0")
        .add("extensions", row! { id: 3, context: "c", exten: "3", type: "user", typeval: "1", commented: 1 })
        .write();
    assert_eq!(written.dialplan("c"), [""; 0]);
}

#[test]
fn an_extension_with_lines_needs_one_that_is_enabled() {
    let line =
        |id: i64, commented: i64| row! { id: id, context: "c", provisioningid: 0, commented: commented };
    let written = System::with_contexts(&["c"])
        .add("linefeatures", line(1, 0))
        .add("linefeatures", line(2, 1))
        .add("linefeatures", line(3, 0))
        .extension(10, "none", "group", "1")
        .extension(11, "enabled", "user", "1")
        .on_line(11, 1, true)
        .extension(12, "disabled", "group", "1")
        .on_line(12, 2, true)
        .extension(13, "one of two", "user", "1")
        .on_line(13, 2, true)
        .on_line(13, 1, false)
        .extension(14, "two", "user", "1")
        .on_line(14, 1, true)
        .on_line(14, 3, true)
        .write();
    let extensions: Vec<&str> =
        written.dialplan("c").iter().map(|line| line.split([',', '=']).nth(1).unwrap().trim()).collect();
    assert_eq!(extensions, ["enabled", "none", "one of two", "two"]);
}

#[test]
fn contexts_and_extensions_are_sorted_by_code_point() {
    let system = System::with_contexts(&["ü", "b", "B", "_", "a"]);
    let extensions =
        ["é", "abd", "abc", "ABC", "999", "101", "1001", "_X.", "_1XX", "_+.", "_*21.", "+33", "*10", "#5"];
    let system = extensions
        .iter()
        .zip(1..)
        .fold(system, |system, (exten, id)| system.extension_in("a", id, exten, "group", "1"));
    let written = system.write();
    let sections: Vec<&str> = written.text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(sections, ["[usersharedlines]", "[B]", "[_]", "[a]", "[b]", "[ü]", "[xivo-features]"]);
    let order =
        ["#5", "*10", "+33", "1001", "101", "999", "ABC", "_*21.", "_+.", "_1XX", "_X.", "abc", "abd", "é"];
    let expected = order.map(|exten| format!("exten = {exten},1,GoSub(group,s,1(1,))"));
    assert_eq!(written.dialplan("a"), expected);
}

#[test]
fn a_bare_context_is_its_header_and_empty_lines() {
    let written =
        System::with_contexts(&["a", "b"]).write_with("[template]\na = %%CONTEXT%%\n[xivo-features]");
    assert_eq!(written.text, "[usersharedlines]\n\n[a]\na = a\n\n\n\n[b]\na = b\n\n\n[xivo-features]\n");
    let written = System::with_contexts(&[]).write();
    assert_eq!(written.text, "[usersharedlines]\n[xivo-features]\n");
}

#[test]
fn includes_are_sorted_by_priority_then_name() {
    let include = |context: &str, include: &str, priority: i64| {
        row! { context: context, include: include, priority: priority }
    };
    let written = System::with_contexts(&["c"])
        .add("contextinclude", include("c", "b", 2))
        .add("contextinclude", include("c", " sp ", 3))
        .add("contextinclude", include("c", "a", 2))
        .add("contextinclude", include("c", "c", 0))
        .add("contextinclude", include("c", "", -1))
        .add("contextinclude", include("other", "d", 0))
        .write();
    let lines = ["include =", "include = c", "include = a", "include = b", "include =  sp"];
    assert_eq!(written.dialplan("c"), lines);
}

#[test]
fn disabled_and_hidden_contexts_are_left_out() {
    let disabled = row! {
        id: 7, uuid: uuid(7), name: "d", displayname: "d", contexttype: "others", tenant_uuid: "T", commented: 1,
    };
    let system = System::with_contexts(&["c", "h"])
        .add("context", disabled)
        .extension_in("h", 1, "1", "group", "1")
        .extension_in("d", 2, "2", "group", "1");
    let written = system.write_with(&format!("{BARE}[!h]\n"));
    assert_eq!(written.text, "[usersharedlines]\n\n[c]\n\n\n[xivo-features]\n");
}

#[test]
fn any_extension_number_is_written_unchanged() {
    for (exten, line) in [
        (" 1 ", "exten =  1 ,1,GoSub(group,s,1(1,))"),
        ("%%ACTION%%", "exten = %%ACTION%%,1,GoSub(group,s,1(1,))"),
    ] {
        let written = System::with_contexts(&["c"]).extension(1, exten, "group", "1").write();
        assert_eq!(written.dialplan("c"), [line]);
        assert_eq!(written.warnings, [""; 0]);
    }
}

#[test]
fn semicolons_are_escaped() {
    let written = System::with_contexts(&["c;d"])
        .extension_in("c;d", 5, "1;2", "group", "3;4")
        .add("contextinclude", row! { context: "c;d", include: "x;y" })
        .write();
    assert_eq!(written.dialplan("c\\;d"), [r"include = x\;y", r"exten = 1\;2,1,GoSub(group,s,1(3\;4,))"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn a_context_include_or_extension_with_a_line_break_is_left_out() {
    for bad in ["x\n[y]", "x\ry", "x\0y"] {
        let written = System::with_contexts(&["c", bad])
            .add("contextinclude", row! { context: "c", include: bad, priority: 0 })
            .add("contextinclude", row! { context: "c", include: "good", priority: 1 })
            .extension(1, bad, "group", "1")
            .extension(2, "2", "group", bad)
            .extension(3, "3", "group", "1")
            .extension_in(bad, 4, "4", "group", "1")
            .write();
        let sections: Vec<&str> = written.text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(sections, ["[usersharedlines]", "[c]", "[xivo-features]"]);
        assert_eq!(written.dialplan("c"), ["include = good", "exten = 3,1,GoSub(group,s,1(1,))"]);
        let rows = [
            format!("context, row name={bad:?}, column name"),
            format!("contextinclude, row context=c include={bad:?}, column include"),
            "extensions, row id=1, column exten".to_owned(),
            "extensions, row id=2, column typeval".to_owned(),
        ];
        let left_out =
            rows.map(|row| format!("table {row}: the value has a line break; the row is left out"));
        assert_eq!(written.warnings, left_out);
    }
}

#[test]
fn a_context_named_like_a_fixed_section_is_reported() {
    for name in ["usersharedlines", "xivo-features", "xivo-ivr-12"] {
        let written = System::with_contexts(&[name]).write();
        let warning = format!(
            "table context, row name={name}, column name: the file has another section of this name, and \
                Asterisk merges both: rename the context"
        );
        assert_eq!(written.warnings, [warning]);
    }
    assert_eq!(System::with_contexts(&["xivo-ivr-x", "xivo-feature"]).write().warnings, [""; 0]);
}

#[test]
fn a_bad_contexts_conf_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contexts.conf");
    let config = Config::from_yaml(&format!("templates: {{contextsconf: {}}}", path.display())).unwrap();
    let driver = Extensions::new(&config).unwrap();
    let mut database = System::default().rows.load();
    for (text, error) in [
        (None, "can't be read: No such file or directory (os error 2)"),
        (Some(&b"a = \xff"[..]), "can't be read: stream did not contain valid UTF-8"),
        (Some(b"[template]\n"), "there is no section [xivo-features]"),
        (Some(b"[template]\r\nk\r\n"), "line 2: it is no [section], and has no \"=\""),
        (Some(b"[template]\rk\r"), "line 2: it is no [section], and has no \"=\""),
    ] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        assert_eq!(database.generate(&driver), Err(format!("{}: {error}", path.display())));
    }
    // The file is read each time.
    std::fs::write(&path, BARE.replace("[xivo", "same => n,NoOp()\n[xivo")).unwrap();
    assert!(database.generate(&driver).is_ok());
    let warning = format!("{}: line 3: \"=>\" is not understood: write \"=\"", path.display());
    assert_eq!(database.warnings[0], warning);
}

#[test]
fn an_extension_that_asterisk_would_misread_is_left_out() {
    for (exten, typeval, column, reason) in [
        ("666,1,System(id)", "1", "exten", "there is a comma, and what follows it would be the next field"),
        ("", "1", "exten", "it is empty"),
        ("${SHELL(id)}", "1", "exten", "there is \"${\" or \"$[\", which Asterisk evaluates"),
        ("1", "1,2", "typeval", "there is a comma, and what follows it would be the next field"),
        ("1", "${SHELL(id)}", "typeval", "there is \"${\" or \"$[\", which Asterisk evaluates"),
        (
            "1",
            "1))",
            "typeval",
            "a parenthesis, bracket or quote has no counterpart, and the arguments behind it would be lost",
        ),
    ] {
        let written = System::with_contexts(&["c"]).extension(5, exten, "group", typeval).write();
        assert_eq!(written.dialplan("c"), [""; 0], "{exten} {typeval}");
        let warning = format!("table extensions, row id=5, column {column}: {reason}; the row is left out");
        assert_eq!(written.warnings, [warning]);
    }
}

#[test]
fn an_include_that_is_not_a_plain_name_is_left_out() {
    for (name, reason) in [
        ("d,9:00-17:00", "there is a comma, and what follows it would be the next field"),
        ("${SHELL(id)}", "there is \"${\" or \"$[\", which Asterisk evaluates"),
    ] {
        let written =
            System::with_contexts(&["c"]).add("contextinclude", row! { context: "c", include: name }).write();
        assert_eq!(written.dialplan("c"), [""; 0]);
        let [warning] = &written.warnings[..] else { panic!("{:?}", written.warnings) };
        assert!(warning.starts_with("table contextinclude, row context=c include="), "{warning}");
        assert!(warning.ends_with(&format!(", column include: {reason}; the row is left out")), "{warning}");
    }
}

#[test]
fn an_extension_with_a_long_number_is_left_out() {
    let conf = format!("{BARE}[c]\nobjtpl = %%EXTEN%%,1,NoOp()\nobjtpl = n,Hangup()\n");
    let written = System::with_contexts(&["c"])
        .extension(1, "1", "group", "1")
        .extension(2, &"2".repeat(8190), "group", "1")
        .write_with(&conf);
    assert_eq!(written.dialplan("c"), ["exten = 1,1,NoOp()", "same  =     n,Hangup()"]);
    let long = "its line is longer than the 8190 bytes that Asterisk reads; the row is left out";
    assert_eq!(written.warnings, [format!("table extensions, row id=2, column exten: {long}")]);
}
