//! Looks for contexts, extensions and hints as a call does: in a context, and then in those that it includes.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use bstr::{BStr, BString};

use super::pattern::{is_pattern, matches, overlap};
use super::{Context, Dialplan, Key, SettingKind};

/// The steps that all lookups may take together. A dialplan of a large site needs a tenth; behind the limit, everything
/// counts as found.
const STEPS: usize = 2_000_000;

/// The steps that it takes to compare two patterns.
const OVERLAP_STEPS: usize = 20;

/// Knowledge of contexts that do not stand in the dialplan.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    /// Whether the dialplan has all contexts but the ones that modules make. Otherwise, administrators define others.
    pub(crate) is_complete: bool,
    /// Whether lines of the dialplan are missing, so that nothing is known to be absent.
    pub(crate) is_cut: bool,
    /// The contexts that other modules add extensions to.
    pub(crate) made_by_modules: HashSet<BString>,
}

/// A part of an extension.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'t> {
    /// The extension, whatever its priorities are.
    Any,
    /// A priority.
    Number(i32),
    /// The priority with this label.
    Label(&'t BStr),
}

/// The thing that a lookup does not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// The context.
    Context,
    /// The extension in the context and what it includes.
    Extension,
    /// The priority or label in the extension.
    Priority,
}

/// Looks for contexts, extensions and hints. One that may be defined elsewhere counts as found.
pub(crate) struct Lookup<'p, 'd> {
    dialplan: &'p Dialplan<'d>,
    elsewhere: Elsewhere,
    /// The indexes of the contexts that include a context directly.
    includers: HashMap<&'d BStr, Vec<usize>>,
    reaches: RefCell<HashMap<usize, Rc<Reach>>>,
    steps: Cell<usize>,
}

/// A context and what it includes.
struct Reach {
    /// The indexes of the contexts, the first one first.
    contexts: Vec<usize>,
    /// Whether one of them, or a part of one, is defined elsewhere.
    is_open: bool,
    /// Whether one of them gets its extensions elsewhere, since it has none here.
    lacks_extensions: bool,
    /// Whether one of them makes hints for devices as they appear.
    makes_hints: bool,
}

impl<'p, 'd> Lookup<'p, 'd> {
    /// Creates the lookup of a dialplan.
    pub(crate) fn new(dialplan: &'p Dialplan<'d>, elsewhere: Elsewhere) -> Lookup<'p, 'd> {
        let mut includers: HashMap<&'d BStr, Vec<usize>> = HashMap::new();
        for (index, context) in dialplan.contexts.iter().enumerate() {
            for include in &context.includes {
                includers.entry(include.context).or_default().push(index);
            }
        }
        Lookup { dialplan, elsewhere, includers, reaches: RefCell::default(), steps: Cell::new(STEPS) }
    }

    /// Returns the dialplan.
    pub(crate) fn dialplan(&self) -> &'p Dialplan<'d> {
        self.dialplan
    }

    /// Returns whether a context is known to be absent.
    pub(crate) fn lacks_context(&self, name: &BStr) -> bool {
        self.elsewhere.is_complete
            && !self.elsewhere.is_cut
            && !self.dialplan.by_name.contains_key(name)
            && !self.elsewhere.made_by_modules.contains(name)
    }

    /// Looks for a part of an extension in a context and what it includes.
    pub(crate) fn extension(&self, context: &BStr, number: &BStr, target: Target<'_>) -> Result<(), Absent> {
        if self.lacks_context(context) {
            return Err(Absent::Context);
        }
        self.dialplan.by_name.get(context).map_or(Ok(()), |&start| self.find(start, number, target))
    }

    /// Looks for a part of an extension for a call that runs in this context, or in one that includes it.
    pub(crate) fn extension_around(
        &self,
        context: &BStr,
        number: &BStr,
        target: Target<'_>,
    ) -> Result<(), Absent> {
        let Some(&start) = self.dialplan.by_name.get(context) else { return Ok(()) };
        let (mut seen, mut waiting) = (HashSet::from([start]), vec![start]);
        let mut result = Ok(());
        while let Some(index) = waiting.pop() {
            let found = self.find(index, number, target);
            if found.is_ok() || !self.take(1) {
                return Ok(());
            }
            result = if index == start { found } else { result };
            let name = self.dialplan.contexts.get(index).map(|context| context.name);
            let includers = name.and_then(|name| self.includers.get(name)).into_iter().flatten();
            waiting.extend(includers.copied().filter(|&includer| seen.insert(includer)));
        }
        result
    }

    /// Returns whether a context and what it includes are known to have no hint for an extension.
    pub(crate) fn lacks_hint(&self, context: &BStr, number: &BStr) -> bool {
        let Some(&start) = self.dialplan.by_name.get(context) else { return self.lacks_context(context) };
        let reach = self.reach(start);
        if self.elsewhere.is_cut || reach.is_open || reach.makes_hints {
            return false;
        }
        let key = Key::of_hint(number, None);
        let matches_pattern = |context: &Context<'d>, hint: usize| {
            let hint = context.hints.get(hint);
            !self.take(1) || hint.is_some_and(|hint| matches(hint.name.number, number))
        };
        let has_hint = |context: &Context<'d>| {
            !self.take(1)
                || context.hint(&key).is_some()
                || context.scanned_hints.iter().any(|&hint| matches_pattern(context, hint))
        };
        !reach.contexts.iter().filter_map(|&index| self.dialplan.contexts.get(index)).any(has_hint)
    }

    /// Returns whether a known extension has a priority for some calls of another one.
    pub(crate) fn supplies(&self, context: &BStr, number: &BStr, priority: i32) -> bool {
        let Some(&start) = self.dialplan.by_name.get(context) else { return false };
        self.search(&self.reach(start), number, Target::Number(priority)).is_ok()
    }

    /// Looks for a part of an extension in the context of this index and what it includes.
    fn find(&self, start: usize, number: &BStr, target: Target<'_>) -> Result<(), Absent> {
        let reach = self.reach(start);
        if self.elsewhere.is_cut || reach.is_open || reach.lacks_extensions {
            return Ok(());
        }
        self.search(&reach, number, target)
    }

    /// Looks for a part of an extension in the dialplan. For a pattern, another one that overlaps may have the part: a
    /// call may match both.
    fn search(&self, reach: &Reach, number: &BStr, target: Target<'_>) -> Result<(), Absent> {
        let key = Key::of_extension(number, None);
        let mut absent = Absent::Extension;
        for &index in &reach.contexts {
            let Some(context) = self.dialplan.contexts.get(index) else { continue };
            let exact = context.extensions_by_key.get(&key).copied();
            let all = if is_pattern(number) { 0..context.extensions.len() } else { 0..0 };
            let others = context.scanned.iter().copied().chain(all).filter(|&extension| {
                context.extensions.get(extension).is_some_and(|other| self.applies(other.name.number, number))
            });
            for extension in exact.into_iter().chain(others) {
                if self.has(index, context, extension, target) || !self.take(1) {
                    return Ok(());
                }
                absent = Absent::Priority;
            }
            if !self.take(1) {
                return Ok(());
            }
        }
        Err(absent)
    }

    /// Returns whether a call of a number may find an extension, or whether no steps are left to know it.
    fn applies(&self, extension: &BStr, number: &BStr) -> bool {
        if is_pattern(number) {
            return !self.take(OVERLAP_STEPS) || overlap(extension, number);
        }
        !self.take(1) || matches(extension, number)
    }

    fn has(&self, index: usize, context: &Context<'d>, extension: usize, target: Target<'_>) -> bool {
        match target {
            Target::Any => true,
            Target::Number(number) => {
                context.extensions.get(extension).is_some_and(|found| found.priority(number).is_some())
            }
            Target::Label(label) => self.dialplan.labels.contains_key(&((index, extension), label)),
        }
    }

    /// Returns a context with all that it includes.
    fn reach(&self, start: usize) -> Rc<Reach> {
        if let Some(known) = self.reaches.borrow().get(&start) {
            return Rc::clone(known);
        }
        let mut reach =
            Reach { contexts: vec![start], is_open: false, lacks_extensions: false, makes_hints: false };
        let mut seen = HashSet::from([start]);
        let mut next = 0;
        while let Some(context) =
            reach.contexts.get(next).and_then(|&index| self.dialplan.contexts.get(index))
        {
            next += 1;
            reach.is_open |= self.is_open(context);
            reach.makes_hints |= context.has(SettingKind::AutoHints);
            reach.lacks_extensions |= !self.elsewhere.is_complete && context.extensions.is_empty();
            for include in &context.includes {
                match self.dialplan.by_name.get(include.context) {
                    Some(&index) if seen.insert(index) => reach.contexts.push(index),
                    Some(_) => {}
                    None => reach.is_open |= !self.lacks_context(include.context),
                }
            }
            if !self.take(1 + context.includes.len() + context.settings.len()) {
                reach.is_open = true;
                break;
            }
        }
        let reach = Rc::new(reach);
        self.reaches.borrow_mut().insert(start, Rc::clone(&reach));
        reach
    }

    /// Returns whether a context has extensions that are not in the dialplan.
    fn is_open(&self, context: &Context<'d>) -> bool {
        context.has_variables
            || context.has(SettingKind::Switch)
            || self.elsewhere.made_by_modules.contains(context.name)
    }

    /// Counts steps, and returns whether they are still within the limit.
    fn take(&self, steps: usize) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(steps));
        left > 0
    }
}

#[cfg(test)]
mod tests {
    use asterisk_conf::{NoFiles, Reader};

    use super::*;

    const DIALPLAN: &str = "[a]
include => b
exten => 1,1,NoOp()
same => n(here),NoOp()
exten => _2XX,1,NoOp()
exten => 3/55,1,NoOp()
exten => 1-0,hint,PJSIP/a
exten => _9X,hint,PJSIP/b
[b]
exten => 1,3,NoOp()
[around]
include => a
exten => 4,1,NoOp()
[open]
include => a
include => nowhere
[switched]
switch => IAX2/other
[hints]
exten => 1,hint,PJSIP/a
[auto]
autohints = yes
exten => 1,1,NoOp()
";

    fn in_dialplan<T>(is_complete: bool, look: impl Fn(&Lookup<'_, '_>) -> T) -> T {
        let document = Reader::new(&NoFiles).read("extensions.conf", DIALPLAN.as_bytes());
        let dialplan = Dialplan::read(&document);
        let made_by_modules = HashSet::from([BString::from("parked")]);
        look(&Lookup::new(&dialplan, Elsewhere { is_complete, is_cut: false, made_by_modules }))
    }

    fn find(context: &str, number: &str, target: Target<'_>, is_complete: bool) -> Result<(), Absent> {
        in_dialplan(is_complete, |lookup| lookup.extension(BStr::new(context), BStr::new(number), target))
    }

    #[test]
    fn a_priority_is_found_in_what_a_context_includes() {
        let table = [
            ("1", Target::Any, Ok(())),
            ("1", Target::Number(2), Ok(())),
            ("1", Target::Number(3), Ok(())),
            ("1", Target::Number(4), Err(Absent::Priority)),
            ("1", Target::Label(BStr::new("here")), Ok(())),
            ("1", Target::Label(BStr::new("Here")), Err(Absent::Priority)),
            ("2-34", Target::Number(1), Ok(())),
            ("3", Target::Number(1), Ok(())),
            ("4", Target::Any, Err(Absent::Extension)),
            ("_2XX", Target::Number(1), Ok(())),
            ("_2XX", Target::Number(7), Err(Absent::Priority)),
            ("_4XX", Target::Number(1), Err(Absent::Extension)),
        ];
        for (number, target, expected) in table {
            assert_eq!(find("a", number, target, false), expected, "{number} {target:?}");
        }
    }

    #[test]
    fn contexts_that_are_not_whole_have_everything() {
        for context in ["open", "switched", "nowhere", "hints", "parked"] {
            assert_eq!(find(context, "77", Target::Any, false), Ok(()), "{context}");
        }
        for context in ["open", "hints"] {
            assert_eq!(find(context, "77", Target::Any, true), Err(Absent::Extension), "{context}");
        }
        assert_eq!(find("nowhere", "77", Target::Any, true), Err(Absent::Context));
        for context in ["switched", "parked"] {
            assert_eq!(find(context, "77", Target::Any, true), Ok(()), "{context}");
        }
    }

    #[test]
    fn a_call_may_run_in_a_context_that_includes_this_one() {
        let around = |context: &str, number: &str| {
            in_dialplan(true, |lookup| {
                lookup.extension_around(BStr::new(context), BStr::new(number), Target::Number(1))
            })
        };
        assert_eq!(around("b", "4"), Ok(()));
        assert_eq!(around("b", "5"), Err(Absent::Extension));
        assert_eq!(around("b", "1"), Ok(()));
    }

    #[test]
    fn a_hint_is_found_by_its_name_or_pattern() {
        let lacks = |context: &str, number: &str, is_complete| {
            in_dialplan(is_complete, |lookup| lookup.lacks_hint(BStr::new(context), BStr::new(number)))
        };
        assert!(!lacks("a", "1-0", false));
        assert!(lacks("a", "10", false));
        assert!(!lacks("a", "91", false));
        assert!(lacks("hints", "2", false));
        assert!(!lacks("auto", "2", true));
        assert!(!lacks("nowhere", "2", false));
        assert!(lacks("nowhere", "2", true));
    }
}
