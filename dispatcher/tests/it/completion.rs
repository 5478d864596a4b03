//! The scripts by which shells complete the command line, run by these shells.

use std::io::Write as _;
use std::process::Command;

use crate::{Folder, confgend, current_files};

/// A folder with the scripts, and a configuration that defines a file.
fn folder() -> Folder {
    let config = "extra_config_files:\ncache: cache\ndrivers: {acme.motd.txt: {text: hello}}\n";
    let folder = Folder::new(&[
        ("config.yml", config),
        ("cache/.history/generations/7.json", ""),
        ("cache/.history/generations/11.json", ""),
        ("out/x", ""),
    ]);
    for shell in ["bash", "zsh", "fish"] {
        let run = confgend(&["completion", shell]);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        std::fs::write(folder.path(shell), run.out).unwrap();
    }
    folder
}

/// Whether this machine has the shell. Without it, a message says that its script is not tested.
fn has(shell: &str) -> bool {
    let has = Command::new(shell).arg("--version").output().is_ok();
    if !has {
        let _ = writeln!(std::io::stderr(), "NOT TESTED: the completion of {shell}, which is not installed");
    }
    has
}

/// Returns the standard output of a shell, which prints nothing to standard error.
fn output(folder: &Folder, shell: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(shell);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_confgend")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    command.args(arguments).current_dir(folder.path("")).env("PATH", path).env("HOME", folder.path(""));
    let output = command.output().unwrap();
    let is_timeout = output.status.code() == Some(124);
    assert_eq!((is_timeout, String::from_utf8_lossy(&output.stderr).as_ref()), (false, ""), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the completions of the last word in bash.
fn in_bash(folder: &Folder, words: &[&str]) -> Vec<String> {
    let script = "source ./bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _confgend; \
                  ((${#COMPREPLY[@]})) && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let arguments = [&["--norc", "-c", script, "bash", "confgend"][..], words].concat();
    output(folder, "bash", &arguments).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let folder = folder();
    let table: &[(&[&str], &[&str])] = &[
        (&["ge"], &["generate"]),
        (&["--v"], &["--version"]),
        (&["nonsense", ""], &[]),
        (&["generate", "--o"], &["--out"]),
        (&["generate", "--out", "o"], &["out"]),
        (&["generate", "--quiet", "--c"], &["--config"]),
        (&["generate", "--config", "con"], &["config.yml"]),
        (&["list", "--db", ""], &[]),
        (&["check", "--deny", ""], &["warnings"]),
        (&["completion", ""], &["bash", "zsh", "fish"]),
        (&["diff", "--against", "s"], &["service"]),
        (&["diff", "--against", "o"], &["out"]),
        (&["config", ""], &[]),
    ];
    for (words, expected) in table {
        assert_eq!(in_bash(&folder, words), *expected, "{words:?}");
    }
}

#[test]
fn bash_asks_for_the_files_of_the_configuration() {
    let folder = folder();
    let config = ["--config", "config.yml"];
    let found = |words: &[&str], last: &str| {
        let words = [&words[..1], &config, &words[1..], &[last]].concat();
        in_bash(&folder, &words)
    };
    let (first, offered) = (&current_files()[0], &current_files()[..1]);
    assert_eq!(found(&["generate"], first), offered);
    assert_eq!(found(&["generate", first], first), offered);
    if cfg!(feature = "custom") {
        assert_eq!(found(&["generate"], "ac"), ["acme/motd.txt"]);
        // Without the option, it is the configuration of the machine.
        assert_eq!(in_bash(&folder, &["generate", "acme/mo"]), [""; 0]);
        assert_eq!(in_bash(&folder, &["try", "--case", "off"]), ["office"]);
    }
    // The operands have an order.
    assert_eq!(found(&["show"], ""), ["11", "7"]);
    assert_eq!(found(&["show", "11"], first), offered);
    assert_eq!(found(&["pin", first], ""), ["11", "7"]);
    assert_eq!(found(&["accept", first], ""), [""; 0]);
    assert_eq!(found(&["explain", first], ""), [""; 0]);
}

#[test]
fn bash_evaluates_no_word() {
    let folder = folder();
    let words = ["generate", "--config", "$(touch evil)", ""];
    in_bash(&folder, &words);
    in_bash(&folder, &["generate", "$(touch evil)"]);
    assert!(!folder.path("evil").exists());
}

#[test]
fn fish_completes_commands_options_and_values() {
    if !has("fish") {
        return;
    }
    let folder = folder();
    let found = |line: &str| {
        let script = format!("source ./fish; complete -C '{line}'");
        let lines = output(&folder, "fish", &["--no-config", "-c", &script]);
        let words = lines.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
        words.collect::<Vec<_>>()
    };
    assert_eq!(found("confgend ge"), ["generate"]);
    assert_eq!(found("confgend generate --o"), ["--out"]);
    assert_eq!(found("confgend generate --out o"), ["out/"]);
    assert_eq!(found("confgend check --deny "), ["warnings"]);
    let first = current_files()[0].clone();
    assert_eq!(found(&format!("confgend accept {first}")), [first]);
    if cfg!(feature = "custom") {
        assert_eq!(found("confgend generate --config config.yml ac"), ["acme/motd.txt"]);
        assert_eq!(found("confgend try --case off"), ["office"]);
    }
    assert_eq!(found("confgend show --config config.yml 1"), ["11"]);
}

/// Types a line into an interactive zsh, and waits until that offers a word.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; stty -echo; fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell "compadd() { builtin compadd -O offered \"\$@\"; print -r -- 'offered:' \$offered ';'; }; print ready"
zpty -r -m shell line '*ready*'
zpty -w -n shell "$1"$'\t'
zpty -r -m shell line "*offered: $2 ;*"
zpty -d shell
"#;

#[test]
fn zsh_completes_commands_options_and_values() {
    if !has("zsh") {
        return;
    }
    let folder = folder();
    std::fs::create_dir(folder.path("functions")).unwrap();
    std::fs::rename(folder.path("zsh"), folder.path("functions/_confgend")).unwrap();
    // A word that is not offered would be waited for.
    let offers = |line: &str, word: &str| {
        output(&folder, "timeout", &["30", "zsh", "-f", "-c", ZSH, "zsh", line, word])
    };
    offers("confgend ge", "generate");
    offers("confgend generate --o", "--out");
    offers("confgend check --deny ", "warnings");
    offers("confgend show --config config.yml 1", "11");
    let first = current_files()[0].clone();
    offers(&format!("confgend generate --config config.yml {first}"), &first);
    if cfg!(feature = "custom") {
        offers("confgend generate --config config.yml ac", "acme/motd.txt");
        offers("confgend try --case off", "office");
    }
}
