//! Every driver shows, in the comment of its module, an example of the file that it writes.

use syn::ItemImpl;
use syn::spanned::Spanned as _;

use super::Complaint;
use super::source::{Rust, Source};

const RULE: &str = "driver-example";

pub(super) fn check(sources: &[Source]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| is_of_a_family(source)) {
        let Some(rust) = &source.rust else { continue };
        let implementations = rust.implementations();
        let Some(driver) = implementations.iter().find(|it| is_driver(it)) else { continue };
        let is_shown = has_example(rust) || folder_page(sources, source).is_some_and(has_example);
        if !is_shown {
            let line = driver.span().start().line;
            let message = "the //! comment of this driver has no example; add one of the file that it writes, \
                           between ``` lines";
            complaints.push(Complaint::error(&source.path, line, RULE, message));
        }
    }
    complaints
}

fn is_of_a_family(source: &Source) -> bool {
    source.path.starts_with("drivers-") && source.path.contains("/src/")
}

fn is_driver(implementation: &ItemImpl) -> bool {
    let Some((path, _)) = &implementation.trait_ else { return false };
    path.segments.last().is_some_and(|segment| segment.ident == "Driver")
}

fn has_example(rust: &Rust) -> bool {
    rust.front_page().iter().any(|line| line.trim_start().starts_with("```"))
}

/// The file that describes the folder of a source: `mod.rs`.
fn folder_page<'a>(sources: &'a [Source], source: &Source) -> Option<&'a Rust> {
    let (folder, _) = source.path.rsplit_once('/')?;
    let page = format!("{folder}/mod.rs");
    sources.iter().find(|source| source.path == page)?.rust.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(sources: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            sources.iter().map(|(path, text)| Source::new(path, text).unwrap()).collect();
        check(&sources).into_iter().map(|complaint| complaint.path).collect()
    }

    const DRIVER: &str = "impl Driver for A {}\n";
    const EXAMPLE: &str = "//! `a.conf`.\n//!\n//! ```ini\n//! a = b\n//! ```\n";

    #[test]
    fn a_driver_without_example_is_refused() {
        assert_eq!(paths(&[("drivers-a/src/a.rs", DRIVER)]), ["drivers-a/src/a.rs"]);
        let other = [("drivers-a/src/x/a.rs", DRIVER), ("drivers-a/src/mod.rs", EXAMPLE)];
        assert_eq!(paths(&other), ["drivers-a/src/x/a.rs"]);
    }

    #[test]
    fn the_example_is_in_the_file_or_its_folder() {
        assert_eq!(paths(&[("drivers-a/src/a.rs", &format!("{EXAMPLE}{DRIVER}"))]), [""; 0]);
        assert_eq!(paths(&[("drivers-a/src/x/a.rs", DRIVER), ("drivers-a/src/x/mod.rs", EXAMPLE)]), [""; 0]);
        assert_eq!(paths(&[("fixtures/src/a.rs", DRIVER)]), [""; 0]);
        assert_eq!(
            paths(&[("drivers-a/src/a.rs", "#[cfg(test)]\nmod tests { impl Driver for A {} }\n")]),
            [""; 0]
        );
    }
}
