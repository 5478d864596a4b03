//! The Jinja2 templates that the family ships, which operators may replace.

use driver_api::templates::{Syntax, TemplateSet};
use driver_api::{Config, Error};

/// The shipped templates, by name.
const SHIPPED: &[(&str, &str)] = &[
    ("asterisk/extensions/ivr.jinja", include_str!("../templates/asterisk/extensions/ivr.jinja")),
    ("asterisk/musiconhold.jinja", include_str!("../templates/asterisk/musiconhold.jinja")),
    #[cfg(feature = "older")]
    ("asterisk/sip/twilio.jinja", include_str!("../templates/asterisk/sip/twilio.jinja")),
];

pub(crate) fn templates(config: &Config) -> Result<TemplateSet, Error> {
    TemplateSet::new(config, Syntax::Asterisk, SHIPPED)
}
