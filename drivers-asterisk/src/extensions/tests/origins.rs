//! Each line of the file comes from a row, or is the program's own.

use std::collections::BTreeMap;

use database::Uri;
use driver_api::{Driver, Session};

use super::*;

/// The lines that come from rows, each with its row and its column.
fn origins(system: &System) -> BTreeMap<String, String> {
    let scratch = system.rows.load();
    let mut database = database::open(&Uri::Sqlite(scratch.path().to_owned())).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    let mut session = Session::new(&mut *snapshot).recording_origins();
    let text = Extensions::new(&Config::default()).unwrap().generate(&mut session).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let origins = session.take_origins();
    let described = origins.iter().map(|origin| {
        let column = origin.column.unwrap_or_default();
        let row = format!("{} {} {column}", origin.origin.table(), origin.origin.key());
        (lines[origin.line - 1].to_owned(), row.trim_end().to_owned())
    });
    described.collect()
}

#[test]
fn each_line_comes_from_its_row() {
    let filter = row! { id: 1, tenant_uuid: "T", name: "f", type: "bosssecretary" };
    let member = row! { id: 9, callfilterid: 1, type: "user", typeval: "1", bstype: "boss" };
    let agent = row! { func_key_id: 5, agent_id: 42, feature_extension_uuid: uuid(30) };
    let group = row! { func_key_id: 6, group_id: 7, feature_extension_uuid: uuid(50) };
    let system = System::default()
        .context("c", "internal")
        .add("contextinclude", row! { context: "c", include: "d" })
        .feature(23, "fwdbusy", "_*23.", true)
        .feature(25, "enablednd", "*25", true)
        .feature(30, "agentstaticlogtoggle", "_*30.", true)
        .feature(37, "bsfilter", "_*37.", false)
        .feature(50, "groupmembertoggle", "_*50.", true)
        .feature(735, "phoneprogfunckey", "_*735.", false)
        .user(1)
        .sip(1, 1, "sip1")
        .extension(1, "1001", "user", "1")
        .on_line(1, 1, true)
        .add("conference", row! { id: 3, tenant_uuid: "T" })
        .add("func_key_dest_conference", row! { func_key_id: 30, conference_id: 3 })
        .extension(20, "4000", "conference", "3")
        .add("func_key_dest_service", row! { func_key_id: 2, feature_extension_uuid: uuid(25) })
        .key(1, 2, 1, 5)
        .add(
            "func_key_dest_forward",
            row! { func_key_id: 3, feature_extension_uuid: uuid(23), number: "1234" },
        )
        .key(1, 3, 2, 6)
        .add("func_key_dest_custom", row! { func_key_id: 4, exten: "5000" })
        .key(1, 4, 3, 10)
        .add("func_key_dest_agent", agent)
        .key(1, 5, 4, 11)
        .add("func_key_dest_groupmember", group)
        .key(1, 6, 5, 13)
        .add("callfilter", filter)
        .add("callfiltermember", member)
        .add("func_key_dest_bsfilter", row! { func_key_id: 7, filtermember_id: 9 })
        .add("ivr", row! { id: 1, tenant_uuid: "T", name: "n", menu_sound: "menu" });
    let origins = origins(&system);
    let busy = format!("feature_extension uuid={} feature=fwdbusy", uuid(23));
    let dnd = format!("feature_extension uuid={} feature=enablednd", uuid(25));
    for (line, origin) in [
        ("exten = u1,hint,Custom:u1-mobile&PJSIP/sip1", "userfeatures id=1 uuid"),
        ("[c]", "context name=c name"),
        ("include = xivo-features", "context name=c"),
        ("include = d", "contextinclude context=c include=d include"),
        ("exten = 1001,1,Set(__WAZO_BASE_CONTEXT=${CONTEXT})", "extensions id=1 exten"),
        ("same  =     n,GoSub(user,s,1(1,,1))", "extensions id=1 typeval"),
        ("same  =     n,GoSub(conference,s,1(3,))", "extensions id=20 typeval"),
        ("exten = 1001,hint,PJSIP/sip1", "extensions id=1 exten"),
        ("exten = 4000,hint,confbridge:3", "extensions id=20 exten"),
        (
            "exten = *7351***225,hint,Custom:*7351***225",
            "func_key_dest_service func_key_id=2 feature_extension_uuid",
        ),
        (
            "exten = *7351***223*1234,hint,Custom:*7351***223*1234",
            "func_key_dest_forward func_key_id=3 number",
        ),
        ("exten = 5000,hint,Custom:5000", "func_key_dest_custom func_key_id=4 exten"),
        (
            "exten = *7351***230***342,hint,Custom:*7351***230***342",
            "func_key_dest_agent func_key_id=5 feature_extension_uuid",
        ),
        (
            "exten = *7351***250*7,hint,Custom:*7351***250*7",
            "func_key_dest_groupmember func_key_id=6 feature_extension_uuid",
        ),
        ("exten = *379,hint,Custom:*379", "callfiltermember id=9 id"),
        ("exten = *25,1,Set(__WAZO_BASE_CONTEXT=${CONTEXT})", &format!("{dnd} exten")),
        ("same  =     n,GoSub(enablednd,s,1())", &format!("{dnd} feature")),
        ("exten = *23,n,Gosub(feature_forward,s,1(busy))", &format!("{busy} exten")),
        ("[xivo-ivr-1]", "ivr id=1"),
        ("same  =   n,Background(menu)", "ivr id=1"),
    ] {
        assert_eq!(origins.get(line).map(String::as_str), Some(origin), "{line}: {origins:#?}");
    }
    for own in ["[usersharedlines]", "[xivo-features]"] {
        assert!(!origins.contains_key(own), "{own}");
    }
}
