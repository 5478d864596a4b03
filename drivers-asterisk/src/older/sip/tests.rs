use std::fs;

use driver_api::Config;
use fixtures::Scratch;

use super::Sip;
use crate::testing::{Rows, Written, row, unindented};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";

fn driver() -> Sip {
    Sip::new(&Config::default()).unwrap()
}

impl Rows {
    fn sip_general<'a>(self, name: &str, value: impl Into<Option<&'a str>>) -> Rows {
        let row = row! { filename: "sip.conf", category: "general", var_name: name, var_val: value.into() };
        self.add("staticsip", row)
    }

    /// An endpoint with columns in JSON: `"port": 5060`.
    fn sip_endpoint(self, id: i64, name: &str, category: &str, columns: &str) -> Rows {
        let row = row! { id: id, tenant_uuid: TENANT, name: name, type: "friend", category: category };
        let columns = if columns.is_empty() { String::new() } else { format!(", {columns}") };
        self.add("usersip", row.replace('}', &(columns + "}")))
    }

    fn sip_trunk(self, id: i64, name: &str, columns: &str, twilio: bool) -> Rows {
        let claim = row! { tenant_uuid: TENANT, endpoint_sip_id: id, twilio_incoming: twilio };
        self.sip_endpoint(id, name, "trunk", columns).add("trunkfeatures", claim)
    }

    fn sip_line(self, id: i64, endpoint: i64, context: &str) -> Rows {
        let line = row! { id: id, context: context, provisioningid: id, endpoint_sip_id: endpoint };
        self.add("linefeatures", line)
    }

    fn sip_user(self, id: i64, line: i64, main_user: bool) -> Rows {
        let user = row! {
            id: id, uuid: format!("uuid-{id}"), tenant_uuid: TENANT, description: "",
            func_key_private_template_id: id,
        };
        self.ensure("userfeatures", user)
            .add("user_line", row! { user_id: id, line_id: line, main_user: main_user, main_line: true })
    }

    fn sip_extension(self, id: i64, exten: &str, line: i64) -> Rows {
        let extension = row! { id: id, context: "default", exten: exten, type: "user" };
        let of_line = row! { line_id: line, extension_id: id, main_extension: false };
        self.ensure("extensions", extension).add("line_extension", of_line)
    }

    /// An endpoint of a user with a line in the context `default`; all have the same id.
    fn sip_phone(self, id: i64, name: &str, columns: &str) -> Rows {
        self.sip_endpoint(id, name, "user", columns).sip_line(id, id, "default").sip_user(id, id, true)
    }

    fn sip(&self) -> Written {
        self.write(&driver())
    }
}

impl Written {
    /// The sections behind the general one: names and lines.
    fn sip_sections(&self) -> Vec<(&str, Vec<&str>)> {
        let sections = self.text.split("\n[").skip(1);
        let lines = sections.map(|section| {
            let (name, rest) = section.split_once(']').expect("a name ends");
            (name, rest.lines().filter(|line| !line.is_empty()).collect())
        });
        lines.collect()
    }

    fn sip_names(&self) -> Vec<&str> {
        self.sip_sections().into_iter().map(|(name, _)| name).collect()
    }

    /// The values of an option in all sections, in the order of the file.
    fn sip_values(&self, option: &str) -> Vec<&str> {
        self.text.lines().filter_map(|line| line.strip_prefix(option)?.strip_prefix(" = ")).collect()
    }

    /// The values of a variable in all sections.
    fn sip_variable(&self, name: &str) -> Vec<&str> {
        let values = self.sip_values("setvar").into_iter();
        values.filter_map(|value| value.strip_prefix(name)?.strip_prefix('=')).collect()
    }
}

#[test]
fn without_rows_there_is_the_general_section() {
    let mut database = Scratch::older(&[]);
    assert_eq!(database.generate(&driver()).unwrap(), "[general]\n\n\n\n\n\n");
    assert_eq!(database.warnings, [""; 0]);
}

#[test]
fn a_general_option_is_written_by_its_name() {
    for (name, value, lines) in [
        ("k", Some("v"), "k = v\n"),
        ("k", Some(""), "k = \n"),
        ("k", None, ""),
        (" k ", Some("  v "), " k  =   v \n"),
        ("k\t", Some("v"), "k\t= v\n"),
        ("k\u{a0}", Some("v"), "k\u{a0}= v\n"),
        ("register", Some("a:b@c"), "register => a:b@c\n"),
        ("mwi", Some(""), "mwi => \n"),
        ("prematuremedia", Some("no"), "prematuremedia = yes\n"),
        ("prematuremedia", Some("yes"), "prematuremedia = no\n"),
        ("prematuremedia", Some(""), "prematuremedia = no\n"),
        ("allow", Some("gsm,ulaw"), "disallow = all\nallow = gsm,ulaw\n"),
        ("allow", Some(""), "disallow = all\nallow = \n"),
        ("allow", None, ""),
        ("disallow", Some("gsm"), ""),
    ] {
        let Written { text, warnings } = Rows::default().sip_general(name, value).sip();
        assert_eq!(text, format!("[general]\n{lines}\n\n\n\n\n"), "{name:?} {value:?}");
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn credentials_have_a_section_of_their_own() {
    let rows = Rows::default()
        .add("sipauthentication", row! { id: 2, user: "b", secretmode: "clear", secret: "s", realm: "r" })
        .add("sipauthentication", row! { id: 1, user: "a", secretmode: "md5", secret: "", realm: "" });
    assert_eq!(rows.sip().text, "[general]\n\n\n[authentication]\nauth = a#@\nauth = b:s@r\n\n\n\n\n");
}

#[test]
fn empty_columns_are_skipped_and_switches_say_yes_or_no() {
    let columns = r#""secret": "", "amaflags": "default", "callerid": "", "call-limit": 0, "port": 0,
        "subscribemwi": 0, "encryption": 2, "host": "", "disallow": "all""#;
    let written = Rows::default().sip_trunk(1, "t", &columns.replace('\n', " "), false).sip();
    let lines = vec![
        "call-limit = 0",
        "amaflags = default",
        "port = 0",
        "type = friend",
        "encryption = yes",
        "subscribemwi = no",
    ];
    assert_eq!(written.sip_sections(), [("t", lines)]);
}

#[test]
fn codecs_follow_a_line_that_disallows_all_others() {
    for (columns, lines) in [
        (r#""allow": "alaw,ulaw""#, vec!["disallow = all", "allow = alaw,ulaw"]),
        (r#""allow": """#, vec![]),
        (r#""options": [["allow", ""]]"#, vec!["disallow = all", "allow = "]),
        (
            r#""allow": "a", "options": [["disallow", "b"], ["allow", "c"]]"#,
            vec!["disallow = all", "allow = a", "disallow = b", "allow = c"],
        ),
    ] {
        let written = Rows::default().sip_trunk(1, "t", columns, false).sip();
        let sections = written.sip_sections();
        let codecs: Vec<&str> =
            sections[0].1.iter().filter(|line| line.contains("allow = ")).copied().collect();
        assert_eq!(codecs, lines, "{columns}");
        let first = sections[0].1[0];
        assert_eq!(first == "disallow = all", !lines.is_empty(), "{columns}");
    }
}

#[test]
fn pairs_follow_the_columns_with_any_name_and_value() {
    let columns = r#""options": [["id", "9"], ["context", "dup"], ["a", ""], ["n", null], ["x", "1", "2"]]"#;
    let written = Rows::default().sip_trunk(1, "t", columns, false).sip();
    let sections = written.sip_sections();
    assert_eq!(sections[0].1[5..], ["id = 9", "context = dup", "a = ", "n = None"]);
    assert_eq!(
        written.warnings,
        [
            "table usersip, row id=1, column options: element 5 of the array is not a name and a value; it is left \
                out",
            "table usersip, row id=1, column options: the option \"n\" has no value, so the file has the \
                word None: set a value or delete the option",
        ]
    );
}

#[test]
fn trunks_with_a_row_of_trunkfeatures_are_sorted_by_name() {
    let other = row! { tenant_uuid: TENANT, endpoint_sip_id: 1, register_iax_id: 2 };
    let written = Rows::default()
        .sip_trunk(1, "b", "", false)
        .add("trunkfeatures", other)
        .sip_trunk(2, "C", "", false)
        .sip_trunk(3, "a", "", false)
        .sip_trunk(4, "disabled", r#""commented": 1"#, false)
        .sip_endpoint(5, "unclaimed", "trunk", "")
        .sip_line(5, 5, "default")
        .sip();
    assert_eq!(written.sip_names(), ["C", "a", "b"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn twilio_has_gateways_with_the_options_of_its_first_trunk() {
    let columns = r#""type": "user", "host": "h", "qualify": "yes", "secret": "s", "subscribemwi": 1, "username": "u",
        "md5secret": "m", "maxcallbitrate": 1, "allowtransfer": 1, "allow": "alaw", "fullname": "f",
        "options": [["type", "x"], ["allow", "gsm"]]"#;
    let written = Rows::default()
        .sip_trunk(1, "a", "", false)
        .sip_trunk(2, "b", r#""commented": 1"#, true)
        .sip_trunk(3, "d", "", true)
        .sip_trunk(4, "c", &columns.replace('\n', " "), true)
        .sip();
    let template = unindented(
        "[twilio-gateway-tpl](!)
        call-limit = 10
        amaflags = default
        fullname = f
        md5secret = m
        maxcallbitrate = 1
        allowtransfer = yes
        disallow = all
        allow = alaw
        type = x
        disallow = all
        allow = gsm
        type = peer
        description = Autogenerated",
    );
    let start = format!(
        "[general]\n\n\n{template}\n\n\n[twilio-gateway01](twilio-gateway-tpl)\nhost = 54.172.60.0\n\n\
            [twilio-gateway02](twilio-gateway-tpl)\nhost = 54.172.60.1\n\n"
    );
    assert!(written.text.starts_with(&start), "{}", written.text);
    let end = "[twilio-gateway32](twilio-gateway-tpl)\nhost = 177.71.206.195\n\n[a]\n";
    assert!(written.text.contains(end), "{}", written.text);
    assert_eq!(written.text.matches("](twilio-gateway-tpl)\n").count(), 32);
}

#[test]
fn an_operator_may_replace_the_template_of_twilio() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("asterisk/sip")).unwrap();
    let template = "{% for name, value in options %}{{ name }}:{{ value }} {% endfor %}\n";
    fs::write(folder.path().join("asterisk/sip/twilio.jinja"), template).unwrap();
    let config = format!("templates: {{directory: {}}}", folder.path().display());
    let driver = Sip::new(&Config::from_yaml(&config).unwrap()).unwrap();
    let rows = Rows::default().sip_trunk(1, "t", r#""options": [["k\nl", "v"], ["m", "n\no"]]"#, true);
    let Written { text, .. } = rows.write(&driver);
    let start = "[general]\n\n\ncall-limit:10 amaflags:default m:n o \n[t]\n";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn a_user_has_the_variables_of_the_dialplan() {
    let rows = Rows::default()
        .sip_endpoint(2, "p", "user", r#""callerid": "\"A\" <1>", "context": "of-endpoint""#)
        .sip_line(5, 2, "of-line")
        .add("user_line", row! { user_id: 7, line_id: 5, main_user: true, main_line: true })
        .add(
            "userfeatures",
            row! {
                id: 7, uuid: "uuid-7", tenant_uuid: "U", description: "", musiconhold: "jazz", voicemailid: 3,
                func_key_private_template_id: 1,
            },
        )
        .add("voicemail", row! { uniqueid: 3, mailbox: "8001", context: "vm", commented: 1 })
        .sip_extension(9, "1001", 5);
    let Written { text, warnings } = rows.sip();
    let expected = unindented(
        "[p]
        setvar = WAZO_CHANNEL_DIRECTION=from-wazo
        setvar = XIVO_ORIGINAL_CALLER_ID=\"A\" <1>
        setvar = TRANSFER_CONTEXT=of-line
        setvar = PICKUPMARK=1001%of-line
        setvar = XIVO_USERID=7
        setvar = XIVO_USERUUID=uuid-7
        setvar = WAZO_TENANT_UUID=11111111-1111-4111-8111-111111111111
        mohsuggest = jazz
        mailbox = 8001@vm
        description = \"A\" <1>
        cc_agent_policy = never
        cc_monitor_policy = never
        context = of-endpoint
        call-limit = 10
        amaflags = default
        callerid = \"A\" <1>
        type = friend
        host = dynamic
        subscribemwi = no",
    );
    assert_eq!(text, format!("[general]\n\n\n\n\n{expected}\n\n\n"));
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn a_mailbox_with_a_comma_is_left_out() {
    let voicemail = |id: i64, mailbox: &str, context: &str| {
        row! { uniqueid: id, mailbox: mailbox, context: context }
    };
    let user = |id: i64| {
        row! {
            id: id, uuid: format!("u{id}"), tenant_uuid: TENANT, description: "", voicemailid: id, func_key_private_template_id: id,
        }
    };
    let rows = Rows::default()
        .add("voicemail", voicemail(1, "8,9", "vm"))
        .add("voicemail", voicemail(2, "8", "v,m"))
        .add("voicemail", voicemail(3, "8", "vm"));
    let rows = (1..=3).fold(rows, |rows, id| {
        let of_line = row! { user_id: id, line_id: id, main_user: true, main_line: true };
        let rows = rows.sip_endpoint(id, &format!("p{id}"), "user", "").sip_line(id, id, "default");
        rows.add("userfeatures", user(id)).add("user_line", of_line)
    });
    let written = rows.sip();
    assert_eq!(written.sip_names(), ["p1", "p2", "p3"]);
    assert_eq!(written.sip_values("mailbox"), ["8@vm"]);
    let comma = "there is a comma, and what follows it would be the next field; the mailbox is left out";
    let row = "table linefeatures, row id";
    assert_eq!(
        written.warnings,
        [
            format!("{row}=1 user_id=1 extension_id=NULL, column mailbox: {comma}"),
            format!("{row}=2 user_id=2 extension_id=NULL, column mailbox_context: {comma}"),
        ]
    );
}

#[test]
fn a_missing_value_has_no_line() {
    let written = Rows::default()
        .sip_endpoint(1, "nothing", "user", "")
        .sip_line(1, 1, "")
        .sip_phone(2, "empty", r#""callerid": """#)
        .sip_extension(2, "", 2)
        .sip();
    assert_eq!(written.sip_names(), ["nothing", "empty"]);
    assert_eq!(written.sip_variable("XIVO_ORIGINAL_CALLER_ID"), ["None", ""]);
    assert_eq!(written.sip_variable("TRANSFER_CONTEXT"), ["default"]);
    assert_eq!(written.sip_variable("XIVO_USERID"), ["2"]);
    for option in ["description", "callerid", "mohsuggest", "mailbox", "namedpickupgroup", "namedcallgroup"] {
        assert_eq!(written.sip_values(option), [""; 0]);
    }
    assert_eq!(written.sip_variable("PICKUPMARK"), [""; 0]);
}

#[test]
fn a_line_without_main_user_has_no_number() {
    let rows = Rows::default().sip_endpoint(1, "p", "user", "").sip_line(1, 1, "default");
    let rows = rows.sip_user(1, 1, false).sip_extension(1, "1001", 1).sip_extension(2, "1002", 1);
    let written = rows.sip();
    assert_eq!(written.sip_names(), ["p"]);
    assert_eq!(written.sip_variable("PICKUPMARK"), [""; 0]);
    assert_eq!(written.sip_variable("XIVO_USERID"), [""; 0]);
}

#[test]
fn each_line_user_and_extension_makes_a_section() {
    let rows = Rows::default()
        .sip_phone(20, "second", "")
        .sip_endpoint(10, "first", "user", "")
        .sip_line(2, 10, "two")
        .sip_line(1, 10, "one")
        .sip_user(5, 1, true)
        .sip_user(4, 1, true)
        .sip_user(3, 1, false)
        .sip_extension(8, "1008", 1)
        .sip_extension(7, "1007", 1);
    let written = rows.sip();
    assert_eq!(written.sip_names(), ["first", "first", "first", "first", "first", "second"]);
    assert_eq!(written.sip_variable("XIVO_USERID"), ["4", "4", "5", "5", "20"]);
    assert_eq!(written.sip_variable("PICKUPMARK"), ["1007%one", "1008%one", "1007%one", "1008%one"]);
    assert_eq!(written.sip_variable("TRANSFER_CONTEXT"), ["one", "one", "one", "one", "two", "default"]);
    assert_eq!(
        written.warnings,
        ["table usersip, row id=10, column name: there is more than one section \"first\", and Asterisk \
            merges or replaces them: keep one, or rename the others"]
    );
}

#[test]
fn lines_that_make_the_same_section_make_one() {
    let application = row! {
        id: 4, context: "default", provisioningid: 4, endpoint_sip_id: 1, application_uuid: "app",
    };
    let rows = Rows::default()
        .sip_endpoint(1, "p", "user", "")
        .sip_line(1, 1, "default")
        .sip_line(2, 1, "default")
        .sip_line(3, 1, "other")
        .add("linefeatures", application);
    let rows = (1..5).fold(rows, |rows, line| rows.sip_user(1, line, true).sip_extension(1, "1001", line));
    let written = rows.sip();
    assert_eq!(written.sip_variable("PICKUPMARK"), ["1001%default", "1001%other", "1001%default"]);
}

#[test]
fn disabled_endpoints_are_left_out_but_disabled_lines_are_not() {
    let disabled = row! { id: 3, context: "default", provisioningid: 3, endpoint_sip_id: 3, commented: 1 };
    let written = Rows::default()
        .sip_endpoint(1, "no-line", "user", "")
        .sip_phone(2, "disabled", r#""commented": 1"#)
        .sip_endpoint(3, "disabled-line", "user", r#""protocol": "custom""#)
        .add("linefeatures", disabled)
        .sip_line(4, 99, "default")
        .add("linefeatures", row! { id: 5, context: "default", provisioningid: 5 })
        .sip();
    assert_eq!(written.sip_names(), ["disabled-line"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn pickup_groups_are_those_of_all_users_of_an_endpoint() {
    let member = |pickup: i64, category: &str, kind: &str, id: i64| {
        row! { pickupid: pickup, category: category, membertype: kind, memberid: id }
    };
    let queue_member = |user: i64| {
        let interface = format!("SIP/{user}");
        row! {
            queue_name: "q", interface: interface, usertype: "user", userid: user, channel: "SIP", category: "queue",
        }
    };
    let mut rows = Rows::default()
        .sip_phone(1, "p", "")
        .sip_user(2, 1, false)
        .add("queuefeatures", row! { id: 8, tenant_uuid: TENANT, name: "q", displayname: "" })
        .add("queuemember", queue_member(1))
        .add("queuemember", queue_member(2));
    for (id, disabled) in [(17, 0), (9, 0), (2, 0), (1, 1), (4, 0)] {
        let row = row! { id: id, tenant_uuid: TENANT, name: format!("g{id}"), commented: disabled };
        rows = rows.add("pickup", row);
    }
    let rows = rows
        .add("pickupmember", member(17, "member", "user", 1))
        .add("pickupmember", member(9, "member", "queue", 8))
        .add("pickupmember", member(2, "member", "user", 2))
        .add("pickupmember", member(1, "member", "user", 1))
        .add("pickupmember", member(4, "pickup", "user", 2));
    let written = rows.sip();
    assert_eq!(written.sip_values("namedpickupgroup"), ["2,9,17"]);
    assert_eq!(written.sip_values("namedcallgroup"), ["4"]);
}

#[test]
fn call_completion_is_offered_if_its_first_code_is_enabled() {
    let code = |exten: &str, disabled: i64| {
        let context = "xivo-features";
        row! { context: context, exten: exten, type: "extenfeatures", typeval: "cctoggle", commented: disabled }
    };
    for (codes, offered) in [
        (vec![], false),
        (vec![("*40", 0)], true),
        (vec![("*40", 1)], false),
        (vec![("*41", 1), ("*40", 0)], true),
        (vec![("*41", 0), ("*40", 1)], false),
        (vec![("_*40", 0), ("Z", 1)], false),
    ] {
        let rows = Rows::default().sip_phone(1, "p", "");
        let rows =
            codes.iter().fold(rows, |rows, (exten, disabled)| rows.add("extensions", code(exten, *disabled)));
        let written = rows.sip();
        let policy = if offered { "generic" } else { "never" };
        assert_eq!(written.sip_values("cc_agent_policy"), [policy], "{codes:?}");
        assert_eq!(written.sip_values("cc_monitor_policy"), [policy]);
        assert_eq!(written.sip_values("cc_offer_timer").len(), usize::from(offered));
    }
}

#[test]
fn a_semicolon_in_an_option_is_escaped() {
    let rows = Rows::default()
        .sip_phone(1, "p", r#""secret": "a;b", "callerid": "c\\;d", "options": [["k", ";"]]"#)
        .sip_trunk(2, "t", r#""secret": "e;f""#, true);
    let written = rows.sip();
    assert_eq!(written.sip_values("secret"), [r"e\;f", r"a\;b"]);
    assert_eq!(written.sip_values("callerid"), [r"c\;d"]);
    assert_eq!(written.sip_values("k"), [r"\;"]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn a_value_never_starts_a_line() {
    let bad = "a\n[evil]";
    let columns = r#""secret": "a\n[evil]", "callerid": "a\r[evil]", "options": [["k", "a\n[evil]"], ["a\n[evil]", "v"]]"#;
    let credential = |user: &str, secret: &str| {
        row! { user: user, secretmode: "clear", secret: secret, realm: "r" }
    };
    let rows = Rows::default()
        .sip_general(bad, "v")
        .sip_general("k", bad)
        .sip_general("register", bad)
        .add("sipauthentication", credential(bad, "s"))
        .add("sipauthentication", credential("u", bad))
        .sip_trunk(1, "t", columns, true)
        .sip_trunk(2, bad, "", false)
        .sip_endpoint(3, "p", "user", columns)
        .sip_line(3, 3, bad)
        .sip_user(3, 3, true)
        .sip_extension(3, bad, 3)
        .sip_phone(4, "b]", "");
    let written = rows.sip();
    assert!(!written.text.contains("\n[evil]") && !written.text.contains('\r'), "{}", written.text);
    assert!(written.text.starts_with("[general]\nk = a [evil]\nregister => a [evil]\n\n\n[twilio"));
    let names = written.sip_names();
    assert_eq!(names[names.len() - 2..], ["t", "p"]);
    assert_eq!(written.sip_values("secret"), ["a [evil]", "a [evil]"]);
    assert_eq!(written.sip_variable("PICKUPMARK"), ["a [evil]%a [evil]"]);
    assert_eq!(written.sip_values("k"), ["a [evil]"; 4]);
}

#[test]
fn a_line_break_in_an_option_is_reported_with_its_name() {
    let columns = r#""secret": "a\nb", "options": [["k", "a\nb"], ["c\nd", "v"], ["e=f", "v"]]"#;
    let written = Rows::default().sip_trunk(1, "t", columns, false).sip();
    let row = "table usersip, row id=1, column";
    assert_eq!(
        written.warnings,
        [
            format!("{row} secret: the value has a line break; blanks stand in its place"),
            format!(
                "{row} options: the value of the option \"k\" has a line break; blanks stand in its place"
            ),
            format!("{row} options: the value has a line break; the option \"c\\nd\" is left out"),
            format!(
                "{row} options: there is a \"=\", which ends the name of an option; the option \"e=f\" is left out"
            ),
        ]
    );
}

#[test]
fn credentials_that_asterisk_would_misread_are_left_out() {
    let credential = |mode: &str, user: &str, secret: &str, realm: &str| {
        row! { user: user, secretmode: mode, secret: secret, realm: realm }
    };
    let rows = [
        credential("clear", "u#", "s:@#", "r:#"),
        credential("clear", "u", "s", "r@"),
        credential("clear", "u:", "s", "r"),
        credential("md5", "u@", "s#@", "r"),
        credential("md5", "u", "s", "@"),
        credential("md5", ":", "s", "r"),
        credential("md5", "#", "s", "r"),
        credential("md5", "u", ":", "r"),
    ];
    let written =
        rows.into_iter().fold(Rows::default(), |rows, row| rows.add("sipauthentication", row)).sip();
    assert_eq!(written.sip_values("auth"), ["u#:s:@#@r:#", "u@#s#@@r"]);
    let left_out = |(id, column, sign): (i64, &str, char)| {
        format!(
            "table sipauthentication, row id={id}, column {column}: there is a {sign:?}, which separates user, secret \
                and realm; the row is left out"
        )
    };
    let expected = [
        (2, "realm", '@'),
        (3, "user", ':'),
        (5, "realm", '@'),
        (6, "user", ':'),
        (7, "user", '#'),
        (8, "secret", ':'),
    ];
    assert_eq!(written.warnings, expected.map(left_out));
}

#[test]
fn each_line_comes_from_a_row() {
    let columns = r#""callerid": "c", "options": [["k", "v"]]"#;
    let context = "xivo-features";
    let code = row! { id: 77, context: context, exten: "*40", type: "extenfeatures", typeval: "cctoggle" };
    let rows = Rows::default()
        .sip_general("allow", "gsm")
        .sip_phone(2, "p", columns)
        .sip_extension(9, "1001", 2)
        .add("extensions", code);
    let rows = rows.origins(&driver());
    let expected = unindented(
        "disallow = all (table staticsip, row id=1)
        allow = gsm (table staticsip, row id=1, column var_val)
        [p] (table usersip, row id=2, column name)
        setvar = WAZO_CHANNEL_DIRECTION=from-wazo (table linefeatures, row id=2 user_id=2 extension_id=9)
        setvar = XIVO_ORIGINAL_CALLER_ID=c (table usersip, row id=2, column callerid)
        setvar = TRANSFER_CONTEXT=default (table linefeatures, row id=2 user_id=2 extension_id=9, column context)
        setvar = PICKUPMARK=1001%default (table linefeatures, row id=2 user_id=2 extension_id=9, column exten)
        setvar = XIVO_USERID=2 (table linefeatures, row id=2 user_id=2 extension_id=9, column user_id)
        setvar = XIVO_USERUUID=uuid-2 (table linefeatures, row id=2 user_id=2 extension_id=9, column uuid)
        setvar = WAZO_TENANT_UUID=11111111-1111-4111-8111-111111111111 (table usersip, row id=2, column tenant_uuid)
        description = c (table usersip, row id=2, column callerid)
        ccnr_available_timer = 900 (table extensions, row id=77, column commented)
        ccbs_available_timer = 900 (table extensions, row id=77, column commented)
        cc_agent_policy = generic (table extensions, row id=77, column commented)
        cc_offer_timer = 30 (table extensions, row id=77, column commented)
        cc_recall_timer = 20 (table extensions, row id=77, column commented)
        cc_monitor_policy = generic (table extensions, row id=77, column commented)
        call-limit = 10 (table usersip, row id=2, column call-limit)
        amaflags = default (table usersip, row id=2, column amaflags)
        callerid = c (table usersip, row id=2, column callerid)
        type = friend (table usersip, row id=2, column type)
        host = dynamic (table usersip, row id=2, column host)
        subscribemwi = no (table usersip, row id=2, column subscribemwi)
        k = v (table usersip, row id=2, column options)",
    );
    assert_eq!(rows.join("\n"), expected);
}
