//! Groups warnings by their kind: the text without values.

use std::collections::BTreeMap;

use driver_api::{Warning, secrets};
use serde::{Deserialize, Serialize};

/// How many warnings of a file are grouped. A generation waits for that, so it takes less than a millisecond.
const MAX_GROUPED: usize = 1000;

/// How many places of a kind are kept.
const MAX_PLACES: usize = 20;

/// How many kinds of a file are kept.
const MAX_KINDS: usize = 50;

/// The warnings of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warnings {
    /// The number of all warnings.
    pub count: usize,
    /// The kinds of the first warnings, the most frequent first.
    pub kinds: Vec<WarningKind>,
}

/// A kind of warnings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningKind {
    /// The text; `…` stands for a value in quotes.
    pub text: String,
    /// The number of these warnings.
    pub count: usize,
    /// The places of the first warnings.
    pub places: Vec<Place>,
}

/// The place that a warning is about. An empty text means that the warning does not name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The table.
    pub table: String,
    /// The key of the row.
    pub row: String,
    /// The column.
    pub column: String,
    /// The whole text, if it has values.
    pub message: Option<String>,
}

impl Warnings {
    pub(crate) fn new(warnings: &[Warning]) -> Warnings {
        Warnings { count: warnings.len(), kinds: kinds(warnings.iter().take(MAX_GROUPED)) }
    }

    /// Makes them from the texts that the history keeps.
    pub(crate) fn from_texts(texts: &[String], count: usize) -> Warnings {
        let warnings: Vec<Warning> = texts.iter().map(|text| parse(text)).collect();
        Warnings { count, kinds: kinds(warnings.iter()) }
    }
}

fn kinds<'w>(warnings: impl Iterator<Item = &'w Warning>) -> Vec<WarningKind> {
    let mut kinds = BTreeMap::<String, WarningKind>::new();
    for warning in warnings {
        let message = secrets::in_text(&warning.message);
        let text = without_values(&message);
        let new = || WarningKind { text: text.clone(), count: 0, places: Vec::new() };
        let kind = kinds.entry(text.clone()).or_insert_with(new);
        kind.count += 1;
        if kind.places.len() < MAX_PLACES {
            let Warning { table, key, column, .. } = warning.clone();
            let message = (text != message).then_some(message);
            kind.places.push(Place { table, row: key, column, message });
        }
    }
    let mut kinds: Vec<WarningKind> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds.truncate(MAX_KINDS);
    kinds
}

/// Replaces what stands in quotes. A quote with a backslash belongs to the value.
fn without_values(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, value)) = rest.split_once('"') {
        let Some(end) = end_of_value(value) else { break };
        text.push_str(before);
        text.push('…');
        rest = &value[end + 1..];
    }
    text + rest
}

/// Returns the position of the closing quote.
fn end_of_value(value: &str) -> Option<usize> {
    let mut is_escaped = false;
    value.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// Splits the text of a warning. A row whose key looks like the rest of a warning is cut at the wrong place; the whole
/// text is shown in any case.
fn parse(text: &str) -> Warning {
    let whole = || Warning { message: text.to_owned(), ..Warning::default() };
    let Some((place, message)) = text.strip_prefix("table ").and_then(|rest| rest.split_once(": ")) else {
        return whole();
    };
    let (place, column) = place.split_once(", column ").unwrap_or((place, ""));
    let (table, row) = place.split_once(", row ").unwrap_or((place, ""));
    Warning { message: message.to_owned(), ..Warning::new(table, "").row(row).column(column) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_that_differ_in_values_are_of_one_kind() {
        let warning = |key: &str, value: &str| {
            Warning::new("queue", format!("the name {value:?} is too long")).row(key).column("name")
        };
        let other = Warning::new("", "a plain text");
        let warnings = Warnings::new(&[other, warning("id=1", "a \"b\" \\"), warning("id=2", "c")]);
        assert_eq!(warnings.count, 3);
        let kinds: Vec<_> = warnings.kinds.iter().map(|kind| (kind.text.as_str(), kind.count)).collect();
        assert_eq!(kinds, [("the name … is too long", 2), ("a plain text", 1)]);
        let place = &warnings.kinds[0].places[1];
        assert_eq!(
            (place.table.as_str(), place.row.as_str(), place.column.as_str()),
            ("queue", "id=2", "name")
        );
        assert_eq!(place.message.as_deref(), Some("the name \"c\" is too long"));
        assert_eq!(warnings.kinds[1].places[0].message, None);
    }

    #[test]
    fn warnings_of_the_history_are_split_again() {
        let warnings = [
            Warning::new("queue", "left out: \"x\"").row("id=7").column("name"),
            Warning::new("queue", "left out: \"x\"").row("id=7"),
            Warning::new("queue", "left out: \"x\""),
            Warning::new("", "left out: \"x\""),
        ];
        for warning in warnings {
            assert_eq!(parse(&warning.to_string()), warning);
        }
    }

    #[test]
    fn numbers_of_kinds_and_places_are_limited() {
        let of = |kind: usize| Warning::new("t", format!("kind {kind}")).row(kind);
        let many: Vec<Warning> = (0..100_000).map(|row| of(row % 3)).collect();
        let warnings = Warnings::new(&many);
        assert_eq!((warnings.count, warnings.kinds.len()), (100_000, 3));
        assert_eq!(warnings.kinds[0].places.len(), MAX_PLACES);
        let different: Vec<Warning> = (0..1000).map(of).collect();
        assert_eq!(Warnings::new(&different).kinds.len(), MAX_KINDS);
    }

    #[test]
    fn a_quote_without_an_end_stays() {
        assert_eq!(without_values("\"a\" and \"b\\\""), "… and \"b\\\"");
        assert_eq!(without_values("plain \""), "plain \"");
    }
}
