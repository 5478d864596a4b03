//! Lines: what comes from the line, its users, its extension and its tenant.

use super::*;

#[test]
fn a_line_without_user_has_variables_of_its_own() {
    assert_body(
        &system().endpoint(1, "ann").line(7, 1),
        "
        [ann]
        context = default
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_LINE_ID=7
        set_var = TRANSFER_CONTEXT=default
        ",
    );
}

#[test]
fn disabled_rows_are_written_like_enabled_ones() {
    let rows = |commented: i64| {
        let line = row! {
            id: 7, context: "default", provisioningid: 0, endpoint_sip_uuid: uuid(1), commented: commented,
        };
        let user = row! {
            id: 3, uuid: "u3", tenant_uuid: "T", voicemailid: 1, func_key_private_template_id: 1,
            description: "", commented: commented,
        };
        let extension = row! { id: 1, context: "ext", exten: "1001", type: "user", commented: commented };
        system()
            .endpoint(1, "ann")
            .add("linefeatures", line)
            .add("userfeatures", user)
            .add("voicemail", row! { uniqueid: 1, context: "vm", mailbox: "8", commented: commented })
            .add("extensions", extension)
            .add("line_extension", row! { line_id: 7, extension_id: 1, main_extension: true })
            .main_user(3, 7)
    };
    assert_body(
        &rows(1),
        "
        [ann]
        context = default
        mailboxes = 8@vm
        aors = ann
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_LINE_ID=7
        set_var = TRANSFER_CONTEXT=default
        set_var = XIVO_USERID=3
        set_var = WAZO_USERID=3
        set_var = XIVO_USERUUID=u3
        set_var = WAZO_USERUUID=u3
        set_var = WAZO_CALLER_SIMULTCALLS=5
        set_var = PICKUPMARK=1001%ext

        [ann]
        mailboxes = 8@vm
        type = aor
        ",
    );
    assert_eq!(rows(0).pjsip().text, rows(1).pjsip().text);
}

#[test]
fn a_line_of_another_kind_is_not_written() {
    let rows = system()
        .endpoint(1, "unused")
        .add("linefeatures", row! { id: 1, context: "default", provisioningid: 0 })
        .add("linefeatures", row! { id: 2, context: "default", provisioningid: 0, endpoint_sccp_id: 1 })
        .add("linefeatures", row! { id: 3, context: "default", provisioningid: 0, endpoint_custom_id: 1 })
        .user(1, None)
        .main_user(1, 2)
        .extension(1, "1001", 3, true);
    assert_body(&rows, "");
}

#[test]
fn an_application_replaces_the_context() {
    for (context, application, written, transfer) in [
        ("default", None, vec!["context = default"], vec!["default"]),
        ("default", Some(""), vec!["context = default"], vec!["default"]),
        ("default", Some("a1"), vec!["context = stasis-wazo-app-a1"], vec!["default"]),
        ("", Some("a1"), vec!["context = stasis-wazo-app-a1"], vec![]),
        ("", None, vec![], vec![]),
    ] {
        let line = row! {
            id: 1, context: context, provisioningid: 0, application_uuid: application,
            endpoint_sip_uuid: uuid(1),
        };
        let given = system().endpoint(1, "ann").add("linefeatures", line).pjsip();
        assert_eq!(given.options("ann"), [written, vec!["type = endpoint"]].concat());
        assert_eq!(given.variable("ann", "TRANSFER_CONTEXT"), transfer);
    }
}

#[test]
fn main_users_come_first_with_variables_and_mailboxes_of_all() {
    let rows = system()
        .endpoint(1, "ann")
        .line(1, 1)
        .voicemail(1, "81")
        .voicemail(2, "82")
        .user(1, 1)
        .user(2, 2)
        .user(3, None)
        .user(4, 1)
        .second_user(4, 1)
        .second_user(1, 1)
        .main_user(3, 1)
        .main_user(2, 1);
    let written = rows.pjsip();
    assert_eq!(written.variable("ann", "WAZO_USERID"), ["2", "3", "1", "4"]);
    assert_eq!(written.variable("ann", "XIVO_USERUUID"), ["u2", "u3", "u1", "u4"]);
    // The number of calls is the same for all, so it is written once.
    assert_eq!(written.variable("ann", "WAZO_CALLER_SIMULTCALLS"), ["5"]);
    let (_, aor) = &written.sections()[1];
    assert_eq!(*aor, ["mailboxes = 82@vm,81@vm,81@vm", "type = aor"]);
}

#[test]
fn a_user_has_the_same_variables_on_each_line() {
    let rows = system()
        .endpoint(1, "a")
        .endpoint(2, "b")
        .line(1, 1)
        .line(2, 2)
        .user(3, None)
        .main_user(3, 1)
        .add("user_line", row! { user_id: 3, line_id: 2, main_user: false, main_line: false });
    let written = rows.pjsip();
    for name in ["a", "b"] {
        assert_eq!(written.variable(name, "WAZO_USERUUID"), ["u3"]);
    }
}

#[test]
fn recording_and_simultaneous_calls_are_variables() {
    for (enableonlinerec, toggle) in [(0, vec![]), (1, vec!["1"]), (7, vec!["1"]), (-1, vec!["1"])] {
        for simultcalls in [0, 5, -2] {
            let user = row! {
                id: 1, uuid: "u", tenant_uuid: "T", func_key_private_template_id: 1, description: "",
                enableonlinerec: enableonlinerec, simultcalls: simultcalls,
            };
            let rows = system().endpoint(1, "ann").line(1, 1).add("userfeatures", user).main_user(1, 1);
            let written = rows.pjsip();
            assert_eq!(written.variable("ann", "WAZO_USER_DTMF_RECORD_TOGGLE_ENABLED"), toggle);
            assert_eq!(written.variable("ann", "WAZO_CALLER_SIMULTCALLS"), [simultcalls.to_string()]);
        }
    }
}

#[test]
fn calls_are_picked_up_by_the_first_extension() {
    let line = || system().endpoint(1, "ann").line(1, 1);
    let main_last = line().extension(1, "1001", 1, false).extension(2, "_3XX", 1, true);
    let no_main = line().extension(9, "1009", 1, false).extension(2, "1002", 1, false);
    for (rows, mark) in [(line(), vec![]), (main_last, vec!["_3XX%ext"]), (no_main, vec!["1002%ext"])] {
        assert_eq!(rows.pjsip().variable("ann", "PICKUPMARK"), mark);
    }
}

#[test]
fn a_mailbox_is_an_option_of_the_aor() {
    let line = || system().endpoint(1, "ann").line(1, 1).voicemail(1, "8").user(1, 1).main_user(1, 1);
    let contact = line().option(1, "aor", "contact", "sip:p");
    let own = line().option(1, "aor", "mailboxes", "own").option(1, "aor", "contact", "sip:p");
    for (rows, aor) in [
        (line(), vec!["mailboxes = 8@vm", "type = aor"]),
        (contact, vec!["contact = sip:p", "type = aor", "mailboxes = 8@vm"]),
        (own, vec!["mailboxes = 8@vm", "contact = sip:p", "type = aor"]),
    ] {
        let written = rows.pjsip();
        assert_eq!(written.sections()[1], ("ann", aor));
        assert_eq!(
            written.options("ann"),
            ["context = default", "mailboxes = 8@vm", "aors = ann", "type = endpoint"]
        );
    }
}

#[test]
fn announcements_come_from_the_tenant_of_the_endpoint() {
    for (start, stop, expected) in [
        (Some("on"), None, vec!["__WAZO_RECORDING_START_SOUND=on"]),
        (Some(""), Some("off"), vec!["__WAZO_RECORDING_STOP_SOUND=off"]),
        (None, Some(""), vec![]),
        (Some("on"), Some("off"), vec!["__WAZO_RECORDING_START_SOUND=on", "__WAZO_RECORDING_STOP_SOUND=off"]),
    ] {
        let base = || {
            let tenant = row! { uuid: "U", record_start_announcement: start, record_stop_announcement: stop };
            system()
                .add("tenant", tenant)
                .add("endpoint_sip", row! { uuid: uuid(1), name: "item", tenant_uuid: "U" })
                .add("endpoint_sip", row! { uuid: uuid(2), name: "bare", tenant_uuid: "U" })
                .link(1, 2, 0)
        };
        // These rows belong to the tenant T.
        for rows in [base().line(1, 1), base().trunk(1, 1), base().meeting(9, 1, "m")] {
            let written = rows.pjsip();
            let sounds = |name| -> Vec<&str> {
                written.variables(name).into_iter().filter(|line| line.contains("_RECORDING_")).collect()
            };
            assert_eq!(sounds("item"), expected);
            assert_eq!(sounds("bare"), [""; 0]);
        }
    }
}
