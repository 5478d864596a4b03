//! The accepted values of a key: in words for people, and as JSON Schema for editors.

use std::fmt;

use serde_json::{Map, Value, json};

/// The form of the values that a key accepts.
///
/// It prints as people read it, as in "expected a whole number from 1 to 10", and [`schema`](Shape::schema) is the same
/// for programs.
///
/// ```
/// use driver_api::settings::Shape;
///
/// let shape = Shape::Nullable(Box::new(Shape::Integer { min: 1, max: 10 }));
/// assert_eq!(shape.to_string(), "a whole number from 1 to 10, or null for none");
/// let schema = r#"{"maximum":10,"minimum":1,"type":["integer","null"]}"#;
/// assert_eq!(shape.schema(), serde_json::from_str::<serde_json::Value>(schema).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Any value, where nothing better is known.
    Any,
    /// True or false.
    Boolean,
    /// A whole number in a range with both its ends.
    Integer {
        /// The least number.
        min: u64,
        /// The greatest number.
        max: u64,
    },
    /// A number above 0.
    Number {
        /// The greatest number.
        max: f64,
    },
    /// A text.
    Text,
    /// A path, which is not empty.
    Path,
    /// One of these texts.
    Words(Vec<&'static str>),
    /// A list of such values, or one of them.
    OneOrMore(Box<Shape>),
    /// A list of such values.
    List(Box<Shape>),
    /// A mapping with keys that the operator chooses.
    Map {
        /// The mapping in words: `a mapping of files to names of drivers`.
        accepts: String,
        /// Its values.
        values: Box<Shape>,
    },
    /// A mapping with these keys.
    Fields {
        /// The mapping in words.
        accepts: &'static str,
        /// Its keys.
        fields: Vec<Field>,
    },
    /// Such a value, or null for none.
    Nullable(Box<Shape>),
    /// Values that no other form describes.
    Custom {
        /// The values in words.
        accepts: &'static str,
        /// Their JSON Schema.
        schema: &'static str,
    },
}

/// A key of a mapping that has only certain keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Its documentation.
    pub help: &'static str,
    /// Its values.
    pub shape: Shape,
    /// Whether the mapping must have it.
    pub is_required: bool,
}

impl Field {
    /// A key that may be missing.
    pub fn optional(name: &'static str, shape: Shape, help: &'static str) -> Field {
        Field { name, help, shape, is_required: false }
    }

    /// A key that the mapping must have.
    pub fn required(name: &'static str, shape: Shape, help: &'static str) -> Field {
        Field { is_required: true, ..Field::optional(name, shape, help) }
    }
}

impl Shape {
    /// A mapping of what the operator chooses, such as files, to these values.
    pub fn map(keys: &str, values: Shape) -> Shape {
        Shape::Map { accepts: format!("a mapping of {keys} to {values}"), values: Box::new(values) }
    }

    /// The same values as JSON Schema, draft 2020-12.
    pub fn schema(&self) -> Value {
        match self {
            Shape::Any => json!({}),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            Shape::Number { max } => json!({"type": "number", "exclusiveMinimum": 0, "maximum": max}),
            Shape::Text => json!({"type": "string"}),
            Shape::Path => json!({"type": "string", "minLength": 1}),
            Shape::Words(words) => json!({"enum": enumeration(words)}),
            Shape::OneOrMore(one) => json!({"anyOf": [one.schema(), list(one)]}),
            Shape::List(items) => list(items),
            Shape::Map { values, .. } => json!({"type": "object", "additionalProperties": values.schema()}),
            Shape::Fields { fields, .. } => object(fields),
            Shape::Nullable(shape) => nullable(shape.without_lower_limit().schema()),
            Shape::Custom { schema, .. } => serde_json::from_str(schema).unwrap_or_default(),
        }
    }

    /// An empty text means none, too, where null does.
    fn without_lower_limit(&self) -> &Shape {
        if *self == Shape::Path { &Shape::Text } else { self }
    }
}

/// Adds null to the accepted values of a JSON Schema.
pub fn nullable(mut schema: Value) -> Value {
    let add = |values: &mut Vec<Value>, null: Value| {
        if !values.contains(&null) {
            values.push(null);
        }
    };
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        add(values, Value::Null);
    } else if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
        add(forms, json!({"type": "null"}));
    } else if let Some(types) = schema.get_mut("type") {
        let mut list = match types.take() {
            Value::Array(list) => list,
            one => vec![one],
        };
        add(&mut list, json!("null"));
        *types = list.into();
    }
    // A schema without one of these accepts any value.
    schema
}

/// The texts, and the booleans that YAML 1.1 makes of some of them.
fn enumeration(words: &[&str]) -> Vec<Value> {
    let booleans = [("off", false), ("no", false), ("on", true), ("yes", true)];
    let booleans = booleans.into_iter().filter(|(word, _)| words.contains(word));
    words.iter().map(|word| json!(word)).chain(booleans.map(|(_, value)| json!(value))).collect()
}

fn list(items: &Shape) -> Value {
    json!({"type": "array", "items": items.schema()})
}

fn object(fields: &[Field]) -> Value {
    let property = |field: &Field| (field.name.to_owned(), described(&field.shape, field.help));
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn described(shape: &Shape, help: &str) -> Value {
    let mut schema = shape.schema();
    if let Value::Object(members) = &mut schema {
        members.insert("description".to_owned(), json!(help));
    }
    schema
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Any => f.write_str("any value"),
            Shape::Boolean => f.write_str("true or false"),
            Shape::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Shape::Number { max } => write!(f, "a number above 0 and up to {max}"),
            Shape::Text => f.write_str("a text"),
            Shape::Path => f.write_str("a path"),
            Shape::Words(words) => match words.as_slice() {
                [first @ .., last] if !first.is_empty() => write!(f, "{} or {last}", first.join(", ")),
                words => f.write_str(&words.join("")),
            },
            Shape::OneOrMore(one) => write!(f, "{one}, or a list"),
            Shape::List(items) => match **items {
                Shape::Text => f.write_str("a list of texts"),
                ref items => write!(f, "a list, each of which is {items}"),
            },
            Shape::Map { accepts, .. } => f.write_str(accepts),
            Shape::Fields { accepts, .. } | Shape::Custom { accepts, .. } => f.write_str(accepts),
            Shape::Nullable(shape) => write!(f, "{shape}, or null for none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_added_to_every_form() {
        let with_null = |shape: Shape| Shape::Nullable(Box::new(shape)).schema();
        assert_eq!(with_null(Shape::Path), json!({"type": ["string", "null"]}));
        assert_eq!(with_null(Shape::Words(vec!["a"])), json!({"enum": ["a", null]}));
        assert_eq!(with_null(Shape::Any), json!({}));
        let one_or_more = with_null(Shape::OneOrMore(Box::new(Shape::Text)));
        assert_eq!(one_or_more["anyOf"][2], json!({"type": "null"}));
        assert_eq!(nullable(one_or_more.clone()), one_or_more);
    }

    #[test]
    fn a_word_that_yaml_reads_as_a_boolean_is_accepted_as_such() {
        let shape = Shape::Words(vec!["off", "warn", "hold"]);
        assert_eq!(shape.schema(), json!({"enum": ["off", "warn", "hold", false]}));
        assert_eq!(shape.to_string(), "off, warn or hold");
    }

    #[test]
    fn a_mapping_with_certain_keys_takes_no_others() {
        let fields = vec![
            Field::required("table", Shape::Text, "The table."),
            Field::optional("key", Shape::List(Box::new(Shape::Text)), "Its key."),
        ];
        let shape = Shape::Fields { accepts: "a query", fields };
        assert_eq!(
            shape.schema(),
            json!({
                "type": "object",
                "properties": {
                    "table": {"type": "string", "description": "The table."},
                    "key": {"type": "array", "items": {"type": "string"}, "description": "Its key."},
                },
                "additionalProperties": false,
                "required": ["table"],
            })
        );
    }
}
