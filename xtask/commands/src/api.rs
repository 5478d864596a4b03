//! `cargo xtask api`: the public interface of the crates that drivers of other authors use, an item on each line of
//! `docs/api`. A change of these files is a decision, and a reviewer sees it.
//!
//! The items come from rustdoc's JSON, whose form changes with the compiler: so one compiler writes it. The program in
//! `xtask/api` reads it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use argh::FromArgs;
use driver_api::Error;
use similar::{ChangeTag, TextDiff};

use crate::{command, file_error, root, target};

/// The compiler whose JSON the program in `xtask/api` reads. Another one needs another version of `public-api` there.
const COMPILER: &str = "1.95.0";

/// The crates, of which `fixtures` re-exports the last one.
const CRATES: &[&str] = &["asterisk-conf", "driver-api", "fixtures", "fixtures-data"];

/// Compare the public interfaces with those in docs/api.
#[derive(FromArgs)]
#[argh(subcommand, name = "api")]
pub(crate) struct Api {
    /// write what differs to docs/api
    #[argh(switch)]
    accept: bool,
}

impl Api {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let compiler = Compiler::find().ok_or_else(|| Error::driver(missing()))?;
        let interfaces = compiler.interfaces()?;
        if self.accept { accept(&interfaces) } else { compare(&interfaces) }
    }
}

/// Compares the interfaces, if this machine has the compiler.
pub(crate) fn check_where_possible() -> Result<(), Error> {
    let Some(compiler) = Compiler::find() else {
        say!("NOT TESTED: {}", missing());
        return Ok(());
    };
    compare(&compiler.interfaces()?)
}

fn missing() -> String {
    format!(
        "the public interfaces need the compiler {COMPILER}: rustup toolchain install {COMPILER} --profile minimal"
    )
}

/// A crate, and the items of its public interface on a line each.
type Interface = (&'static str, String);

/// The compiler that writes the JSON.
struct Compiler {
    /// The name by which rustup knows it; none is the compiler that cargo uses anyway.
    toolchain: Option<String>,
}

impl Compiler {
    fn find() -> Option<Compiler> {
        let says = |program: &str, words: &[&str]| {
            command::output(Command::new(program).args(words)).unwrap_or_default()
        };
        if says("rustc", &["--version"]).starts_with(&format!("rustc {COMPILER} ")) {
            return Some(Compiler { toolchain: None });
        }
        let toolchains = says("rustup", &["toolchain", "list"]);
        let names = toolchains.lines().filter_map(|line| line.split(' ').next());
        let toolchain = names.map(str::to_owned).find(|name| name.starts_with(&format!("{COMPILER}-")))?;
        Some(Compiler { toolchain: Some(toolchain) })
    }

    fn interfaces(&self) -> Result<Vec<Interface>, Error> {
        let folder = self.write_json()?;
        CRATES.iter().map(|name| Ok((*name, items(&folder, name)?))).collect()
    }

    /// Has rustdoc write the JSON of all crates; returns its folder.
    fn write_json(&self) -> Result<PathBuf, Error> {
        let mut cargo = command::cargo();
        // Of the whole workspace, so that its dependencies are those that the other checks have compiled.
        cargo.current_dir(root()).args(["doc", "--quiet", "--no-deps", "--workspace"]);
        cargo.args(["--features", "driver-api/templates", "--target-dir"]).arg(target());
        cargo.env("RUSTDOC", root().join("xtask/api/rustdoc.sh"));
        cargo.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
        if let Some(toolchain) = &self.toolchain {
            cargo.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command::run(&mut cargo)?;
        Ok(target().join("doc"))
    }
}

/// The public items of a crate.
fn items(json: &Path, name: &str) -> Result<String, Error> {
    let mut cargo = command::cargo();
    cargo.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(root().join("xtask/api/Cargo.toml"));
    cargo.arg("--target-dir").arg(target().join("api")).arg("--");
    let file = json.join(format!("{}.json", name.replace('-', "_")));
    let text = command::standard_output(cargo.arg(&file))?;
    String::from_utf8(text).map_err(|error| Error::driver("is not UTF-8").because(error).context(name))
}

fn file_of(name: &str) -> PathBuf {
    root().join("docs/api").join(name).with_extension("txt")
}

/// The interface that was accepted last.
fn accepted(name: &str) -> Result<String, Error> {
    let path = file_of(name);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        text => text.map_err(|error| file_error(&path, error)),
    }
}

fn accept(interfaces: &[Interface]) -> Result<(), Error> {
    for (name, items) in interfaces {
        let path = file_of(name);
        if accepted(name)? != *items {
            let folder = path.parent().unwrap_or(root());
            fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
            fs::write(&path, items).map_err(|error| file_error(&path, error))?;
            say!("written: docs/api/{name}.txt");
        }
    }
    Ok(())
}

/// Prints what differs. Fails if something does.
fn compare(interfaces: &[Interface]) -> Result<(), Error> {
    let mut names = Vec::new();
    for (name, items) in interfaces {
        let changes = changes(&accepted(name)?, items);
        if !changes.is_empty() {
            say!("{name}:\n{changes}");
            names.push(*name);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    Err(Error::driver(format!(
        "the public interface of {names} differs from docs/api; a line with - breaks drivers of other authors \
         (CONTRIBUTING.md, \"Public interfaces\"); cargo xtask api --accept accepts"
    )))
}

/// The lines that are gone or changed, each with a `-`, and those that are there instead or new, each with a `+`.
fn changes(accepted: &str, items: &str) -> String {
    let diff = TextDiff::from_lines(accepted, items);
    let sign = |tag| match tag {
        ChangeTag::Delete => Some("- "),
        ChangeTag::Insert => Some("+ "),
        ChangeTag::Equal => None,
    };
    diff.iter_all_changes()
        .filter_map(|change| Some(format!("{}{}", sign(change.tag())?, change.value())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_item_is_one_line_out_and_one_in() {
        let accepted = "pub mod a\npub fn a::f()\npub fn a::g()\n";
        let items = "pub mod a\npub fn a::f(u8)\npub fn a::g()\npub fn a::h()\n";
        assert_eq!(changes(accepted, items), "- pub fn a::f()\n+ pub fn a::f(u8)\n+ pub fn a::h()\n");
        assert_eq!(changes(items, items), "");
    }

    #[test]
    fn every_crate_has_an_accepted_interface() {
        for name in CRATES {
            let items = accepted(name).unwrap();
            assert_eq!(
                items.lines().next().unwrap_or_default(),
                format!("pub mod {}", name.replace('-', "_"))
            );
        }
    }
}
