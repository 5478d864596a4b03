//! The lines, with what the dialplan wants to know about the caller.

use std::fmt::Display;

use driver_api::asterisk::Writer;
use driver_api::{Blanked, Error, OneLine, Query, Session};
use serde::Deserialize;

use super::write_present;
use crate::pickup::{Groups, Pickups};
use crate::section_names::SectionNames;

pub(super) const TEMPLATE: &str = "xivo_line_tpl";

/// The line of a telephone that nobody has configured yet.
pub(super) const GUEST: &str = "guestline";

/// A line has a row for each user and each main extension. All count for the pickup groups; a section is
/// made of a main user and a main extension.
const LINES: Query<'_> = Query {
    table: "sccpline",
    key: &["id", "line_id", "user_id", "extension_id"],
    sql: "SELECT s.id, s.tenant_uuid, s.name, s.cid_name, s.cid_num, s.allow, s.disallow,
            l.id AS line_id, l.context, l.commented, ul.user_id, ul.main_user, ul.main_line,
            u.uuid, u.language, u.enableonlinerec, u.simultcalls, e.id AS extension_id, e.exten
        FROM sccpline s
        JOIN linefeatures l ON l.endpoint_sccp_id = s.id
        JOIN user_line ul ON ul.line_id = l.id
        JOIN userfeatures u ON u.id = ul.user_id
        LEFT JOIN line_extension le ON le.line_id = l.id AND le.main_extension
        LEFT JOIN extensions e ON e.id = le.extension_id",
};

#[derive(Deserialize)]
struct Line {
    id: i64,
    tenant_uuid: Blanked,
    name: OneLine,
    cid_name: Blanked,
    cid_num: Blanked,
    allow: Option<Blanked>,
    disallow: Option<Blanked>,
    line_id: i64,
    context: Blanked,
    commented: i64,
    user_id: i64,
    main_user: bool,
    main_line: bool,
    uuid: Blanked,
    language: Option<Blanked>,
    enableonlinerec: i64,
    simultcalls: i64,
    extension_id: Option<i64>,
    exten: Option<Blanked>,
}

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
) -> Result<(), Error> {
    let mut rows: Vec<Line> = session.query(LINES, &[])?;
    rows.sort_unstable_by_key(|line| (line.id, line.line_id, line.user_id, line.extension_id));
    let pickups = Pickups::read(session)?;
    write_guest(writer);
    for rows in rows.chunk_by(|a, b| a.id == b.id) {
        let groups = groups(&pickups, rows);
        for line in rows.iter().filter(|line| line.main_user && line.commented == 0) {
            let (Some(extension), Some(exten)) = (line.extension_id, &line.exten) else { continue };
            let key = format_args!(
                "id={} line_id={} user_id={} extension_id={extension}",
                line.id, line.line_id, line.user_id
            );
            if names.add(session, "sccpline", key, &line.name) {
                write_line(writer, line, exten, &groups);
            }
        }
    }
    Ok(())
}

/// The pickup groups of an endpoint: those of all users of all its lines, disabled or not.
fn groups(pickups: &Pickups, rows: &[Line]) -> Groups {
    let mut groups = Groups::default();
    for row in rows {
        for membership in pickups.of(row.user_id, row.main_user && row.main_line) {
            groups.add(membership);
        }
    }
    groups
}

fn write_guest(writer: &mut Writer) {
    writer.derived_section(GUEST, TEMPLATE);
    writer.option("type", "line");
    writer.option("context", "xivo-initconfig");
    writer.option("cid_name", "Autoprov");
    writer.option("cid_num", "autoprov");
    writer.blank();
}

fn write_line(writer: &mut Writer, line: &Line, exten: &str, groups: &Groups) {
    let (cid_name, cid_num, context) = (&*line.cid_name, &*line.cid_num, &*line.context);
    writer.derived_section(&line.name, TEMPLATE);
    writer.option("type", "line");
    writer.option("cid_name", cid_name);
    writer.option("cid_num", cid_num);
    set_variable(writer, "XIVO_ORIGINAL_CALLER_ID", format_args!("\"{cid_name}\" <{cid_num}>"));
    // The old names are for dialplans that were written before the product was renamed.
    set_variable(writer, "XIVO_USERID", line.user_id);
    set_variable(writer, "WAZO_USERID", line.user_id);
    set_variable(writer, "XIVO_USERUUID", &*line.uuid);
    set_variable(writer, "WAZO_USERUUID", &*line.uuid);
    set_variable(writer, "WAZO_TENANT_UUID", &*line.tenant_uuid);
    set_variable(writer, "PICKUPMARK", format_args!("{exten}%{context}"));
    set_variable(writer, "TRANSFER_CONTEXT", context);
    set_variable(writer, "WAZO_CHANNEL_DIRECTION", "from-wazo");
    // Despite its name, it is the id of the endpoint.
    set_variable(writer, "WAZO_LINE_ID", line.id);
    set_variable(writer, "WAZO_CALLER_SIMULTCALLS", line.simultcalls);
    if line.enableonlinerec != 0 {
        set_variable(writer, "DYNAMIC_FEATURES", "togglerecord");
    }
    write_present(writer, "language", line.language.as_deref());
    writer.option("context", context);
    write_present(writer, "disallow", line.disallow.as_deref());
    write_present(writer, "allow", line.allow.as_deref());
    write_present(writer, "namedcallgroup", groups.pickup().as_deref());
    write_present(writer, "namedpickupgroup", groups.member().as_deref());
    writer.blank();
}

fn set_variable(writer: &mut Writer, name: &str, value: impl Display) {
    writer.option("setvar", &format!("{name}={value}"));
}
