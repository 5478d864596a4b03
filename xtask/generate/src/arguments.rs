//! The arguments of the command. They are few, and read without a crate for it, which would be compiled first.

use driver_api::Error;

use crate::Generate;

/// The command in one sentence, for lists of commands.
pub const ABOUT: &str =
    "Generate files from a data set; all files of the case `office` into target/generate by default.";

/// The text of `--help`.
pub const HELP: &str = "\
Usage: cargo xtask generate [<namespaces...>] [--case <case>] [--db <db>] [--config <config>] [--out <out>]

Generate files from a data set; all files of the case `office` into target/generate by default.

Positional Arguments:
  namespaces        the files to generate, like asterisk/pjsip.conf; by default
                    all files for the schema of the case

Options:
  --case            a case of fixtures/cases by its name, or the folder of one
  --db              a database with the data, instead of a case
  --config          a configuration file; that of the case by default
  --out             the folder for the files
  --help, help      display usage information
";

impl Generate {
    /// Parses the words behind `generate`. Returns none if they ask for help.
    pub fn parse(words: &[&str]) -> Result<Option<Generate>, Error> {
        let mut generate = Generate::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| usage(&format!("{word} needs a value")));
            match word {
                "--help" | "help" => return Ok(None),
                "--case" => generate.case = Some(value()?.to_owned()),
                "--db" => generate.db = Some(value()?.parse().map_err(|error: Error| error.context("--db"))?),
                "--config" => generate.config = Some(value()?.into()),
                "--out" => generate.out = Some(value()?.into()),
                "--" => generate.namespaces.extend(words.by_ref().map(str::to_owned)),
                _ if word.starts_with('-') => return Err(usage(&format!("there is no option {word}"))),
                _ => generate.namespaces.push(word.to_owned()),
            }
        }
        Ok(Some(generate))
    }
}

fn usage(message: &str) -> Error {
    Error::driver(format!("{message}; see cargo xtask generate --help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Generate>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Generate::parse(&words).map_err(|error| error.chain())
    }

    #[test]
    fn options_and_files_stand_in_any_order() {
        let expected = Generate {
            namespaces: vec!["a/b.conf".to_owned(), "a/c.conf".to_owned()],
            case: Some("odd".to_owned()),
            db: Some("sqlite:x.db".parse().unwrap()),
            config: Some("c.yml".into()),
            out: Some("out".into()),
        };
        let line = "a/b.conf --case odd --db sqlite:x.db --out out a/c.conf --config c.yml";
        assert_eq!(parsed(line), Ok(Some(expected)));
        assert_eq!(parsed(""), Ok(Some(Generate::default())));
    }

    #[test]
    fn help_is_asked_for_anywhere() {
        assert_eq!(parsed("--help"), Ok(None));
        assert_eq!(parsed("--case odd help"), Ok(None));
        assert!(HELP.contains(ABOUT));
    }

    #[test]
    fn a_wrong_word_is_named() {
        let hint = "see cargo xtask generate --help";
        assert_eq!(parsed("--cases odd"), Err(format!("there is no option --cases; {hint}")));
        assert_eq!(parsed("--out"), Err(format!("--out needs a value; {hint}")));
        assert!(parsed("--db localhost").unwrap_err().starts_with("--db: "));
    }
}
