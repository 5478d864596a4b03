//! What endpoints inherit.

use driver_api::Row;

use super::options::Options;
use super::order::{Entry, Order};
use super::{Endpoints, OptionRow, Section};

/// The options of the seven sections of an endpoint, in [canonical](Options::canonical) form.
#[derive(Default)]
pub struct Lists<'a> {
    /// The section of the type `aor`.
    pub aor: Options<'a>,
    /// The section of the type `auth`.
    pub auth: Options<'a>,
    /// The section of the type `endpoint`.
    pub endpoint: Options<'a>,
    /// The section of the type `identify`.
    pub identify: Options<'a>,
    /// The section of the type `auth` for calls to the endpoint.
    pub outbound_auth: Options<'a>,
    /// The section of the type `auth` for the registration.
    pub registration_outbound_auth: Options<'a>,
    /// The section of the type `registration`.
    pub registration: Options<'a>,
}

impl<'a> Lists<'a> {
    /// Returns the options of a section.
    pub fn get(&self, section: Section) -> &Options<'a> {
        match section {
            Section::Aor => &self.aor,
            Section::Auth => &self.auth,
            Section::Endpoint => &self.endpoint,
            Section::Identify => &self.identify,
            Section::OutboundAuth => &self.outbound_auth,
            Section::RegistrationOutboundAuth => &self.registration_outbound_auth,
            Section::Registration => &self.registration,
        }
    }

    /// Makes the lists canonical.
    #[must_use]
    pub fn canonical(self) -> Lists<'a> {
        Lists {
            aor: self.aor.canonical(),
            auth: self.auth.canonical(),
            endpoint: self.endpoint.canonical(),
            identify: self.identify.canonical(),
            outbound_auth: self.outbound_auth.canonical(),
            registration_outbound_auth: self.registration_outbound_auth.canonical(),
            registration: self.registration.canonical(),
        }
    }
}

/// The options of the endpoints that others inherit from, by their indexes. Most endpoints are no template.
pub struct Templates<'a>(Vec<Option<Box<Lists<'a>>>>);

impl<'a> Templates<'a> {
    /// Resolves the templates of an order, each with those that it inherits from. Keeps those that endpoints which are
    /// `wanted` inherit from, and those that are wanted themselves.
    pub fn new(
        endpoints: &Endpoints,
        order: &Order,
        wanted: impl Fn(&Entry) -> bool,
        mut resolve: impl FnMut(&Entry, &Templates<'a>) -> Lists<'a>,
    ) -> Templates<'a> {
        let parents = |entry: &Entry| &endpoints.get(entry.endpoint).parents;
        let mut kept = vec![false; endpoints.len()];
        for entry in order.entries.iter().filter(|entry| wanted(entry)) {
            kept[entry.endpoint] = true;
            for &parent in parents(entry) {
                kept[parent] = true;
            }
        }
        let is_template = |entry: &&Entry| endpoints.get(entry.endpoint).is_parent;
        let mut heirs = vec![0_usize; endpoints.len()];
        for entry in order.entries.iter().filter(is_template) {
            for &parent in parents(entry) {
                heirs[parent] += 1;
            }
        }
        let mut templates = Templates(Vec::new());
        templates.0.resize_with(endpoints.len(), || None);
        // Templates precede the endpoints that inherit from them, so one pass resolves all of them.
        for entry in order.entries.iter().filter(is_template) {
            templates.0[entry.endpoint] = Some(Box::new(resolve(entry, &templates)));
            for &parent in parents(entry) {
                heirs[parent] -= 1;
                // In a long chain, each template has the options of all before it: together they would fill the memory.
                if heirs[parent] == 0 && !kept[parent] {
                    templates.0[parent] = None;
                }
            }
        }
        templates
    }

    /// Returns the options of the endpoint at this index, if it is a template that was kept.
    pub fn get(&self, endpoint: usize) -> Option<&Lists<'a>> {
        self.0[endpoint].as_deref()
    }
}

/// The options of one endpoint's own, and those of its templates.
pub struct Heritage<'a, 'p> {
    /// Its own options, in their order.
    own: Vec<&'a Row<OptionRow>>,
    /// The lists of its templates, the strongest last.
    parents: Vec<&'p Lists<'a>>,
}

impl<'a, 'p> Heritage<'a, 'p> {
    /// Finds them for the endpoint at this index.
    pub fn new(endpoints: &'a Endpoints, at: usize, templates: &'p Templates<'a>) -> Heritage<'a, 'p> {
        let endpoint = endpoints.get(at);
        Heritage {
            own: endpoints.own(endpoint).collect(),
            // A parent without options comes after this endpoint, so the link closes a circle.
            parents: endpoint.parents.iter().filter_map(|&parent| templates.get(parent)).collect(),
        }
    }

    /// Adds the options that a section inherits.
    pub fn add_inherited(&self, section: Section, options: &mut Options<'a>) {
        for parent in &self.parents {
            options.extend(parent.get(section));
        }
    }

    /// Adds the options of a section that the endpoint's own rows give.
    pub fn add_own(&self, section: Section, options: &mut Options<'a>) {
        for own in self.own.iter().filter(|own| own.section == section) {
            options.push_row(own);
        }
    }

    /// Returns the options of all sections.
    pub(super) fn lists(&self) -> Lists<'a> {
        let of = |section| {
            let mut options = Options::default();
            self.add_inherited(section, &mut options);
            self.add_own(section, &mut options);
            options
        };
        let lists = Lists {
            aor: of(Section::Aor),
            auth: of(Section::Auth),
            endpoint: of(Section::Endpoint),
            identify: of(Section::Identify),
            outbound_auth: of(Section::OutboundAuth),
            registration_outbound_auth: of(Section::RegistrationOutboundAuth),
            registration: of(Section::Registration),
        };
        lists.canonical()
    }
}
