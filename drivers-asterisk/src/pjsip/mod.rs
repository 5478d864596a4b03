//! Writes `pjsip.conf`: transports, and the endpoints of lines, trunks and meeting guests.
//!
//! ```text
//! ; Nils Cohen line 0
//! [wgtf37my]
//! context = ctx-ten0000-internal
//! mailboxes = 1000@ctx-ten0000-internal
//! aors = wgtf37my
//! type = endpoint
//! set_var = WAZO_LINE_ID=1
//!
//! [wgtf37my]
//! max_contacts = 1
//! type = aor
//! ```
//!
//! An endpoint inherits options from others, its templates. The driver resolves the inheritance, so the
//! file has none of Asterisk's template syntax. Disabled lines, users, voicemails and extensions are
//! written like enabled ones: an operator who disables one expects calls to be refused, not the phone to
//! lose its registration.

mod endpoint;
mod line;
mod meeting;
mod origins;
mod part;
mod resolve;
mod tenant;
#[cfg(test)]
mod tests;
mod transport;
mod trunk;
mod variant;

use driver_api::asterisk::Writer;
use driver_api::{Driver, Error, Session};
use lookups::endpoints::Endpoints;

use crate::static_file;
use endpoint::Writable;
use part::{Part, Sections};
use tenant::Tenants;
use transport::Transports;
use variant::Variant;

pub(crate) struct Pjsip;

impl Driver for Pjsip {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        session.stand_in(&[tenant::WITHOUT_ANNOUNCEMENTS, meeting::WITHOUT_MEETINGS]);
        let variant = Variant::of(session.release()?);
        let mut writer = Writer::new(session);
        static_file::write(&mut writer, session, "pjsip.conf", &["global", "system"])?;
        let transports = Transports::read(session)?;
        transports.write(&mut writer);
        let ((endpoints, writable, tenants), line_rows) = session.both(
            |session| {
                let endpoints = Endpoints::read(session)?;
                let writable = Writable::of(session, &endpoints, &transports);
                Ok((endpoints, writable, Tenants::read(session)?))
            },
            line::Rows::read,
        )?;
        let lines = line_rows.items(session, &endpoints);
        let trunks = trunk::items(session, &endpoints)?;
        let meetings = meeting::items(session, &endpoints)?;
        let mut part = Part::new(&endpoints, &writable, &transports, &tenants, variant);
        writer.blank();
        part.write(&mut writer, session, &lines, Sections::Simple);
        writer.blank();
        part.write(&mut writer, session, &trunks, Sections::Trunk);
        writer.blank();
        part.write(&mut writer, session, &meetings, Sections::Simple);
        Ok(writer.finish(session))
    }
}
