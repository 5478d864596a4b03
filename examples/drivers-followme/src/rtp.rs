//! `rtp.conf`: the ports that the firewall of this product lets through, and nothing that an
//! administrator enters.

use driver_api::asterisk::Writer;
use driver_api::settings::Settings as _;
use driver_api::{Config, Driver, Error, Session, settings};

settings! {
    /// The ports that the firewall lets through.
    pub(crate) struct Rtp in "rtp.open_ports" {
        /// The first port.
        first: u16 = 20000,
        /// The last port.
        last: u16 = 20999,
    }
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    let rtp = Rtp::read(config)?;
    if rtp.first >= rtp.last {
        return Err(config.error("rtp.open_ports", "the first port is not below the last"));
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
