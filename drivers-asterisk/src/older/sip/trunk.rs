//! The sections of trunks.

use driver_api::Session;
use driver_api::asterisk::Writer;

use super::endpoint::Endpoint;
use super::section;
use crate::section_names::SectionNames;

pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    names: &mut SectionNames,
    trunks: &[Endpoint],
) {
    for trunk in trunks {
        if names.add(session, "usersip", format_args!("id={}", trunk.id), &trunk.name) {
            let pairs = trunk.pairs(session);
            section(writer, &trunk.name);
            trunk.write_options(writer, &pairs);
            writer.blank();
        }
    }
    writer.blank();
}
