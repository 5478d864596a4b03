//! The guard: a new text that lost much of its content against the last good copy is suspect. Half a restore, a wrong
//! database or a tenant that was deleted by mistake give such texts, which would take telephones away.

use std::collections::BTreeMap;

use driver_api::Namespace;
use driver_api::settings::{Refused, Setting, Shape, Within};
use driver_api::yaml::{Mapping, Value};

use crate::state::Site;

driver_api::settings! {
    /// The guard against files that lost much of their content.
    #[derive(Debug, Clone)]
    pub struct Guard in "guard" {
        /// How many per cent of its objects a file may lose against the last good copy before it is suspect.
        max_loss: Option<Within<0, 100>> = 50,
        /// How many objects the last good copy must have for the limit to apply.
        min_objects: Within<1, 1_000_000_000> = 20,
        /// The limits of single files, in place of max_loss, such as asterisk/queues.conf: 80.
        files: FileLimits = Value::Mapping(Mapping::new()),
        /// The treatment of a file that lost more: warn serves it, hold serves the last good copy in its place.
        action: Action = "warn",
    }
}

/// The limits of single files in per cent; none switches the guard off for the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLimits(pub BTreeMap<Namespace, Option<usize>>);

impl Setting for FileLimits {
    fn shape() -> Shape {
        Shape::map("files", Option::<Within<0, 100>>::shape())
    }

    fn parse(value: &Value) -> Result<FileLimits, Refused> {
        let mapping = value.as_mapping().ok_or(Refused::NotAccepted)?;
        let limit = |(file, limit): (&Value, &Value)| {
            let name = file.as_str().ok_or(Refused::NotAccepted)?;
            let file = name.parse().map_err(|_| Refused::Because(format!("{name} is no file")))?;
            let limit = Option::<Within<0, 100>>::parse(limit);
            let limit =
                limit.map_err(|_| Refused::Because(format!("{name}: expected {}", accepted_limit())))?;
            Ok((file, limit.map(|limit| limit.0)))
        };
        Ok(FileLimits(mapping.iter().map(limit).collect::<Result<_, _>>()?))
    }
}

fn accepted_limit() -> String {
    Option::<Within<0, 100>>::accepts()
}

/// The treatment of a suspect text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The text is served, and becomes the last good copy.
    Warn,
    /// The last good copy is served until an administrator accepts the text.
    Hold,
}

impl Setting for Action {
    fn shape() -> Shape {
        Shape::Words(vec!["warn", "hold"])
    }

    fn parse(value: &Value) -> Result<Action, Refused> {
        match value.as_str() {
            Some("warn") => Ok(Action::Warn),
            Some("hold") => Ok(Action::Hold),
            _ => Err(Refused::NotAccepted),
        }
    }
}

impl Guard {
    /// Returns how many per cent a file may lose; none if it may lose everything.
    fn limit(&self, file: &Namespace) -> Option<usize> {
        let general = self.max_loss.map(|limit| limit.0);
        self.files.0.get(file).copied().unwrap_or(general)
    }
}

/// The loss of a suspect text: its objects, and those of the last good copy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    before: usize,
    after: usize,
    limit: usize,
}

impl Loss {
    fn of(before: usize, after: usize, limit: usize) -> Option<Loss> {
        let lost = before.saturating_sub(after);
        (lost.saturating_mul(100) > limit.saturating_mul(before)).then_some(Loss { before, after, limit })
    }

    /// Logs the loss, and what the administrator can do.
    pub(crate) fn log(&self, file: &Namespace, action: Action) {
        let Loss { before: objects_before, after: objects, limit } = self;
        let found = format!(
            "{file}: the new text has {objects} objects, the last good copy has {objects_before}; \
             a loss of more than {limit} % is suspect (guard.max_loss, guard.files)"
        );
        match action {
            Action::Warn => tracing::error!(
                event = "suspect", namespace = %file, objects, objects_before,
                "{found}. The new text is served: check the database, and see the key guard.action"
            ),
            Action::Hold => tracing::error!(
                event = "suspect", namespace = %file, objects, objects_before,
                "{found}. The last good copy is served: check the database, or type confgend accept {file} \
                 if the loss is intended"
            ),
        }
    }
}

impl Site {
    /// Compares a new text with the last good copy. Returns the loss if the text is suspect.
    pub(crate) fn suspect_loss(&self, file: &Namespace, text: &str) -> Option<Loss> {
        let guard = &self.settings.guard;
        let limit = guard.limit(file).filter(|limit| *limit < 100)?;
        // An error is logged when the copy is replaced.
        let mut copy = self.cache.open(file).ok()??;
        // Objects are counted only if the text is another one.
        if copy.is_empty() || copy.equals(text) {
            return None;
        }
        let before = self.generator.objects(file, &copy.text().ok()?);
        if before < guard.min_objects.0 {
            return None;
        }
        Loss::of(before, self.generator.objects(file, text), limit)
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Config;
    use driver_api::settings::Settings as _;

    use super::*;

    fn read(yaml: &str) -> Result<Guard, String> {
        let config = Config::from_yaml(yaml).unwrap();
        Guard::read(&config).map_err(|error| error.chain())
    }

    #[test]
    fn a_file_may_have_its_own_limit() {
        let pjsip = "asterisk/pjsip.conf".parse().unwrap();
        let queues = "asterisk/queues.conf".parse().unwrap();
        let limits = |yaml: &str| read(yaml).map(|guard| (guard.limit(&pjsip), guard.limit(&queues)));
        assert_eq!(limits(""), Ok((Some(50), Some(50))));
        assert_eq!(limits("guard: {max_loss: null}"), Ok((None, None)));
        let files = "guard: {max_loss: 10, files: {asterisk/queues.conf: 80, asterisk.pjsip.conf: null}}";
        assert_eq!(limits(files), Ok((None, Some(80))));
        assert_eq!(limits("guard: {max_loss: null, files: {asterisk/queues.conf: 0}}"), Ok((None, Some(0))));
        let key = "configuration key guard.files";
        assert_eq!(limits("guard: {files: {nothing: 5}}"), Err(format!("{key}: nothing is no file")));
        let error = "asterisk/pjsip.conf: expected a whole number from 0 to 100, or null for none";
        assert_eq!(limits("guard: {files: {asterisk/pjsip.conf: 101}}"), Err(format!("{key}: {error}")));
        let error = "configuration key guard.action: expected warn or hold, found stop";
        assert_eq!(read("guard: {action: stop}").unwrap_err(), error);
    }

    #[test]
    fn a_loss_above_the_limit_is_suspect() {
        let is_suspect = |before, after, limit| Loss::of(before, after, limit).is_some();
        for (before, after, limit) in [(20, 9, 50), (20, 0, 99), (20, 19, 0), (1000, 499, 50), (3, 1, 66)] {
            assert!(is_suspect(before, after, limit), "{before} {after} {limit}");
        }
        for (before, after, limit) in [(20, 10, 50), (20, 20, 0), (20, 30, 0), (20, 0, 100), (3, 2, 34)] {
            assert!(!is_suspect(before, after, limit), "{before} {after} {limit}");
        }
    }
}
