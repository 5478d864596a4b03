//! The rules of `pjsip.conf`, each on a few rows. Endpoints, transports and meetings are called by number.

mod broken_rows;
mod inheritance;
mod lines;
mod order;
mod origins;
mod syntax;
mod trunks_and_meetings;

use super::Pjsip;
use crate::testing::{Rows, Written, row, unindented};

fn uuid(id: i64) -> String {
    format!("00000000-0000-4000-8000-{id:012}")
}

/// A system without endpoints, with the tenant `T`.
fn system() -> Rows {
    Rows::default().add("asterisk_file", row! { id: 1, name: "pjsip.conf" }).add("tenant", row! { uuid: "T" })
}

/// The beginning of the file of such a system.
const HEAD: &str = "[global]\n\n\n[system]\n\n\n";

impl Rows {
    fn pjsip(&self) -> Written {
        self.write(&Pjsip)
    }

    fn endpoint(self, id: i64, name: &str) -> Rows {
        self.add("endpoint_sip", row! { uuid: uuid(id), name: name, tenant_uuid: "T" })
    }

    fn template(self, id: i64, name: &str) -> Rows {
        self.add("endpoint_sip", row! { uuid: uuid(id), name: name, tenant_uuid: "T", template: true })
    }

    fn option(self, endpoint: i64, section: &str, key: &str, value: &str) -> Rows {
        let name = format!("{endpoint} {section}");
        let row = row! { key: key, value: value, endpoint_sip_section_uuid: name.as_str() };
        let section = row! { uuid: name, type: section, endpoint_sip_uuid: uuid(endpoint) };
        self.ensure("endpoint_sip_section", section).add("endpoint_sip_section_option", row)
    }

    /// Options of the section `endpoint`, as `key=value`.
    fn options(self, endpoint: i64, options: &[&str]) -> Rows {
        options.iter().fold(self, |rows, option| {
            let (key, value) = option.split_once('=').unwrap();
            rows.option(endpoint, "endpoint", key, value)
        })
    }

    fn link(self, child: i64, parent: i64, priority: impl Into<Option<i64>>) -> Rows {
        let row = row! { child_uuid: uuid(child), parent_uuid: uuid(parent), priority: priority.into() };
        self.add("endpoint_sip_template", row)
    }

    fn line(self, id: i64, endpoint: i64) -> Rows {
        self.line_in("default", id, endpoint)
    }

    fn line_in(self, context: &str, id: i64, endpoint: i64) -> Rows {
        let row = row! { id: id, context: context, provisioningid: 0, endpoint_sip_uuid: uuid(endpoint) };
        self.add("linefeatures", row)
    }

    fn trunk(self, id: i64, endpoint: i64) -> Rows {
        self.add("trunkfeatures", row! { id: id, tenant_uuid: "T", endpoint_sip_uuid: uuid(endpoint) })
    }

    fn meeting<'a>(self, id: i64, endpoint: i64, name: impl Into<Option<&'a str>>) -> Rows {
        let row = row! {
            uuid: uuid(id), name: name.into(), guest_endpoint_sip_uuid: uuid(endpoint), tenant_uuid: "T", number: "1",
        };
        self.add("meeting", row)
    }

    /// A user `u<id>`, with this voicemail.
    fn user(self, id: i64, voicemail: impl Into<Option<i64>>) -> Rows {
        let row = row! {
            id: id, uuid: format!("u{id}"), tenant_uuid: "T", voicemailid: voicemail.into(),
            func_key_private_template_id: id, description: "",
        };
        self.add("userfeatures", row)
    }

    /// Makes a user the main user of a line, which is their main line.
    fn main_user(self, user: i64, line: i64) -> Rows {
        self.add("user_line", row! { user_id: user, line_id: line, main_user: true, main_line: true })
    }

    fn second_user(self, user: i64, line: i64) -> Rows {
        self.add("user_line", row! { user_id: user, line_id: line, main_user: false, main_line: true })
    }

    fn voicemail(self, id: i64, mailbox: &str) -> Rows {
        self.add("voicemail", row! { uniqueid: id, context: "vm", mailbox: mailbox })
    }

    /// An extension of a line in the context `ext`.
    fn extension(self, id: i64, exten: &str, line: i64, main: bool) -> Rows {
        self.add("extensions", row! { id: id, context: "ext", exten: exten, type: "user" })
            .add("line_extension", row! { line_id: line, extension_id: id, main_extension: main })
    }

    fn transport(self, id: i64, name: &str) -> Rows {
        self.add("pjsip_transport", row! { uuid: uuid(id), name: name })
    }

    fn transport_option(self, transport: i64, key: &str, value: &str) -> Rows {
        self.add(
            "pjsip_transport_option",
            row! { key: key, value: value, pjsip_transport_uuid: uuid(transport) },
        )
    }

    fn pickup(self, id: i64) -> Rows {
        self.add("pickup", row! { id: id, tenant_uuid: "T", name: format!("p{id}") })
    }

    fn pickup_member(self, pickup: i64, category: &str, kind: &str, id: i64) -> Rows {
        let row = row! { pickupid: pickup, category: category, membertype: kind, memberid: id };
        self.add("pickupmember", row)
    }

    fn group(self, id: i64, name: &str) -> Rows {
        self.add("groupfeatures", row! { id: id, tenant_uuid: "T", name: name, label: "" })
    }

    fn queue(self, id: i64, name: &str) -> Rows {
        self.add("queuefeatures", row! { id: id, tenant_uuid: "T", name: name, displayname: "" })
    }

    /// Puts a user into the groups and queues of this name.
    fn queue_member(self, queue: &str, user: i64) -> Rows {
        let row = row! {
            queue_name: queue, interface: format!("{user}"), usertype: "user", userid: user,
            channel: "SIP", category: "queue",
        };
        self.add("queuemember", row)
    }
}

impl Written {
    /// The parts with transports, lines, trunks and meetings, without the empty lines around them.
    fn body(&self) -> &str {
        self.text.strip_prefix(HEAD).expect("the static sections").trim_matches('\n')
    }

    /// The names and the lines of the sections.
    fn sections(&self) -> Vec<(&str, Vec<&str>)> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in self.body().lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                sections.push((name, Vec::new()));
            } else if let Some((_, lines)) = sections.last_mut().filter(|_| !line.is_empty()) {
                lines.push(line);
            }
        }
        sections
    }

    fn names(&self) -> Vec<&str> {
        self.sections().into_iter().map(|(name, _)| name).collect()
    }

    fn section(&self, name: &str) -> Vec<&str> {
        let section = self.sections().into_iter().find(|(section, _)| *section == name);
        section.expect("a section of this name").1
    }

    /// The lines of the first section of this name, but its variables.
    fn options(&self, name: &str) -> Vec<&str> {
        let mut lines = self.section(name);
        lines.retain(|line| !line.starts_with("set_var = "));
        lines
    }

    /// The variables in the first section of this name.
    fn variables(&self, name: &str) -> Vec<&str> {
        self.section(name).into_iter().filter_map(|line| line.strip_prefix("set_var = ")).collect()
    }

    /// The values of one variable there.
    fn variable(&self, name: &str, variable: &str) -> Vec<&str> {
        let value = |line: &str| line.strip_prefix(variable).is_some_and(|rest| rest.starts_with('='));
        let variables = self.variables(name).into_iter().filter(|line| value(line));
        variables.map(|line| &line[variable.len() + 1..]).collect()
    }
}

/// Asserts the text after the static sections, and that there are no warnings.
#[track_caller]
fn assert_body(rows: &Rows, expected: &str) {
    let written = rows.pjsip();
    assert_eq!(written.body(), unindented(expected));
    assert_eq!(written.warnings, [""; 0]);
}
