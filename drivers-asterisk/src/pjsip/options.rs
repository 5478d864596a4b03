//! Lists of options, and the form in which they are inherited and written.

use std::borrow::Cow;

/// The options of one section, in order.
#[derive(Clone, Default)]
pub(super) struct Options<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Options<'a> {
    pub(super) fn with_capacity(capacity: usize) -> Options<'a> {
        Options(Vec::with_capacity(capacity))
    }

    pub(super) fn push(&mut self, key: &'a str, value: impl Into<Cow<'a, str>>) {
        self.0.push((key, value.into()));
    }

    /// Sets a variable of the channels of an endpoint.
    pub(super) fn set_var(&mut self, variable: &str, value: &str) {
        self.push("set_var", [variable, "=", value].concat());
    }

    pub(super) fn extend(&mut self, other: &Options<'a>) {
        self.0.extend_from_slice(&other.0);
    }

    /// The value of the last option of this key.
    pub(super) fn last(&self, key: &str) -> Option<&str> {
        self.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&'a str, &str)> {
        self.0.iter().map(|(key, value)| (*key, &**value))
    }

    /// Each key once, at the place of its first option and with the value of its last; then the options
    /// of the keys that may be repeated, without duplicates.
    ///
    /// A list that consists of canonical lists has the same canonical form as one of raw lists, so what
    /// is inherited can be reduced already.
    pub(super) fn canonical(self) -> Options<'a> {
        let mut once = Options(Vec::with_capacity(self.0.len()));
        let mut repeated = Options::default();
        for (key, value) in self.0 {
            if matches!(key, "set_var" | "match") {
                if !repeated.0.iter().any(|(k, v)| *v == value && *k == key) {
                    repeated.push(key, value);
                }
            } else if let Some((_, earlier)) = once.0.iter_mut().find(|(name, _)| *name == key) {
                *earlier = value;
            } else {
                once.push(key, value);
            }
        }
        once.0.append(&mut repeated.0);
        once
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(options: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut list = Options::default();
        for (key, value) in options {
            list.push(key, *value);
        }
        list.canonical().iter().map(|(key, value)| format!("{key}={value}")).collect()
    }

    #[test]
    fn a_key_stands_at_its_first_place_with_its_last_value() {
        assert_eq!(canonical(&[("a", "1"), ("b", "2"), ("a", "3")]), ["a=3", "b=2"]);
    }

    #[test]
    fn variables_and_matches_are_repeated_but_not_doubled() {
        let options = [
            ("set_var", "B=2"),
            ("match", "m"),
            ("set_var", "A= 1"),
            ("set_var", "B=2"),
            ("k", "v"),
            ("set_var", "A=1"),
            ("match", "B=2"),
        ];
        let expected = ["k=v", "set_var=B=2", "match=m", "set_var=A= 1", "set_var=A=1", "match=B=2"];
        assert_eq!(canonical(&options), expected);
    }

    #[test]
    fn other_spellings_are_ordinary_keys() {
        let options = [
            (" set_var", "1"),
            ("Set_Var", "1"),
            ("set_var ", "1"),
            (" set_var", "2"),
            ("MATCH", "1"),
            ("MATCH", "2"),
        ];
        assert_eq!(canonical(&options), [" set_var=2", "Set_Var=1", "set_var =1", "MATCH=2"]);
    }
}
