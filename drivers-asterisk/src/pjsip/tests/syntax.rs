//! The syntax of names, labels, options and transports, and the lines between the parts.

use super::*;

#[test]
fn an_empty_line_separates_the_parts() {
    assert_eq!(system().pjsip().text, format!("{HEAD}\n\n\n"));
    let rows = system()
        .transport(8, "udp")
        .endpoint(1, "a")
        .endpoint(2, "b")
        .endpoint(3, "c")
        .line(1, 1)
        .trunk(1, 2)
        .meeting(1, 3, "m");
    let written = rows.pjsip();
    let text = |part: &str| {
        let variables: Vec<&str> = written.variables(part);
        let context = if part == "a" { "context = default\n" } else { "" };
        format!("[{part}]\n{context}type = endpoint\nset_var = {}\n", variables.join("\nset_var = "))
    };
    let [line, trunk, meeting] = ["a", "b", "c"].map(text);
    let expected = format!("{HEAD}[udp]\ntype = transport\n\n{line}\n{trunk}\n{meeting}");
    assert_eq!(written.text, expected);
}

#[test]
fn transports_are_sorted_by_name_with_every_option() {
    let rows = system()
        .transport(1, "é")
        .transport(2, "udp")
        .transport(3, "Zulu")
        .transport(4, "alone")
        .transport_option(2, "bind", "1")
        .transport_option(3, "k", " v ")
        .transport_option(2, "type", "flow")
        .transport_option(2, "bind", "2");
    assert_body(
        &rows,
        "
        [Zulu]
        type = transport
        k =  v

        [alone]
        type = transport

        [udp]
        type = transport
        bind = 1
        type = flow
        bind = 2

        [é]
        type = transport
        ",
    );
}

#[test]
fn a_label_is_a_comment_unless_it_is_empty() {
    let table = [
        (None, ""),
        (Some(""), ""),
        (Some("Ann; é]"), "; Ann; é]\n"),
        (Some("  "), ";   \n"),
        (Some("\t"), "; \t\n"),
    ];
    for (label, comment) in table {
        let endpoint = row! { uuid: uuid(1), name: "ann", tenant_uuid: "T", label: label };
        let written = system().add("endpoint_sip", endpoint).line(1, 1).pjsip();
        assert!(written.text.starts_with(&format!("{HEAD}\n{comment}[ann]\n")), "{}", written.text);
        assert_eq!(written.warnings, [""; 0]);
    }
}

#[test]
fn a_name_with_a_semicolon_is_escaped() {
    for (name, shown) in [("weird name;", "= weird name\\;"), ("[é", "= [é")] {
        let rows =
            system().endpoint(1, name).option(1, "aor", "k", "v").option(1, "auth", "k", "v").line(1, 1);
        let written = rows.pjsip();
        let name = &*name.replace(';', "\\;");
        assert_eq!(written.names(), [name; 3]);
        let references = ["aors", "auth"].map(|key| format!("{key} {shown}"));
        assert_eq!(
            written.options(name),
            ["context = default", &references[0], &references[1], "type = endpoint"]
        );
    }
}

#[test]
fn only_white_space_at_the_ends_of_a_line_is_stripped() {
    let rows = system().endpoint(1, "a").line(1, 1).options(
        1,
        &["k=", "sc=a;b", "lead=  v", "trail=v  ", "q=\"x\" <é>", "None=None", " blank = v ", "=empty"],
    );
    let options =
        ["k =", "sc = a\\;b", "lead =   v", "trail = v", "q = \"x\" <é>", "None = None", "blank  =  v"];
    assert_eq!(
        rows.pjsip().options("a"),
        [&["context = default"][..], &options, &["type = endpoint"]].concat()
    );
}

#[test]
fn only_variables_and_matches_may_be_repeated() {
    let rows = system().endpoint(1, "a").line(1, 1).options(
        1,
        &[
            "allow=1",
            " set_var=1",
            "set_var=B=2",
            "Set_Var=a",
            "match=m",
            "set_var =b",
            "set_var=A=1",
            " set_var=2",
            "Match=1",
            "set_var=B=2",
            "match=n",
            "allow=2",
            "set_var= A=1",
            "Match=2",
            "match=m",
        ],
    );
    assert_body(
        &rows,
        "
        [a]
        context = default
        allow = 2
        set_var = 2
        Set_Var = a
        set_var  = b
        Match = 2
        type = endpoint
        set_var = __WAZO_TENANT_UUID=T
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo
        set_var = WAZO_LINE_ID=1
        set_var = TRANSFER_CONTEXT=default
        set_var = B=2
        match = m
        set_var = A=1
        match = n
        set_var =  A=1
        ",
    );
}

#[test]
fn an_own_option_replaces_a_computed_one() {
    let rows = |transport: Option<i64>| {
        let endpoint =
            row! { uuid: uuid(1), name: "a", tenant_uuid: "T", transport_uuid: transport.map(uuid) };
        let own = ["transport=own", "zzz=1", "named_call_group=a", "named_pickup_group=b", "mailboxes=c"];
        system()
            .transport(8, "udp")
            .add("endpoint_sip", endpoint)
            .line(1, 1)
            .voicemail(1, "8")
            .user(1, 1)
            .main_user(1, 1)
            .pickup(5)
            .pickup_member(5, "member", "user", 1)
            .pickup_member(5, "pickup", "user", 1)
            .options(1, &own)
            .options(1, &["context=mine"])
    };
    let computed = ["context = mine", "named_pickup_group = b", "named_call_group = a", "mailboxes = c"];
    for (transport, line) in [(None, "transport = own"), (Some(8), "transport = udp")] {
        let expected = [&computed[..], &[line, "zzz = 1", "aors = a", "type = endpoint"]].concat();
        assert_eq!(rows(transport).pjsip().options("a"), expected);
    }
}

#[test]
fn an_own_option_without_a_computed_one_keeps_its_position() {
    let own = ["mailboxes=c", "named_pickup_group=b", "context=mine", "zzz=1"];
    let rows = system().endpoint(1, "a").line_in("", 1, 1).options(1, &own);
    let options = ["mailboxes = c", "named_pickup_group = b", "context = mine", "zzz = 1", "type = endpoint"];
    assert_eq!(rows.pjsip().options("a"), options);
}

#[test]
fn a_reference_is_computed_where_its_section_exists() {
    let own = ["type=friend", "aors=A", "auth=B", "outbound_auth=C", "zzz=1"];
    let rows = || system().endpoint(1, "a").options(1, &own);
    let alone = rows().line(1, 1).pjsip();
    let options =
        ["context = default", "type = endpoint", "aors = A", "auth = B", "outbound_auth = C", "zzz = 1"];
    assert_eq!(alone.options("a"), options);
    // A phone's sections are written under the names that it refers to, even with nothing in them.
    assert_eq!(alone.sections()[1..], [("A", vec![]), ("B", vec![])]);
    assert_eq!(rows().trunk(1, 1).pjsip().names(), ["a"]);

    let sections = ["aor", "auth", "outbound_auth"];
    let full = || sections.iter().fold(rows(), |rows, section| rows.option(1, section, "k", "v"));
    let options = ["type = endpoint", "aors = a", "auth = a", "outbound_auth = outbound_auth_a", "zzz = 1"];
    assert_eq!(full().line(1, 1).pjsip().options("a")[1..], options);
    assert_eq!(full().line(1, 1).pjsip().names(), ["a"; 3]);
    assert_eq!(full().trunk(1, 1).pjsip().options("a"), options);
    assert_eq!(full().trunk(1, 1).pjsip().names(), ["a", "a", "a", "outbound_auth_a"]);
}
