//! `dird/services.yml`: the sources that each profile searches, and the sources of the reverse lookup, which finds
//! the owner of a number.
//!
//! ```text
//! services:
//!   favorites: …
//!   lookup:
//!     default:
//!       sources:
//!         internal: true
//!         personal: true
//!       timeout: 2.9
//!   reverse:
//!     default:
//!       sources:
//!         personal: true
//!       timeout: 1
//! ```
//!
//! The lookup and the favorites search the same sources. The personal contacts of a user are always among them.

use std::collections::{BTreeMap, BTreeSet};

use driver_api::settings::{Refused, Setting, Settings as _, Shape};
use driver_api::yaml::{self, Value};
use driver_api::{Config, Driver, Error, Query, Row, Session, Warning};
use serde::{Deserialize, Serialize};

use crate::shared;

driver_api::settings! {
    /// The keys of the files of wazo-dird.
    pub(crate) struct Dird in "dird" {
        /// For a database of before 2019-09 that separates contexts: how services.yml names the sources that sources.yml has
        /// a copy of for each profile. With compatible, it uses the names of the copies for sources of the type xivo alone,
        /// like the Python program; with consistent, for all.
        context_separation: Naming = "compatible",
    }
}

pub(crate) struct Services {
    naming: Naming,
}

/// The sources that this file calls by the names of their copies, where contexts are separated. `sources.yml` has
/// copies of the sources of type `wazo`.
#[derive(Default)]
pub(crate) enum Naming {
    /// The sources of type `xivo`, as in the Python program: it kept that word when the type became `wazo`, so
    /// wazo-dird does not find the copies.
    #[default]
    Compatible,
    /// The sources of type `xivo` and of type `wazo`.
    Consistent,
}

impl Setting for Naming {
    fn shape() -> Shape {
        Shape::Words(vec!["compatible", "consistent"])
    }

    fn parse(value: &Value) -> Result<Naming, Refused> {
        match value.as_str() {
            Some("compatible") => Ok(Naming::Compatible),
            Some("consistent") => Ok(Naming::Consistent),
            _ => Err(Refused::NotAccepted),
        }
    }
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    Ok(Box::new(Services::new(config)?))
}

impl Services {
    fn new(config: &Config) -> Result<Services, Error> {
        Ok(Services { naming: Dird::read(config)?.context_separation })
    }
}

impl Driver for Services {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let profiles: Vec<Row<Profile>> = session.query(PROFILES, &[])?;
        let types: Vec<Row<Type>> = session.query(TYPES, &[])?;
        let reverse = reverse_sources(session)?;
        let copied = if shared::contexts_are_separated(session)? {
            self.naming.copied(&types)
        } else {
            BTreeSet::new()
        };

        let mut lookup = BTreeMap::new();
        for profile in &profiles {
            let sources = sources(profile.sources(), profile.name.as_deref(), &copied);
            if lookup.insert(profile.name.as_deref(), Search { sources, timeout: 2.9 }).is_some() {
                shared::warn_of_namesake(session, profile);
            }
        }
        let reverse = sources(reverse.iter().map(String::as_str), Some("default"), &copied);
        content(&lookup, reverse)
    }
}

// Of two rows with the same name, the driver uses the later one. A profile without its display can't show results.
const PROFILES: Query<'_> = Query {
    table: "cticontexts",
    key: &["id"],
    sql: "SELECT id, name, directories
        FROM cticontexts
        WHERE display IN (SELECT name FROM ctidisplays)
        ORDER BY id",
};

#[derive(Deserialize)]
struct Profile {
    name: Option<String>,
    directories: String,
}

impl Profile {
    /// Returns the names of its sources, with the blanks around them.
    fn sources(&self) -> impl Iterator<Item = &str> {
        // An empty list has no names, but `a,,b` has an empty name between the commas, as in the Python program.
        self.directories.split(',').filter(|_| !self.directories.is_empty())
    }
}

// Of two rows with the same name, the driver uses the later one.
const TYPES: Query<'_> = Query {
    table: "ctidirectories",
    key: &["id"],
    sql: "SELECT source.id, source.name, directory.dirtype
        FROM ctidirectories source
        JOIN directories directory ON directory.id = source.directory_id
        WHERE source.name IS NOT NULL
        ORDER BY source.id",
};

#[derive(Deserialize)]
struct Type {
    name: String,
    dirtype: String,
}

impl Naming {
    /// Returns the names of the sources that have a copy for each profile.
    fn copied<'a>(&self, types: &'a [Row<Type>]) -> BTreeSet<&'a str> {
        let types: BTreeMap<&str, &str> =
            types.iter().map(|source| (source.name.as_str(), source.dirtype.as_str())).collect();
        let is_copied = |dirtype: &str| match self {
            Naming::Compatible => dirtype == "xivo",
            Naming::Consistent => dirtype == "xivo" || dirtype == "wazo",
        };
        types.into_iter().filter(|(_, dirtype)| is_copied(dirtype)).map(|(name, _)| name).collect()
    }
}

/// Returns the names of the sources that the reverse lookup searches.
fn reverse_sources(session: &mut Session<'_>) -> Result<Vec<String>, Error> {
    let rows: Vec<Row<Reverse>> = session.query(REVERSE, &[])?;
    if rows.len() > 1 {
        session.warn(Warning::new("ctireversedirectories", shared::first_of(rows.len())));
    }
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    Ok(serde_json::from_str(&row.directories).unwrap_or_else(|_| {
        let message = "not a JSON array of texts; the reverse lookup searches only personal contacts";
        row.warn(session, "directories", message);
        Vec::new()
    }))
}

const REVERSE: Query<'_> = Query {
    table: "ctireversedirectories",
    key: &["id"],
    sql: "SELECT id, directories FROM ctireversedirectories WHERE directories <> '' ORDER BY id",
};

#[derive(Deserialize)]
struct Reverse {
    directories: String,
}

/// The sources to search, by name. The value is always `true`.
type Sources = BTreeMap<String, bool>;

fn sources<'a>(
    names: impl Iterator<Item = &'a str>,
    profile: Option<&str>,
    copied: &BTreeSet<&str>,
) -> Sources {
    let name = |name: &str| {
        if copied.contains(name) { shared::name_of_copy(Some(name), profile) } else { name.to_owned() }
    };
    names.map(name).chain(["personal".to_owned()]).map(|name| (name, true)).collect()
}

/// The sources of one search, and its timeout in seconds.
#[derive(Serialize)]
struct Search<T> {
    sources: Sources,
    timeout: T,
}

fn content(lookup: &BTreeMap<Option<&str>, Search<f64>>, reverse: Sources) -> Result<String, Error> {
    #[derive(Serialize)]
    struct File<'a> {
        services: Services<'a>,
    }
    #[derive(Serialize)]
    struct Services<'a> {
        favorites: &'a BTreeMap<Option<&'a str>, Search<f64>>,
        lookup: &'a BTreeMap<Option<&'a str>, Search<f64>>,
        reverse: Reverse,
    }
    #[derive(Serialize)]
    struct Reverse {
        default: Search<u8>,
    }
    let reverse = Reverse { default: Search { sources: reverse, timeout: 1 } };
    yaml::to_string(&File { services: Services { favorites: lookup, lookup, reverse } })
}

#[cfg(test)]
mod tests {
    use fixtures::Scratch;

    use super::*;

    const SEPARATED: (&str, &str) = ("ctimain", r#"{"id": 1, "context_separation": 2}"#);
    const DISPLAY: (&str, &str) = ("ctidisplays", r#"{"id": 1, "name": "d", "data": "{}"}"#);

    fn driver(config: &str) -> Services {
        Services::new(&Config::from_yaml(config).unwrap()).unwrap()
    }

    /// Returns the warnings, and a line for the reverse sources and for those of each profile.
    fn searched(driver: &Services, tables: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut database = Scratch::older(tables);
        let file = yaml::parse(&database.generate(driver).unwrap()).unwrap();
        let services = &file["services"];
        assert_eq!(services["favorites"], services["lookup"]);
        let line = |search: &Value| {
            let sources = search["sources"].as_mapping().unwrap();
            sources.keys().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join("|")
        };
        let lookup = services["lookup"].as_mapping().unwrap();
        let profiles = lookup.iter().map(|(name, search)| format!("{}: {}", shown(name), line(search)));
        let reverse = line(&services["reverse"]["default"]);
        (std::iter::once(reverse).chain(profiles).collect(), database.warnings)
    }

    fn shown(name: &Value) -> &str {
        name.as_str().unwrap_or("null")
    }

    #[test]
    fn without_rows_only_personal_contacts_are_searched() {
        let expected = "services:\n  favorites: {}\n  lookup: {}\n  reverse:\n    default:\n      sources:\n        \
            personal: true\n      timeout: 1\n";
        let mut database = Scratch::older(&[]);
        assert_eq!(database.generate(&driver("")), Ok(expected.to_owned()));
        assert_eq!(database.warnings, ["table ctimain: there is no row, so contexts are not separated"]);
    }

    #[test]
    fn the_names_of_sources_are_separated_by_commas() {
        let main = ("ctimain", r#"{"id": 1, "context_separation": 0}"#);
        let profile =
            |names: &str| format!(r#"{{"id": 1, "name": "p", "directories": "{names}", "display": "d"}}"#);
        for (names, sources) in [
            ("", "personal"),
            ("a", "a|personal"),
            ("z,a,z", "a|personal|z"),
            ("a,,b", "|a|b|personal"),
            (" a ,", "| a |personal"),
        ] {
            let tables = [main, DISPLAY, ("cticontexts", &*profile(names))];
            let (lines, warnings) = searched(&driver(""), &tables);
            assert_eq!(lines, ["personal", &format!("p: {sources}")], "{names}");
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn a_profile_needs_its_display() {
        let profiles = r#"{"id": 1, "name": "p", "directories": "first", "display": "d"}
            {"id": 2, "name": "p", "directories": "second", "display": "d"}
            {"id": 3, "name": "p", "directories": "third", "display": "D"}
            {"id": 4, "name": null, "directories": "", "display": "d"}"#;
        let main = ("ctimain", r#"{"id": 1}"#);
        let (lines, warnings) = searched(&driver(""), &[main, DISPLAY, ("cticontexts", profiles)]);
        assert_eq!(lines, ["personal", "null: personal", "p: personal|second"]);
        let namesake =
            "table cticontexts, row id=2, column name: another row has the same name; this one counts";
        assert_eq!(warnings, [namesake]);
    }

    #[test]
    fn separated_contexts_search_the_copies_of_sources() {
        let directories = r#"{"id": 1, "dirtype": "xivo", "description": ""}
            {"id": 2, "dirtype": "wazo", "description": ""}
            {"id": 3, "dirtype": "csv", "description": ""}"#;
        let sources = r#"{"id": 1, "name": "x", "match_direct": "", "match_reverse": "", "directory_id": 1}
            {"id": 2, "name": "w", "match_direct": "", "match_reverse": "", "directory_id": 2}
            {"id": 3, "name": "c", "match_direct": "", "match_reverse": "", "directory_id": 3}
            {"id": 4, "name": "both", "match_direct": "", "match_reverse": "", "directory_id": 1}
            {"id": 5, "name": "both", "match_direct": "", "match_reverse": "", "directory_id": 3}
            {"id": 6, "name": null, "match_direct": "", "match_reverse": "", "directory_id": 1}"#;
        let profiles = r#"{"id": 1, "name": "pé", "directories": "x,w,c,both,none", "display": "d"}
            {"id": 2, "name": null, "directories": "x", "display": "d"}"#;
        let tables = [
            SEPARATED,
            DISPLAY,
            ("directories", directories),
            ("ctidirectories", sources),
            ("cticontexts", profiles),
            ("ctireversedirectories", r#"{"id": 1, "directories": "[\"x\", \"w\", \"c\"]"}"#),
        ];
        let compatible =
            ["c|personal|w|x_default", "null: personal|x_None", "pé: both|c|none|personal|w|x_pé"];
        assert_eq!(searched(&driver(""), &tables), (compatible.map(str::to_owned).to_vec(), vec![]));
        let consistent = driver("dird: {context_separation: consistent}");
        let lines = searched(&consistent, &tables).0;
        assert_eq!(lines[0], "c|personal|w_default|x_default");
        assert_eq!(lines[2], "pé: both|c|none|personal|w_pé|x_pé");
    }

    #[test]
    fn an_unknown_context_separation_is_an_error() {
        let config = Config::from_yaml("dird: {context_separation: off}").unwrap();
        let error = Services::new(&config).err().unwrap().chain();
        assert!(error.starts_with("configuration key dird.context_separation: "), "{error}");
        let config = Config::from_yaml("dird: {context_separation: both}").unwrap();
        let error = Services::new(&config).err().unwrap().chain();
        let expected = "expected compatible or consistent, found both";
        assert_eq!(error, format!("configuration key dird.context_separation: {expected}"));
    }

    #[test]
    fn reverse_sources_are_a_json_array() {
        let main = ("ctimain", r#"{"id": 1}"#);
        let line = |rows: &str| {
            let (lines, warnings) = searched(&driver(""), &[main, ("ctireversedirectories", rows)]);
            (lines.join("\n"), warnings.join("\n"))
        };
        let nothing = |warning: &str| ("personal".to_owned(), warning.to_owned());
        assert_eq!(line(r#"{"id": 1, "directories": "[]"}"#), nothing(""));
        let rows = r#"{"id": 1, "directories": ""}
            {"id": 3, "directories": "[\"b\"]"}
            {"id": 2, "directories": "[\"a\", \"a\"]"}"#;
        let several = "table ctireversedirectories: there are 2 rows; the one with the smallest id counts";
        assert_eq!(line(rows), ("a|personal".to_owned(), several.to_owned()));
        let bad = "table ctireversedirectories, row id=1, column directories: not a JSON array of texts; the reverse \
            lookup searches only personal contacts";
        for json in ["a", r#"\"a\""#, "7", "[1]", "{}"] {
            let row = format!(r#"{{"id": 1, "directories": "{json}"}}"#);
            assert_eq!(line(&row), nothing(bad), "{json}");
        }
    }
}
