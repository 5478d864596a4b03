//! Compares the options of two sections.

use std::borrow::Cow;
use std::collections::HashMap;

use asterisk_conf::{ConfigOption, Section};
use bstr::{BStr, ByteSlice as _};

use super::OptionChange;
use super::secrets::{Secret, Secrets};

/// Options that may be repeated, and whose order does not count.
const UNORDERED: &[&str] = &[
    "contact",
    "list_item",
    "local_net",
    "match",
    "match_header",
    "noload",
    "register",
    "set_var",
    "setvar",
];

/// Options that name a variable before a `=`: each variable counts as an option of its own.
const VARIABLES: &[&str] = &["set_var", "setvar"];

/// Options that apply in the order of their lines, all of a pair together.
const IN_ORDER: &[[&str; 2]] = &[
    ["allow", "disallow"],
    ["permit", "deny"],
    ["contact_permit", "contact_deny"],
    ["ice_permit", "ice_deny"],
    ["stun_permit", "stun_deny"],
];

/// A value, with what identifies it among the values of its option.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'v> {
    pub(super) identity: &'v [u8],
    pub(super) value: &'v [u8],
    /// Its line in its text.
    pub(super) line: Option<usize>,
}

impl<'v> Item<'v> {
    /// Returns a value that only its whole text identifies.
    pub(super) fn whole(value: &'v [u8]) -> Item<'v> {
        Item { identity: value, value, line: None }
    }
}

/// The values of one option in both sections.
#[derive(Default)]
struct Group<'v> {
    old: Vec<Item<'v>>,
    new: Vec<Item<'v>>,
}

/// The key of a group: the option without case, and the variable that it sets.
type Key<'v> = (Cow<'v, [u8]>, &'v [u8]);

/// Compares two sections. The new one begins at the line `first_line` of its text, which is 1 for the whole text.
pub(super) fn changes(
    old: &Section,
    new: &Section,
    first_line: usize,
    secrets: &Secrets<'_>,
) -> Vec<OptionChange> {
    let mut keys: HashMap<Key<'_>, usize> = HashMap::new();
    let mut groups: Vec<(&BStr, &[u8], Group<'_>)> = Vec::new();
    let sides = [(old, false), (new, true)];
    for (option, is_new) in sides.iter().flat_map(|&(side, new)| side.options().iter().map(move |o| (o, new)))
    {
        let (key, item) = item(option, is_new.then_some(first_line));
        let variable = key.1;
        let index = *keys.entry(key).or_insert_with(|| {
            groups.push((option.key(), variable, Group::default()));
            groups.len() - 1
        });
        let Some((_, _, group)) = groups.get_mut(index) else { continue };
        let items = if is_new { &mut group.new } else { &mut group.old };
        items.push(item);
    }
    let mut changes = Vec::new();
    for (key, variable, group) in &groups {
        let label = label(key, variable);
        let secret_key = if variable.is_empty() { *key } else { BStr::new(*variable) };
        let order = if has_own_order(key) { Order::Counts } else { Order::Free };
        compare(&label, secret_key, &group.old, &group.new, order, secrets, &mut changes);
    }
    for pair in IN_ORDER {
        let has_change =
            |change: &OptionChange| pair.iter().any(|key| change.option.eq_ignore_ascii_case(key));
        if !changes.iter().any(has_change) {
            changes.extend(order_of_pair(pair, old, new));
        }
    }
    changes
}

/// Returns the key under which an option is compared, and its value.
fn item(option: &ConfigOption, first_line: Option<usize>) -> (Key<'_>, Item<'_>) {
    let (key, value): (&[u8], &[u8]) = (option.key(), option.value());
    let line = first_line.map(|first| first + option.location().line as usize - 1);
    let lower = if key.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        Cow::Borrowed(key)
    };
    let is = |names: &[&str]| names.iter().any(|name| option.has_key(name));
    if is(VARIABLES)
        && let Some((variable, value)) = value.split_once_str("=")
    {
        return ((lower, variable), Item { identity: value, value, line });
    }
    let identity = if is(&["member"]) { interface(value) } else { value };
    ((lower, b""), Item { identity, value, line })
}

/// Returns the interface of a queue's member: what stands before the first comma outside quotes and brackets.
fn interface(member: &[u8]) -> &[u8] {
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    let end = member.iter().position(|byte| {
        let is_end = *byte == b',' && depth == 0 && !is_quoted && !is_escaped;
        match byte {
            _ if is_escaped => {}
            b'"' => is_quoted = !is_quoted,
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.and_then(|end| member.get(..end)).unwrap_or(member)
}

fn label(key: &BStr, variable: &[u8]) -> String {
    let variable = BStr::new(variable);
    if variable.is_empty() { key.to_string() } else { format!("{key} {variable}") }
}

/// Returns whether the values of an option count in their order, for themselves.
fn has_own_order(key: &BStr) -> bool {
    let is = |name: &&str| key.eq_ignore_ascii_case(name.as_bytes());
    !UNORDERED.iter().any(is) && !IN_ORDER.iter().flatten().any(is)
}

/// Returns the change of a pair of options that have the same values in another order.
fn order_of_pair(pair: &[&str; 2], old: &Section, new: &Section) -> Option<OptionChange> {
    fn lines<'s>(section: &'s Section, pair: &[&str; 2]) -> Vec<(bool, &'s BStr)> {
        let [first, second] = pair;
        let options = section.options().iter();
        let of_pair = options.filter(|option| option.has_key(first) || option.has_key(second));
        of_pair.map(|option| (option.has_key(first), option.value())).collect()
    }
    let (old, new) = (lines(old, pair), lines(new, pair));
    let moved = old.iter().zip(&new).filter(|(old, new)| old != new).count();
    let option = format!("{} and {}", pair[0], pair[1]);
    (moved > 0).then_some(OptionChange { option, old: Vec::new(), new: Vec::new(), moved })
}

/// Returns the change of lines that both sides have in another order.
pub(super) fn order_of_lines(what: &str, old: &[&str], new: &[&str]) -> Option<OptionChange> {
    fn items<'t>(lines: &[&'t str]) -> Vec<Item<'t>> {
        lines
            .iter()
            .map(|line| Item { value: line.as_bytes(), identity: line.as_bytes(), line: None })
            .collect()
    }
    let moved = moved(&paired(&items(old), &items(new)));
    (moved > 0).then(|| OptionChange { option: what.to_owned(), old: Vec::new(), new: Vec::new(), moved })
}

/// Whether the order of an option's values counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Counts,
    Free,
}

/// Compares the values of one option. The name of `secret_key` decides whether they are secret.
pub(super) fn compare(
    option: &str,
    secret_key: &BStr,
    old: &[Item<'_>],
    new: &[Item<'_>],
    order: Order,
    secrets: &Secrets<'_>,
    changes: &mut Vec<OptionChange>,
) {
    let same = |(old, new): (&Item<'_>, &Item<'_>)| old.value == new.value;
    if old.len() == new.len() && old.iter().zip(new).all(same) {
        return;
    }
    let is_secret_line = |item: &Item<'_>| item.line.is_some_and(|line| secrets.is_secret_line(line));
    let is_secret = new.iter().any(is_secret_line) || secrets.of(secret_key, None) == Secret::Whole;
    let secret = if is_secret { Secret::Whole } else { Secret::InText };
    let shown = |item: &Item<'_>| secrets.shown(item.value, secret);
    let pairs = paired(old, new);
    let only = |items: &[Item<'_>], has_pair: &dyn Fn(usize) -> bool| -> Vec<String> {
        let alone = items.iter().enumerate().filter(|(index, _)| !has_pair(*index));
        alone.map(|(_, item)| shown(item)).collect()
    };
    let in_new: Vec<bool> = pairs.iter().map(Option::is_some).collect();
    let mut in_old = vec![false; old.len()];
    for at in pairs.iter().flatten() {
        if let Some(known) = in_old.get_mut(*at) {
            *known = true;
        }
    }
    let removed = only(old, &|index| in_old.get(index) == Some(&true));
    let added = only(new, &|index| in_new.get(index) == Some(&true));
    if !removed.is_empty() || !added.is_empty() {
        changes.push(OptionChange { option: option.to_owned(), old: removed, new: added, moved: 0 });
    }
    for (item, at) in new.iter().zip(&pairs) {
        let before = at.and_then(|at| old.get(at)).filter(|before| before.value != item.value);
        if let Some(before) = before {
            let (old, new) = (vec![shown(before)], vec![shown(item)]);
            changes.push(OptionChange { option: option.to_owned(), old, new, moved: 0 });
        }
    }
    let moved = if order == Order::Counts { moved(&pairs) } else { 0 };
    if moved > 0 {
        changes.push(OptionChange { option: option.to_owned(), old: Vec::new(), new: Vec::new(), moved });
    }
}

/// Returns, for each new value, the index of the old one with the same identity. Repeated ones are paired in order.
fn paired(old: &[Item<'_>], new: &[Item<'_>]) -> Vec<Option<usize>> {
    let mut known: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (index, item) in old.iter().enumerate().rev() {
        known.entry(item.identity).or_default().push(index);
    }
    new.iter().map(|item| known.get_mut(item.identity)?.pop()).collect()
}

/// Returns the number of values that both sides have, in other places among these.
fn moved(pairs: &[Option<usize>]) -> usize {
    let in_new: Vec<usize> = pairs.iter().flatten().copied().collect();
    let mut in_old = in_new.clone();
    in_old.sort_unstable();
    in_new.iter().zip(&in_old).filter(|(new, old)| new != old).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(old: &str, new: &str) -> Vec<String> {
        let set =
            |text: &str| crate::FileSet::from_texts([("asterisk/x.conf", format!("[s]\n{text}"))]).unwrap();
        let diff = crate::diff(&set(old), &set(new), crate::DiffOptions::default());
        let text = diff.text(crate::Style::default());
        let order =
            text.strip_prefix("asterisk/x.conf   order of ").and_then(|text| text.split_once(" of s\n"));
        if let Some((order, _)) = order {
            return vec![format!("order of {order}")];
        }
        text.lines().filter_map(|line| line.strip_prefix("  ~ section s: ").map(str::to_owned)).collect()
    }

    #[test]
    fn an_option_changes_appears_and_disappears() {
        assert_eq!(found("a = 1\nb = 2\n", "B = 2\na = 2\n"), ["a 1 → 2"]);
        assert_eq!(found("a = 1\n", "b = x y\n"), ["−a 1; +b x y"]);
        assert_eq!(found("a =\n", "a = 1\n"), ["a \"\" → 1"]);
        assert_eq!(found("a = 1\n", "a => 1 ; the same\n"), [""; 0]);
    }

    #[test]
    fn a_repeated_option_is_a_list() {
        assert_eq!(found("x = 1\nx = 2\n", "x = 2\nx = 3\nx = 4\n"), ["−x 1; +x 3; +x 4"]);
        assert_eq!(found("rule = 1\nrule = 2\n", "rule = 2\nrule = 1\n"), ["order of 2 rules"]);
        assert_eq!(found("match = 1\nmatch = 2\n", "match = 2\nmatch = 1\n"), [""; 0]);
    }

    #[test]
    fn a_variable_counts_as_an_option() {
        let old = "set_var = A=1\nset_var = B=2\nset_var = X_PASSWORD=s3cret\n";
        let new = "set_var = X_PASSWORD=other\nset_var = B=3\nset_var = A=1\nset_var = C=\n";
        let expected = "set_var B 2 → 3; set_var X_PASSWORD ••• → •••; +set_var C \"\"";
        assert_eq!(found(old, new), [expected]);
    }

    #[test]
    fn the_order_of_allow_and_disallow_counts() {
        assert_eq!(
            found("allow = ulaw\ndisallow = all\n", "disallow = all\nallow = ulaw\n"),
            ["order of allow and disallow"]
        );
        assert_eq!(
            found("allow = a\nallow = b\n", "allow = b\nallow = a\n"),
            ["order of allow and disallow"]
        );
        assert_eq!(found("allow = a\nx = 1\nallow = b\n", "x = 1\nallow = a\nallow = b\n"), [""; 0]);
        assert_eq!(found("permit = 1\ndeny = 2\n", "deny = 2\npermit = 1\n"), ["order of permit and deny"]);
        assert_eq!(found("allow = !all,a\n", "allow = !all,b\n"), ["allow !all,a → !all,b"]);
    }

    #[test]
    fn a_secret_is_masked() {
        assert_eq!(found("password = a\n", "password = b\n"), ["password ••• → •••"]);
        assert_eq!(found("md5_cred = a\n", ""), ["−md5_cred •••"]);
        let old = "server_uri = sip:u:one@h\n";
        assert_eq!(found(old, "server_uri = sip:u:two@h\n"), ["server_uri sip:•••@h → sip:•••@h"]);
    }

    #[test]
    fn the_interface_of_a_member_ends_at_its_comma() {
        let table =
            [("PJSIP/a,1", "PJSIP/a"), ("Local/5(a,b),0", "Local/5(a,b)"), ("a\\,b,1", "a\\,b"), ("x", "x")];
        for (member, expected) in table {
            assert_eq!(interface(member.as_bytes()), expected.as_bytes());
        }
    }
}
