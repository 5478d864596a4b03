//! The gateways of Twilio. Its calls come from many addresses, and `chan_sip` identifies a peer by its address. So
//! each gateway has a section, all with the options of the trunk.

use std::borrow::Cow;

use driver_api::asterisk::Writer;
use driver_api::templates::{Serde, TemplateSet, Value, context};
use driver_api::{Error, Row, Session};

use super::endpoint::{Endpoint, Options, position};

/// The name of the template in its folder. One is shipped.
pub(super) const TEMPLATE: &str = "asterisk/sip/twilio.jinja";

/// Options that make no sense for a gateway, which calls and is not called.
const TRUNK_ONLY: [&str; 6] = ["type", "host", "qualify", "secret", "subscribemwi", "username"];

/// Writes the gateways of the first trunk through which Twilio calls, or an empty line.
pub(super) fn write(
    writer: &mut Writer,
    session: &mut Session<'_>,
    trunks: &[Row<Endpoint>],
    templates: &TemplateSet,
) -> Result<(), Error> {
    match trunks.iter().find(|trunk| trunk.is_twilio()) {
        Some(trunk) => {
            let options = Value::from(Serde(&options(trunk, session)));
            let text = templates.open().render(TEMPLATE, context! { options })?;
            let notes = session.explains().then(|| templates.note(TEMPLATE));
            if let Err(reason) = writer.at(trunk).noting(notes.as_slice()).rendered(&text) {
                trunk.warn(session, "", format!("the gateways of Twilio are left out: {reason}"));
            }
        }
        None => writer.blank(),
    }
    Ok(())
}

fn options<'a>(trunk: &'a Row<Endpoint>, session: &mut Session<'_>) -> Vec<(&'a str, Cow<'a, str>)> {
    let of_trunk = Options::read(trunk, session);
    let mut options: Vec<_> = of_trunk.columns().filter(|(name, _)| !TRUNK_ONLY.contains(name)).collect();
    // This option alone has another position than in other sections: behind `md5secret`.
    options.sort_by_key(|(name, _)| position(if *name == "maxcallbitrate" { "md5secret" } else { name }));
    options.extend(of_trunk.into_pairs());
    options
}
