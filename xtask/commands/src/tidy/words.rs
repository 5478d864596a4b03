//! Plain words: sentences with a subject, and the field's terms in place of invented ones.

use super::Complaint;
use super::comments::{self, Sentence};
use super::source::{Rust, Source};
use proc_macro2::{TokenStream, TokenTree};

const RULE: &str = "words";

/// Words that are not used here, where they are not used, and what to write instead.
const FORBIDDEN: &[(&str, Scope, &str)] = &[
    ("Made", Scope::Name, "Generated"),
    ("OfFile", Scope::Name, "FileLabels"),
    ("Turns", Scope::Name, "Coalescer"),
    ("hasty", Scope::Text, "fail fast"),
    ("in vain", Scope::Text, "fails, has no effect, gets no answer"),
    ("late comer", Scope::Text, "later caller"),
    ("late comers", Scope::Text, "later callers"),
    ("latecomer", Scope::Text, "later caller"),
    ("latecomers", Scope::Text, "later callers"),
    ("somebody is at it", Scope::Text, "is being generated"),
    ("trouble", Scope::Name, "error or problem"),
    ("vain", Scope::Name, "failed"),
    ("who is at it", Scope::Text, "is being generated"),
];

#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// In code, comments and documents, also as a part of a name: `waited_in_vain`.
    Text,
    /// As the whole name of a Rust item, field or variable.
    Name,
}

fn forbidden(scope: Scope) -> impl Iterator<Item = (&'static str, &'static str)> {
    FORBIDDEN.iter().filter(move |(_, of, _)| *of == scope).map(|(text, _, instead)| (*text, *instead))
}

/// Words that begin a relative clause where a subject is expected.
const RELATIVE: &[&str] = &["Who", "Whoever", "Whatever"];

/// The list of words itself.
const THIS_FILE: &str = "xtask/commands/src/tidy/words.rs";

pub(super) fn check(source: &Source) -> Vec<Complaint> {
    if source.path == THIS_FILE {
        return Vec::new();
    }
    let mut complaints = phrases(source);
    let paragraphs = match &source.rust {
        Some(rust) => comments::of_rust(&source.text, &rust.tokens),
        None if source.is_markdown() => comments::of_markdown(&source.text),
        None if source.has_hash_comments() => comments::of_hash_comments(&source.text),
        None => Vec::new(),
    };
    let sentences = paragraphs.iter().flat_map(comments::Paragraph::sentences);
    complaints.extend(sentences.filter_map(|sentence| beginning(source, &sentence)));
    if let Some(rust) = &source.rust {
        names(source, rust, &mut complaints);
    }
    complaints
}

/// A complaint about the first words of a sentence that is no question.
fn beginning(source: &Source, sentence: &Sentence<'_>) -> Option<Complaint> {
    if sentence.text.trim_end_matches(['"', ')', '*', '`']).ends_with('?') {
        return None;
    }
    let mut words = sentence.text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let (first, second) = (words.next()?, words.next().unwrap_or_default());
    // A quoted or linked name is a subject.
    if !sentence.text.starts_with(first) {
        return None;
    }
    if RELATIVE.contains(&first) {
        let message = format!(
            "a sentence begins with a relative {first:?}; begin with the subject: the client, the driver"
        );
        return Some(Complaint::error(&source.path, sentence.line, RULE, message));
    }
    let is_clause = match first {
        "What" => true,
        "That" => ["a", "an", "it", "no", "the", "there", "they"].contains(&second),
        _ => false,
    };
    let message =
        format!("a sentence begins with {first:?}; begin with the subject, or with what the function does");
    is_clause.then(|| Complaint::hint(&source.path, sentence.line, RULE, message))
}

/// The forbidden phrases in a text of any kind.
fn phrases(source: &Source) -> Vec<Complaint> {
    let words = words(&source.text);
    let phrases: Vec<(Vec<&str>, &str)> =
        forbidden(Scope::Text).map(|(text, instead)| (text.split(' ').collect(), instead)).collect();
    let mut complaints = Vec::new();
    for index in 0..words.len() {
        for (phrase, instead) in &phrases {
            if begins_with(&words[index..], phrase, &source.text) {
                let message = format!("{:?} is not plain; write {instead:?}", phrase.join(" "));
                complaints.push(Complaint::error(&source.path, words[index].line, RULE, message));
            }
        }
    }
    complaints
}

fn begins_with(words: &[Word<'_>], phrase: &[&str], text: &str) -> bool {
    let Some(found) = words.get(..phrase.len()) else { return false };
    found.iter().zip(phrase).all(|(word, expected)| word.text.eq_ignore_ascii_case(expected))
        && found.windows(2).all(|pair| is_blank(&text[pair[0].end..pair[1].start()]))
}

struct Word<'a> {
    text: &'a str,
    end: usize,
    line: usize,
}

impl Word<'_> {
    fn start(&self) -> usize {
        self.end - self.text.len()
    }
}

/// The words of a text. Those of a name are apart, in `snake_case` and in `CamelCase`.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut start, mut line) = (None, 1);
    let mut before = ' ';
    for (index, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_new = c.is_uppercase() && before.is_lowercase();
        if (!c.is_alphabetic() || is_new)
            && let Some(start) = start.take()
        {
            words.push(Word { text: &text[start..index], end: index, line });
        }
        if c.is_alphabetic() && start.is_none() {
            start = Some(index);
        }
        line += usize::from(c == '\n');
        before = c;
    }
    words
}

/// Whether this may stand between the words of a phrase: a blank, the marker of a comment's next line, or what joins
/// the words of a name.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '_' | '-' | '/' | '!'))
}

/// The forbidden names among the identifiers of a Rust source.
fn names(source: &Source, rust: &Rust, complaints: &mut Vec<Complaint>) {
    let mut found = Vec::new();
    identifiers(&rust.tokens, &mut found);
    for (name, line) in found {
        if let Some((_, instead)) = forbidden(Scope::Name).find(|(text, _)| *text == name) {
            let message = format!("the name {name} is not plain; call it {instead}, say");
            complaints.push(Complaint::error(&source.path, line, RULE, message));
        }
        if name.starts_with("has_") && name.ends_with("_to_say") {
            let message = format!("the name {name} is not plain; name what there is, like has_warnings");
            complaints.push(Complaint::error(&source.path, line, RULE, message));
        }
    }
}

fn identifiers(tokens: &TokenStream, found: &mut Vec<(String, usize)>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => identifiers(&group.stream(), found),
            TokenTree::Ident(name) => found.push((name.to_string(), name.span().start().line)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<(usize, Level)> {
        let source = Source::new(path, text).unwrap();
        check(&source).iter().map(|complaint| (complaint.line, complaint.level)).collect()
    }

    #[test]
    fn a_relative_clause_is_no_subject() {
        let bad = "/// Who asks, waits.\nfn a() {\n    // Stops. Whoever reads\n    // sees it.\n}\n";
        assert_eq!(complaints("a.rs", bad), [(1, Level::Error), (3, Level::Error)]);
        let text = "A reply. Whatever\nit is.\n\n- Who comes later waits.\n";
        assert_eq!(complaints("a.md", text), [(1, Level::Error), (4, Level::Error)]);
    }

    #[test]
    fn questions_names_and_other_subjects_are_fine() {
        let good = "//! Who owns this file?\n\n/// A client who asks. `Who` is a name. Whole files, and \"Who\".\nfn a() {}\n";
        assert_eq!(complaints("a.rs", good), []);
        assert_eq!(complaints("a.md", "# Who asks\n\nSee the WHO. | Who |\n\n| Who |\n"), []);
        assert_eq!(complaints("a.rs", "const A: &str = \"\n// Who asks\n\";\n"), []);
    }

    #[test]
    fn a_clause_with_what_or_that_is_a_hint() {
        assert_eq!(complaints("a.rs", "/// What a file has.\nfn a() {}\n"), [(1, Level::Hint)]);
        assert_eq!(complaints("a.md", "That the file is absent is an error.\n"), [(1, Level::Hint)]);
        assert_eq!(complaints("a.md", "That is why. That makes it fast. What is it?\n"), []);
    }

    #[test]
    fn forbidden_phrases_are_found_in_text_and_names() {
        assert_eq!(complaints("a.md", "It waits in\nvain.\n"), [(1, Level::Error)]);
        assert_eq!(complaints("a.rs", "// Waits in\n// vain.\nfn waited_in_vain() {}\n").len(), 2);
        assert_eq!(complaints("a.rs", "struct HastyCaller;\nfn late_comers() {}\n").len(), 2);
        assert_eq!(complaints("a.toml", "# A vein, in\n# hast.\n"), []);
        assert_eq!(complaints("a.md", "He acts in. Vain people.\n"), []);
    }

    #[test]
    fn forbidden_names_are_only_names() {
        assert_eq!(complaints("a.rs", "/// Turns a row into text, without trouble.\nfn a() {}\n"), []);
        let names = "struct Turns;\nfn trouble() {}\nfn has_much_to_say() {}\n";
        assert_eq!(complaints("a.rs", names).len(), 3);
    }
}
