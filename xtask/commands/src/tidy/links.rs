//! Links between documents: the file is there, and so is the heading.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Complaint;
use super::source::Source;
use crate::root;

const RULE: &str = "links";

pub(super) fn check(sources: &[Source]) -> Vec<Complaint> {
    let documents: BTreeMap<&str, &str> = sources
        .iter()
        .filter(|source| source.is_markdown())
        .map(|source| (source.path.as_str(), source.text.as_str()))
        .collect();
    let exists = |path: &str| root().join(path).exists();
    documents.keys().flat_map(|path| check_document(path, &documents, exists)).collect()
}

fn check_document(
    path: &str,
    documents: &BTreeMap<&str, &str>,
    exists: impl Fn(&str) -> bool,
) -> Vec<Complaint> {
    let text = documents.get(path).copied().unwrap_or_default();
    let mut complaints = Vec::new();
    for (link, line) in links(text) {
        let mut complain = |message| complaints.push(Complaint::error(path, line, RULE, message));
        let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() { path.to_owned() } else { beside(path, file) };
        if !exists(&target) {
            complain(format!("there is no file {target}; correct the link to {link}"));
        } else if let Some(document) = documents.get(target.as_str())
            && !anchor.is_empty()
            && !anchors(document).iter().any(|it| it == anchor)
        {
            complain(format!("{target} has no heading for #{anchor}; correct the link, or the heading"));
        }
    }
    complaints
}

/// The relative links of a document, each with its line.
fn links(text: &str) -> Vec<(String, usize)> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    };
    let is_relative = |link: &str| !link.contains(':') && !link.starts_with('/');
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .into_offset_iter()
        .filter_map(|(event, range)| Some((target(event)?, text[..range.start].matches('\n').count() + 1)))
        .filter(|(link, _)| is_relative(link))
        .collect()
}

/// The path of a file that a document names, seen from the root.
fn beside(document: &str, file: &str) -> String {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let mut parts = Vec::new();
    for component in folder.join(file).components() {
        match component {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

/// The anchors of a document's headings, as sites that show repositories make them.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                // A heading that repeats another one gets a number.
                let numbered = (1..).map(|number| format!("{anchor}-{number}"));
                let free = [anchor.clone()].into_iter().chain(numbered).find(|it| !anchors.contains(it));
                anchors.extend(free);
            }
            _ => {}
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    };
    heading.to_lowercase().chars().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(documents: &[(&str, &str)]) -> Vec<(usize, String)> {
        let documents: BTreeMap<&str, &str> = documents.iter().copied().collect();
        let exists = |path: &str| documents.contains_key(path) || path == "src/a.rs";
        let check = |path: &&str| check_document(path, &documents, exists);
        documents.keys().flat_map(check).map(|it| (it.line, it.message)).collect()
    }

    #[test]
    fn links_lead_to_files_and_headings_that_exist() {
        let a = "# A `b` & c?\n\n## Two\n## Two\n\n[x](docs/b.md#one) [y](#two-1) [z](src/a.rs#L1)\n";
        let b = "# One\n\n[x](../a.md#a-b--c) [y](https://example.org/none) [z](mailto:a@b)\n\n```\n[x](none.md)\n```\n";
        assert_eq!(complaints(&[("a.md", a), ("docs/b.md", b)]), []);
    }

    #[test]
    fn a_link_to_nothing_is_refused() {
        let a = "# A\n\n[x](docs/b.md)\n[y](b.md#none) [z][z]\n\n[z]: #b\n";
        let expected = [
            (3, "there is no file docs/b.md; correct the link to docs/b.md"),
            (4, "b.md has no heading for #none; correct the link, or the heading"),
            (4, "a.md has no heading for #b; correct the link, or the heading"),
        ];
        let expected = expected.map(|(line, message)| (line, message.to_owned()));
        assert_eq!(complaints(&[("a.md", a), ("b.md", "# B\n")]), expected);
    }
}
