//! The sections of trunks.

use driver_api::asterisk::Writer;
use driver_api::{Row, Session};

use super::endpoint::{Endpoint, Options};
use super::endpoint_section;
use crate::section_names::SectionNames;

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
    trunks: &[Row<Endpoint>],
) {
    for trunk in trunks {
        if names.add(session, trunk, &trunk.name) {
            let options = Options::read(trunk, session);
            endpoint_section(writer, trunk);
            options.write(&mut writer.at(trunk));
            writer.blank();
        }
    }
    writer.blank();
}
