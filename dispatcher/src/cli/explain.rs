//! The command `explain`.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use database::Uri;
use driver_api::explanation::Explanation;
use driver_api::{Config, Error, Namespace, Snapshot};
use drivers::{Plugins, Registry, Writer};
use review::GeneratedFile;
use review::explain::{Index, Knowledge, Question};

use super::{Failure, print, usage};
use crate::config;

/// Show where the lines of a file come from: table, row and column, the templates of an endpoint with the values that are
/// overridden, files of an operator, keys of the configuration. Without a section, show what the file is made of.
/// Passwords are masked.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "explain")]
#[argh(error_code(0, "It is shown."))]
#[argh(error_code(2, "There is no such file, section, option or line, or the file could not be generated."))]
#[argh(example = "confgend explain asterisk/pjsip.conf wgtf37my allow")]
#[argh(example = "confgend explain asterisk/extensions.conf 1001@default 2")]
pub(super) struct Explain {
    /// the file, like asterisk/pjsip.conf
    #[argh(positional)]
    file: String,

    /// a section and, behind it, an option. The section is its name, TYPE/NAME, EXTENSION@CONTEXT or MAILBOX@CONTEXT;
    /// the option of an extension is its priority
    #[argh(positional, arg_name = "section")]
    names: Vec<String>,

    /// the number of a line, from 1, in place of a section
    #[argh(option, arg_name = "number")]
    line: Option<usize>,

    /// the database: postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH; by default the key db_uri of
    /// the configuration
    #[argh(option, arg_name = "uri")]
    db: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,

    /// write files for a database of a release before the text of their drivers, too: what the database does not have is
    /// as if it were empty, and the telephone system may not understand the result
    #[argh(switch)]
    any_release: bool,

    /// show passwords
    #[argh(switch)]
    show_secrets: bool,
}

impl Explain {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let question = self.question().map_err(usage)?;
        let (config, registry) =
            &super::load_for(self.config.as_deref(), self.lenient, self.any_release, registry)?;
        let namespace = registry.find(&self.file).map_err(usage)?;
        let uri = self.database(config).map_err(usage)?;
        let mut database = database::open(&uri).map_err(usage)?;
        let mut snapshot = database.snapshot().map_err(usage)?;
        print(&self.explained(registry, config, &namespace, question, &mut *snapshot).map_err(usage)?);
        Ok(super::DONE)
    }

    fn question(&self) -> Result<Question<'_>, Error> {
        let (section, option) = match &self.names[..] {
            [] => (None, None),
            [section] => (Some(section), None),
            [section, option] => (Some(section), Some(option)),
            [.., last] => {
                return Err(Error::driver(format!(
                    "{last:?}: only a section and an option can follow the file"
                )));
            }
        };
        if self.line.is_some() && section.is_some() {
            return Err(Error::driver("--line stands in place of a section: leave out one of them"));
        }
        let [section, option] = [section, option].map(|name| name.map(String::as_str));
        Ok(Question { section, option, line: self.line })
    }

    fn database(&self, config: &Config) -> Result<Uri, Error> {
        match &self.db {
            Some(uri) => uri.parse().map_err(|error: Error| error.context("--db")),
            None => config::database(config),
        }
    }

    /// Generates the file twice in one snapshot: once to find the section, and once to have the driver explain it.
    fn explained(
        &self,
        registry: &Registry,
        config: &Config,
        namespace: &Namespace,
        question: Question<'_>,
        snapshot: &mut dyn Snapshot,
    ) -> Result<String, Error> {
        let driver = registry.select(namespace, &Plugins::read(config)?)?.name;
        let writer = Writer::new(registry, config, namespace)?;
        let (file, mut explanation) = generated(&writer, snapshot, None)?;
        let index = Index::new(namespace, &file);
        let answer = index.find(question).or_else(|error| {
            // It may not be there because the configuration removes it.
            index.find_removed(question, &explanation).ok_or_else(|| Error::driver(error.to_string()))
        })?;
        if let Some(section) = index.explained_section(&answer) {
            (_, explanation) = generated(&writer, snapshot, Some(&section))?;
        }
        let shows_secrets = self.show_secrets;
        Ok(index.show(&answer, Knowledge { driver, explanation: &explanation, shows_secrets }))
    }
}

/// Generates the file with the origins of its lines.
fn generated(
    writer: &Writer,
    snapshot: &mut dyn Snapshot,
    section: Option<&str>,
) -> Result<(GeneratedFile, Explanation), Error> {
    let outcome = writer.write_explaining(snapshot, section);
    let file = GeneratedFile::with_origins(outcome.result?, outcome.origins);
    Ok((file, outcome.explanation))
}
