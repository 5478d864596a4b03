//! `extensions.conf`: the dialplan.
//!
//! It has a hint for each user, then the contexts of the database, each with its extensions and its
//! hints, then the features, the codes that phones dial for a service, then a context for each IVR. What
//! stands in a context and in an extension is said by `contexts.conf`; what stands in an IVR, by a Jinja2
//! template. The subroutines that the lines call are in dialplan files of the product, not here.

mod code;
mod context;
mod contexts_conf;
mod feature;
mod hint;
mod ivr;
mod section;
#[cfg(test)]
mod tests;
mod user;

use driver_api::{Config, Driver, Error, Session, Warning};

use crate::template::Folder;
use crate::text_file::TextFile;
use crate::writer::Writer;
use context::Contexts;
use contexts_conf::ContextsConf;
use feature::Features;
use hint::Hints;
use user::Users;

pub(crate) struct Extensions {
    contexts_conf: TextFile,
    templates: Folder,
}

impl Extensions {
    pub(crate) fn new(config: &Config) -> Result<Extensions, Error> {
        let shipped = include_str!("../../templates/contexts.conf");
        let path = "/etc/wazo-confgend/templates/contexts.conf";
        Ok(Extensions {
            contexts_conf: TextFile::at_key(config, "templates.contextsconf", path, shipped)?,
            templates: Folder::new(config)?,
        })
    }

    fn contexts_conf(&self, session: &mut Session<'_>) -> Result<ContextsConf, Error> {
        let path = self.contexts_conf.path().display().to_string();
        let read = self.contexts_conf.read().and_then(|text| ContextsConf::parse(&text));
        let conf = read.map_err(|error| error.in_(&path))?;
        for doubt in conf.doubts() {
            session.warn(Warning::new("", format!("{path}: {doubt}")));
        }
        Ok(conf)
    }
}

impl Driver for Extensions {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let conf = self.contexts_conf(session)?;
        let contexts = Contexts::read(session, &conf)?;
        let features = Features::read(session)?;
        let users = Users::read(session)?;
        let hints = Hints::read(session, &contexts, &features, &users)?;
        let mut writer = Writer::new();
        writer.section(hint::shared::SECTION);
        hint::shared::write(&mut writer, session, &users);
        contexts.write(&mut writer, &hints);
        features.write(&mut writer, session, conf.features());
        ivr::write(&mut writer, session, &self.templates)?;
        Ok(writer.finish(session))
    }
}
