//! The lines, with the variables of the caller that the dialplan reads.

use driver_api::asterisk::{Lines, Writer};
use driver_api::{Blanked, Error, OneLine, Piece, Query, Row, Session};
use lookups::pickups::{Groups, Pickups};
use serde::Deserialize;

use super::{Variant, write_present};
use crate::section_names::SectionNames;

pub(super) const TEMPLATE: &str = "xivo_line_tpl";

/// The line of a telephone that is not configured yet.
pub(super) const GUEST: &str = "guestline";

/// A line has a row for each user and each main extension. All rows count for the pickup groups. Each row with a
/// main user and a main extension is a section.
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
    variant: Variant,
    names: &mut SectionNames,
) -> Result<(), Error> {
    let mut rows: Vec<Row<Line>> = session.query(LINES, &[])?;
    rows.sort_unstable_by_key(|line| (line.id, line.line_id, line.user_id, line.extension_id));
    let pickups = Pickups::read(session)?;
    write_guest(writer);
    for rows in rows.chunk_by(|a, b| a.id == b.id) {
        let groups = groups(&pickups, rows);
        for line in rows.iter().filter(|line| line.main_user && line.commented == 0) {
            let Some(exten) = &line.exten else { continue };
            if names.add(session, line, &line.name) {
                write_line(writer, variant, line, exten, &groups);
            }
        }
    }
    Ok(())
}

/// Returns the pickup groups of all users of all lines of an endpoint, disabled or not.
fn groups(pickups: &Pickups, rows: &[Row<Line>]) -> Groups {
    let mut groups = Groups::default();
    for row in rows {
        for membership in pickups.of(row.user_id, row.main_user && row.main_line) {
            groups.add(membership);
        }
    }
    groups
}

fn write_guest(writer: &mut Writer) {
    let mut lines = writer.own();
    lines.derived_section(GUEST, TEMPLATE);
    lines.option("type", "line");
    lines.option("context", "xivo-initconfig");
    lines.option("cid_name", "Autoprov");
    lines.option("cid_num", "autoprov");
    writer.blank();
}

fn write_line(writer: &mut Writer, variant: Variant, line: &Row<Line>, exten: &Blanked, groups: &Groups) {
    let mut lines = writer.at(line);
    lines.derived_section(&line.name, TEMPLATE);
    lines.option("type", "line");
    lines.option("cid_name", &line.cid_name);
    lines.option("cid_num", &line.cid_num);
    write_variables(&mut lines, variant, line, exten);
    write_present(&mut lines, "language", &line.language);
    lines.option("context", &line.context);
    write_present(&mut lines, "disallow", &line.disallow);
    write_present(&mut lines, "allow", &line.allow);
    write_present(&mut lines, "namedcallgroup", groups.pickup());
    write_present(&mut lines, "namedpickupgroup", groups.member());
    writer.blank();
}

fn write_variables(lines: &mut Lines<'_>, variant: Variant, line: &Line, exten: &Blanked) {
    let user_id = ("user_id", line.user_id);
    let mut set = |value: &[&dyn Piece]| lines.option_of("setvar", value);
    set(&[&"XIVO_ORIGINAL_CALLER_ID=\"", &line.cid_name, &"\" <", &line.cid_num, &">"]);
    // The old names are for dialplans that were written before the product was renamed.
    set(&[&"XIVO_USERID=", &user_id]);
    if variant.has_user_variables {
        set(&[&"WAZO_USERID=", &user_id]);
    }
    set(&[&"XIVO_USERUUID=", &line.uuid]);
    if variant.has_user_variables {
        set(&[&"WAZO_USERUUID=", &line.uuid]);
    }
    set(&[&"WAZO_TENANT_UUID=", &line.tenant_uuid]);
    set(&[&"PICKUPMARK=", exten, &"%", &line.context]);
    set(&[&"TRANSFER_CONTEXT=", &line.context]);
    set(&[&"WAZO_CHANNEL_DIRECTION=from-wazo"]);
    // The dialplan expects the id of the endpoint here, despite the name.
    set(&[&"WAZO_LINE_ID=", &("id", line.id)]);
    if variant.has_simultaneous_calls {
        set(&[&"WAZO_CALLER_SIMULTCALLS=", &("simultcalls", line.simultcalls)]);
    }
    if line.enableonlinerec != 0 {
        set(&[&"DYNAMIC_FEATURES=togglerecord"]);
    }
}
