//! The spellings that Python's argparse accepts, which callers of this program rely on.
//!
//! argh reads `--port 8669` and `-p 8669`. This module rewrites the other spellings into those: `--po 8669`,
//! `--port=8669`, `-p8669`, and a repeated option, of which the last one counts.

use std::collections::BTreeMap;

use argh::{FlagInfo, FlagInfoKind};

/// The options that end the reading.
const IMMEDIATE: [&str; 2] = ["--help", "--version"];

/// Rewrites a command line: each option once, by its full name, and the operands behind `--`. The error is a message
/// for the user.
pub(crate) fn rewrite<'w>(words: &'w [String], known: &[FlagInfo<'w>]) -> Result<Vec<&'w str>, String> {
    let mut options = BTreeMap::new();
    let mut operands = Vec::new();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if word == "--" {
            operands.extend(&mut words);
        } else if is_option(word) {
            let (option, attached) = find(word, known)?;
            let value = if option.kind == FlagInfoKind::Switch {
                no_value(option, attached)?
            } else {
                let value = attached.or_else(|| words.next().filter(|word| !is_option(word)));
                Some(value.ok_or_else(|| format!("option {} needs a value", option.long))?)
            };
            if IMMEDIATE.contains(&option.long) {
                return Ok(vec![option.long]);
            }
            options.insert(option.long, value);
        } else {
            operands.push(word);
        }
    }
    let options = options.into_iter().flat_map(|(option, value)| [Some(option), value]).flatten();
    Ok(options.chain(["--"]).chain(operands).collect())
}

fn is_option(word: &str) -> bool {
    word.starts_with('-') && word != "-"
}

fn no_value<'w>(option: &FlagInfo<'_>, attached: Option<&str>) -> Result<Option<&'w str>, String> {
    match attached {
        Some(value) => Err(format!("option {} takes no value, but got {value:?}", option.long)),
        None => Ok(None),
    }
}

/// Finds the option of a word, and the value that the word has for it.
fn find<'k, 'w>(
    word: &'w str,
    known: &'k [FlagInfo<'w>],
) -> Result<(&'k FlagInfo<'w>, Option<&'w str>), String> {
    if word.starts_with("--") {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        Ok((find_long(name, known)?, value))
    } else {
        find_short(word, known).ok_or_else(|| format!("unknown option {word}"))
    }
}

/// Finds the option by its name or by the beginning of its name.
fn find_long<'k, 'w>(name: &str, known: &'k [FlagInfo<'w>]) -> Result<&'k FlagInfo<'w>, String> {
    if let Some(option) = known.iter().find(|option| option.long == name) {
        return Ok(option);
    }
    let candidates: Vec<_> = known.iter().filter(|option| option.long.starts_with(name)).collect();
    match candidates[..] {
        [] => Err(format!("unknown option {name}")),
        [option] => Ok(option),
        _ => {
            let names: Vec<_> = candidates.iter().map(|option| option.long).collect();
            Err(format!("option {name} may mean {}", names.join(" or ")))
        }
    }
}

fn find_short<'k, 'w>(
    word: &'w str,
    known: &'k [FlagInfo<'w>],
) -> Option<(&'k FlagInfo<'w>, Option<&'w str>)> {
    let mut letters = word.chars().skip(1);
    let letter = letters.next()?;
    // argh adds --help without a short name.
    let is_meant = |option: &&FlagInfo<'_>| match option.long {
        "--help" => letter == 'h',
        _ => option.short == Some(letter),
    };
    let attached = word.get(1 + letter.len_utf8()..).filter(|value| !value.is_empty());
    Some((known.iter().find(is_meant)?, attached.map(|value| value.strip_prefix('=').unwrap_or(value))))
}

#[cfg(test)]
mod tests {
    use argh::ArgsInfo;

    use super::*;
    use crate::options::Options;

    fn rewritten(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        rewrite(&words, Options::get_args_info().flags).map(|words| words.join(" "))
    }

    fn same(words: &[&str], expected: &str) {
        assert_eq!(rewritten(words).as_deref(), Ok(expected), "{words:?}");
    }

    fn wrong(words: &[&str], expected: &str) {
        assert_eq!(rewritten(words).unwrap_err(), expected, "{words:?}");
    }

    #[test]
    fn operands_come_last() {
        same(&[], "--");
        same(&["a/b"], "-- a/b");
        same(&["a/b", "--cached"], "--cached -- a/b");
        same(&["--cached", "a/b"], "--cached -- a/b");
        same(&["a", "-p", "1", "b"], "--port 1 -- a b");
        same(&["-"], "-- -");
        same(&[""], "-- ");
    }

    #[test]
    fn after_two_hyphens_nothing_is_an_option() {
        same(&["--cached", "--", "--help"], "--cached -- --help");
        same(&["--", "-p", "--"], "-- -p --");
    }

    #[test]
    fn a_value_may_be_attached() {
        for words in [
            &["--port", "8"][..],
            &["--port=8"],
            &["-p", "8"],
            &["-p8"],
            &["-p=8"],
            &["--po", "8"],
            &["--p=8"],
        ] {
            same(words, "--port 8 --");
        }
        same(&["--host="], "--host  --");
        same(&["--host=a=b"], "--host a=b --");
        same(&["--host=--help"], "--host --help --");
        same(&["-c/x=y"], "--config-file /x=y --");
    }

    #[test]
    fn the_last_of_a_repeated_option_counts() {
        same(&["-p1", "--port=2", "--cached", "--cach"], "--cached --port 2 --");
    }

    #[test]
    fn long_options_may_be_shortened() {
        same(&["--cach"], "--cached --");
        same(&["--ca"], "--cached --");
        same(&["--inv"], "--invalidate --");
        same(&["--i"], "--invalidate --");
        same(&["--conf", "x"], "--config-file x --");
        same(&["--ho", "x"], "--host x --");
        same(&["--t", "5"], "--timeout 5 --");
        same(&["--timeo", "5"], "--timeout 5 --");
        same(&["--reply", "5"], "--reply-timeout 5 --");
        wrong(&["--c"], "option --c may mean --config-file or --cached");
        wrong(&["--h=x"], "option --h may mean --help or --host");
    }

    #[test]
    fn help_and_version_end_the_reading() {
        for words in [&["-h"][..], &["--he"], &["a/b", "--cached", "--help", "--nonsense"]] {
            same(words, "--help");
        }
        same(&["--vers", "-p"], "--version");
    }

    #[test]
    fn a_bad_option_is_named() {
        wrong(&["--nonsense"], "unknown option --nonsense");
        wrong(&["--Cached"], "unknown option --Cached");
        wrong(&["--cachedd"], "unknown option --cachedd");
        wrong(&["-x"], "unknown option -x");
        wrong(&["-é"], "unknown option -é");
        wrong(&["--cached=yes"], "option --cached takes no value, but got \"yes\"");
        wrong(&["-hx"], "option --help takes no value, but got \"x\"");
        wrong(&["-p"], "option --port needs a value");
        wrong(&["--port", "--cached"], "option --port needs a value");
    }
}
