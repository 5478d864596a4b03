//! Writes `rtp.conf`: the port range of RTP, STUN and ICE (`res_rtp_asterisk`). It has static sections only.
//!
//! ```text
//! [general]
//! rtpstart = 10000
//! rtpend = 20000
//! stunaddr_reresolve_ttl_0 = yes
//!
//! [ice_host_candidates]
//! ```

use driver_api::{Driver, Error, Session};

use crate::static_file;

pub(crate) struct Rtp;

impl Driver for Rtp {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        static_file::generate(session, "rtp.conf")
    }
}
