//! Links between documents: the file is in the repository, and has the heading.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::Complaint;
use super::source::Source;

const RULE: &str = "links";

/// Checks the links of all documents. `files` are those that git knows: a reader has no others.
pub(super) fn check(sources: &[Source], files: &[String]) -> Vec<Complaint> {
    let documents: BTreeMap<&str, &str> = sources
        .iter()
        .filter(|source| source.is_markdown())
        .map(|source| (source.path.as_str(), source.text.as_str()))
        .collect();
    documents.keys().flat_map(|path| check_document(path, &documents, files)).collect()
}

fn check_document(path: &str, documents: &BTreeMap<&str, &str>, files: &[String]) -> Vec<Complaint> {
    let text = documents.get(path).copied().unwrap_or_default();
    let links = links(text).into_iter();
    let complaint = |(link, line)| {
        let message = match link {
            Link::To(link) => broken(path, &link, documents, files)?,
            Link::Undefined(id) => format!("no line defines [{id}]; add \"[{id}]: FILE\""),
        };
        Some(Complaint::error(path, line, RULE, message))
    };
    links.filter_map(complaint).collect()
}

/// The message about a link of a document that leads nowhere.
fn broken(path: &str, link: &str, documents: &BTreeMap<&str, &str>, files: &[String]) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let Some(target) = (if file.is_empty() { Some(path.to_owned()) } else { beside(path, file) }) else {
        return Some(format!("the link to {link} leads out of the repository; name a file in it"));
    };
    if !exists(&target, files) {
        return Some(format!("the repository has no file {target}; correct the link to {link}"));
    }
    let document = documents.get(target.as_str()).filter(|_| !anchor.is_empty())?;
    let has_heading = anchors(document).iter().any(|it| it == anchor);
    (!has_heading).then(|| format!("{target} has no heading for #{anchor}; correct the link, or the heading"))
}

/// Whether a path is one of the files, or a folder of one.
fn exists(path: &str, files: &[String]) -> bool {
    let is_below = |file: &String| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    path.is_empty() || files.iter().any(|file| file == path || is_below(file))
}

enum Link {
    /// A relative link.
    To(String),
    /// The `b` of a `[a][b]` that no line defines.
    Undefined(String),
}

/// The relative links of a document, each with its line.
fn links(text: &str) -> Vec<(Link, usize)> {
    // Text in single brackets is no link, unless a line defines it.
    let mut keep = |link: BrokenLink<'_>| {
        let is_full = link.link_type == LinkType::Reference;
        is_full.then_some((CowStr::Borrowed(""), CowStr::Borrowed("")))
    };
    let target = |event| match event {
        Event::Start(Tag::Link { link_type: LinkType::ReferenceUnknown, id, .. }) => {
            Some(Link::Undefined(id.to_string()))
        }
        Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => None,
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            is_relative(&dest_url).then(|| Link::To(dest_url.to_string()))
        }
        _ => None,
    };
    Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES, Some(&mut keep))
        .into_offset_iter()
        .filter_map(|(event, range)| Some((target(event)?, text[..range.start].matches('\n').count() + 1)))
        .collect()
}

/// Whether a link leads to another place of the same site or repository.
pub(crate) fn is_relative(link: &str) -> bool {
    !link.contains(':') && !link.starts_with('/')
}

/// The path of a file that a document names, seen from the root. None is outside of it.
pub(crate) fn beside(document: &str, file: &str) -> Option<String> {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let mut parts = Vec::new();
    for component in folder.join(file).components() {
        match component {
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    Some(parts.join("/"))
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
        let sources: Vec<Source> =
            documents.iter().map(|(path, text)| Source::new(path, text).unwrap()).collect();
        let paths = documents.iter().map(|(path, _)| *path).chain(["src/a.rs"]);
        let files: Vec<String> = paths.map(str::to_owned).collect();
        check(&sources, &files).into_iter().map(|it| (it.line, it.message)).collect()
    }

    #[test]
    fn links_lead_to_files_and_headings_that_exist() {
        let a = "# A `b` & c?\n\n## Two\n## Two\n\n[x](docs/b.md#one) [y](#two-1) [z](src/a.rs#L1) [src](src) [/](docs/..) [no][ link\n";
        let b = "# One\n\n[x](../a.md#a-b--c) [y](https://example.org/none) [z](mailto:a@b) <a@b.example>\n\n```\n[x](none.md)\n```\n";
        assert_eq!(complaints(&[("a.md", a), ("docs/b.md", b)]), []);
    }

    #[test]
    fn a_link_to_nothing_is_refused() {
        let a = "# A\n\n[x](docs/b.md)\n[y](b.md#none) [z][z]\n\n[z]: #b\n\n![x](../b.md) [x][none] [none] [s](sr)\n";
        let expected = [
            (3, "the repository has no file docs/b.md; correct the link to docs/b.md"),
            (4, "b.md has no heading for #none; correct the link, or the heading"),
            (4, "a.md has no heading for #b; correct the link, or the heading"),
            (8, "the link to ../b.md leads out of the repository; name a file in it"),
            (8, "no line defines [none]; add \"[none]: FILE\""),
            (8, "the repository has no file sr; correct the link to sr"),
        ];
        let expected = expected.map(|(line, message)| (line, message.to_owned()));
        assert_eq!(complaints(&[("a.md", a), ("b.md", "# B\n")]), expected);
    }
}
