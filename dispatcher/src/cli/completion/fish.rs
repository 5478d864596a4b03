//! The script for fish.

use std::fmt::Write as _;

use super::line::{self, Command, Opt, Program, Words};

pub(super) fn script(program: &Program) -> String {
    let mut script = match &program.files {
        None => HEAD.to_owned() + COMMANDS,
        Some(files) => HEAD.to_owned() + &FILES.replace("@FILES@", &files.join(" ")),
    };
    script += "\ncomplete -c @PROGRAM@ -f\n";
    if program.files.is_some() {
        of_command(&mut script, "complete -c @PROGRAM@", &program.own);
    } else {
        of_command(&mut script, "complete -c @PROGRAM@ -n __@ID@_begins", &program.own);
    }
    for command in &program.commands {
        let help = quoted(&command.help);
        let _ = writeln!(script, "complete -c @PROGRAM@ -n __@ID@_begins -a {} -d {help}", command.name);
    }
    for command in &program.commands {
        of_command(&mut script, &format!("complete -c @PROGRAM@ -n '__@ID@_is {}'", command.name), command);
    }
    program.fill(&script)
}

/// Adds the options and operands of a command line. Each line begins with these words.
fn of_command(script: &mut String, begin: &str, command: &Command) {
    for option in &command.options {
        let _ = writeln!(script, "{begin} {}", of_option(option));
    }
    for operand in &command.operands {
        let words = words(operand.name);
        if !words.is_empty() {
            let _ = writeln!(script, "{begin} {words}");
        }
    }
}

fn of_option(option: &Opt) -> String {
    let short = option.letter.map_or_else(String::new, |letter| format!("-s {letter} "));
    let name = format!("{short}-l {}", option.name.trim_start_matches('-'));
    let help = quoted(&option.help);
    match option.value.map(words) {
        None => format!("{name} -d {help}"),
        Some(words) if words.is_empty() => format!("{name} -x -d {help}"),
        Some(words) => format!("{name} -r -d {help} {words}"),
    }
}

/// The options of `complete` that offer the words for a value or an operand of this name.
fn words(name: &str) -> String {
    match line::words(name) {
        Words::Asked(what) => format!("-f -a '(__@ID@_ask {what})'"),
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

const HEAD: &str = "# fish completion for @PROGRAM@\n";

const FILES: &str = r"
# Prints the files.
function __@ID@_ask
    type -q confgend; and confgend completion $argv[1] 2>/dev/null; or printf '%s\n' @FILES@
end
";

const COMMANDS: &str = r"
# Prints the words that the program knows, by the configuration that the command line names.
function __@ID@_ask
    set -l words (commandline -opc)
    set -l ask $words[1] completion $argv[1]
    if set -l at (contains -i -- --config $words); and set -q words[(math $at + 1)]
        set -a ask --config $words[(math $at + 1)]
    end
    $ask 2>/dev/null
end

function __@ID@_begins
    test (count (commandline -opc)) -eq 1
end

function __@ID@_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end
";
