//! `~/.pgpass`: passwords by host, port, database and user.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::parameters::{Environment, Parameters};

/// The lines of a password file.
#[derive(Default)]
pub(super) struct PassFile(Vec<[String; 5]>);

impl PassFile {
    /// Reads the file of the keyword `passfile`, or `~/.pgpass`. Like libpq, it ignores a file that is missing, or that
    /// others may read; the second with a warning.
    pub(super) fn read(parameters: &Parameters, environment: Environment<'_>) -> PassFile {
        let home = || Some(PathBuf::from(environment("HOME")?).join(".pgpass"));
        let path = parameters.path("passfile").or_else(home);
        path.and_then(|path| text(&path)).map(|text| PassFile::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> PassFile {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        PassFile(lines.filter_map(|line| fields(line).try_into().ok()).collect())
    }

    /// Returns the password of the first line that matches. `*` matches everything.
    pub(super) fn password(&self, host: &str, port: u16, database: &str, user: &str) -> Option<&str> {
        let port = port.to_string();
        let wanted = [host, &port, database, user];
        let matches = |line: &&[String; 5]| line.iter().zip(wanted).all(|(own, it)| own == "*" || own == it);
        self.0.iter().find(matches).map(|line| line[4].as_str())
    }
}

fn text(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    if metadata.mode() & 0o077 != 0 {
        let path = path.display();
        tracing::warn!(
            event = "database",
            "{path}: the password file is ignored, since others may read it: chmod 0600 {path}"
        );
        return None;
    }
    let mut text = String::new();
    File::open(path).and_then(|mut file| file.read_to_string(&mut text)).ok()?;
    Some(text)
}

/// Splits a line at its colons. A backslash makes the next character a part of the field.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, fields.last_mut()) {
            (':', _) => fields.push(String::new()),
            ('\\', Some(field)) => field.extend(characters.next()),
            (other, Some(field)) => field.push(other),
            (_, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_matches_counts() {
        let file = PassFile::parse("# c\nh:1:d:u:a\\:b\\\\\nbad line\nh:*:*:u:any\n*:*:*:*:last\n");
        assert_eq!(file.password("h", 1, "d", "u"), Some("a:b\\"));
        assert_eq!(file.password("h", 2, "d", "u"), Some("any"));
        assert_eq!(file.password("x", 2, "d", "u"), Some("last"));
        assert_eq!(PassFile::parse("h:1:d:u:a").password("x", 1, "d", "u"), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".pgpass");
        fs::write(&path, "*:*:*:*:secret").unwrap();
        let home = |name: &str| (name == "HOME").then(|| folder.path().to_str().unwrap().to_owned());
        let password = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let file = PassFile::read(&Parameters::default(), &home);
            file.password("h", 1, "d", "u").map(str::to_owned)
        };
        assert_eq!(password(0o600).as_deref(), Some("secret"));
        assert_eq!(password(0o640), None);
    }
}
