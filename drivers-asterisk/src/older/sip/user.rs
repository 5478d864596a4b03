//! The sections of users' lines, with the variables of the caller that the dialplan reads.

use std::collections::{HashMap, HashSet};

use driver_api::asterisk::{Lines, Writer, syntax};
use driver_api::{Blanked, Error, Piece, Query, Row, Session};
use lookups::pickups::{Groups, Pickups};
use serde::Deserialize;

use super::endpoint::{Endpoint, Options, column};
use super::endpoint_section;
use crate::parallel::in_parallel;
use crate::section_names::SectionNames;

/// A line has a row for each user and each extension of the line. All rows count for the pickup groups. Each row
/// with a main user is a section, whether or not the user or the extension is disabled.
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

/// The endpoint of a user's telephone, with the data of its sections.
struct Peer<'a> {
    endpoint: &'a Row<Endpoint>,
    options: Options<'a>,
    groups: Groups,
    sections: Vec<Section<'a>>,
}

/// A line, and the row of its main user if it has one.
type Section<'a> = (&'a Row<Line>, Option<&'a Row<Line>>);

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
    endpoints: &[Row<Endpoint>],
) -> Result<(), Error> {
    let call_completion = CallCompletion::read(session)?;
    let pickups = Pickups::read(session)?;
    let mut lines: Vec<Row<Line>> = session.query(LINES, &[])?;
    lines.sort_unstable_by_key(|line| (line.endpoint_sip_id, line.id, line.user_id, line.extension_id));
    for line in &mut lines {
        drop_bad_mailbox(session, line);
    }
    let peers = peers(session, names, endpoints, &pickups, &lines);
    in_parallel(writer, &peers, |writer, peer| {
        for (line, main) in &peer.sections {
            peer.write(writer, line, *main, &call_completion);
        }
    });
    Ok(())
}

/// Removes a mailbox with a comma, behind which Asterisk would read another mailbox. Its user stays.
fn drop_bad_mailbox(session: &mut Session<'_>, line: &mut Row<Line>) {
    let mut keeps = |part: &Option<Blanked>| {
        line.keeps_or(session, "the mailbox is left out", syntax::mailbox_field, part)
    };
    if !(keeps(&line.mailbox) && keeps(&line.mailbox_context)) {
        line.mailbox = None;
    }
}

/// Returns the endpoints that have a line, by id. The lines are sorted by endpoint.
fn peers<'a>(
    session: &mut Session<'_>,
    names: &mut SectionNames,
    endpoints: &'a [Row<Endpoint>],
    pickups: &Pickups,
    lines: &'a [Row<Line>],
) -> Vec<Peer<'a>> {
    let endpoints: HashMap<i64, &Row<Endpoint>> =
        endpoints.iter().map(|endpoint| (endpoint.id, endpoint)).collect();
    let mut peers = Vec::with_capacity(endpoints.len());
    for lines in lines.chunk_by(|a, b| a.endpoint_sip_id == b.endpoint_sip_id) {
        let Some(endpoint) = endpoints.get(&lines[0].endpoint_sip_id) else { continue };
        let mut sections = sections(lines);
        sections.retain(|_| names.add(session, endpoint, &endpoint.name));
        if !sections.is_empty() {
            let (options, groups) = (Options::read(endpoint, session), groups(pickups, lines));
            peers.push(Peer { endpoint, options, groups, sections });
        }
    }
    peers
}

/// Returns the pickup groups of all users of all lines of an endpoint.
fn groups(pickups: &Pickups, lines: &[Row<Line>]) -> Groups {
    let mut groups = Groups::default();
    for line in lines {
        let Some(user) = line.user_id else { continue };
        let main = line.has_main_user() && line.main_line == Some(true);
        pickups.of(user, main).for_each(|membership| groups.add(membership));
    }
    groups
}

/// Returns the sections of an endpoint. A line without main user has one, without a number. Equal sections are
/// written once.
fn sections(lines: &[Row<Line>]) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    for rows in lines.chunk_by(|a, b| a.id == b.id) {
        if rows.iter().any(|row| row.has_main_user()) {
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
    fn write(
        &self,
        writer: &mut Writer,
        line: &Row<Line>,
        main: Option<&Row<Line>>,
        call_completion: &CallCompletion,
    ) {
        let caller = column(self.endpoint, "callerid");
        let caller = ("callerid", caller.as_deref());
        endpoint_section(writer, self.endpoint);
        self.write_variables(writer, caller, line, main);
        let mut lines = writer.at(self.endpoint);
        write_present(&mut lines, "namedpickupgroup", self.groups.member());
        write_present(&mut lines, "namedcallgroup", self.groups.pickup());
        if let Some(main) = main {
            main.write_options(&mut writer.at(main));
        }
        write_present(&mut writer.at(self.endpoint), "description", caller);
        call_completion.write(writer);
        self.options.write(&mut writer.at(self.endpoint));
        writer.blank();
    }

    fn write_variables(
        &self,
        writer: &mut Writer,
        caller: (&'static str, Option<&str>),
        line: &Row<Line>,
        main: Option<&Row<Line>>,
    ) {
        set_variable(&mut writer.at(line), &[&"WAZO_CHANNEL_DIRECTION=from-wazo"]);
        // Dialplans expect the word None for a caller without an id.
        let caller = (caller.0, caller.1.unwrap_or("None"));
        set_variable(&mut writer.at(self.endpoint), &[&"XIVO_ORIGINAL_CALLER_ID=", &caller]);
        if !line.context.is_empty() {
            set_variable(&mut writer.at(line), &[&"TRANSFER_CONTEXT=", &line.context]);
        }
        if let Some(main) = main {
            main.write_variables(&mut writer.at(main), &line.context);
        }
        if !self.endpoint.tenant_uuid.is_empty() {
            let tenant = &self.endpoint.tenant_uuid;
            set_variable(&mut writer.at(self.endpoint), &[&"WAZO_TENANT_UUID=", tenant]);
        }
    }
}

/// The lines that come from the row of a main user.
impl Line {
    fn write_variables(&self, lines: &mut Lines<'_>, context: &Blanked) {
        if let Some(number) = self.exten.as_ref().filter(|number| !number.is_empty() && !context.is_empty()) {
            set_variable(lines, &[&"PICKUPMARK=", number, &"%", context]);
        }
        if let (Some(id), Some(uuid)) = (self.user_id, &self.uuid) {
            set_variable(lines, &[&"XIVO_USERID=", &("user_id", id)]);
            set_variable(lines, &[&"XIVO_USERUUID=", uuid]);
        }
    }

    fn write_options(&self, lines: &mut Lines<'_>) {
        write_present(lines, "mohsuggest", &self.musiconhold);
        if let (Some(mailbox), Some(context)) = (&self.mailbox, &self.mailbox_context) {
            lines.verbatim_line("mailbox", " = ", &[mailbox, &"@", context]);
        }
    }
}

fn set_variable(lines: &mut Lines<'_>, assignment: &[&dyn Piece]) {
    lines.verbatim_line("setvar", " = ", assignment);
}

/// Writes an option that has a value.
fn write_present(lines: &mut Lines<'_>, name: &str, value: impl Piece) {
    if !value.text().is_empty() {
        lines.verbatim_option(name, value);
    }
}

/// The code that switches call completion: a call back when the line is free again.
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
struct Code {
    commented: i64,
}

/// The code of call completion. It is offered if the code is enabled.
struct CallCompletion(Option<Row<Code>>);

/// The options that offer call completion, with times in seconds.
const OFFERED: &[(&str, &str)] = &[
    ("ccnr_available_timer", "900"),
    ("ccbs_available_timer", "900"),
    ("cc_agent_policy", "generic"),
    ("cc_offer_timer", "30"),
    ("cc_recall_timer", "20"),
    ("cc_monitor_policy", "generic"),
];

const NOT_OFFERED: &[(&str, &str)] = &[("cc_agent_policy", "never"), ("cc_monitor_policy", "never")];

impl CallCompletion {
    fn read(session: &mut Session<'_>) -> Result<CallCompletion, Error> {
        Ok(CallCompletion(session.query(CALL_COMPLETION, &[])?.pop()))
    }

    fn write(&self, writer: &mut Writer) {
        let offered = self.0.as_ref().is_some_and(|code| code.commented == 0);
        let mut lines = match &self.0 {
            Some(code) => writer.at(code),
            None => writer.own(),
        };
        for (name, value) in if offered { OFFERED } else { NOT_OFFERED } {
            lines.verbatim_option(name, ("commented", value));
        }
    }
}
