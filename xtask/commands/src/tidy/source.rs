//! The files that the rules look at.

use std::fs;
use std::path::Path;

use driver_api::Error;
use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ImplItem, Item, ItemImpl, Lit, Meta, Signature, TraitItem};

use crate::file_error;

/// The endings of the files that are written by hand.
const ENDINGS: &[&str] = &[".rs", ".md", ".jinja", ".service", ".sh", ".toml", ".yml", "/copyright"];

/// A text file of the checkout.
pub(super) struct Source {
    /// From the root of the checkout.
    pub(super) path: String,
    pub(super) text: String,
    /// The parsed file, if it is Rust.
    pub(super) rust: Option<Rust>,
}

/// A Rust file.
pub(super) struct Rust {
    pub(super) tokens: TokenStream,
    pub(super) file: syn::File,
}

/// Reads the text files among the files of a checkout.
pub(super) fn sources(checkout: &Path, files: &[String]) -> Result<Vec<Source>, Error> {
    let names = files.iter().filter(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)));
    let read = |name: &String| {
        let path = checkout.join(name);
        let text = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        Source::new(name, &text)
    };
    names.map(read).collect()
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Result<Source, Error> {
        let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
        let rust = if is_rust {
            Some(
                Rust::parse(text)
                    .map_err(|error| Error::driver("is not Rust").because(error).context(path))?,
            )
        } else {
            None
        };
        Ok(Source { path: path.to_owned(), text: text.to_owned(), rust })
    }

    pub(super) fn is_markdown(&self) -> bool {
        self.has_ending(&[".md"])
    }

    /// Whether comments of this file begin with `#`.
    pub(super) fn has_hash_comments(&self) -> bool {
        self.has_ending(&[".service", ".sh", ".toml", ".yml"])
    }

    fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// Whether the whole file is a test.
    pub(super) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }
}

impl Rust {
    fn parse(text: &str) -> syn::Result<Rust> {
        let tokens: TokenStream = text.parse()?;
        Ok(Rust { file: syn::parse2(tokens.clone())?, tokens })
    }

    /// The lines of the file's `//!` comment. Text from another file counts as one line.
    pub(super) fn front_page(&self) -> Vec<String> {
        self.file.attrs.iter().filter_map(doc_line).collect()
    }

    /// The functions and methods of the file, without those inside of other functions.
    pub(super) fn functions(&self) -> Vec<Function<'_>> {
        let mut functions = Vec::new();
        collect(&self.file.items, false, &mut functions);
        functions
    }

    /// The implementations of traits and types outside of tests, with those in modules of the file.
    pub(super) fn implementations(&self) -> Vec<&ItemImpl> {
        fn collect<'a>(items: &'a [Item], found: &mut Vec<&'a ItemImpl>) {
            for item in items {
                match item {
                    Item::Impl(item) => found.push(item),
                    Item::Mod(module) if !is_for_tests(&module.attrs) => {
                        collect(module.content.as_ref().map_or(&[], |(_, items)| items), found);
                    }
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.file.items, &mut found);
        found
    }
}

/// A function or method.
pub(super) struct Function<'a> {
    pub(super) signature: &'a Signature,
    pub(super) attributes: &'a [Attribute],
    /// From the signature to the end of the body.
    pub(super) lines: (usize, usize),
    /// Whether it is in a module for tests.
    pub(super) is_in_tests: bool,
}

impl Function<'_> {
    /// Whether it is a test: `#[test]`, or the like of another crate.
    pub(super) fn is_test(&self) -> bool {
        let last_is_test = |attribute: &Attribute| {
            attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
        };
        self.attributes.iter().any(last_is_test)
    }
}

fn collect<'a>(items: &'a [Item], is_in_tests: bool, functions: &mut Vec<Function<'a>>) {
    let mut add = |signature: &'a Signature, attributes: &'a [Attribute], body: Span| {
        let lines = (signature.span().start().line, body.end().line);
        functions.push(Function { signature, attributes, lines, is_in_tests });
    };
    for item in items {
        match item {
            Item::Fn(item) => add(&item.sig, &item.attrs, item.block.span()),
            Item::Impl(item) => {
                for item in &item.items {
                    if let ImplItem::Fn(item) = item {
                        add(&item.sig, &item.attrs, item.block.span());
                    }
                }
            }
            Item::Trait(item) => {
                for item in &item.items {
                    if let TraitItem::Fn(item) = item
                        && let Some(block) = &item.default
                    {
                        add(&item.sig, &item.attrs, block.span());
                    }
                }
            }
            _ => {}
        }
    }
    for item in items {
        if let Item::Mod(module) = item
            && let Some((_, items)) = &module.content
        {
            collect(items, is_in_tests || is_for_tests(&module.attrs), functions);
        }
    }
}

/// Whether `#[cfg(test)]` is among these attributes.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

/// The text of a doc attribute. A comment of several lines has an attribute for each.
fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    if !pair.path.is_ident("doc") {
        return None;
    }
    match &pair.value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Rust {
        Rust::parse(text).unwrap()
    }

    #[test]
    fn functions_are_found_in_modules_and_types() {
        let source = rust(
            "fn a() {}\nimpl A { fn b(&self) {\n} }\ntrait T { fn c(&self); fn d(&self) {} }\n\
             #[cfg(test)]\nmod tests { #[test] fn e() {} }\n",
        );
        let functions = source.functions();
        let names: Vec<_> =
            functions.iter().map(|it| (it.signature.ident.to_string(), it.is_test())).collect();
        let expected = [("a", false), ("b", false), ("d", false), ("e", true)];
        assert_eq!(names, expected.map(|(name, is_test)| (name.to_owned(), is_test)));
        assert_eq!(functions[1].lines, (2, 3));
        assert!(functions[3].is_in_tests);
    }

    #[test]
    fn the_front_page_has_all_lines_of_its_comment() {
        assert_eq!(rust("//! A.\n//!\n//! B.\n\n/// C.\nfn c() {}\n").front_page(), [" A.", "", " B."]);
        assert!(rust("// A.\nfn a() {}\n").front_page().is_empty());
    }
}
