//! Which rows the lines of the file come from.

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
        let origins = session.take_origins().into_iter();
        origins
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
