//! Finds the lines that a question is about.

use asterisk_conf::{ConfigOption, Section, Status};
use bstr::{BStr, ByteSlice};
use driver_api::explanation::{Explanation, Note};

use super::{Answer, Index, NotFound, Place, Question, line_of};
use crate::dialplan::{Dialplan, Key};
use crate::site::is_configuration;
use crate::text::Shown;

/// How similar a name must be to be named in place of one that is not there.
const SIMILAR: f64 = 0.8;

/// How many similar names are named.
const MAX_NEAREST: usize = 3;

impl Index<'_> {
    /// Finds the lines that a question is about.
    ///
    /// # Errors
    ///
    /// There is no such section, option or line.
    pub fn find(&self, question: Question<'_>) -> Result<Answer, NotFound> {
        if self.document.status() != Status::Ok {
            return Err(NotFound(format!("{}: Asterisk does not read the file", self.name)));
        }
        match (question.line, question.section) {
            (Some(line), _) => self.find_line(line),
            (None, Some(section)) => self.find_section(section, question.option),
            (None, None) => Ok(Answer::summary()),
        }
    }

    /// Finds the headers of sections from which the configuration removes the option that a question is about.
    pub fn find_removed(&self, question: Question<'_>, explanation: &Explanation) -> Option<Answer> {
        let (name, option) = question.section.zip(question.option)?;
        let is_it = |note: &Note| matches!(note, Note::Removed(it) if it.key.eq_ignore_ascii_case(option));
        let places = self.named(name).into_iter().filter_map(|section| {
            let header = line_of(self.sections()[section].location());
            let is_removed = explanation.of_line(header).any(is_it);
            is_removed.then(|| Place { section, lines: vec![header] })
        });
        let places: Vec<Place> = places.collect();
        (!places.is_empty()).then_some(Answer { places, is_detailed: true })
    }

    fn find_line(&self, line: usize) -> Result<Answer, NotFound> {
        self.has_sections()?;
        if !(1..=self.lines.len()).contains(&line) {
            return Err(NotFound(format!(
                "{} has {} lines, and no line {line}",
                self.name,
                self.lines.len()
            )));
        }
        let found = self.section_at(line).filter(|&at| {
            let section = &self.sections()[at];
            line_of(section.location()) == line
                || own(section).any(|option| line_of(option.location()) == line)
        });
        let Some(section) = found else {
            let message = "it is empty, a comment, or no line of a section";
            return Err(NotFound(format!("{}:{line}: {message}", self.name)));
        };
        Ok(Answer { places: vec![Place { section, lines: vec![line] }], is_detailed: true })
    }

    fn has_sections(&self) -> Result<(), NotFound> {
        if is_configuration(self.name) {
            return Ok(());
        }
        let message = "it is no configuration file of Asterisk, and the rows of its lines are not recorded";
        Err(NotFound(format!("{}: {message}; leave out section and line", self.name)))
    }

    fn find_section(&self, name: &str, option: Option<&str>) -> Result<Answer, NotFound> {
        self.has_sections()?;
        let found = self.named(name);
        if found.is_empty() {
            return self.find_part(name, option);
        }
        let Some(option) = option else {
            let place = |section| Place { section, lines: self.lines_of(section) };
            return Ok(Answer { places: found.into_iter().map(place).collect(), is_detailed: false });
        };
        let places = found.iter().map(|&section| Place { section, lines: self.lines_with(section, option) });
        let places: Vec<Place> = places.filter(|place| !place.lines.is_empty()).collect();
        if !places.is_empty() {
            return Ok(Answer { places, is_detailed: true });
        }
        let keys = found.iter().flat_map(|&at| self.sections()[at].options()).map(ConfigOption::key);
        let what = format!("{name} has no option {option:?}");
        Err(not_found(&what, option, keys.map(|key| key.to_str_lossy().into_owned())))
    }

    /// Returns the sections that a name means: of this name, or of this name without regard to case, or `KIND/NAME`.
    fn named(&self, name: &str) -> Vec<usize> {
        let select = |is_meant: &dyn Fn(&Section) -> bool| -> Vec<usize> {
            let sections = self.sections().iter().enumerate();
            sections.filter(|(_, section)| is_meant(section)).map(|(at, _)| at).collect()
        };
        let exact = select(&|section| section.name() == name);
        if !exact.is_empty() {
            return exact;
        }
        let alike = select(&|section| section.name().eq_ignore_ascii_case(name.as_bytes()));
        if !alike.is_empty() {
            return alike;
        }
        let Some((kind, name)) = name.split_once('/') else { return Vec::new() };
        select(&|section| {
            let is_kind = |section| self.kind(section) == kind;
            section.name() == name
                && (section.value("type").is_some_and(|value| value == kind) || is_kind(section))
        })
    }

    /// Finds `EXTENSION@CONTEXT` or `MAILBOX@CONTEXT`.
    fn find_part(&self, name: &str, option: Option<&str>) -> Result<Answer, NotFound> {
        let part = name.rsplit_once('@').map(|(part, context)| (part, self.named(context)));
        let Some((part, sections)) = part.filter(|(_, sections)| !sections.is_empty()) else {
            let names = self.sections().iter().map(|section| section.name().to_str_lossy().into_owned());
            return Err(not_found(&format!("{} has no section {name:?}", self.name), name, names));
        };
        if self.name.filename() == "extensions.conf" {
            return self.find_extension(name, part, &sections, option);
        }
        let places = sections.iter().map(|&section| Place { section, lines: self.lines_with(section, part) });
        let places: Vec<Place> = places.filter(|place| !place.lines.is_empty()).collect();
        if !places.is_empty() {
            return Ok(Answer { places, is_detailed: true });
        }
        let keys = sections.iter().flat_map(|&at| self.sections()[at].options()).map(ConfigOption::key);
        let what = format!("{} has no {name:?}", self.name);
        Err(not_found(&what, part, keys.map(|key| key.to_str_lossy().into_owned())))
    }

    fn find_extension(
        &self,
        name: &str,
        extension: &str,
        sections: &[usize],
        priority: Option<&str>,
    ) -> Result<Answer, NotFound> {
        let dialplan = Dialplan::read(&self.document);
        let context = sections.first().and_then(|&at| dialplan.context(self.sections()[at].name()));
        let context = context.ok_or_else(|| NotFound(format!("{} has no {name:?}", self.name)))?;
        let (number, caller) = match extension.split_once('/') {
            Some((number, caller)) => (number, Some(BStr::new(caller))),
            None => (extension, None),
        };
        let priorities = context.extension(&Key::of_extension(number.as_bytes(), caller));
        let hint = context.hint(&Key::of_hint(number.as_bytes(), caller));
        let mut all: Vec<(String, Option<&BStr>, usize)> = Vec::new();
        for step in priorities.iter().flat_map(|extension| &extension.priorities) {
            all.push((step.number.to_string(), step.label, line_of(step.location)));
        }
        all.extend(hint.map(|hint| ("hint".to_owned(), None, line_of(hint.location))));
        if all.is_empty() {
            let known =
                context.extensions.iter().map(|extension| extension.name.number.to_str_lossy().into_owned());
            let what = format!("the context {} has no extension {extension:?}", Shown(context.name));
            return Err(not_found(&what, extension, known));
        }
        let is_meant = |(number, label, _): &&(String, Option<&BStr>, usize)| {
            priority.is_none_or(|meant| number == meant || label.is_some_and(|label| label == meant))
        };
        let mut lines: Vec<usize> = all.iter().filter(is_meant).map(|(_, _, line)| *line).collect();
        lines.sort_unstable();
        if let Some(priority) = priority.filter(|_| lines.is_empty()) {
            let known: Vec<&str> = all.iter().map(|(number, ..)| number.as_str()).collect();
            let message = format!("{name} has no priority {priority:?}; it has {}", known.join(", "));
            return Err(NotFound(message));
        }
        Ok(Answer { places: self.by_section(&lines), is_detailed: priority.is_some() })
    }

    /// Returns lines in order with the sections that they stand in.
    fn by_section(&self, lines: &[usize]) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for &line in lines {
            let Some(section) = self.section_at(line) else { continue };
            match places.last_mut().filter(|place| place.section == section) {
                Some(place) => place.lines.push(line),
                None => places.push(Place { section, lines: vec![line] }),
            }
        }
        places
    }

    /// Returns all lines of a section, with its header.
    fn lines_of(&self, section: usize) -> Vec<usize> {
        let section = &self.sections()[section];
        let options = own(section).map(|option| line_of(option.location()));
        std::iter::once(line_of(section.location())).chain(options).collect()
    }

    /// Returns the lines of an option: those of the section's own, or else those that it has from other sections.
    fn lines_with(&self, section: usize, key: &str) -> Vec<usize> {
        let section = &self.sections()[section];
        let exact = |option: &&ConfigOption| option.key() == key;
        let alike = |option: &&ConfigOption| option.has_key(key);
        let line = |option: &ConfigOption| line_of(option.location());
        let lines: Vec<usize> = own(section).filter(exact).map(line).collect();
        let lines = if lines.is_empty() { own(section).filter(alike).map(line).collect() } else { lines };
        if lines.is_empty() { section.options().iter().filter(alike).map(line).collect() } else { lines }
    }
}

/// Returns the options that stand in a section itself.
fn own(section: &Section) -> impl Iterator<Item = &ConfigOption> {
    section.options().iter().filter(|option| !option.is_inherited())
}

/// Returns an error that names the names which are most like the one that is not there.
fn not_found(what: &str, name: &str, known: impl Iterator<Item = String>) -> NotFound {
    let mut similar: Vec<(f64, String)> = known
        .map(|known| (strsim::jaro_winkler(&known, name), known))
        .filter(|(is, _)| *is > SIMILAR)
        .collect();
    similar.sort_by(|(a, first), (b, second)| b.total_cmp(a).then_with(|| first.cmp(second)));
    similar.dedup_by(|(_, a), (_, b)| a == b);
    similar.truncate(MAX_NEAREST);
    let names: Vec<String> = similar.iter().map(|(_, name)| Shown(BStr::new(name)).to_string()).collect();
    match &names[..] {
        [] => NotFound(what.to_owned()),
        [name] => NotFound(format!("{what}; the nearest is {name}")),
        names => NotFound(format!("{what}; the nearest are {}", names.join(", "))),
    }
}
