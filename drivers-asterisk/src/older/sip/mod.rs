//! Writes `sip.conf`, which `chan_sip` reads, the SIP channel driver before PJSIP. Each trunk and each line
//! of a user is a section, below the options that all of them share.
//!
//! ```text
//! [general]
//! bindport = 5060
//! register => acme:pw@sip.example.com
//!
//! [authentication]
//! auth = acme:pw@example.com
//!
//! [provider]
//! call-limit = 10
//! type = peer
//! host = sip.example.com
//! ```

mod endpoint;
mod general;
#[cfg(test)]
mod tests;
mod trunk;
mod twilio;
mod user;

use driver_api::asterisk::Writer;
use driver_api::templates::TemplateSet;
use driver_api::{Config, Driver, Error, Row, Session, StandIn};

use crate::section_names::SectionNames;
use crate::templates::templates;
use endpoint::{Endpoint, Endpoints};

pub(crate) struct Sip {
    templates: TemplateSet,
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    Ok(Box::new(Sip::new(config)?))
}

impl Sip {
    fn new(config: &Config) -> Result<Sip, Error> {
        Ok(Sip { templates: templates(config)? })
    }
}

impl Driver for Sip {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        session.stand_in(OLDER_JOIN);
        let mut writer = Writer::new(session);
        general::write(&mut writer, session)?;
        general::write_authentication(&mut writer, session)?;
        let endpoints = Endpoints::read(session)?;
        let mut names = SectionNames::new(&["general", "authentication"]);
        twilio::write(&mut writer, session, &endpoints.trunks, &self.templates)?;
        trunk::write(&mut writer, session, &mut names, &endpoints.trunks);
        user::write(&mut writer, session, &mut names, &endpoints.users)?;
        writer.blank();
        Ok(writer.finish(session))
    }

    fn check(&self) -> Vec<Error> {
        self.templates.check(twilio::TEMPLATE, &["options"])
    }
}

/// Databases before 20.08 name the endpoint of a line or a trunk by its protocol and an id.
const OLDER_JOIN: &[StandIn] = &[
    StandIn::new(
        "linefeatures",
        "SELECT o.*, CASE WHEN o.protocol = 'sip' THEN o.protocolid END AS endpoint_sip_id FROM linefeatures AS o",
    ),
    StandIn::new(
        "trunkfeatures",
        "SELECT o.*, CASE WHEN o.protocol = 'sip' THEN o.protocolid END AS endpoint_sip_id FROM trunkfeatures AS o",
    ),
];

/// Writes `[name]`. The empty lines around sections are written at their ends.
fn section(writer: &mut Writer, name: &'static str) {
    writer.part();
    writer.own().section(name);
}

/// Writes `[name]` of an endpoint.
fn endpoint_section(writer: &mut Writer, endpoint: &Row<Endpoint>) {
    writer.part();
    writer.at(endpoint).section(&endpoint.name);
}
