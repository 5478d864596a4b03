//! Writes `extensions.conf`: the dialplan.
//!
//! ```text
//! [usersharedlines]
//! exten = 41d812cd-…,hint,Custom:41d812cd-…-mobile&PJSIP/wgtf37my
//!
//! [ctx-ten0000-incall]
//! exten = i,1,Playback(no-user-find)
//! same = n,Hangup()
//!
//! [xivo-features]
//! exten = _*99.,1,Set(__WAZO_BASE_CONTEXT=${CONTEXT})
//! same  =     n,GoSub(vmboxmsg,s,1(${EXTEN:3}))
//! ```
//!
//! The file has a hint for each user, then the contexts of the database, each with its extensions and its
//! hints, then the features, which are codes that phones dial for a service, then a context for each IVR.
//! `contexts.conf` has the lines of contexts and extensions; a Jinja2 template has those of an IVR. The
//! subroutines that the lines call are in dialplan files of the product.

mod code;
mod context;
mod contexts_conf;
mod dialplan_parts;
mod feature;
mod hint;
mod ivr;
mod section;
#[cfg(test)]
mod tests;
mod user;

use driver_api::asterisk::Writer;
use driver_api::settings::Key;
use driver_api::templates::{self, TemplateSet, TextFile};
use driver_api::{Config, Dated, Driver, Error, Release, Session, Warning};

use crate::feature_tables;
use crate::templates::templates;
use context::Contexts;
use contexts_conf::ContextsConf;
use feature::Features;
use hint::{HintRows, Hints};
use user::Users;

/// The key of the operator's `contexts.conf`, and its default.
const KEY: &str = "templates.contextsconf";
const CONTEXTS_CONF: &str = "/etc/wazo-confgend/templates/contexts.conf";

const SHIPPED: &str = include_str!("../../templates/contexts.conf");

/// The keys of the driver.
pub(crate) fn keys() -> Vec<Key> {
    let help = "Your contexts.conf: the lines of each context of the dialplan, and of each extension in it. Without the \
                key, the file of this name is used if it exists, and the built-in text if not.";
    [vec![TextFile::key(KEY, CONTEXTS_CONF, help)], templates::keys()].concat()
}

/// Whether the shipped `contexts.conf` has the context of parked calls in internal ones.
const HAS_PARKED_CALLS: Dated<bool> = Dated::new(false, &[(Release::new(25, 14), true)]);

/// Returns the `contexts.conf` that a release shipped, since 24.02. An operator's own survives an upgrade.
fn shipped(release: Release) -> String {
    const FOLLOWS: &str = "include = xivo-extrafeatures\n";
    if HAS_PARKED_CALLS.at(release) {
        SHIPPED.replacen(FOLLOWS, &["include = parkedcalls\n", FOLLOWS].concat(), 1)
    } else {
        SHIPPED.to_owned()
    }
}

pub(crate) struct Extensions {
    contexts_conf: TextFile,
    templates: TemplateSet,
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    Ok(Box::new(Extensions::new(config)?))
}

impl Extensions {
    fn new(config: &Config) -> Result<Extensions, Error> {
        Ok(Extensions {
            contexts_conf: TextFile::at_key(config, KEY, CONTEXTS_CONF, SHIPPED)?,
            templates: templates(config)?,
        })
    }

    fn read_contexts_conf(&self, release: Release) -> Result<ContextsConf, Error> {
        let text = self.contexts_conf.read_or(|| shipped(release));
        let read = text.and_then(|text| ContextsConf::parse(&text));
        read.map_err(|error| error.context(self.contexts_conf.path().display().to_string()))
    }

    fn contexts_conf(&self, session: &mut Session<'_>) -> Result<ContextsConf, Error> {
        let path = self.contexts_conf.path().display().to_string();
        let conf = self.read_contexts_conf(session.release()?)?;
        for warning in conf.warnings() {
            session.warn(Warning::new("", format!("{path}: {warning}")));
        }
        Ok(conf)
    }
}

impl Driver for Extensions {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        session.stand_in(feature_tables::OLDER);
        let conf = self.contexts_conf(session)?;
        let contexts = Contexts::read(session, &conf)?;
        warn_of_names(session, &contexts);
        let features = Features::read(session)?;
        let (users, hint_rows) = session.both(Users::read, HintRows::read)?;
        let hints = Hints::new(session, &contexts, &features, &users, &hint_rows);
        let mut writer = Writer::new(session);
        writer.own().section(hint::shared::SECTION);
        hint::shared::write(&mut writer, session, &users);
        write_contexts(&mut writer, &self.contexts_conf, &contexts, &hints);
        features.write(&mut writer, session, &self.contexts_conf, conf.features());
        ivr::write(&mut writer, session, &self.templates)?;
        Ok(writer.finish(session))
    }

    fn check(&self) -> Vec<Error> {
        let mut problems = ivr::check(&self.templates);
        problems.extend(self.read_contexts_conf(Release::TODAY).err());
        problems
    }
}

/// Writes the contexts with their hints, and two empty lines between one and the next.
fn write_contexts(writer: &mut Writer, conf: &TextFile, contexts: &Contexts, hints: &Hints<'_>) {
    for (index, context) in contexts.all().iter().enumerate() {
        if index > 0 {
            writer.blank();
        }
        context.write(writer, conf);
        hints.write(writer, index);
    }
    // Without contexts, the features follow the hints of the users without an empty line.
    if contexts.all().is_empty() {
        writer.part();
    }
}

/// Warns of contexts that have the name of another section.
fn warn_of_names(session: &mut Session<'_>, contexts: &Contexts) {
    for context in contexts.all() {
        let name = context.name();
        let ivr = name.strip_prefix(ivr::SECTION).is_some_and(|id| id.parse::<i64>().is_ok());
        if ivr || [hint::shared::SECTION, feature::SECTION].contains(&name) {
            let message =
                "the file has another section of this name, and Asterisk merges both: rename the context";
            context.warn_of_name(session, message);
        }
    }
}
