//! Options that a column holds as an array of pairs: `{{saycid,yes},{envelope,no}}`.

use std::fmt;

use driver_api::{Row, Warnings};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// Such an array. The database accepts one of any shape, so elements are checked when they are read.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Pairs(Vec<Element>);

#[derive(Debug)]
enum Element {
    Text(Option<String>),
    Pair(String, Option<String>),
    /// A pair whose name is NULL.
    Nameless,
    /// An array that is not a pair.
    Other,
}

/// Written by hand, since serde's own would copy each array before it looks at its elements.
impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Element, D::Error> {
        struct TextOrArray;
        impl<'de> Visitor<'de> for TextOrArray {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an array")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Element, E> {
                Ok(Element::Text(None))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Element, E> {
                Ok(Element::Text(Some(text.to_owned())))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Element, S::Error> {
                let (name, value) = (elements.next_element()?, elements.next_element()?);
                let mut is_longer = false;
                while elements.next_element::<Element>()?.is_some() {
                    is_longer = true;
                }
                Ok(match (name, value) {
                    _ if is_longer => Element::Other,
                    (Some(Element::Text(Some(name))), Some(Element::Text(value))) => {
                        Element::Pair(name, value)
                    }
                    (Some(Element::Text(None)), Some(Element::Text(_))) => Element::Nameless,
                    _ => Element::Other,
                })
            }
        }
        deserializer.deserialize_any(TextOrArray)
    }
}

impl Pairs {
    /// Returns the names and their values, in order. An element that is not a pair, or has no name, is left
    /// out with a warning about the column `options` of the row.
    pub(crate) fn read<T>(&self, warnings: &mut impl Warnings, row: &Row<T>) -> Vec<(&str, Option<&str>)> {
        let mut pairs = Vec::with_capacity(self.0.len());
        for (place, element) in (1..).zip(&self.0) {
            match element.pair() {
                Ok(pair) => pairs.push(pair),
                Err(reason) => {
                    let message = format!("element {place} of the array {reason}; it is left out");
                    row.warn(warnings, "options", message);
                }
            }
        }
        pairs
    }
}

impl Element {
    fn pair(&self) -> Result<(&str, Option<&str>), &'static str> {
        match self {
            Element::Pair(name, value) => Ok((name, value.as_deref())),
            Element::Nameless => Err("has no name"),
            Element::Text(_) | Element::Other => Err("is not a name and a value"),
        }
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Query;

    use super::*;
    use crate::testing::{Rows, row};

    #[derive(Deserialize)]
    struct Trunk {
        options: Pairs,
    }

    const TRUNKS: Query<'_> =
        Query { table: "useriax", key: &["id"], sql: "SELECT id, options FROM useriax" };

    fn read(json: &str) -> (Vec<(String, Option<String>)>, Vec<String>) {
        let row = row! { id: 1, tenant_uuid: "T", name: "t", type: "friend", category: "trunk" };
        let row = row.replace('}', &format!(", \"options\": {json}}}"));
        let mut database = Rows::default().add("useriax", row).load();
        let pairs = database.in_session(|session| {
            let trunk = session.query::<Trunk>(TRUNKS, &[]).unwrap().pop().unwrap();
            let pairs = trunk.options.read(session, &trunk);
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
        });
        (pairs, database.warnings)
    }

    #[test]
    fn only_pairs_with_a_name_are_options() {
        let pair = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        assert_eq!(read("[]"), (vec![], vec![]));
        let (pairs, warnings) = read(r#"[["a", "1"], ["", ""], ["b", null], [null, "2"]]"#);
        assert_eq!(pairs, [pair("a", Some("1")), pair("", Some("")), pair("b", None)]);
        let row = "table useriax, row id=1, column options: element";
        assert_eq!(warnings, [format!("{row} 4 of the array has no name; it is left out")]);
        for not_a_pair in
            [r#"["ab"]"#, r#"[["a", "1", "2"]]"#, r#"[["a"]]"#, r#"[[["a", "1"]]]"#, "[null]", "[[]]"]
        {
            let (pairs, warnings) = read(not_a_pair);
            assert_eq!(pairs, []);
            assert_eq!(
                warnings,
                [format!("{row} 1 of the array is not a name and a value; it is left out")],
                "{not_a_pair}"
            );
        }
    }
}
