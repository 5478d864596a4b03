//! The options that an endpoint inherits from its templates, and the templates that are written.

use super::*;

#[test]
fn an_own_value_replaces_the_inherited_one() {
    let rows = system()
        .transport(8, "udp")
        .template(2, "t")
        .add("endpoint_sip", row! { uuid: uuid(1), name: "a", tenant_uuid: "T", transport_uuid: uuid(8) })
        .link(1, 2, 0)
        .line(1, 1)
        .options(2, &["allow=ulaw", "dtmf_mode=rfc4733", "context=tpl"])
        .option(2, "aor", "max_contacts", "1")
        .option(2, "auth", "realm", "t")
        .options(1, &["disallow=all", "dtmf_mode=info"])
        .option(1, "aor", "contact", "sip:a");
    let written = rows.pjsip();
    let options = [
        "context = tpl",
        "allow = ulaw",
        "dtmf_mode = info",
        "aors = a",
        "auth = a",
        "type = endpoint",
        "disallow = all",
        "transport = udp",
    ];
    assert_eq!(written.options("a"), options);
    let aor = ("a", vec!["max_contacts = 1", "type = aor", "contact = sip:a"]);
    assert_eq!(written.sections()[2..], [aor, ("a", vec!["realm = t", "type = auth"])]);
}

#[test]
fn the_last_template_gives_the_value_the_first_the_position() {
    let rows = system()
        .endpoint(1, "a")
        .line(1, 1)
        .template(2, "t")
        .template(3, "u")
        .link(1, 2, 0)
        .link(1, 3, 1)
        .options(2, &["k=2", "only2=x", "set_var=A=2", "set_var=B=1"])
        .options(3, &["only3=x", "k=3", "set_var=B=1", "set_var=A=3"]);
    let written = rows.pjsip();
    let options = ["context = default", "k = 3", "only2 = x", "type = endpoint", "only3 = x"];
    assert_eq!(written.options("a"), options);
    assert_eq!(written.variables("a")[4..], ["A=2", "B=1", "A=3"]);
}

#[test]
fn a_common_ancestor_counts_again_at_its_second_place() {
    let rows = system()
        .endpoint(1, "a")
        .line(1, 1)
        .template(2, "webrtc")
        .template(3, "global")
        .link(2, 3, 0)
        .link(1, 2, 0)
        .link(1, 3, 1)
        .options(2, &["allow=opus", "set_var=LEVEL=webrtc"])
        .options(3, &["allow=ulaw", "set_var=LEVEL=global"]);
    let written = rows.pjsip();
    assert_eq!(written.options("a"), ["context = default", "allow = ulaw", "type = endpoint"]);
    assert_eq!(written.variable("a", "LEVEL"), ["global", "webrtc"]);
}

#[test]
fn each_ancestor_adds_its_tenant_and_its_caller_id() {
    let template = |id, name, tenant| {
        row! { uuid: uuid(id), name: name, tenant_uuid: tenant, template: true }
    };
    let rows = |own: &[&str]| {
        system()
            .endpoint(1, "a")
            .line(1, 1)
            .add("endpoint_sip", template(2, "t", "U"))
            .add("endpoint_sip", template(3, "u", "T"))
            .link(1, 2, 0)
            .link(2, 3, 0)
            .options(2, &["callerid=Two"])
            .options(3, &["callerid=Three"])
            .options(1, own)
            .pjsip()
    };
    for (own, shown, originals) in [
        (&[][..], "callerid = Two", vec!["Three", "Two"]),
        (&["callerid="], "callerid =", vec!["Three", "Two"]),
        (&["callerid=\"A\" <1>"], "callerid = \"A\" <1>", vec!["Three", "Two", "\"A\" <1>"]),
        (&["callerid=x", "callerid="], "callerid =", vec!["Three", "Two"]),
    ] {
        let written = rows(own);
        assert_eq!(written.options("a"), ["context = default", shown, "type = endpoint"]);
        assert_eq!(written.variable("a", "XIVO_ORIGINAL_CALLER_ID"), originals);
        assert_eq!(written.variable("a", "__WAZO_TENANT_UUID"), ["T", "U"]);
    }
}

#[test]
fn references_have_the_name_of_the_inheriting_endpoint() {
    let sections = ["aor", "auth", "identify", "outbound_auth", "registration", "registration_outbound_auth"];
    let rows = system().endpoint(1, "a").trunk(1, 1).template(2, "secret").link(1, 2, 0);
    let rows = sections.iter().fold(rows, |rows, section| rows.option(2, section, "k", "v"));
    let written = rows.pjsip();
    assert_eq!(written.names(), ["a", "a", "a", "a", "outbound_auth_a", "auth_reg_a", "a"]);
    assert!(!written.text.contains("secret"), "{}", written.text);
}

#[test]
fn a_parent_that_is_no_template_precedes_its_children() {
    for template in [Some(false), None] {
        let parent = row! { uuid: uuid(9), name: "parent", tenant_uuid: "T", template: template };
        let rows = system()
            .add("endpoint_sip", parent)
            .endpoint(1, "first")
            .endpoint(2, "second")
            .endpoint(3, "trunk")
            .link(2, 9, 1)
            .link(1, 9, 0)
            .link(3, 9, 0)
            .line(1, 2)
            .line(2, 1)
            .trunk(1, 3)
            .option(9, "identify", "match", "192.0.2.1");
        let written = rows.pjsip();
        // Once in each part, and with the sections of that part.
        assert_eq!(
            written.names(),
            ["parent", "first", "second", "parent", "parent", "trunk", "trunk"],
            "{}",
            written.text
        );
        assert_eq!(written.section("parent"), ["type = endpoint", "set_var = __WAZO_TENANT_UUID=T"]);
    }
}

#[test]
fn an_endpoint_whose_template_mark_is_null_is_written() {
    let endpoint = row! { uuid: uuid(1), name: "a", tenant_uuid: "T", template: () };
    assert_eq!(system().add("endpoint_sip", endpoint).line(1, 1).pjsip().names(), ["a"]);
}

#[test]
fn the_children_of_a_line_inherit_its_options() {
    let rows = |parent: Rows| {
        let rows = parent.endpoint(1, "child").link(1, 9, 0).line(1, 1).line_in("inside", 2, 9);
        let rows = rows.voicemail(1, "8").user(7, 1).main_user(7, 2).extension(1, "1001", 2, true);
        rows.pickup(5).pickup_member(5, "member", "user", 7).pjsip()
    };
    let written = rows(system().endpoint(9, "parent"));
    // The parent stays before the child, and has the options of its own line.
    assert_eq!(written.names(), ["parent", "parent", "child", "child"]);
    assert_eq!(written.variable("parent", "WAZO_LINE_ID"), ["2"]);
    let options =
        ["context = inside", "named_pickup_group = 5", "mailboxes = 8@vm", "aors = child", "type = endpoint"];
    assert_eq!(written.options("child"), options);
    let inherited = [
        "WAZO_LINE_ID=1",
        "TRANSFER_CONTEXT=default",
        "WAZO_LINE_ID=2",
        "TRANSFER_CONTEXT=inside",
        "XIVO_USERID=7",
        "WAZO_USERID=7",
        "XIVO_USERUUID=u7",
        "WAZO_USERUUID=u7",
        "WAZO_CALLER_SIMULTCALLS=5",
        "PICKUPMARK=1001%ext",
    ];
    assert_eq!(written.variables("child")[2..], inherited);
    // A template on a line is not written, but inherited from all the same.
    let hidden = rows(system().template(9, "parent"));
    assert_eq!(hidden.names(), ["child", "child"]);
    assert_eq!(hidden.variables("child")[2..], inherited);
}

#[test]
fn parts_are_independent() {
    let rows = system().endpoint(1, "trunk").template(9, "t").link(1, 9, 0).trunk(1, 1).line(1, 9);
    let written = rows.pjsip();
    assert_eq!(written.names(), ["trunk"]);
    assert_eq!(written.variables("trunk"), ["__WAZO_TENANT_UUID=T", "WAZO_PAI_FORMAT="]);
}

fn circle(child: (i64, &str), parent: (i64, &str)) -> String {
    let ((child_uuid, child), (parent_uuid, parent)) = (child, parent);
    format!(
        "table endpoint_sip_template, row child_uuid={} parent_uuid={}, column parent_uuid: the templates of \
            {child:?} lead back to it; its link to {parent:?} is ignored",
        uuid(child_uuid),
        uuid(parent_uuid)
    )
}

#[test]
fn an_endpoint_is_not_its_own_template() {
    let rows = system().endpoint(1, "a").link(1, 1, 0).line(1, 1).options(1, &["k=v"]);
    let written = rows.pjsip();
    assert_eq!(written.options("a"), ["context = default", "k = v", "type = endpoint"]);
    assert_eq!(written.warnings, [circle((1, "a"), (1, "a"))]);
}

#[test]
fn the_link_that_closes_a_circle_is_ignored() {
    let pair = || {
        let rows = system().endpoint(1, "a").endpoint(2, "b").link(1, 2, 0).link(2, 1, 0);
        rows.options(1, &["a=1"]).options(2, &["b=1"])
    };
    let one = pair().line(1, 1).pjsip();
    assert_eq!(one.names(), ["b", "a"]);
    assert_eq!(one.options("b"), ["b = 1", "type = endpoint"]);
    assert_eq!(one.options("a"), ["context = default", "b = 1", "type = endpoint", "a = 1"]);
    assert_eq!(one.warnings, [circle((2, "b"), (1, "a"))]);
    // With both on a line, the first one decides which link is ignored. There is one warning.
    let both = pair().line(1, 2).line(2, 1).pjsip();
    assert_eq!(both.names(), ["a", "b"]);
    assert_eq!(both.options("a"), ["context = default", "a = 1", "type = endpoint"]);
    assert_eq!(both.warnings, [circle((1, "a"), (2, "b"))]);
    // Each part follows the circle from the endpoint where it enters.
    let parts = pair().line(1, 1).trunk(1, 2).meeting(1, 1, "m").pjsip();
    assert_eq!(parts.names(), ["b", "a", "a", "b", "b", "a"]);
    assert_eq!(parts.warnings, [circle((2, "b"), (1, "a")), circle((1, "a"), (2, "b"))]);
}

#[test]
fn templates_around_a_circle_are_inherited() {
    // 1 → 2 → 3 → 4 → 2, and 4 → 5.
    let rows = [(1, 2), (2, 3), (3, 4), (4, 2), (4, 5)]
        .iter()
        .fold(system(), |rows, &(child, parent)| rows.link(child, parent, parent));
    let rows = (2..=5).fold(rows.endpoint(1, "a").line(1, 1), |rows, id| {
        rows.template(id, &format!("t{id}")).options(id, &[&format!("k{id}=v")])
    });
    let written = rows.pjsip();
    let options = ["context = default", "k5 = v", "type = endpoint", "k4 = v", "k3 = v", "k2 = v"];
    assert_eq!(written.options("a"), options);
    assert_eq!(written.warnings, [circle((4, "t4"), (2, "t2"))]);
}

#[test]
fn an_unused_circle_is_not_reported() {
    let rows = system().template(2, "b").template(3, "c").link(2, 3, 0).link(3, 2, 0).link(3, 3, 0);
    assert_body(&rows, "");
    assert_eq!(rows.endpoint(1, "a").line(1, 1).pjsip().warnings, [""; 0]);
}

#[test]
fn a_chain_of_templates_may_be_long() {
    const LENGTH: i64 = 10_000;
    let rows = (1..LENGTH).fold(system().endpoint(LENGTH, "a").line(1, LENGTH), |rows, id| {
        rows.template(id, &format!("t{id}")).link(id + 1, id, 0)
    });
    let rows = rows.options(1, &["allow=ulaw", "k=1"]).options(LENGTH / 2, &["k=2"]);
    assert_body(
        &rows,
        "
        [a]
        context = default
        allow = ulaw
        k = 2
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_LINE_ID=1
        set_var = TRANSFER_CONTEXT=default
        ",
    );
}
