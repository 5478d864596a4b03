//! The options of an endpoint: computed ones, inherited ones and its own.

use driver_api::{Origin, Row, Session};
use lookups::endpoints::{Endpoint, Heritage, Kind, Lists, Options, Section};

use super::tenant::Tenant;
use super::variant::Variant;

/// The owner of an endpoint: a line, a trunk or a meeting.
pub(super) trait Item {
    /// Returns the index of the endpoint.
    fn endpoint(&self) -> usize;

    /// Returns the row that the item comes from.
    fn origin(&self) -> &Origin;

    /// Adds the options of the item, which precede all others.
    fn defaults<'a>(&'a self, tenant: Option<&'a Row<Tenant>>, variant: Variant, options: &mut Options<'a>);

    /// Returns the mailboxes whose messages the phone shows.
    fn mailboxes(&self) -> Option<&str> {
        None
    }
}

static TYPE: Kind = Kind::option("type");
static ENDPOINT: Kind = Kind::option("endpoint").of("name");
static AORS: Kind = Kind::option("aors").of("name");
static AUTH: Kind = Kind::option("auth").of("name");
static OUTBOUND_AUTH: Kind = Kind::option("outbound_auth").prefixed("outbound_auth_").of("name");
static REGISTRATION_AUTH: Kind = Kind::option("outbound_auth").prefixed("auth_reg_").of("name");
static TRANSPORT: Kind = Kind::option("transport").of("transport_uuid");
pub(super) static MAILBOXES: Kind = Kind::option("mailboxes").from("the voicemails of its users");
static TENANT: Kind = Kind::variable("__WAZO_TENANT_UUID=").of("tenant_uuid");
/// It repeats the caller id, which is an option from a row.
static ORIGINAL_CALLER_ID: Kind = Kind::variable("XIVO_ORIGINAL_CALLER_ID=").of("value").from("callerid");

/// The options of the section `identify` that match a call.
const MATCHES: [&str; 3] = ["match", "match_header", "match_request_uri"];

/// Tells whether Asterisk takes a value for true.
fn is_true(value: &str) -> bool {
    ["yes", "true", "y", "t", "1", "on"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// One endpoint and the data that its options depend on.
pub(super) struct Resolution<'a, 'p> {
    pub(super) endpoint: &'a Endpoint,
    /// The options that it inherits, and its own.
    pub(super) heritage: Heritage<'a, 'p>,
    pub(super) item: Option<&'a dyn Item>,
    pub(super) transport: Option<&'a str>,
    pub(super) tenant: Option<&'a Row<Tenant>>,
    pub(super) variant: Variant,
}

impl<'a> Resolution<'a, '_> {
    fn origin(&self) -> &'a Origin {
        self.endpoint.row.origin()
    }

    fn name(&self) -> &'a str {
        &self.endpoint.row.name
    }

    pub(super) fn lists(&self) -> Lists<'a> {
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
                list.push(&ENDPOINT, self.origin(), self.name());
            }
        }
        if !lists.registration.is_empty() && !lists.registration_outbound_auth.is_empty() {
            lists.registration.push(&REGISTRATION_AUTH, self.origin(), self.name());
        }
        lists.endpoint = self.endpoint(&lists);
        lists.canonical()
    }

    /// Warns of a trunk that registers, but whose options don't tell Asterisk which calls come from the provider:
    /// neither `line`, by which a call names its registration, nor an address or header to match.
    pub(super) fn report_unknown_calls(&self, session: &mut Session<'_>) {
        let registration = self.typed(Section::Registration, "registration");
        if registration.is_empty() || registration.last("line").is_some_and(|line| is_true(line.value())) {
            return;
        }
        let identify = self.typed(Section::Identify, "identify");
        if MATCHES.iter().any(|key| identify.last(key).is_some_and(|option| !option.value().is_empty())) {
            return;
        }
        let message = "the trunk registers with neither line = yes in its section registration nor an option match \
            in its section identify, so Asterisk may not know which trunk a call from the provider belongs to, and \
            refuses it: add line = yes";
        self.endpoint.row.warn(session, "", message);
    }

    /// Adds the options that a section inherits, then its own.
    fn add_inherited_and_own(&self, section: Section, options: &mut Options<'a>) {
        self.heritage.add_inherited(section, options);
        self.add_own(section, options);
    }

    /// Adds the options of a section that the endpoint's own rows give.
    fn add_own(&self, section: Section, options: &mut Options<'a>) {
        self.heritage.add_own(section, options);
        if let Some(transport) = self.transport.filter(|_| section == Section::Endpoint) {
            options.push(&TRANSPORT, self.origin(), transport);
        }
    }

    /// Returns the options of a section with its type. A section without options has no type and is not written.
    fn typed(&self, section: Section, name: &'static str) -> Options<'a> {
        let mut options = Options::default();
        self.add_inherited_and_own(section, &mut options);
        if !options.is_empty() {
            options.push(&TYPE, self.origin(), name);
        }
        options
    }

    fn aor(&self) -> Options<'a> {
        let mut options = self.typed(Section::Aor, "aor");
        if let Some((item, mailboxes)) = self.item.and_then(|item| Some((item, item.mailboxes()?))) {
            options.push(&MAILBOXES, item.origin(), mailboxes);
            // A mailbox alone makes a section, too.
            options.push(&TYPE, self.origin(), "aor");
        }
        options
    }

    /// Returns the options of the section `endpoint` that precede those of templates and of the endpoint's own.
    pub(super) fn defaults(&self) -> Options<'a> {
        let mut options = Options::with_capacity(48);
        options.push(&TENANT, self.origin(), &*self.endpoint.row.tenant_uuid);
        if let Some(item) = self.item {
            item.defaults(self.tenant, self.variant, &mut options);
        }
        options
    }

    /// Returns the options of a section that the endpoint's own rows give.
    pub(super) fn own_options(&self, section: Section) -> Options<'a> {
        let mut options = Options::default();
        self.add_own(section, &mut options);
        options
    }

    fn endpoint(&self, lists: &Lists<'a>) -> Options<'a> {
        let mut options = self.defaults();
        self.add_inherited_and_own(Section::Endpoint, &mut options);
        let caller_id = options.last("callerid").map(|option| (option.origin(), option.value().clone()));
        if let Some((origin, caller_id)) = caller_id.filter(|(_, caller_id)| !caller_id.is_empty()) {
            options.push(&ORIGINAL_CALLER_ID, origin, caller_id);
        }
        if !lists.aor.is_empty() {
            options.push(&AORS, self.origin(), self.name());
        }
        if !lists.auth.is_empty() {
            options.push(&AUTH, self.origin(), self.name());
        }
        options.push(&TYPE, self.origin(), "endpoint");
        if !lists.outbound_auth.is_empty() {
            options.push(&OUTBOUND_AUTH, self.origin(), self.name());
        }
        options
    }
}
