//! `musiconhold.conf`: the classes of music on hold. A class `default` always exists.

use driver_api::{Comment, Config, Driver, Error, OneLine, Query, Session, Warning};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use crate::template::Template;

pub(crate) struct MusicOnHold {
    template: Template,
}

impl MusicOnHold {
    pub(crate) fn new(config: &Config) -> Result<MusicOnHold, Error> {
        let shipped = include_str!("../templates/asterisk/musiconhold.jinja");
        Ok(MusicOnHold { template: Template::in_folder(config, "asterisk/musiconhold.jinja", shipped)? })
    }
}

impl Driver for MusicOnHold {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let classes: Vec<Class> = session.query(CLASSES, &[])?;
        for class in &classes {
            if let Some((column, message)) = class.trouble() {
                session.warn(Warning {
                    table: "moh".to_owned(),
                    key: format!("uuid={} name={:?}", &*class.uuid, &*class.name),
                    column: column.to_owned(),
                    message: message.to_owned(),
                });
            }
        }
        self.template.render(context! {
            base_directory => "/var/lib/asterisk/moh",
            moh_list => Value::from(Serde(&classes)),
            sort_map => context! { alphabetical => "alpha", random_start => "randstart" },
        })
    }
}

/// All columns: a template of an operator's own may print any.
const CLASSES: Query<'_> = Query {
    table: "moh",
    key: &["uuid", "name"],
    sql: r#"SELECT uuid, tenant_uuid, name, label, mode, application, sort
        FROM moh
        ORDER BY name COLLATE "C""#,
};

#[derive(Deserialize, Serialize)]
struct Class {
    uuid: OneLine,
    tenant_uuid: OneLine,
    name: OneLine,
    label: Comment,
    mode: OneLine,
    application: Option<OneLine>,
    sort: Option<OneLine>,
}

impl Class {
    /// The column of a class that is written as it is and will not work, and why.
    fn trouble(&self) -> Option<(&'static str, &'static str)> {
        if &*self.name == "default" {
            return Some(("name", "a class of this name is always written: Asterisk gets two"));
        }
        if self.name.contains('/') || &*self.name == ".." {
            return Some(("name", "the class has its files outside the folder of music on hold"));
        }
        if &*self.mode == "custom" && self.application.is_none() {
            return Some(("application", "there is none: Asterisk will try to run a program called None"));
        }
        None
    }
}
