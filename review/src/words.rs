//! Words and numbers of the texts.

/// Returns the plural of a word.
pub(crate) fn plural(word: &str) -> String {
    let before_y = word.strip_suffix('y').filter(|rest| !rest.ends_with(['a', 'e', 'i', 'o', 'u']));
    match before_y {
        Some(rest) => format!("{rest}ies"),
        None if ["s", "x", "ch", "sh"].iter().any(|end| word.ends_with(end)) => format!("{word}es"),
        None => format!("{word}s"),
    }
}

/// Formats a number with a comma between groups of three digits.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// Returns a number with its noun, in the singular or the plural.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {}", grouped(count), plural(noun)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_their_plurals() {
        let table = [
            ("endpoint", "endpoints"),
            ("key", "keys"),
            ("registry", "registries"),
            ("identify", "identifies"),
            ("music class", "music classes"),
            ("mailbox", "mailboxes"),
            ("domain-alias", "domain-aliases"),
        ];
        for (noun, expected) in table {
            assert_eq!(plural(noun), expected);
        }
        assert_eq!([counted(1, "aor"), counted(1042, "aor")], ["1 aor", "1,042 aors"]);
    }

    #[test]
    fn a_number_has_groups_of_three_digits() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(1000), grouped(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
