//! `hep.conf`: the HEP capture agent (`res_hep`). A static file, and nothing else.

use driver_api::{Driver, Error, Session};

use crate::static_file;

pub(crate) struct Hep;

impl Driver for Hep {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        static_file::generate(session, "hep.conf")
    }
}
