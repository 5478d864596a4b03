//! The crate that gets the driver: a family of this workspace, or a crate outside.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use driver_api::{Error, Namespace};
use drivers::{FAMILIES, Registry};

use super::check::{check_crate, check_name, is_empty, real};
use super::family::Family;
use super::names::Names;
use super::template::{example, fill, template};
use super::write::NewFile;
use xtask_generate::{file_error, root};

/// A crate with a list of drivers.
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    /// `drivers-followme`.
    pub(super) name: String,
    /// Whether it belongs to this workspace.
    pub(super) is_ours: bool,
}

impl Package {
    /// The family of this workspace for a resource.
    pub(crate) fn of_workspace(family: Option<&str>, namespace: &Namespace) -> Result<Package, Error> {
        let resource = namespace.resource();
        if let Some(family) = family.filter(|family| *family != resource) {
            let message = format!("{namespace} belongs to the family {resource}");
            return Err(Error::driver(message).context(format!("--family {family}")));
        }
        let registry = Registry::new(FAMILIES)?;
        let families: BTreeSet<&str> = registry.namespaces().map(Namespace::resource).collect();
        if !families.contains(resource) {
            let families: Vec<&str> = families.into_iter().collect();
            let message = format!(
                "this workspace has no family {resource}, only {}; create a crate outside with --crate FOLDER",
                families.join(", ")
            );
            return Err(Error::driver(message));
        }
        let name = format!("drivers-{resource}");
        Ok(Package { folder: root().join(&name), name, is_ours: true })
    }

    /// The crate in a folder outside this workspace. The folder need not exist.
    pub(crate) fn outside(folder: &Path) -> Result<Package, Error> {
        let named = |error: Error| error.context(folder.display().to_string());
        let folder = real(folder).map_err(|error| file_error(folder, error))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        check_name(&name).map_err(named)?;
        let is_ours = folder.parent() == root().canonicalize().ok().as_deref();
        if is_ours && folder.join("Cargo.toml").exists() {
            let message = "this crate is in this workspace; choose its family with --family";
            return Err(named(Error::driver(message)));
        }
        if !folder.join("Cargo.toml").is_file() && !is_empty(&folder)? {
            return Err(named(Error::driver(
                "has files, but no Cargo.toml; give an empty folder, or the folder of a crate",
            )));
        }
        if folder.join("Cargo.toml").exists() {
            check_crate(&folder, &name).map_err(named)?;
        }
        Ok(Package { folder, name, is_ours: false })
    }

    /// The default name of a driver.
    pub(crate) fn driver_name(&self) -> &str {
        if self.is_ours { "wazo" } else { self.name.trim_start_matches("drivers-") }
    }

    /// The files to write for a driver: those of the crate, if it is new, and those of the driver. If the name of its
    /// module is taken, the returned names have another module.
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
        let entry = fill(template!("entry.rs.jinja"), self, Some(&names))?;
        files.push(NewFile { path: "src/lib.rs".into(), text: family.with(&names, entry.trim_end()) });
        files.push(NewFile {
            path: format!("src/{}.rs", names.module).into(),
            text: fill(example(names.extension()), self, Some(&names))?,
        });
        let case = format!("tests/cases/{}", names.case);
        for (path, template) in [
            ("tests/snapshots.rs".to_owned(), template!("snapshots.rs.jinja")),
            (format!("{case}/CASE.md"), template!("CASE.md.jinja")),
            (format!("{case}/userfeatures.jsonl"), template!("userfeatures.jsonl")),
        ] {
            // The test exists from the second driver on, and so may a case of this name.
            if !self.folder.join(&path).exists() {
                files.push(NewFile { path: path.into(), text: fill(template, self, Some(&names))? });
            }
        }
        Ok((names, files))
    }

    /// The files of a new crate, except its list of drivers.
    fn crate_files(&self) -> Result<Vec<NewFile>, Error> {
        let lock = root().join("Cargo.lock");
        let file = |path: &str, text: String| NewFile { path: path.into(), text };
        Ok(vec![
            file("Cargo.toml", fill(template!("crate/Cargo.toml.jinja"), self, None)?),
            // The versions that confgend is tested with. Cargo removes those that the crate does not need.
            file("Cargo.lock", fs::read_to_string(&lock).map_err(|error| file_error(&lock, error))?),
            file(".gitignore", template!("crate/gitignore").to_owned()),
            file("src/main.rs", fill(template!("crate/main.rs.jinja"), self, None)?),
        ])
    }

    /// The names, with a module whose name is not taken.
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
        // A second driver of the file gets its own name as a suffix, another file its extension.
        let stem = names.module.clone();
        let second =
            if others.is_empty() { names.filename.clone() } else { format!("{stem}_{}", names.name) };
        let other = names.with_module(&second);
        if is_free(&other) {
            return Ok(other);
        }
        let message = format!("the modules {stem} and {} exist already", other.module);
        Err(Error::driver(message))
    }

    /// The message that tells the developer what to do next.
    pub(crate) fn next_steps(&self, names: &Names) -> Result<String, Error> {
        let steps = if self.is_ours { template!("next-here.jinja") } else { template!("next-outside.jinja") };
        fill(steps, self, Some(names))
    }
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
    fn a_new_entry_is_found_again() {
        let package = Package { folder: root().join("drivers-x"), name: "drivers-x".into(), is_ours: false };
        let names = Names::new(&"a.x.conf".parse::<Namespace>().unwrap(), "acme").unwrap();
        let entry = fill(template!("entry.rs.jinja"), &package, Some(&names)).unwrap();
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
}
