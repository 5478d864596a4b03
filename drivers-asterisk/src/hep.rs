//! Writes `hep.conf`: the HEP capture agent (`res_hep`). It has static sections only.
//!
//! ```text
//! [general]
//! enabled = 0
//! ```

use driver_api::{Driver, Error, Session};

use crate::static_file;

pub(crate) struct Hep;

impl Driver for Hep {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        static_file::generate(session, "hep.conf")
    }
}
