//! The crate that gets the driver: a family of this workspace, or a crate outside.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{self, Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use cargo_metadata::MetadataCommand;
use dispatcher::{FAMILIES, Registry};
use driver_api::{Error, Namespace};
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

use super::family::Family;
use super::names::Names;
use crate::packages::one_line;
use crate::{file_error, not_started, root};

pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    /// `drivers-followme`.
    name: String,
    /// Whether it belongs to this workspace.
    is_ours: bool,
}

/// What the templates are filled with.
#[derive(Serialize)]
struct Filling<'a> {
    package: &'a str,
    /// The name of the crate's library in Rust.
    library: String,
    /// The way from the crate to this checkout.
    checkout: PathBuf,
    #[serde(flatten)]
    names: Option<&'a Names>,
}

/// A file that is to be written.
pub(crate) struct NewFile {
    /// Its path in the crate.
    path: PathBuf,
    text: String,
}

/// The text of a template.
macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../templates/new-driver/", $path))
    };
}

impl Package {
    /// The family of a resource.
    pub(crate) fn of_workspace(family: Option<&str>, namespace: &Namespace) -> Result<Package, Error> {
        let resource = namespace.resource();
        if let Some(family) = family.filter(|family| *family != resource) {
            let message = format!("{namespace} is no file of this family, which are all of one resource");
            return Err(Error::driver(message).context(format!("--family {family}")));
        }
        let registry = Registry::new(FAMILIES)?;
        let families: BTreeSet<&str> = registry.namespaces().map(Namespace::resource).collect();
        if !families.contains(resource) {
            let families: Vec<&str> = families.into_iter().collect();
            let message = format!(
                "there is no family {resource} in this workspace, only {}; --crate FOLDER makes a crate outside",
                families.join(", ")
            );
            return Err(Error::driver(message));
        }
        let name = format!("drivers-{resource}");
        Ok(Package { folder: root().join(&name), name, is_ours: true })
    }

    /// The crate in a folder outside this workspace, which need not be there.
    pub(crate) fn outside(folder: &Path) -> Result<Package, Error> {
        let named = |error: Error| error.context(folder.display().to_string());
        let folder = real(folder).map_err(|error| file_error(folder, error))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        check_name(&name).map_err(named)?;
        let is_ours = folder.parent() == root().canonicalize().ok().as_deref();
        if is_ours && folder.join("Cargo.toml").exists() {
            let message = "this crate is in this workspace; its families are chosen by --family";
            return Err(named(Error::driver(message)));
        }
        if !folder.join("Cargo.toml").is_file() && !is_empty(&folder)? {
            return Err(named(Error::driver("there is something that is no crate: it has no Cargo.toml")));
        }
        if folder.join("Cargo.toml").exists() {
            check_crate(&folder, &name).map_err(named)?;
        }
        Ok(Package { folder, name, is_ours: false })
    }

    /// What a driver is called if nobody says it.
    pub(crate) fn driver_name(&self) -> &str {
        if self.is_ours { "wazo" } else { self.name.trim_start_matches("drivers-") }
    }

    /// All that is to be written for a driver: the crate, if it is new, and what belongs to the driver, whose
    /// module may have to be called otherwise.
    pub(crate) fn files(&self, names: Names) -> Result<(Names, Vec<NewFile>), Error> {
        let is_new = !self.folder.join("Cargo.toml").exists();
        let mut files = if is_new { self.crate_files()? } else { Vec::new() };
        let list = self.folder.join("src/lib.rs");
        let source = if is_new {
            template!("crate/lib.rs.jinja").to_owned()
        } else {
            fs::read_to_string(&list).map_err(|error| file_error(&list, error))?
        };
        let in_list = |error: Error| error.context(list.display().to_string());
        let family = Family::parse(&source).map_err(in_list)?;
        let names = self.with_free_module(&family, names).map_err(in_list)?;
        let entry = self.filled(template!("entry.rs.jinja"), Some(&names))?;
        files.push(NewFile { path: "src/lib.rs".into(), text: family.with(&names, entry.trim_end()) });
        files.push(NewFile {
            path: format!("src/{}.rs", names.module).into(),
            text: self.filled(example(names.extension()), Some(&names))?,
        });
        let case = format!("tests/cases/{}", names.case);
        for (path, template) in [
            ("tests/snapshots.rs".to_owned(), template!("snapshots.rs.jinja")),
            (format!("{case}/CASE.md"), template!("CASE.md.jinja")),
            (format!("{case}/userfeatures.jsonl"), template!("userfeatures.jsonl")),
        ] {
            // The test is there with the second driver, and a case of this name may be.
            if !self.folder.join(&path).exists() {
                files.push(NewFile { path: path.into(), text: self.filled(template, Some(&names))? });
            }
        }
        Ok((names, files))
    }

    /// The files of a crate that has no list of drivers yet.
    fn crate_files(&self) -> Result<Vec<NewFile>, Error> {
        let lock = root().join("Cargo.lock");
        let file = |path: &str, text: String| NewFile { path: path.into(), text };
        Ok(vec![
            file("Cargo.toml", self.filled(template!("crate/Cargo.toml.jinja"), None)?),
            // The versions that confgend is tested with; cargo takes out those that are not needed.
            file("Cargo.lock", fs::read_to_string(&lock).map_err(|error| file_error(&lock, error))?),
            file(".cargo/config.toml", template!("crate/cargo-config.toml").to_owned()),
            file(".gitignore", template!("crate/gitignore").to_owned()),
            file("src/main.rs", self.filled(template!("crate/main.rs.jinja"), None)?),
        ])
    }

    /// The names with a module whose file is not there yet.
    fn with_free_module(&self, family: &Family<'_>, names: Names) -> Result<Names, Error> {
        let others = family.drivers(&names.namespace);
        if others.contains(&names.name) {
            let message = format!("{} has a driver called {} already", names.file, names.name);
            return Err(Error::driver(message));
        }
        let path = |names: &Names| self.folder.join(format!("src/{}", names.module));
        let is_free = |names: &Names| {
            let path = path(names);
            !path.exists() && !path.with_extension("rs").exists() && !family.has_module(&names.module)
        };
        if is_free(&names) {
            return Ok(names);
        }
        // Another driver of the same file differs in its name, another file in what is behind the dot.
        let stem = names.module.clone();
        let second =
            if others.is_empty() { names.filename.clone() } else { format!("{stem}_{}", names.name) };
        let other = names.with_module(&second);
        if is_free(&other) {
            return Ok(other);
        }
        let message = format!("the modules {stem} and {} are both there already", other.module);
        Err(Error::driver(message))
    }

    fn filled(&self, template: &str, names: Option<&Names>) -> Result<String, Error> {
        let checkout = pathdiff::diff_paths(root(), &self.folder).unwrap_or_else(|| root().to_path_buf());
        let filling = Filling { package: &self.name, library: self.name.replace('-', "_"), checkout, names };
        let mut environment = Environment::new();
        let text = SyntaxConfig::builder().keep_trailing_newline(true).build().and_then(|syntax| {
            environment.set_syntax(syntax);
            environment.render_str(template, Serde(filling))
        });
        text.map_err(|error| Error::driver("a template of new-driver is broken").because(error))
    }

    /// Writes the files, each with a line that says so; all or, where one can't be written, none.
    pub(crate) fn write(&self, files: &[NewFile]) -> Result<(), Error> {
        let mut before = Vec::new();
        for NewFile { path, text } in files {
            let place = self.folder.join(path);
            let folder = place.parent().unwrap_or(&place);
            let formatted = has_extension(path, "rs").then(|| self.formatted(text).ok()).flatten();
            // Where rustfmt is missing, the source looks worse and means the same.
            let text = formatted.as_ref().unwrap_or(text);
            before.push((place.clone(), fs::read(&place).ok()));
            if let Err(error) = fs::create_dir_all(folder).and_then(|()| fs::write(&place, text)) {
                undo(&before);
                return Err(file_error(&place, error).context("nothing is left of these files"));
            }
            say!("  {}", path.display());
        }
        Ok(())
    }

    /// A source as rustfmt wants it. It gets the text alone, since with a file it formats its modules, too.
    fn formatted(&self, text: &str) -> io::Result<String> {
        let mut rustfmt = Command::new("rustfmt")
            .args(["--edition", "2024"])
            .current_dir(if self.folder.is_dir() { &self.folder } else { root() })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let written = rustfmt.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
        let output = rustfmt.wait_with_output()?;
        written?;
        let is_done = output.status.success();
        let text = if is_done { String::from_utf8(output.stdout).ok() } else { None };
        text.ok_or_else(|| io::Error::other("rustfmt failed"))
    }

    /// Has the tests write the snapshots that are not there, and says which; those that are there stay.
    pub(crate) fn write_snapshots(&self) -> Result<(), Error> {
        let before = self.snapshots();
        let words = ["test", "--quiet", "--package", &self.name, "--test", "snapshots"];
        let output = crate::cargo()
            .args(words)
            .current_dir(&self.folder)
            .env("INSTA_UPDATE", "unseen")
            .env("INSTA_OUTPUT", "none")
            .output()
            .map_err(|error| not_started("cargo", error))?;
        if !output.status.success() {
            say!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
            let message = format!("the files above are there, but cargo {}: failed", words.join(" "));
            return Err(Error::driver(message));
        }
        for snapshot in self.snapshots().difference(&before) {
            say!("  tests/snapshots/{snapshot}");
        }
        Ok(())
    }

    /// What its author does now.
    pub(crate) fn next_steps(&self, names: &Names) -> Result<String, Error> {
        let steps = if self.is_ours { template!("next-here.jinja") } else { template!("next-outside.jinja") };
        self.filled(steps, Some(names))
    }

    fn snapshots(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.join("tests/snapshots")).into_iter().flatten().flatten();
        let snapshots = entries.filter(|entry| has_extension(&entry.path(), "snap"));
        snapshots.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// Puts files back as they were. Where that fails, too, nothing else can be done.
fn undo(before: &[(PathBuf, Option<Vec<u8>>)]) {
    for (place, text) in before {
        let _ = match text {
            Some(text) => fs::write(place, text),
            None => fs::remove_file(place),
        };
    }
}

/// The example to begin with: a driver that writes this kind of file.
fn example(extension: &str) -> &'static str {
    match extension {
        "conf" | "ini" => template!("driver/asterisk.rs.jinja"),
        "yml" | "yaml" => template!("driver/yaml.rs.jinja"),
        _ => template!("driver/text.rs.jinja"),
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

fn is_empty(folder: &Path) -> Result<bool, Error> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(file_error(folder, error)),
    }
}

/// The folder without `..` and links, through which the way from there to here must not go. The last part need not
/// be there.
fn real(folder: &Path) -> io::Result<PathBuf> {
    let absolute = path::absolute(folder)?;
    match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) if absolute.symlink_metadata().is_err() => {
            Ok(parent.canonicalize()?.join(name))
        }
        _ => absolute.canonicalize(),
    }
}

/// A crate that is there must be called as its folder, and have what the driver and its test are made with.
fn check_crate(folder: &Path, name: &str) -> Result<(), Error> {
    let metadata = MetadataCommand::new().current_dir(folder).no_deps().exec();
    let metadata = metadata.map_err(|error| Error::driver(one_line(error.to_string().trim())))?;
    let manifest = folder.join("Cargo.toml");
    let Some(package) = metadata.packages.into_iter().find(|package| package.manifest_path == manifest)
    else {
        return Err(Error::driver("is a workspace; name the folder of a package in it"));
    };
    if package.name.as_str() != name {
        let message = format!("the package is called {}; call it as its folder, {name}", package.name);
        return Err(Error::driver(message));
    }
    for needed in ["driver-api", "serde", "fixtures"] {
        if !package.dependencies.iter().any(|dependency| dependency.name == needed) {
            let message =
                "a new driver needs it; take the line from the Cargo.toml of a new crate, or from the guide";
            return Err(Error::driver(message).context(format!("no dependency {needed}")));
        }
    }
    Ok(())
}

/// A package is called as its folder, and its library nearly so.
fn check_name(name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let library = name.replace('-', "_");
    if !name.chars().all(is_plain) || syn::parse_str::<syn::Ident>(&library).is_err() {
        let message =
            "a crate is called as its folder: lower-case letters, digits, - and _, like drivers-acme";
        return Err(Error::driver(message));
    }
    let taken = ["confgend", "std", "core", "alloc", "proc_macro", "test", "build", "deps", "examples"];
    if taken.contains(&library.as_str()) || is_locked(&library) {
        return Err(Error::driver("another crate of the program has this name; call it drivers-acme, say"));
    }
    Ok(())
}

/// Whether confgend consists of a crate with this name, too.
fn is_locked(library: &str) -> bool {
    let lock = include_str!("../../../Cargo.lock");
    lock.lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .any(|name| name.replace('-', "_") == library)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refused(folder: &Path) -> String {
        Package::outside(folder).err().unwrap().chain()
    }

    #[test]
    fn a_folder_is_what_it_is_without_links() {
        let scratch = tempfile::tempdir().unwrap();
        let scratch = scratch.path().canonicalize().unwrap();
        fs::create_dir_all(scratch.join("a/b/drivers-x")).unwrap();
        symlink("a/b/drivers-x", scratch.join("drivers-y")).unwrap();
        let expected = scratch.join("a/b/drivers-x");
        for folder in ["a/b/drivers-x/", "drivers-y", "a/../a/b/drivers-x/.", "a/b/drivers-x/../drivers-x"] {
            let package = Package::outside(&scratch.join(folder)).ok().unwrap();
            assert_eq!(
                (package.folder.as_path(), package.name.as_str()),
                (&*expected, "drivers-x"),
                "{folder}"
            );
        }
        assert_eq!(Package::outside(&scratch.join("a/b/drivers-z")).ok().unwrap().name, "drivers-z");
        symlink("nowhere", scratch.join("drivers-n")).unwrap();
        assert!(refused(&scratch.join("drivers-n")).contains("drivers-n: can't be used: No such file"));
    }

    #[test]
    fn what_cannot_be_written_whole_is_not_written() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_owned();
        fs::write(folder.join("lib.rs"), "old").unwrap();
        fs::write(folder.join("tests"), "no folder").unwrap();
        let package = Package { folder: folder.clone(), name: "drivers-x".into(), is_ours: false };
        let file = |path: &str| NewFile { path: path.into(), text: "new".into() };
        let error = package.write(&["lib.rs", "foo", "tests/snapshots"].map(file)).unwrap_err().chain();
        assert!(error.starts_with("nothing is left of these files: "), "{error}");
        assert_eq!(fs::read_to_string(folder.join("lib.rs")).unwrap(), "old");
        assert!(!folder.join("foo").exists());
    }

    #[test]
    fn a_new_entry_is_found_again() {
        let package = Package { folder: root().join("drivers-x"), name: "drivers-x".into(), is_ours: false };
        let names = Names::new(&"a.x.conf".parse::<Namespace>().unwrap(), "acme").unwrap();
        let entry = package.filled(template!("entry.rs.jinja"), Some(&names)).unwrap();
        let family = template!("crate/lib.rs.jinja");
        let family = Family::parse(family).unwrap().with(&names, entry.trim_end());
        assert_eq!(Family::parse(&family).unwrap().drivers("a.x.conf"), ["acme"]);
    }

    #[test]
    fn the_lists_of_this_workspace_are_understood() {
        let registry = Registry::new(FAMILIES).unwrap();
        for namespace in registry.namespaces() {
            let package = Package::of_workspace(None, namespace).unwrap();
            let source = fs::read_to_string(package.folder.join("src/lib.rs")).unwrap();
            let names: Vec<&str> = registry.drivers(namespace).iter().map(|entry| entry.name).collect();
            assert_eq!(Family::parse(&source).unwrap().drivers(&namespace.dotted()), names, "{namespace}");
        }
    }

    #[test]
    fn files_of_others_keep_their_form() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_owned();
        fs::write(folder.join("other.rs"), "fn  x( ){}").unwrap();
        let package = Package { folder: folder.clone(), name: "drivers-x".into(), is_ours: false };
        let list = NewFile { path: "lib.rs".into(), text: "mod  other;\n".into() };
        package.write(&[list]).unwrap();
        assert_eq!(fs::read_to_string(folder.join("other.rs")).unwrap(), "fn  x( ){}");
        assert_eq!(fs::read_to_string(folder.join("lib.rs")).unwrap(), "mod other;\n");
    }

    #[test]
    fn names_that_would_not_compile_are_refused() {
        for name in ["std", "proc-macro", "syn", "driver_api", "drivers-asterisk", "confgend", "serde"] {
            assert!(refused(Path::new(name)).contains("has this name; call it drivers-acme"), "{name}");
        }
        for name in ["Drivers", "1x", "self", "x y"] {
            assert!(refused(Path::new(name)).contains("a crate is called as its folder"), "{name}");
        }
    }

    #[test]
    fn a_crate_must_have_what_the_driver_needs() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("drivers-x");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), "").unwrap();
        let refused = |manifest: &str| {
            fs::write(folder.join("Cargo.toml"), manifest).unwrap();
            refused(&folder).split_once("drivers-x: ").unwrap().1.to_owned()
        };
        assert!(refused("[package").starts_with("`cargo metadata`"));
        assert_eq!(refused("[workspace]\n"), "is a workspace; name the folder of a package in it");
        let other = "[package]\nname = \"acme\"\nversion = \"0.1.0\"\n[workspace]\n";
        assert_eq!(refused(other), "the package is called acme; call it as its folder, drivers-x");
        let package =
            other.replace("acme", "drivers-x") + "[dependencies]\ndriver-api = \"0.1\"\nserde = \"1\"\n";
        assert!(refused(&package).starts_with("no dependency fixtures: a new driver needs it"));
        fs::write(folder.join("Cargo.toml"), package + "[dev-dependencies]\nfixtures = \"0.1\"\n").unwrap();
        assert!(Package::outside(&folder).is_ok());
    }
}
