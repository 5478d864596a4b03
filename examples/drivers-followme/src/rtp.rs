//! `rtp.conf`: the ports that the firewall of this product lets through, and nothing that an
//! administrator enters.

use driver_api::asterisk::Writer;
use driver_api::{Config, Driver, Error, Session};
use serde::Deserialize;

#[derive(Deserialize)]
struct Rtp {
    first: u16,
    last: u16,
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    let key = "rtp.open_ports";
    let rtp: Rtp = config.require(key)?;
    if rtp.first >= rtp.last {
        return Err(config.error(key, "the first port is not below the last"));
    }
    Ok(Box::new(rtp))
}

impl Driver for Rtp {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut writer = Writer::new(session);
        writer.own().section("general");
        writer.own().option("rtpstart", self.first);
        writer.own().option("rtpend", self.last);
        Ok(writer.finish(session))
    }
}
