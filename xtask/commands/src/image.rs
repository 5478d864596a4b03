//! `cargo xtask image`: builds the container image of the service.
//!
//! `contents.rs` lists the files of the image. `Containerfile` says how a container engine builds it (`engine.rs`), and the
//! stage that compiles asks this command for the files (`folder.rs`). Without an engine, `layout.rs` writes the same image as
//! an OCI layout, with a layer (`layer.rs`) and what the last stage of `Containerfile` says (`containerfile.rs`). `run.rs`
//! tests such a layout.

mod containerfile;
mod contents;
mod engine;
mod folder;
mod layer;
mod layout;
mod program;
mod run;
mod unpacked;

use std::fs;
use std::path::{Path, PathBuf};

use argh::FromArgs;
use driver_api::Error;
use fixtures::{Case, Strictness};

use self::containerfile::Arguments;
use self::contents::Entry;
use self::engine::Engine;
use crate::packages::{Features, date};
use crate::{file_error, git, root, target};

/// Build the container image localhost/confgend:VERSION, with podman, buildah or docker. Without any of them, write it as an OCI
/// layout, target/image/confgend.tar.
#[derive(FromArgs)]
#[argh(subcommand, name = "image")]
pub(crate) struct Image {
    /// the families to build in, like asterisk,provd, and custom for drivers in the configuration; all by default
    #[argh(option)]
    families: Option<String>,

    /// the database engines to build in, like postgres; all by default
    #[argh(option)]
    engines: Option<String>,

    /// podman, buildah, docker, or layout; by default the first of them that works here
    #[argh(option, from_str_fn(builder))]
    builder: Option<Builder>,

    /// write the files of the image into this new folder, and nothing else, as root; the Containerfile does this
    #[argh(option)]
    folder: Option<PathBuf>,

    /// write the OCI layout, and run it in namespaces of its own, as root
    #[argh(switch)]
    test: bool,
}

impl Image {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let features = Features::choose(self.families.as_deref(), self.engines.as_deref())?;
        if let Some(folder) = &self.folder {
            return folder::write(folder, &contents(&features)?);
        }
        let out = target().join("image");
        fs::create_dir_all(&out).map_err(|error| file_error(&out, error))?;
        write_database(&out.join("office.sql"))?;
        let description = Description::of_checkout()?;
        if let Builder::Engine(engine) = self.builder() {
            return engine.build(self, &description);
        }
        let path = out.join("confgend.tar");
        write_layout(&path, &contents(&features)?, &description)?;
        if self.test { run::test(&path, &features) } else { Ok(()) }
    }

    fn builder(&self) -> Builder {
        if self.test {
            return Builder::Layout;
        }
        let found = || Engine::ALL.into_iter().find(|engine| engine.works()).map(Builder::Engine);
        self.builder.or_else(found).unwrap_or(Builder::Layout)
    }
}

/// A container engine, or this program.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Builder {
    Engine(Engine),
    Layout,
}

fn builder(name: &str) -> Result<Builder, String> {
    let engine = Engine::ALL.into_iter().find(|engine| engine.program() == name).map(Builder::Engine);
    let layout = (name == "layout").then_some(Builder::Layout);
    engine.or(layout).ok_or_else(|| format!("there is no {name:?}; choose from podman,buildah,docker,layout"))
}

/// The image of a checkout: what is neither a file in it, nor in the Containerfile.
struct Description {
    version: &'static str,
    arguments: Arguments,
    /// The time of all files and of the image itself, in seconds since 1970.
    time: u64,
}

impl Description {
    fn of_checkout() -> Result<Description, Error> {
        let version = env!("CARGO_PKG_VERSION");
        let revision = git::run(root(), &["rev-parse", "HEAD"])?;
        let arguments = Arguments::from([
            ("LICENSES", env!("CARGO_PKG_LICENSE").to_owned()),
            ("REVISION", revision.trim().to_owned()),
            ("SOURCE", env!("CARGO_PKG_REPOSITORY").to_owned()),
            ("VERSION", version.to_owned()),
        ]);
        Ok(Description { version, arguments, time: time()? })
    }

    /// The name that the image gets.
    fn tag(&self) -> String {
        format!("localhost/confgend:{}", self.version)
    }
}

/// The time of the image: the one that a packager has chosen, or that of the commit.
fn time() -> Result<u64, Error> {
    let seconds = match date::chosen() {
        Some(seconds) => seconds,
        None => git::run(root(), &["log", "-1", "--format=%ct"])?,
    };
    let wrong = |error| Error::driver(format!("{seconds:?} is no number of seconds")).because(error);
    seconds.trim().parse().map_err(|error| wrong(error).context(date::VARIABLE))
}

/// Compiles the programs, and lists the files of the image.
fn contents(features: &Features) -> Result<Vec<Entry>, Error> {
    contents::list(&program::build(features)?, features)
}

fn write_layout(path: &Path, contents: &[Entry], description: &Description) -> Result<(), Error> {
    let layer = layer::write(contents, description.time)?;
    let containerfile = root().join("Containerfile");
    let text = fs::read_to_string(&containerfile).map_err(|error| file_error(&containerfile, error))?;
    let settings = containerfile::last_stage(&text, &description.arguments)
        .map_err(|error| error.context(containerfile.display().to_string()))?;
    let layout = layout::write(&layer, settings, &description.tag(), description.time)?;
    fs::write(path, &layout).map_err(|error| file_error(path, error))?;
    say!("{:>10} bytes  {}", layout.len(), path.display());
    say!("{:>10} bytes    unpacked: {} files and folders", layer.len(), contents.len());
    say!(
        "load it with: podman load --input FILE, docker load --input FILE, or skopeo copy oci-archive:FILE …"
    );
    Ok(())
}

/// Writes the data set of `compose.yml` as SQL.
fn write_database(path: &Path) -> Result<(), Error> {
    let case = Case::named("office").ok_or_else(|| Error::driver("there is no case office"))?;
    let (sql, _) = fixtures::postgres::script(&case, Strictness::Strict)?;
    fs::write(path, sql).map_err(|error| file_error(path, error))?;
    say!("for compose.yml: {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_has_the_name_of_its_program() {
        assert_eq!(builder("docker"), Ok(Builder::Engine(Engine::Docker)));
        assert_eq!(builder("layout"), Ok(Builder::Layout));
        assert!(builder("kaniko").is_err_and(|error| error.ends_with("podman,buildah,docker,layout")));
    }

    #[test]
    fn the_image_has_the_properties_of_the_workspace() {
        let description = Description::of_checkout().unwrap();
        assert_eq!(description.arguments["REVISION"].len(), 40);
        assert_eq!(description.arguments["LICENSES"], "GPL-3.0-or-later");
        assert!(description.arguments.values().all(|value| !value.is_empty()));
    }
}
