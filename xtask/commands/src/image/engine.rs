//! The container engines that build images from the Containerfile.

use std::process::Command;

use driver_api::Error;

use super::{Description, Image};
use crate::packages::date;
use crate::{command, root};

/// A container engine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Engine {
    Podman,
    Buildah,
    Docker,
}

impl Engine {
    pub(super) const ALL: [Engine; 3] = [Engine::Podman, Engine::Buildah, Engine::Docker];

    /// Whether it is installed, and its daemon, if it has one, can be reached.
    pub(super) fn works(self) -> bool {
        Command::new(self.program()).arg("info").output().is_ok_and(|output| output.status.success())
    }

    pub(super) fn program(self) -> &'static str {
        match self {
            Engine::Podman => "podman",
            Engine::Buildah => "buildah",
            Engine::Docker => "docker",
        }
    }

    /// Builds the image with all that the command line asks for.
    pub(super) fn build(self, image: &Image, description: &Description) -> Result<(), Error> {
        let program = self.program();
        say!(
            "{program} builds {}; `cargo xtask image --builder layout` builds without an engine",
            description.tag()
        );
        command::run(Command::new(program).args(self.arguments(image, description)).arg(root()))
    }

    fn arguments(self, image: &Image, description: &Description) -> Vec<String> {
        let time = description.time.to_string();
        let mut words = vec!["build".to_owned(), "--file".to_owned()];
        words.push(root().join("Containerfile").display().to_string());
        words.extend(["--tag".to_owned(), description.tag()]);
        match self {
            // The form of the OCI, which both write by default, has no health check.
            Engine::Podman | Engine::Buildah => {
                words.extend(["--format", "docker", "--timestamp", &time].map(str::to_owned));
            }
            Engine::Docker => words.extend(["--build-arg".to_owned(), format!("{}={time}", date::VARIABLE)]),
        }
        let features = [("FAMILIES", &image.families), ("ENGINES", &image.engines)];
        let features = features.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (name, value) in description.arguments.iter().map(|(name, value)| (*name, value)).chain(features)
        {
            words.extend(["--build-arg".to_owned(), format!("{name}={value}")]);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::super::containerfile::Arguments;
    use super::*;

    #[test]
    fn an_engine_gets_the_time_and_the_arguments() {
        let image = Image {
            families: Some("provd,wazo".to_owned()),
            engines: None,
            builder: None,
            folder: None,
            test: false,
        };
        let arguments = Arguments::from([("VERSION", "1.2".to_owned())]);
        let description = Description { version: "1.2", arguments, time: 7 };
        let line = |engine: Engine| engine.arguments(&image, &description).join(" ");
        let file = root().join("Containerfile").display().to_string();
        let same = format!("build --file {file} --tag localhost/confgend:1.2");
        let arguments = "--build-arg VERSION=1.2 --build-arg FAMILIES=provd,wazo";
        assert_eq!(line(Engine::Buildah), format!("{same} --format docker --timestamp 7 {arguments}"));
        assert_eq!(line(Engine::Podman), line(Engine::Buildah));
        let docker = format!("{same} --build-arg SOURCE_DATE_EPOCH=7 {arguments}");
        assert_eq!(line(Engine::Docker), docker);
    }
}
