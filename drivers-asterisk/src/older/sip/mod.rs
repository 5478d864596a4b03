//! `sip.conf`: what `chan_sip`, the SIP stack before PJSIP, reads. One section for each trunk and each line
//! of a user, under the options that all of them share.

mod endpoint;
mod general;
#[cfg(test)]
mod tests;
mod trunk;
mod twilio;
mod user;

use driver_api::asterisk::Writer;
use driver_api::{Config, Driver, Error, Row, Session};

use crate::section_names::SectionNames;
use crate::template::Folder;
use endpoint::{Endpoint, Endpoints};

pub(crate) struct Sip {
    folder: Folder,
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    Ok(Box::new(Sip::new(config)?))
}

impl Sip {
    fn new(config: &Config) -> Result<Sip, Error> {
        Ok(Sip { folder: Folder::new(config)? })
    }
}

impl Driver for Sip {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut writer = Writer::new(session);
        general::write(&mut writer, session)?;
        general::write_authentication(&mut writer, session)?;
        let endpoints = Endpoints::read(session)?;
        let mut names = SectionNames::new(&["general", "authentication"]);
        twilio::write(&mut writer, session, &endpoints.trunks, &self.folder)?;
        trunk::write(&mut writer, session, &mut names, &endpoints.trunks);
        user::write(&mut writer, session, &mut names, &endpoints.users)?;
        writer.blank();
        Ok(writer.finish(session))
    }
}

/// `[name]`. The empty lines around sections are written where sections end.
fn section(writer: &mut Writer, name: &'static str) {
    writer.part();
    writer.own().section(name);
}

/// `[name]` of an endpoint.
fn endpoint_section(writer: &mut Writer, endpoint: &Row<Endpoint>) {
    writer.part();
    writer.at(endpoint).section(&endpoint.name);
}
