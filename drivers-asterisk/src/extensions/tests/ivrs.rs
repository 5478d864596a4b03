//! The sections of IVRs.

use super::*;

impl System {
    fn ivr(self, row: String) -> System {
        self.add("ivr", row)
    }

    fn choice(self, id: i64, ivr: i64, exten: &str) -> System {
        self.add("ivr_choice", row! { id: id, ivr_id: ivr, exten: exten })
    }

    fn leads_to<'a>(
        self,
        (event, category, owner): (&str, &str, &str),
        action: &str,
        first: impl Into<Option<&'a str>>,
        second: impl Into<Option<&'a str>>,
    ) -> System {
        let row = row! {
            event: event, category: category, categoryval: owner, action: action, actionarg1: first.into(),
            actionarg2: second.into(),
        };
        self.add("dialaction", row)
    }

    fn choice_leads_to<'a>(
        self,
        choice: &str,
        action: &str,
        first: impl Into<Option<&'a str>>,
        second: impl Into<Option<&'a str>>,
    ) -> System {
        self.leads_to(("ivr_choice", "ivr_choice", choice), action, first, second)
    }
}

fn plain(id: i64) -> String {
    row! { id: id, tenant_uuid: "T", name: "n", menu_sound: "menu" }
}

/// The sections of the IVRs of a system.
fn sections(written: &Written) -> &str {
    written.text.split_once("[xivo-features]\n").expect("the features").1
}

#[test]
fn an_ivr_with_all_columns() {
    let ivr = row! {
        id: 3, tenant_uuid: "T", name: "n", greeting_sound: "hello", menu_sound: "menu", invalid_sound: "bad",
        abort_sound: "bye", timeout: 7, max_tries: 2,
    };
    let written = System::with_contexts(&[])
        .ivr(ivr)
        .choice(11, 3, "1")
        .choice_leads_to("11", "user", "5", "30")
        .choice(12, 3, "*")
        .leads_to(("timeout", "ivr", "3"), "endcall:hangup", None, None)
        .leads_to(("invalid", "ivr", "3"), "group", "7", "15.0")
        .leads_to(("abort", "ivr", "3"), "sound", "/s/x y", "skip;noanswer")
        .leads_to(("hangup", "ivr", "3"), "user", "1", None)
        .leads_to(("timeout", "ivr", "03"), "user", "1", None)
        .write();
    let expected = r#"
        [xivo-ivr-3]
        exten = s,1,Set(IVR_COUNTER=0)
        same  =   n,Gosub(xivo-pickup,0,1)
        same  =   n,Background(hello)
        same  =   n(start),Set(IVR_COUNTER=$[${IVR_COUNTER} + 1])
        same  =   n,Background(menu)
        same  =   n,WaitExten(7)



        exten = 1,1,CELGenUserEvent(WAZO_IVR_CHOICE, {"id":3,"exten":"1"})
        exten = 1,n,Gosub(forward,s,1(user,5,30))
        same  =   n,Hangup()

        exten = *,1,CELGenUserEvent(WAZO_IVR_CHOICE, {"id":3,"exten":"*"})
        exten = *,n,Gosub(forward,s,1())
        same  =   n,Hangup()


        exten = t,1,NoOp()
        same  =   n,Gosub(forward,s,1(endcall:hangup,,))


        exten = i,1,NoOp()
        same  =   n,Gosub(forward,s,1(group,7,15.0))


        exten = abort,1,NoOp()
        same  =   n,Gosub(forward,s,1(sound,/s/x y,skip\;noanswer))
        "#;
    assert_eq!(sections(&written), unindented(expected) + "\n\n");
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn an_ivr_with_empty_columns() {
    let ivr = row! {
        id: 4, tenant_uuid: "T", name: "", greeting_sound: "", menu_sound: "", invalid_sound: "", abort_sound: "",
        timeout: 0, max_tries: 0,
    };
    let expected = r"
        [xivo-ivr-4]
        exten = s,1,Set(IVR_COUNTER=0)
        same  =   n,Gosub(xivo-pickup,0,1)
        same  =   n(start),Set(IVR_COUNTER=$[${IVR_COUNTER} + 1])
        same  =   n,Background()
        same  =   n,Goto(t,1)



        exten = t,1,NoOp()
        same  =   n,GotoIf($[${IVR_COUNTER}>=0]?abort,1)
        same  =   n,Goto(s,start)

        exten = i,1,NoOp()
        same  =   n,GotoIf($[${IVR_COUNTER}>=0]?abort,1)
        same  =   n,Goto(s,start)

        exten = abort,1,NoOp()
        same  =   n,Playback(error-sorry)
        same  =   n,Hangup()
        ";
    assert_eq!(sections(&System::with_contexts(&[]).ivr(ivr).write()), unindented(expected) + "\n\n");
}

#[test]
fn sounds_and_the_timeout_are_written() {
    let line = |column: &str, value: &str| {
        let mut columns =
            vec![("id", "1"), ("tenant_uuid", "\"T\""), ("name", "\"n\""), ("menu_sound", "\"m\"")];
        columns.retain(|(name, _)| *name != column);
        columns.push((column, value));
        let columns: Vec<String> =
            columns.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        System::with_contexts(&[]).ivr(format!("{{{}}}", columns.join(", "))).write()
    };
    for (column, value, expected) in [
        ("timeout", "-1", "\nsame  =   n,WaitExten(-1)\n\n\n\n\nexten = t,1"),
        ("timeout", "0", "\nsame  =   n,Goto(t,1)\n\n\n\nexten = t,1"),
        (
            "invalid_sound",
            "\" i \"",
            "]?abort,1)\nsame  =   n,Playback( i )\nsame  =   n,Goto(s,start)\n\nexten = abort",
        ),
        ("abort_sound", "null", "Playback(error-sorry)\nsame  =   n,Hangup()\n\n"),
        ("abort_sound", "\"a b\"", "Playback(a b)\nsame  =   n,Hangup()\n\n"),
        ("greeting_sound", "\"g\\nh\"", "Background(g h)\n"),
        ("menu_sound", "\"g\\r\\n[h]\"", "Background(g  [h])\n"),
    ] {
        let written = line(column, value);
        assert!(written.text.contains(expected), "{column} {value}: {}", written.text);
        let blanked = if value.contains("\\n") {
            vec![format!(
                "table ivr, row id=1, column {column}: the value has a line break; blanks stand in its place"
            )]
        } else {
            Vec::new()
        };
        assert_eq!(written.warnings, blanked);
    }
    let written = line("menu_sound", "\"a;b\"");
    assert!(written.text.contains("Background(a\\;b)\n"));
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn each_destination_is_its_action_and_arguments() {
    for (action, first, second, arguments) in [
        ("none", None, None, "none,,"),
        ("none", Some("A1"), Some("A2"), "none,A1,A2"),
        ("endcall:busy", Some("20"), None, "endcall:busy,20,"),
        ("endcall:congestion", Some("10"), None, "endcall:congestion,10,"),
        ("endcall:hangup", None, None, "endcall:hangup,,"),
        ("user", Some("12"), Some("30"), "user,12,30"),
        ("group", Some("7"), Some("15.0"), "group,7,15.0"),
        ("queue", Some("1"), Some("5.0;2;"), "queue,1,5.0\\;2\\;"),
        ("voicemail", Some("4"), Some("su"), "voicemail,4,su"),
        ("extension", Some("1001"), Some("ctx-int"), "extension,1001,ctx-int"),
        ("outcall", Some("3"), Some("0123456789"), "outcall,3,0123456789"),
        ("application:callbackdisa", Some("1234"), Some("ctx-int"), "application:callbackdisa,1234,ctx-int"),
        ("application:disa", Some(""), Some("ctx-int"), "application:disa,,ctx-int"),
        ("application:directory", Some("ctx-int"), None, "application:directory,ctx-int,"),
        ("application:faxtomail", Some("a@example.org"), None, "application:faxtomail,a@example.org,"),
        ("application:voicemailmain", Some("ctx-int"), None, "application:voicemailmain,ctx-int,"),
        ("application:password", Some("4242"), None, "application:password,4242,"),
        ("sound", Some("/s/x y"), Some("skip;noanswer"), "sound,/s/x y,skip\\;noanswer"),
        ("custom", Some("Set(A=1,B=2)"), None, "custom,Set(A=1,B=2),"),
        ("ivr", Some("3"), None, "ivr,3,"),
        ("conference", Some("3"), None, "conference,3,"),
        ("switchboard", Some("3a1c"), Some("15"), "switchboard,3a1c,15"),
        ("application:custom", Some("9b2e"), None, "application:custom,9b2e,"),
    ] {
        let written = System::with_contexts(&[])
            .ivr(plain(1))
            .choice(1, 1, "5")
            .choice_leads_to("1", action, first, second)
            .write();
        let line = format!("\nexten = 5,n,Gosub(forward,s,1({arguments}))\n");
        assert!(written.text.contains(&line), "{action}: {}", written.text);
        assert_eq!(written.warnings, [""; 0]);
    }
}

#[test]
fn a_choice_with_a_bad_argument_is_left_out() {
    let counterpart =
        "a parenthesis, bracket or quote has no counterpart, and the arguments behind it would be lost";
    for (action, argument, reason) in [
        ("user", "1,2", Some("there is a comma, and what follows it would be the next field")),
        ("user", "${SHELL(id)}", Some("there is \"${\" or \"$[\", which Asterisk evaluates")),
        ("custom", "Set(A=1", Some(counterpart)),
        ("custom", "Set(A=${B},C)", None),
        ("sound", "a\\;b", None),
    ] {
        let written = System::with_contexts(&[])
            .ivr(plain(1))
            .choice(1, 1, "5")
            .choice_leads_to("1", action, argument, None)
            .write();
        let call = format!("forward,s,1({action},{argument},))\n");
        assert_eq!(written.text.contains(&call), reason.is_none(), "{}", written.text);
        let row =
            "table dialaction, row event=ivr_choice category=ivr_choice categoryval=1, column actionarg1";
        let warning = reason.map(|reason| format!("{row}: {reason}; the row is left out"));
        assert_eq!(written.warnings, warning.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_choice_with_a_bad_action_is_left_out() {
    for action in ["user,1", "user),1,System(id", "${SHELL(id)}"] {
        let written = System::with_contexts(&[])
            .ivr(plain(1))
            .choice(1, 1, "5")
            .choice_leads_to("1", action, None, None)
            .write();
        assert!(!written.text.contains("exten = 5"), "{}", written.text);
        let [warning] = &written.warnings[..] else { panic!("{:?}", written.warnings) };
        let row = "table dialaction, row event=ivr_choice category=ivr_choice categoryval=1, column action: ";
        assert!(warning.starts_with(row) && warning.ends_with("; the row is left out"), "{warning}");
    }
}

#[test]
fn of_several_destinations_of_a_choice_one_is_written() {
    let destination = |events: &[&str]| {
        let system = System::with_contexts(&[]).ivr(plain(1)).choice(1, 1, "5");
        let written = events
            .iter()
            .fold(system, |system, event| system.leads_to((event, "ivr_choice", "1"), "user", *event, None))
            .write();
        let (_, rest) = written.text.split_once("forward,s,1(user,").unwrap();
        rest.split_once(',').unwrap().0.to_owned()
    };
    assert_eq!(destination(&["z", "ivr_choice", "a"]), "ivr_choice");
    assert_eq!(destination(&["z", "b"]), "b");
    assert_eq!(destination(&["z"]), "z");
}

#[test]
fn ivrs_and_choices_are_sorted_by_id() {
    let written = System::with_contexts(&[])
        .ivr(plain(10))
        .ivr(plain(9))
        .choice(3, 9, "a")
        .choice(2, 9, "b")
        .choice(1, 10, "c")
        .choice(4, 11, "d")
        .write();
    let starts = ["[xivo-ivr-", "exten = a,1", "exten = b,1", "exten = c,1", "exten = d,1"];
    let is_start = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let lines: Vec<&str> = written.text.lines().filter(is_start).map(|line| &line[..11]).collect();
    assert_eq!(lines, ["[xivo-ivr-9", "exten = b,1", "exten = a,1", "[xivo-ivr-1", "exten = c,1"]);
}

#[test]
fn the_event_is_json_for_any_choice() {
    let written =
        System::with_contexts(&[]).ivr(plain(1)).choice(1, 1, "a\"b\\c").choice(2, 1, "\u{1f}*#é").write();
    for line in [
        r#"exten = a"b\c,1,CELGenUserEvent(WAZO_IVR_CHOICE, {"id":1,"exten":"a\"b\\c"})"#,
        "exten = \u{1f}*#é,1,CELGenUserEvent(WAZO_IVR_CHOICE, {\"id\":1,\"exten\":\"\\u001f*#\\u00e9\"})",
    ] {
        assert!(written.text.contains(line), "{}", written.text);
    }
}

#[test]
fn a_choice_or_destination_with_a_line_break_is_left_out() {
    for bad in ["x\n[y]", "x\ry", "x\0y"] {
        let written = System::with_contexts(&[])
            .ivr(plain(1))
            .choice(1, 1, bad)
            .choice(2, 1, "2")
            .choice_leads_to("2", "user", bad, None)
            .choice(3, 1, "3")
            .choice_leads_to("3", "user", "3", bad)
            .choice(4, 1, "4")
            .leads_to(("timeout", "ivr", "1"), "user", bad, None)
            .write();
        let section = written.dialplan("xivo-ivr-1").join("\n");
        assert!(!section.contains("[y]"), "{section}");
        let starts: Vec<&str> = section.lines().filter(|line| line.starts_with("exten = ")).collect();
        let expected = [
            "exten = s,1,Set(IVR_COUNTER=0)",
            r#"exten = 4,1,CELGenUserEvent(WAZO_IVR_CHOICE, {"id":1,"exten":"4"})"#,
            "exten = 4,n,Gosub(forward,s,1())",
            "exten = t,1,NoOp()",
            "exten = i,1,NoOp()",
            "exten = abort,1,NoOp()",
        ];
        assert_eq!(starts, expected);
        let destination = |event: &str, category: &str, owner: i64, column: &str| {
            format!("dialaction, row event={event} category={category} categoryval={owner}, column {column}")
        };
        let rows = [
            "ivr_choice, row id=1, column exten".to_owned(),
            destination("timeout", "ivr", 1, "actionarg1"),
            destination("ivr_choice", "ivr_choice", 2, "actionarg1"),
            destination("ivr_choice", "ivr_choice", 3, "actionarg2"),
        ];
        let left_out =
            rows.map(|row| format!("table {row}: the value has a line break; the row is left out"));
        assert_eq!(written.warnings, left_out);
    }
}

/// Writes the file with these templates in the folder of an operator, whose path is replaced by `FOLDER`.
fn with_templates(system: &System, templates: &[(&str, &str)]) -> Result<Written, String> {
    let folder = tempfile::tempdir().unwrap();
    let ivrs = folder.path().join("asterisk/extensions");
    std::fs::create_dir_all(&ivrs).unwrap();
    for (name, text) in templates {
        std::fs::write(ivrs.join(name), text).unwrap();
    }
    let path = folder.path().display().to_string();
    let config = Config::from_yaml(&format!("templates: {{directory: {path}}}")).unwrap();
    let mut database = system.rows.load();
    let text = database.generate(&Extensions::new(&config).unwrap());
    let warnings = database.warnings.iter().map(|warning| warning.replace(&path, "FOLDER")).collect();
    text.map(|text| Written { text, warnings }).map_err(|error| error.replace(&path, "FOLDER"))
}

#[test]
fn an_ivr_may_have_a_template_of_its_own() {
    let system = System::with_contexts(&[]).ivr(plain(1)).ivr(plain(2)).ivr(plain(12));
    let own = "[own {{ ivr.id }}]\r\n{% include 'asterisk/extensions/ivr.jinja' %}\n\n";
    let all = [("ivr-2.jinja", own), ("ivr.jinja", "[all {{ ivr.id }}]"), ("ivr-012.jinja", "x")];
    let written = with_templates(&system, &all).unwrap();
    assert_eq!(sections(&written), "[all 1]\n[own 2]\n[all 2]\n\n[all 12]\n");
    // The shipped template can be included, too, and a template may be empty.
    let written = with_templates(&system, &[("ivr-2.jinja", own), ("ivr-1.jinja", "")]).unwrap();
    assert!(sections(&written).starts_with("\n[own 2]\n[xivo-ivr-2]\n"), "{}", written.text);
    assert!(written.text.contains("\n[xivo-ivr-12]\n") && !written.text.contains("[xivo-ivr-1]"));
}

#[test]
fn a_template_sees_all_of_an_ivr() {
    let template = "{{ ivr.id }}|{{ ivr.tenant_uuid }}|{{ ivr.name }}|{{ ivr.greeting_sound }}|{{ ivr.menu_sound }}|\
        {{ ivr.invalid_sound }}|{{ ivr.abort_sound }}|{{ ivr.timeout }}|{{ ivr.max_tries }}|{{ ivr.description }}\n\
        {% for choice in ivr.choices %}{{ choice.id }}|{{ choice.ivr_id }}|{{ choice.exten }}|\
        {{ choice.destination.gosub_args }}|{{ choice.dialaction.event }}\n{% endfor %}\
        {% for event in ivr.dialactions|sort %}{{ event }}={% set d = ivr.dialactions[event] %}\
        {{ d.event }}|{{ d.category }}|{{ d.categoryval }}|{{ d.action }}|{{ d.actionarg1 }}|{{ d.actionarg2 }}|\
        {{ d.type }}|{{ d.subtype }}\n{% endfor %}{{ ivr.abort_destination }}|{{ ivr.timeout_destination.type }}|\
        {{ ivr.invalid_destination.gosub_args }}|{{ ivr.nothing }}.";
    let ivr = row! { id: 1, tenant_uuid: "T", name: "a\nb", menu_sound: "m", description: "c\r\nd" };
    let system = System::with_contexts(&[])
        .ivr(ivr)
        .choice(7, 1, "5")
        .choice_leads_to("7", "user", "2", None)
        .leads_to(("timeout", "ivr", "1"), "endcall:busy", "9", None)
        .leads_to(("invalid", "ivr", "1"), "none", None, None);
    let written = with_templates(&system, &[("ivr.jinja", template)]).unwrap();
    let expected = "1|T|a b|None|m|None|None|5|3|c  d\n7|1|5|user,2,|ivr_choice\n\
        invalid=invalid|ivr|1|none|None|None|none|None\n\
        timeout=timeout|ivr|1|endcall:busy|9|None|endcall|busy\nNone|endcall|none,,|.\n";
    assert_eq!(sections(&written), expected);
    let blanked = "table ivr, row id=1, column name: the value has a line break; blanks stand in its place";
    assert_eq!(written.warnings, [blanked]);
}

#[test]
fn a_bad_template_of_one_ivr_leaves_out_that_ivr() {
    let system = System::with_contexts(&[]).ivr(plain(1)).ivr(plain(2));
    let bad = "[x]\n{{ ivr.nothing.more }}\n";
    let written = with_templates(&system, &[("ivr-1.jinja", bad)]).unwrap();
    assert!(sections(&written).starts_with("[xivo-ivr-2]\n"), "{}", written.text);
    let [warning] = &written.warnings[..] else { panic!("{:?}", written.warnings) };
    let place = "template FOLDER/asterisk/extensions/ivr-1.jinja, line 2: undefined value";
    assert!(warning.starts_with(&format!("table ivr, row id=1: the IVR is left out: {place}")), "{warning}");
    let error = with_templates(&system, &[("ivr.jinja", bad)]).map(|_| ()).unwrap_err();
    let place = "template FOLDER/asterisk/extensions/ivr.jinja, line 2: undefined value";
    assert!(error.starts_with(place), "{error}");
}
