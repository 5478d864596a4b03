//! The hints: of users in a context of their own, and of each kind in the contexts.

use super::*;

/// User 1 with the line 1, whose endpoint is `sip1`, and the main extension 1001 in the context `c`; the
/// codes of function keys begin with `*735`.
fn system() -> System {
    System::with_contexts(&["c"])
        .feature(735, "phoneprogfunckey", "_*735.", false)
        .user(1)
        .sip(1, 1, "sip1")
        .extension(1, "1001", "user", "1")
        .on_line(1, 1, true)
}

/// The hints in `c`, but that of the extension 1001.
fn hints(system: &System) -> Vec<String> {
    let mut hints = system.write().hints("c");
    assert_eq!(hints.remove(0), "1001,PJSIP/sip1");
    hints
}

const SERVICE: i64 = 5;
const FORWARD: i64 = 6;
const CUSTOM: i64 = 10;
const AGENT: i64 = 11;
const GROUP_MEMBER: i64 = 13;

impl System {
    fn service(self, key: i64, feature: i64) -> System {
        self.add("func_key_dest_service", row! { func_key_id: key, feature_extension_uuid: uuid(feature) })
    }

    fn forward<'a>(self, key: i64, feature: i64, number: impl Into<Option<&'a str>>) -> System {
        let row = row! { func_key_id: key, feature_extension_uuid: uuid(feature), number: number.into() };
        self.add("func_key_dest_forward", row)
    }

    fn custom(self, key: i64, exten: &str) -> System {
        self.add("func_key_dest_custom", row! { func_key_id: key, exten: exten })
    }

    fn conference(self, id: i64, key: i64) -> System {
        self.add("conference", row! { id: id, tenant_uuid: "T" })
            .add("func_key_dest_conference", row! { func_key_id: key, conference_id: id })
    }

    /// A member of a call filter, with a key for it.
    fn filter_member(self, id: i64, filter: i64, user: &str) -> System {
        let member = row! {
            id: id, callfilterid: filter, type: "user", typeval: user, bstype: "boss",
        };
        self.add("callfiltermember", member)
            .add("func_key_dest_bsfilter", row! { func_key_id: 1000 + id, filtermember_id: id })
    }

    fn filter(self, id: i64, commented: i64) -> System {
        let row = row! { id: id, tenant_uuid: "T", name: format!("f{id}"), type: "bosssecretary", commented: commented };
        self.add("callfilter", row)
    }
}

#[test]
fn a_user_has_the_devices_of_all_lines() {
    let written = System::with_contexts(&["c", "d"])
        .user(1)
        // The second line has a smaller number than the main one.
        .sip(1, 5, "main")
        .add("linefeatures", row! { id: 2, context: "c", provisioningid: 0, endpoint_sccp_id: 7 })
        .add(
            "sccpline",
            row! { id: 7, tenant_uuid: "T", name: "sccp", context: "c", cid_name: "", cid_num: "" },
        )
        .user_of(1, 2, true, false)
        .add("linefeatures", row! { id: 3, context: "c", provisioningid: 0, endpoint_custom_id: 8 })
        .add("usercustom", row! { id: 8, tenant_uuid: "T", interface: "Local/1@x", category: "user" })
        .user_of(1, 3, true, false)
        // A line without endpoint, a disabled one, and one whose main user is another user.
        .add("linefeatures", row! { id: 4, context: "c", provisioningid: 0 })
        .user_of(1, 4, true, false)
        .add(
            "linefeatures",
            row! { id: 6, context: "c", provisioningid: 0, commented: 1, endpoint_sccp_id: 7 },
        )
        .user_of(1, 6, true, false)
        .add("linefeatures", row! { id: 9, context: "c", provisioningid: 0, endpoint_sccp_id: 7 })
        .user_of(1, 9, false, false)
        .extension_in("d", 10, "1002", "user", "1")
        .on_line(10, 2, true)
        .extension(11, "1001", "user", "1")
        .on_line(11, 5, true)
        .extension(12, "1003", "user", "1")
        .on_line(12, 5, false)
        .extension(13, "1004", "user", "1")
        .on_line(13, 9, true)
        // The extension of a disabled line, disabled itself.
        .add(
            "extensions",
            row! { id: 14, context: "c", exten: "1000", type: "group", typeval: "1", commented: 1 },
        )
        .on_line(14, 6, true)
        .write();
    let devices = "PJSIP/main&SCCP/sccp&Local/1@x";
    assert_eq!(written.hints("c"), [format!("1000,{devices}"), format!("1001,{devices}")]);
    assert_eq!(written.hints("d"), [format!("1002,{devices}")]);
}

#[test]
fn a_user_without_device_has_no_hint() {
    let custom = |interface: &str| {
        System::with_contexts(&["c"])
            .user(1)
            .add(
                "linefeatures",
                row! { id: 1, name: "x", context: "c", provisioningid: 0, endpoint_custom_id: 1 },
            )
            .add("usercustom", row! { id: 1, tenant_uuid: "T", interface: interface, category: "user" })
            .main_user(1, 1)
            .extension(1, "1001", "user", "1")
            .on_line(1, 1, true)
    };
    assert_eq!(custom("").write().hints("c"), [""; 0]);
    assert_eq!(custom("Local/1").write().hints("c"), ["1001,Local/1"]);
    // An empty device among others is an empty element.
    assert_eq!(custom("").sip(1, 2, "sip2").write().hints("c"), ["1001,&PJSIP/sip2"]);
    for enablehint in [0, 2, -1] {
        let system = System::with_contexts(&["c"])
            .user_with_hint(1, enablehint)
            .sip(1, 1, "sip1")
            .extension(1, "1001", "user", "1")
            .on_line(1, 1, true)
            .key(1, 4, 1, CUSTOM)
            .custom(4, "5000");
        let written = system.write();
        assert_eq!(written.hints("c"), ["5000,Custom:5000"]);
        assert_eq!(written.hints("usersharedlines"), ["u1,Custom:u1-mobile&PJSIP/sip1"]);
    }
}

#[test]
fn hints_of_users_are_sorted_by_user_then_number() {
    let system = System::with_contexts(&["c"]).user(2).user(1).sip(2, 3, "b").sip(1, 4, "a");
    let system = [(1, "20", 3), (2, "9", 4), (3, "10", 3), (4, "8", 4), (5, "10", 3)].into_iter().fold(
        system,
        |system, (id, exten, line)| {
            let exten = if id == 5 { "30" } else { exten };
            system.extension(id, exten, "user", "1").on_line(id, line, true)
        },
    );
    let expected = ["8,PJSIP/a", "9,PJSIP/a", "10,PJSIP/b", "20,PJSIP/b", "30,PJSIP/b"];
    assert_eq!(system.write().hints("c"), expected);
}

#[test]
fn a_conference_has_a_hint_if_a_key_leads_to_it() {
    let system = system()
        .conference(3, 30)
        .conference(6, 31)
        .add("conference", row! { id: 5, tenant_uuid: "T" })
        .extension(20, "4000", "conference", "3")
        .extension(21, "4001", "conference", "06")
        .extension(22, "4002", "conference", "5")
        .extension(23, "4003", "group", "3")
        .add(
            "extensions",
            row! { id: 19, context: "c", exten: "4004", type: "conference", typeval: "3", commented: 1 },
        )
        .add("func_key_dest_conference", row! { func_key_id: 32, conference_id: 3 });
    assert_eq!(hints(&system), ["4004,confbridge:3", "4000,confbridge:3"]);
}

#[test]
fn a_service_shows_whether_it_is_on() {
    let system = system()
        .feature(25, "enablednd", "*25", true)
        .feature(26, "callrecord", "_*26X!", true)
        .feature(27, "incallfilter", "*27", false)
        .service(1, 26)
        .service(2, 25)
        .service(3, 27)
        .key(1, 1, 2, SERVICE)
        .key(1, 2, 1, SERVICE)
        .key(1, 3, 3, SERVICE);
    let expected = ["*7351***225,Custom:*7351***225", "*7351***226,Custom:*7351***226"];
    assert_eq!(hints(&system), expected);
}

#[test]
fn a_forward_shows_whether_calls_go_to_its_number() {
    for (number, extension) in [
        (None, "*7351***221"),
        (Some(""), "*7351***221"),
        (Some("1234"), "*7351***221*1234"),
        (Some("*98"), "*7351***221***398"),
        (Some("_12X"), "*7351***221*12"),
        (Some("_X"), "*7351***221"),
    ] {
        let system =
            system().feature(21, "fwdunc", "_*21.", true).forward(1, 21, number).key(1, 1, 1, FORWARD);
        assert_eq!(hints(&system), [format!("{extension},Custom:{extension}")], "{number:?}");
    }
}

#[test]
fn a_group_member_shows_whether_they_are_in_the_group() {
    let destination = row! { func_key_id: 1, group_id: 7, feature_extension_uuid: uuid(50) };
    let system = system()
        .feature(50, "groupmembertoggle", "_*50.", true)
        .add("func_key_dest_groupmember", destination)
        .key(1, 1, 1, GROUP_MEMBER);
    assert_eq!(hints(&system), ["*7351***250*7,Custom:*7351***250*7"]);
}

#[test]
fn an_agent_shows_whether_they_are_logged_in() {
    let destination = row! { func_key_id: 1, agent_id: 42, feature_extension_uuid: uuid(30) };
    let system = system()
        .feature(30, "agentstaticlogtoggle", "_*30.", true)
        .add("func_key_dest_agent", destination)
        .key(1, 1, 1, AGENT);
    assert_eq!(hints(&system), ["*7351***230***342,Custom:*7351***230***342"]);
}

#[test]
fn a_custom_key_shows_the_state_of_its_number() {
    for exten in ["5000", "_5XX", " 5 "] {
        let system = system().custom(1, exten).key(1, 1, 1, CUSTOM);
        assert_eq!(hints(&system), [format!("{exten},Custom:{exten}")]);
    }
}

#[test]
fn a_member_of_a_call_filter_shows_whether_it_is_on() {
    let system = system()
        .feature(37, "bsfilter", "_*37.", false)
        .filter(1, 0)
        .filter(2, 1)
        .filter_member(9, 1, "1")
        .filter_member(8, 1, " 1 ")
        .filter_member(7, 2, "1")
        .filter_member(6, 1, "2");
    assert_eq!(hints(&system), ["*378,Custom:*378", "*379,Custom:*379"]);
    let written = system.filter_member(5, 1, "one").write();
    assert_eq!(
        written.warnings,
        [
            "table callfiltermember, row id=5, column typeval: \"one\" is not the id of a user; the member has no hint"
        ]
    );
    // Without the feature there is no code; a disabled extension has no such hint.
    let system =
        System::with_contexts(&["c"]).user(1).sip(1, 1, "sip1").filter(1, 0).filter_member(9, 1, "1");
    let extension = |commented: i64| {
        row! { id: 1, context: "c", exten: "1", type: "user", typeval: "1", commented: commented }
    };
    let system = system.on_line(1, 1, true);
    let System { rows, contexts } = system;
    let enabled = System { rows: rows.add("extensions", extension(0)), contexts };
    assert_eq!(enabled.write().hints("c"), ["1,PJSIP/sip1", "9,Custom:9"]);
}

#[test]
fn a_disabled_extension_has_no_filter_but_its_keys() {
    let disabled = row! { id: 1, context: "c", exten: "1001", type: "user", typeval: "1", commented: 1 };
    let system = System::with_contexts(&["c"])
        .user(1)
        .sip(1, 1, "sip1")
        .add("extensions", disabled)
        .on_line(1, 1, true)
        .filter(1, 0)
        .filter_member(9, 1, "1")
        .custom(2, "5000")
        .key(1, 2, 1, CUSTOM);
    assert_eq!(hints(&system), ["5000,Custom:5000"]);
}

#[test]
fn keys_of_shared_templates_and_keys_without_lamp_have_no_hint() {
    let dark = row! { template_id: 1, func_key_id: 2, destination_type_id: CUSTOM, position: 2, blf: false };
    let system =
        system().custom(1, "5001").key(7, 1, 1, CUSTOM).custom(2, "5002").add("func_key_mapping", dark);
    assert_eq!(hints(&system), [""; 0]);
}

#[test]
fn keys_belong_to_the_main_extensions_of_the_main_line() {
    let system = System::with_contexts(&["c", "d", "e"])
        .user(1)
        .user_of(1, 1, true, true)
        .user_of(1, 2, true, false)
        .user(2)
        .user_of(2, 1, false, true)
        .extension_in("d", 11, "1", "user", "1")
        .on_line(11, 1, true)
        .extension_in("e", 12, "1", "user", "1")
        .on_line(12, 1, false)
        .extension_in("c", 13, "1", "user", "1")
        .on_line(13, 2, true)
        .custom(1, "5000")
        .key(1, 1, 1, CUSTOM)
        .custom(2, "5001")
        .key(2, 2, 1, CUSTOM);
    let lines = [1_i64, 2].map(|id| row! { id: id, name: format!("l{id}"), context: "c", provisioningid: 0 });
    let written = lines.into_iter().fold(system, |system, line| system.add("linefeatures", line)).write();
    assert_eq!(written.hints("c"), [""; 0]);
    assert_eq!(written.hints("d"), ["5000,Custom:5000"]);
    assert_eq!(written.hints("e"), [""; 0]);
}

#[test]
fn of_two_hints_for_an_extension_the_first_is_written() {
    let system = system()
        .custom(1, "1001")
        .custom(2, "5000")
        .custom(3, "4000")
        .custom(4, "5000")
        .key(1, 1, 1, CUSTOM)
        .key(1, 2, 2, CUSTOM)
        .key(1, 3, 3, CUSTOM)
        .key(1, 4, 4, CUSTOM)
        .conference(3, 30)
        .extension(20, "4000", "conference", "3")
        .feature(25, "enablednd", "*25", true)
        .service(5, 25)
        .key(1, 5, 9, SERVICE);
    let expected = ["4000,confbridge:3", "*7351***225,Custom:*7351***225", "5000,Custom:5000"];
    assert_eq!(hints(&system), expected);
}

#[test]
fn without_the_prefix_the_keys_begin_with_the_user() {
    let system = System::with_contexts(&["c"])
        .user(1)
        .sip(1, 1, "sip1")
        .extension(1, "1001", "user", "1")
        .on_line(1, 1, true)
        .feature(25, "enablednd", "*25", true)
        .service(5, 25)
        .key(1, 5, 1, SERVICE);
    assert_eq!(hints(&system), ["1***225,Custom:1***225"]);
}

#[test]
fn of_two_prefixes_the_first_is_used() {
    let system = system()
        .feature(736, "phoneprogfunckey", "_*734.", false)
        .feature(25, "enablednd", "*25", true)
        .service(5, 25)
        .key(1, 5, 1, SERVICE)
        .feature(37, "bsfilter", "_*38.", false)
        .feature(38, "bsfilter", "_*37.", false)
        .filter(1, 0)
        .filter_member(9, 1, "1");
    assert_eq!(hints(&system), ["*7341***225,Custom:*7341***225", "*379,Custom:*379"]);
    let twice = |id, feature, exten: &str| {
        format!(
            "table feature_extension, row uuid={} feature={feature}, column exten: there is more than one feature \
                {feature}, and hints use the extension {exten:?}: delete the others",
            uuid(id)
        )
    };
    let warnings = [twice(735, "phoneprogfunckey", "_*734."), twice(37, "bsfilter", "_*37.")];
    assert_eq!(system.write().warnings, warnings);
}

#[test]
fn every_user_has_a_hint_of_all_lines() {
    let line = |id: i64, name: Option<&str>, commented: i64| {
        row! { id: id, name: name, context: "c", provisioningid: 0, commented: commented }
    };
    let written = System::with_contexts(&[])
        // Only secondary lines; a main line, disabled; no line, disabled; a shared line.
        .user(1)
        .add("linefeatures", line(11, Some("none"), 0))
        .user_of(1, 11, true, false)
        .user(2)
        .add(
            "linefeatures",
            row! { id: 12, name: "main", context: "c", provisioningid: 0, commented: 1, endpoint_sccp_id: 1 },
        )
        .user_of(2, 12, false, true)
        .user_of(2, 11, false, false)
        .user(4)
        .user(3)
        .user(5)
        .add(
            "linefeatures",
            row! { id: 13, name: "Local/5", context: "c", provisioningid: 0, endpoint_custom_id: 1 },
        )
        .user_of(5, 13, true, true)
        .sip(5, 14, "sip5")
        .write();
    let expected = [
        "u3,Custom:u3-mobile",
        "u4,Custom:u4-mobile",
        "u2,Custom:u2-mobile&SCCP/main&CUSTOM/none",
        "u5,Custom:u5-mobile&Local/5&PJSIP/sip5",
        "u1,Custom:u1-mobile&CUSTOM/none",
    ];
    assert_eq!(written.hints("usersharedlines"), expected);
}

#[test]
fn a_line_without_name_is_left_out_or_called_none() {
    let uuid = uuid(1);
    for (endpoint, argument, consequence) in [
        ("endpoint_custom_id", "", ", so the hint of the user lacks it"),
        ("endpoint_sip_uuid", "&PJSIP/None", ""),
        ("endpoint_sccp_id", "&SCCP/None", ""),
        ("number", "&CUSTOM/None", ""),
    ] {
        let value = if endpoint == "endpoint_sip_uuid" { format!("\"{uuid}\"") } else { "1".to_owned() };
        let value = if endpoint == "number" { "\"1\"".to_owned() } else { value };
        let line =
            format!("{{\"id\": 1, \"context\": \"c\", \"provisioningid\": 0, \"{endpoint}\": {value}}}");
        let written = System::with_contexts(&[]).user(1).add("linefeatures", line).main_user(1, 1).write();
        assert_eq!(written.hints("usersharedlines"), [format!("u1,Custom:u1-mobile{argument}")]);
        let consequence = match consequence {
            "" => ", so the hint of the user has the word None instead",
            consequence => consequence,
        };
        let warning = format!("table linefeatures, row id=1, column name: the line has no name{consequence}");
        assert_eq!(written.warnings, [warning]);
    }
    let custom = row! { id: 1, name: "", context: "c", provisioningid: 0, endpoint_custom_id: 1 };
    let written = System::with_contexts(&[]).user(1).add("linefeatures", custom).main_user(1, 1).write();
    assert_eq!(written.hints("usersharedlines"), ["u1,Custom:u1-mobile&"]);
}

#[test]
fn a_line_named_differently_from_its_endpoint_is_reported() {
    let written = System::with_contexts(&["c"])
        .user(1)
        .add("endpoint_sip", row! { uuid: uuid(1), name: "new", tenant_uuid: "T" })
        .add(
            "linefeatures",
            row! { id: 1, name: "old", context: "c", provisioningid: 0, endpoint_sip_uuid: uuid(1) },
        )
        .main_user(1, 1)
        .extension(1, "1001", "user", "1")
        .on_line(1, 1, true)
        .write();
    assert_eq!(written.hints("usersharedlines"), ["u1,Custom:u1-mobile&PJSIP/old"]);
    assert_eq!(written.hints("c"), ["1001,PJSIP/new"]);
    let warning = "table linefeatures, row id=1, column name: queue members reach the line by the name \
        \"old\", but its endpoint is called \"new\": calls to it fail";
    assert_eq!(written.warnings, [warning]);
}

#[test]
fn a_hint_or_device_with_a_line_break_is_left_out() {
    let bad = "x\n[y]";
    let written = system()
        .custom(1, bad)
        .key(1, 1, 1, CUSTOM)
        .feature(21, "fwdunc", "_*21.", true)
        .forward(2, 21, bad)
        .key(1, 2, 2, FORWARD)
        .add("usercustom", row! { id: 1, tenant_uuid: "T", interface: bad, category: "user" })
        .add(
            "linefeatures",
            row! { id: 2, name: "fine", context: "c", provisioningid: 0, endpoint_custom_id: 1 },
        )
        .user_of(1, 2, true, false)
        .add("linefeatures", row! { id: 3, name: bad, context: "c", provisioningid: 0 })
        .user_of(1, 3, true, false)
        .add(
            "userfeatures",
            row! { id: 9, uuid: bad, tenant_uuid: "T", func_key_private_template_id: 9, description: "" },
        )
        .extension(9, bad, "user", "9")
        .on_line(9, 1, true)
        .conference(3, 30)
        .extension(20, bad.replace('x', "z").as_str(), "conference", "3")
        .write();
    assert_eq!(written.hints("usersharedlines"), ["u1,Custom:u1-mobile&PJSIP/sip1&fine"]);
    assert_eq!(written.hints("c"), ["1001,PJSIP/sip1"]);
    assert!(!written.text.contains("[y]"), "{}", written.text);
    let rows = [
        "extensions, row id=20, column exten",
        "extensions, row id=9, column exten",
        "func_key_dest_forward, row func_key_id=2, column number",
        "func_key_dest_custom, row func_key_id=1, column exten",
        "linefeatures, row id=2, column endpoint",
        "userfeatures, row id=9, column uuid",
        "linefeatures, row id=3, column name",
    ];
    let warnings = rows.map(|row| {
        let is_device = row.starts_with("linefeatures");
        let consequence = if is_device { "the hint lacks the line" } else { "the row is left out" };
        format!("table {row}: the value has a line break; {consequence}")
    });
    assert_eq!(written.warnings, warnings);
}

#[test]
fn a_hint_in_an_unwritten_context_is_left_out() {
    let system = System::with_contexts(&["c"])
        .user(1)
        .sip(1, 1, "sip1")
        .extension_in("elsewhere", 1, "1001", "user", "1")
        .on_line(1, 1, true)
        .custom(1, "5000")
        .key(1, 1, 1, CUSTOM);
    let written = system.write();
    assert!(!written.text.contains("5000") && !written.text.contains("1001"), "{}", written.text);
}

#[test]
fn semicolons_in_hints_are_escaped() {
    let written = system().custom(1, "5;0").key(1, 1, 1, CUSTOM).write();
    assert_eq!(written.hints("c"), ["1001,PJSIP/sip1", "5\\;0,Custom:5\\;0"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn a_hint_that_can_not_be_written_names_its_row_and_column() {
    let disabled = |id: i64, exten: &str, kind: &str, typeval: &str| {
        row! { id: id, context: "c", exten: exten, type: kind, typeval: typeval, commented: 1 }
    };
    let line = row! { id: 3, name: "a,b", context: "c", provisioningid: 0, endpoint_sip_uuid: uuid(3) };
    let written = system()
        .add("extensions", disabled(9, "1,9", "user", "9"))
        .on_line(9, 1, true)
        .conference(3, 30)
        .add("extensions", disabled(20, "${X}", "conference", "3"))
        .custom(1, "5,0")
        .key(1, 1, 1, CUSTOM)
        .custom(2, "6(0")
        .key(1, 2, 2, CUSTOM)
        .feature(21, "fwdunc", "_*21.", true)
        .forward(3, 21, "7,0")
        .key(1, 3, 3, FORWARD)
        .add("linefeatures", line)
        .add("endpoint_sip", row! { uuid: uuid(3), name: "${Y}", tenant_uuid: "T" })
        .user_of(1, 3, true, false)
        .add(
            "userfeatures",
            row! { id: 9, uuid: "u,9", tenant_uuid: "T", func_key_private_template_id: 9, description: "" },
        )
        .write();
    assert_eq!(written.hints("c"), ["1001,PJSIP/sip1"]);
    assert_eq!(written.hints("usersharedlines"), ["u1,Custom:u1-mobile&PJSIP/sip1"]);
    let comma = "there is a comma, and what follows it would be the next field";
    let expression = "there is \"${\" or \"$[\", which Asterisk evaluates";
    let unbalanced =
        "a parenthesis, bracket or quote has no counterpart, and the arguments behind it would be lost";
    let expected = [
        ("linefeatures, row id=3, column endpoint", expression, "the hint lacks the line"),
        ("extensions, row id=9, column exten", comma, "the row is left out"),
        ("extensions, row id=20, column exten", expression, "the row is left out"),
        ("func_key_dest_forward, row func_key_id=3, column number", comma, "the row is left out"),
        ("func_key_dest_custom, row func_key_id=1, column exten", comma, "the row is left out"),
        ("userfeatures, row id=9, column uuid", comma, "the row is left out"),
        ("linefeatures, row id=3, column name", comma, "the hint lacks the line"),
        (
            "func_key_dest_custom, row func_key_id=2, column exten",
            unbalanced,
            "the option \"6(0\" is left out",
        ),
    ];
    let expected =
        expected.map(|(place, reason, consequence)| format!("table {place}: {reason}; {consequence}"));
    assert_eq!(written.warnings, expected);
}
