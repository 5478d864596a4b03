//! `confbridge.conf`: profiles and menus of conference rooms and meetings. The dialplan selects them by
//! name.

use driver_api::{Driver, Error, OneLine, Query, Session};
use serde::Deserialize;

use crate::static_file;
use crate::writer::{Writer, yes_no};

pub(crate) struct Confbridge;

impl Driver for Confbridge {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut writer = Writer::new();
        static_file::write(&mut writer, session, "confbridge.conf", &[])?;
        let conferences: Vec<Conference> = session.query(CONFERENCES, &[])?;
        for conference in &conferences {
            write_bridge(&mut writer, conference);
        }
        writer.blank();
        for conference in &conferences {
            write_users(&mut writer, conference);
        }
        writer.blank();
        writer.fixed(include_str!("confbridge.conf"));
        Ok(writer.finish(session))
    }
}

const CONFERENCES: Query<'_> = Query {
    table: "conference",
    key: &["id"],
    sql: "SELECT id, max_users, record, quiet_join_leave, announce_join_leave, announce_user_count,
            announce_only_user, music_on_hold, admin_pin
        FROM conference
        ORDER BY id",
};

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the columns of the table")]
struct Conference {
    id: i64,
    max_users: i64,
    record: bool,
    quiet_join_leave: bool,
    announce_join_leave: bool,
    announce_user_count: bool,
    announce_only_user: bool,
    music_on_hold: Option<OneLine>,
    admin_pin: Option<String>,
}

fn write_bridge(writer: &mut Writer, conference: &Conference) {
    writer.part();
    writer.derived_section(&format!("wazo-bridge-profile-{}", conference.id), "wazo_default_bridge");
    writer.option("type", "bridge");
    writer.option("max_members", &conference.max_users.to_string());
    writer.option("record_conference", yes_no(conference.record));
    writer.blank();
}

fn write_users(writer: &mut Writer, conference: &Conference) {
    let user_profile = format!("wazo-user-profile-{}", conference.id);
    writer.part();
    writer.derived_section(&user_profile, "wazo_default_user");
    writer.option("type", "user");
    writer.option("quiet", yes_no(conference.quiet_join_leave));
    writer.option("announce_join_leave", yes_no(conference.announce_join_leave));
    writer.option("announce_user_count", yes_no(conference.announce_user_count));
    writer.option("announce_only_user", yes_no(conference.announce_only_user));
    if let Some(class) = conference.music_on_hold.as_deref().filter(|class| !class.is_empty()) {
        writer.option("music_on_hold_when_empty", "yes");
        writer.verbatim_option("music_on_hold_class", class);
    }
    if conference.admin_pin.as_deref().is_some_and(|pin| !pin.is_empty()) {
        writer.derived_section(&format!("wazo-admin-profile-{}", conference.id), &user_profile);
        writer.option("admin", "yes");
    } else {
        writer.blank();
    }
    writer.blank();
}
