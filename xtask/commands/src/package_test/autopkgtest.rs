//! The tests of `dispatcher/debian/tests`, which Debian's autopkgtest runs as well.

use std::path::PathBuf;

use std::path::Path;

use driver_api::Error;

use super::root::Root;
use crate::{command, file_error, root};

/// The folder of the tests, from the root of the checkout.
const TESTS: &str = "dispatcher/debian/tests";
/// The exit code of a test that finds nothing to test, for which `skippable` stands in the control file.
const SKIPPED: i32 = 77;

/// Installs the packages in a system, and runs the tests in the order of their control file.
pub(super) fn run(base: &Path, packages: &[PathBuf]) -> Result<(), Error> {
    let root = Root::unpack(base)?;
    root.install(packages)?;
    for test in names(&read("control")?) {
        let script = format!("/srv/tests/{test}");
        let scratch = format!("/srv/tests/{test}.tmp");
        root.write(&script, &read(test)?)?;
        root.run(&["mkdir", &scratch])?;
        let mut shell = root.command(&[]);
        shell.env("AUTOPKGTEST_TMP", &scratch).args(["sh", &script]);
        let output = command::capture(&mut shell)?;
        let printed = command::one_line(&String::from_utf8_lossy(&output.stderr));
        if !output.status.success() && output.status.code() != Some(SKIPPED) || !printed.is_empty() {
            return Err(
                Error::driver(format!("{}: {printed}", output.status)).context(format!("{TESTS}/{test}"))
            );
        }
        say!("{TESTS}/{test}: {}", command::one_line(&String::from_utf8_lossy(&output.stdout)));
    }
    Ok(())
}

fn read(name: &str) -> Result<String, Error> {
    let path = root().join(TESTS).join(name);
    std::fs::read_to_string(&path).map_err(|error| file_error(&path, error))
}

/// The names in the fields `Tests`.
fn names(control: &str) -> Vec<&str> {
    let fields = control.lines().filter_map(|line| line.strip_prefix("Tests:"));
    fields.flat_map(|names| names.split([' ', ','])).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_of_the_control_file_has_a_script() {
        let control = read("control").unwrap();
        let names = names(&control);
        assert!(names.contains(&"serve") && names.last() == Some(&"purge"), "{names:?}");
        for name in names {
            assert!(read(name).unwrap().starts_with("#!/bin/sh\nset -eu"), "{name}");
        }
    }

    #[test]
    fn the_names_stand_in_each_paragraph() {
        assert_eq!(names("Tests: a, b\nDepends: c\n\nTests: d\n"), ["a", "b", "d"]);
    }
}
