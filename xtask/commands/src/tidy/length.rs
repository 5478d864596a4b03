//! Functions and files that a reader would cut.

use super::Complaint;
use super::source::{Rust, Source, is_for_tests};
use syn::Item;
use syn::spanned::Spanned as _;

const RULE: &str = "length";

/// The most lines of a function.
const FUNCTION: usize = 60;
/// The most lines of a file, without its tests.
const FILE: usize = 500;

pub(super) fn check(source: &Source) -> Vec<Complaint> {
    let Some(rust) = source.rust.as_ref().filter(|_| !source.is_test()) else { return Vec::new() };
    let mut complaints = Vec::new();
    for function in rust.functions().iter().filter(|it| !it.is_in_tests) {
        let (first, last) = function.lines;
        let count = last - first + 1;
        if count > FUNCTION {
            let name = &function.signature.ident;
            let message = format!("{name} has {count} lines; cut it where a reader would");
            complaints.push(Complaint::hint(&source.path, first, RULE, message));
        }
    }
    let count = source.text.lines().count() - lines_of_tests(rust);
    if count > FILE {
        let message = format!("{count} lines beside its tests; cut the file where a reader would");
        complaints.push(Complaint::hint(&source.path, 1, RULE, message));
    }
    complaints
}

fn lines_of_tests(rust: &Rust) -> usize {
    let lines = |item: &Item| match item {
        Item::Mod(module) if is_for_tests(&module.attrs) => {
            module.span().end().line - module.span().start().line + 1
        }
        _ => 0,
    };
    rust.file.items.iter().map(lines).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Source::new(path, text).unwrap()).iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn long_functions_and_files_get_a_hint() {
        let long = format!("\nfn a() {{\n{}}}\n", "f();\n".repeat(59));
        assert_eq!(lines("a.rs", &long), [2]);
        assert_eq!(lines("a.rs", &"\n".repeat(501)), [1]);
    }

    #[test]
    fn short_ones_and_tests_get_none() {
        let body = "f();\n".repeat(58);
        assert_eq!(lines("a.rs", &format!("fn a() {{\n{body}}}\n")), [0; 0]);
        let tests =
            format!("#[cfg(test)]\nmod tests {{\n#[test]\nfn a() {{\n{}}}\n}}\n", "f();\n".repeat(600));
        assert_eq!(lines("a.rs", &tests), [0; 0]);
        for path in ["a/tests/b.rs", "a/src/b/tests.rs"] {
            assert_eq!(lines(path, &"\n".repeat(501)), [0; 0]);
        }
    }
}
