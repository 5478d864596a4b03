//! Keys of the configuration that nothing reads: most are misspelled.

use driver_api::settings::{self, Key};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, secrets};

/// Returns a warning for each key that is probably a misspelled one.
///
/// In a section of the program, each unknown key gets one. Elsewhere a key may belong to a driver that the program does
/// not know, such as one that a command runs, or may be an anchor of YAML: there, only a key that looks like a known one
/// gets one.
pub fn unknown(config: &Config, of_program: &[Key], of_drivers: &[Key]) -> Vec<String> {
    let mut search = Search { config, of_program, of_drivers, warnings: Vec::new() };
    search.section("", config.values());
    search.warnings
}

struct Search<'a> {
    config: &'a Config,
    of_program: &'a [Key],
    of_drivers: &'a [Key],
    warnings: Vec<String>,
}

impl Search<'_> {
    fn section(&mut self, section: &str, values: &Mapping) {
        for (key, value) in values {
            let Some(key) = key.as_str() else { continue };
            let path = settings::path(section, key);
            let prefix = format!("{path}.");
            match value {
                // All that is below a key with a mapping as its value belongs to this key.
                _ if self.keys().any(|known| known.path == path) => {}
                Value::Mapping(inner) if self.keys().any(|known| known.path.starts_with(&prefix)) => {
                    self.section(&path, inner);
                }
                // A section with another value is an error of its keys.
                _ if self.keys().any(|known| known.path.starts_with(&prefix)) => {}
                _ => self.warnings.extend(self.warning(section, key, &path)),
            }
        }
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.of_program.iter().chain(self.of_drivers)
    }

    fn warning(&self, section: &str, key: &str, path: &str) -> Option<String> {
        let siblings = self.siblings(section);
        let hint = match nearest(key, &siblings) {
            Some(name) => format!("did you mean {}?", settings::path(section, name)),
            None => match self.elsewhere(key) {
                Some(path) => format!("did you mean {path}?"),
                None if self.is_of_program(section) => format!("the keys there are {}", siblings.join(", ")),
                None => return None,
            },
        };
        let source = self.config.source(path).map_or_else(String::new, |source| format!("{source}: "));
        let path = secrets::in_name(path);
        Some(format!("{source}configuration key {path}: there is no such key, so it has no effect; {hint}"))
    }

    /// The names of the keys and sections in a section, each once.
    fn siblings(&self, section: &str) -> Vec<&str> {
        let prefix = settings::path(section, "");
        let below = self.keys().filter_map(|known| known.path.strip_prefix(&prefix));
        let mut names: Vec<&str> = below.filter_map(|rest| rest.split('.').next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A key of this name in another section. A short name may be a driver's own.
    fn elsewhere(&self, key: &str) -> Option<&str> {
        let is_it = |known: &&Key| key.contains('_') && known.path.rsplit('.').next() == Some(key);
        self.keys().find(is_it).map(|known| known.path.as_str())
    }

    fn is_of_program(&self, section: &str) -> bool {
        let prefix = format!("{section}.");
        self.of_program.iter().any(|known| known.path.starts_with(&prefix))
    }
}

/// The most similar name, if it is one or two letters away.
fn nearest<'n>(key: &str, names: &[&'n str]) -> Option<&'n str> {
    let distance = |name: &&'n str| (strsim::damerau_levenshtein(key, name), *name);
    let (distance, name) = names.iter().map(distance).min()?;
    let most = if key.len().min(name.len()) > 4 { 2 } else { 1 };
    // A text of one letter is one letter away from any other.
    (distance <= most && key.len() > 2).then_some(name)
}

#[cfg(test)]
mod tests {
    use driver_api::settings::Shape;

    use super::*;

    fn warnings(yaml: &str) -> Vec<String> {
        let key = |path: &str| Key::new(path, Value::Null, Shape::Any, "");
        let of_program = ["cache", "listen_address", "service.idle_seconds", "plugins"].map(key);
        let of_drivers = ["templates.contextsconf", "modules"].map(key);
        let config = Config::from_yaml(yaml).unwrap().named("c.yml");
        let warnings = unknown(&config, &of_program, &of_drivers).into_iter();
        let short = |warning: String| warning.replace(": there is no such key, so it has no effect; ", " ");
        warnings.map(|warning| short(warning).replace("c.yml: configuration key ", "")).collect()
    }

    #[test]
    fn a_misspelled_key_gets_a_warning_with_the_nearest() {
        let table = [
            ("listen_adress: x", "listen_adress did you mean listen_address?"),
            ("cahce: x", "cahce did you mean cache?"),
            ("servcie: {x: 1}", "servcie did you mean service?"),
            ("service: {idle_second: 1}", "service.idle_second did you mean service.idle_seconds?"),
            ("service: {zzz: 1}", "service.zzz the keys there are idle_seconds"),
            ("templates: {contextconf: x}", "templates.contextconf did you mean templates.contextsconf?"),
            ("idle_seconds: 1", "idle_seconds did you mean service.idle_seconds?"),
        ];
        for (yaml, expected) in table {
            assert_eq!(warnings(yaml), [expected], "{yaml}");
        }
    }

    #[test]
    fn a_key_that_may_be_of_another_program_gets_none() {
        for yaml in [
            "plugins: {listen_adress: x}\nmodules: {cahce: x}",
            "followme: {cahce: 1, listen_adress: 2}",
            "templates: {acme: x}",
            "a: 1\nx-anchor: &x {cache: 1}",
            "service: 1\n7: 8",
        ] {
            assert_eq!(warnings(yaml), [""; 0], "{yaml}");
        }
    }
}
