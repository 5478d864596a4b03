//! One part of the file: the endpoints of all lines, of all trunks or of all meetings.

use std::collections::BTreeSet;

use driver_api::asterisk::Writer;
use driver_api::{Origin, Piece, Session};
use lookups::endpoints::{
    Endpoint, Endpoints, Entry, Heritage, Lists, Options, Order, Section, SipOption, Templates,
};

use super::endpoint::Writable;
use super::origins::Origins;
use super::resolve::{Item, Resolution};
use super::tenant::Tenants;
use super::transport::Transports;
use super::variant::Variant;
use crate::parallel::in_parallel;

/// The sections of an endpoint that are written.
#[derive(Clone, Copy)]
pub(super) enum Sections {
    /// Phones: endpoint, AOR and authentication.
    Simple,
    /// Trunks: all.
    Trunk,
}

/// The data that all parts share.
pub(super) struct Part<'a> {
    endpoints: &'a Endpoints,
    writable: &'a Writable,
    transports: &'a Transports,
    tenants: &'a Tenants,
    variant: Variant,
    /// The circles of templates that were reported already.
    reported: BTreeSet<(usize, usize)>,
}

impl<'a> Part<'a> {
    pub(super) fn new(
        endpoints: &'a Endpoints,
        writable: &'a Writable,
        transports: &'a Transports,
        tenants: &'a Tenants,
        variant: Variant,
    ) -> Part<'a> {
        Part { endpoints, writable, transports, tenants, variant, reported: BTreeSet::new() }
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
        let order = Order::new(self.endpoints, items.iter().map(Item::endpoint));
        self.report(session, &order, items);
        let is_written = |entry: &Entry| self.writable.has(entry.endpoint);
        let templates = Templates::new(self.endpoints, &order, is_written, |entry, templates| {
            self.lists(entry, items, templates)
        });
        let written: Vec<&Entry> = order.entries.iter().filter(|entry| is_written(entry)).collect();
        if let Sections::Trunk = sections {
            for entry in &written {
                self.resolution(entry, items, &templates).report_unknown_calls(session);
            }
        }
        let resolution = |endpoint| {
            let entry = order.entry(endpoint)?;
            Some(self.resolution(entry, items, &templates))
        };
        let origins =
            writer.records_origins().then(|| Origins::new(self.endpoints, &order.circular, &resolution));
        in_parallel(writer, &written, |writer, entry| {
            let endpoint = self.endpoints.get(entry.endpoint);
            let label = self.writable.label(entry.endpoint, endpoint);
            let written = Written { endpoint, at: entry.endpoint, label, origins: origins.as_ref() };
            match templates.get(entry.endpoint) {
                Some(lists) => written.write(writer, lists, sections),
                None => written.write(writer, &self.lists(entry, items, &templates), sections),
            }
        });
    }

    fn lists<'i, I: Item>(&self, entry: &Entry, items: &'i [I], templates: &Templates<'i>) -> Lists<'i>
    where
        'a: 'i,
    {
        self.resolution(entry, items, templates).lists()
    }

    fn resolution<'i, 't, I: Item>(
        &self,
        entry: &Entry,
        items: &'i [I],
        templates: &'t Templates<'i>,
    ) -> Resolution<'i, 't>
    where
        'a: 'i,
    {
        let endpoint = self.endpoints.get(entry.endpoint);
        Resolution {
            endpoint,
            heritage: Heritage::new(self.endpoints, entry.endpoint, templates),
            item: entry.item.map(|item| &items[item] as &dyn Item),
            transport: endpoint.row.transport_uuid.and_then(|uuid| self.transports.name(uuid)),
            tenant: self.tenants.get(&endpoint.row.tenant_uuid),
            variant: self.variant,
        }
    }

    fn report<I: Item>(&mut self, session: &mut Session<'_>, order: &Order, items: &[I]) {
        let new = order.circular.iter().filter(|&&link| self.reported.insert(link));
        let new: Vec<(usize, usize)> = new.copied().collect();
        self.endpoints.report_circles(session, &new);
        for &(loser, place) in &order.replaced {
            let Some(winner) = order.entries[place].item else { continue };
            let winner = items[winner].origin().key();
            let message = format!("the row {winner} has the same endpoint and is written instead");
            items[loser].origin().warn(session, "", message);
        }
    }
}

/// An endpoint that is written.
struct Written<'e, 'i, 'p> {
    endpoint: &'i Endpoint,
    /// Its index.
    at: usize,
    /// The text of the comment above it.
    label: Option<&'i str>,
    /// The sources of the options, for a session that records them.
    origins: Option<&'e Origins<'i, 'p>>,
}

impl Written<'_, '_, '_> {
    fn write(&self, writer: &mut Writer, lists: &Lists<'_>, sections: Sections) {
        let row = &self.endpoint.row;
        writer.at(row).headed_section(self.label, &row.name);
        self.write_options(writer, Section::Endpoint, &lists.endpoint);
        match sections {
            Sections::Simple => {
                for (key, section, options) in
                    [("aors", Section::Aor, &lists.aor), ("auth", Section::Auth, &lists.auth)]
                {
                    // The section is written if the endpoint refers to it, even without options.
                    if let Some(reference) = lists.endpoint.last(key) {
                        self.write_section(writer, section, (reference.origin(), reference), options);
                    }
                }
            }
            Sections::Trunk => {
                self.write_referred(writer, Section::Aor, lists.endpoint.last("aors"), &lists.aor);
                self.write_referred(writer, Section::Auth, lists.endpoint.last("auth"), &lists.auth);
                if !lists.identify.is_empty() {
                    let name = (row.origin(), &row.name);
                    self.write_section(writer, Section::Identify, name, &lists.identify);
                }
                let reference = lists.endpoint.last("outbound_auth");
                self.write_referred(writer, Section::OutboundAuth, reference, &lists.outbound_auth);
                let reference = lists.registration.last("outbound_auth");
                let options = &lists.registration_outbound_auth;
                self.write_referred(writer, Section::RegistrationOutboundAuth, reference, options);
                if !lists.registration.is_empty() {
                    let name = (row.origin(), &row.name);
                    self.write_section(writer, Section::Registration, name, &lists.registration);
                }
            }
        }
    }

    /// Writes a section that has options under the name by which another section refers to it.
    fn write_referred(
        &self,
        writer: &mut Writer,
        section: Section,
        reference: Option<&SipOption<'_>>,
        options: &Options<'_>,
    ) {
        if let Some(reference) = reference.filter(|_| !options.is_empty()) {
            self.write_section(writer, section, (reference.origin(), reference), options);
        }
    }

    fn write_section(
        &self,
        writer: &mut Writer,
        section: Section,
        (origin, name): (&Origin, impl Piece),
        options: &Options<'_>,
    ) {
        writer.at_origin(origin).section(name);
        self.write_options(writer, section, options);
    }

    fn write_options(&self, writer: &mut Writer, section: Section, options: &Options<'_>) {
        match self.origins {
            Some(origins) => origins.write(writer, self.at, section, options),
            None => options.write(writer),
        }
    }
}
