//! The extensions that phones dial for a function: a code and its arguments.

/// Returns the literal prefix of an extension: `*21` of the pattern `_*21.`, and all of a plain number.
///
/// A pattern begins with `_`; its first `[`, `N`, `X`, `Z`, `!` or `.` stands for digits.
pub(super) fn clean_extension(exten: &str) -> &str {
    let Some(pattern) = exten.strip_prefix('_') else { return exten };
    let end = pattern.find(['[', 'N', 'X', 'Z', '!', '.']).unwrap_or(pattern.len());
    &pattern[..end]
}

/// Returns the extension that has the state of a function key: a prefix, then the components of the key with a
/// `*` between them.
///
/// A `*` within a component is `**` and the number of the component. Empty components are left out, and not
/// counted.
pub(super) fn fkey_extension(prefix: &str, components: &[&str]) -> String {
    let mut extension = clean_extension(prefix).to_owned();
    let components = components.iter().map(|component| clean_extension(component));
    for (number, component) in (1..).zip(components.filter(|component| !component.is_empty())) {
        if number > 1 {
            extension.push('*');
        }
        if component.contains('*') {
            extension.push_str(&component.replace('*', &format!("**{number}")));
        } else {
            extension.push_str(component);
        }
    }
    extension
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_a_literal_prefix() {
        for (exten, prefix) in [
            ("", ""),
            ("_", ""),
            ("100", "100"),
            ("*98", "*98"),
            ("_*735.", "*735"),
            ("_*21.", "*21"),
            ("1XX.", "1XX."),
            ("[1]", "[1]"),
            (" _1X", " _1X"),
            ("_12a-b", "12a-b"),
            ("_*2[1-3]X", "*2"),
            ("_1XX", "1"),
            ("_X.", ""),
            ("_00!", "00"),
            ("_9NXX", "9"),
            ("_9ZXX", "9"),
            ("_n1x", "n1x"),
            ("__1", "_1"),
            ("_1_2X", "1_2"),
            ("_ 1X", " 1"),
            ("_*37.;x", "*37"),
            ("_é1X", "é1"),
        ] {
            assert_eq!(clean_extension(exten), prefix, "{exten}");
        }
    }

    #[test]
    fn the_components_of_a_key_are_separated() {
        for (prefix, components, extension) in [
            ("_*735.", &["12", "*25", ""][..], "*73512***225"),
            ("_*735.", &["12", "_*21.", ""], "*73512***221"),
            ("_*735.", &["12", "*21", "1234"], "*73512***221*1234"),
            ("_*735.", &["12", "*21", "*98"], "*73512***221***398"),
            ("_*735.", &["12", "*21", "**"], "*73512***221***3**3"),
            ("_*735.", &["12", "*30", "*42"], "*73512***230***342"),
            ("_*735.", &["12", "_X.", "7"], "*73512*7"),
            ("_*735.", &["12", "_X.", "*7"], "*73512***27"),
            ("_*735.", &["12", "*21", "_12X."], "*73512***221*12"),
            ("_*735.", &["12", "2*5*", ""], "*73512*2**25**2"),
            ("_*735.", &["1", "a*", "b*", "*c*"], "*7351*a**2*b**3***4c**4"),
            ("_*735.", &["12", "*21", "+33 6"], "*73512***221*+33 6"),
            ("", &["12", "*25"], "12***225"),
            ("", &["1"], "1"),
            ("*735", &[], "*735"),
        ] {
            assert_eq!(fkey_extension(prefix, components), extension, "{prefix} {components:?}");
        }
    }
}
