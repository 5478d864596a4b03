//! The script for bash. It uses nothing but bash, and evaluates no word that it gets from elsewhere.

use std::fmt::Write as _;

use super::line::{Command, NAMES, Opt, Program, Words};

pub(super) fn script(program: &Program) -> String {
    let mut commands = String::new();
    for command in &program.commands {
        let _ = writeln!(commands, "        {}", arm(command));
    }
    let mut places = String::new();
    for (name, words) in NAMES {
        let _ = writeln!(places, "        {name}) {} ;;", reply(*words));
    }
    let mut words: Vec<&str> = program.commands.iter().map(|command| command.name).collect();
    words.extend(names(&program.options));
    SCRIPT
        .replace("@WORDS@", &words.join(" "))
        .replace("@COMMANDS@", commands.trim_end())
        .replace("@PLACES@", places.trim_end())
}

/// The facts about one command: its options, the values of those that take one, and its operands.
fn arm(command: &Command) -> String {
    let values =
        command.options.iter().filter_map(|option| Some(format!("{}={}", option.name, option.value?)));
    let operands =
        command.operands.iter().map(|it| format!("{}{}", it.name, if it.repeats { "*" } else { "" }));
    format!(
        "{}) options='{}' values='{}' operands='{}' ;;",
        command.name,
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
        Words::Asked(what) => format!("_confgend_offer <<<\"$(\"${{ask[@]}}\" {what} 2>/dev/null)\""),
        Words::Fixed(words) => format!("_confgend_offer <<<$'{}'", words.join("\\n")),
        Words::Paths => {
            "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\")".to_owned()
        }
        Words::Folders => folders.to_owned(),
        Words::FoldersAnd(words) => format!("{folders}; _confgend_offer <<<$'{}'", words.join("\\n")),
        Words::Unknown => ":".to_owned(),
    }
}

const SCRIPT: &str = r#"# bash completion for confgend, as "confgend completion bash" prints it.

# Offers the lines of standard input that begin with the word on the command line.
_confgend_offer() {
    local line
    while IFS= read -r line; do
        [[ -n $line && $line == "$word"* ]] && COMPREPLY+=("$line")
    done
}

_confgend() {
    local word=${COMP_WORDS[COMP_CWORD]} options='' values='' operands='' place='' count=0 i
    local ask=("${COMP_WORDS[0]}" completion)
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _confgend_offer <<<"$(printf '%s\n' @WORDS@)"
        return
    fi
    case ${COMP_WORDS[1]} in
@COMMANDS@
        *) return ;;
    esac
    for ((i = 2; i < COMP_CWORD; i++)); do
        place=''
        if [[ " $values" == *" ${COMP_WORDS[i]}="* ]]; then
            # The next word is the value of this option.
            place=${values#*"${COMP_WORDS[i]}="}
            place=${place%% *}
            i=$((i + 1))
            if ((i < COMP_CWORD)); then
                [[ ${COMP_WORDS[i - 1]} == --config ]] && ask+=(--config "${COMP_WORDS[i]}")
                place=''
            fi
        elif [[ ${COMP_WORDS[i]} != -* ]]; then
            count=$((count + 1))
        fi
    done
    if [[ -z $place && $word == -* ]]; then
        _confgend_offer <<<"${options// /$'\n'}"
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

complete -F _confgend confgend
"#;
