//! The interface between the service and the program that generates files.

use std::time::Duration;

use driver_api::{Error, Namespace, Warning};

use crate::gate::Rejection;
use crate::settings::Settings;
use crate::version::Version;

/// The source of files.
pub trait Source: Send + Sync + 'static {
    /// Returns all files that a client can ask for, sorted.
    fn files(&self) -> Vec<Namespace>;

    /// Finds the file that a client asks for.
    ///
    /// # Errors
    ///
    /// The text is not a namespace, or no driver writes the file.
    fn find(&self, text: &str) -> Result<Namespace, Error>;

    /// Reads the configuration, at the start and at each reload. It may run commands, so it blocks.
    ///
    /// # Errors
    ///
    /// The configuration is bad. The service does not start, or keeps the old one.
    fn configure(&self) -> Result<Configuration, Error>;
}

/// One configuration.
pub struct Configuration {
    /// The keys of the service.
    pub settings: Settings,
    /// The generator of the files with this configuration.
    pub generator: Box<dyn Generator>,
    /// The problems that don't prevent the start. The service logs each as a warning.
    pub notes: Vec<String>,
}

/// Generates files with one configuration.
pub trait Generator: Send + Sync {
    /// Returns the database for the log: `postgresql://…`, without a password.
    fn database(&self) -> String;

    /// Checks that the data can be read now. It blocks as long as the database does.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    fn reach(&self) -> Result<(), Error>;

    /// Prepares all files once, and logs problems. The service calls it after it has opened the log.
    fn prepare(&self);

    /// Generates a file, and logs its warnings and errors. It blocks as long as the database does. If the
    /// caller has a fallback for the file, the generator fails fast instead of waiting for a database that is down.
    fn generate(&self, namespace: &Namespace, has_fallback: bool) -> Generated;

    /// Returns whether it is certain that a text of this version would be generated again now. It blocks as long as the
    /// database does, and fails fast.
    fn is_current(&self, version: &Version) -> bool;

    /// Counts the objects of a text, such as sections or entries, from which the service knows whether a new text
    /// lost much of its content.
    fn objects(&self, namespace: &Namespace, text: &str) -> usize;

    /// Returns the difference between two texts of a file in a few words, without secrets: `+3 endpoints, ~1 aor`.
    /// Without an old text, there was no file.
    fn summary(&self, namespace: &Namespace, old: Option<&str>, new: &str) -> String;

    /// Returns the faults for which the reader of a text refuses it, or drops objects of it.
    fn rejections(&self, namespace: &Namespace, text: &str) -> Vec<Rejection>;

    /// Returns those of them that a good text of the file does not have. `good` reads it.
    fn new_rejections(
        &self,
        namespace: &Namespace,
        text: &str,
        good: &mut dyn FnMut() -> Option<String>,
    ) -> Vec<Rejection>;
}

/// One generation of a file.
pub struct Generated {
    /// The text or the failure.
    pub result: Result<String, Failure>,
    /// The time that the driver took; none if it did not run.
    pub elapsed: Option<Duration>,
    /// The warnings of the driver, which name the rows that it left out.
    pub warnings: Vec<Warning>,
    /// The version of the data; none if it can't be told for certain.
    pub version: Option<Version>,
    /// Checks whether another generation would return the same text now. In doubt it returns false.
    pub is_current: Box<dyn FnMut() -> bool + Send>,
}

/// The reason why a file was not generated.
#[derive(Debug)]
pub struct Failure {
    /// The error, which the generator has logged.
    pub error: Error,
    /// Whether the cached copy must not be sent either: the file is for another schema of the database.
    pub voids_copy: bool,
}
