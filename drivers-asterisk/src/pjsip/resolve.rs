//! The options of an endpoint: what it computes, what it inherits and what it has itself.

use super::endpoint::{Endpoint, Section};
use super::options::Options;
use super::tenant::Tenant;

/// What an endpoint belongs to: a line, a trunk, a meeting.
pub(super) trait Item {
    /// The endpoint.
    fn endpoint(&self) -> usize;

    /// The row, for messages: table and key.
    fn row(&self) -> (&'static str, String);

    /// Adds the options that come from the item and stand before all others.
    fn defaults<'a>(&'a self, tenant: Option<&Tenant>, options: &mut Options<'a>);

    /// The mailboxes whose messages the phone shows.
    fn mailboxes(&self) -> Option<&str> {
        None
    }
}

/// The options of the seven sections of an endpoint, in canonical form.
#[derive(Default)]
pub(super) struct Lists<'a> {
    pub(super) aor: Options<'a>,
    pub(super) auth: Options<'a>,
    pub(super) endpoint: Options<'a>,
    pub(super) identify: Options<'a>,
    pub(super) outbound_auth: Options<'a>,
    pub(super) registration_outbound_auth: Options<'a>,
    pub(super) registration: Options<'a>,
}

impl<'a> Lists<'a> {
    fn get(&self, section: Section) -> &Options<'a> {
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
}

/// One endpoint and what its options depend on.
pub(super) struct Resolution<'a, 'p> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) item: Option<&'a dyn Item>,
    /// The lists of its templates, the strongest last.
    pub(super) parents: Vec<&'p Lists<'a>>,
    pub(super) transport: Option<&'a str>,
    pub(super) tenant: Option<&'a Tenant>,
}

impl<'a> Resolution<'a, '_> {
    pub(super) fn lists(&self) -> Lists<'a> {
        let name = self.endpoint.row.name.as_str();
        let mut lists = Lists {
            aor: self.aor(),
            auth: self.typed(Section::Auth, "auth"),
            identify: self.typed(Section::Identify, "identify"),
            outbound_auth: self.typed(Section::OutboundAuth, "auth"),
            registration_outbound_auth: self.typed(Section::RegistrationOutboundAuth, "auth"),
            registration: self.typed(Section::Registration, "registration"),
            endpoint: Options::default(),
        };
        for list in [&mut lists.identify, &mut lists.registration] {
            if !list.is_empty() {
                list.push("endpoint", name);
            }
        }
        if !lists.registration.is_empty() && !lists.registration_outbound_auth.is_empty() {
            lists.registration.push("outbound_auth", format!("auth_reg_{name}"));
        }
        lists.endpoint = self.endpoint(&lists);
        Lists {
            aor: lists.aor.canonical(),
            auth: lists.auth.canonical(),
            endpoint: lists.endpoint.canonical(),
            identify: lists.identify.canonical(),
            outbound_auth: lists.outbound_auth.canonical(),
            registration_outbound_auth: lists.registration_outbound_auth.canonical(),
            registration: lists.registration.canonical(),
        }
    }

    /// Adds what a section inherits, then what it has itself.
    fn add_written(&self, section: Section, options: &mut Options<'a>) {
        for parent in &self.parents {
            options.extend(parent.get(section));
        }
        for own in self.endpoint.own.iter().filter(|own| own.section == section) {
            options.push(&own.key, &*own.value);
        }
    }

    /// The options of a section that is there only if somebody wrote any.
    fn typed(&self, section: Section, name: &'static str) -> Options<'a> {
        let mut options = Options::default();
        self.add_written(section, &mut options);
        if !options.is_empty() {
            options.push("type", name);
        }
        options
    }

    fn aor(&self) -> Options<'a> {
        let mut options = self.typed(Section::Aor, "aor");
        if let Some(mailboxes) = self.item.and_then(Item::mailboxes) {
            options.push("mailboxes", mailboxes);
            // A mailbox alone makes a section, too.
            options.push("type", "aor");
        }
        options
    }

    fn endpoint(&self, lists: &Lists<'a>) -> Options<'a> {
        let name = self.endpoint.row.name.as_str();
        let mut options = Options::with_capacity(48);
        options.set_var("__WAZO_TENANT_UUID", &self.endpoint.row.tenant_uuid);
        if let Some(item) = self.item {
            item.defaults(self.tenant, &mut options);
        }
        self.add_written(Section::Endpoint, &mut options);
        if let Some(transport) = self.transport {
            options.push("transport", transport);
        }
        let caller_id = options.last("callerid").filter(|id| !id.is_empty());
        if let Some(caller_id) = caller_id.map(|id| ["XIVO_ORIGINAL_CALLER_ID=", id].concat()) {
            options.push("set_var", caller_id);
        }
        if !lists.aor.is_empty() {
            options.push("aors", name);
        }
        if !lists.auth.is_empty() {
            options.push("auth", name);
        }
        options.push("type", "endpoint");
        if !lists.outbound_auth.is_empty() {
            options.push("outbound_auth", format!("outbound_auth_{name}"));
        }
        options
    }
}
