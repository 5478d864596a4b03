//! Parking lots: extensions that two of them claim, and the music that they play.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::RangeInclusive;

use asterisk_conf::{ConfigOption, Document, Location};
use bstr::{BStr, ByteSlice};

use super::Findings;
use super::names::Names;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, object};

rules! {
    OVERLAP = "parking-overlap", Error,
        "Asterisk starts without parking; at a reload, the parking extensions of all lots vanish.";
    EXTENSION_SHARED = "parking-extension-shared", Warning,
        "The channel decides which lot it parks in; with parkext_exclusive = yes, it is the first one's for all.";
    INCLUDED = "parking-overlap-included", Note, "One context includes the other: the slots of the first one found count.";
    EXTENSION_NONE = "parking-extension-none", Note, "Calls are parked by Park(LOT) alone, and no extension fetches them.";
    MUSIC_CLASS = "parking-musicclass-missing", Warning, "Parked callers hear silence.";
}

/// The most contexts that are looked at for one that includes others.
const MAX_INCLUDED: usize = 100;

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("res_parking.conf") else { return };
    let classes = Names::music_classes(site);
    let lots = lots(file.document());
    for lot in &lots {
        if let Some(option) = lot.music_class
            && classes.as_ref().is_some_and(|classes| !classes.has(option.value()))
        {
            let message = format!("there is no music class \"{}\"", Shown(option.value()));
            findings.add(&MUSIC_CLASS, file.at(option.location()), lot.object(), message);
        }
        // Asterisk has this lot whether a file says so or not.
        if lot.extension.is_none() && lot.name != "default" {
            findings.add(&EXTENSION_NONE, file.at(lot.location), lot.object(), "the lot has no parkext");
        }
    }
    let mut contexts: BTreeMap<&BStr, Vec<&Lot<'_>>> = BTreeMap::new();
    for lot in lots.iter().filter(|lot| lot.extension.is_some()) {
        contexts.entry(lot.context).or_default().push(lot);
    }
    for lots in contexts.values_mut() {
        check_context(file, lots, findings);
    }
    check_includes(site, file, &contexts, findings);
}

/// A parking lot, which may have several sections.
struct Lot<'d> {
    name: &'d BStr,
    location: Location,
    context: &'d BStr,
    extension: Option<&'d BStr>,
    slots: RangeInclusive<u64>,
    music_class: Option<&'d ConfigOption>,
}

impl Lot<'_> {
    fn object(&self) -> String {
        object("parking lot", self.name)
    }

    /// Returns the extension as a number, if it is written as Asterisk writes numbers.
    fn number(&self) -> Option<u64> {
        let digits = self.extension?.to_str().ok()?;
        digits.parse().ok().filter(|number: &u64| number.to_string() == digits)
    }

    fn shown_slots(&self) -> String {
        format!("{}-{}", self.slots.start(), self.slots.end())
    }
}

/// Returns the lots in order. Sections of the same name are one lot, and the last of a repeated option counts.
fn lots(document: &Document) -> Vec<Lot<'_>> {
    let mut lots: Vec<Lot<'_>> = Vec::new();
    let mut by_name: HashMap<&BStr, usize> = HashMap::new();
    let is_lot = |name: &BStr| !name.eq_ignore_ascii_case(b"general");
    for section in document.visible_sections().filter(|section| is_lot(section.name())) {
        let index = *by_name.entry(section.name()).or_insert_with(|| {
            lots.push(Lot {
                name: section.name(),
                location: section.location(),
                context: BStr::new("parkedcalls"),
                extension: None,
                slots: 701..=750,
                music_class: None,
            });
            lots.len() - 1
        });
        let Some(lot) = lots.get_mut(index) else { continue };
        for option in section.options() {
            let value = option.value();
            if option.has_key("context") {
                lot.context = value;
            } else if option.has_key("parkext") {
                lot.extension = Some(value).filter(|value| !value.is_empty());
            } else if option.has_key("parkpos") {
                lot.slots = slots(value).unwrap_or(lot.slots.clone());
            } else if option.has_key("parkedmusicclass") {
                lot.music_class = Some(option).filter(|_| !value.is_empty());
            }
        }
    }
    lots
}

/// Parses `FIRST-LAST`. Another rule reports a value that is something else.
fn slots(value: &BStr) -> Option<RangeInclusive<u64>> {
    let (first, last) = value.to_str().ok()?.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some(first..=last)
}

/// Checks the lots of one context, whose extensions and slots must differ.
fn check_context(file: &SiteFile<'_>, lots: &mut [&Lot<'_>], findings: &mut Findings<'_>) {
    let mut by_extension: HashMap<&BStr, &Lot<'_>> = HashMap::new();
    for lot in lots.iter() {
        let Some(extension) = lot.extension else { continue };
        if let Some(first) = by_extension.get(extension) {
            let (extension, first) = (Shown(extension), Shown(first.name));
            let message = format!("the lot {first} has the parkext {extension} in the same context, too");
            findings.add(&EXTENSION_SHARED, file.at(lot.location), lot.object(), message);
        } else {
            by_extension.insert(extension, lot);
        }
    }
    lots.sort_by_key(|lot| *lot.slots.start());
    let claims = Claims::new(lots);
    for (lot, other) in claims.overlapping() {
        let (later, earlier) = if lot.location > other.location { (lot, other) } else { (other, lot) };
        let (slots, others) = (later.shown_slots(), earlier.shown_slots());
        let (name, context) = (Shown(earlier.name), Shown(earlier.context));
        let message =
            format!("the slots {slots} overlap {others} of the lot {name} in the context {context}");
        findings.add(&OVERLAP, file.at(later.location), later.object(), message);
    }
    for lot in lots.iter() {
        let Some((number, other)) = lot.number().and_then(|number| Some((number, claims.lot_of(number)?)))
        else {
            continue;
        };
        let whose =
            if other.name == lot.name { "its own".to_owned() } else { format!("lot {}", Shown(other.name)) };
        let message = format!("the parkext {number} is one of the slots {} of {whose}", other.shown_slots());
        findings.add(&OVERLAP, file.at(lot.location), lot.object(), message);
    }
}

/// The slots of one context.
struct Claims<'c, 'd> {
    /// The lots, by their first slot.
    lots: &'c [&'c Lot<'d>],
    /// For each of them, which one so far has the last slot.
    furthest: Vec<usize>,
}

impl<'c, 'd> Claims<'c, 'd> {
    /// The lots are sorted by their first slot.
    fn new(lots: &'c [&'c Lot<'d>]) -> Claims<'c, 'd> {
        let end = |index: usize| lots.get(index).map(|lot| *lot.slots.end());
        let furthest = (0..lots.len()).scan(0, |furthest, index| {
            *furthest = if end(index) > end(*furthest) { index } else { *furthest };
            Some(*furthest)
        });
        let furthest = furthest.collect();
        Claims { lots, furthest }
    }

    /// Returns each lot that overlaps an earlier one, with that one.
    fn overlapping(&self) -> impl Iterator<Item = (&'c Lot<'d>, &'c Lot<'d>)> {
        let pairs = self.lots.iter().skip(1).zip(&self.furthest);
        pairs.filter_map(|(lot, before)| {
            let before = self.lots.get(*before)?;
            (before.slots.end() >= lot.slots.start()).then_some((*lot, *before))
        })
    }

    /// Returns a lot that has one of these slots.
    fn overlap(&self, slots: &RangeInclusive<u64>) -> Option<&'c Lot<'d>> {
        self.lot_of(*slots.start()).or_else(|| {
            let behind = self.lots.partition_point(|lot| lot.slots.start() < slots.start());
            self.lots.get(behind).copied().filter(|lot| slots.contains(lot.slots.start()))
        })
    }

    /// Returns a lot that has this slot.
    fn lot_of(&self, slot: u64) -> Option<&'c Lot<'d>> {
        let behind = self.lots.partition_point(|lot| *lot.slots.start() <= slot);
        let lot = self.lots.get(*self.furthest.get(behind.checked_sub(1)?)?)?;
        lot.slots.contains(&slot).then_some(*lot)
    }
}

/// Notes slots that overlap those of a lot whose context is included.
fn check_includes(
    site: &Site<'_>,
    file: &SiteFile<'_>,
    contexts: &BTreeMap<&BStr, Vec<&Lot<'_>>>,
    findings: &mut Findings<'_>,
) {
    let Some(dialplan) = site.file("extensions.conf") else { return };
    let claims: HashMap<&BStr, Claims<'_, '_>> =
        contexts.iter().map(|(context, lots)| (*context, Claims::new(lots))).collect();
    for (context, lots) in contexts {
        let included = included(dialplan.document(), context);
        let included: Vec<_> = included.iter().filter_map(|name| Some((name, claims.get(name)?))).collect();
        for lot in lots {
            let overlap =
                included.iter().find_map(|(name, claims)| Some((name, claims.overlap(&lot.slots)?)));
            let Some((context, other)) = overlap else { continue };
            let (name, context) = (Shown(other.name), Shown(context));
            let message =
                format!("its context includes {context}, and the slots overlap those of the lot {name}");
            findings.add(&INCLUDED, file.at(lot.location), lot.object(), message);
        }
    }
}

/// Returns the contexts that a context includes, also indirectly, without itself.
fn included<'d>(dialplan: &'d Document, context: &'d BStr) -> Vec<&'d BStr> {
    let mut seen: HashSet<&BStr> = HashSet::from([context]);
    let mut waiting = VecDeque::from([context]);
    let mut found = Vec::new();
    while let Some(context) = waiting.pop_front() {
        // The document ignores case; Asterisk does not.
        let sections = dialplan.sections_named(context).take(MAX_INCLUDED);
        let sections = sections.filter(|section| !section.is_template() && section.name() == context);
        for value in sections.flat_map(|section| section.values("include")) {
            let name = value.split_once_str(",").map_or(value.as_bytes(), |(name, _)| name);
            if found.len() < MAX_INCLUDED && seen.insert(BStr::new(name)) {
                found.push(BStr::new(name));
                waiting.push_back(BStr::new(name));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn found_in_parking(text: &str) -> Vec<String> {
        let at = "asterisk/res_parking.conf:";
        found(&[("res_parking.conf", text)])
            .iter()
            .map(|line| line.strip_prefix(at).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn slots_that_overlap_in_one_context() {
        let text = "[general]\n[b]\nparkext=800\nparkpos=801-810\ncontext=p\n[c]\nparkext=900\nparkpos=805-820\ncontext=p\n\
            [d]\nparkext=700\nparkpos=801-810\ncontext=q\n[e]\nparkext=1000\nparkpos=821-830\ncontext=p\n";
        assert_eq!(
            found_in_parking(text),
            [
                "6: error: parking lot c: the slots 805-820 overlap 801-810 of the lot b in the context p [parking-overlap]"
            ]
        );
        // The slots of a lot without an extension are no extensions.
        let without = found_in_parking(&text.replace("parkext=900\n", ""));
        assert_eq!(without, ["6: note: parking lot c: the lot has no parkext [parking-extension-none]"]);
    }

    #[test]
    fn an_extension_among_slots() {
        let text = "[a]\nparkext=701\n[b]\nparkext=805\nparkpos=801-810\ncontext=p\n[c]\nparkext=810\nparkpos=901-910\n\
            context=p\n[d]\nparkext=0805\nparkpos=1-2\ncontext=p\n";
        assert_eq!(
            found_in_parking(text),
            [
                "1: error: parking lot a: the parkext 701 is one of the slots 701-750 of its own [parking-overlap]",
                "3: error: parking lot b: the parkext 805 is one of the slots 801-810 of its own [parking-overlap]",
                "7: error: parking lot c: the parkext 810 is one of the slots 801-810 of lot b [parking-overlap]",
            ]
        );
    }

    #[test]
    fn two_lots_with_one_extension() {
        let text = "[a]\nparkext=800\nparkpos=801-810\ncontext=p\n[b]\nparkext=800\nparkpos=811-820\ncontext=p\n\
            [c]\nparkext=800\nparkpos=811-820\ncontext=q\n";
        assert_eq!(
            found_in_parking(text),
            [
                "5: warning: parking lot b: the lot a has the parkext 800 in the same context, too [parking-extension-shared]"
            ]
        );
    }

    #[test]
    fn two_sections_of_one_name_are_one_lot() {
        let text =
            "[a]\nparkext=800\nparkpos=801-810\n[a]\nparkpos=811-820\n[b]\nparkext=900\nparkpos=801-810\n";
        assert_eq!(found_in_parking(text), [""; 0]);
    }

    #[test]
    fn slots_that_overlap_those_of_an_included_context() {
        let lots = "[a]\nparkext=800\nparkpos=801-810\ncontext=p\n[b]\nparkext=900\nparkpos=809-820\ncontext=q\n\
            [c]\nparkext=700\nparkpos=801-820\ncontext=r\n";
        let dialplan =
            "[p]\ninclude => x,09:00-18:00,*,*,*\n[x]\ninclude => q\ninclude => p\n[P]\ninclude => r\n";
        let note = "asterisk/res_parking.conf:1: note: parking lot a: its context includes q, and the slots overlap \
            those of the lot b [parking-overlap-included]";
        let found = found(&[("res_parking.conf", lots), ("extensions.conf", dialplan)]);
        let of_parking = |line: &&String| line.contains("res_parking");
        assert_eq!(found.iter().filter(of_parking).collect::<Vec<_>>(), [note]);
    }

    #[test]
    fn a_lot_without_an_extension() {
        let expected = "2: note: parking lot b: the lot has no parkext [parking-extension-none]";
        assert_eq!(found_in_parking("[default]\n[b]\nparkext =\n"), [expected]);
    }

    #[test]
    fn a_music_class_that_is_missing() {
        let lots = "[a]\nparkext = 1\nparkedmusicclass = jazz\n[b]\nparkext = 2\nparkedmusicclass = ROCK\nparkpos=8-9\n\
            [c]\nparkext = 3\nparkedmusicclass =\nparkpos=10-11\n";
        let classes = "[rock]\nmode = files\ndirectory = /d\n";
        assert_eq!(
            found(&[("res_parking.conf", lots), ("musiconhold.conf", classes)]),
            ["asterisk/res_parking.conf:3: warning: parking lot a: there is no music class \"jazz\" \
            [parking-musicclass-missing]"]
        );
        assert_eq!(found(&[("res_parking.conf", lots)]), [""; 0]);
    }
}
