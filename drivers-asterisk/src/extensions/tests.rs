//! The rules of `extensions.conf`, each on a few rows, in a context `c` with the shipped `contexts.conf` or
//! with the barest one.

mod contexts;
mod features;
mod hints;
mod ivrs;
mod origins;

use driver_api::Config;

use super::Extensions;
use crate::testing::{Rows, Written, row, unindented};

/// A telephone system, put together row by row.
#[derive(Default)]
struct System {
    rows: Rows,
    contexts: i64,
}

/// The uuid of a feature or an endpoint.
fn uuid(id: i64) -> String {
    format!("00000000-0000-4000-8000-{id:012}")
}

/// Extensions of one line in every context.
const BARE: &str = "[template]\nobjtpl = %%EXTEN%%,%%PRIORITY%%,%%ACTION%%\n\
    [xivo-features]\nobjtpl = %%EXTEN%%,%%PRIORITY%%,%%ACTION%%\n";

impl System {
    /// One with these contexts, and with a feature of each kind that a system can't be without.
    fn with_contexts(contexts: &[&str]) -> System {
        let system =
            contexts.iter().fold(System::default(), |system, context| system.context(context, "others"));
        ["fwdbusy", "fwdrna", "fwdunc"]
            .into_iter()
            .zip(900..)
            .fold(system, |system, (feature, id)| system.feature(id, feature, &format!("_*{id}."), false))
    }

    fn add(self, table: &'static str, row: String) -> System {
        System { rows: self.rows.add(table, row), ..self }
    }

    fn context(self, name: &str, kind: &str) -> System {
        let id = self.contexts;
        let row = row! {
            id: id, uuid: uuid(id), name: name, displayname: name, contexttype: kind, tenant_uuid: "T",
        };
        System { contexts: id + 1, ..self.add("context", row) }
    }

    fn extension(self, id: i64, exten: &str, kind: &str, typeval: &str) -> System {
        self.extension_in("c", id, exten, kind, typeval)
    }

    fn extension_in(self, context: &str, id: i64, exten: &str, kind: &str, typeval: &str) -> System {
        self.add("extensions", row! { id: id, context: context, exten: exten, type: kind, typeval: typeval })
    }

    fn feature(self, id: i64, feature: &str, exten: &str, enabled: bool) -> System {
        self.add(
            "feature_extension",
            row! { uuid: uuid(id), enabled: enabled, exten: exten, feature: feature },
        )
    }

    /// A user whose function keys are the template of the same number.
    fn user(self, id: i64) -> System {
        self.user_with_hint(id, 1)
    }

    fn user_with_hint(self, id: i64, enablehint: i64) -> System {
        let row = row! {
            id: id, uuid: format!("u{id}"), tenant_uuid: "T", enablehint: enablehint,
            func_key_private_template_id: id, description: "",
        };
        self.add("userfeatures", row)
    }

    /// A line of this user with a SIP endpoint, both called `name`.
    fn sip(self, user: i64, line: i64, name: &str) -> System {
        let endpoint = row! { uuid: uuid(line), name: name, tenant_uuid: "T" };
        let row =
            row! { id: line, name: name, context: "c", provisioningid: 0, endpoint_sip_uuid: uuid(line) };
        self.add("endpoint_sip", endpoint).add("linefeatures", row).main_user(user, line)
    }

    fn main_user(self, user: i64, line: i64) -> System {
        self.user_of(user, line, true, true)
    }

    fn user_of(self, user: i64, line: i64, main_user: bool, main_line: bool) -> System {
        let row = row! { user_id: user, line_id: line, main_user: main_user, main_line: main_line };
        self.add("user_line", row)
    }

    fn on_line(self, extension: i64, line: i64, main: bool) -> System {
        self.add("line_extension", row! { line_id: line, extension_id: extension, main_extension: main })
    }

    /// A key with a lamp in a template.
    fn key(self, template: i64, key: i64, position: i64, kind: i64) -> System {
        let row = row! {
            template_id: template, func_key_id: key, destination_type_id: kind, position: position, blf: true,
        };
        self.add("func_key_mapping", row)
    }

    fn write(&self) -> Written {
        self.write_with(BARE)
    }

    /// With this `contexts.conf`.
    fn write_with(&self, contexts_conf: &str) -> Written {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contexts.conf");
        std::fs::write(&path, contexts_conf).unwrap();
        let config = format!("templates: {{contextsconf: {}}}", path.display());
        self.rows.write(&Extensions::new(&Config::from_yaml(&config).unwrap()).unwrap())
    }
}

impl Written {
    /// The lines of a section of the dialplan, without those that are empty.
    fn dialplan(&self, context: &str) -> Vec<&str> {
        let header = format!("[{context}]");
        let lines = self.text.lines().skip_while(|line| *line != header).skip(1);
        lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty()).collect()
    }

    /// The hints there, as `extension,argument`.
    fn hints(&self, context: &str) -> Vec<String> {
        let hints = self.dialplan(context).into_iter().filter(|line| line.contains(",hint,"));
        hints.map(|line| line.replace(",hint,", ",").replacen("exten = ", "", 1)).collect()
    }
}
