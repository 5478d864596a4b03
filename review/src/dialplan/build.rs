//! Makes the dialplan of a document, line by line.

use std::collections::HashMap;

use asterisk_conf::{ConfigOption, Document, Location, Section, stripped};
use bstr::BStr;

use super::line::{self, Call, Name, OpenLabel, Position, Rest};
use super::{
    Context, Dialplan, Extension, Hint, Include, Key, Owner, Priority, Problem, ProblemKind, Setting,
    SettingKind, has_variable, is_pattern,
};

/// The number that stands for a hint where Asterisk counts priorities.
const HINT: i32 = -1;

/// The state while the file is read.
#[derive(Default)]
struct Builder<'d> {
    dialplan: Dialplan<'d>,
    /// The lines of the priorities of extensions that do not ascend. Those of others are found by a binary search.
    unsorted: HashMap<Owner, HashMap<i32, Location>>,
    /// The lines of the includes of each context, without regard to case.
    includes: HashMap<(usize, Vec<u8>), Location>,
}

/// The lines of a section so far.
#[derive(Default)]
struct Cursor<'d> {
    /// The name that `same` repeats.
    name: Option<Name<'d>>,
    /// The index of the extension of this name, once it has a priority.
    extension: Option<usize>,
    /// The priority from which `n` counts, in this section and across extensions.
    priority: Option<i32>,
}

/// A line that is read.
#[derive(Clone, Copy)]
struct Line<'d> {
    context: usize,
    name: Option<Name<'d>>,
    location: Location,
}

pub(super) fn read(document: &Document) -> Dialplan<'_> {
    let mut builder = Builder::default();
    let is_context =
        |name: &BStr| !["general", "globals"].iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
    for section in document.visible_sections().filter(|section| is_context(section.name())) {
        builder.add_section(section);
    }
    let mut dialplan = builder.dialplan;
    for extension in dialplan.contexts.iter_mut().flat_map(|context| &mut context.extensions) {
        extension.priorities.sort_by_key(|priority| priority.number);
    }
    dialplan
}

impl<'d> Builder<'d> {
    fn add_section(&mut self, section: &'d Section) {
        let context = self.context(section);
        let mut cursor = Cursor::default();
        for option in section.options() {
            let line = Line { context, name: None, location: option.location() };
            let key = option.key();
            if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"same")) {
                self.add_same(line, option.value(), &mut cursor);
            } else if key.eq_ignore_ascii_case(b"exten") {
                self.add_exten(line, option.value(), &mut cursor);
            } else {
                self.add_other(line, option);
            }
        }
    }

    /// Returns the index of the context that a section belongs to.
    fn context(&mut self, section: &'d Section) -> usize {
        let contexts = &mut self.dialplan.contexts;
        *self.dialplan.by_name.entry(section.name()).or_insert_with(|| {
            contexts.push(Context::new(section));
            contexts.len() - 1
        })
    }

    fn problem(&mut self, line: Line<'d>, kind: ProblemKind<'d>) {
        let Some(context) = self.dialplan.contexts.get(line.context) else { return };
        let problem = Problem { context: context.name, extension: line.name, location: line.location, kind };
        self.dialplan.problems.push(problem);
    }

    fn add_same(&mut self, line: Line<'d>, value: &'d BStr, cursor: &mut Cursor<'d>) {
        match cursor.name {
            Some(name) => self.add_line(Line { name: Some(name), ..line }, value, cursor),
            None => self.problem(line, ProblemKind::SameFirst),
        }
    }

    fn add_exten(&mut self, line: Line<'d>, value: &'d BStr, cursor: &mut Cursor<'d>) {
        let (name, rest) = line::split_name(value);
        let name = Name::new(name);
        let line = Line { name: Some(name), ..line };
        // An empty name is none: Asterisk looks for one when `same` follows.
        cursor.name = Some(name).filter(|name| !name.number.is_empty() || name.caller.is_some());
        cursor.extension = None;
        match rest {
            Some(rest) => self.add_line(line, rest, cursor),
            None if name.number.contains(&b'[') => self.problem(line, ProblemKind::OpenName),
            None => self.problem(line, ProblemKind::NoPriority),
        }
    }

    /// Adds what follows the name of an extension.
    fn add_line(&mut self, line: Line<'d>, rest: &'d BStr, cursor: &mut Cursor<'d>) {
        let rest = match Rest::read(rest) {
            Ok(rest) => rest,
            Err(OpenLabel) => return self.problem(line, ProblemKind::OpenLabel),
        };
        let number = match self.number(line, &rest, cursor) {
            Ok(number) => number.saturating_add(rest.plus),
            Err(kind) => return self.problem(line, kind),
        };
        if number < 1 && number != HINT {
            return self.problem(line, ProblemKind::BadPriority(rest.written));
        }
        cursor.priority = Some(number);
        if number == HINT {
            self.add_hint(line, rest.call);
        } else {
            self.report_parentheses(line, rest.call);
            self.add_priority(line, number, &rest, cursor);
        }
    }

    /// Returns the priority of a line before the number behind its `+` is added.
    fn number(&self, line: Line<'d>, rest: &Rest<'d>, cursor: &Cursor<'d>) -> Result<i32, ProblemKind<'d>> {
        match (rest.position, cursor.priority) {
            (Position::Hint, _) => Ok(HINT),
            (Position::Next | Position::Same, None) => Err(ProblemKind::RelativeFirst(rest.written)),
            (Position::Next, Some(HINT)) => Err(ProblemKind::NextBehindHint),
            (Position::Next, Some(last)) => Ok(last.saturating_add(1)),
            (Position::Same, Some(last)) => Ok(last),
            (Position::Number(number), _) if number > 0 => Ok(number),
            (Position::Number(_), _) => Err(ProblemKind::BadPriority(rest.written)),
            (Position::Label(label), _) => {
                let owner = line.name.and_then(|name| self.owner(line.context, name));
                let known = owner.and_then(|owner| self.dialplan.labels.get(&(owner, label)));
                match known {
                    Some(&(number, _)) => Ok(number),
                    None if rest.written.is_empty() => Err(ProblemKind::NoPriority),
                    None => Err(ProblemKind::UnknownLabel(rest.written)),
                }
            }
        }
    }

    fn owner(&self, context: usize, name: Name<'d>) -> Option<Owner> {
        let key = Key::of_extension(name.number, name.caller);
        let extension = self.dialplan.contexts.get(context)?.extensions_by_key.get(&key)?;
        Some((context, *extension))
    }

    fn report_parentheses(&mut self, line: Line<'d>, call: Call<'d>) {
        if call.is_open {
            self.problem(line, ProblemKind::OpenParenthesis(call.application));
        }
        if !stripped(call.behind).is_empty() {
            self.problem(line, ProblemKind::TextBehind(stripped(call.behind)));
        }
    }

    fn add_priority(&mut self, line: Line<'d>, number: i32, rest: &Rest<'d>, cursor: &mut Cursor<'d>) {
        let (Some(name), Some(context)) = (line.name, self.dialplan.contexts.get_mut(line.context)) else {
            return;
        };
        let extension = cursor.extension.unwrap_or_else(|| context.extension_index(name, line.location));
        cursor.extension = Some(extension);
        let owner = (line.context, extension);
        if let Some(first) = self.line_of(owner, number) {
            return self.problem(line, ProblemKind::PriorityTwice(number, first));
        }
        let label = self.add_label(line, owner, number, rest.label);
        let Call { application, arguments, .. } = rest.call;
        let priority = Priority { number, label, application, arguments, location: line.location };
        let context = self.dialplan.contexts.get_mut(line.context);
        let Some(extension) = context.and_then(|context| context.extensions.get_mut(extension)) else {
            return;
        };
        if let Some(lines) = self.unsorted.get_mut(&owner) {
            lines.insert(number, line.location);
        } else if extension.priorities.last().is_some_and(|last| last.number > number) {
            let lines = extension.priorities.iter().map(|priority| (priority.number, priority.location));
            self.unsorted.insert(owner, lines.chain([(number, line.location)]).collect());
        }
        extension.priorities.push(priority);
    }

    /// Returns the line of a priority that is there already.
    fn line_of(&self, (context, extension): Owner, number: i32) -> Option<Location> {
        if let Some(lines) = self.unsorted.get(&(context, extension)) {
            return lines.get(&number).copied();
        }
        let extension = self.dialplan.contexts.get(context)?.extensions.get(extension)?;
        extension.priority(number).map(|priority| priority.location)
    }

    /// Adds the label of a priority, and returns it. The first one of a name counts.
    fn add_label(
        &mut self,
        line: Line<'d>,
        owner: Owner,
        number: i32,
        label: Option<&'d BStr>,
    ) -> Option<&'d BStr> {
        let label = label?;
        if let Some(&(_, first)) = self.dialplan.labels.get(&(owner, label)) {
            self.problem(line, ProblemKind::LabelTwice(label, first));
            return None;
        }
        self.dialplan.labels.insert((owner, label), (number, line.location));
        Some(label)
    }

    fn add_hint(&mut self, line: Line<'d>, call: Call<'d>) {
        if call.has_parentheses {
            self.problem(line, ProblemKind::CutHint(call.application));
        }
        let (Some(name), Some(context)) = (line.name, self.dialplan.contexts.get_mut(line.context)) else {
            return;
        };
        let key = Key::of_hint(name.number, name.caller);
        if let Some(first) = context.hint(&key).map(|hint| hint.location) {
            return self.problem(line, ProblemKind::HintTwice(first));
        }
        context.has_variables |= has_variable(name.number);
        context.hints_by_key.insert(key, context.hints.len());
        if is_pattern(name.number) || name.caller.is_some() {
            context.scanned_hints.push(context.hints.len());
        }
        let (devices, presence) = match line::split_once(call.application, b',') {
            Some((devices, presence)) => (devices, Some(presence)),
            None => (call.application, None),
        };
        context.hints.push(Hint { name, devices, presence, location: line.location });
    }

    fn add_other(&mut self, line: Line<'d>, option: &'d ConfigOption) {
        let value = option.value();
        if option.has_key("include") {
            return self.add_include(line, value);
        }
        let Some(kind) = SettingKind::of(option.key()) else {
            return self.problem(line, ProblemKind::UnknownKey(option.key()));
        };
        if let Some(context) = self.dialplan.contexts.get_mut(line.context) {
            context.settings.push(Setting { kind, value, location: line.location });
        }
    }

    fn add_include(&mut self, line: Line<'d>, value: &'d BStr) {
        let key = (line.context, value.to_ascii_lowercase());
        if let Some(&first) = self.includes.get(&key) {
            return self.problem(line, ProblemKind::IncludeTwice(value, first));
        }
        self.includes.insert(key, line.location);
        let (context, times) = match line::split_once(value, b',') {
            Some((context, times)) => (context, Some(times)),
            None => (value, None),
        };
        if let Some(owner) = self.dialplan.contexts.get_mut(line.context) {
            owner.has_variables |= has_variable(context);
            owner.includes.push(Include { context, times, location: line.location });
        }
    }
}

impl<'d> Context<'d> {
    fn new(section: &'d Section) -> Context<'d> {
        Context {
            name: section.name(),
            location: section.location(),
            extensions: Vec::new(),
            extensions_by_key: HashMap::new(),
            scanned: Vec::new(),
            hints: Vec::new(),
            hints_by_key: HashMap::new(),
            scanned_hints: Vec::new(),
            includes: Vec::new(),
            settings: Vec::new(),
            has_variables: false,
        }
    }

    /// Returns the index of an extension, which it adds if it is new.
    fn extension_index(&mut self, name: Name<'d>, location: Location) -> usize {
        let key = Key::of_extension(name.number, name.caller);
        let index = self.extensions.len();
        if let Some(&known) = self.extensions_by_key.get(&key) {
            return known;
        }
        self.extensions_by_key.insert(key, index);
        if is_pattern(name.number) || name.caller.is_some() {
            self.scanned.push(index);
        }
        self.has_variables |= has_variable(name.number);
        self.extensions.push(Extension { name, location, priorities: Vec::new() });
        index
    }
}

#[cfg(test)]
mod tests {
    use asterisk_conf::{NoFiles, Reader};

    use super::*;

    fn with<T>(text: &str, look: impl Fn(&Dialplan<'_>) -> T) -> T {
        let document = Reader::new(&NoFiles).read("extensions.conf", text.as_bytes());
        look(&Dialplan::read(&document))
    }

    /// Returns the priorities of all extensions.
    fn priorities(text: &str) -> Vec<String> {
        with(text, |dialplan| {
            let mut lines = Vec::new();
            for context in &dialplan.contexts {
                for extension in &context.extensions {
                    for priority in &extension.priorities {
                        let label = priority.label.map(|label| format!("({label})")).unwrap_or_default();
                        lines.push(format!(
                            "{}@{},{}{label},{}({})",
                            extension.name.number,
                            context.name,
                            priority.number,
                            priority.application,
                            priority.arguments
                        ));
                    }
                }
            }
            lines
        })
    }

    fn problems(text: &str) -> Vec<String> {
        with(text, |dialplan| {
            let problem = |problem: &Problem<'_>| format!("{}: {:?}", problem.location.line, problem.kind);
            dialplan.problems.iter().map(problem).collect()
        })
    }

    #[test]
    fn priorities_count_as_in_asterisk() {
        let text = "[a]
exten => 1,1(begin),NoOp(a)
same => n,Set(X=1)
Same2 => n+3(end), Goto(begin)
exten => 2,n,NoOp
exten => 1,s,NoOp(same as the last line)
exten => 1,begin+20,NoOp(c)
[general]
exten => 3,1,NoOp
[a]
exten => 1,3,NoOp(b)
";
        assert_eq!(
            priorities(text),
            [
                "1@a,1(begin),NoOp(a)",
                "1@a,2,Set(X=1)",
                "1@a,3,NoOp(b)",
                "1@a,6(end),Goto(begin)",
                "1@a,7,NoOp(same as the last line)",
                "1@a,21,NoOp(c)",
                "2@a,7,NoOp()",
            ]
        );
        assert_eq!(problems(text), [""; 0]);
    }

    #[test]
    fn the_first_line_of_an_extension_wins() {
        let text =
            "[a]\nexten => a b,1(x),One\nexten => a-b,1,Two\nexten => ab,n(x),Three\nexten => ab/1,1,Four\n";
        assert_eq!(priorities(text), ["a b@a,1(x),One()", "a b@a,2,Three()", "ab@a,1,Four()"]);
        let problems = problems(text);
        assert!(problems[0].starts_with("3: PriorityTwice(1, "), "{problems:?}");
        assert!(problems[1].starts_with("4: LabelTwice(\"x\", "), "{problems:?}");
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn a_bad_line_is_a_problem() {
        let table = [
            ("same => n,NoOp()", "SameFirst"),
            ("exten => 1", "NoPriority"),
            ("exten => 1,", "NoPriority"),
            ("exten => _[1,1,NoOp()", "OpenName"),
            ("exten => 1,0,NoOp()", "BadPriority(\"0\")"),
            ("exten => 1,-1,NoOp()", "BadPriority(\"-1\")"),
            ("exten => 1,1+-5,NoOp()", "BadPriority(\"1+-5\")"),
            ("exten => 1,start,NoOp()", "UnknownLabel(\"start\")"),
            ("exten => 1,n,NoOp()", "RelativeFirst(\"n\")"),
            ("exten => 1,same,NoOp()", "RelativeFirst(\"same\")"),
            ("exten => 1,1(a,NoOp()", "OpenLabel"),
            ("exten => 1,1,NoOp(a", "OpenParenthesis(\"NoOp\")"),
            ("exten => 1,1,NoOp(a)) b", "TextBehind(\"b\")"),
            ("exten => 1,hint,PJSIP/a(b)", "CutHint(\"PJSIP/a\")"),
            ("extend => 1,1,NoOp()", "UnknownKey(\"extend\")"),
        ];
        for (line, expected) in table {
            assert_eq!(problems(&format!("[a]\n{line}\n")), [format!("2: {expected}")], "{line}");
        }
        assert_eq!(problems("[a]\nexten => 1,hint,SIP/a\nexten => 1,n,NoOp()\n"), ["3: NextBehindHint"]);
    }

    #[test]
    fn other_options_of_a_context() {
        let text = "[a]\ninclude => b\ninclude => B\ninclude => b,9:00-10:00,*,*,*\nIgnorePat => 9\nswitch => Realtime\n\
            exten => 1,hint,PJSIP/a&Custom:b,CustomPresence:c\nexten => 1,hint,PJSIP/d\n";
        with(text, |dialplan| {
            let context = dialplan.context(BStr::new("a")).unwrap();
            let includes: Vec<_> =
                context.includes.iter().map(|include| (include.context, include.times)).collect();
            let b = BStr::new("b");
            assert_eq!(includes, [(b, None), (b, Some(BStr::new("9:00-10:00,*,*,*")))]);
            let settings: Vec<_> =
                context.settings.iter().map(|setting| (setting.kind, setting.value)).collect();
            assert_eq!(
                settings,
                [(SettingKind::IgnorePattern, BStr::new("9")), (SettingKind::Switch, BStr::new("Realtime"))]
            );
            let [hint] = context.hints.as_slice() else { panic!("{:?}", context.hints) };
            assert_eq!(hint.devices().collect::<Vec<_>>(), ["PJSIP/a", "Custom:b"]);
            assert_eq!(hint.presence, Some(BStr::new("CustomPresence:c")));
            assert!(dialplan.context(BStr::new("A")).is_none());
        });
        let problems = problems(text);
        assert!(problems[0].starts_with("3: IncludeTwice(\"B\""), "{problems:?}");
        assert!(problems[1].starts_with("8: HintTwice("), "{problems:?}");
    }
}
