//! The sections of users' lines, with what the dialplan wants to know about the caller.

use std::collections::{HashMap, HashSet};

use driver_api::asterisk::Writer;
use driver_api::{Blanked, Error, Query, Session};
use serde::Deserialize;

use super::endpoint::{Endpoint, Options};
use super::section;
use crate::parallel::in_parallel;
use crate::pickup::{Groups, Pickups};
use crate::section_names::SectionNames;

/// A line has a row for each user and each extension of the line. All count for the pickup groups; a section
/// is made of a main user and an extension, disabled or not.
const LINES: Query<'_> = Query {
    table: "linefeatures",
    key: &["id", "user_id", "extension_id"],
    sql: "SELECT l.id, l.endpoint_sip_id, l.context, l.application_uuid, ul.user_id, ul.main_user, ul.main_line,
            u.uuid, u.musiconhold, v.mailbox, v.context AS mailbox_context, e.id AS extension_id, e.exten
        FROM linefeatures l
        LEFT JOIN user_line ul ON ul.line_id = l.id
        LEFT JOIN userfeatures u ON u.id = ul.user_id
        LEFT JOIN voicemail v ON v.uniqueid = u.voicemailid
        LEFT JOIN line_extension le ON le.line_id = ul.line_id
        LEFT JOIN extensions e ON e.id = le.extension_id
        WHERE l.endpoint_sip_id IS NOT NULL",
};

#[derive(Deserialize)]
struct Line {
    id: i64,
    endpoint_sip_id: i64,
    context: Blanked,
    application_uuid: Option<String>,
    user_id: Option<i64>,
    main_user: Option<bool>,
    main_line: Option<bool>,
    uuid: Option<Blanked>,
    musiconhold: Option<Blanked>,
    mailbox: Option<Blanked>,
    mailbox_context: Option<Blanked>,
    extension_id: Option<i64>,
    exten: Option<Blanked>,
}

impl Line {
    fn has_main_user(&self) -> bool {
        self.main_user == Some(true)
    }
}

/// The endpoint of a user's telephone, with all that its sections are made of.
struct Peer<'a> {
    endpoint: &'a Endpoint,
    pairs: Options<'a>,
    groups: Groups,
    /// For each a line, and the row of its main user if it has one.
    sections: Vec<(&'a Line, Option<&'a Line>)>,
}

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
    endpoints: &[Endpoint],
) -> Result<(), Error> {
    let call_completion = read_call_completion(session)?;
    let pickups = Pickups::read(session)?;
    let mut lines: Vec<Line> = session.query(LINES, &[])?;
    lines.sort_unstable_by_key(|line| (line.endpoint_sip_id, line.id, line.user_id, line.extension_id));
    let peers = peers(session, names, endpoints, &pickups, &lines);
    in_parallel(writer, &peers, |writer, peer| {
        for (line, main) in &peer.sections {
            peer.write(writer, line, *main, call_completion);
        }
    });
    Ok(())
}

/// The endpoints that have a line, by id. The lines are sorted by endpoint.
fn peers<'a>(
    session: &mut Session<'_>,
    names: &mut SectionNames,
    endpoints: &'a [Endpoint],
    pickups: &Pickups,
    lines: &'a [Line],
) -> Vec<Peer<'a>> {
    let endpoints: HashMap<i64, &Endpoint> =
        endpoints.iter().map(|endpoint| (endpoint.id, endpoint)).collect();
    let mut peers = Vec::with_capacity(endpoints.len());
    for lines in lines.chunk_by(|a, b| a.endpoint_sip_id == b.endpoint_sip_id) {
        let Some(endpoint) = endpoints.get(&lines[0].endpoint_sip_id) else { continue };
        let mut sections = sections(lines);
        sections
            .retain(|_| names.add(session, "usersip", format_args!("id={}", endpoint.id), &endpoint.name));
        if !sections.is_empty() {
            let (pairs, groups) = (endpoint.pairs(session), groups(pickups, lines));
            peers.push(Peer { endpoint, pairs, groups, sections });
        }
    }
    peers
}

/// The pickup groups of an endpoint: those of all users of all its lines.
fn groups(pickups: &Pickups, lines: &[Line]) -> Groups {
    let mut groups = Groups::default();
    for line in lines {
        let Some(user) = line.user_id else { continue };
        let main = line.has_main_user() && line.main_line == Some(true);
        pickups.of(user, main).for_each(|membership| groups.add(membership));
    }
    groups
}

/// The sections of an endpoint. A line without main user has no number either. What would be the same section
/// is there once.
fn sections(lines: &[Line]) -> Vec<(&Line, Option<&Line>)> {
    let mut sections = Vec::new();
    for rows in lines.chunk_by(|a, b| a.id == b.id) {
        if rows.iter().any(Line::has_main_user) {
            let main = rows.iter().filter(|row| row.has_main_user());
            sections.extend(main.map(|row| (row, Some(row))));
        } else {
            sections.push((&rows[0], None));
        }
    }
    if sections.len() == 1 {
        return sections;
    }
    let mut known = HashSet::new();
    sections.retain(|(line, main)| {
        let of_user = main.map(|main| (main.user_id, main.exten.as_deref()));
        known.insert((&*line.context, line.application_uuid.as_deref(), of_user))
    });
    sections
}

impl Peer<'_> {
    fn write(&self, writer: &mut Writer, line: &Line, main: Option<&Line>, call_completion: &'static str) {
        let caller = self.endpoint.column("callerid");
        section(writer, &self.endpoint.name);
        self.write_variables(writer, caller, &line.context, main);
        write_present(writer, "namedpickupgroup", self.groups.member().as_deref());
        write_present(writer, "namedcallgroup", self.groups.pickup().as_deref());
        write_present(writer, "mohsuggest", main.and_then(|main| main.musiconhold.as_deref()));
        if let Some(Line { mailbox: Some(mailbox), mailbox_context: Some(context), .. }) = main {
            writer.verbatim_line("mailbox", " = ", &[mailbox, "@", context]);
        }
        write_present(writer, "description", caller);
        writer.fixed(call_completion);
        self.endpoint.write_options(writer, &self.pairs);
        writer.blank();
    }

    fn write_variables(&self, writer: &mut Writer, caller: Option<&str>, context: &str, main: Option<&Line>) {
        set_variable(writer, &["WAZO_CHANNEL_DIRECTION=", "from-wazo"]);
        // Dialplans know the word for a caller without an id.
        set_variable(writer, &["XIVO_ORIGINAL_CALLER_ID=", caller.unwrap_or("None")]);
        if !context.is_empty() {
            set_variable(writer, &["TRANSFER_CONTEXT=", context]);
        }
        let number = main.and_then(|main| main.exten.as_deref()).unwrap_or_default();
        if !number.is_empty() && !context.is_empty() {
            set_variable(writer, &["PICKUPMARK=", number, "%", context]);
        }
        if let Some(Line { user_id: Some(id), uuid: Some(uuid), .. }) = main {
            set_variable(writer, &["XIVO_USERID=", &id.to_string()]);
            set_variable(writer, &["XIVO_USERUUID=", uuid]);
        }
        if !self.endpoint.tenant_uuid.is_empty() {
            set_variable(writer, &["WAZO_TENANT_UUID=", &self.endpoint.tenant_uuid]);
        }
    }
}

fn set_variable(writer: &mut Writer, assignment: &[&str]) {
    writer.verbatim_line("setvar", " = ", assignment);
}

/// Writes an option that has a value.
fn write_present(writer: &mut Writer, name: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        writer.verbatim_option(name, value);
    }
}

/// The code that switches call completion, a call back when the line is free again.
const CALL_COMPLETION: Query<'_> = Query {
    table: "extensions",
    key: &["id"],
    sql: r#"SELECT id, commented
        FROM extensions
        WHERE context = 'xivo-features' AND type = 'extenfeatures' AND typeval = 'cctoggle'
        ORDER BY exten COLLATE "C", id
        LIMIT 1"#,
};

#[derive(Deserialize)]
struct CallCompletion {
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
    commented: i64,
}

/// With times in seconds.
const OFFERED: &str = "\
ccnr_available_timer = 900
ccbs_available_timer = 900
cc_agent_policy = generic
cc_offer_timer = 30
cc_recall_timer = 20
cc_monitor_policy = generic
";

const NOT_OFFERED: &str = "\
cc_agent_policy = never
cc_monitor_policy = never
";

/// The options about call completion.
fn read_call_completion(session: &mut Session<'_>) -> Result<&'static str, Error> {
    let code: Option<CallCompletion> = session.query(CALL_COMPLETION, &[])?.pop();
    Ok(if code.is_some_and(|code| code.commented == 0) { OFFERED } else { NOT_OFFERED })
}
