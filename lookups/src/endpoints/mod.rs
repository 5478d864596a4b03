//! The SIP endpoints, with their own options and those that they inherit from others, their templates.
//!
//! [`Endpoints::read`] reads all of them, and [`Endpoints::resolve`] computes the options of those that a driver writes.
//!
//! ```
//! use driver_api::{OneLine, Query, Row};
//! use lookups::endpoints::{Endpoints, Section};
//! use uuid::Uuid;
//!
//! const LINES: Query<'_> = Query {
//!     table: "linefeatures",
//!     key: &["id"],
//!     sql: "SELECT id, context, endpoint_sip_uuid
//!         FROM linefeatures
//!         WHERE endpoint_sip_uuid IS NOT NULL
//!         ORDER BY id",
//! };
//!
//! #[derive(serde::Deserialize)]
//! struct Line {
//!     context: OneLine,
//!     endpoint_sip_uuid: Uuid,
//! }
//!
//! let (phone, webrtc) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
//! let endpoints = format!(
//!     r#"{{"uuid": "{phone}", "name": "k2x4", "tenant_uuid": "t"}}
//!     {{"uuid": "{webrtc}", "name": "webrtc", "tenant_uuid": "t", "template": true}}"#
//! );
//! let links = format!(r#"{{"child_uuid": "{phone}", "parent_uuid": "{webrtc}"}}"#);
//! let section = |uuid| format!(r#"{{"uuid": "{uuid}", "type": "endpoint", "endpoint_sip_uuid": "{uuid}"}}"#);
//! let sections = [phone, webrtc].map(section).join("\n");
//! let option = |(uuid, key, value)| {
//!     format!(r#"{{"key": "{key}", "value": "{value}", "endpoint_sip_section_uuid": "{uuid}"}}"#)
//! };
//! let options = [(webrtc, "webrtc", "yes"), (webrtc, "allow", "opus"), (phone, "allow", "alaw")];
//! let options = options.map(option).join("\n");
//! let line = format!(
//!     r#"{{"id": 1, "context": "default", "provisioningid": 1, "endpoint_sip_uuid": "{phone}"}}"#
//! );
//! let mut database = fixtures::Scratch::new(&[
//!     ("endpoint_sip", &endpoints),
//!     ("endpoint_sip_template", &links),
//!     ("endpoint_sip_section", &sections),
//!     ("endpoint_sip_section_option", &options),
//!     ("linefeatures", &line),
//! ]);
//! database.in_session(|session| {
//!     let endpoints = Endpoints::read(session)?;
//!     let lines: Vec<Row<Line>> = session.query(LINES, &[])?;
//!     // A line without endpoint is left out with a warning.
//!     let places: Vec<usize> = lines
//!         .iter()
//!         .filter_map(|line| endpoints.of_row(session, line, "endpoint_sip_uuid", line.endpoint_sip_uuid))
//!         .collect();
//!     let mut found = Vec::new();
//!     for (at, lists) in endpoints.resolve(session, places) {
//!         let name = &endpoints.get(at).row.name;
//!         for option in lists.get(Section::Endpoint).iter() {
//!             found.push(format!("{name}: {} = {}", option.key(), option.value()));
//!         }
//!     }
//!     assert_eq!(found, ["k2x4: webrtc = yes", "k2x4: allow = alaw"]);
//!     Ok::<(), driver_api::Error>(())
//! })?;
//! # Ok::<(), driver_api::Error>(())
//! ```
//!
//! The options are those of the database. The driver of `pjsip.conf` computes others, such as `type`, `context` and
//! variables, and resolves the inheritance with them: an [`Order`] says which endpoint comes when, [`Templates`] keeps
//! what endpoints inherit, and [`Heritage`] adds it to the options of one endpoint.

mod heritage;
mod options;
mod order;

use std::collections::HashMap;
use std::sync::Arc;

use driver_api::asterisk::{OptionLine, prepared_option};
use driver_api::explanation::Template;
use driver_api::{Blanked, Error, OneLine, Query, Row, Session, Text};
use serde::Deserialize;
use uuid::Uuid;

pub use self::heritage::{Heritage, Lists, Templates};
pub use self::options::{Kind, Options, SipOption};
pub use self::order::{Entry, Order};

/// All endpoints, by uuid. An endpoint is referred to by its index here.
pub struct Endpoints {
    all: Vec<Endpoint>,
    by_uuid: HashMap<Uuid, usize>,
    /// The options of all endpoints, in the order of their rows in the table, which is that of their insertion.
    options: Vec<Row<OptionRow>>,
    links: Vec<Row<Link>>,
}

/// A SIP endpoint.
pub struct Endpoint {
    /// Its row.
    pub row: Row<EndpointRow>,
    /// The indexes of its own options.
    own: Vec<usize>,
    /// The indexes of its templates, strongest last.
    pub parents: Vec<usize>,
    /// The smallest priority of the links to the templates.
    link_priority: Option<i64>,
    /// Whether others inherit from it.
    pub is_parent: bool,
}

/// The sections of an endpoint, by their names in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The address of record: where calls to the endpoint go.
    Aor,
    /// The password by which calls from the endpoint are known.
    Auth,
    /// The endpoint itself.
    Endpoint,
    /// The addresses or headers by which calls from the endpoint are known.
    Identify,
    /// The password for calls to the endpoint.
    OutboundAuth,
    /// The password for the registration.
    RegistrationOutboundAuth,
    /// The registration at a provider.
    Registration,
}

const ENDPOINTS: Query<'_> = Query {
    table: "endpoint_sip",
    key: &["uuid", "name"],
    sql: "SELECT uuid, name, label, tenant_uuid, transport_uuid, template FROM endpoint_sip",
};

/// A row of an endpoint.
#[derive(Deserialize)]
#[non_exhaustive]
pub struct EndpointRow {
    /// Its id.
    pub uuid: Uuid,
    /// The name of its section in `pjsip.conf`. It may be a text that can't name a section.
    pub name: Text,
    /// The name by which people know it.
    pub label: Option<Blanked>,
    /// Its tenant.
    pub tenant_uuid: OneLine,
    /// The transport that it uses, if not any.
    pub transport_uuid: Option<Uuid>,
    /// Whether it only serves as a template.
    pub template: Option<bool>,
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

/// A row of an option.
#[derive(Deserialize)]
#[non_exhaustive]
pub struct OptionRow {
    ctid: i64,
    /// The endpoint that has it as its own.
    pub endpoint_sip_uuid: Uuid,
    /// The section that it belongs to.
    #[serde(rename = "type")]
    pub section: Section,
    /// The key.
    pub key: OneLine,
    /// The value.
    pub value: OneLine,
    /// Its line, if it belongs to a template: all endpoints that inherit from it have the same.
    #[serde(skip)]
    line: Option<OptionLine>,
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
    /// Reads all endpoints, in three queries.
    pub fn read(session: &mut Session<'_>) -> Result<Endpoints, Error> {
        let mut rows: Vec<Row<EndpointRow>> = session.query(ENDPOINTS, &[])?;
        rows.sort_unstable_by_key(|row| row.uuid);
        let all: Vec<Endpoint> = rows.into_iter().map(Endpoint::new).collect();
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
                    link.warn(session, column, missing(uuid));
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
    pub fn report_circles(&self, session: &mut Session<'_>, circular: &[(usize, usize)]) {
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

    /// Returns the number of endpoints. Their indexes are below it.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns whether there is no endpoint.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns all endpoints, in the order of their indexes.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.all.iter()
    }

    /// Returns the endpoint at this index.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn get(&self, at: usize) -> &Endpoint {
        &self.all[at]
    }

    /// Returns the index of the endpoint with this id.
    pub fn at(&self, uuid: Uuid) -> Option<usize> {
        self.by_uuid.get(&uuid).copied()
    }

    /// Returns the index of the endpoint that a row refers to in this column, or warns that the row is left out.
    pub fn of_row<T>(
        &self,
        session: &mut Session<'_>,
        row: &Row<T>,
        column: &str,
        uuid: Uuid,
    ) -> Option<usize> {
        let found = self.at(uuid);
        if found.is_none() {
            row.warn(session, column, missing(uuid));
        }
        found
    }

    /// Returns an endpoint's own options, in their order.
    pub fn own<'a>(&'a self, endpoint: &'a Endpoint) -> impl Iterator<Item = &'a Row<OptionRow>> {
        endpoint.own.iter().map(|&at| &self.options[at])
    }

    /// Returns the endpoints that others inherit from, by uuid, for the origins of lines.
    pub fn templates(&self) -> HashMap<Uuid, Arc<Template>> {
        let templates = self.all.iter().filter(|endpoint| endpoint.is_parent);
        templates.map(|endpoint| (endpoint.row.uuid, Arc::new(endpoint.as_template()))).collect()
    }

    /// Computes the options of these endpoints: those of their templates and their own. Returns them one by one, each with
    /// its index. Warns of templates that inherit from themselves.
    pub fn resolve<'a, I: IntoIterator<Item = usize>>(
        &'a self,
        session: &mut Session<'_>,
        endpoints: I,
    ) -> impl Iterator<Item = (usize, Lists<'a>)> + use<'a, I> {
        let wanted: Vec<usize> = endpoints.into_iter().collect();
        let order = Order::new(self, wanted.iter().copied());
        let circular: Vec<(usize, usize)> = order.circular.iter().copied().collect();
        self.report_circles(session, &circular);
        let is_wanted = |entry: &Entry| entry.item.is_some();
        let templates = Templates::new(self, &order, is_wanted, |entry, templates| {
            Heritage::new(self, entry.endpoint, templates).lists()
        });
        wanted.into_iter().map(move |at| (at, Heritage::new(self, at, &templates).lists()))
    }
}

fn missing(uuid: Uuid) -> String {
    format!("there is no endpoint_sip {uuid}, or it is left out, so this row is left out, too")
}

impl Endpoint {
    fn new(row: Row<EndpointRow>) -> Endpoint {
        Endpoint { row, own: Vec::new(), parents: Vec::new(), link_priority: None, is_parent: false }
    }

    /// Returns the sort key of an item of this endpoint in `pjsip.conf`: the priority of its first template. Items without
    /// one come last.
    pub fn rank(&self) -> (bool, Option<i64>) {
        (self.link_priority.is_none(), self.link_priority)
    }

    /// Returns the endpoint as a template that people know by its label, or by its name if it has none.
    fn as_template(&self) -> Template {
        let label = self.row.label.as_deref().filter(|label| !label.is_empty());
        let name = label.unwrap_or(&self.row.name).to_owned();
        Template { name, origin: self.row.origin().clone() }
    }
}
