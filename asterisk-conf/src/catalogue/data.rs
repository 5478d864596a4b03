//! The text of the catalogue, and its parser.

use super::{
    Consequence, Deprecation, File, Kind, NameCase, OptionInfo, Reader, Reference, Repeat, Selection, Source,
    compare, value::ValueType,
};

/// The catalogue. Its first lines describe it.
pub(super) const TEXT: &str = include_str!("options.txt");

/// Parses the text. The error is the number of the first malformed line.
pub(super) fn parse(text: &'static str) -> Result<Vec<File>, usize> {
    let mut parser = Parser::default();
    for (at, line) in text.lines().enumerate() {
        if !line.is_empty() && !line.starts_with('#') {
            parser.line(line).ok_or(at + 1)?;
        }
    }
    for kind in parser.files.iter_mut().flat_map(|file| &mut file.kinds) {
        kind.options.sort_by(|a, b| compare(a.name, b.name));
    }
    Ok(parser.files)
}

/// The files so far, and the attributes of the file and kind above the current line.
#[derive(Default)]
struct Parser {
    files: Vec<File>,
    file: Attributes,
    kind: Attributes,
}

/// The attributes of a line. A line has only some of them.
#[derive(Default, Clone, Copy)]
struct Attributes {
    inherited: Inherited,
    unselected: Consequence,
    names: NameCase,
    module: &'static str,
    named: Option<&'static str>,
    types: NameCase,
    not_in_file: bool,
    required: bool,
    nonempty: bool,
    default: Option<&'static str>,
    list: Option<&'static str>,
    to: Option<Reference>,
    note: Option<&'static str>,
    only_in: Option<&'static str>,
    deprecated: Option<Deprecation>,
    deprecated_values: &'static str,
}

/// The attributes that a kind inherits from its file, and an option from its kind, unless its own line sets them.
#[derive(Default, Clone, Copy)]
struct Inherited {
    unknown: Consequence,
    bad: Consequence,
    repeat: Repeat,
    source: Source,
}

impl Parser {
    /// Parses one line. Returns `None` if it is malformed.
    fn line(&mut self, line: &'static str) -> Option<()> {
        let mut fields = line.split('\t');
        match fields.next()? {
            "file" => {
                let name = fields.next()?;
                let reader = match fields.next()? {
                    "sorcery" => Reader::Sorcery,
                    "aco" => Reader::Aco,
                    "own" => Reader::Module,
                    "none" => Reader::Nothing,
                    _ => return None,
                };
                self.file = attributes(fields, Inherited::default())?;
                self.files.push(File {
                    name,
                    reader,
                    kinds: Vec::new(),
                    type_case: self.file.types,
                    unknown_section: self.file.unselected,
                    note: self.file.note,
                });
            }
            "kind" => {
                let name = fields.next()?;
                let selection = selection(fields.next()?)?;
                self.kind = attributes(fields, self.file.inherited)?;
                self.files.last_mut()?.kinds.push(Kind {
                    name,
                    module: self.kind.module,
                    selection,
                    section_without_type: self.kind.named,
                    names: self.kind.names,
                    unknown_option: self.kind.inherited.unknown,
                    not_in_file: self.kind.not_in_file,
                    options: Vec::new(),
                    patterns: Vec::new(),
                });
            }
            name => {
                let value_type = fields.next()?;
                let own = attributes(fields, self.kind.inherited)?;
                let kind = self.files.last_mut()?.kinds.last_mut()?;
                let option = match value_type.strip_prefix("alias ") {
                    Some(of) => OptionInfo {
                        name,
                        alias_of: Some(of),
                        deprecated: own.deprecated,
                        ..kind.options.iter().find(|option| option.name == of)?.clone()
                    },
                    None => option(name, ValueType::parse(value_type)?, &own)?,
                };
                let options = if option.is_pattern() { &mut kind.patterns } else { &mut kind.options };
                options.push(option);
            }
        }
        Some(())
    }
}

fn option(name: &'static str, value_type: ValueType, own: &Attributes) -> Option<OptionInfo> {
    Some(OptionInfo {
        name,
        alias_of: None,
        value_type,
        default: own.default,
        list: own.list,
        repeat: own.inherited.repeat,
        required: own.required,
        nonempty: own.nonempty,
        deprecated: own.deprecated,
        refers_to: own.to,
        only_in: own.only_in,
        source: own.inherited.source,
        note: own.note,
        bad_value: own.inherited.bad,
        deprecated_values: items(own.deprecated_values)
            .map(|pair| pair.split_once(':'))
            .collect::<Option<Vec<_>>>()?,
    })
}

fn attributes(fields: impl Iterator<Item = &'static str>, inherited: Inherited) -> Option<Attributes> {
    let mut own = Attributes { inherited, ..Attributes::default() };
    for field in fields {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        match name {
            "unselected" => own.unselected = consequence(value)?,
            "unknown" => own.inherited.unknown = consequence(value)?,
            "bad" => own.inherited.bad = consequence(value)?,
            "repeat" => {
                own.inherited.repeat = match value {
                    "first" => Repeat::First,
                    "last" => Repeat::Last,
                    "adds" => Repeat::Adds,
                    _ => return None,
                }
            }
            "source" => {
                own.inherited.source = match value {
                    "help" => Source::Help,
                    "code" => Source::Code,
                    "docs" => Source::Documentation,
                    _ => return None,
                }
            }
            "names" => own.names = name_case(value)?,
            "module" => own.module = value,
            "named" => own.named = Some(value),
            "types" => own.types = name_case(value)?,
            "not-in-file" => own.not_in_file = true,
            "required" => own.required = true,
            "nonempty" => own.nonempty = true,
            "default" => own.default = Some(value),
            "list" => own.list = Some(value),
            "to" => {
                let (file, kind) =
                    value.split_once(':').map_or((value, None), |(file, kind)| (file, Some(kind)));
                own.to = Some(Reference { file, kind });
            }
            "note" => own.note = Some(value),
            "only-in" => own.only_in = Some(value),
            "deprecated" => {
                own.deprecated =
                    Some(Deprecation { replacement: Some(value).filter(|value| !value.is_empty()) });
            }
            "deprecated-values" => own.deprecated_values = value,
            _ => return None,
        }
    }
    Some(own)
}

fn selection(text: &'static str) -> Option<Selection> {
    Some(match text.split_once('=') {
        Some(("type", values)) => Selection::Type(items(values).collect()),
        Some(("name", name)) => Selection::Name(name),
        Some(("others", names)) => Selection::Others(items(names).collect()),
        None if text == "inside" => Selection::Inside,
        _ => return None,
    })
}

fn consequence(text: &str) -> Option<Consequence> {
    Some(match text {
        "silent" => Consequence::Ignored,
        "warned" => Consequence::Warned,
        "section" => Consequence::SectionIgnored,
        "object" => Consequence::ObjectRefused,
        "file" => Consequence::FileRefused,
        "exit" => Consequence::NoStart,
        _ => return None,
    })
}

fn name_case(text: &str) -> Option<NameCase> {
    Some(match text {
        "case" => NameCase::Sensitive,
        "nocase" => NameCase::Insensitive,
        _ => return None,
    })
}

/// Splits a list of the data at its commas.
pub(super) fn items(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(',').filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_parses() {
        assert_eq!(parse(TEXT).map(|files| files.len()), Ok(24));
    }

    #[test]
    fn a_malformed_line_is_reported_by_its_number() {
        for line in [
            "file\tx.conf\tnobody",
            "file\tx.conf",
            "file\tx.conf\town\tunknown=never",
            "name\ttext",
            "file\tx.conf\town\nkind\tgeneral\tname=general\nx\ttext\tcolour=red",
            "file\tx.conf\town\nkind\tgeneral\tname=general\nx\tunsigned 1",
            "file\tx.conf\town\nkind\tgeneral\tname=general\nx\talias y",
        ] {
            let text: &'static str = Box::leak(format!("# comment\n\n{line}\n").into_boxed_str());
            assert_eq!(parse(text), Err(2 + line.lines().count()), "{line}");
        }
    }

    #[test]
    fn a_kind_has_no_name_twice() {
        for kind in parse(TEXT).unwrap().iter().flat_map(|file| &file.kinds) {
            for pair in kind.options.windows(2) {
                assert!(compare(pair[0].name, pair[1].name).is_lt(), "{}: {}", kind.name, pair[1].name);
            }
        }
    }
}
