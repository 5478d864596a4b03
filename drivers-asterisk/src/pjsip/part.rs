//! One part of the file: the endpoints of all lines, of all trunks or of all meetings.

use std::collections::BTreeSet;

use driver_api::asterisk::Writer;
use driver_api::{Session, Warning};

use super::endpoint::{Endpoint, Endpoints};
use super::options::Options;
use super::registry::{Entry, Registry};
use super::resolve::{Item, Lists, Resolution};
use super::tenant::Tenants;
use super::transport::Transports;
use crate::parallel::in_parallel;

/// Which sections of an endpoint are written.
#[derive(Clone, Copy)]
pub(super) enum Sections {
    /// Phones: endpoint, AOR and authentication.
    Simple,
    /// Trunks: all.
    Trunk,
}

/// The options of the endpoints that others inherit from, by their indexes.
type Templates<'a> = Vec<Option<Lists<'a>>>;

/// What all parts share.
pub(super) struct Part<'a> {
    endpoints: &'a Endpoints,
    transports: &'a Transports,
    tenants: &'a Tenants,
    /// The circles of templates that a part reported already.
    reported: BTreeSet<(usize, usize)>,
}

impl<'a> Part<'a> {
    pub(super) fn new(
        endpoints: &'a Endpoints,
        transports: &'a Transports,
        tenants: &'a Tenants,
    ) -> Part<'a> {
        Part { endpoints, transports, tenants, reported: BTreeSet::new() }
    }

    /// Writes the endpoints of the items and the templates that are endpoints themselves.
    pub(super) fn write<I: Item + Sync>(
        &mut self,
        writer: &mut Writer,
        session: &mut Session<'_>,
        items: &[I],
        sections: Sections,
    ) {
        writer.part();
        let registry = Registry::new(self.endpoints, items.iter().map(Item::endpoint));
        self.report(session, &registry, items);
        // Templates stand before what inherits from them, so one walk resolves all of them.
        let mut templates: Templates<'_> = Vec::new();
        templates.resize_with(self.endpoints.len(), || None);
        for entry in registry.entries.iter().filter(|entry| self.endpoints.get(entry.endpoint).is_parent) {
            templates[entry.endpoint] = Some(self.lists(entry, items, &templates));
        }
        let written: Vec<&Entry> =
            registry.entries.iter().filter(|entry| self.endpoints.get(entry.endpoint).written).collect();
        in_parallel(writer, &written, |writer, entry| {
            let endpoint = self.endpoints.get(entry.endpoint);
            match &templates[entry.endpoint] {
                Some(lists) => write_endpoint(writer, endpoint, lists, sections),
                None => write_endpoint(writer, endpoint, &self.lists(entry, items, &templates), sections),
            }
        });
    }

    fn lists<'i, I: Item>(&self, entry: &Entry, items: &'i [I], templates: &Templates<'i>) -> Lists<'i>
    where
        'a: 'i,
    {
        let endpoint = self.endpoints.get(entry.endpoint);
        let resolution = Resolution {
            endpoint,
            item: entry.item.map(|item| &items[item] as &dyn Item),
            // One that is not resolved yet stands behind this endpoint, so the link closes a circle.
            parents: endpoint.parents.iter().filter_map(|&parent| templates[parent].as_ref()).collect(),
            transport: endpoint.row.transport_uuid.and_then(|uuid| self.transports.name(uuid)),
            tenant: self.tenants.get(&endpoint.row.tenant_uuid),
        };
        resolution.lists()
    }

    fn report<I: Item>(&mut self, session: &mut Session<'_>, registry: &Registry, items: &[I]) {
        for &(child, parent) in &registry.circular {
            if self.reported.insert((child, parent)) {
                let [child, parent] = [child, parent].map(|at| &self.endpoints.get(at).row);
                let message = format!(
                    "the templates of {:?} lead back to it; its link to {:?} is ignored",
                    child.name, parent.name
                );
                session.warn(
                    Warning::new("endpoint_sip_template", message)
                        .row(format_args!("child_uuid={} parent_uuid={}", child.uuid, parent.uuid)),
                );
            }
        }
        for &(loser, place) in &registry.replaced {
            let Some(winner) = registry.entries[place].item else { continue };
            let (table, key) = items[loser].row();
            let message =
                format!("{} has the same endpoint, and the file shows that one", items[winner].row().1);
            session.warn(Warning::new(table, message).row(key));
        }
    }
}

fn write_endpoint(writer: &mut Writer, endpoint: &Endpoint, lists: &Lists<'_>, sections: Sections) {
    let name = endpoint.row.name.as_str();
    writer.headed_section(endpoint.row.label.as_deref(), name);
    write_options(writer, &lists.endpoint);
    let referred = [("aors", &lists.aor), ("auth", &lists.auth)];
    match sections {
        Sections::Simple => {
            for (key, options) in referred {
                // The name is the one that the endpoint refers to, even if nothing stands under it.
                if let Some(section) = lists.endpoint.last(key) {
                    write_section(writer, section, options);
                }
            }
        }
        Sections::Trunk => {
            let name = Some(name);
            let [aors, auth] = referred.map(|(key, options)| (lists.endpoint.last(key), options));
            let outbound_auth = (lists.endpoint.last("outbound_auth"), &lists.outbound_auth);
            let registration_auth =
                (lists.registration.last("outbound_auth"), &lists.registration_outbound_auth);
            let own =
                [(name, &lists.identify), outbound_auth, registration_auth, (name, &lists.registration)];
            for (section, options) in [aors, auth].into_iter().chain(own) {
                if let Some(section) = section.filter(|_| !options.is_empty()) {
                    write_section(writer, section, options);
                }
            }
        }
    }
}

fn write_section(writer: &mut Writer, name: &str, options: &Options<'_>) {
    writer.section(name);
    write_options(writer, options);
}

fn write_options(writer: &mut Writer, options: &Options<'_>) {
    for (key, value) in options.iter() {
        writer.option(key, value);
    }
}
