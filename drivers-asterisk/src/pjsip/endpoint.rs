//! The SIP endpoints, with their own options and the templates that they inherit from.

use std::collections::HashMap;
use std::sync::Arc;

use driver_api::asterisk::syntax::{self, Refusal};
use driver_api::asterisk::{OptionLine, prepared_option};
use driver_api::explanation::Template;
use driver_api::{Blanked, Error, OneLine, Query, Row, Session, Text};
use serde::Deserialize;
use uuid::Uuid;

use super::origins;
use super::transport::Transports;

/// All endpoints. The rest of the module refers to an endpoint by its index here.
pub(super) struct Endpoints {
    all: Vec<Endpoint>,
    by_uuid: HashMap<Uuid, usize>,
    /// The options of all endpoints, in the order of their rows in the table, which is that of their insertion.
    options: Vec<Row<OptionRow>>,
    links: Vec<Row<Link>>,
}

pub(super) struct Endpoint {
    pub(super) row: Row<EndpointRow>,
    /// Whether it is written. A template is not.
    pub(super) written: bool,
    /// Whether its label can be written as a comment.
    labelled: bool,
    /// The indexes of its own options.
    own: Vec<usize>,
    /// The templates, strongest last.
    pub(super) parents: Vec<usize>,
    /// The smallest priority of the links to the templates.
    pub(super) link_priority: Option<i64>,
    /// Whether others inherit from it.
    pub(super) is_parent: bool,
}

/// The sections of an endpoint, by their names in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Section {
    Aor,
    Auth,
    Endpoint,
    Identify,
    OutboundAuth,
    RegistrationOutboundAuth,
    Registration,
}

const ENDPOINTS: Query<'_> = Query {
    table: "endpoint_sip",
    key: &["uuid", "name"],
    sql: "SELECT uuid, name, label, tenant_uuid, transport_uuid, template FROM endpoint_sip",
};

#[derive(Deserialize)]
pub(super) struct EndpointRow {
    pub(super) uuid: Uuid,
    pub(super) name: Text,
    label: Option<Blanked>,
    pub(super) tenant_uuid: OneLine,
    pub(super) transport_uuid: Option<Uuid>,
    template: Option<bool>,
}

/// The order of options matters, but they have no ordinal column: `ctid`, the row's position in the table, is all
/// that is left of it. They are sorted here, which is cheaper than a sort of whole rows in the database.
const OPTIONS: Query<'_> = Query {
    table: "endpoint_sip_section_option",
    key: &["endpoint_sip_uuid", "type", "key"],
    sql: "SELECT o.ctid, s.endpoint_sip_uuid, s.type, o.key, o.value
        FROM endpoint_sip_section_option o
        JOIN endpoint_sip_section s ON s.uuid = o.endpoint_sip_section_uuid",
};

#[derive(Deserialize)]
pub(super) struct OptionRow {
    ctid: i64,
    pub(super) endpoint_sip_uuid: Uuid,
    #[serde(rename = "type")]
    pub(super) section: Section,
    pub(super) key: OneLine,
    pub(super) value: OneLine,
    /// Its line, if it belongs to a template: all endpoints that inherit from it have the same.
    #[serde(skip)]
    pub(super) line: Option<OptionLine>,
}

const LINKS: Query<'_> = Query {
    table: "endpoint_sip_template",
    key: &["child_uuid", "parent_uuid"],
    sql: "SELECT child_uuid, parent_uuid, priority FROM endpoint_sip_template",
};

#[derive(Deserialize)]
struct Link {
    child_uuid: Uuid,
    parent_uuid: Uuid,
    priority: Option<i64>,
}

impl Endpoints {
    pub(super) fn read(session: &mut Session<'_>, transports: &Transports) -> Result<Endpoints, Error> {
        let mut rows: Vec<Row<EndpointRow>> = session.query(ENDPOINTS, &[])?;
        rows.sort_unstable_by_key(|row| row.uuid);
        let all: Vec<Endpoint> =
            rows.into_iter().map(|row| Endpoint::new(session, transports, row)).collect();
        let by_uuid = all.iter().enumerate().map(|(at, endpoint)| (endpoint.row.uuid, at)).collect();
        let mut options: Vec<Row<OptionRow>> = session.query(OPTIONS, &[])?;
        options.sort_unstable_by_key(|option| option.ctid);
        let mut links: Vec<Row<Link>> = session.query(LINKS, &[])?;
        links.sort_unstable_by_key(|link| {
            (link.priority.is_none(), link.priority, link.parent_uuid, link.child_uuid)
        });
        let mut endpoints = Endpoints { all, by_uuid, options, links };
        endpoints.distribute_options();
        endpoints.follow_links(session);
        endpoints.prepare_lines();
        Ok(endpoints)
    }

    /// Prepares the lines of options that others inherit.
    fn prepare_lines(&mut self) {
        for template in self.all.iter().filter(|endpoint| endpoint.is_parent) {
            for &index in &template.own {
                let option = &mut self.options[index];
                option.line = prepared_option(&option.key, &option.value);
            }
        }
    }

    /// Gives each endpoint the indexes of its own options.
    fn distribute_options(&mut self) {
        for (index, option) in self.options.iter().enumerate() {
            if let Some(&at) = self.by_uuid.get(&option.endpoint_sip_uuid) {
                self.all[at].own.push(index);
            }
        }
    }

    /// Gives each endpoint the indexes of its templates.
    fn follow_links(&mut self, session: &mut Session<'_>) {
        for link in &self.links {
            let find = |column, uuid: Uuid| self.by_uuid.get(&uuid).copied().ok_or((column, uuid));
            let child = find("child_uuid", link.child_uuid);
            let ends = child.and_then(|child| Ok((child, find("parent_uuid", link.parent_uuid)?)));
            let (child, parent) = match ends {
                Ok(ends) => ends,
                Err((column, uuid)) => {
                    link.warn(session, column, missing("endpoint_sip", uuid, "row"));
                    continue;
                }
            };
            self.all[parent].is_parent = true;
            let child = &mut self.all[child];
            child.parents.push(parent);
            // The links are sorted by priority, so the first is the smallest.
            child.link_priority = child.link_priority.or(link.priority);
        }
    }

    /// Warns that the links between these children and parents are ignored.
    pub(super) fn report_circles(&self, session: &mut Session<'_>, circular: &[(usize, usize)]) {
        if circular.is_empty() {
            return;
        }
        let links: HashMap<(Uuid, Uuid), &Row<Link>> =
            self.links.iter().map(|link| ((link.child_uuid, link.parent_uuid), link)).collect();
        for &(child, parent) in circular {
            let [child, parent] = [child, parent].map(|at| &self.all[at].row);
            if let Some(link) = links.get(&(child.uuid, parent.uuid)) {
                let message = format!(
                    "the templates of {:?} lead back to it; its link to {:?} is ignored",
                    child.name, parent.name
                );
                link.warn(session, "parent_uuid", message);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, at: usize) -> &Endpoint {
        &self.all[at]
    }

    /// Returns an endpoint's own options, in their order.
    pub(super) fn own<'a>(&'a self, endpoint: &'a Endpoint) -> impl Iterator<Item = &'a Row<OptionRow>> {
        endpoint.own.iter().map(|&at| &self.options[at])
    }

    /// Returns the endpoints that others inherit from, by uuid, for the origins of lines.
    pub(super) fn templates(&self) -> HashMap<Uuid, Arc<Template>> {
        let templates = self.all.iter().filter(|endpoint| endpoint.is_parent);
        let template =
            |row: &Row<EndpointRow>| origins::template(&row.name, row.label.as_deref(), row.origin());
        templates.map(|endpoint| (endpoint.row.uuid, template(&endpoint.row))).collect()
    }

    /// Returns the endpoint that a row refers to in this column, or warns that the row is left out.
    pub(super) fn of_row<T>(
        &self,
        session: &mut Session<'_>,
        row: &Row<T>,
        column: &str,
        uuid: Uuid,
    ) -> Option<usize> {
        let found = self.by_uuid.get(&uuid).copied();
        if found.is_none() {
            row.warn(session, column, missing("endpoint_sip", uuid, "row"));
        }
        found
    }
}

fn missing(table: &str, uuid: Uuid, what: &str) -> String {
    format!("there is no {table} {uuid}, or it is left out, so this {what} is left out, too")
}

/// Writes the name of a section to which other sections refer in options that are lists.
pub(super) fn referred_name(out: &mut String, name: &str) -> Result<(), Refusal> {
    if name.contains(',') { Err(Refusal::Comma) } else { syntax::section_name(out, name) }
}

/// Writes a label in the comment above its section.
fn label(out: &mut String, label: &str) -> Result<(), Refusal> {
    if label.len() + "; ".len() > syntax::LINE_LIMIT {
        Err(Refusal::LongLine)
    } else {
        syntax::comment(out, label)
    }
}

impl Endpoint {
    fn new(session: &mut Session<'_>, transports: &Transports, row: Row<EndpointRow>) -> Endpoint {
        let named = row.keeps(session, referred_name, &row.name);
        let labelled =
            row.label.is_some() && row.keeps_or(session, "the comment is left out", label, &row.label);
        if let Some(uuid) = row.transport_uuid.filter(|&uuid| transports.name(uuid).is_none()) {
            row.warn(session, "transport_uuid", missing("pjsip_transport", uuid, "option"));
        }
        Endpoint {
            written: named && row.template != Some(true),
            labelled,
            row,
            own: Vec::new(),
            parents: Vec::new(),
            link_priority: None,
            is_parent: false,
        }
    }

    /// Returns the text of the comment above the section.
    pub(super) fn label(&self) -> Option<&str> {
        self.row.label.as_deref().filter(|_| self.labelled)
    }

    /// Returns the sort key of an item of this endpoint: the priority of its first template. Items without one
    /// come last.
    pub(super) fn rank(&self) -> (bool, Option<i64>) {
        (self.link_priority.is_none(), self.link_priority)
    }
}
