//! The names of a driver's parts, derived from its namespace.

use std::path::Path;

use driver_api::{Config, Error, Namespace};
use fixtures::Case;
use serde::Serialize;

/// The names of one driver.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Names {
    /// `asterisk.followme.conf`.
    pub(crate) namespace: String,
    /// `asterisk/followme.conf`.
    pub(crate) file: String,
    /// `followme.conf`.
    pub(crate) filename: String,
    /// The name of the driver, for the key `plugins`.
    pub(crate) name: String,
    /// The module, and its file without `.rs`: `followme`.
    pub(crate) module: String,
    /// The case with its data: `followme`, or `hints-driver` if there is a case `hints` for all drivers.
    pub(crate) case: String,
    /// The type: `Followme`.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
}

impl Names {
    pub(crate) fn new(namespace: &Namespace, name: &str) -> Result<Names, Error> {
        let (file, namespace) = (namespace.to_string(), namespace.dotted());
        check("the namespace", &namespace)?;
        check("the name", name)?;
        let filename = file.split_once('/').map_or("", |(_, filename)| filename).to_owned();
        let stem = Path::new(&filename).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !stem.contains(|c: char| c.is_ascii_alphanumeric()) {
            return Err(
                Error::driver("a module can't have this name: it has no letter and no digit").context(file)
            );
        }
        Ok(Names {
            file,
            name: name.to_owned(),
            filename,
            namespace,
            module: String::new(),
            case: String::new(),
            type_name: String::new(),
        }
        .with_module(&stem))
    }

    /// The same names with another module, whose name is derived from these words.
    pub(crate) fn with_module(self, words: &str) -> Names {
        let mut module = words.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_lowercase();
        let is_usable = |name: &str| syn::parse_str::<syn::Ident>(name).is_ok();
        if !is_usable(&module)
            || !is_usable(&type_of(&module))
            || MODULES.contains(&module.as_str())
            || TYPES.contains(&type_of(&module).as_str())
        {
            module = format!("file_{module}");
        }
        let type_name = type_of(&module);
        let case = if Case::named(&module).is_some() { format!("{module}-driver") } else { module.clone() };
        Names { module, case, type_name, ..self }
    }

    /// The part of the file's name behind its last dot.
    pub(crate) fn extension(&self) -> &str {
        self.filename.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// Names that have another meaning in `lib.rs`, so that a module can't have them.
const MODULES: [&str; 3] = ["main", "lib", "driver_api"];

/// Names that the examples use, so that a driver can't have them.
const TYPES: [&str; 16] = [
    "Deserialize",
    "Driver",
    "Error",
    "File",
    "Ok",
    "OneLine",
    "Query",
    "Result",
    "Row",
    "Serialize",
    "Session",
    "String",
    "Text",
    "User",
    "Vec",
    "Writer",
];

/// The type in a module.
fn type_of(module: &str) -> String {
    module.split('_').map(capitalised).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Refuses a name that would have to be quoted in Rust, in YAML or in a path.
fn check(what: &str, name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(Error::driver(format!("{what} {name:?} may only have letters, digits, and . _ -")));
    }
    // YAML reads some names as numbers or null: `plugins: {asterisk.rtp.conf: 1}` selects no driver.
    let in_yaml = Config::from_yaml(&format!("it: {name}")).and_then(|config| config.get::<String>("it"));
    if in_yaml.ok().flatten().as_deref() != Some(name) {
        return Err(Error::driver(format!("{what} {name:?} is not a string in YAML; choose another one")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(namespace: &str, name: &str) -> Result<Names, String> {
        namespace
            .parse()
            .and_then(|namespace| Names::new(&namespace, name))
            .map_err(|error: Error| error.chain())
    }

    #[test]
    fn a_module_has_the_name_of_its_file() {
        for (namespace, module, type_name) in [
            ("asterisk.followme.conf", "followme", "Followme"),
            ("asterisk/res_pjsip-notify.conf", "res_pjsip_notify", "ResPjsipNotify"),
            ("confgend.a.b.c.yml", "b_c", "BC"),
            ("a.3cx.conf", "file_3cx", "File3cx"),
            ("a.match.conf", "file_match", "FileMatch"),
            ("a.self", "file_self", "FileSelf"),
            ("a.lib.rs", "file_lib", "FileLib"),
            ("a.Makefile", "makefile", "Makefile"),
            ("a/.hidden", "_hidden", "Hidden"),
            ("a._self.conf", "file__self", "FileSelf"),
            ("a.-1.conf", "file__1", "File1"),
            ("a.user.conf", "file_user", "FileUser"),
            ("a.users.conf", "users", "Users"),
            ("a.one-line.conf", "file_one_line", "FileOneLine"),
            ("a.driver_api.conf", "file_driver_api", "FileDriverApi"),
        ] {
            let names = names(namespace, "acme").unwrap();
            assert_eq!((names.module.as_str(), names.type_name.as_str()), (module, type_name), "{namespace}");
            assert_eq!(names.namespace.replacen('.', "/", 1), names.file);
        }
    }

    #[test]
    fn a_type_has_no_name_that_the_examples_use() {
        for example in [
            include_str!("../../templates/new-driver/driver/asterisk.rs.jinja"),
            include_str!("../../templates/new-driver/driver/text.rs.jinja"),
            include_str!("../../templates/new-driver/driver/yaml.rs.jinja"),
        ] {
            // A word of a comment is not a name.
            let code = example.lines().filter(|line| !line.trim_start().starts_with("//"));
            let words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
            let is_type =
                |word: &&str| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
            for word in words.filter(is_type) {
                assert!(TYPES.contains(&word), "{word}");
            }
        }
    }

    #[test]
    fn a_case_has_no_name_of_a_shared_case() {
        assert_eq!(names("asterisk.followme.conf", "acme").unwrap().case, "followme");
        assert_eq!(names("asterisk.hints.conf", "acme").unwrap().case, "hints-driver");
    }

    #[test]
    fn a_name_that_is_not_a_string_in_yaml_is_refused() {
        for name in ["1", "1.5", "true", "null", "-"] {
            assert!(names("a.x.conf", name).unwrap_err().contains("is not a string in YAML"), "{name}");
        }
        assert!(
            names("1.5", "acme").unwrap_err().starts_with("the namespace \"1.5\" is not a string in YAML")
        );
        assert!(names("a.x.conf", "3cx").is_ok());
    }

    #[test]
    fn a_name_that_has_to_be_quoted_is_refused() {
        for namespace in ["a.x\"y.conf", "a.{x}.conf", "a.é.conf"] {
            let error = names(namespace, "acme").unwrap_err();
            assert!(error.ends_with("may only have letters, digits, and . _ -"), "{error}");
        }
        let error = names("a.--.yml", "acme").unwrap_err();
        assert_eq!(error, "a/--.yml: a module can't have this name: it has no letter and no digit");
        assert!(names("a.x.conf", "").unwrap_err().starts_with("the name \"\" may"));
        assert!(names("a.x.conf", "a b").unwrap_err().starts_with("the name \"a b\" may"));
    }
}
