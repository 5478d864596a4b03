//! The SIP endpoints, with their own options and the templates that they inherit from.

use std::collections::HashMap;
use std::fmt::Display;

use driver_api::asterisk::syntax;
use driver_api::{Blanked, Error, OneLine, Query, Session, Warning};
use serde::Deserialize;
use uuid::Uuid;

use super::transport::Transports;
use crate::checks::keeps_row;

/// All endpoints. The rest of the module calls an endpoint by its index here.
pub(super) struct Endpoints {
    all: Vec<Endpoint>,
    by_uuid: HashMap<Uuid, usize>,
}

pub(super) struct Endpoint {
    pub(super) row: Row,
    /// Whether it is written itself, and not just inherited from.
    pub(super) written: bool,
    /// Its own options, in the order in which they stand in their table: that of their insertion.
    pub(super) own: Vec<Own>,
    /// The templates, strongest last.
    pub(super) parents: Vec<usize>,
    /// The smallest priority of the links to the templates.
    pub(super) link_priority: Option<i64>,
    /// Whether others inherit from it.
    pub(super) is_parent: bool,
}

/// One option of one section of an endpoint.
pub(super) struct Own {
    pub(super) section: Section,
    pub(super) key: OneLine,
    pub(super) value: OneLine,
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
pub(super) struct Row {
    pub(super) uuid: Uuid,
    pub(super) name: String,
    pub(super) label: Option<Blanked>,
    pub(super) tenant_uuid: OneLine,
    pub(super) transport_uuid: Option<Uuid>,
    template: Option<bool>,
}

/// Options have no ordinal column, and their order matters: the row's place in the table is the only
/// trace of it. They are sorted here, which is cheaper than a sort of whole rows in the database.
const OPTIONS: Query<'_> = Query {
    table: "endpoint_sip_section_option",
    key: &["endpoint_sip_uuid", "type", "key"],
    sql: "SELECT o.ctid, s.endpoint_sip_uuid, s.type, o.key, o.value
        FROM endpoint_sip_section_option o
        JOIN endpoint_sip_section s ON s.uuid = o.endpoint_sip_section_uuid",
};

#[derive(Deserialize)]
struct OptionRow {
    ctid: i64,
    endpoint_sip_uuid: Uuid,
    #[serde(rename = "type")]
    section: Section,
    key: OneLine,
    value: OneLine,
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
        let mut rows: Vec<Row> = session.query(ENDPOINTS, &[])?;
        rows.sort_unstable_by_key(|row| row.uuid);
        let all: Vec<Endpoint> =
            rows.into_iter().map(|row| Endpoint::new(session, transports, row)).collect();
        let by_uuid = all.iter().enumerate().map(|(at, endpoint)| (endpoint.row.uuid, at)).collect();
        let mut endpoints = Endpoints { all, by_uuid };
        let mut options: Vec<OptionRow> = session.query(OPTIONS, &[])?;
        options.sort_unstable_by_key(|option| option.ctid);
        for OptionRow { endpoint_sip_uuid, section, key, value, .. } in options {
            if let Some(at) = endpoints.find(endpoint_sip_uuid) {
                endpoints.all[at].own.push(Own { section, key, value });
            }
        }
        let mut links: Vec<Link> = session.query(LINKS, &[])?;
        links.sort_unstable_by_key(|link| {
            (link.priority.is_none(), link.priority, link.parent_uuid, link.child_uuid)
        });
        for link in &links {
            endpoints.link(session, link);
        }
        Ok(endpoints)
    }

    fn link(&mut self, session: &mut Session<'_>, link: &Link) {
        let (Some(child), Some(parent)) = (self.find(link.child_uuid), self.find(link.parent_uuid)) else {
            let message = "one of the two endpoints does not exist; the link is left out";
            session.warn(
                Warning::new("endpoint_sip_template", message)
                    .row(format_args!("child_uuid={} parent_uuid={}", link.child_uuid, link.parent_uuid)),
            );
            return;
        };
        self.all[parent].is_parent = true;
        let child = &mut self.all[child];
        child.parents.push(parent);
        // They come in ascending order.
        child.link_priority = child.link_priority.or(link.priority);
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, at: usize) -> &Endpoint {
        &self.all[at]
    }

    /// The endpoint of a row of `table`, unless it does not exist, which is worth a warning.
    pub(super) fn of_row(
        &self,
        session: &mut Session<'_>,
        table: &str,
        key: impl Display,
        uuid: Uuid,
    ) -> Option<usize> {
        let found = self.find(uuid);
        if found.is_none() {
            let message = format!("there is no endpoint_sip {uuid}, or it is left out; so is this row");
            session.warn(Warning::new(table, message).row(key));
        }
        found
    }

    fn find(&self, uuid: Uuid) -> Option<usize> {
        self.by_uuid.get(&uuid).copied()
    }
}

/// The name of a section that other sections refer to, in options that are lists.
pub(super) fn referred_name(out: &mut String, name: &str) -> Result<(), syntax::Refusal> {
    if name.contains(',') { Err(syntax::Refusal::Comma) } else { syntax::section_name(out, name) }
}

impl Endpoint {
    fn new(session: &mut Session<'_>, transports: &Transports, row: Row) -> Endpoint {
        let key = format_args!("uuid={}", row.uuid);
        let named = keeps_row(session, "endpoint_sip", key, referred_name, &[("name", &row.name)]);
        if let Some(uuid) = row.transport_uuid.filter(|&uuid| transports.name(uuid).is_none()) {
            let message = format!("there is no pjsip_transport {uuid}, or it is left out; so is this option");
            session.warn(Warning::new("endpoint_sip", message).row(key).column("transport_uuid"));
        }
        Endpoint {
            written: named && row.template != Some(true),
            row,
            own: Vec::new(),
            parents: Vec::new(),
            link_priority: None,
            is_parent: false,
        }
    }

    /// Where an item of this endpoint stands among the others: by the priority of its first template,
    /// those without one last.
    pub(super) fn rank(&self) -> (bool, Option<i64>) {
        (self.link_priority.is_none(), self.link_priority)
    }
}
