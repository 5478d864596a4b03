//! `dird/views.yml`: the displays, which are sets of columns, and the display of each profile.

use std::collections::BTreeMap;

use driver_api::{Driver, Error, Query, Session, yaml};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shared;

pub(crate) struct Views;

impl Driver for Views {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rows: Vec<Display> = session.query(DISPLAYS, &[])?;
        let profiles: Vec<Profile> = session.query(PROFILES, &[])?;

        let mut displays = BTreeMap::new();
        for row in &rows {
            if let Some(columns) = row.columns(session)
                && displays.insert(row.name.as_deref(), columns).is_some()
            {
                session.warn(shared::namesake("ctidisplays", row.id));
            }
        }
        let mut profile_to_display = BTreeMap::new();
        for profile in &profiles {
            let display = profile.display.as_str();
            if displays.contains_key(&Some(display))
                && profile_to_display.insert(profile.name.as_deref(), display).is_some()
            {
                session.warn(shared::namesake("cticontexts", profile.id));
            }
        }
        let phones = profiles.iter().map(|profile| (profile.name.as_deref(), "default")).collect();
        content(Content { displays, profile_to_display, profile_to_display_phone: phones })
    }
}

// Of two with one name the later counts.
const DISPLAYS: Query<'_> = Query {
    table: "ctidisplays",
    key: &["id"],
    sql: "SELECT id, name, data FROM ctidisplays ORDER BY id",
};

#[derive(Deserialize)]
struct Display {
    id: i64,
    name: Option<String>,
    data: String,
}

impl Display {
    /// Its columns by rank; nothing if they can't be read.
    fn columns(&self, session: &mut Session<'_>) -> Option<Vec<Column>> {
        let warn = |session: &mut Session<'_>, message: String| {
            session.warn(shared::about("ctidisplays", self.id, message).column("data"));
        };
        let Ok(ranked) = serde_json::from_str::<BTreeMap<Rank, Value>>(&self.data) else {
            warn(session, "not a JSON object of columns; the display is left out".to_owned());
            return None;
        };
        let mut columns = Vec::new();
        for (rank, value) in ranked {
            match (&rank, Column::new(value)) {
                (Rank::Number(_), Some(column)) => columns.push(column),
                (Rank::Number(rank), None) => {
                    let wanted = "not an array of title, type, default and field";
                    warn(session, format!("the column of rank {rank} is {wanted}; it is left out"));
                }
                (Rank::Other(rank), _) => {
                    warn(session, format!("the rank {rank:?} is not a number; its column is left out"));
                }
            }
        }
        Some(columns)
    }
}

/// The place of a column among the others. Of two that are the same number the later one stands.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(from = "String")]
enum Rank {
    Number(i128),
    /// A text that is no number.
    Other(String),
}

impl From<String> for Rank {
    fn from(text: String) -> Rank {
        text.trim().parse().map_or(Rank::Other(text), Rank::Number)
    }
}

/// Whatever an administrator entered is written as it is; only a default that says nothing is null.
#[derive(Serialize)]
struct Column {
    title: Value,
    r#type: Value,
    default: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Value>,
}

impl Column {
    /// Reads `[title, type, default, field]`, of which the last may be missing.
    fn new(value: Value) -> Option<Column> {
        let Value::Array(parts) = value else { return None };
        let mut parts = parts.into_iter();
        let (title, r#type, default) = (parts.next()?, parts.next()?, parts.next()?);
        let default = if is_falsy(&default) { Value::Null } else { default };
        Some(Column { title, r#type, default, field: parts.next() })
    }
}

/// What Python takes for false.
fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

// Of two with one name the later counts.
const PROFILES: Query<'_> = Query {
    table: "cticontexts",
    key: &["id"],
    sql: "SELECT id, name, display FROM cticontexts ORDER BY id",
};

#[derive(Deserialize)]
struct Profile {
    id: i64,
    name: Option<String>,
    display: String,
}

#[derive(Serialize)]
struct Content<'a> {
    displays: BTreeMap<Option<&'a str>, Vec<Column>>,
    profile_to_display: BTreeMap<Option<&'a str>, &'a str>,
    profile_to_display_phone: BTreeMap<Option<&'a str>, &'a str>,
}

fn content(views: Content<'_>) -> Result<String, Error> {
    #[derive(Serialize)]
    struct File<'a> {
        views: Content<'a>,
    }
    yaml::to_string(&File { views })
}
