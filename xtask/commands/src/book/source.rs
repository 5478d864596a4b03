//! The source of the book: copies of the pages and their pictures, in a folder that mdbook reads.

use std::fs;
use std::ops::Range;
use std::path::Path;

use driver_api::Error;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::contents::Contents;
use crate::tidy::links::{beside, is_relative};
use crate::{file_error, root};

/// The configuration of mdbook.
const CONFIGURATION: &str = r#"[book]
title = "confgend"
description = "Configuration files for Asterisk from the database of a telephone system"
language = "en"
src = "."

[output.html]
default-theme = "light"
preferred-dark-theme = "navy"
no-section-label = true
additional-css = ["book.css"]
# A page that is read from a disk needs no address of a site.
input-404 = ""
# The search finds a section, and not a page of a thousand lines.
search = { heading-split-level = 4, limit-results = 30, use-boolean-and = true }
fold = { enable = true, level = 0 }
"#;

/// Styles for tables with sentences in their cells, beside the themes of mdbook.
const STYLE: &str = "\
:root { --content-max-width: 95rem }
th { text-align: start }
td { vertical-align: top }
.content th, .content td { padding: 0.5rem 1rem }
";

/// The endings of pictures.
const PICTURES: &[&str] = &[".png", ".svg"];

/// Writes the folder anew.
pub(super) fn write(contents: &Contents, files: &[String], folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    let pages = contents.paths();
    let pictures: Vec<&str> =
        files.iter().map(String::as_str).filter(|it| it.starts_with("docs/") && is_picture(it)).collect();
    save(folder, "book.toml", CONFIGURATION.as_bytes())?;
    save(folder, "book.css", STYLE.as_bytes())?;
    save(folder, "SUMMARY.md", contents.summary().as_bytes())?;
    for page in &pages {
        let text = String::from_utf8_lossy(&read(page)?).into_owned();
        save(folder, page, for_book(page, &text, &pages, &pictures).as_bytes())?;
    }
    pictures.iter().try_for_each(|picture| save(folder, picture, &read(picture)?))
}

fn is_picture(path: &str) -> bool {
    PICTURES.iter().any(|ending| path.ends_with(ending))
}

fn read(name: &str) -> Result<Vec<u8>, Error> {
    let path = root().join(name);
    fs::read(&path).map_err(|error| file_error(&path, error))
}

fn save(folder: &Path, name: &str, text: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let written = fs::create_dir_all(path.parent().unwrap_or(folder)).and_then(|()| fs::write(&path, text));
    written.map_err(|error| file_error(&path, error))
}

/// A page for the book, which has pages and pictures alone: a link to another file of the repository becomes its text. A
/// `README.md` is the index of its folder.
fn for_book(page: &str, text: &str, pages: &[&str], pictures: &[&str]) -> String {
    let mut result = text.to_owned();
    // From the end, so that the places before stay valid.
    for link in links(text).into_iter().rev() {
        let (file, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
        let target = beside(page, file).unwrap_or_default();
        if !file.is_empty() && !pages.contains(&&*target) && !pictures.contains(&&*target) {
            result.replace_range(link.range, &text[link.text]);
        } else if let Some(folder) = file.strip_suffix("README.md") {
            let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
            result.replace_range(link.range, &format!("[{}]({folder}index.md{anchor})", &text[link.text]));
        }
    }
    result
}

/// A link with a target in the repository.
struct Link {
    /// The whole link, and the text in its brackets.
    range: Range<usize>,
    text: Range<usize>,
    target: String,
}

fn links(text: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut is_open = false;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) if is_relative(&dest_url) => {
                is_open = true;
                let text = range.start..range.start;
                links.push(Link { range, text, target: dest_url.to_string() });
            }
            Event::End(TagEnd::Link) => is_open = false,
            _ if is_open => {
                if let Some(Link { range: whole, text, .. }) = links.last_mut() {
                    let start = if text.start == whole.start { range.start } else { text.start };
                    *text = start..range.end;
                }
            }
            _ => {}
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> String {
        let pages = ["README.md", "docs/a.md", "docs/why/README.md"];
        for_book("docs/a.md", text, &pages, &["docs/images/a.svg"])
    }

    #[test]
    fn links_to_pages_and_pictures_stay() {
        for text in ["[a *b*](a.md#c)", "[c](#c)", "![p](images/a.svg)", "[x](https://example.org/x.md)"] {
            assert_eq!(page(text), text);
        }
    }

    #[test]
    fn a_readme_is_the_index_of_its_folder() {
        let text = "[a](../README.md#b) | [`why` it](why/README.md)\n";
        assert_eq!(page(text), "[a](../index.md#b) | [`why` it](why/index.md)\n");
    }

    #[test]
    fn a_link_to_another_file_becomes_its_text() {
        assert_eq!(page("See [`Cargo.toml` *here*](../Cargo.toml), [b](b/)."), "See `Cargo.toml` *here*, b.");
    }
}
