//! Patterns of extensions, such as `_NXX.`.

use bstr::BStr;

use super::name;

/// The fault of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A `[` has no `]`: nothing matches the pattern.
    OpenBracket,
    /// No character is between brackets: `[]`. Asterisk ignores them.
    NoCharacter,
    /// A range ends before it begins, such as `[z-a]`: nothing matches it.
    EmptyRange,
}

/// Returns whether the name of an extension is a pattern.
pub(crate) fn is_pattern(number: &[u8]) -> bool {
    number.first() == Some(&b'_')
}

/// Returns whether an extension matches a dialled number, as Asterisk compares the two.
pub(crate) fn matches(extension: &[u8], dialled: &[u8]) -> bool {
    match extension.strip_prefix(b"_") {
        Some(pattern) => extension == dialled || matches_pattern(pattern, dialled),
        None => name::identity(extension) == name::identity(dialled),
    }
}

/// A part of a pattern that stands for one character or for the end of the number.
enum Part<'p> {
    /// Any of these characters.
    Set(&'p [u8]),
    Literal(u8),
    /// A digit, at least this one.
    Digit(u8),
    /// The rest of the number, at least one character.
    Rest,
    /// The rest of the number, which may be empty.
    AnyRest,
    /// Brackets without their end.
    Open,
}

/// The parts of a pattern behind its `_`.
struct Parts<'p>(&'p [u8]);

impl<'p> Iterator for Parts<'p> {
    type Item = Part<'p>;

    fn next(&mut self) -> Option<Part<'p>> {
        loop {
            let (&first, rest) = self.0.split_first()?;
            self.0 = rest;
            return Some(match first {
                b' ' | b'-' => continue,
                b'X' | b'x' => Part::Digit(b'0'),
                b'Z' | b'z' => Part::Digit(b'1'),
                b'N' | b'n' => Part::Digit(b'2'),
                b'.' => Part::Rest,
                b'!' => Part::AnyRest,
                b'[' => {
                    let Some(end) = rest.iter().position(|&c| c == b']') else { return Some(Part::Open) };
                    let (set, rest) = rest.split_at(end);
                    self.0 = rest.get(1..).unwrap_or_default();
                    if set.is_empty() {
                        continue;
                    }
                    Part::Set(set)
                }
                literal => Part::Literal(literal),
            });
        }
    }
}

impl Part<'_> {
    /// Returns whether a character may stand at both parts.
    fn meets(&self, other: &Part<'_>) -> bool {
        match (self, other) {
            (Part::Literal(literal), part) | (part, Part::Literal(literal)) => part.has(*literal),
            _ => (0..=u8::MAX).any(|c| self.has(c) && other.has(c)),
        }
    }

    fn has(&self, c: u8) -> bool {
        match self {
            Part::Set(set) => ranges(set).any(|(from, to)| (from..=to).contains(&c)),
            Part::Literal(literal) => *literal == c,
            Part::Digit(from) => (*from..=b'9').contains(&c),
            Part::Rest | Part::AnyRest | Part::Open => false,
        }
    }
}

/// Returns whether a number may match both extensions, of which at least one is a pattern.
pub(crate) fn overlap(one: &[u8], other: &[u8]) -> bool {
    let (mut one, mut other) = (parts(one), parts(other));
    loop {
        match (one.next(), other.next()) {
            (None, None | Some(Part::AnyRest)) | (Some(Part::AnyRest), None) => return true,
            (None, Some(_)) | (Some(_), None) => return false,
            (Some(Part::Rest | Part::AnyRest), _) | (_, Some(Part::Rest | Part::AnyRest)) => return true,
            (Some(one), Some(other)) => {
                if !one.meets(&other) {
                    return false;
                }
            }
        }
    }
}

/// Returns the parts of an extension. One that is no pattern has its characters.
fn parts(extension: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let (pattern, number) = match extension.strip_prefix(b"_") {
        Some(pattern) => (pattern, &b""[..]),
        None => (&b""[..], extension),
    };
    let literals = number.iter().copied().filter(|c| !matches!(c, b'-' | b' ')).map(Part::Literal);
    Parts(pattern).chain(literals)
}

fn matches_pattern(pattern: &[u8], dialled: &[u8]) -> bool {
    let mut parts = Parts(pattern);
    for &c in dialled.iter().filter(|&&c| c != b'-') {
        match parts.next() {
            Some(Part::Rest | Part::AnyRest) => return true,
            Some(part) if part.has(c) => {}
            _ => return false,
        }
    }
    matches!(parts.next(), None | Some(Part::AnyRest))
}

/// Returns the ranges of a set in brackets; a single character is a range of one.
fn ranges(mut set: &[u8]) -> impl Iterator<Item = (u8, u8)> {
    std::iter::from_fn(move || match set {
        [from, b'-', to, rest @ ..] => {
            set = rest;
            Some((*from, *to))
        }
        [single, rest @ ..] => {
            set = rest;
            Some((*single, *single))
        }
        [] => None,
    })
}

/// Returns what is wrong with a pattern.
pub(crate) fn fault(extension: &BStr) -> Option<Fault> {
    let mut rest = extension.strip_prefix(b"_")?;
    while let Some(start) = rest.iter().position(|&c| c == b'[') {
        rest = rest.get(start + 1..)?;
        let Some(end) = rest.iter().position(|&c| c == b']') else { return Some(Fault::OpenBracket) };
        let (set, behind) = rest.split_at(end);
        if set.is_empty() {
            return Some(Fault::NoCharacter);
        }
        if ranges(set).any(|(from, to)| from > to) {
            return Some(Fault::EmptyRange);
        }
        rest = behind;
    }
    None
}

/// The most bytes of an extension that a channel can dial.
const LONGEST: usize = 80;

/// Returns all numbers that match a pattern, if they are at most `limit`.
pub(crate) fn numbers(extension: &BStr, limit: usize) -> Option<Vec<Vec<u8>>> {
    if extension.len() > LONGEST {
        return None;
    }
    let mut numbers = vec![Vec::new()];
    for part in Parts(extension.strip_prefix(b"_")?) {
        if matches!(part, Part::Rest | Part::AnyRest | Part::Open) {
            return None;
        }
        let characters: Vec<u8> = (0..=u8::MAX).filter(|&c| part.has(c)).collect();
        if numbers.len() * characters.len() > limit {
            return None;
        }
        let longer = |number: &Vec<u8>| {
            let number = number.clone();
            characters.iter().map(move |&c| [number.as_slice(), &[c]].concat()).collect::<Vec<_>>()
        };
        numbers = numbers.iter().flat_map(longer).collect();
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_asterisk_does() {
        let table = [
            ("_NXZ", "201", true),
            ("_nxz", "201", true),
            ("_NXZ", "101", false),
            ("_NXZ", "200", false),
            ("_NXZ", "2011", false),
            ("_NXZ", "20", false),
            ("_0.", "0", false),
            ("_0.", "01", true),
            ("_0!", "0", true),
            ("_0!", "012", true),
            ("_[1-35]X", "20", true),
            ("_[1-35]X", "50", true),
            ("_[1-35]X", "40", false),
            ("_[-1]", "1", true),
            ("_1[]2", "12", true),
            ("_1[2", "12", false),
            ("_1-2 3", "123", true),
            ("_123", "1-2-3", true),
            ("_*21.", "*2155", true),
            ("_a.", "A1", false),
            ("_X.", "_X.", true),
            ("12", "1-2", true),
            ("1-2", "12", true),
            ("12", "123", false),
            ("_", "", true),
            ("_.", "h", true),
        ];
        for (extension, dialled, expected) in table {
            assert_eq!(matches(extension.as_bytes(), dialled.as_bytes()), expected, "{extension} {dialled}");
        }
    }

    #[test]
    fn a_pattern_can_be_wrong() {
        let table = [
            ("_[1-3]X", None),
            ("1[2", None),
            ("_[12", Some(Fault::OpenBracket)),
            ("_[1][2", Some(Fault::OpenBracket)),
            ("_1[]", Some(Fault::NoCharacter)),
            ("_[z-a]", Some(Fault::EmptyRange)),
            ("_[2-13-1]", Some(Fault::EmptyRange)),
        ];
        for (extension, expected) in table {
            assert_eq!(fault(BStr::new(extension)), expected, "{extension}");
        }
    }

    #[test]
    fn patterns_overlap_if_a_number_matches_both() {
        let table = [
            ("_2XX", "_XXX", true),
            ("_2XX", "_2.", true),
            ("_2XX", "_3.", false),
            ("_2XX", "2-11", true),
            ("_2XX", "21", false),
            ("_2XX!", "211", true),
            ("_[1-3]", "_[3-5]", true),
            ("_[1-3]", "_[4-5]", false),
            ("_X", "_N", true),
        ];
        for (one, other, expected) in table {
            assert_eq!(overlap(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
            assert_eq!(overlap(other.as_bytes(), one.as_bytes()), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_small_pattern_has_few_numbers() {
        assert_eq!(numbers(BStr::new("_1[23]"), 10).unwrap(), [b"12", b"13"]);
        assert_eq!(numbers(BStr::new("_1XX"), 10), None);
        assert_eq!(numbers(BStr::new("_1."), 10), None);
    }
}
