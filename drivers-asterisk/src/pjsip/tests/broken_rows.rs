//! Rows with line breaks, with missing references, or with the same endpoint as another row: each is left out,
//! with a warning.

use super::*;

fn left_out(row: &str) -> String {
    format!("table {row}: the value has a line break; the row is left out")
}

#[test]
fn a_line_break_in_a_label_is_a_blank() {
    let endpoint = row! { uuid: uuid(1), name: "a", tenant_uuid: "T", label: "Ann\n[x]\r\ty\0" };
    let written = system().add("endpoint_sip", endpoint).line(1, 1).pjsip();
    assert!(written.text.starts_with(&format!("{HEAD}\n; Ann [x]  y \n[a]\n")), "{}", written.text);
    let row = format!("table endpoint_sip, row uuid={} name=a, column label", uuid(1));
    assert_eq!(written.warnings, [row + ": the value has a line break; blanks stand in its place"]);
}

#[test]
fn an_option_with_a_line_break_leaves_the_inherited_one() {
    for (key, value, column) in [
        ("allow", "alaw\n[x]", "value"),
        ("allow", "alaw\r", "value"),
        ("allow", "\0", "value"),
        ("allow\n", "alaw", "key"),
        ("a\rllow", "alaw", "key"),
        ("allow\0", "alaw", "key"),
    ] {
        let rows = system().endpoint(1, "a").template(2, "t").link(1, 2, 0).line(1, 1);
        let rows = rows.options(2, &["allow=ulaw"]).option(1, "endpoint", key, value).options(1, &["k=v"]);
        let written = rows.pjsip();
        assert_eq!(written.options("a"), ["context = default", "allow = ulaw", "type = endpoint", "k = v"]);
        let key = if column == "key" { format!("{key:?}") } else { key.to_owned() };
        let row = format!("row endpoint_sip_uuid={} type=endpoint key={key}, column {column}", uuid(1));
        assert_eq!(written.warnings, [left_out(&format!("endpoint_sip_section_option, {row}"))]);
    }
}

#[test]
fn a_section_without_valid_options_is_left_out() {
    let rows = system().endpoint(1, "a").line(1, 1).option(1, "auth", "password", "x\ny");
    let written = rows.pjsip();
    assert_eq!(written.names(), ["a"]);
    assert_eq!(written.options("a"), ["context = default", "type = endpoint"]);
}

#[test]
fn a_transport_with_a_line_break_is_left_out() {
    let endpoint = |id, transport| {
        row! { uuid: uuid(id), name: format!("e{id}"), tenant_uuid: "T", transport_uuid: uuid(transport) }
    };
    let rows = system()
        .transport(8, "udp\n[x]")
        .transport_option(8, "protocol", "udp")
        .transport_option(8, "bind", "0.0.0.0")
        .transport(9, "wss")
        .transport_option(9, "a\r", "b")
        .transport_option(9, "k", "v")
        .transport_option(9, "c", "d\0")
        .add("endpoint_sip", endpoint(1, 8))
        .add("endpoint_sip", endpoint(2, 9))
        .line(1, 1)
        .line(2, 2);
    let written = rows.pjsip();
    assert_eq!(written.names(), ["wss", "e1", "e2"]);
    assert_eq!(written.options("wss"), ["type = transport", "k = v"]);
    assert_eq!(written.options("e1"), ["context = default", "type = endpoint"]);
    assert_eq!(written.options("e2"), ["context = default", "transport = wss", "type = endpoint"]);
    assert_eq!(
        written.warnings,
        [
            left_out(&format!("pjsip_transport, row uuid={}, column name", uuid(8))),
            left_out("pjsip_transport_option, row id=3, column key"),
            left_out("pjsip_transport_option, row id=5, column value"),
            no_transport(1, "e1", 8),
        ]
    );
}

fn no_transport(endpoint: i64, name: &str, transport: i64) -> String {
    format!(
        "table endpoint_sip, row uuid={} name={name}, column transport_uuid: there is no pjsip_transport {}, or it is \
            left out, so this option is left out, too",
        uuid(endpoint),
        uuid(transport)
    )
}

#[test]
fn an_endpoint_with_a_bad_name_is_still_a_template() {
    let sections = [
        "aor",
        "auth",
        "endpoint",
        "identify",
        "outbound_auth",
        "registration",
        "registration_outbound_auth",
    ];
    for name in ["evil\n[x]", "evil\r", "evil\0"] {
        let rows = system().endpoint(9, name).endpoint(1, "child").link(1, 9, 0).line(1, 9).line(2, 1);
        let rows = rows.trunk(1, 9).trunk(2, 1).meeting(1, 9, "m");
        let rows = sections.iter().fold(rows, |rows, section| rows.option(9, section, "k", section));
        let written = rows.option(9, "registration", "line", "yes").pjsip();
        let phone = ["child"; 3];
        let trunk = ["child", "child", "child", "child", "outbound_auth_child", "auth_reg_child", "child"];
        assert_eq!(written.names(), [&phone[..], &trunk].concat());
        assert_eq!(written.options("child")[1], "k = endpoint");
        assert_eq!(written.variable("child", "WAZO_LINE_ID"), ["2", "1"]);
        assert!(!written.text.contains("evil"), "{}", written.text);
        let row = format!("endpoint_sip, row uuid={} name={name:?}, column name", uuid(9));
        assert_eq!(written.warnings, [left_out(&row)]);
    }
}

#[test]
fn a_line_extension_or_mailbox_with_a_line_break_is_left_out() {
    let line = row! {
        id: 2, context: "default", provisioningid: 0, application_uuid: "a\rb", endpoint_sip_uuid: uuid(1),
    };
    let rows = system()
        .endpoint(1, "a")
        .line_in("a\n[x]", 1, 1)
        .add("linefeatures", line)
        .line(3, 1)
        .voicemail(1, "8\n9")
        .voicemail(2, "82")
        .add("voicemail", row! { uniqueid: 3, context: "v\nm", mailbox: "83" })
        .user(1, 1)
        .user(2, 2)
        .user(3, 3)
        .add(
            "userfeatures",
            row! { id: 4, uuid: "u\n4", tenant_uuid: "T", func_key_private_template_id: 4, description: "" },
        )
        .main_user(1, 3)
        .main_user(2, 3)
        .main_user(3, 3)
        .main_user(4, 3)
        .extension(1, "1001\r", 3, true)
        .add("extensions", row! { id: 2, context: "e\nxt", exten: "1002", type: "user" })
        .add("line_extension", row! { line_id: 3, extension_id: 2, main_extension: false })
        .extension(3, "1003", 3, false);
    let written = rows.pjsip();
    assert_eq!(written.names(), ["a", "a"]);
    assert_eq!(written.variable("a", "WAZO_LINE_ID"), ["3"]);
    // Users without their mailbox are users, and can be called.
    assert_eq!(written.variable("a", "WAZO_USERID"), ["1", "2", "3"]);
    assert_eq!(written.sections()[1], ("a", vec!["mailboxes = 82@vm", "type = aor"]));
    assert_eq!(written.variable("a", "PICKUPMARK"), ["1003%ext"]);
    assert_eq!(
        written.warnings,
        [
            "linefeatures, row id=1, column context",
            "linefeatures, row id=2, column application_uuid",
            "user_line, row line_id=3 user_id=4, column uuid",
            "line_extension, row line_id=3 extension_id=1, column exten",
            "line_extension, row line_id=3 extension_id=2, column context",
            "voicemail, row uniqueid=1, column mailbox",
            "voicemail, row uniqueid=3, column context",
        ]
        .map(left_out)
    );
}

#[test]
fn a_trunk_meeting_or_tenant_with_a_line_break_is_left_out() {
    let trunk = row! { id: 1, tenant_uuid: "T", endpoint_sip_uuid: uuid(1), context: "from\n[x]" };
    let tenant = row! { uuid: "U", record_start_announcement: "on\n[x]", record_stop_announcement: "off" };
    let rows = system()
        .endpoint(1, "a")
        .add("trunkfeatures", trunk)
        .meeting(5, 1, "Weekly\r\n")
        .add("tenant", tenant)
        .add("endpoint_sip", row! { uuid: uuid(2), name: "b", tenant_uuid: "U" })
        .line(1, 2)
        .add("endpoint_sip", row! { uuid: uuid(3), name: "c", tenant_uuid: "T\n" })
        .line(2, 3);
    let written = rows.pjsip();
    assert_eq!(written.names(), ["b"]);
    let variables = ["WAZO_CHANNEL_DIRECTION=from-wazo", "WAZO_LINE_ID=1", "TRANSFER_CONTEXT=default"];
    assert_eq!(written.variables("b")[1..], variables);
    assert_eq!(
        written.warnings,
        [
            left_out(&format!("endpoint_sip, row uuid={} name=c, column tenant_uuid", uuid(3))),
            left_out("tenant, row uuid=U, column record_start_announcement"),
            no_endpoint("linefeatures, row id=2, column endpoint_sip_uuid", 3),
            left_out("trunkfeatures, row id=1, column context"),
            left_out(&format!("meeting, row uuid={}, column name", uuid(5))),
        ]
    );
}

fn no_endpoint(row: &str, endpoint: i64) -> String {
    format!(
        "table {row}: there is no endpoint_sip {}, or it is left out, so this row is left out, too",
        uuid(endpoint)
    )
}

#[test]
fn an_item_whose_endpoint_is_missing_is_left_out() {
    let rows = system().endpoint(1, "a").line(1, 1).line(2, 9).trunk(3, 9).meeting(4, 9, "m");
    let written = rows.pjsip();
    assert_eq!(written.names(), ["a"]);
    assert_eq!(
        written.warnings,
        [
            no_endpoint("linefeatures, row id=2, column endpoint_sip_uuid", 9),
            no_endpoint("trunkfeatures, row id=3, column endpoint_sip_uuid", 9),
            no_endpoint(&format!("meeting, row uuid={}, column guest_endpoint_sip_uuid", uuid(4)), 9),
        ]
    );
}

#[test]
fn a_link_to_a_missing_endpoint_is_left_out() {
    let rows = system().endpoint(1, "a").template(2, "t").options(2, &["k=v"]).line(1, 1);
    let written = rows.link(1, 8, 0).link(1, 2, 1).link(9, 2, 2).pjsip();
    assert_eq!(written.options("a"), ["context = default", "k = v", "type = endpoint"]);
    let link = |child, parent, column: &str, missing| {
        let [child, parent] = [child, parent].map(uuid);
        let row = format!("row child_uuid={child} parent_uuid={parent}");
        no_endpoint(&format!("endpoint_sip_template, {row}, column {column}"), missing)
    };
    assert_eq!(written.warnings, [link(1, 8, "parent_uuid", 8), link(9, 2, "child_uuid", 9)]);
}

#[test]
fn an_endpoint_whose_transport_is_missing_has_none() {
    let endpoint = row! { uuid: uuid(1), name: "a", tenant_uuid: "T", transport_uuid: uuid(9) };
    let written = system().add("endpoint_sip", endpoint).options(1, &["k=v"]).line(1, 1).pjsip();
    assert_eq!(written.options("a"), ["context = default", "k = v", "type = endpoint"]);
    assert_eq!(written.warnings, [no_transport(1, "a", 9)]);
}

#[test]
fn other_rows_with_missing_references_are_left_out() {
    let rows = system()
        .add("endpoint_sip", row! { uuid: uuid(1), name: "a", tenant_uuid: "gone" })
        .line(1, 1)
        .user(1, 99)
        .main_user(1, 1)
        .main_user(98, 1)
        .main_user(1, 97)
        .add("line_extension", row! { line_id: 1, extension_id: 96, main_extension: true })
        .extension(1, "1001", 95, true)
        .option(94, "endpoint", "k", "v")
        .add(
            "endpoint_sip_section_option",
            row! { key: "k", value: "v", endpoint_sip_section_uuid: uuid(93) },
        )
        .transport_option(92, "k", "v")
        .group(1, "without members")
        .queue_member("without queue", 1)
        .queue_member("q", 91)
        .queue(1, "q")
        .pickup(5)
        .pickup_member(5, "member", "group", 1)
        .pickup_member(5, "member", "queue", 1)
        .pickup_member(5, "member", "user", 90)
        .pickup_member(5, "member", "group", 89)
        .pickup_member(5, "pickup", "queue", 88)
        .pickup_member(87, "member", "user", 1);
    assert_body(
        &rows,
        "
        [a]
        context = default
        type = endpoint
        set_var = __WAZO_TENANT_UUID=gone
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_LINE_ID=1
        set_var = TRANSFER_CONTEXT=default
        set_var = XIVO_USERID=1
        set_var = WAZO_USERID=1
        set_var = XIVO_USERUUID=u1
        set_var = WAZO_USERUUID=u1
        set_var = WAZO_CALLER_SIMULTCALLS=5
        ",
    );
}

#[test]
fn of_items_with_the_same_endpoint_the_last_is_written() {
    let warning = |row: &str, winner: &str| {
        format!("table {row}: the row {winner} has the same endpoint and is written instead")
    };
    let [first, second] = [1, 2].map(uuid);
    let rows = system()
        .endpoint(1, "a")
        .endpoint(2, "b")
        .endpoint(3, "c")
        .line(1, 1)
        .line(2, 2)
        .line(3, 1)
        // Lines with an extension follow those without.
        .line(4, 1)
        .extension(1, "1001", 3, true)
        .trunk(1, 2)
        .trunk(2, 2)
        .meeting(1, 3, "one")
        .meeting(2, 3, "two");
    let written = rows.pjsip();
    assert_eq!(written.names(), ["a", "b", "b", "c"]);
    assert_eq!(written.variable("a", "WAZO_LINE_ID"), ["3"]);
    assert_eq!(written.variable("c", "WAZO_MEETING_NAME"), ["two"]);
    assert_eq!(
        written.warnings,
        [
            warning("linefeatures, row id=1", "id=3"),
            warning("linefeatures, row id=4", "id=3"),
            warning("trunkfeatures, row id=1", "id=2"),
            warning(&format!("meeting, row uuid={first}"), &format!("uuid={second}")),
        ]
    );
}

#[test]
fn a_mailbox_with_a_comma_is_left_out() {
    let rows = system()
        .endpoint(1, "a")
        .line(1, 1)
        .voicemail(1, "81,82")
        .add("voicemail", row! { uniqueid: 2, context: "v,m", mailbox: "83" })
        .voicemail(3, "84")
        .user(1, 1)
        .user(2, 2)
        .user(3, 3)
        .main_user(1, 1)
        .main_user(2, 1)
        .main_user(3, 1);
    let written = rows.pjsip();
    assert_eq!(written.variable("a", "WAZO_USERID"), ["1", "2", "3"]);
    assert_eq!(written.sections()[1], ("a", vec!["mailboxes = 84@vm", "type = aor"]));
    let comma = "there is a comma, and what follows it would be the next field; the row is left out";
    assert_eq!(
        written.warnings,
        [(1, "mailbox"), (2, "context")]
            .map(|(id, column)| format!("table voicemail, row uniqueid={id}, column {column}: {comma}"))
    );
}

#[test]
fn a_line_that_is_too_long_names_its_row_and_column() {
    let long = "x".repeat(driver_api::asterisk::syntax::LINE_LIMIT);
    let trunk = row! { id: 1, tenant_uuid: "T", endpoint_sip_uuid: uuid(1), context: long.as_str() };
    let endpoint = row! { uuid: uuid(1), name: "a", tenant_uuid: "T", label: long.as_str() };
    let rows = system()
        .add("endpoint_sip", endpoint)
        .add("trunkfeatures", trunk)
        .options(1, &[&format!("callerid={long}"), "k=v"]);
    let written = rows.pjsip();
    assert_eq!(
        written.text,
        format!(
            "{HEAD}\n\n[a]\nk = v\ntype = endpoint\nset_var = __WAZO_TENANT_UUID=T\nset_var = WAZO_PAI_FORMAT=\n\n"
        )
    );
    let reason = "its line is longer than the 8190 bytes that Asterisk reads";
    let option = format!(
        "table endpoint_sip_section_option, row endpoint_sip_uuid={} type=endpoint key=callerid",
        uuid(1)
    );
    assert_eq!(
        written.warnings,
        [
            format!(
                "table endpoint_sip, row uuid={} name=a, column label: {reason}; the comment is left out",
                uuid(1)
            ),
            format!(
                "table trunkfeatures, row id=1, column context: {reason}; the option \"context\" is left out"
            ),
            format!("{option}, column value: {reason}; the option \"callerid\" is left out"),
            format!("{option}, column value: {reason}; the option \"set_var\" is left out"),
        ]
    );
}

#[test]
fn a_bad_option_of_a_template_is_reported_once() {
    let rows = system().template(9, "t").options(9, &["k=v"]).option(9, "endpoint", "a=b", "c");
    let rows = rows.endpoint(1, "one").link(1, 9, 0).line(1, 1).endpoint(2, "two").link(2, 9, 0).line(2, 2);
    let written = rows.option(2, "endpoint", "aors", "x]y").pjsip();
    assert_eq!(written.options("one"), ["context = default", "k = v", "type = endpoint"]);
    assert_eq!(written.options("two"), ["context = default", "k = v", "type = endpoint", "aors = x]y"]);
    let option = |endpoint, key: &str, column: &str, message: &str| {
        let row = format!("row endpoint_sip_uuid={} type=endpoint key={key}", uuid(endpoint));
        format!("table endpoint_sip_section_option, {row}, column {column}: {message} is left out")
    };
    let sign = "there is a \"=\", which ends the name of an option; the option \"a=b\"";
    let bracket = "there is a \"]\", which ends the name of a section; the section \"x]y\"";
    assert_eq!(written.warnings, [option(9, "\"a=b\"", "key", sign), option(2, "aors", "value", bracket)]);
}

#[test]
fn warnings_are_sorted_by_row() {
    // The physical order of the rows is another.
    let rows = system().trunk(2, 8).trunk(1, 9).meeting(4, 8, "m").meeting(3, 9, "m");
    let rows = rows.pjsip().warnings;
    let keys: Vec<&str> = rows.iter().filter_map(|warning| warning.split(", ").nth(1)).collect();
    let [three, four] = [3, 4].map(|id| format!("row uuid={}", uuid(id)));
    assert_eq!(keys, ["row id=1", "row id=2", &three, &four]);
}
