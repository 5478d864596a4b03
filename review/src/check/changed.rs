//! The sections of a changed text that can have a fault which a good text of the file does not have.
//!
//! Most changes of a large site are one telephone of many thousand. So the service, which looks at each changed text before
//! it serves it, reads the sections around the change, and the whole text only if there is something to report.

use std::collections::{HashMap, HashSet};

use bstr::{BStr, ByteSlice};
use driver_api::Namespace;
use foldhash::fast::RandomState;
use memchr::memmem;

use crate::diff::plain::{Chunk, split};

/// The file whose rules relate sections by their names alone. A section of it has a new fault only if
///
/// - it is changed itself, or
/// - it has the same name as a section that is changed, or
/// - it names a section that is gone, or
/// - a type has no section any more, or its first.
const FILE: &str = "pjsip.conf";

/// How many sections may be changed, and how many names gone. A name is searched for in the whole text.
const MAX_CHANGED: usize = 1000;
const MAX_GONE: usize = 8;

/// Texts with the same faults as the whole ones, as far as these differ.
pub(super) struct Parts {
    pub(super) new: Vec<u8>,
    pub(super) good: Vec<u8>,
}

/// Returns whether the difference of two texts of a file may be told from parts of them.
pub(super) fn knows(file: &Namespace) -> bool {
    file.resource() == "asterisk" && file.filename() == FILE
}

/// Returns the parts of two texts that matter for their difference, or `None` if that may be all.
pub(super) fn parts(new: &str, good: &str) -> Option<Parts> {
    // The faults of a template are those of no section.
    if memmem::find(new.as_bytes(), b"](!)").is_some() {
        return None;
    }
    let (before, new, good, behind) = around_change(new.as_bytes(), good.as_bytes());
    let (mut same, new, good) = (split(before)?, split(new)?, split(good)?);
    same.extend(split(behind)?);
    let changed = Changed::of(new, good, &mut same)?;
    let related = changed.related(&same)?;
    let text = |own: &[Chunk<'_>]| {
        let texts: Vec<&[u8]> = related.iter().chain(own).map(|section| section.text).collect();
        texts.join(&b'\n')
    };
    Some(Parts { new: text(&changed.new), good: text(&changed.good) })
}

/// Splits two texts into the sections before the first change, those of each text around the changes, and those behind
/// the last change.
fn around_change<'t>(new: &'t [u8], good: &'t [u8]) -> (&'t [u8], &'t [u8], &'t [u8], &'t [u8]) {
    let length = in_common(new.chunks(BLOCK), good.chunks(BLOCK), |block| block.iter());
    let same = new.get(..length).unwrap_or_default();
    let start = memmem::rfind(same, HEADER).map_or(0, |end_of_line| end_of_line + 1);
    let (before, new) = new.split_at_checked(start).unwrap_or_default();
    let good = good.get(start..).unwrap_or_default();
    let length = in_common(new.rchunks(BLOCK), good.rchunks(BLOCK), |block| block.iter().rev());
    let same = new.get(new.len() - length..).unwrap_or_default();
    let behind = memmem::find(same, HEADER).map_or(0, |end_of_line| length - end_of_line - 1);
    let (new, behind_new) = new.split_at_checked(new.len() - behind).unwrap_or_default();
    (before, new, good.get(..good.len() - behind).unwrap_or_default(), behind_new)
}

/// The end of a line that a header follows.
const HEADER: &[u8] = b"\n[";

/// How many bytes are compared at once.
const BLOCK: usize = 4096;

/// Returns the number of bytes that two texts have in common, block by block. The last pair of blocks is compared byte by
/// byte.
fn in_common<'t, B: Iterator<Item = &'t u8>>(
    new: impl Iterator<Item = &'t [u8]>,
    good: impl Iterator<Item = &'t [u8]>,
    bytes: impl Fn(&'t [u8]) -> B,
) -> usize {
    let mut length = 0;
    for (new, good) in new.zip(good) {
        if new == good {
            length += new.len();
            continue;
        }
        return length + bytes(new).zip(bytes(good)).take_while(|(new, good)| new == good).count();
    }
    length
}

/// The sections that only one of the texts has.
struct Changed<'t> {
    new: Vec<Chunk<'t>>,
    good: Vec<Chunk<'t>>,
}

impl<'t> Changed<'t> {
    /// Adds the sections that are in both to `same`.
    fn of(new: Vec<Chunk<'t>>, good: Vec<Chunk<'t>>, same: &mut Vec<Chunk<'t>>) -> Option<Changed<'t>> {
        let mut counts: HashMap<&[u8], usize, RandomState> = HashMap::default();
        for section in &good {
            *counts.entry(section.text).or_default() += 1;
        }
        let mut only_new = Vec::new();
        for section in new {
            match counts.get_mut(section.text).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    same.push(section);
                }
                None => only_new.push(section),
            }
        }
        let mut is_left = |section: &Chunk<'_>| {
            let count = counts.get_mut(section.text).filter(|count| **count > 0);
            count.map(|count| *count -= 1).is_some()
        };
        let only_good: Vec<Chunk<'_>> = good.into_iter().filter(|section| is_left(section)).collect();
        let is_small = only_new.len() + only_good.len() <= MAX_CHANGED;
        is_small.then_some(Changed { new: only_new, good: only_good })
    }

    /// Returns those of the other sections that the change can concern.
    fn related(&self, same: &[Chunk<'t>]) -> Option<Vec<Chunk<'t>>> {
        let gone = self.gone();
        if gone.len() > MAX_GONE {
            return None;
        }
        let gone: Vec<memmem::Finder<'_>> = gone.into_iter().map(memmem::Finder::new).collect();
        let names = self.names();
        let mut types = HashSet::new();
        let is_related = |section: &&Chunk<'t>| {
            let is_first = types.insert(section.type_value());
            is_first
                || names.contains(section.name)
                || gone.iter().any(|name| name.find(section.text).is_some())
        };
        Some(same.iter().filter(is_related).copied().collect())
    }

    fn all(&self) -> impl Iterator<Item = &Chunk<'t>> {
        self.new.iter().chain(&self.good)
    }

    /// Returns the names of the sections that are gone, or have another type now.
    fn gone(&self) -> HashSet<&'t BStr> {
        let object = |section: &Chunk<'t>| (section.name, section.type_value());
        let new: HashSet<_> = self.new.iter().map(object).collect();
        let gone = self.good.iter().filter(|section| !new.contains(&object(section)));
        gone.map(|section| section.name).collect()
    }

    /// Returns the names of the sections, and all that may be a name in their options.
    fn names(&self) -> HashSet<&'t BStr, RandomState> {
        let values = self.all().flat_map(|section| section.text.lines()).filter_map(|line| {
            let (_, value) = line.split_once_str("=")?;
            Some(value.trim_start_with(|c| c == '>'))
        });
        let items = values.flat_map(|value| value.split_str(",").map(|item| item.trim_ascii().as_bstr()));
        items.chain(self.all().map(|section| section.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{new_errors, new_rejections};
    use super::*;
    use crate::Rules;

    fn file() -> Namespace {
        "asterisk/pjsip.conf".parse().unwrap()
    }

    /// Returns the names of the sections of both parts.
    fn sections(new: &str, good: &str) -> Option<[Vec<String>; 2]> {
        let names = |text: &[u8]| {
            let headers = text.lines().filter(|line| line.starts_with(b"["));
            headers.map(|line| line.to_str_lossy().into_owned()).collect()
        };
        parts(new, good).map(|parts| [names(&parts.new), names(&parts.good)])
    }

    #[test]
    fn a_part_has_the_sections_around_a_change() {
        let section = |name: &str, kind: &str, rest: &str| format!("[{name}]\ntype = {kind}\n{rest}\n");
        let others: String = (0..9).map(|at| section(&format!("o{at}"), "endpoint", "aors = x, b")).collect();
        let (a, b, c) =
            (section("a", "endpoint", "aors = b"), section("b", "aor", ""), section("c", "aor", ""));
        let good = [&*section("o", "endpoint", ""), &others, &a, &b, &c].concat();
        // Only the first of each type, and what the changed section names.
        let new = good.replace("[a]\ntype = endpoint\n", "[a]\ntype = endpoint\nallow = alaw\n");
        let around = ["[o]", "[b]", "[a]"].map(str::to_owned).to_vec();
        assert_eq!(sections(&new, &good), Some([around.clone(), around]));
        // All that name what is gone.
        let [new, old] = sections(&good.replace(&b, ""), &good).unwrap();
        assert_eq!((new.len(), old.len()), (12, 13));
        assert_eq!(
            sections(&good, &good),
            Some([vec!["[o]".to_owned(), "[b]".to_owned()], vec!["[o]".to_owned(), "[b]".to_owned()]])
        );
        assert_eq!(sections(&format!("{good}#include x\n"), &good), None);
        assert_eq!(sections(&format!("{good}[t](!)\n"), &good), None);
    }

    /// Returns a section of few names, types and options, so that sections often refer to each other.
    fn section() -> impl Strategy<Value = String> {
        let kind = prop::sample::select(vec!["endpoint", "aor", "auth", "transport", "identify", "x", ""]);
        let option = prop::sample::select(vec![
            "aors = a",
            "aors = b,c",
            "auth = a",
            "auth = d",
            "endpoint = a",
            "transport = b",
            "allow = alaw",
            "allow = none such",
            "password = x",
            "username = u",
            "match = 192.0.2.1",
            "outbound_auth = b",
            "max_contacts = many",
            "no option",
            "colour = red",
            "; a comment",
            "identify_by = auth_username",
        ]);
        let name = prop::sample::select(vec!["a", "b", "c", "d"]);
        (name, kind, prop::collection::vec(option, 0..5)).prop_map(|(name, kind, options)| {
            let kind = if kind.is_empty() { String::new() } else { format!("type = {kind}\n") };
            format!("[{name}]\n{kind}{}\n\n", options.join("\n"))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn a_change_has_the_faults_that_the_whole_texts_show(
            sections in prop::collection::vec(section(), 0..12),
            changes in prop::collection::vec((any::<prop::sample::Index>(), section(), 0..3_u8), 0..4),
        ) {
            let mut changed = sections.clone();
            for (index, section, kind) in changes {
                let place = index.index(changed.len() + 1);
                match kind {
                    0 => changed.insert(place, section),
                    1 if place < changed.len() => changed[place] = section,
                    _ if place < changed.len() => drop(changed.remove(place)),
                    _ => {}
                }
            }
            let (new, good) = (changed.concat(), sections.concat());
            let rules = Rules::default();
            let whole = new_errors(&file(), new.clone().into(), || Some(good.clone().into()), &rules);
            prop_assert_eq!(new_rejections(&file(), &new, &mut || Some(good.clone()), &rules), whole);
        }
    }
}
