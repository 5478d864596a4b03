//! The script for fish.

use std::fmt::Write as _;

use super::line::{self, Command, Opt, Program, Words};

pub(super) fn script(program: &Program) -> String {
    let mut script = HEAD.to_owned();
    for option in &program.options {
        let _ = writeln!(script, "complete -c confgend -n __confgend_begins {}", of_option(option));
    }
    for command in &program.commands {
        let help = quoted(&command.help);
        let _ = writeln!(script, "complete -c confgend -n __confgend_begins -a {} -d {help}", command.name);
    }
    for command in &program.commands {
        of_command(&mut script, command);
    }
    script
}

fn of_command(script: &mut String, command: &Command) {
    let condition = format!("complete -c confgend -n '__confgend_is {}'", command.name);
    for option in &command.options {
        let _ = writeln!(script, "{condition} {}", of_option(option));
    }
    for operand in &command.operands {
        let words = words(operand.name);
        if !words.is_empty() {
            let _ = writeln!(script, "{condition} {words}");
        }
    }
}

fn of_option(option: &Opt) -> String {
    let name = option.name.trim_start_matches('-');
    let help = quoted(&option.help);
    match option.value.map(words) {
        None => format!("-l {name} -d {help}"),
        Some(words) if words.is_empty() => format!("-l {name} -x -d {help}"),
        Some(words) => format!("-l {name} -r -d {help} {words}"),
    }
}

/// The options of `complete` that offer the words for a value or an operand of this name.
fn words(name: &str) -> String {
    match line::words(name) {
        Words::Asked(what) => format!("-f -a '(__confgend_ask {what})'"),
        Words::Fixed(words) => format!("-f -a '{}'", words.join(" ")),
        Words::Paths => "-F".to_owned(),
        Words::Folders => "-f -a '(__fish_complete_directories)'".to_owned(),
        Words::FoldersAnd(words) => format!("-f -a '(__fish_complete_directories) {}'", words.join(" ")),
        Words::Unknown => String::new(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

const HEAD: &str = r#"# fish completion for confgend, as "confgend completion fish" prints it.

# Prints the words that the program knows, by the configuration that the command line names.
function __confgend_ask
    set -l words (commandline -opc)
    set -l ask $words[1] completion $argv[1]
    if set -l at (contains -i -- --config $words); and set -q words[(math $at + 1)]
        set -a ask --config $words[(math $at + 1)]
    end
    $ask 2>/dev/null
end

function __confgend_begins
    test (count (commandline -opc)) -eq 1
end

function __confgend_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

complete -c confgend -f
"#;
