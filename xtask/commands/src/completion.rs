//! `cargo xtask completion`: the scripts by which shells complete the command lines of the programs.

use std::fs;
use std::path::{Path, PathBuf};

use argh::{CommandInfoWithArgs, FromArgs};
use dispatcher::{FAMILIES, Registry, Shell};
use driver_api::Error;

use crate::file_error;

/// Write the scripts by which bash, zsh and fish complete the command lines of confgend and wazo-confgen into a folder.
#[derive(FromArgs)]
#[argh(subcommand, name = "completion")]
pub(crate) struct Completion {
    /// the folder
    #[argh(positional)]
    dir: PathBuf,
}

impl Completion {
    pub(crate) fn run(&self) -> Result<(), Error> {
        fs::create_dir_all(&self.dir).map_err(|error| file_error(&self.dir, error))?;
        let scripts = [of_service(&dispatcher::command_line()), of_client()?].concat();
        scripts.iter().try_for_each(|script| script.write(&self.dir))?;
        say!("{} scripts in {}", scripts.len(), self.dir.display());
        Ok(())
    }
}

/// A script.
#[derive(Clone)]
pub(crate) struct Script {
    /// The name under which its shell looks for it.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Script {
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(&self.name);
        fs::write(&path, &self.text).map_err(|error| file_error(&path, error))
    }
}

/// Returns the scripts of `confgend`.
pub(crate) fn of_service(command_line: &CommandInfoWithArgs) -> Vec<Script> {
    scripts("confgend", |shell| shell.script(command_line))
}

/// Returns the scripts of `wazo-confgen`. On a machine without the service, they offer the files of all drivers.
pub(crate) fn of_client() -> Result<Vec<Script>, Error> {
    let files: Vec<String> = Registry::new(FAMILIES)?.namespaces().map(ToString::to_string).collect();
    let command_line = client::command_line();
    Ok(scripts(command_line.name, |shell| shell.script_of_client(&command_line, &files)))
}

fn scripts(program: &str, script: impl Fn(Shell) -> String) -> Vec<Script> {
    let names = [
        (program.to_owned(), Shell::Bash),
        (format!("_{program}"), Shell::Zsh),
        (format!("{program}.fish"), Shell::Fish),
    ];
    names.into_iter().map(|(name, shell)| Script { name, text: script(shell) }).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;

    /// A folder with the scripts of the client, and with a stand-in for `confgend` in `bin`.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for script in of_client().unwrap() {
            script.write(folder.path()).unwrap();
        }
        fs::create_dir(folder.path().join("bin")).unwrap();
        let program = folder.path().join("bin/confgend");
        fs::write(&program, "#!/bin/sh\n[ \"$*\" = 'completion files' ] && echo acme/motd.txt\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    /// Returns the standard output of a shell, in whose path `confgend` is or is not; none without the shell.
    fn output(folder: &Path, shell: &str, words: &[&str], has_confgend: bool) -> Option<String> {
        if Command::new(shell).arg("--version").output().is_err() {
            say!("NOT TESTED: the completion of {shell}, which is not installed");
            return None;
        }
        let bin = if has_confgend { folder.join("bin").display().to_string() + ":" } else { String::new() };
        let mut command = Command::new(shell);
        command.args(words).current_dir(folder).env("HOME", folder).env("PATH", bin + "/usr/bin:/bin");
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    }

    fn in_bash(folder: &Path, words: &[&str], has_confgend: bool) -> Vec<String> {
        let script = "source ./wazo-confgen; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _wazo_confgen; \
                      ((${#COMPREPLY[@]})) && printf '%s\\n' \"${COMPREPLY[@]}\"";
        let words = [&["--norc", "-c", script, "bash", "wazo-confgen"][..], words].concat();
        output(folder, "bash", &words, has_confgend).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_the_client() {
        let folder = folder();
        fs::write(folder.path().join("a.conf"), "").unwrap();
        let table: &[(&[&str], &[&str])] = &[
            (&["ac"], &["acme/motd.txt"]),
            (&["--cached", "ac"], &["acme/motd.txt"]),
            (&["acme/motd.txt", "--ca"], &["--cached"]),
            (&["acme/motd.txt", ""], &[]),
            (&["--config-file", "a."], &["a.conf"]),
            (&["-c", "a."], &["a.conf"]),
            (&["-p", ""], &[]),
            (&["-p", "1", "ac"], &["acme/motd.txt"]),
        ];
        for (words, expected) in table {
            assert_eq!(in_bash(folder.path(), words, true), *expected, "{words:?}");
        }
        assert_eq!(in_bash(folder.path(), &["wazo/"], false), ["wazo/uuid.yml"]);
    }

    #[test]
    fn fish_completes_the_client() {
        let folder = folder();
        let found = |line: &str, has_confgend| {
            let script = format!("source ./wazo-confgen.fish; complete -C '{line}'");
            let lines = output(folder.path(), "fish", &["--no-config", "-c", &script], has_confgend)?;
            let words = lines.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
            Some(words.collect::<Vec<_>>())
        };
        let Some(files) = found("wazo-confgen ac", true) else { return };
        assert_eq!(files, ["acme/motd.txt"]);
        assert_eq!(found("wazo-confgen wazo/", false).unwrap(), ["wazo/uuid.yml"]);
        assert_eq!(found("wazo-confgen --inv", true).unwrap(), ["--invalidate"]);
    }

    /// Types a line into an interactive zsh, and waits until that offers a word.
    const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; stty -echo; fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell "compadd() { builtin compadd -O offered \"\$@\"; print -r -- 'offered:' \$offered ';'; }; print ready"
zpty -r -m shell line '*ready*'
zpty -w -n shell "$1"$'\t'
zpty -r -m shell line "*offered: $2 ;*" && print offered
zpty -d shell
"#;

    #[test]
    fn zsh_completes_the_client() {
        let folder = folder();
        fs::create_dir(folder.path().join("functions")).unwrap();
        fs::rename(folder.path().join("_wazo-confgen"), folder.path().join("functions/_wazo-confgen"))
            .unwrap();
        for (line, word, has_confgend) in [
            ("wazo-confgen ac", "acme/motd.txt", true),
            ("wazo-confgen -p 1 ac", "acme/motd.txt", true),
            ("wazo-confgen wazo/", "wazo/uuid.yml", false),
            ("wazo-confgen --inv", "--invalidate", true),
        ] {
            if output(folder.path(), "zsh", &["--version"], true).is_none() {
                return;
            }
            let words = ["30", "zsh", "-f", "-c", ZSH, "zsh", line, word];
            let found = output(folder.path(), "timeout", &words, has_confgend);
            assert_eq!(found.as_deref(), Some("offered\n"), "{line}");
        }
    }
}
