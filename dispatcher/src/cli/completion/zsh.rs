//! The script for zsh, which works as a file of `fpath` and from `source <(confgend completion zsh)`.

use std::fmt::Write as _;

use super::line::{self, Command, Operand, Opt, Program, Words};

pub(super) fn script(program: &Program) -> String {
    let (ask, body) = match &program.files {
        None => (ASK_SELF.to_owned(), with_commands(program)),
        Some(files) => {
            let body = format!("    _arguments -s -S {}\n", arguments(&program.own));
            (ASK.replace("@FILES@", &files.join(" ")), body)
        }
    };
    program.fill(&SCRIPT.replace("@ASK@", ask.trim_end()).replace("@BODY@", body.trim_end()))
}

/// The rest of the function of a program with commands.
fn with_commands(program: &Program) -> String {
    let mut descriptions = String::new();
    let mut commands = String::new();
    for command in &program.commands {
        let described =
            format!("{}:{}", command.name, command.help.replace('\\', "\\\\").replace(':', "\\:"));
        let _ = writeln!(descriptions, "        {}", quoted(&described));
        let _ = writeln!(commands, "        {}) _arguments -S {} ;;", command.name, arguments(command));
    }
    let options: Vec<String> = program.own.options.iter().map(option).collect();
    COMMANDS
        .replace("@OPTIONS@", &options.join(" "))
        .replace("@DESCRIPTIONS@", descriptions.trim_end())
        .replace("@COMMANDS@", commands.trim_end())
}

fn arguments(command: &Command) -> String {
    let options = command.options.iter().map(option);
    let operands = command.operands.iter().map(operand);
    options.chain(operands).collect::<Vec<_>>().join(" ")
}

fn option(option: &Opt) -> String {
    let mut help = option.help.clone();
    for special in ["\\", "[", "]", ":"] {
        help = help.replace(special, &format!("\\{special}"));
    }
    let value = option.value.map_or_else(String::new, |name| format!(":{name}:{}", action(name)));
    let both = |letter| format!("'(-{letter} {name})'{{-{letter},{name}}}", name = option.name);
    let names = option.letter.map_or_else(|| option.name.to_owned(), both);
    format!("{names}{}", quoted(&format!("[{help}]{value}")))
}

fn operand(operand: &Operand) -> String {
    let place = if operand.repeats { "*:" } else { ":" };
    quoted(&format!("{place}{}:{}", operand.name, action(operand.name)))
}

fn action(name: &str) -> String {
    match line::words(name) {
        Words::Asked(what) => format!("{{_@ID@_ask {what}}}"),
        Words::Fixed(words) => format!("({})", words.join(" ")),
        Words::Paths => "_files".to_owned(),
        Words::Folders => "_files -/".to_owned(),
        Words::FoldersAnd(words) => format!("{{_files -/; compadd {}}}", words.join(" ")),
        // A blank offers nothing.
        Words::Unknown => " ".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Asks the program by the configuration that the command line names.
const ASK_SELF: &str = r#"    local -a ask found
    ask=($_@ID@_program completion $1)
    [[ -n ${opt_args[--config]} ]] && ask+=(--config ${(Q)opt_args[--config]})
    found=(${(f)"$($ask 2>/dev/null)"})
"#;

const ASK: &str = r#"    local -a found
    found=(${(f)"$(confgend completion $1 2>/dev/null || print -l @FILES@)"})
"#;

const COMMANDS: &str = r"    local -a commands
    commands=(
@DESCRIPTIONS@
    )
    _arguments -C @OPTIONS@ '1: :->command' '*:: :->rest' && return
    case $state in
    command) _describe -t commands command commands ;;
    rest)
        case $words[1] in
@COMMANDS@
        esac
        ;;
    esac
";

const SCRIPT: &str = r#"#compdef @PROGRAM@
# zsh completion for @PROGRAM@

# Offers the words that the program knows.
_@ID@_ask() {
@ASK@
    compadd -a found
}

_@ID@() {
    local context state state_descr line _@ID@_program=$words[1]
    local -A opt_args
@BODY@
}

if [[ $funcstack[1] == _@PROGRAM@ ]]; then
    _@ID@ "$@"
else
    compdef _@ID@ @PROGRAM@
fi
"#;
