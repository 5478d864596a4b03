//! `dird/services.yml`: the sources that each profile searches, and those that are asked who has a number.
//!
//! Looking somebody up and showing favourites search the same sources. The personal contacts of a user are
//! always among them.

use std::collections::{BTreeMap, BTreeSet};

use driver_api::{Config, Driver, Error, Query, Session, Warning, yaml};
use serde::{Deserialize, Serialize};

use crate::shared;

pub(crate) const DEFAULTS: &str = "dird: {context_separation: compatible}";

pub(crate) struct Services {
    naming: Naming,
}

/// Which sources go by the names of their copies, where contexts are separated. `sources.yml` has copies of
/// those whose type is `wazo`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Naming {
    /// Those of type `xivo`, as in the Python program: it kept the word when the type became `wazo`, so that
    /// wazo-dird does not find these sources.
    #[default]
    Compatible,
    /// Those of type `wazo`, too.
    Consistent,
}

impl Services {
    pub(crate) fn new(config: &Config) -> Result<Services, Error> {
        Ok(Services { naming: config.get("dird.context_separation")?.unwrap_or_default() })
    }
}

impl Driver for Services {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let profiles: Vec<Profile> = session.query(PROFILES, &[])?;
        let types: Vec<Type> = session.query(TYPES, &[])?;
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
                session.warn(shared::namesake("cticontexts", profile.id));
            }
        }
        let reverse = sources(reverse.iter().map(String::as_str), Some("default"), &copied);
        content(&lookup, reverse)
    }
}

// Of two with one name the later counts. Without its display, a profile can't show what it finds.
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
    id: i64,
    name: Option<String>,
    directories: String,
}

impl Profile {
    /// The names of its sources, with the blanks around them.
    fn sources(&self) -> impl Iterator<Item = &str> {
        // Nothing is no name, unless it stands beside a comma.
        self.directories.split(',').filter(|_| !self.directories.is_empty())
    }
}

// Of two with one name the later counts.
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
    #[expect(dead_code, reason = "names the row in messages")]
    id: i64,
    name: String,
    dirtype: String,
}

impl Naming {
    /// The names of the sources that have a copy for each profile.
    fn copied<'a>(&self, types: &'a [Type]) -> BTreeSet<&'a str> {
        let types: BTreeMap<&str, &str> =
            types.iter().map(|source| (source.name.as_str(), source.dirtype.as_str())).collect();
        let is_copied = |dirtype: &str| match self {
            Naming::Compatible => dirtype == "xivo",
            Naming::Consistent => dirtype == "xivo" || dirtype == "wazo",
        };
        types.into_iter().filter(|(_, dirtype)| is_copied(dirtype)).map(|(name, _)| name).collect()
    }
}

/// The names of the sources that know whose number it is.
fn reverse_sources(session: &mut Session<'_>) -> Result<Vec<String>, Error> {
    let rows: Vec<Reverse> = session.query(REVERSE, &[])?;
    if rows.len() > 1 {
        session.warn(Warning::new("ctireversedirectories", shared::first_of(rows.len())));
    }
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    Ok(serde_json::from_str(&row.directories).unwrap_or_else(|_| {
        let message = "not a JSON array of texts; only personal contacts are searched for a number";
        session.warn(shared::about("ctireversedirectories", row.id, message).column("directories"));
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
    id: i64,
    directories: String,
}

/// Each source by its name; that it is searched is all there is to say.
type Sources = BTreeMap<String, bool>;

fn sources<'a>(
    names: impl Iterator<Item = &'a str>,
    profile: Option<&str>,
    copied: &BTreeSet<&str>,
) -> Sources {
    let name = |name| match copied.contains(name) {
        true => shared::name_of_copy(Some(name), profile),
        false => name.to_owned(),
    };
    names.map(name).chain(["personal".to_owned()]).map(|name| (name, true)).collect()
}

/// What one profile searches, and for how many seconds.
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
