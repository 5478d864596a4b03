//! `cargo xtask publish`: the crates that drivers of other authors use, as crates.io gets them.
//!
//! Names such as `fixtures` belong to others there, so a package has another name on crates.io: the one in the table
//! `[package.metadata.publish]` of its manifest. This command sets these names in a copy of the checkout. The names of
//! the libraries, by which sources know them, stay.

use std::fs;
use std::path::Path;

use argh::FromArgs;
use driver_api::Error;

use crate::files::copy_checkout;
use crate::metadata::{Metadata, Package};
use crate::{command, file_error, git, root, target};

/// Try to publish the crates for authors of drivers, in a copy of this checkout with their names on crates.io. Nothing
/// is uploaded.
#[derive(FromArgs)]
#[argh(subcommand, name = "publish")]
pub(crate) struct Publish {}

impl Publish {
    #[expect(clippy::unused_self, reason = "every command runs like this")]
    pub(crate) fn run(&self) -> Result<(), Error> {
        let metadata = Metadata::of(root())?;
        let names: Vec<Name> = metadata.packages.iter().filter_map(Name::of).collect();
        let folder = target().join("publish");
        copy_renamed(&names, &folder)?;
        let packages: Vec<&str> = names.iter().flat_map(|name| ["--package", name.published]).collect();
        let mut cargo = command::cargo();
        cargo.current_dir(&folder).args(["publish", "--dry-run", "--allow-dirty", "--target-dir"]);
        command::run(cargo.arg(target().join("publish-build")).args(&packages))?;
        say!("\nNothing was uploaded. To do so, as an owner of these crates:");
        say!("cd {} && cargo publish --allow-dirty {}", folder.display(), packages.join(" "));
        Ok(())
    }
}

/// The names of a package.
struct Name<'a> {
    /// Here.
    own: &'a str,
    /// On crates.io.
    published: &'a str,
}

impl Name<'_> {
    fn of(package: &Package) -> Option<Name<'_>> {
        Some(Name { own: &package.name, published: package.published_name()? })
    }
}

/// Copies this checkout into a new folder, where the packages have their names on crates.io.
fn copy_renamed(names: &[Name<'_>], folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| file_error(folder, error))?;
    }
    copy_checkout(folder)?;
    for file in git::files(root())?.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let path = folder.join(file);
        let manifest = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        fs::write(&path, renamed(&manifest, names)).map_err(|error| file_error(&path, error))?;
    }
    Ok(())
}

/// A manifest with the published names: that of its package, which may be published, and those of its dependencies.
fn renamed(manifest: &str, names: &[Name<'_>]) -> String {
    let mut lines: Vec<String> = manifest.lines().map(str::to_owned).collect();
    for Name { own, published } in names {
        let (name, dependency) = (format!("name = \"{own}\""), format!("{own} = {{ path = "));
        for line in &mut lines {
            if let Some(rest) = line.strip_prefix(&dependency) {
                *line = format!("{own} = {{ package = \"{published}\", path = {rest}");
            }
        }
        if let Some(line) = lines.iter_mut().find(|line| **line == name) {
            *line = format!("name = \"{published}\"");
            lines.retain(|line| line != "publish.workspace = true");
            lines.extend([String::new(), "[lib]".to_owned(), name.replace('-', "_")]);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[Name<'_>] = &[
        Name { own: "driver-api", published: "confgend-driver-api" },
        Name { own: "fixtures", published: "confgend-fixtures" },
    ];

    #[test]
    fn a_published_package_keeps_the_name_of_its_library() {
        let manifest = "[package]\nname = \"driver-api\"\npublish.workspace = true\n\n[dev-dependencies]\n\
                        fixtures = { path = \"../fixtures\" }\n";
        let expected = "[package]\nname = \"confgend-driver-api\"\n\n[dev-dependencies]\n\
                        fixtures = { package = \"confgend-fixtures\", path = \"../fixtures\" }\n\n\
                        [lib]\nname = \"driver_api\"\n";
        assert_eq!(renamed(manifest, NAMES), expected);
    }

    #[test]
    fn a_package_that_is_not_published_keeps_its_name() {
        let manifest = "[package]\nname = \"review\"\npublish.workspace = true\n\n[dependencies]\n\
                        driver-api.workspace = true\nfixtures-data = { path = \"../fixtures/data\" }\n";
        assert_eq!(renamed(manifest, NAMES), manifest);
    }
}
