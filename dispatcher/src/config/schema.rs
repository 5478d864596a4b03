//! The configuration as JSON Schema, for editors.

use driver_api::settings::{Key, nullable};
use driver_api::{Error, yaml};
use drivers::Registry;
use serde_json::{Map, Value, json};

use super::settings::{all_keys, keys};

/// Returns a JSON Schema, draft 2020-12, of the files of the configuration. It has the keys of the program and of these
/// drivers. At the top, and in the sections of drivers, other keys are accepted: they may be those of drivers that the
/// program does not know.
///
/// # Errors
///
/// The defaults of a driver are no YAML mapping.
pub fn schema(registry: &Registry) -> Result<Value, Error> {
    let of_program: Vec<String> = keys().into_iter().map(|key| key.path).collect();
    let mut top = Map::new();
    for key in all_keys(registry)? {
        let names: Vec<&str> = key.path.split('.').collect();
        let Some((name, sections)) = names.split_last() else { continue };
        let is_closed = of_program.contains(&key.path);
        let properties = sections.iter().try_fold(&mut top, |above, section| {
            let empty =
                json!({"type": ["object", "null"], "additionalProperties": !is_closed, "properties": {}});
            above.entry(*section).or_insert(empty).get_mut("properties")?.as_object_mut()
        });
        if let Some(properties) = properties {
            properties.insert((*name).to_owned(), property(&key)?);
        }
    }
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of confgend",
        "type": ["object", "null"],
        "properties": top,
    }))
}

/// The schema of one key. Null means the default where it does not mean none.
fn property(key: &Key) -> Result<Value, Error> {
    let mut schema = nullable(key.shape.schema());
    if let Value::Object(members) = &mut schema {
        if !key.help.is_empty() {
            let restart = if key.needs_restart { " A new value counts after a restart." } else { "" };
            members.insert("description".to_owned(), json!(format!("{}{restart}", key.help)));
        }
        members.insert("default".to_owned(), as_json(&key.default)?);
    }
    Ok(schema)
}

fn as_json(value: &yaml::Value) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| {
        Error::driver(format!("{} can't be written as JSON", yaml::to_string(value).unwrap_or_default()))
            .because(error)
    })
}
