//! Reads `contexts.conf`, in which an operator sets the lines of each context and of each extension in it.
//!
//! The file looks like an INI file, and follows the rules of the Python program's own reader: options may
//! repeat and keep their order, `#` and `;` begin comments, section names and values are taken unchanged.
//! [`ContextsConf::parse`] has all rules.

use std::collections::HashMap;

use driver_api::asterisk::is_white_space;
use driver_api::{Error, ErrorKind};

use super::feature;
use super::section::{ConfOption, Section};

#[derive(Debug)]
pub(super) struct ContextsConf {
    /// All sections, by name.
    sections: HashMap<String, Section>,
    /// The section for contexts without one of their own.
    template: Section,
    /// The section of the features.
    features: Section,
    /// Options that will hardly work as the operator intended.
    warnings: Vec<String>,
}

/// The section whose options every other section inherits.
const DEFAULT: &str = "DEFAULT";

impl ContextsConf {
    /// Reads a file whose lines end with LF.
    ///
    /// A `;` at the start of a line or behind white space begins a comment, a `#` only behind the white space
    /// at the start of a line. `[name]` opens a section, or opens it again; a name ends at the last `]`. An
    /// option is a name and a value with the first `=` or `:` between them. A line that is indented more
    /// than the option above it would continue that option: it is an error, as is every other line, and
    /// all of them are reported at once.
    pub(super) fn parse(text: &str) -> Result<ContextsConf, Error> {
        let mut reader = Reader::default();
        // A byte order mark is no part of the first line.
        for (number, line) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).split('\n')) {
            reader.line(number, line);
        }
        if !reader.mistakes.is_empty() {
            return Err(Error::new(ErrorKind::Template, reader.mistakes.join("; ")));
        }
        let Reader { mut sections, mut warnings, .. } = reader;
        let default = sections.remove(DEFAULT).unwrap_or_default();
        if !default.is_empty() {
            let warning = "the options of [DEFAULT] are in every section, and an option of the section replaces only \
                one of the same name at the same place: repeat them in the sections that need them instead";
            warnings.push(warning.to_owned());
        }
        let merged = sections.into_iter().map(|(name, own)| (name, Section::new(&merge(&default, own))));
        let sections: HashMap<String, Section> = merged.collect();
        let required = |name| {
            let section: Option<&Section> = sections.get(name);
            let missing = || Error::new(ErrorKind::Template, format!("there is no section [{name}]"));
            section.cloned().ok_or_else(missing)
        };
        let (template, features) = (required("template")?, required(feature::SECTION)?);
        Ok(ContextsConf { sections, template, features, warnings })
    }

    /// Returns the section of a context. `None` if the file leaves the context out.
    pub(super) fn of_context(&self, name: &str, kind: &str) -> Option<&Section> {
        if self.sections.contains_key(&format!("!{name}")) {
            return None;
        }
        let of_kind = || self.sections.get(&format!("type:{kind}"));
        Some(self.sections.get(name).or_else(of_kind).unwrap_or(&self.template))
    }

    pub(super) fn features(&self) -> &Section {
        &self.features
    }

    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Merges the options of a section into those of `[DEFAULT]`. An option replaces the one at the same place
/// there, if it has the same name, and otherwise follows them.
fn merge(default: &[ConfOption], own: Vec<ConfOption>) -> Vec<ConfOption> {
    let mut merged = default.to_vec();
    for (place, option) in own.into_iter().enumerate() {
        match default.get(place) {
            Some(replaced) if replaced.name == option.name => merged[place] = option,
            _ => merged.push(option),
        }
    }
    merged
}

#[derive(Default)]
struct Reader {
    sections: HashMap<String, Vec<ConfOption>>,
    /// The section that is open.
    current: Option<String>,
    /// Beyond this indentation, in characters, a line continues the option above. `None`: there is none.
    continued_beyond: Option<usize>,
    mistakes: Vec<String>,
    warnings: Vec<String>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        let text = content(line);
        if text.is_empty() {
            self.continued_beyond = None;
            return;
        }
        let indentation = line.chars().take_while(|&c| is_white_space(c)).count();
        if self.continued_beyond.is_some_and(|limit| indentation > limit) {
            self.mistakes.push(format!(
                "line {number}: it is indented more than the option above it, and an option can't go on over \
                    several lines"
            ));
        } else if let Some(name) = header(text) {
            self.sections.entry(name.to_owned()).or_default();
            self.current = Some(name.to_owned());
            self.continued_beyond = None;
        } else {
            self.continued_beyond = self.current.as_ref().map(|_| indentation);
            self.option(number, text);
        }
    }

    fn option(&mut self, number: usize, text: &str) {
        let Some(section) = self.current.as_ref().and_then(|name| self.sections.get_mut(name)) else {
            self.mistakes.push(format!("line {number}: no [section] comes before it"));
            return;
        };
        match text.split_once(['=', ':']) {
            Some((name, value)) if !name.is_empty() => {
                if value.starts_with('>') {
                    self.warnings.push(format!("line {number}: \"=>\" is not understood: write \"=\""));
                }
                let name = name.trim_end_matches(is_white_space).to_lowercase();
                let value = value.trim_matches(is_white_space).to_owned();
                section.push(ConfOption { name, value, line: number });
            }
            Some(_) => self.mistakes.push(format!("line {number}: there is no name before the \"=\"")),
            None => self.mistakes.push(format!("line {number}: it is no [section], and has no \"=\"")),
        }
    }
}

/// Returns a line without the white space at its ends and without its comment.
fn content(line: &str) -> &str {
    let before = line.match_indices(';').find(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(is_white_space)
    });
    let text = line[..before.map_or(line.len(), |(at, _)| at)].trim_matches(is_white_space);
    if text.starts_with('#') { "" } else { text }
}

/// Returns the name in the header of a section. `[]` is not a header.
fn header(text: &str) -> Option<&str> {
    let end = text.rfind(']').filter(|&end| end >= 2)?;
    text[..end].strip_prefix('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ContextsConf {
        ContextsConf::parse(text).unwrap()
    }

    const REQUIRED: &str = "[template]\n[xivo-features]\n";

    /// The lines of the context `c` that this text gives, below the header of its section.
    fn options(text: &str) -> Vec<String> {
        shown(parse(&format!("{REQUIRED}[c]\n{text}")).of_context("c", "").unwrap())
    }

    fn shown(section: &Section) -> Vec<String> {
        section.context_lines("%%CONTEXT%%").map(|line| format!("{}={}", line.name, line.value)).collect()
    }

    fn mistake(text: &str) -> String {
        ContextsConf::parse(text).unwrap_err().chain()
    }

    #[test]
    fn an_option_is_a_name_and_a_value() {
        for (line, option) in [
            ("EXTEN = 1", "exten=1"),
            ("Foo Bar = Baz", "foo bar=Baz"),
            ("ÉTÉ = É", "été=É"),
            ("exten => 100,1,NoOp()", "exten=> 100,1,NoOp()"),
            ("exten: 2,1,N", "exten=2,1,N"),
            ("exten : 3:1=N", "exten=3:1=N"),
            ("exten = _+.,1,Goto(${EXTEN:1},1)", "exten=_+.,1,Goto(${EXTEN:1},1)"),
            ("exten =", "exten="),
            ("exten = 1\u{1c}\u{a0}\t", "exten=1"),
            ("[ctxa = 5", "[ctxa=5"),
            ("a = %(foo)s", "a=%(foo)s"),
            ("[] = 1", "[]=1"),
            ("a = x\u{c}y\u{b}z\u{85}w\u{2028}v", "a=x\u{c}y\u{b}z\u{85}w\u{2028}v"),
            ("a\u{200b} = 1", "a\u{200b}=1"),
        ] {
            assert_eq!(options(line), [option], "{line:?}");
        }
    }

    #[test]
    fn comments_are_cut_off() {
        for (line, option) in [
            ("exten = a;b", "exten=a;b"),
            ("exten = a ; b", "exten=a"),
            ("exten = a\t; b", "exten=a"),
            ("exten = a\u{a0}; b", "exten=a"),
            ("exten = x \\; y", "exten=x \\; y"),
            ("exten = Log(a;b) ; c ; d", "exten=Log(a;b)"),
            ("exten = a # b", "exten=a # b"),
        ] {
            assert_eq!(options(line), [option], "{line:?}");
        }
        for line in
            ["; a = 1", "  ; a = 1", ";a = 1", "# a = 1", " \t# a = 1", "#include file", "", "  ", "[c] ; a"]
        {
            assert_eq!(options(line), [""; 0], "{line:?}");
        }
    }

    #[test]
    fn a_header_ends_at_the_last_bracket() {
        for (header, name) in [
            ("[ctxa](!)", "ctxa"),
            ("[ctxa] junk", "ctxa"),
            ("[ctxa]=5", "ctxa"),
            ("[ctxa] junk ]", "ctxa] junk "),
            ("[ ctxa ]", " ctxa "),
            ("[Ctx é]", "Ctx é"),
            ("  [ctxa]", "ctxa"),
            ("[ctxa] ; b]", "ctxa"),
            ("[[ctxa]]", "[ctxa]"),
            ("[]]", "]"),
        ] {
            let conf = parse(&format!("{REQUIRED}{header}\nk = v"));
            assert_eq!(shown(conf.of_context(name, "").unwrap()), ["k=v"], "{header}");
        }
    }

    #[test]
    fn every_option_is_kept_in_order() {
        assert_eq!(
            options("a = 1\nb = 2\na = 1\n[template]\nx = 0\n[c]\na = 3"),
            ["a=1", "b=2", "a=1", "a=3"]
        );
    }

    #[test]
    fn a_line_that_is_indented_more_would_continue_the_option_above() {
        for text in [
            "  a = 1\n  b = 2\n b = 3\nb = 4",
            "\n    a = 1",
            "a = 1\n\n    b = 2",
            "a = 1\n  ; comment\n    b = 2",
            "a = 1\n#\n    b = 2",
            "    a = 1\n[c]\n        b = 2",
        ] {
            assert!(!options(text).is_empty(), "{text:?}");
        }
        for (text, line) in [
            ("a = 1\n  b = 2", 5),
            ("a = 1\n  [d]", 5),
            ("a = 1\n\u{a0}b", 5),
            ("a = 1\n\u{b}b = 2", 5),
            ("\n  a = 1\n   b = 2", 6),
            ("a = 1\n\n  b = 2\n   c = 3", 7),
        ] {
            let mistake = mistake(&format!("{REQUIRED}[c]\n{text}"));
            let expected = format!("line {line}: it is indented more than the option above it");
            assert!(mistake.starts_with(&expected), "{text:?}: {mistake}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        assert_eq!(
            mistake("a = 1\n[t]\nb\n= 2\n[]\n: 3\nc = 4"),
            "line 1: no [section] comes before it; line 3: it is no [section], and has no \"=\"; \
                line 4: there is no name before the \"=\"; line 5: it is no [section], and has no \"=\"; \
                line 6: there is no name before the \"=\""
        );
    }

    #[test]
    fn two_sections_are_required() {
        assert_eq!(mistake("[xivo-features]"), "there is no section [template]");
        assert_eq!(mistake("[template]"), "there is no section [xivo-features]");
        assert_eq!(mistake("[DEFAULT]\na = 1\n[xivo-features]"), "there is no section [template]");
        assert_eq!(mistake(""), "there is no section [template]");
    }

    #[test]
    fn default_options_are_replaced_by_place_and_name() {
        let text = "[DEFAULT]\nexten = d1\nfoo = d2\nexten = d3\n[template]\nexten = t1\nexten = t2\n\
            exten = t3\nexten = t4\n[xivo-features]\nexten = f1\nbar = f2\n[template]\nfoo = t5";
        let conf = parse(text);
        let template = shown(conf.of_context("DEFAULT", "x").unwrap());
        assert_eq!(template, ["exten=t1", "foo=d2", "exten=t3", "exten=t2", "exten=t4", "foo=t5"]);
        assert_eq!(shown(conf.features()), ["exten=f1", "foo=d2", "exten=d3", "bar=f2"]);
        let [warning] = conf.warnings() else { panic!("{:?}", conf.warnings()) };
        assert!(warning.starts_with("the options of [DEFAULT] are in every section"), "{warning}");
    }

    #[test]
    fn an_option_knows_its_line() {
        let conf = parse("[DEFAULT]\na = 1\nb = 2\n[template]\na = 3\n\n[xivo-features]\n");
        let lines = conf.of_context("x", "").unwrap().context_lines("x");
        let lines: Vec<_> = lines.map(|line| (line.name.to_owned(), line.conf_line)).collect();
        assert_eq!(lines, [("a".to_owned(), 5), ("b".to_owned(), 3)]);
    }

    #[test]
    fn an_arrow_is_reported() {
        let conf = parse(&format!("{REQUIRED}exten => 1,1,NoOp()\nexten: > 1\na = >b\nc = d\n"));
        assert_eq!(conf.warnings(), ["line 3: \"=>\" is not understood: write \"=\""]);
    }

    #[test]
    fn a_context_has_the_section_of_its_name_type_or_template() {
        let text = "[template]\ns = template\n[xivo-features]\ns = features\n[type:internal]\ns = internal\n\
            [type:]\ns = none\n[named]\ns = named\n[!hidden]\n[!!a]\n";
        let conf = parse(text);
        for (name, kind, section) in [
            ("named", "internal", Some("s=named")),
            ("Named", "internal", Some("s=internal")),
            ("x", "Internal", Some("s=template")),
            ("x", "services", Some("s=template")),
            ("x", "", Some("s=none")),
            ("hidden", "internal", None),
            ("!a", "internal", None),
            ("xivo-features", "internal", Some("s=features")),
            ("template", "internal", Some("s=template")),
        ] {
            let given = conf.of_context(name, kind).map(|section| shown(section).join(" "));
            assert_eq!(given.as_deref(), section, "{name} {kind}");
        }
        assert_eq!(shown(conf.of_context("!hidden", "").unwrap()), [""; 0]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert!(ContextsConf::parse(&format!("\u{feff}{REQUIRED}")).is_ok());
    }
}
