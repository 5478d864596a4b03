//! Writes `confbridge.conf`: profiles and menus of conference rooms and meetings. The dialplan selects them
//! by name.
//!
//! ```text
//! [wazo-bridge-profile-1](wazo_default_bridge)
//! type = bridge
//! max_members = 0
//! record_conference = no
//!
//! [wazo-user-profile-1](wazo_default_user)
//! type = user
//! quiet = no
//! announce_join_leave = yes
//! ```

use driver_api::asterisk::{Writer, yes_no};
use driver_api::{Dated, Driver, Error, OneLine, Query, Release, Row, Session, Text};
use serde::Deserialize;

use crate::static_file;

pub(crate) struct Confbridge;

impl Driver for Confbridge {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let release = session.release()?;
        let prefix = PREFIX.at(release);
        let mut writer = Writer::new(session);
        let sections = static_file::write(&mut writer, session, FILE, &[])?;
        let conferences: Vec<Row<Conference>> = session.query(CONFERENCES, &[])?;
        if !conferences.is_empty() {
            for template in [BRIDGE_TEMPLATE, USER_TEMPLATE] {
                sections.expect(session, FILE, template, "the profiles of conferences");
            }
        }
        for conference in &conferences {
            write_bridge(&mut writer, prefix, conference);
        }
        writer.blank();
        for conference in &conferences {
            write_users(&mut writer, prefix, conference);
        }
        writer.blank();
        writer.fixed(FIXED.at(release));
        Ok(writer.finish(session))
    }
}

const FILE: &str = "confbridge.conf";

/// How the names begin by which the dialplan knows profiles and menus.
const PREFIX: Dated<&str> = Dated::new("wazo", &[(Release::new(25, 2), "xivo")]);

/// The fixed sections: menus, and the profiles of meetings, which always had the same names.
macro_rules! fixed {
    ($prefix:literal) => {
        concat!(
            "[",
            $prefix,
            "-default-user-menu]\n",
            include_str!("confbridge/user-menu.conf"),
            "\n[",
            $prefix,
            "-default-admin-menu](",
            $prefix,
            "-default-user-menu)\n",
            include_str!("confbridge/admin-menu.conf"),
            include_str!("confbridge/meetings.conf")
        )
    };
}

const FIXED: Dated<&str> = Dated::new(fixed!("wazo"), &[(Release::new(25, 2), fixed!("xivo"))]);

/// The static sections from which the profiles inherit.
const BRIDGE_TEMPLATE: &str = "wazo_default_bridge";
const USER_TEMPLATE: &str = "wazo_default_user";

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
    admin_pin: Option<Text>,
}

fn write_bridge(writer: &mut Writer, prefix: &str, conference: &Row<Conference>) {
    writer.part();
    let mut lines = writer.at(conference);
    lines.derived_section(format!("{prefix}-bridge-profile-{}", conference.id), BRIDGE_TEMPLATE);
    lines.option("type", "bridge");
    lines.option("max_members", ("max_users", conference.max_users));
    lines.option("record_conference", ("record", yes_no(conference.record)));
    writer.blank();
}

fn write_users(writer: &mut Writer, prefix: &str, conference: &Row<Conference>) {
    let user_profile = format!("{prefix}-user-profile-{}", conference.id);
    writer.part();
    let mut lines = writer.at(conference);
    lines.derived_section(&user_profile, USER_TEMPLATE);
    lines.option("type", "user");
    lines.option("quiet", ("quiet_join_leave", yes_no(conference.quiet_join_leave)));
    lines.option("announce_join_leave", ("announce_join_leave", yes_no(conference.announce_join_leave)));
    lines.option("announce_user_count", ("announce_user_count", yes_no(conference.announce_user_count)));
    lines.option("announce_only_user", ("announce_only_user", yes_no(conference.announce_only_user)));
    if let Some(class) = conference.music_on_hold.as_ref().filter(|class| !class.is_empty()) {
        lines.option("music_on_hold_when_empty", "yes");
        lines.verbatim_option("music_on_hold_class", class);
    }
    if conference.admin_pin.as_deref().is_some_and(|pin| !pin.is_empty()) {
        lines.derived_section(format!("{prefix}-admin-profile-{}", conference.id), &user_profile);
        lines.option("admin", "yes");
    } else {
        writer.blank();
    }
    writer.blank();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, row, unindented};

    fn conferences(rows: impl IntoIterator<Item = String>) -> Rows {
        rows.into_iter().fold(Rows::default(), |rows, row| rows.add("conference", row))
    }

    /// Returns the text before the fixed sections.
    fn profiles(rows: &Rows) -> String {
        let text = rows.write(&Confbridge).text;
        text.strip_suffix(fixed!("wazo")).expect("the fixed sections at the end").to_owned()
    }

    #[test]
    fn bridge_profiles_precede_user_profiles() {
        let rows = conferences([
            row! { id: 2, tenant_uuid: "T", music_on_hold: "", admin_pin: "" },
            row! {
                id: 1, tenant_uuid: "T", max_users: 10, record: true, music_on_hold: "jazz", admin_pin: "4321",
            },
        ]);
        let expected = unindented(
            "
            [wazo-bridge-profile-1](wazo_default_bridge)
            type = bridge
            max_members = 10
            record_conference = yes

            [wazo-bridge-profile-2](wazo_default_bridge)
            type = bridge
            max_members = 50
            record_conference = no


            [wazo-user-profile-1](wazo_default_user)
            type = user
            quiet = no
            announce_join_leave = no
            announce_user_count = no
            announce_only_user = yes
            music_on_hold_when_empty = yes
            music_on_hold_class = jazz

            [wazo-admin-profile-1](wazo-user-profile-1)
            admin = yes

            [wazo-user-profile-2](wazo_default_user)
            type = user
            quiet = no
            announce_join_leave = no
            announce_user_count = no
            announce_only_user = yes
            ",
        );
        assert_eq!(profiles(&rows), expected + "\n\n\n\n");
    }

    #[test]
    fn without_conferences_two_empty_lines_precede_the_menus() {
        assert_eq!(profiles(&Rows::default()), "\n\n");
        let section = row! { id: 1, name: "wazo-meeting-menu", asterisk_file_id: 1 };
        let rows = Rows::default()
            .add("asterisk_file", row! { id: 1, name: "confbridge.conf" })
            .add("asterisk_file_section", section);
        // The database has the section, and the fixed part has it again.
        assert_eq!(profiles(&rows), "[wazo-meeting-menu]\n\n\n\n");
    }

    #[test]
    fn each_column_has_its_option() {
        let table = [
            (row! { id: 1, tenant_uuid: "T", max_users: 0 }, "max_members = 0\n"),
            (row! { id: 1, tenant_uuid: "T", max_users: -1 }, "max_members = -1\n"),
            (row! { id: 1, tenant_uuid: "T", record: true }, "record_conference = yes\n"),
            (row! { id: 1, tenant_uuid: "T", quiet_join_leave: true }, "quiet = yes\n"),
            (row! { id: 1, tenant_uuid: "T", announce_join_leave: true }, "announce_join_leave = yes\n"),
            (row! { id: 1, tenant_uuid: "T", announce_user_count: true }, "announce_user_count = yes\n"),
            (row! { id: 1, tenant_uuid: "T", announce_only_user: false }, "announce_only_user = no\n"),
            (
                row! { id: 1, tenant_uuid: "T", music_on_hold: " moh x " },
                "music_on_hold_when_empty = yes\nmusic_on_hold_class =  moh x \n",
            ),
            (
                row! { id: 1, tenant_uuid: "T", admin_pin: " " },
                "\n[wazo-admin-profile-1](wazo-user-profile-1)\nadmin = yes\n\n",
            ),
        ];
        let usual = profiles(&conferences([row! { id: 1, tenant_uuid: "T" }]));
        for (row, lines) in table {
            let text = profiles(&conferences([row]));
            assert!(text.contains(lines) && !usual.contains(lines), "{text}");
        }
    }

    /// The warning about a missing template of the profiles.
    fn no_section(name: &str) -> String {
        format!(
            "table asterisk_file_section: confbridge.conf has no section {name}, from which the profiles of \
                conferences inherit, so Asterisk refuses the whole file: add the section"
        )
    }

    #[test]
    fn a_conference_with_a_line_break_is_left_out() {
        let rows = conferences([
            row! { id: 7, tenant_uuid: "T", music_on_hold: "a\nadmin = yes" },
            // The name is not written. Neither is the PIN, which only decides whether there is an admin profile.
            row! { id: 8, tenant_uuid: "T", name: "a\nb", admin_pin: "1\n2" },
        ]);
        let written = rows.write(&Confbridge);
        let missing =
            "table asterisk_file: there is no row named confbridge.conf, so its static part is empty";
        let left_out = "table conference, row id=7, column music_on_hold: the value has a line break; the row is \
            left out";
        let [bridge, user] = [BRIDGE_TEMPLATE, USER_TEMPLATE].map(no_section);
        let mut warnings = written.warnings;
        warnings.sort_unstable();
        let mut expected = [missing, left_out, &bridge, &user];
        expected.sort_unstable();
        assert_eq!(warnings, expected);
        let headers: Vec<&str> =
            written.text.lines().filter(|line| line.starts_with('[') && line.contains("-profile-")).collect();
        assert_eq!(
            headers,
            [
                "[wazo-bridge-profile-8](wazo_default_bridge)",
                "[wazo-user-profile-8](wazo_default_user)",
                "[wazo-admin-profile-8](wazo-user-profile-8)",
            ]
        );
    }

    #[test]
    fn a_missing_template_of_the_profiles_is_reported() {
        let file = |names: &[&str]| {
            let file = Rows::default().add("asterisk_file", row! { id: 1, name: "confbridge.conf" });
            (1..).zip(names).fold(file, |rows, (id, name)| {
                rows.add("asterisk_file_section", row! { id: id, name: *name, asterisk_file_id: 1 })
            })
        };
        let conference = row! { id: 1, tenant_uuid: "T" };
        for (names, expected) in [
            (&["wazo_default_bridge", "wazo_default_user"][..], vec![]),
            (&["Wazo_Default_Bridge", "WAZO_DEFAULT_USER"], vec![]),
            (&["wazo_default_user"], vec![no_section("wazo_default_bridge")]),
            (&["general"], vec![no_section("wazo_default_bridge"), no_section("wazo_default_user")]),
        ] {
            let rows = file(names);
            // Without conferences, nothing inherits.
            assert_eq!(rows.write(&Confbridge).warnings, [""; 0]);
            let written = rows.add("conference", conference.clone()).write(&Confbridge);
            assert_eq!(written.warnings, expected);
        }
    }
}
