//! `dird/views.yml`: the displays, which are sets of columns, and the display of each profile.
//!
//! ```text
//! views:
//!   displays:
//!     switchboard:
//!     - default: null
//!       field: name
//!       title: Name
//!       type: name
//!   profile_to_display:
//!     __switchboard_directory: switchboard
//!   profile_to_display_phone:
//!     __switchboard_directory: default
//! ```

use std::collections::BTreeMap;

use driver_api::{Driver, Error, Query, Row, Session, yaml};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shared;

pub(crate) struct Views;

impl Driver for Views {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rows: Vec<Row<Display>> = session.query(DISPLAYS, &[])?;
        let profiles: Vec<Row<Profile>> = session.query(PROFILES, &[])?;

        let mut displays = BTreeMap::new();
        for row in &rows {
            if let Some(columns) = columns(session, row)
                && displays.insert(row.name.as_deref(), columns).is_some()
            {
                shared::warn_of_namesake(session, row);
            }
        }
        let mut profile_to_display = BTreeMap::new();
        for profile in &profiles {
            let display = profile.display.as_str();
            if displays.contains_key(&Some(display))
                && profile_to_display.insert(profile.name.as_deref(), display).is_some()
            {
                shared::warn_of_namesake(session, profile);
            }
        }
        let phones = profiles.iter().map(|profile| (profile.name.as_deref(), "default")).collect();
        content(Content { displays, profile_to_display, profile_to_display_phone: phones })
    }
}

// Of two rows with the same name, the driver uses the later one.
const DISPLAYS: Query<'_> =
    Query { table: "ctidisplays", key: &["id"], sql: "SELECT id, name, data FROM ctidisplays ORDER BY id" };

#[derive(Deserialize)]
struct Display {
    name: Option<String>,
    data: String,
}

/// Returns the columns of a display in the order of their ranks, or `None` if the JSON is malformed.
fn columns(session: &mut Session<'_>, display: &Row<Display>) -> Option<Vec<Column>> {
    let Ok(ranked) = serde_json::from_str::<BTreeMap<Rank, Value>>(&display.data) else {
        display.warn(session, "data", "not a JSON object of columns; the display is left out");
        return None;
    };
    let mut columns = Vec::new();
    for (rank, value) in ranked {
        match column(&rank, value) {
            Ok(column) => columns.push(column),
            Err(message) => display.warn(session, "data", message),
        }
    }
    Some(columns)
}

/// Returns the column of this rank, or the reason to leave it out.
fn column(rank: &Rank, value: Value) -> Result<Column, String> {
    match rank {
        Rank::Number(rank) => Column::new(value).ok_or_else(|| {
            let wanted = "not an array of title, type, default and field";
            format!("the column of rank {rank} is {wanted}; it is left out")
        }),
        Rank::Other(rank) => Err(format!("the rank {rank:?} is not a number; its column is left out")),
    }
}

/// The position of a column in its display. Of two ranks with the same number, the later one wins.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(from = "String")]
enum Rank {
    Number(i128),
    /// A text that is not a number.
    Other(String),
}

impl From<String> for Rank {
    fn from(text: String) -> Rank {
        text.trim().parse().map_or(Rank::Other(text), Rank::Number)
    }
}

/// One column of a display, with the JSON values that the administrator entered.
#[derive(Serialize)]
struct Column {
    title: Value,
    r#type: Value,
    default: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Value>,
}

impl Column {
    /// Reads `[title, type, default, field]`; the field may be missing. An empty default becomes null, as in the
    /// Python program.
    fn new(value: Value) -> Option<Column> {
        let Value::Array(parts) = value else { return None };
        let mut parts = parts.into_iter();
        let (title, r#type, default) = (parts.next()?, parts.next()?, parts.next()?);
        let default = if is_falsy(&default) { Value::Null } else { default };
        Some(Column { title, r#type, default, field: parts.next() })
    }
}

/// Returns whether Python takes the value for false.
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

// Of two rows with the same name, the driver uses the later one.
const PROFILES: Query<'_> = Query {
    table: "cticontexts",
    key: &["id"],
    sql: "SELECT id, name, display FROM cticontexts ORDER BY id",
};

#[derive(Deserialize)]
struct Profile {
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

#[cfg(test)]
mod tests {
    use fixtures::Scratch;
    use serde_json::json;

    use super::*;

    /// Returns the columns of a display, as JSON, and the warnings.
    fn columns(data: &str) -> (Value, Vec<String>) {
        let row = json!({"id": 7, "name": "d", "data": data}).to_string();
        let mut database = Scratch::older(&[("ctidisplays", &row)]);
        let file = yaml::parse(&database.generate(&Views).unwrap()).unwrap();
        (serde_json::to_value(&file["views"]["displays"]["d"]).unwrap(), database.warnings)
    }

    #[test]
    fn without_rows_the_file_is_empty() {
        let expected =
            "views:\n  displays: {}\n  profile_to_display: {}\n  profile_to_display_phone: {}\n".to_owned();
        assert_eq!(Scratch::older(&[]).generate(&Views), Ok(expected));
    }

    #[test]
    fn columns_are_in_the_order_of_their_ranks() {
        let (columns, warnings) = columns(
            r#"{"110": ["d", "", ""], "20": ["b", "", ""], "030": ["c", "", ""], "-1": ["a", "", ""],
                " 2 ": ["early", "", ""], "02": ["late", "", ""], "+2": ["latest", "", ""]}"#,
        );
        let titles = columns.as_array().unwrap().iter().map(|column| column["title"].as_str().unwrap());
        assert_eq!(titles.collect::<Vec<_>>(), ["a", "latest", "b", "c", "d"]);
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn a_column_has_three_parts_or_four() {
        let (written, warnings) = columns(r#"{"1": ["t", 1.50, "x"], "2": [[], null, "", "f", "more"]}"#);
        let expected = json!([
            {"title": "t", "type": 1.5, "default": "x"},
            {"title": [], "type": null, "default": null, "field": "f"},
        ]);
        assert_eq!((written, warnings), (expected, vec![]));
    }

    #[test]
    fn a_default_that_python_takes_for_false_is_null() {
        for default in ["\"\"", "null", "0", "-0.0", "false", "[]", "{}"] {
            let (columns, _) = columns(&format!(r#"{{"1": ["t", "t", {default}]}}"#));
            assert_eq!(columns[0]["default"], Value::Null, "{default}");
        }
        for default in
            [json!(" "), json!("0"), json!(7), json!(0.5), json!(true), json!([0]), json!({"a": 0})]
        {
            let (columns, _) = columns(&format!(r#"{{"1": ["t", "t", {default}]}}"#));
            assert_eq!(columns[0]["default"], default);
        }
    }

    #[test]
    fn a_malformed_column_is_left_out() {
        let good = r#""1": ["t", "t", "", "f"]"#;
        for (bad, why) in [
            (r#""x": ["t", "t", ""]"#, r#"the rank "x" is not a number; its column is left out"#),
            (r#""": []"#, r#"the rank "" is not a number; its column is left out"#),
            (r#""1.5": []"#, r#"the rank "1.5" is not a number; its column is left out"#),
            (
                r#""05": ["t", "t"]"#,
                "the column of rank 5 is not an array of title, type, default and field; it is left out",
            ),
            (
                r#""5": "text""#,
                "the column of rank 5 is not an array of title, type, default and field; it is left out",
            ),
        ] {
            let (columns, warnings) = columns(&format!("{{{bad}, {good}}}"));
            assert_eq!(columns.as_array().unwrap().len(), 1, "{bad}");
            assert_eq!(warnings, [format!("table ctidisplays, row id=7, column data: {why}")]);
        }
    }

    #[test]
    fn a_display_that_is_not_a_json_object_is_left_out() {
        for data in ["", "name", "[]", "7", "{"] {
            let row = json!({"id": 7, "name": "d", "data": data}).to_string();
            let profile = ("cticontexts", r#"{"id": 1, "name": "p", "directories": "", "display": "d"}"#);
            let mut database = Scratch::older(&[("ctidisplays", &row), profile]);
            let expected = "views:\n  displays: {}\n  profile_to_display: {}\n  profile_to_display_phone:\n    \
                p: default\n";
            assert_eq!(database.generate(&Views), Ok(expected.to_owned()), "{data}");
            let warning = "not a JSON object of columns; the display is left out";
            assert_eq!(database.warnings, [format!("table ctidisplays, row id=7, column data: {warning}")]);
        }
    }

    #[test]
    fn the_later_of_two_rows_with_one_name_is_used() {
        let displays = r#"{"id": 2, "name": "d", "data": "{\"1\": [\"late\", \"\", \"\"]}"}
            {"id": 1, "name": "d", "data": "{\"1\": [\"early\", \"\", \"\"]}"}
            {"id": 3, "name": "d", "data": "bad"}
            {"id": 4, "name": "e", "data": "{}"}"#;
        let profiles = r#"{"id": 1, "name": "p", "directories": "", "display": "d"}
            {"id": 2, "name": "p", "directories": "", "display": "e"}
            {"id": 3, "name": "p", "directories": "", "display": "f"}"#;
        let mut database = Scratch::older(&[("ctidisplays", displays), ("cticontexts", profiles)]);
        let expected = "views:\n  displays:\n    d:\n    - default: null\n      title: late\n      type: ''\n    e: []\n  \
            profile_to_display:\n    p: e\n  profile_to_display_phone:\n    p: default\n";
        assert_eq!(database.generate(&Views), Ok(expected.to_owned()));
        let namesake = "column name: another row has the same name; this one counts";
        assert_eq!(
            database.warnings,
            [
                format!("table ctidisplays, row id=2, {namesake}"),
                "table ctidisplays, row id=3, column data: not a JSON object of columns; the display is left out"
                    .to_owned(),
                format!("table cticontexts, row id=2, {namesake}"),
            ]
        );
    }
}
