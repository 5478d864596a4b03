//! The script for zsh, which works as a file of `fpath` and from `source <(confgend completion zsh)`.

use std::fmt::Write as _;

use super::line::{self, Command, Operand, Opt, Program, Words};

pub(super) fn script(program: &Program) -> String {
    let mut descriptions = String::new();
    let mut commands = String::new();
    for command in &program.commands {
        let described =
            format!("{}:{}", command.name, command.help.replace('\\', "\\\\").replace(':', "\\:"));
        let _ = writeln!(descriptions, "        {}", quoted(&described));
        let _ = writeln!(commands, "        {}) _arguments -S {} ;;", command.name, arguments(command));
    }
    let options: Vec<String> = program.options.iter().map(option).collect();
    SCRIPT
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
    quoted(&format!("{}[{help}]{value}", option.name))
}

fn operand(operand: &Operand) -> String {
    let place = if operand.repeats { "*:" } else { ":" };
    quoted(&format!("{place}{}:{}", operand.name, action(operand.name)))
}

fn action(name: &str) -> String {
    match line::words(name) {
        Words::Asked(what) => format!("{{_confgend_ask {what}}}"),
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

const SCRIPT: &str = r#"#compdef confgend
# zsh completion for confgend, as "confgend completion zsh" prints it.

# Offers the words that the program knows, by the configuration that the command line names.
_confgend_ask() {
    local -a ask found
    ask=($_confgend_program completion $1)
    [[ -n ${opt_args[--config]} ]] && ask+=(--config ${(Q)opt_args[--config]})
    found=(${(f)"$($ask 2>/dev/null)"})
    compadd -a found
}

_confgend() {
    local context state state_descr line _confgend_program=$words[1]
    local -A opt_args
    local -a commands
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
}

if [[ $funcstack[1] == _confgend ]]; then
    _confgend "$@"
else
    compdef _confgend confgend
fi
"#;
