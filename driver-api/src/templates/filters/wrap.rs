//! Wrapping of lines as Python's `textwrap` does it.

/// How lines are wrapped.
pub(super) struct Wrap {
    pub(super) width: usize,
    pub(super) breaks_long_words: bool,
    pub(super) breaks_on_hyphens: bool,
}

/// Returns the lines of one line, each no wider than the width if that is possible.
pub(super) fn lines(text: &str, wrap: &Wrap) -> Vec<String> {
    let mut chunks = chunks(text, wrap.breaks_on_hyphens);
    chunks.reverse();
    let mut lines = Vec::new();
    while !chunks.is_empty() {
        let mut line: Vec<Vec<char>> = Vec::new();
        let mut width = 0;
        if !lines.is_empty() && chunks.last().is_some_and(|chunk| is_blank(chunk)) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.pop_if(|chunk| width + chunk.len() <= wrap.width) {
            width += chunk.len();
            line.push(chunk);
        }
        if let Some(long) = chunks.pop_if(|chunk| chunk.len() > wrap.width) {
            let (fits, rest) = break_long(long, wrap.width - width, wrap, line.is_empty());
            chunks.extend(rest);
            line.extend(fits);
        }
        if line.last().is_some_and(|chunk| is_blank(chunk)) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(line.into_iter().flatten().collect());
        }
    }
    lines
}

/// Breaks a chunk that is longer than a line, of which `room` characters are left.
fn break_long(
    mut chunk: Vec<char>,
    room: usize,
    wrap: &Wrap,
    is_alone: bool,
) -> (Option<Vec<char>>, Option<Vec<char>>) {
    if !wrap.breaks_long_words {
        return if is_alone { (Some(chunk), None) } else { (None, Some(chunk)) };
    }
    let mut end = room.max(1);
    if wrap.breaks_on_hyphens {
        let hyphen = chunk[..end.min(chunk.len())].iter().rposition(|char| *char == '-');
        if let Some(hyphen) = hyphen.filter(|hyphen| chunk[..*hyphen].iter().any(|char| *char != '-')) {
            end = hyphen + 1;
        }
    }
    let rest = chunk.split_off(end.min(chunk.len()));
    (Some(chunk), Some(rest).filter(|rest| !rest.is_empty()))
}

fn is_blank(chunk: &[char]) -> bool {
    chunk.iter().all(|char| char.is_whitespace())
}

/// Splits a line into blanks and words, and words behind their hyphens.
fn chunks(text: &str, breaks_on_hyphens: bool) -> Vec<Vec<char>> {
    let mut chunks: Vec<Vec<char>> = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    for (index, char) in chars.iter().enumerate() {
        let is_new = match index.checked_sub(1).map(|before| chars[before]) {
            None => true,
            Some(before) => {
                before.is_whitespace() != char.is_whitespace()
                    || (breaks_on_hyphens && before == '-' && is_break(&chars, index))
            }
        };
        if is_new {
            chunks.push(Vec::new());
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(*char);
        }
    }
    chunks
}

/// Tells whether a word may be broken here, behind a hyphen: between letters, and not behind a single one.
fn is_break(chars: &[char], index: usize) -> bool {
    let is_letter = |index: Option<usize>| {
        index.and_then(|index| chars.get(index)).is_some_and(|char| char.is_alphabetic() || *char == '_')
    };
    let is_hyphen = |index: usize| chars.get(index) == Some(&'-');
    let before = is_letter(index.checked_sub(2))
        && (is_letter(index.checked_sub(3))
            || (index >= 4 && is_hyphen(index - 3) && is_letter(index.checked_sub(4))));
    let after = is_letter(Some(index))
        && (is_letter(Some(index + 1)) || (is_hyphen(index + 1) && is_letter(Some(index + 2))));
    before && after
}
