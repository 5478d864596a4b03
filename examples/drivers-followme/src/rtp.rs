//! `rtp.conf`: the ports that the firewall of this product lets through, and nothing that an
//! administrator enters.

use driver_api::asterisk::Writer;
use driver_api::{Config, Driver, Error, Session};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Rtp {
    first: u16,
    last: u16,
}

impl Rtp {
    pub(crate) fn new(config: &Config) -> Result<Rtp, Error> {
        let rtp: Rtp = config.require("rtp_ports")?;
        if rtp.first >= rtp.last {
            return Err(config.error("rtp_ports", "the first port is not below the last"));
        }
        Ok(rtp)
    }
}

impl Driver for Rtp {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut writer = Writer::new();
        writer.section("general");
        writer.option("rtpstart", &self.first.to_string());
        writer.option("rtpend", &self.last.to_string());
        Ok(writer.finish(session))
    }
}
