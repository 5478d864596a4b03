//! Which rows the lines of the file come from.

use driver_api::explanation::Note;
use driver_api::{Driver, Session};

use super::*;

impl Rows {
    /// Each line of the file that comes from a row, and behind it the row and the column.
    pub(crate) fn origins(&self, driver: &dyn Driver) -> Vec<String> {
        let scratch = self.load();
        let mut database = database::open(&database::Uri::Sqlite(scratch.path().to_owned())).unwrap();
        let mut snapshot = database.snapshot().unwrap();
        let mut session = Session::new(&mut *snapshot).recording_origins();
        let text = driver.generate(&mut session).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let origins = session.take_origins();
        origins
            .iter()
            .map(|origin| {
                let column = origin.column.map_or_else(String::new, |column| format!(", column {column}"));
                format!("{} ({}{column})", lines[origin.line - 1], origin.origin)
            })
            .collect()
    }
}

/// The lines with their origins, in which the uuids are the numbers of the endpoints.
fn origins(rows: &Rows) -> String {
    let origins = rows.origins(&Pjsip).join("\n").replace("endpoint_sip_uuid=", "of=");
    origins
        .replace("endpoint_sip_section_option", "option")
        .replace("00000000-0000-4000-8000-00000000000", "")
}

#[test]
fn an_inherited_option_comes_from_a_row_of_the_template() {
    let endpoint = row! { uuid: uuid(1), name: "a", tenant_uuid: "T", transport_uuid: uuid(8), label: "Ann" };
    let rows = system()
        .add("tenant", row! { uuid: "U", record_start_announcement: "beep" })
        .transport(8, "udp")
        .transport_option(8, "bind", "::")
        .template(2, "t")
        .options(2, &["allow=ulaw", "callerid=\"A\" <1>", "k=v"])
        .option(2, "auth", "auth_type", "digest")
        .add("endpoint_sip", endpoint)
        .link(1, 2, 0)
        .options(1, &["k=w"])
        .option(1, "auth", "password", "x")
        .line(3, 1)
        .voicemail(4, "8")
        .user(5, 4)
        .main_user(5, 3)
        .extension(6, "1001", 3, true);
    let expected = unindented(
        "[udp] (table pjsip_transport, row uuid=8, column name)
        type = transport (table pjsip_transport, row uuid=8)
        bind = :: (table pjsip_transport_option, row id=1, column value)
        [a] (table endpoint_sip, row uuid=1 name=a, column name)
        context = default (table linefeatures, row id=3, column context)
        mailboxes = 8@vm (table linefeatures, row id=3)
        allow = ulaw (table option, row of=2 type=endpoint key=allow, column value)
        callerid = \"A\" <1> (table option, row of=2 type=endpoint key=callerid, column value)
        k = w (table option, row of=1 type=endpoint key=k, column value)
        auth = a (table endpoint_sip, row uuid=1 name=a, column name)
        type = endpoint (table endpoint_sip, row uuid=1 name=a)
        transport = udp (table endpoint_sip, row uuid=1 name=a, column transport_uuid)
        aors = a (table endpoint_sip, row uuid=1 name=a, column name)
        set_var = __WAZO_TENANT_UUID=T (table endpoint_sip, row uuid=1 name=a, column tenant_uuid)
        set_var = WAZO_CHANNEL_DIRECTION=from-wazo (table linefeatures, row id=3)
        set_var = WAZO_LINE_ID=3 (table linefeatures, row id=3, column id)
        set_var = TRANSFER_CONTEXT=default (table linefeatures, row id=3, column context)
        set_var = XIVO_USERID=5 (table user_line, row line_id=3 user_id=5, column user_id)
        set_var = WAZO_USERID=5 (table user_line, row line_id=3 user_id=5, column user_id)
        set_var = XIVO_USERUUID=u5 (table user_line, row line_id=3 user_id=5, column uuid)
        set_var = WAZO_USERUUID=u5 (table user_line, row line_id=3 user_id=5, column uuid)
        set_var = WAZO_CALLER_SIMULTCALLS=5 (table user_line, row line_id=3 user_id=5, column simultcalls)
        set_var = PICKUPMARK=1001%ext (table line_extension, row line_id=3 extension_id=6, column exten)
        set_var = XIVO_ORIGINAL_CALLER_ID=\"A\" <1> (table option, row of=2 type=endpoint key=callerid, column value)
        [a] (table endpoint_sip, row uuid=1 name=a, column name)
        mailboxes = 8@vm (table linefeatures, row id=3)
        type = aor (table endpoint_sip, row uuid=1 name=a)
        [a] (table endpoint_sip, row uuid=1 name=a, column name)
        auth_type = digest (table option, row of=2 type=auth key=auth_type, column value)
        type = auth (table endpoint_sip, row uuid=1 name=a)
        password = x (table option, row of=1 type=auth key=password, column value)",
    );
    assert_eq!(origins(&rows), expected);
}

#[test]
fn the_origin_of_a_trunk_section_is_its_reference() {
    let tenant = row! { uuid: "U", record_stop_announcement: "beep" };
    let rows = system()
        .add("tenant", tenant)
        .add("endpoint_sip", row! { uuid: uuid(1), name: "a", tenant_uuid: "U" })
        .option(1, "registration", "outbound_auth", "mine")
        .option(1, "outbound_auth", "k", "v")
        .trunk(3, 1);
    let expected = unindented(
        "[a] (table endpoint_sip, row uuid=1 name=a, column name)
        type = endpoint (table endpoint_sip, row uuid=1 name=a)
        outbound_auth = outbound_auth_a (table endpoint_sip, row uuid=1 name=a, column name)
        set_var = __WAZO_TENANT_UUID=U (table endpoint_sip, row uuid=1 name=a, column tenant_uuid)
        set_var = WAZO_PAI_FORMAT= (table trunkfeatures, row id=3)
        set_var = __WAZO_RECORDING_STOP_SOUND=beep (table tenant, row uuid=U, column record_stop_announcement)
        [outbound_auth_a] (table endpoint_sip, row uuid=1 name=a, column name)
        k = v (table option, row of=1 type=outbound_auth key=k, column value)
        type = auth (table endpoint_sip, row uuid=1 name=a)
        [a] (table endpoint_sip, row uuid=1 name=a, column name)
        outbound_auth = mine (table option, row of=1 type=registration key=outbound_auth, column value)
        type = registration (table endpoint_sip, row uuid=1 name=a)
        endpoint = a (table endpoint_sip, row uuid=1 name=a, column name)",
    );
    assert_eq!(origins(&rows), expected);
}

/// The lines of an endpoint that have a template or notes, with these.
fn explained(rows: &Rows, section: &str) -> Vec<String> {
    let scratch = rows.load();
    let mut database = database::open(&database::Uri::Sqlite(scratch.path().to_owned())).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    let mut session = Session::new(&mut *snapshot).explaining(Some(section));
    let text = Pjsip.generate(&mut session).unwrap();
    let (origins, explanation) = (session.take_origins(), session.take_explanation());
    let lines: Vec<&str> = text.lines().collect();
    let described = origins.iter().filter_map(|origin| {
        let template = origin.template.as_ref().map(|template| format!(" of {}", template.name));
        let notes = explanation.of_line(origin.line).filter(|note| !matches!(note, Note::Columns(_)));
        let notes: Vec<String> = notes.map(described).collect();
        let is_plain = template.is_none() && notes.is_empty();
        let line = lines[origin.line - 1];
        (!is_plain).then(|| format!("{line}{}: {}", template.unwrap_or_default(), notes.join("; ")))
    });
    described.collect()
}

fn described(note: &Note) -> String {
    match note {
        Note::Computed(from) => format!("computed from {}", from.unwrap_or("its row")),
        Note::Overrides(overridden) => {
            let template = overridden.template.as_ref().map_or("its own", |template| &template.name);
            let column = overridden.column.as_deref().unwrap_or_default();
            format!("{:?} of {template} {} {column}", overridden.value, overridden.origin.table())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_option_knows_all_values_that_it_overrides() {
    let rows = system()
        .template(2, "weak")
        .options(2, &["allow=ulaw", "context=inherited", "set_var=A=1"])
        .template(3, "strong")
        .options(3, &["allow=alaw", "k=strong"])
        .template(4, "base")
        .options(4, &["allow=g722", "k=base", "only=base"])
        .option(4, "auth", "password", "p")
        .endpoint(1, "a")
        .options(1, &["allow=opus", "allow=g729", "aors=mine"])
        .link(1, 2, 0)
        .link(1, 3, 1)
        .link(2, 4, 0)
        .link(3, 4, 0)
        .line(3, 1);
    let lines = explained(&rows, "a");
    let option = "endpoint_sip_section_option value";
    let expected = [
        "context = inherited of weak: \"default\" of its own linefeatures context".to_owned(),
        format!(
            "allow = g729: \"opus\" of its own {option}; \"alaw\" of strong {option}; \"g722\" of base {option}; \
                \"ulaw\" of weak {option}"
        ),
        format!("k = strong of strong: \"base\" of base {option}"),
        "only = base of base: ".to_owned(),
        "auth = a: computed from its row".to_owned(),
        "type = endpoint: computed from its row".to_owned(),
    ];
    assert_eq!(lines[..6], expected);
    // A repeated option overrides none.
    for line in [
        "set_var = WAZO_LINE_ID=3: computed from its row",
        "set_var = A=1 of weak: ",
        "password = p of base: ",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line}: {lines:#?}");
    }
}

#[test]
fn a_transport_of_a_template_is_overridden_too() {
    let template = row! { uuid: uuid(2), name: "t", label: "the template", tenant_uuid: "T", transport_uuid: uuid(8), template: true };
    let rows = system()
        .transport(8, "udp")
        .add("endpoint_sip", template)
        .endpoint(1, "a")
        .options(1, &["transport=tcp"])
        .link(1, 2, 0)
        .line(3, 1);
    let expected = "transport = tcp: \"udp\" of the template endpoint_sip transport_uuid";
    assert!(explained(&rows, "a").contains(&expected.to_owned()));
    let rows = rows.endpoint(3, "b").link(3, 2, 0).line(4, 3);
    let expected = "transport = udp of the template: computed from its row";
    assert!(explained(&rows, "b").contains(&expected.to_owned()));
}

#[test]
fn a_circle_and_a_long_chain_of_templates_end() {
    let chain = (2..=31).fold(system().endpoint(1, "a").line(3, 1), |rows, id| {
        rows.template(id, &format!("t{id}")).options(id, &["k=v"]).link(id - 1, id, 0)
    });
    let lines = explained(&chain.link(31, 2, 0), "a");
    let line = lines.iter().find(|line| line.starts_with("k = v of t2: \"v\" of t3 ")).unwrap();
    assert_eq!(line.matches(" of t").count(), 30);
}
