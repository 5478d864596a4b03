//! The command `check`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use argh::{ArgsInfo, FromArgs};
use driver_api::Error;
use drivers::Registry;
use review::{Checked, Finding, Host, Rules, Severity, counted, grouped};

use super::reviewed::Reviewed;
use super::{Failure, print, usage};
use crate::folder::AsteriskFolder;

/// Check what Asterisk makes of the files that would be generated now: what it refuses, drops or does not find.
/// Your templates and contexts.conf are checked, too. Nothing is written, and Asterisk is not asked.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "check")]
#[argh(error_code(0, "No finding is an error."))]
#[argh(error_code(1, "A finding is an error, or with --deny warnings a warning."))]
#[argh(error_code(2, "It could not check: a file could not be generated or read."))]
#[argh(example = "confgend check --asterisk /etc/asterisk")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(super) struct Check {
    /// what to check, like asterisk/pjsip.conf; all by default. References to files that are not checked are not
    /// reported
    #[argh(positional, arg_name = "file")]
    namespaces: Vec<String>,

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

    /// check the files below this folder, each as RESOURCE/FILENAME, in place of the database
    #[argh(option, arg_name = "dir")]
    files: Option<PathBuf>,

    /// asterisk's configuration folder, like /etc/asterisk: what an administrator defines there is known, too. No
    /// #exec is run
    #[argh(option, arg_name = "dir")]
    asterisk: Option<PathBuf>,

    /// print one JSON object for each finding, and nothing else
    #[argh(switch)]
    json: bool,

    /// print all findings of a rule; without it, the first 20
    #[argh(switch)]
    all: bool,

    /// with "warnings": warnings count as errors for the exit code
    #[argh(option, arg_name = "warnings")]
    deny: Option<String>,

    /// list the rules with their severities at this site, and check nothing
    #[argh(switch)]
    rules: bool,
}

/// A finding is too severe.
const FOUND: u8 = 1;

/// How many findings of one rule are shown.
const MAX_SHOWN: usize = 20;

impl Check {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let denied = self.denied().map_err(usage)?;
        if self.files.is_some() && self.db.is_some() {
            return Err(usage(Error::driver(
                "--files and --db can't both be given: the files come from one of them",
            )));
        }
        let (config, registry) =
            &super::load_for(self.config.as_deref(), self.lenient, self.any_release, registry)?;
        let rules = crate::config::check_rules(config).map_err(usage)?;
        if self.rules {
            print(&listed(&rules));
            return Ok(super::DONE);
        }
        let start = Instant::now();
        let reviewed = Reviewed { registry, config, names: &self.namespaces };
        let (set, mistakes) = match &self.files {
            Some(folder) => (reviewed.in_folder(folder)?, Vec::new()),
            None => (reviewed.generated(self.db.as_deref())?, reviewed.mistakes()?),
        };
        if let Some(root) = self.asterisk.as_ref().filter(|root| !root.is_dir()) {
            return Err(usage(Error::driver("is no folder").context(root.display().to_string())));
        }
        let folder = self.asterisk.as_ref().map(|root| AsteriskFolder { root });
        let mut checked = review::check(&set, folder.as_ref().map(|folder| folder as &dyn Host), &rules);
        checked.findings.splice(0..0, review::mistakes(mistakes, &rules));
        let text = if self.json { json(&checked.findings) } else { self.text(&checked, set.len(), start) };
        print(&text);
        let worst = checked.findings.iter().map(|finding| finding.severity).max();
        Ok(if worst >= Some(denied) { FOUND } else { super::DONE })
    }

    /// Returns the least severity that makes the command fail.
    fn denied(&self) -> Result<Severity, Error> {
        match self.deny.as_deref() {
            None => Ok(Severity::Error),
            Some("warnings") => Ok(Severity::Warning),
            Some(other) => Err(Error::driver(format!("--deny takes \"warnings\", not {other:?}"))),
        }
    }

    fn text(&self, checked: &Checked, files: usize, start: Instant) -> String {
        let findings = &checked.findings;
        let mut lines = Vec::new();
        let mut counts = BTreeMap::<&str, usize>::new();
        for finding in findings {
            let count = counts.entry(finding.rule).or_default();
            *count += 1;
            if self.all || *count <= MAX_SHOWN {
                lines.push(finding.to_string());
            }
        }
        for (rule, count) in counts.into_iter().filter(|(_, count)| !self.all && *count > MAX_SHOWN) {
            lines.push(format!("and {} more [{rule}]; --all shows them", grouped(count - MAX_SHOWN)));
        }
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        lines.push(format!(
            "{}, {}, {} in {}, {}, {:.2} s\n",
            counted(of(Severity::Error), "error"),
            counted(of(Severity::Warning), "warning"),
            counted(of(Severity::Note), "note"),
            counted(files, "file"),
            counted(checked.objects, "object"),
            start.elapsed().as_secs_f64()
        ));
        lines.join("\n")
    }
}

fn json(findings: &[Finding]) -> String {
    let line = |finding| serde_json::to_string(finding).map(|line| line + "\n").unwrap_or_default();
    findings.iter().map(line).collect()
}

/// Lists all rules with their severities.
fn listed(rules: &Rules) -> String {
    let all = Rules::all();
    let width = all.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let line = |rule: &&review::Rule| {
        let severity = rules.severity(rule).map_or_else(|| "off".to_owned(), |severity| severity.to_string());
        format!("{:<width$} {severity:<8} {}\n", rule.id, rule.help)
    };
    all.iter().map(line).collect()
}
