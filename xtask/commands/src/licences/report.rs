//! The file with all licences.

use std::env;
use std::fmt::Write as _;
use std::process::Command;

use driver_api::Error;

use super::texts::{Texts, parse};
use super::{Linked, bundled, linked};
use crate::metadata::Package;
use crate::{command, root};

/// The licence of Rust's standard library, which is part of each program.
const STANDARD_LIBRARY: &str = "MIT OR Apache-2.0";

/// Something that is linked into a program.
struct Part {
    title: String,
    /// An expression of SPDX, or why there is none.
    licence: String,
    texts: Vec<usize>,
    note: Option<String>,
}

/// The crates in a program, the C code in them and the standard library, with the texts of their licences. The same
/// crates and compiler give the same text.
///
/// # Errors
/// It is an error if a crate states no licence or an unknown one, or has C code whose licence is unknown.
pub(crate) fn report(linked: &Linked) -> Result<String, Error> {
    let mut texts = Texts::default();
    let mut parts = Vec::new();
    for package in linked::crates(linked)? {
        let of_package = of_package(&package, &mut texts);
        parts.extend(of_package.map_err(|error| error.context(title(&package)))?);
    }
    parts.push(standard_library(&mut texts)?);
    Ok(written(linked.program, &parts, &texts))
}

fn title(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

/// The crate, and the C code in it.
fn of_package(package: &Package, texts: &mut Texts) -> Result<Vec<Part>, Error> {
    let mut parts = vec![of_crate(package, texts)?];
    for code in bundled::in_crate(package)? {
        let mut title = format!("{}, C code in {}", code.name, title(package));
        if let Some(version) = code.version(package)? {
            write!(title, ": {version}").expect(IN_MEMORY);
        }
        let add = |file: &&str| texts.add_file(package, &package.folder().join(file));
        let mut numbers = code.files.iter().map(add).collect::<Result<Vec<_>, _>>()?;
        if numbers.is_empty() {
            numbers = texts.add_standard(&parse(code.licence)?);
        }
        parts.push(Part { title, licence: code.licence.to_owned(), texts: numbers, note: None });
    }
    Ok(parts)
}

fn of_crate(package: &Package, texts: &mut Texts) -> Result<Part, Error> {
    let mut numbers = texts.add_of_crate(package)?;
    let mut note = None;
    let licence = match &package.license {
        Some(expression) => {
            let parsed = parse(expression)?;
            if numbers.is_empty() {
                numbers = texts.add_standard(&parsed);
                note = Some(without_text(package));
            }
            expression.clone()
        }
        None if package.license_file.is_some() => "that of its text".to_owned(),
        // A crate without a source is in a folder of the packager, who knows.
        None if package.source.is_none() => "none stated".to_owned(),
        None => return Err(Error::driver("states no licence, so nobody may hand it on; use another crate")),
    };
    Ok(Part { title: title(package), licence, texts: numbers, note })
}

/// The note that takes the place of the copyright notice that the standard text has no names in.
fn without_text(package: &Package) -> String {
    let text = "the crate has no text of its licence, so that of SPDX stands here";
    if package.authors.is_empty() {
        text.to_owned()
    } else {
        format!("{text}; its authors: {}", package.authors.join(", "))
    }
}

fn standard_library(texts: &mut Texts) -> Result<Part, Error> {
    // As cargo finds it.
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = command::output(Command::new(rustc).arg("--version").current_dir(root()))?;
    Ok(Part {
        title: format!("The standard library of Rust: {}", version.trim()),
        licence: STANDARD_LIBRARY.to_owned(),
        texts: texts.add_standard(&parse(STANDARD_LIBRARY)?),
        note: Some("https://doc.rust-lang.org/COPYRIGHT-library.html says which crates it has".to_owned()),
    })
}

/// Writing into a `String` does not fail.
const IN_MEMORY: &str = "a String takes every text";

fn written(program: &str, parts: &[Part], texts: &Texts) -> String {
    let mut text = format!(
        "What other authors wrote and {program} contains, with the licences. Each text stands once, at the end, below its\n\
         number. Where a licence is a choice, with OR, the texts are those that the authors hand out.\n"
    );
    for Part { title, licence, texts, note } in parts {
        let numbers: Vec<String> = texts.iter().map(ToString::to_string).collect();
        let numbers = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        write!(text, "\n{title}\n    licence: {licence}\n    texts: {numbers}\n").expect(IN_MEMORY);
        if let Some(note) = note {
            writeln!(text, "    {note}").expect(IN_MEMORY);
        }
    }
    for ((name, content), number) in texts.list.iter().zip(1..) {
        let line = "=".repeat(80);
        write!(text, "\n{line}\nText {number}: {name}\n{line}\n\n{content}\n").expect(IN_MEMORY);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(more: &str) -> Package {
        let text = format!(
            r#"{{"name": "a", "version": "1.0.0", "manifest_path": "{}/Cargo.toml", "targets": [],
                "dependencies": [], {more}}}"#,
            env!("CARGO_MANIFEST_DIR")
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_crate_without_a_text_gets_the_standard_one_and_authors() {
        let package = package(r#""license": "MIT", "authors": ["B <b@c>"], "source": "registry""#);
        let mut texts = Texts::default();
        let parts = of_package(&package, &mut texts).unwrap();
        assert!(texts.list[0].1.starts_with("MIT License"), "{}", texts.list[0].1);
        let text = written("p", &parts, &texts);
        let expected = "\na 1.0.0\n    licence: MIT\n    texts: 1\n    \
                        the crate has no text of its licence, so that of SPDX stands here; its authors: B <b@c>\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\nText 1: the standard text of MIT\n"), "{text}");
    }

    #[test]
    fn a_published_crate_without_a_licence_is_an_error() {
        let of = |more| of_package(&package(more), &mut Texts::default());
        let error = of(r#""license": null, "source": "registry""#).map(|parts| parts.len()).unwrap_err();
        assert!(error.chain().starts_with("states no licence"), "{}", error.chain());
        assert_eq!(of(r#""license": null, "source": null"#).unwrap()[0].licence, "none stated");
    }

    #[test]
    fn the_licences_of_the_programs_are_all_known() {
        let service = report(&Linked::service("default".to_owned())).unwrap();
        for title in
            ["\nring 0.", "\nBoringSSL, C code in ring ", "\nmimalloc, C code in ", "\nZstandard, C code in "]
        {
            assert!(service.contains(title), "{title}");
        }
        assert!(service.contains(": SQLITE_VERSION 3."), "the version of SQLite");
        assert!(!service.contains("texts: none"), "a crate has no text");
        assert_eq!(report(&Linked::service("default".to_owned())).unwrap(), service);
        let client = report(&Linked::client()).unwrap();
        assert!(client.contains("\nargh ") && !client.contains("\nring "), "{client}");
    }
}
