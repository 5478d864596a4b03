//! The text of comments and documents: paragraphs, and the sentences in them.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

/// Some sentences that belong together, on one line.
#[derive(Debug, PartialEq)]
pub(super) struct Paragraph {
    pub(super) text: String,
    /// For each line of the source: where it begins in `text`, and its number.
    lines: Vec<(usize, usize)>,
}

/// A sentence, and the line on which it begins.
#[derive(Debug, PartialEq)]
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// A line of text, and its number.
type Line<'a> = (usize, &'a str);

/// The paragraphs of all comments in a Rust source.
pub(super) fn of_rust(text: &str, tokens: &TokenStream) -> Vec<Paragraph> {
    blocks(text, tokens).iter().flat_map(|block| paragraphs(block)).collect()
}

/// The paragraphs of a Markdown document, without headings, tables and code.
pub(super) fn of_markdown(text: &str) -> Vec<Paragraph> {
    let lines: Vec<Line<'_>> = text.lines().enumerate().map(|(index, line)| (index + 1, line)).collect();
    paragraphs(&lines)
}

/// The paragraphs of comments that begin with `#`.
pub(super) fn of_hash_comments(text: &str) -> Vec<Paragraph> {
    let comment = |line| str::trim_start(line).strip_prefix('#').unwrap_or_default();
    let lines: Vec<Line<'_>> =
        text.lines().enumerate().map(|(index, line)| (index + 1, comment(line))).collect();
    paragraphs(&lines)
}

impl Paragraph {
    pub(super) fn sentences(&self) -> Vec<Sentence<'_>> {
        let mut starts = vec![0];
        for (index, _) in self.text.match_indices(['.', '?', '!']) {
            let rest = self.text[index + 1..].trim_start_matches([')', '"', '*']);
            if rest.starts_with(' ') && rest.trim_start().starts_with(char::is_uppercase) {
                starts.push(self.text.len() - rest.trim_start().len());
            }
        }
        let ends = starts.iter().copied().skip(1).chain([self.text.len()]);
        let sentence = |(start, end): (usize, usize)| Sentence {
            text: self.text[start..end].trim_end(),
            line: self.line(start),
        };
        starts.iter().copied().zip(ends).map(sentence).collect()
    }

    fn line(&self, offset: usize) -> usize {
        self.lines.iter().rfind(|(start, _)| *start <= offset).map_or(1, |(_, line)| *line)
    }

    fn push(&mut self, line: usize, text: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.lines.push((self.text.len(), line));
        self.text.push_str(text);
    }
}

/// Joins lines of prose. Empty lines, list items and headings separate paragraphs.
fn paragraphs(lines: &[Line<'_>]) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let mut is_code = false;
    let mut is_new = true;
    for (number, line) in lines {
        let line = line.trim().trim_start_matches("> ");
        if line.starts_with("```") {
            is_code = !is_code;
        }
        if is_code || line.is_empty() || line.starts_with(['#', '|']) || line.starts_with("```") {
            is_new = true;
            continue;
        }
        let item = without_list_marker(line);
        if is_new || item.is_some() {
            paragraphs.push(Paragraph { text: String::new(), lines: Vec::new() });
        }
        is_new = false;
        if let Some(paragraph) = paragraphs.last_mut() {
            paragraph.push(*number, item.unwrap_or(line));
        }
    }
    paragraphs
}

fn without_list_marker(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marker = if rest.len() < line.len() { ". " } else { "- " };
    rest.strip_prefix(marker).or_else(|| line.strip_prefix("* ")).map(str::trim_start)
}

/// The comments of a source. Lines of the same kind below each other are one block.
fn blocks<'a>(text: &'a str, tokens: &TokenStream) -> Vec<Vec<Line<'a>>> {
    let mut code = Vec::new();
    code_ranges(text, tokens, &mut code);
    code.push(text.len()..text.len());
    let mut blocks: Vec<Vec<Line<'_>>> = Vec::new();
    let mut last = (0, "");
    let (mut number, mut counted) = (1, 0);
    let mut start = 0;
    for range in code {
        let gap = text.get(start..range.start).unwrap_or_default();
        number += text[counted..start].matches('\n').count();
        counted = start;
        for (number, line) in (number..).zip(gap.split('\n').map(str::trim)) {
            if line.is_empty() {
                continue;
            }
            let marker = marker(line);
            let content = line[marker.len()..].trim_end_matches("*/");
            match blocks.last_mut() {
                Some(block) if last == (number - 1, marker) => block.push((number, content)),
                _ => blocks.push(vec![(number, content)]),
            }
            last = (number, marker);
        }
        start = range.end.max(start);
    }
    blocks
}

fn marker(line: &str) -> &str {
    let markers = ["///", "//!", "//", "/**", "/*!", "/*", "*"];
    markers.into_iter().find(|marker| line.starts_with(marker) && line != "*/").unwrap_or("")
}

/// The places of all tokens that are no documentation, in order. Comments are in the gaps between them.
fn code_ranges(text: &str, tokens: &TokenStream, ranges: &mut Vec<Range<usize>>) {
    for token in tokens.clone() {
        let range = token.span().byte_range();
        // A doc comment is an attribute to the compiler. The span of its tokens is that of the comment.
        if text.get(range.clone()).is_some_and(|it| it.starts_with("//") || it.starts_with("/*")) {
            continue;
        }
        if let TokenTree::Group(group) = &token {
            ranges.push(group.span_open().byte_range());
            code_ranges(text, &group.stream(), ranges);
            ranges.push(group.span_close().byte_range());
        } else {
            ranges.push(range);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Vec<(String, usize)> {
        let paragraphs = of_rust(text, &text.parse().unwrap());
        paragraphs.iter().flat_map(Paragraph::sentences).map(|it| (it.text.to_owned(), it.line)).collect()
    }

    fn markdown(text: &str) -> Vec<(String, usize)> {
        let paragraphs = of_markdown(text);
        paragraphs.iter().flat_map(Paragraph::sentences).map(|it| (it.text.to_owned(), it.line)).collect()
    }

    fn expected(sentences: &[(&str, usize)]) -> Vec<(String, usize)> {
        sentences.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect()
    }

    #[test]
    fn comments_of_every_kind_are_read() {
        let text = "//! Éa. B goes\n//! on.\n\n/// C\nfn c() {\n    // D.\n    let x = \"// no\"; // E.\n    f(r#\"\n// no\n\"#);\n}\n/* F. */\n";
        let sentences = [("Éa.", 1), ("B goes on.", 1), ("C", 4), ("D.", 6), ("E.", 7), ("F.", 12)];
        assert_eq!(rust(text), expected(&sentences));
    }

    #[test]
    fn blocks_end_at_blank_lines_and_other_markers() {
        assert_eq!(rust("// A\n\n// B\n/// C\nfn c() {}\n"), expected(&[("A", 1), ("B", 3), ("C", 4)]));
    }

    #[test]
    fn code_in_documentation_is_no_sentence() {
        assert_eq!(
            rust("/// A.\n///\n/// ```\n/// Who::new();\n/// ```\n/// B.\nfn b() {}\n"),
            expected(&[("A.", 1), ("B.", 6)])
        );
    }

    #[test]
    fn documents_have_paragraphs_and_lists() {
        let text = "# Who?\n\nA. B\nc.\n\n- D\n  e\n- F\n1. G\n\n| H |\n\n```\nI\n```\n";
        let sentences = [("A.", 3), ("B c.", 3), ("D e", 6), ("F", 8), ("G", 9)];
        assert_eq!(markdown(text), expected(&sentences));
    }

    #[test]
    fn comments_of_configuration_files_are_read() {
        let paragraphs = of_hash_comments("# A\n# b.\nkey: 1 # c\n\n  # D\n");
        let sentences: Vec<_> = paragraphs.iter().flat_map(Paragraph::sentences).collect();
        let texts: Vec<_> = sentences.iter().map(|sentence| (sentence.text, sentence.line)).collect();
        assert_eq!(texts, [("A b.", 1), ("D", 5)]);
    }

    #[test]
    fn a_dot_within_a_name_ends_no_sentence() {
        assert_eq!(
            markdown("See pjsip.conf. and (a.) B.\n"),
            expected(&[("See pjsip.conf. and (a.)", 1), ("B.", 1)])
        );
    }
}
