//! Compares generated files with expected ones.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How a generated file relates to the expected one.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The same bytes.
    Identical,
    /// The same except for semicolons: the generated file escapes them on purpose, the expected file does not.
    Escaped,
    /// The same sections and paragraphs in another order. The queries behind the expected file did not fix that order.
    Reordered,
    /// Different, with the first sections that only one of the files has.
    Differs(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Identical => f.pad("identical"),
            Verdict::Escaped => f.pad("escaped"),
            Verdict::Reordered => f.pad("reordered"),
            Verdict::Differs(_) => f.pad("DIFFERS"),
        }
    }
}

/// The number of sections of a difference that are shown.
const SHOWN_SECTIONS: usize = 6;

pub(crate) fn compare(name: &str, expected: &str, actual: &str) -> Verdict {
    if expected == actual {
        return Verdict::Identical;
    }
    let [expected, actual] = [expected, actual].map(|text| text.replace("\\;", ";"));
    if expected == actual {
        return Verdict::Escaped;
    }
    let (wanted, found) = (canonical(name, &expected), canonical(name, &actual));
    if wanted == found && expected.chars().count() == actual.chars().count() {
        return Verdict::Reordered;
    }
    let mut text = String::new();
    for (title, these, those) in
        [("expected, absent", &wanted, &found), ("present, not expected", &found, &wanted)]
    {
        let only = these.iter().filter(|(section, count)| those.get(*section).unwrap_or(&0) < *count);
        for ((head, paragraphs), _) in only.take(SHOWN_SECTIONS) {
            let body = paragraphs.join("\n").replace('\n', "\n    ");
            let _ = writeln!(text, "{title}: {head}\n    {body}");
        }
    }
    if wanted == found {
        text += "the same paragraphs, but other blank lines or spaces\n";
    }
    Verdict::Differs(text)
}

type Section = (String, Vec<String>);

/// The sections, each with the number of its occurrences. The paragraphs of a section are sorted by their text.
fn canonical(name: &str, text: &str) -> BTreeMap<Section, usize> {
    let mut sections = BTreeMap::new();
    for (head, lines) in split(text) {
        let mut paragraphs = paragraphs(&lines);
        if ["iax.conf", "pjsip.conf", "queueskills.conf"].iter().any(|file| name.ends_with(file)) {
            // These options have no ordinal column. In the expected file, they have the order of a join.
            let all = paragraphs.join("\n");
            let mut lines: Vec<&str> = all.split('\n').collect();
            lines.sort_unstable();
            paragraphs = vec![lines.join("\n")];
        }
        paragraphs.sort_unstable();
        *sections.entry((head, paragraphs)).or_insert(0) += 1;
    }
    sections
}

/// Section headers, each with the comments directly above it, and the lines below.
fn split(text: &str) -> Vec<(String, Vec<String>)> {
    let mut sections = Vec::new();
    let (mut head, mut body, mut comments) = (String::new(), Vec::new(), Vec::new());
    for line in text.split('\n').map(group_ids_ascending) {
        if line.starts_with('[') {
            sections.push((std::mem::take(&mut head), std::mem::take(&mut body)));
            comments.push(line);
            head = std::mem::take(&mut comments).join("\n");
        } else if line.starts_with("; ") {
            comments.push(line);
        } else {
            body.append(&mut comments);
            body.push(line);
        }
    }
    body.append(&mut comments);
    sections.push((head, body));
    sections
}

/// The paragraphs between blank lines. Each hint is a paragraph of its own.
fn paragraphs(lines: &[String]) -> Vec<String> {
    let mut paragraphs = Vec::new();
    for lines in lines.split(|line| line.trim().is_empty()) {
        for part in lines.chunk_by(|a, b| !is_hint(a) && !is_hint(b)) {
            if !part.is_empty() {
                paragraphs.push(part.join("\n"));
            }
        }
    }
    paragraphs
}

fn is_hint(line: &str) -> bool {
    line.contains(",hint,")
}

/// Sets of group ids have no order: `named_call_group = 9,3` is `named_call_group = 3,9`.
fn group_ids_ascending(line: &str) -> String {
    if let Some((key, ids)) = line.split_once(" = ")
        && let Some(kind) = key.strip_prefix("named")
        && matches!(
            kind.strip_prefix('_').unwrap_or(kind),
            "callgroup" | "call_group" | "pickupgroup" | "pickup_group"
        )
    {
        let mut ids: Vec<&str> = ids.split(',').collect();
        ids.sort_unstable();
        return format!("{key} = {}", ids.join(","));
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(name: &str, expected: &str, actual: &str) -> Verdict {
        compare(name, expected, actual)
    }

    #[test]
    fn order_and_escapes_may_differ() {
        assert_eq!(verdict("a.conf", "[a]\nk = 1\n\n[b]\n", "[a]\nk = 1\n\n[b]\n"), Verdict::Identical);
        assert_eq!(
            verdict("a.conf", "; x\n[a]\nk = 1\n\n[b]\n\n", "[b]\n\n; x\n[a]\nk = 1\n\n"),
            Verdict::Reordered
        );
        let groups = ("[a]\nnamed_call_group = 9,3,12\n", "[a]\nnamed_call_group = 3,9,12\n");
        assert_eq!(verdict("a.conf", groups.0, groups.1), Verdict::Reordered);
        let hints =
            ("[a]\nexten = 1,hint,x\nexten = 2,hint,y\n", "[a]\nexten = 2,hint,y\nexten = 1,hint,x\n");
        assert_eq!(verdict("a.conf", hints.0, hints.1), Verdict::Reordered);
        assert_eq!(verdict("a.conf", "[a]\nk = a;b\n", "[a]\nk = a\\;b\n"), Verdict::Escaped);
        assert_eq!(verdict("iax.conf", "[a]\nk = 1\nl = 2\n", "[a]\nl = 2\nk = 1\n"), Verdict::Reordered);
    }

    #[test]
    fn values_and_blank_lines_may_not_differ() {
        let differs = |expected, actual| matches!(verdict("a.conf", expected, actual), Verdict::Differs(_));
        assert!(differs("[a]\nk = 1\n", "[a]\nk = 2\n"));
        assert!(differs("[a]\nk = 1\nl = 2\n", "[a]\nl = 2\nk = 1\n"));
        assert!(differs("; x\n[a]\n\n[b]\n", "[a]\n\n; x\n[b]\n"));
        assert!(differs("[a]\n\n[b]\n", "[a]\n[b]\n"));
        assert!(differs("[a]\n\n[a]\n", "[a]\n\n\n"));
        let Verdict::Differs(text) = verdict("a.conf", "[a]\nk = 1\n", "[a]\nk = 2\n") else { panic!() };
        assert_eq!(text, "expected, absent: [a]\n    k = 1\npresent, not expected: [a]\n    k = 2\n");
    }
}
