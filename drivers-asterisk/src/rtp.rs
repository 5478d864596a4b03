//! `rtp.conf`: the port range of RTP, STUN and ICE (`res_rtp_asterisk`). A static file, and nothing else.

use driver_api::{Driver, Error, Session};

use crate::static_file;

pub(crate) struct Rtp;

impl Driver for Rtp {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        static_file::generate(session, "rtp.conf")
    }
}
