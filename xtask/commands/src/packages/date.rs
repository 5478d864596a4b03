//! The date in the packages: the same for each build of a version.

use std::{env, fs};

use driver_api::Error;
use jiff::fmt::rfc2822;

use crate::{file_error, root};

/// The environment variable by which a packager chooses the date, in seconds since 1970. cargo-deb and dpkg-deb read it.
pub(crate) const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// The date that a packager has chosen.
pub(crate) fn chosen() -> Option<String> {
    env::var(VARIABLE).ok()
}

/// The date of all files in the packages: the variable's, or that of the newest entry in debian/changelog.
pub(super) fn seconds() -> Result<String, Error> {
    if let Some(seconds) = chosen() {
        return Ok(seconds);
    }
    let path = root().join("dispatcher/debian/changelog");
    let changelog = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
    of_newest_entry(&changelog).map_err(|error| error.context(path.display().to_string()))
}

fn of_newest_entry(changelog: &str) -> Result<String, Error> {
    // An entry ends with: blank, two hyphens, name and address, two blanks, date.
    let date = changelog.lines().find_map(|line| line.strip_prefix(" -- ")?.split_once(">  "));
    let (_, date) = date.ok_or_else(|| Error::driver("has no line \" -- NAME <ADDRESS>  DATE\""))?;
    let date = rfc2822::parse(date).map_err(|error| Error::driver(format!("{date:?}")).because(error))?;
    Ok(date.timestamp().as_second().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_newest_entry() {
        let changelog = "a (2-1) unstable; urgency=medium\n\n  * B.\n\n -- C <c@d>  Tue, 24 Nov 2026 08:00:00 +0100\n\n\
                         a (1-1) unstable; urgency=medium\n\n  * E.\n\n -- C <c@d>  Mon, 23 Nov 2026 08:00:00 +0000\n";
        assert_eq!(of_newest_entry(changelog).unwrap(), "1795503600");
        let refused = |changelog| of_newest_entry(changelog).unwrap_err().chain();
        assert_eq!(refused("a (2-1)\n"), "has no line \" -- NAME <ADDRESS>  DATE\"");
        assert!(refused(" -- C <c@d>  yesterday\n").starts_with("\"yesterday\": "));
    }
}
