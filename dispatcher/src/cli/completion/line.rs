//! The command line as the scripts need it: commands, options, and the words that can stand in a place.

use argh::{CommandInfoWithArgs, FlagInfo, FlagInfoKind, Optionality};

/// The command line of a program.
pub(super) struct Program {
    /// Its name, its options, and its operands if it has no commands.
    pub(super) own: Command,
    pub(super) commands: Vec<Command>,
    /// The files that the script offers where it can't ask `confgend`; none in the script of `confgend` itself.
    pub(super) files: Option<Vec<String>>,
}

pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) help: String,
    pub(super) options: Vec<Opt>,
    /// The operands, in their order.
    pub(super) operands: Vec<Operand>,
}

pub(super) struct Opt {
    /// The name with its hyphens: `--config`.
    pub(super) name: &'static str,
    /// The letter of its short form.
    pub(super) letter: Option<char>,
    pub(super) help: String,
    /// The name of its value, if it takes one.
    pub(super) value: Option<&'static str>,
}

pub(super) struct Operand {
    pub(super) name: &'static str,
    pub(super) repeats: bool,
}

/// The words that can stand in a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Words {
    /// Those that the program prints for `confgend completion` with this word.
    Asked(&'static str),
    /// These.
    Fixed(&'static [&'static str]),
    /// Paths.
    Paths,
    /// Paths of folders.
    Folders,
    /// Paths of folders, and these words.
    FoldersAnd(&'static [&'static str]),
    /// Nothing that a shell could know.
    Unknown,
}

/// The names of values and operands, as `--help` shows them, each with the words that can stand there.
pub(super) const NAMES: &[(&str, Words)] = &[
    ("case", Words::Asked("cases")),
    ("dir", Words::Folders),
    ("file", Words::Asked("files")),
    ("generation", Words::Asked("generations")),
    ("host", Words::Unknown),
    ("number", Words::Unknown),
    ("path", Words::Paths),
    ("port", Words::Unknown),
    ("resource/filename", Words::Asked("files")),
    ("seconds", Words::Unknown),
    ("section", Words::Unknown),
    ("state", Words::FoldersAnd(&["service"])),
    ("time", Words::Unknown),
    ("uri", Words::Unknown),
    ("warnings", Words::Fixed(&["warnings"])),
    ("what", Words::Fixed(&["bash", "zsh", "fish"])),
];

/// Returns the words for a value or an operand of this name.
pub(super) fn words(name: &str) -> Words {
    NAMES.iter().find(|(known, _)| *known == name).map_or(Words::Unknown, |(_, words)| *words)
}

impl Program {
    pub(super) fn of(info: &CommandInfoWithArgs, files: Option<Vec<String>>) -> Program {
        let mut commands: Vec<Command> =
            info.commands.iter().map(|command| Command::of(command.name, &command.command)).collect();
        commands.sort_by_key(|command| command.name);
        Program { own: Command::of(info.name, info), commands, files }
    }

    /// Returns whether a value or an operand has this name.
    pub(super) fn has_place(&self, name: &str) -> bool {
        self.commands.iter().chain([&self.own]).any(|command| {
            let values = command.options.iter().filter_map(|option| option.value);
            values.chain(command.operands.iter().map(|operand| operand.name)).any(|it| it == name)
        })
    }

    /// Fills a template: the name of the program, and the one that functions have in theirs.
    pub(super) fn fill(&self, template: &str) -> String {
        let name = self.own.name;
        template.replace("@PROGRAM@", name).replace("@ID@", &name.replace('-', "_"))
    }
}

impl Command {
    fn of(name: &'static str, info: &CommandInfoWithArgs) -> Command {
        let operands =
            info.positionals.iter().filter(|positional| !positional.hidden).map(|positional| Operand {
                name: positional.name,
                repeats: matches!(positional.optionality, Optionality::Repeating | Optionality::Greedy),
            });
        Command { name, help: brief(info.description), options: options(info), operands: operands.collect() }
    }
}

fn options(info: &CommandInfoWithArgs) -> Vec<Opt> {
    let option = |flag: &FlagInfo<'static>| Opt {
        name: flag.long,
        letter: flag.short,
        help: brief(flag.description),
        value: match flag.kind {
            FlagInfoKind::Switch => None,
            FlagInfoKind::Option { arg_name } => Some(arg_name),
        },
    };
    info.flags.iter().filter(|flag| !flag.hidden).map(option).collect()
}

/// Returns the beginning of a description, up to the first end of a clause.
fn brief(description: &str) -> String {
    let text = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = ["; ", ". ", ": ", " ("].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line;

    #[test]
    fn every_value_and_operand_has_its_words() {
        let info = command_line();
        for command in Program::of(&info, None).commands {
            let values = command.options.iter().filter_map(|option| option.value);
            for name in values.chain(command.operands.iter().map(|operand| operand.name)) {
                let is_known = NAMES.iter().any(|(known, _)| *known == name);
                assert!(is_known, "{} {name}: add it to NAMES", command.name);
            }
        }
    }

    #[test]
    fn a_description_ends_with_its_first_clause() {
        assert_eq!(brief("print  the\n version"), "print the version");
        assert_eq!(brief("Do it, all of it: now. Or not."), "Do it, all of it");
        assert_eq!(brief("Do it."), "Do it");
    }
}
