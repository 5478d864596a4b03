//! The rules of `sccp.conf`, each on a few rows.

use super::Sccp;
use crate::testing::{Rows, Written, row, unindented};

/// A system without settings, devices and lines.
fn system() -> Rows {
    Rows::default().add("feature_extension", row! { exten: "*98", feature: "vmusermsg" })
}

/// The file of such a system.
const NOTHING: &str = "[general]

[xivo_device_tpl](!)
vmexten = *98


[guest](xivo_device_tpl)
type = device
line = guestline

[xivo_line_tpl](!)
setvar = TIMEOUT(absolute)=36000


[guestline](xivo_line_tpl)
type = line
context = xivo-initconfig
cid_name = Autoprov
cid_num = autoprov

";

impl Rows {
    fn sccp(&self) -> Written {
        self.write(&Sccp)
    }

    fn sccp_setting(self, name: &str, value: &str) -> Rows {
        self.add("sccpgeneralsettings", row! { option_name: name, option_value: value })
    }

    fn sccp_device(self, id: i64, name: &str, line: &str) -> Rows {
        self.add("sccpdevice", row! { id: id, name: name, device: name, line: line })
    }

    /// An endpoint of this name.
    fn sccp_endpoint(self, id: i64, name: &str) -> Rows {
        let row =
            row! { id: id, tenant_uuid: "T", name: name, context: "x", cid_name: "Ann", cid_num: "1001" };
        self.add("sccpline", row)
    }

    /// A line with an endpoint that is there.
    fn sccp_line(self, id: i64, endpoint: i64) -> Rows {
        let row = row! { id: id, context: "default", provisioningid: 0, endpoint_sccp_id: endpoint };
        self.add("linefeatures", row)
    }

    /// A user `u<id>` with a private template of the same number.
    fn sccp_user(self, id: i64, voicemail: impl Into<Option<i64>>) -> Rows {
        let row = row! {
            id: id, uuid: format!("u{id}"), tenant_uuid: "U", voicemailid: voicemail.into(),
            func_key_private_template_id: id, description: "",
        };
        self.add("userfeatures", row)
    }

    fn sccp_user_line(self, user: i64, line: i64, main_user: bool, main_line: bool) -> Rows {
        let row = row! { user_id: user, line_id: line, main_user: main_user, main_line: main_line };
        self.add("user_line", row)
    }

    fn sccp_extension(self, id: i64, exten: &str, line: i64, main: bool) -> Rows {
        self.add("extensions", row! { id: id, context: "other", exten: exten, type: "user" })
            .add("line_extension", row! { line_id: line, extension_id: id, main_extension: main })
    }

    /// The line, endpoint, user and extension of this number, with a name and an extension.
    fn sccp_phone(self, id: i64, name: &str) -> Rows {
        self.sccp_endpoint(id, name)
            .sccp_line(id, id)
            .sccp_user(id, None)
            .sccp_user_line(id, id, true, true)
            .sccp_extension(id, name, id, true)
    }

    /// A key of this user that dials a number.
    fn sccp_key<'a>(
        self,
        user: i64,
        key: i64,
        position: i64,
        label: impl Into<Option<&'a str>>,
        exten: &str,
    ) -> Rows {
        let row = row! {
            template_id: user, func_key_id: key, destination_type_id: 10, label: label.into(),
            position: position, blf: position != 1,
        };
        self.add("func_key_mapping", row).add("func_key_dest_custom", row! { func_key_id: key, exten: exten })
    }

    fn sccp_pickup(self, id: i64, commented: i64, members: &[(&str, &str, i64)]) -> Rows {
        let pickup = row! { id: id, tenant_uuid: "T", name: format!("p{id}"), commented: commented };
        members.iter().fold(self.add("pickup", pickup), |rows, &(category, kind, member)| {
            let row = row! { pickupid: id, category: category, membertype: kind, memberid: member };
            rows.add("pickupmember", row)
        })
    }

    fn sccp_queue_member(self, queue: &str, user: i64) -> Rows {
        let row = row! {
            queue_name: queue, interface: format!("{user}"), usertype: "user", userid: user,
            channel: "SCCP", category: "queue", commented: 1,
        };
        self.add("queuemember", row)
    }
}

impl Written {
    /// The lines of each section that rows have made, under its head without the brackets.
    fn sccp_sections(&self) -> Vec<(&str, Vec<&str>)> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in self.text.lines() {
            if let Some(head) = line.strip_prefix('[') {
                sections.push((head.split(']').next().unwrap(), Vec::new()));
            } else if let Some((_, lines)) = sections.last_mut().filter(|_| !line.is_empty()) {
                lines.push(line);
            }
        }
        let fixed = ["general", "xivo_device_tpl", "guest", "xivo_line_tpl", "guestline"];
        sections.retain(|(name, _)| !fixed.contains(name));
        sections
    }

    fn sccp_names(&self) -> Vec<&str> {
        self.sccp_sections().into_iter().map(|(name, _)| name).collect()
    }

    /// The values of an option in the first section of this name.
    fn sccp_values(&self, section: &str, option: &str) -> Vec<&str> {
        let sections = self.sccp_sections();
        let (_, lines) = sections.into_iter().find(|(name, _)| *name == section).expect("the section");
        let values = lines.into_iter().filter_map(|line| line.strip_prefix(option)?.strip_prefix(" ="));
        values.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect()
    }
}

#[test]
fn devices_and_lines_follow_their_templates() {
    let rows = system()
        .sccp_setting("directmedia", "no")
        .sccp_setting("dialtimeout", "5")
        .sccp_setting("keepalive", "10")
        .sccp_setting("language", "en_US")
        .sccp_setting("allow", "")
        .sccp_setting("guest", "no")
        .sccp_setting("max_guests", "100")
        .add("voicemail", row! { uniqueid: 3, context: "default", mailbox: "1001" })
        .add(
            "userfeatures",
            row! {
                id: 7, uuid: "c0a80001-0000-4000-8000-000000000007", tenant_uuid: "U", language: "fr_FR",
                enableonlinerec: 1, simultcalls: 5, voicemailid: 3, func_key_private_template_id: 70,
                description: "",
            },
        )
        .add(
            "sccpline",
            row! {
                id: 10, tenant_uuid: "11111111-1111-4111-8111-111111111111", name: "1001", context: "x",
                cid_name: "Alice", cid_num: "1001", disallow: "all", allow: "g722,alaw",
            },
        )
        .sccp_line(21, 10)
        .sccp_user_line(7, 21, true, true)
        .sccp_extension(5, "1001", 21, true)
        .sccp_device(1, "SEP001122334455", "1001")
        .sccp_key(70, 201, 2, "Bob; home", "2001")
        .sccp_key(70, 202, 1, None, "*10")
        .sccp_pickup(2, 0, &[("member", "user", 7)])
        .sccp_pickup(4, 0, &[("member", "user", 7), ("pickup", "user", 7)]);
    let Written { text, warnings } = rows.sccp();
    let expected = unindented(
        "
        [general]
        guest = no
        max_guests = 100

        [xivo_device_tpl](!)
        dialtimeout = 5
        keepalive = 10
        vmexten = *98


        [guest](xivo_device_tpl)
        type = device
        line = guestline


        [SEP001122334455](xivo_device_tpl)
        type = device
        line = 1001
        voicemail = 1001
        speeddial = 7-1
        speeddial = 7-2

        [xivo_line_tpl](!)
        directmedia = 0
        language = en_US
        setvar = TIMEOUT(absolute)=36000


        [guestline](xivo_line_tpl)
        type = line
        context = xivo-initconfig
        cid_name = Autoprov
        cid_num = autoprov


        [1001](xivo_line_tpl)
        type = line
        cid_name = Alice
        cid_num = 1001
        setvar = XIVO_ORIGINAL_CALLER_ID=\"Alice\" <1001>
        setvar = XIVO_USERID=7
        setvar = WAZO_USERID=7
        setvar = XIVO_USERUUID=c0a80001-0000-4000-8000-000000000007
        setvar = WAZO_USERUUID=c0a80001-0000-4000-8000-000000000007
        setvar = WAZO_TENANT_UUID=11111111-1111-4111-8111-111111111111
        setvar = PICKUPMARK=1001%default
        setvar = TRANSFER_CONTEXT=default
        setvar = WAZO_CHANNEL_DIRECTION=from-wazo
        setvar = WAZO_LINE_ID=10
        setvar = WAZO_CALLER_SIMULTCALLS=5
        setvar = DYNAMIC_FEATURES=togglerecord
        language = fr_FR
        context = default
        disallow = all
        allow = g722,alaw
        namedcallgroup = 4
        namedpickupgroup = 2,4

        [7-2]
        type = speeddial
        extension = 2001
        label = Bob home
        blf = 1


        [7-1]
        type = speeddial
        extension = *10
        blf = 0
        ",
    );
    assert_eq!(text, expected + "\n\n");
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn without_rows_the_file_has_the_guests() {
    let Written { text, warnings } = system().sccp();
    assert_eq!((text.as_str(), warnings.len()), (NOTHING, 0));
}

#[test]
fn without_a_voicemail_extension_its_line_is_left_out() {
    let other = row! { exten: "*99", feature: "vmuserpurge" };
    let Written { text, warnings } = Rows::default().add("feature_extension", other).sccp();
    assert_eq!(text, NOTHING.replace("vmexten = *98\n", ""));
    assert_eq!(
        warnings,
        [
            "table feature_extension: there is no row with the feature vmusermsg, so phones have no extension for \
            their voicemail: add one"
        ]
    );
}

#[test]
fn the_first_voicemail_extension_counts_disabled_or_not() {
    let rows = Rows::default()
        .add("feature_extension", row! { exten: "a", feature: "vmusermsg" })
        .add("feature_extension", row! { exten: "B", feature: "vmusermsg", enabled: false });
    assert_eq!(rows.sccp().text, NOTHING.replace("*98", "B"));
}

#[test]
fn each_setting_is_in_the_section_of_its_kind() {
    let settings = |names: &[&str]| names.iter().fold(system(), |rows, name| rows.sccp_setting(name, "v"));
    let general = settings(&["z", "a", "z", "Context", "bindaddr"]).sccp().text;
    assert!(
        general.starts_with("[general]\nz = v\na = v\nz = v\nContext = v\nbindaddr = v\n\n[xivo_device_tpl]")
    );
    let device = settings(&["vmexten", "dateformat", "dialtimeout", "keepalive"]).sccp().text;
    let lines = "vmexten = v\ndateformat = v\ndialtimeout = v\nkeepalive = v\nvmexten = *98\n";
    assert_eq!(device, NOTHING.replace("vmexten = *98\n", lines));
    let line = settings(&["tos_audio", "language", "context"]).sccp().text;
    let lines = "[xivo_line_tpl](!)\ntos_audio = v\nlanguage = v\ncontext = v\n";
    assert_eq!(line, NOTHING.replace("[xivo_line_tpl](!)\n", lines));
}

#[test]
fn settings_of_lines_are_written_by_their_names() {
    for (name, value, lines) in [
        ("allow", "", ""),
        ("allow", "gsm,ulaw", "disallow = all\nallow = gsm,ulaw\n"),
        ("disallow", "gsm", ""),
        ("directmedia", "no", "directmedia = 0\n"),
        ("directmedia", "No", "directmedia = 1\n"),
        ("directmedia", "", "directmedia = 1\n"),
        ("language", "", "language =\n"),
    ] {
        let written = system().sccp_setting(name, value).sccp();
        let expected = NOTHING.replace("[xivo_line_tpl](!)\n", &format!("[xivo_line_tpl](!)\n{lines}"));
        assert_eq!(written.text, expected, "{name:?} {value:?}");
    }
}

#[test]
fn each_column_of_a_line_has_its_option() {
    let line = |columns: &str| {
        let row = row! { id: 1, tenant_uuid: "T", name: "l", context: "x", cid_name: "n", cid_num: "1" };
        system()
            .add("sccpline", row.replace(r#""cid_name": "n", "cid_num": "1""#, columns))
            .sccp_line(1, 1)
            .sccp_user(1, None)
            .sccp_user_line(1, 1, true, true)
            .sccp_extension(1, "1", 1, true)
            .sccp()
    };
    for (columns, lines) in [
        (
            r#""cid_name": "", "cid_num": """#,
            "cid_name =\ncid_num =\nsetvar = XIVO_ORIGINAL_CALLER_ID=\"\" <>\n",
        ),
        (
            r#""cid_name": "  Bob  ", "cid_num": "1003""#,
            "cid_name =   Bob\ncid_num = 1003\nsetvar = XIVO_ORIGINAL_CALLER_ID=\"  Bob  \" <1003>\n",
        ),
        (
            r#""cid_name": "a\"b", "cid_num": "1""#,
            "cid_name = a\"b\ncid_num = 1\nsetvar = XIVO_ORIGINAL_CALLER_ID=\"a\"b\" <1>\n",
        ),
        (
            r#""cid_name": "", "cid_num": "", "allow": "", "disallow": null"#,
            "SIMULTCALLS=5\ncontext = default\n\n",
        ),
        (
            r#""cid_name": "", "cid_num": "", "allow": "a, b", "disallow": """#,
            "context = default\nallow = a, b\n\n",
        ),
        (
            r#""cid_name": "", "cid_num": "", "allow": "", "disallow": "c", "commented": 1, "protocol": "sip""#,
            "context = default\ndisallow = c\n\n",
        ),
    ] {
        let Written { text, warnings } = line(columns);
        assert!(text.contains(lines), "{text}");
        assert_eq!(warnings, [""; 0]);
    }
    let Written { text, warnings } = line(r#""cid_name": "a;b", "cid_num": "1""#);
    assert!(text.contains("\ncid_name = a\\;b\n"), "{text}");
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn each_column_of_a_user_has_its_option() {
    let user = |columns: &str| {
        let row = row! {
            id: 1, uuid: "u1", tenant_uuid: "U", func_key_private_template_id: 1, description: "",
        };
        let rows = system().sccp_endpoint(1, "l").sccp_line(1, 1).sccp_extension(1, "1", 1, true);
        let row = row.replace('}', &format!(", {columns}}}"));
        rows.add("userfeatures", row).sccp_user_line(1, 1, true, true).sccp().text
    };
    for (columns, lines) in [
        (r#""simultcalls": 0"#, "setvar = WAZO_CALLER_SIMULTCALLS=0\ncontext = default\n"),
        (r#""language": "", "enableonlinerec": 0"#, "SIMULTCALLS=5\ncontext = default\n"),
        (
            r#""enableonlinerec": 2"#,
            "SIMULTCALLS=5\nsetvar = DYNAMIC_FEATURES=togglerecord\ncontext = default\n",
        ),
        (r#""language": "de_DE", "commented": 1"#, "SIMULTCALLS=5\nlanguage = de_DE\ncontext = default\n"),
    ] {
        let text = user(columns);
        assert!(text.contains(lines), "{text}");
    }
}

#[test]
fn a_line_needs_a_main_user_and_a_main_extension() {
    let disabled = row! { id: 4, context: "default", provisioningid: 0, endpoint_sccp_id: 4, commented: 2 };
    let rows = system()
        .sccp_endpoint(1, "no line")
        .sccp_endpoint(2, "no main user")
        .sccp_line(2, 2)
        .sccp_user(2, None)
        .sccp_user_line(2, 2, false, true)
        .sccp_extension(2, "1", 2, true)
        .sccp_endpoint(3, "no main extension")
        .sccp_line(3, 3)
        .sccp_user(3, None)
        .sccp_user_line(3, 3, true, true)
        .sccp_extension(3, "1", 3, false)
        .sccp_endpoint(4, "disabled")
        .add("linefeatures", disabled)
        .sccp_user(4, None)
        .sccp_user_line(4, 4, true, true)
        .sccp_extension(4, "1", 4, true)
        .sccp_endpoint(5, "nobody")
        .sccp_line(5, 5)
        .sccp_phone(7, "late")
        .sccp_phone(6, "early");
    let written = rows.sccp();
    assert_eq!(written.sccp_names(), ["early", "late"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn each_main_user_and_main_extension_is_a_section() {
    let rows = system()
        .sccp_phone(1, "l")
        .sccp_user(2, None)
        .sccp_user_line(2, 1, true, false)
        .sccp_extension(2, "2", 1, true)
        .sccp_user(3, None)
        .sccp_user_line(3, 1, false, false);
    let written = rows.sccp();
    let sections = written.sccp_sections();
    let of = |name: &str| -> Vec<&str> {
        let lines = sections.iter().flat_map(|(_, lines)| lines);
        lines
            .filter_map(|line| line.strip_prefix("setvar = ")?.strip_prefix(name)?.strip_prefix('='))
            .collect()
    };
    assert_eq!(of("WAZO_USERID"), ["1", "1", "2", "2"]);
    assert_eq!(of("PICKUPMARK"), ["l%default", "2%default", "l%default", "2%default"]);
    let warning = |user, extension| {
        format!(
            "table sccpline, row id=1 line_id=1 user_id={user} extension_id={extension}, column name: there is more \
                than one section \"l\", and Asterisk merges or replaces them: keep one, or rename the others"
        )
    };
    assert_eq!(written.warnings, [warning(1, 2), warning(2, 1), warning(2, 2)]);
}

#[test]
fn pickup_groups_are_those_of_all_users_of_an_endpoint() {
    let disabled = row! { id: 20, context: "default", provisioningid: 0, endpoint_sccp_id: 1, commented: 1 };
    let rows = system()
        .sccp_phone(1, "l")
        .sccp_phone(2, "m")
        .add("linefeatures", disabled)
        .sccp_user(4, None)
        .sccp_user_line(4, 20, false, false)
        .sccp_user(3, None)
        .sccp_user_line(3, 1, false, true)
        .add("groupfeatures", row! { id: 8, tenant_uuid: "T", name: "g", label: "" })
        .add("queuefeatures", row! { id: 8, tenant_uuid: "T", name: "q", displayname: "" })
        .sccp_queue_member("g", 1)
        .sccp_queue_member("q", 1)
        .sccp_queue_member("q", 3)
        .sccp_pickup(17, 0, &[("member", "user", 1), ("pickup", "user", 3)])
        .sccp_pickup(9, 0, &[("member", "group", 8), ("pickup", "queue", 8)])
        .sccp_pickup(2, 0, &[("member", "user", 3), ("pickup", "user", 4)])
        .sccp_pickup(1, 0, &[("member", "queue", 8), ("member", "user", 1)])
        .sccp_pickup(3, 1, &[("member", "user", 1)]);
    let written = rows.sccp();
    assert_eq!(written.sccp_values("l", "namedpickupgroup"), ["1,2,9,17"]);
    assert_eq!(written.sccp_values("l", "namedcallgroup"), ["2,9,17"]);
    assert_eq!(written.sccp_values("m", "namedpickupgroup"), [""; 0]);
    // User 3 is not a main user, so the groups of the queue don't count.
    let rows = system()
        .sccp_phone(1, "l")
        .sccp_user(3, None)
        .sccp_user_line(3, 1, false, true)
        .add("queuefeatures", row! { id: 8, tenant_uuid: "T", name: "q", displayname: "" })
        .sccp_queue_member("q", 3)
        .sccp_pickup(1, 0, &[("member", "queue", 8)]);
    assert_eq!(rows.sccp().sccp_values("l", "namedpickupgroup"), [""; 0]);
}

#[test]
fn devices_are_sorted_by_id_with_or_without_a_line() {
    let rows = system()
        .sccp_phone(1, "l")
        .sccp_device(3, "c", "l")
        .sccp_device(2, "b", "unknown")
        .sccp_device(1, "a", "");
    let written = rows.sccp();
    assert_eq!(
        written.sccp_sections()[..3],
        [
            ("a", vec!["type = device"]),
            ("b", vec!["type = device", "line = unknown"]),
            ("c", vec!["type = device", "line = l"]),
        ]
    );
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn a_device_has_the_mailbox_of_the_main_user() {
    let line = row! { id: 1, context: "default", provisioningid: 0, endpoint_sccp_id: 1, commented: 1 };
    let rows = system()
        .sccp_device(1, "d", "l")
        .sccp_device(2, "e", "m")
        .sccp_endpoint(1, "l")
        .add("linefeatures", line)
        .sccp_user(1, 1)
        .sccp_user(2, 2)
        .sccp_user_line(1, 1, true, false)
        .sccp_user_line(2, 1, false, true)
        .add("voicemail", row! { uniqueid: 1, context: "default", mailbox: "8001", commented: 1 })
        .add("voicemail", row! { uniqueid: 2, context: "default", mailbox: "8002" })
        .sccp_endpoint(2, "m")
        .sccp_line(2, 2)
        .sccp_user(3, 3)
        .sccp_user_line(3, 2, true, true)
        .add("voicemail", row! { uniqueid: 3, context: "default", mailbox: "" })
        .sccp_key(1, 1, 1, None, "1");
    let written = rows.sccp();
    assert_eq!(
        written.sccp_sections(),
        [
            ("d", vec!["type = device", "line = l", "voicemail = 8001"]),
            ("e", vec!["type = device", "line = m"]),
        ]
    );
}

#[test]
fn an_ambiguous_device_has_a_section_for_each_mailbox() {
    let rows = system()
        .sccp_device(1, "d", "l")
        .sccp_device(2, "d", "")
        .add("voicemail", row! { uniqueid: 1, context: "default", mailbox: "8001" })
        .add("voicemail", row! { uniqueid: 2, context: "default", mailbox: "8002" })
        .add("voicemail", row! { uniqueid: 3, context: "other", mailbox: "8001" });
    let rows = [(1, Some(2)), (2, Some(1)), (3, Some(2)), (4, None), (5, Some(3))].into_iter().fold(
        rows,
        |rows, (id, voicemail)| {
            rows.sccp_endpoint(id, "l")
                .sccp_line(id, id)
                .sccp_user(id, voicemail)
                .sccp_user_line(id, id, true, true)
        },
    );
    let written = rows.sccp();
    assert_eq!(
        written.sccp_sections(),
        [
            ("d", vec!["type = device", "line = l", "voicemail = 8002"]),
            ("d", vec!["type = device", "line = l", "voicemail = 8001"]),
            ("d", vec!["type = device", "line = l"]),
            ("d", vec!["type = device"]),
        ]
    );
    let warning = |id| {
        format!(
            "table sccpdevice, row id={id}, column name: there is more than one section \"d\", and Asterisk \
                merges or replaces them: keep one, or rename the others"
        )
    };
    assert_eq!(written.warnings, [warning(1), warning(2)]);
}

#[test]
fn speed_dials_are_sorted_by_key_and_in_devices_by_position() {
    let rows = system()
        .sccp_phone(2, "m")
        .sccp_phone(1, "l")
        .sccp_device(1, "d", "m")
        .sccp_device(2, "e", "l")
        .sccp_device(3, "f", "l")
        .sccp_key(2, 4, 2, None, "4")
        .sccp_key(2, 3, 10, None, "3")
        .sccp_key(1, 6, 1, None, "6")
        .sccp_key(1, 5, 3, None, "5");
    let written = rows.sccp();
    let names = ["d", "e", "f", "l", "m", "1-3", "1-3", "1-1", "1-1", "2-10", "2-2"];
    assert_eq!(written.sccp_names(), names);
    assert_eq!(written.sccp_values("d", "speeddial"), ["2-2", "2-10"]);
    assert_eq!(written.sccp_values("e", "speeddial"), ["1-1", "1-3"]);
    assert_eq!(written.sccp_values("f", "speeddial"), ["1-1", "1-3"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn devices_of_the_same_telephone_list_the_speed_dials_of_both() {
    let device = |id, name: &str| row! { id: id, name: name, device: "SEP1", line: "l" };
    let rows = system()
        .sccp_phone(1, "l")
        .add("sccpdevice", device(1_i64, "d"))
        .add("sccpdevice", device(2, "e"))
        .sccp_key(1, 1, 2, None, "1");
    let written = rows.sccp();
    assert_eq!(written.sccp_values("d", "speeddial"), ["1-2", "1-2"]);
    assert_eq!(written.sccp_values("e", "speeddial"), ["1-2", "1-2"]);
}

#[test]
fn only_custom_keys_of_a_main_user_of_a_line_are_speed_dials() {
    let other = row! { template_id: 1, func_key_id: 1, destination_type_id: 1, position: 1 };
    let shared = row! {
        id: 3, uuid: "u3", tenant_uuid: "U", func_key_template_id: 9, func_key_private_template_id: 3,
        description: "",
    };
    let rows = system()
        .sccp_phone(1, "l")
        .add("func_key_mapping", other)
        .sccp_user(2, None)
        .sccp_user_line(2, 1, false, true)
        .sccp_key(2, 2, 1, None, "2")
        .add("userfeatures", shared)
        .sccp_user_line(3, 1, true, false)
        .sccp_key(9, 3, 1, None, "3")
        .sccp_device(1, "d", "l");
    assert_eq!(rows.sccp().sccp_values("d", "speeddial"), [""; 0]);
}

#[test]
fn labels_and_numbers_lose_characters_that_end_the_line() {
    for (label, exten, lines) in [
        (None, "1", "extension = 1\nblf = 1\n"),
        (Some(""), "", "extension =\nblf = 1\n"),
        (Some("\n\r\t;\0"), "\n;", "extension =\nblf = 1\n"),
        (Some("  sp  "), " 2\n3 ", "extension =  23\nlabel =   sp\nblf = 1\n"),
        (Some("a;b\n[evil]"), "1", "extension = 1\nlabel = ab[evil]\nblf = 1\n"),
    ] {
        let rows = system().sccp_phone(1, "l").sccp_device(1, "d", "l").sccp_key(1, 1, 2, label, exten);
        let Written { text, warnings } = rows.sccp();
        assert!(text.ends_with(&format!("\n\n[1-2]\ntype = speeddial\n{lines}\n")), "{text}");
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn a_row_with_a_bracket_in_the_name_is_left_out() {
    let rows = system()
        .sccp_phone(1, "l]")
        .sccp_phone(2, "m")
        .sccp_device(1, "d]", "m")
        .sccp_device(2, "guest", "m");
    let written = rows.sccp();
    assert_eq!(written.sccp_names(), ["m"]);
    assert_eq!(
        written.warnings,
        [
            "table sccpdevice, row id=1, column name: there is a \"]\", which ends the name of a section; the row is left out",
            "table sccpdevice, row id=2, column name: there is more than one section \"guest\", and Asterisk \
                merges or replaces them: keep one, or rename the others",
            "table sccpline, row id=1 line_id=1 user_id=1 extension_id=1, column name: there is a \"]\", which ends the name of a section; the row is left out",
        ]
    );
}

#[test]
fn a_line_break_is_refused_in_names_and_replaced_in_values() {
    let bad = "a\n[evil]";
    let endpoint = |id: i64, name: &str| {
        row! {
            id: id, tenant_uuid: bad, name: name, context: "x", cid_name: bad, cid_num: bad, allow: bad,
            disallow: bad,
        }
    };
    let user = row! {
        id: 1, uuid: bad, tenant_uuid: "U", language: bad, voicemailid: 1, func_key_private_template_id: 1,
        description: "",
    };
    let rows = Rows::default()
        .add("feature_extension", row! { exten: bad, feature: "vmusermsg" })
        .sccp_setting(bad, "v")
        .sccp_setting("k", bad)
        .sccp_device(1, bad, "")
        .add("sccpdevice", row! { id: 2, name: "d", device: bad, line: bad })
        .sccp_device(3, "e", "l")
        .add("voicemail", row! { uniqueid: 1, context: "default", mailbox: bad })
        .add("sccpline", endpoint(1, "l"))
        .add("sccpline", endpoint(2, "b\r[evil]"))
        .add("linefeatures", row! { id: 1, context: bad, provisioningid: 0, endpoint_sccp_id: 1 })
        .sccp_line(2, 2)
        .add("userfeatures", user)
        .sccp_user_line(1, 1, true, true)
        .sccp_user_line(1, 2, true, true)
        .sccp_extension(1, bad, 1, true)
        .sccp_extension(2, "1", 2, true);
    let written = rows.sccp();
    assert!(!written.text.contains("\n[evil]"), "{}", written.text);
    assert!(written.text.contains("\nk = a [evil]\n") && written.text.contains("\nvmexten = a [evil]\n"));
    assert_eq!(written.sccp_names(), ["d", "e", "l"]);
    assert_eq!(written.sccp_values("d", "line"), ["a [evil]"]);
    assert_eq!(written.sccp_values("e", "voicemail"), ["a [evil]"]);
    for option in ["cid_name", "cid_num", "language", "context", "allow", "disallow"] {
        assert_eq!(written.sccp_values("l", option), ["a [evil]"]);
    }
    let blanks = "the value has a line break; blanks stand in its place";
    let left_out = "the value has a line break; the row is left out";
    let mut expected = vec![
        format!("table sccpgeneralsettings, row id=1, column option_name: {left_out}"),
        format!("table sccpgeneralsettings, row id=2, column option_value: {blanks}"),
        format!("table feature_extension, row exten=\"a\\n[evil]\", column exten: {blanks}"),
        format!("table sccpdevice, row id=1, column name: {left_out}"),
        format!("table sccpdevice, row id=2, column line: {blanks}"),
        format!("table sccpdevice, row id=3, column mailbox: {blanks}"),
    ];
    let line = "table sccpline, row id=1 line_id=1 user_id=1 extension_id=1, column";
    for column in
        ["allow", "cid_name", "cid_num", "context", "disallow", "exten", "language", "tenant_uuid", "uuid"]
    {
        expected.push(format!("{line} {column}: {blanks}"));
    }
    expected.push(format!(
        "table sccpline, row id=2 line_id=2 user_id=1 extension_id=2, column name: {left_out}"
    ));
    assert_eq!(written.warnings, expected);
}

#[test]
fn each_line_comes_from_a_row() {
    let rows = system().sccp_phone(1, "l").sccp_device(3, "d", "l").sccp_key(1, 4, 2, Some("Bob"), "2001");
    let setting = row! { id: 6, option_name: "directmedia", option_value: "no" };
    let origins = rows.add("sccpgeneralsettings", setting).origins(&Sccp);
    let line = "table sccpline, row id=1 line_id=1 user_id=1 extension_id=1";
    let key = "table func_key_mapping, row user_id=1 position=2";
    let expected = unindented(&format!(
        "vmexten = *98 (table feature_extension, row exten=\"*98\", column exten)
        [d](xivo_device_tpl) (table sccpdevice, row id=3, column name)
        type = device (table sccpdevice, row id=3)
        line = l (table sccpdevice, row id=3, column line)
        speeddial = 1-2 ({key})
        directmedia = 0 (table sccpgeneralsettings, row id=6, column option_value)
        [l](xivo_line_tpl) ({line}, column name)
        type = line ({line})
        cid_name = Ann ({line}, column cid_name)
        cid_num = 1001 ({line}, column cid_num)
        setvar = XIVO_ORIGINAL_CALLER_ID=\"Ann\" <1001> ({line}, column cid_name)
        setvar = XIVO_USERID=1 ({line}, column user_id)
        setvar = WAZO_USERID=1 ({line}, column user_id)
        setvar = XIVO_USERUUID=u1 ({line}, column uuid)
        setvar = WAZO_USERUUID=u1 ({line}, column uuid)
        setvar = WAZO_TENANT_UUID=T ({line}, column tenant_uuid)
        setvar = PICKUPMARK=l%default ({line}, column exten)
        setvar = TRANSFER_CONTEXT=default ({line}, column context)
        setvar = WAZO_CHANNEL_DIRECTION=from-wazo ({line})
        setvar = WAZO_LINE_ID=1 ({line}, column id)
        setvar = WAZO_CALLER_SIMULTCALLS=5 ({line}, column simultcalls)
        context = default ({line}, column context)
        [1-2] ({key})
        type = speeddial ({key})
        extension = 2001 ({key}, column exten)
        label = Bob ({key}, column label)
        blf = 1 ({key}, column blf)"
    ));
    assert_eq!(origins.join("\n"), expected);
}
