//! `features.conf`: what a caller can do by dialling digits during a call.

use driver_api::{Driver, Error, OneLine, Query, Session, Warning};
use serde::Deserialize;

use crate::writer::Writer;

pub(crate) struct Features;

impl Driver for Features {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rows: Vec<Feature> = session.query(FEATURES, &[])?;
        for row in rows.iter().filter(|row| row.var_val.is_none()) {
            session.warn(Warning {
                table: "features".to_owned(),
                key: format!("id={}", row.id),
                column: "var_val".to_owned(),
                message: format!("there is no value: Asterisk reads {} as the word None", &*row.var_name),
            });
        }
        let mut writer = Writer::new();
        for (name, options) in sections(&rows) {
            writer.section(name);
            for (key, value) in options {
                writer.option(key, value);
            }
        }
        Ok(writer.finish(session))
    }
}

const FEATURES: Query<'_> = Query {
    table: "features",
    key: &["id"],
    sql: "SELECT id, category, var_name, var_val
        FROM features
        WHERE commented = 0 AND category IN ('general', 'featuremap', 'applicationmap')
        ORDER BY id",
};

#[derive(Deserialize)]
struct Feature {
    id: i64,
    category: String,
    var_name: OneLine,
    var_val: Option<OneLine>,
}

type Options<'a> = Vec<(&'a str, &'a str)>;

/// The three sections, in the order of the file.
fn sections(rows: &[Feature]) -> [(&'static str, Options<'_>); 3] {
    let [mut general, mut feature_map, mut application_map] = [const { Options::new() }; 3];
    for row in rows {
        // A null is the word that Python prints for it.
        let (name, value) = (&*row.var_name, row.var_val.as_deref().unwrap_or("None"));
        match row.category.as_str() {
            "featuremap" => {
                // Who may hang up with a code may abort an attended transfer with it.
                if name == "disconnect" {
                    general.push(("atxferabort", value));
                }
                feature_map.push((name, value));
            }
            "general" => general.push((name, value)),
            _ => application_map.push((name, value)),
        }
    }
    [("general", general), ("featuremap", feature_map), ("applicationmap", application_map)]
}
