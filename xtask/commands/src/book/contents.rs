//! The contents of the book: `docs/README.md` lists the pages in the order in which they are read.
//!
//! Each section there is a part of the book, and each item of its lists a page: `- [Title](page.md): what it says`. The text
//! before the first section is free. A page that is the `README.md` of another folder has the other pages of its folder
//! below it, sorted by name.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use driver_api::Error;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::file_error;

/// The page that lists the pages.
pub(crate) const LIST: &str = "docs/README.md";

/// The first page.
const FRONT: &str = "README.md";

/// The pages of the book.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq)]
struct Part {
    title: String,
    pages: Vec<Page>,
}

#[derive(Debug, PartialEq)]
struct Page {
    title: String,
    /// From the root of the checkout.
    path: String,
    below: Vec<Page>,
}

impl Contents {
    /// Reads the list of a checkout that has these files.
    pub(crate) fn read(checkout: &Path, files: &[String]) -> Result<Contents, Error> {
        let read = |name: &str| {
            let path = checkout.join(name);
            fs::read_to_string(&path).map_err(|error| file_error(&path, error))
        };
        let mut contents = Contents { parts: parts(&read(LIST)?)? };
        let pages = contents.parts.iter_mut().flat_map(|part| &mut part.pages);
        for page in pages.filter(|page| page.path.ends_with(&format!("/{FRONT}"))) {
            let folder = page.path.trim_end_matches(FRONT);
            let is_below = |name: &&String| name.starts_with(folder) && is_page(name) && **name != page.path;
            let below = files
                .iter()
                .filter(is_below)
                .map(|name| Ok(Page { title: title(&read(name)?), path: name.clone(), below: Vec::new() }));
            page.below = below.collect::<Result<_, Error>>()?;
        }
        Ok(contents)
    }

    /// The paths of all pages, in their order.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let pages = self.parts.iter().flat_map(|part| &part.pages);
        let below = pages.flat_map(|page| [page].into_iter().chain(&page.below));
        [FRONT, LIST].into_iter().chain(below.map(|page| page.path.as_str())).collect()
    }

    /// The contents as mdbook reads them.
    pub(super) fn summary(&self) -> String {
        let mut text = format!("# Summary\n\n[confgend]({FRONT})\n[All pages]({LIST})\n");
        for Part { title, pages } in &self.parts {
            let _ = writeln!(text, "\n# {title}\n");
            for page in pages {
                let _ = writeln!(text, "- [{}]({})", page.title, page.path);
                for page in &page.below {
                    let _ = writeln!(text, "    - [{}]({})", page.title, page.path);
                }
            }
        }
        text
    }
}

/// Whether a document of this path belongs into the book. Documents of test data and of the site that shows the repository
/// don't.
pub(crate) fn is_page(path: &str) -> bool {
    is_markdown(path) && (path.starts_with("docs/") || !path.contains('/'))
}

fn is_markdown(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "md")
}

/// The parts of the list.
fn parts(list: &str) -> Result<Vec<Part>, Error> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut heading, mut page) = (None, None);
    let mut is_first_link = false;
    for event in Parser::new_ext(list, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(HeadingLevel::H2)) => {
                parts.push(Part { title: heading.take().unwrap_or_default(), pages: Vec::new() });
            }
            Event::Start(Tag::Item) => is_first_link = !parts.is_empty(),
            Event::Start(Tag::Link { dest_url, .. }) if is_first_link => {
                is_first_link = false;
                page = Some(Page { title: String::new(), path: path_of(&dest_url)?, below: Vec::new() });
            }
            Event::Text(text) | Event::Code(text) => {
                let title = heading.as_mut().or(page.as_mut().map(|page| &mut page.title));
                if let Some(title) = title {
                    title.push_str(&text);
                }
            }
            Event::End(TagEnd::Link) => {
                if let (Some(part), Some(page)) = (parts.last_mut(), page.take()) {
                    part.pages.push(page);
                }
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.pages.is_empty());
    Ok(parts)
}

/// The path of a page, seen from the root, for a link of the list.
fn path_of(link: &str) -> Result<String, Error> {
    if link.contains('#') || !is_markdown(link) {
        return Err(Error::driver(format!("an item of the list is a page, and {link} is none")).context(LIST));
    }
    Ok(link.strip_prefix("../").map_or_else(|| format!("docs/{link}"), str::to_owned))
}

/// The first heading of a document.
fn title(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_parts_and_items_are_pages() {
        let checkout = tempfile::tempdir().unwrap();
        let list = "# All pages\n\n- See [there](a.md#b).\n\n## Use\n\n- [A `day`](a.md): with [b](b.md)\n\n## Build\n\n- [Why](why/README.md)\n- [How](../HOW.md)\n";
        fs::create_dir_all(checkout.path().join("docs/why")).unwrap();
        for (name, text) in [("README.md", list), ("why/README.md", "# Why\n"), ("why/1.md", "# One\n")] {
            fs::write(checkout.path().join("docs").join(name), text).unwrap();
        }
        let files =
            ["README.md", "docs/a.md", "docs/why/1.md", "docs/why/README.md", "docs/why/x.png", "HOW.md"];
        let contents = Contents::read(checkout.path(), &files.map(str::to_owned)).unwrap();
        assert_eq!(
            contents.paths(),
            ["README.md", "docs/README.md", "docs/a.md", "docs/why/README.md", "docs/why/1.md", "HOW.md"]
        );
        assert_eq!(
            contents.summary(),
            "# Summary\n\n[confgend](README.md)\n[All pages](docs/README.md)\n\n# Use\n\n- [A day](docs/a.md)\n\n\
             # Build\n\n- [Why](docs/why/README.md)\n    - [One](docs/why/1.md)\n- [How](HOW.md)\n"
        );
    }

    #[test]
    fn an_item_that_is_no_page_is_refused() {
        let error = parts("## Use\n\n- [A](a.md#b)\n").unwrap_err().chain();
        assert_eq!(error, "docs/README.md: an item of the list is a page, and a.md#b is none");
    }

    #[test]
    fn documents_of_tests_are_no_pages() {
        let documents = ["A.md", "docs/a/b.md", "fixtures/cases/x/CASE.md", ".github/a.md", "docs/a.svg"];
        assert_eq!(documents.map(is_page), [true, true, false, false, false]);
    }
}
