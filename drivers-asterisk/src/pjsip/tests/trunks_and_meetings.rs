//! Trunks, with all their sections, and the guests of meetings.

use super::*;

#[test]
fn a_trunk_without_context_has_none() {
    for (context, options) in [
        (None, vec!["type = endpoint"]),
        (Some(""), vec!["type = endpoint"]),
        (Some("from-extern"), vec!["context = from-extern", "type = endpoint"]),
    ] {
        let trunk = row! { id: 1, tenant_uuid: "U", endpoint_sip_uuid: uuid(1), context: context };
        let written = system().endpoint(1, "a").add("trunkfeatures", trunk).pjsip();
        assert_eq!(written.options("a"), options);
        assert_eq!(written.variables("a"), ["__WAZO_TENANT_UUID=T", "WAZO_PAI_FORMAT="]);
    }
}

#[test]
fn a_trunk_of_another_kind_is_not_written() {
    let rows = system()
        .endpoint(1, "unused")
        .add("trunkfeatures", row! { id: 1, tenant_uuid: "T" })
        .add("trunkfeatures", row! { id: 2, tenant_uuid: "T", endpoint_iax_id: 1 });
    assert_body(&rows, "");
}

#[test]
fn every_section_of_a_trunk_is_written() {
    let sections = ["registration", "registration_outbound_auth", "outbound_auth", "identify", "auth", "aor"];
    let trunk = row! { id: 1, tenant_uuid: "T", endpoint_sip_uuid: uuid(1), registercommented: 1 };
    let rows = system().endpoint(1, "a").add("trunkfeatures", trunk);
    let rows = sections.iter().fold(rows, |rows, section| rows.option(1, section, "k", section));
    let rows = rows.option(1, "registration", "line", "yes");
    assert_body(
        &rows,
        "
        [a]
        aors = a
        auth = a
        type = endpoint
        outbound_auth = outbound_auth_a
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_PAI_FORMAT=

        [a]
        k = aor
        type = aor

        [a]
        k = auth
        type = auth

        [a]
        k = identify
        type = identify
        endpoint = a

        [outbound_auth_a]
        k = outbound_auth
        type = auth

        [auth_reg_a]
        k = registration_outbound_auth
        type = auth

        [a]
        k = registration
        line = yes
        type = registration
        endpoint = a
        outbound_auth = auth_reg_a
        ",
    );
    // A phone has none of the other sections.
    let phone = system().endpoint(1, "a").line(1, 1);
    let phone = sections.iter().fold(phone, |rows, section| rows.option(1, section, "k", section));
    assert_eq!(phone.pjsip().names(), ["a"; 3]);
}

#[test]
fn credentials_of_a_registration_are_written_with_it_only() {
    let trunk = || system().endpoint(1, "a").trunk(1, 1);
    let credentials = trunk().option(1, "registration_outbound_auth", "username", "u");
    assert_eq!(credentials.pjsip().names(), ["a"]);
    let registration = |rows: Rows| rows.option(1, "registration", "outbound_auth", "elsewhere").pjsip();
    let options = vec!["outbound_auth = elsewhere", "type = registration", "endpoint = a"];
    assert_eq!(registration(trunk()).sections()[1..], [("a", options)]);
    let both = registration(credentials);
    let options = vec!["outbound_auth = auth_reg_a", "type = registration", "endpoint = a"];
    let auth = vec!["username = u", "type = auth"];
    assert_eq!(both.sections()[1..], [("auth_reg_a", auth), ("a", options)]);
}

#[test]
fn the_name_of_a_meeting_is_a_variable() {
    for (name, value) in [(None, "None"), (Some(""), ""), (Some(" Weekly é; "), " Weekly é;")] {
        let written = system().endpoint(1, "g").meeting(5, 1, name).pjsip();
        assert_eq!(written.options("g"), ["type = endpoint"]);
        let expected = [
            "__WAZO_TENANT_UUID=T",
            "WAZO_CHANNEL_DIRECTION=from-wazo",
            &format!("WAZO_MEETING_UUID={}", uuid(5)),
            &format!("WAZO_MEETING_NAME={}", value.replace(';', "\\;")),
        ];
        assert_eq!(written.variables("g"), expected);
        assert_eq!(written.warnings, [""; 0]);
    }
}

#[test]
fn a_meeting_without_guests_is_not_written() {
    let meeting = row! { uuid: uuid(5), name: "m", tenant_uuid: "T", number: "1" };
    assert_body(&system().endpoint(1, "unused").add("meeting", meeting), "");
}

#[test]
fn an_endpoint_is_written_in_each_part_that_it_belongs_to() {
    let rows = system().endpoint(1, "a").line(1, 1).trunk(2, 1).meeting(3, 1, "m");
    assert_body(
        &rows,
        "
        [a]
        context = default
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_LINE_ID=1
        set_var = TRANSFER_CONTEXT=default

        [a]
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_PAI_FORMAT=

        [a]
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_MEETING_UUID=00000000-0000-4000-8000-000000000003
        set_var = WAZO_MEETING_NAME=m
        ",
    );
}

#[test]
fn a_trunk_whose_calls_are_unknown_is_reported() {
    let warning = "table endpoint_sip, row uuid=00000000-0000-4000-8000-000000000001 name=a: the trunk registers with \
        neither line = yes in its section registration nor an option match in its section identify, so Asterisk may \
        not know which trunk a call from the provider belongs to, and refuses it: add line = yes";
    for (options, expected) in [
        (&[("registration", "server_uri", "sip:r")][..], &[warning][..]),
        (&[("registration", "server_uri", "sip:r"), ("registration", "line", "no")], &[warning]),
        (&[("registration", "server_uri", "sip:r"), ("identify", "match", "")], &[warning]),
        (&[("registration", "server_uri", "sip:r"), ("registration", "line", "True")], &[]),
        (&[("registration", "server_uri", "sip:r"), ("identify", "match", "192.0.2.1")], &[]),
        (&[("registration", "server_uri", "sip:r"), ("identify", "match_header", "X: y")], &[]),
        // It does not register.
        (&[("registration_outbound_auth", "username", "u")], &[]),
    ] {
        let rows = options.iter().fold(system().endpoint(1, "a"), |rows, &(section, key, value)| {
            rows.option(1, section, key, value)
        });
        assert_eq!(rows.trunk(1, 1).pjsip().warnings, expected, "{options:?}");
    }
    // A phone never registers Asterisk somewhere.
    let phone = system().endpoint(1, "a").option(1, "registration", "server_uri", "sip:r").line(1, 1);
    assert_eq!(phone.pjsip().warnings, [""; 0]);
}

#[test]
fn an_inherited_line_or_match_makes_calls_known() {
    let trunk = || system().endpoint(1, "a").option(1, "registration", "server_uri", "sip:r").trunk(1, 1);
    let with = |section: &str, key: &str| {
        trunk().template(2, "t").link(1, 2, 0).option(2, section, key, "yes").pjsip().warnings.len()
    };
    assert_eq!([with("registration", "line"), with("identify", "match")], [0, 0]);
    assert_eq!(with("registration", "expiration"), 1);
}
