//! The links of the built book: each leads to a file of it, and to an anchor that this file has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use driver_api::Error;
use regex_lite::Regex;

use crate::file_error;
use crate::tidy::links::{beside, is_relative};

/// How much was checked.
#[derive(Debug, PartialEq)]
pub(super) struct Checked {
    pub(super) pages: usize,
    pub(super) links: usize,
}

/// The pages of a site by their paths in it, each with its anchors and its links.
type Pages = BTreeMap<String, Page>;

struct Page {
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

/// Checks all pages of a folder. Links out of the site are not followed.
pub(super) fn check(site: &Path) -> Result<Checked, Error> {
    let mut pages = Pages::new();
    read(site, "", &mut pages)?;
    let mut count = 0;
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in page.links.iter().filter(|link| is_relative(link)) {
            count += 1;
            if let Some(message) = problem(site, &pages, path, link) {
                broken.push(format!("{path}: {message}"));
            }
        }
    }
    for message in &broken {
        say!("{message}");
    }
    match broken.len() {
        0 => Ok(Checked { pages: pages.len(), links: count }),
        count => Err(Error::driver(format!("{count} links of the site lead nowhere"))),
    }
}

/// Reads the pages of a folder of the site, and of those below it. The path of the folder ends with a slash, unless it is
/// empty.
fn read(site: &Path, folder: &str, pages: &mut Pages) -> Result<(), Error> {
    let path = site.join(folder);
    for entry in fs::read_dir(&path).map_err(|error| file_error(&path, error))?.flatten() {
        let (path, name) = (entry.path(), format!("{folder}{}", entry.file_name().display()));
        if path.is_dir() {
            read(site, &format!("{name}/"), pages)?;
        } else if path.extension().is_some_and(|ending| ending == "html") {
            let text = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
            pages.insert(name, page(&text));
        }
    }
    Ok(())
}

/// Finds anchors and links. In the text of a page, mdbook writes `<` and `"` as entities.
fn page(text: &str) -> Page {
    let values = |names: &str| -> Vec<String> {
        let pattern = format!(r#"<[^>]*?\s(?:{names})="([^"]*)""#);
        let pattern =
            Regex::new(&pattern).unwrap_or_else(|_| unreachable!("the names of attributes are words"));
        pattern.captures_iter(text).map(|found| found[1].replace("&amp;", "&")).collect()
    };
    Page { anchors: values("id").into_iter().collect(), links: values("href|src") }
}

/// The problem of a link of a page, if it has one.
fn problem(site: &Path, pages: &Pages, page: &str, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let Some(target) = (if file.is_empty() { Some(page.to_owned()) } else { beside(page, file) }) else {
        return Some(format!("{link} leads out of the site"));
    };
    if !site.join(&target).is_file() {
        return Some(format!("there is no {target}, to which {link} leads"));
    }
    let is_anchor = anchor.is_empty() || pages.get(&target).is_none_or(|page| page.anchors.contains(anchor));
    (!is_anchor).then(|| format!("{target} has no anchor {anchor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pages: &[(&str, &str)]) -> tempfile::TempDir {
        let site = tempfile::tempdir().unwrap();
        fs::create_dir(site.path().join("docs")).unwrap();
        for (name, text) in pages {
            fs::write(site.path().join(name), text).unwrap();
        }
        site
    }

    #[test]
    fn a_link_leads_to_a_file_and_an_anchor() {
        let index = r##"<h1 id="top"><a class="header" href="#top">A</a></h1> <a href="docs/a.html#b">b</a>
            <img alt="p" src="p.svg"> <a href="https://example.org/none">x</a> &lt;a href=&quot;none&quot;&gt;"##;
        let below = r#"<h2 id="b">B</h2><a href="../index.html">up</a>"#;
        let site = site(&[("index.html", index), ("docs/a.html", below), ("p.svg", "")]);
        assert_eq!(check(site.path()).unwrap(), Checked { pages: 2, links: 4 });
    }

    #[test]
    fn a_link_to_nothing_is_an_error() {
        let index = r##"<a href="none.html">a</a> <a href="#none">b</a> <a href="docs">c</a>"##;
        let error = check(site(&[("index.html", index)]).path()).unwrap_err().chain();
        assert_eq!(error, "3 links of the site lead nowhere");
    }
}
