//! The names of tests: the rule that a test shows, in a few plain words.

use super::Complaint;
use super::source::{Function, Rust, Source};

const RULE: &str = "test-name";

/// The most characters that a name may have.
const LONGEST: usize = 60;

/// The beginnings of names that say nothing of a rule.
const RELATIVE: &[&str] = &["who_", "what_", "whoever_"];

pub(super) fn check(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let functions = source.rust.iter().flat_map(Rust::functions);
    for test in functions.filter(Function::is_test) {
        let name = test.signature.ident.to_string();
        let mut complain = |message| {
            complaints.push(Complaint::error(&source.path, test.lines.0, RULE, message));
        };
        let length = name.chars().count();
        if length > LONGEST {
            complain(format!("{name} has {length} characters; name the rule in at most {LONGEST}"));
        }
        if let Some(word) = RELATIVE.iter().find(|word| name.starts_with(*word)) {
            complain(format!("{name} begins with {word}; name the subject of the rule"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Source::new("a.rs", text).unwrap()).iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn long_and_relative_names_are_refused() {
        let long = "a".repeat(61);
        let text = format!(
            "#[test]\nfn {long}() {{}}\n#[test]\nfn who_asks() {{}}\n#[tokio::test]\nasync fn what_is() {{}}\n"
        );
        assert_eq!(lines(&text), [2, 4, 6]);
    }

    #[test]
    fn other_names_and_other_functions_are_fine() {
        let long = "a".repeat(60);
        assert_eq!(
            lines(&format!("#[test]\nfn {long}() {{}}\nfn what_is() {{}}\n#[test]\nfn whole() {{}}\n")),
            [0; 0]
        );
    }
}
