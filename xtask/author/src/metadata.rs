//! The packages of a workspace, as `cargo metadata` describes them, and the messages of a build.
//!
//! A crate for this exists. It would bring features of serde that nothing else of the workspace has, and so cargo would
//! compile most crates twice: for the workspace, and for a program of it.

use std::path::{Path, PathBuf};

use driver_api::Error;
use serde::Deserialize;
use serde_json::Value;

use crate::command;

/// A workspace.
#[derive(Deserialize)]
pub struct Metadata {
    /// Its packages, and those that they depend on if they were asked for.
    pub packages: Vec<Package>,
    /// Its folder.
    pub workspace_root: PathBuf,
}

/// A package of the workspace.
#[derive(Deserialize)]
pub struct Package {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The absolute path of its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// The dependencies that its manifest names.
    pub dependencies: Vec<Dependency>,
    /// The libraries, programs and tests that cargo builds of it.
    pub targets: Vec<Target>,
    /// The description, for crates.io.
    pub description: Option<String>,
    /// The address of its site.
    pub homepage: Option<String>,
    /// The address of its sources.
    pub repository: Option<String>,
    /// An expression of SPDX.
    pub license: Option<String>,
    /// From the folder of the package.
    pub license_file: Option<PathBuf>,
    /// Those who wrote it.
    #[serde(default)]
    pub authors: Vec<String>,
    /// The registry or repository that cargo has it from; none is a folder.
    pub source: Option<String>,
    /// The native library that the package links.
    links: Option<String>,
    /// The text that crates.io shows, from the folder of the package.
    pub readme: Option<PathBuf>,
    /// Words by which crates.io finds it.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The categories of crates.io.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The table `package.metadata`. That of a foreign crate has any form.
    #[serde(default)]
    metadata: Value,
}

/// A dependency that the package names.
#[derive(Deserialize)]
pub struct Dependency {
    name: String,
    /// The name that the package gives it, if that is another one.
    rename: Option<String>,
    /// `dev` or `build`; none is a dependency of the package itself.
    pub kind: Option<String>,
    /// The versions that will do: `*` if the manifest names none, `^1.2.0` if it names one.
    #[serde(default)]
    pub req: String,
    /// Whether only a feature brings it.
    #[serde(default)]
    pub optional: bool,
}

/// A library, a program or a test.
#[derive(Deserialize)]
pub struct Target {
    /// The name.
    pub name: String,
    kind: Vec<String>,
    /// The absolute path of its first source.
    pub src_path: PathBuf,
}

impl Package {
    /// Returns the name that the package has on crates.io, if it is published.
    pub fn published_name(&self) -> Option<&str> {
        self.metadata["publish"]["name"].as_str()
    }
}

impl Dependency {
    /// Returns the name by which manifests and sources of the workspace know it.
    pub fn key(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.name)
    }
}

impl Metadata {
    /// Reads the workspace of the package or the workspace in this folder.
    pub fn of(folder: &Path) -> Result<Metadata, Error> {
        read(folder, &["--no-deps"])
    }

    /// Reads the workspace of the package with this manifest, and all packages that it depends on.
    pub fn with_dependencies(manifest: &Path) -> Result<Metadata, Error> {
        read(manifest.parent().unwrap_or(manifest), &[])
    }

    /// Returns the package of a manifest, by its absolute path.
    pub fn package_at(self, manifest: &Path) -> Option<Package> {
        self.packages.into_iter().find(|package| package.manifest_path == manifest)
    }

    /// Returns a path of the workspace as git names it.
    pub fn in_workspace<'p>(&self, path: &'p Path) -> Option<&'p str> {
        path.strip_prefix(&self.workspace_root).ok()?.to_str()
    }
}

impl Package {
    /// The folder of the manifest.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// Whether the package links a native library, or compiles C code.
    pub fn has_native_code(&self) -> bool {
        let compiles = |dependency: &Dependency| {
            let is_compiler = ["cc", "cmake"].contains(&dependency.name.as_str());
            is_compiler && dependency.kind.as_deref() == Some("build") && !dependency.optional
        };
        self.links.is_some() || self.dependencies.iter().any(compiles)
    }
}

impl Target {
    /// Returns whether it is of this kind: `lib`, `bin`, `test`.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|it| it == kind)
    }
}

/// Returns the messages of a build with `--message-format=json`, one on each line of cargo's output. Lines that are no message
/// are what programs printed that ran in the build.
pub fn messages(output: &[u8]) -> Result<Vec<Value>, Error> {
    let lines = output.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"{"));
    let messages: Result<_, _> = lines.map(serde_json::from_slice).collect();
    messages.map_err(|error| Error::driver("cargo writes messages of another form").because(error))
}

fn read(folder: &Path, options: &[&str]) -> Result<Metadata, Error> {
    let mut cargo = command::cargo();
    cargo.current_dir(folder).args(["metadata", "--format-version", "1"]).args(options);
    let text = command::output(&mut cargo)?;
    serde_json::from_str(&text)
        .map_err(|error| Error::driver("cargo metadata has another form").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_generate::root;

    #[test]
    fn this_workspace_is_described() {
        let metadata = Metadata::of(root()).unwrap();
        assert_eq!(metadata.in_workspace(&root().join("xtask/src/main.rs")), Some("xtask/src/main.rs"));
        let package = metadata.package_at(&root().join("dispatcher/Cargo.toml")).unwrap();
        assert_eq!((&*package.name, &*package.version), ("dispatcher", env!("CARGO_PKG_VERSION")));
        let kind = |name: &str| &package.dependencies.iter().find(|it| it.key() == name).unwrap().kind;
        assert_eq!([kind("drivers"), kind("proptest")], [&None, &Some("dev".to_owned())]);
        let programs: Vec<&str> =
            package.targets.iter().filter(|it| it.is("bin")).map(|it| it.name.as_str()).collect();
        assert_eq!(programs, ["confgend"]);
    }
}
