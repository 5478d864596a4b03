//! The sections of trunks.

use driver_api::Session;

use super::endpoint::Endpoint;
use super::section;
use crate::section_names::SectionNames;
use crate::writer::Writer;

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
    trunks: &[Endpoint],
) {
    for trunk in trunks {
        if names.add(session, "usersip", trunk.key(), &trunk.name) {
            section(writer, &trunk.name);
            trunk.write_options(writer, session);
            writer.blank();
        }
    }
    writer.blank();
}
