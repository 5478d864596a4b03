//! The script for bash. It uses nothing but bash, and evaluates no word that it gets from elsewhere.

use std::fmt::Write as _;

use super::line::{Command, NAMES, Opt, Program, Words};

pub(super) fn script(program: &Program) -> String {
    let begin = match &program.files {
        None => with_commands(program),
        Some(_) => format!("    local first=1 {}\n", facts(&program.own)),
    };
    let ask = match &program.files {
        None => "    \"${ask[@]}\" \"$1\" 2>/dev/null".to_owned(),
        Some(files) => {
            format!("    confgend completion \"$1\" 2>/dev/null || printf '%s\\n' {}", files.join(" "))
        }
    };
    let mut places = String::new();
    for (name, words) in NAMES.iter().filter(|(name, _)| program.has_place(name)) {
        let _ = writeln!(places, "        {name}) {} ;;", reply(*words));
    }
    let script = SCRIPT
        .replace("@ASK@", &ask)
        .replace("@CONFIG@", if program.files.is_none() { CONFIG } else { "" })
        .replace("@BEGIN@", begin.trim_end())
        .replace("@PLACES@", places.trim_end());
    program.fill(&script)
}

/// The beginning of the function of a program with commands: it completes the command, or learns the facts about it.
fn with_commands(program: &Program) -> String {
    let mut words: Vec<&str> = program.commands.iter().map(|command| command.name).collect();
    words.extend(names(&program.own.options));
    let mut commands = String::new();
    for command in &program.commands {
        let _ = writeln!(commands, "        {}) {} ;;", command.name, facts(command));
    }
    COMMANDS.replace("@WORDS@", &words.join(" ")).replace("@COMMANDS@", commands.trim_end())
}

/// The facts about a command line: its options, the values of those that take one, and its operands.
fn facts(command: &Command) -> String {
    let values = command.options.iter().filter_map(|option| {
        let value = option.value?;
        let short = option.letter.map_or_else(String::new, |letter| format!(" -{letter}={value}"));
        Some(format!("{}={value}{short}", option.name))
    });
    let operands =
        command.operands.iter().map(|it| format!("{}{}", it.name, if it.repeats { "*" } else { "" }));
    format!(
        "options='{}' values='{}' operands='{}'",
        names(&command.options).collect::<Vec<_>>().join(" "),
        values.collect::<Vec<_>>().join(" "),
        operands.collect::<Vec<_>>().join(" "),
    )
}

fn names(options: &[Opt]) -> impl Iterator<Item = &'static str> {
    options.iter().map(|option| option.name)
}

fn reply(words: Words) -> String {
    let folders = "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$word\")";
    match words {
        Words::Asked(what) => format!("_@ID@_offer <<<\"$(_@ID@_ask {what})\""),
        Words::Fixed(words) => format!("_@ID@_offer <<<$'{}'", words.join("\\n")),
        Words::Paths => {
            "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\")".to_owned()
        }
        Words::Folders => folders.to_owned(),
        Words::FoldersAnd(words) => format!("{folders}; _@ID@_offer <<<$'{}'", words.join("\\n")),
        Words::Unknown => ":".to_owned(),
    }
}

const COMMANDS: &str = r#"    local first=2 options values operands
    local ask=("${COMP_WORDS[0]}" completion)
    if ((COMP_CWORD == 1)); then
        _@ID@_offer <<<"$(printf '%s\n' @WORDS@)"
        return
    fi
    case ${COMP_WORDS[1]} in
@COMMANDS@
        *) return ;;
    esac
"#;

/// Asks the program by the configuration that the command line names.
const CONFIG: &str = r#"                [[ ${COMP_WORDS[i - 1]} == --config ]] && ask+=(--config "${COMP_WORDS[i]}")
"#;

const SCRIPT: &str = r#"# bash completion for @PROGRAM@

# Offers the lines of standard input that begin with the word on the command line.
_@ID@_offer() {
    local line
    while IFS= read -r line; do
        [[ -n $line && $line == "$word"* ]] && COMPREPLY+=("$line")
    done
}

# Prints the words that the program knows.
_@ID@_ask() {
@ASK@
}

_@ID@() {
    local word=${COMP_WORDS[COMP_CWORD]} place='' count=0 i
    COMPREPLY=()
@BEGIN@
    for ((i = first; i < COMP_CWORD; i++)); do
        place=''
        if [[ " $values" == *" ${COMP_WORDS[i]}="* ]]; then
            # The next word is the value of this option.
            place=${values#*"${COMP_WORDS[i]}="}
            place=${place%% *}
            i=$((i + 1))
            if ((i < COMP_CWORD)); then
@CONFIG@                place=''
            fi
        elif [[ ${COMP_WORDS[i]} != -* ]]; then
            count=$((count + 1))
        fi
    done
    if [[ -z $place && $word == -* ]]; then
        _@ID@_offer <<<"${options// /$'\n'}"
        return
    fi
    if [[ -z $place ]]; then
        local names
        read -ra names <<<"$operands"
        for ((i = 0; i < ${#names[@]}; i++)); do
            [[ $i -eq $count || ($i -lt $count && ${names[i]} == *'*') ]] && place=${names[i]%'*'}
        done
    fi
    case $place in
@PLACES@
    esac
}

complete -F _@ID@ @PROGRAM@
"#;
