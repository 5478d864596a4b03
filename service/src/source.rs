//! What the service is given: something that generates files.

use std::time::Duration;

use driver_api::{Error, Namespace};

use crate::Settings;

/// Where the service gets files from.
pub trait Source: Send + Sync + 'static {
    /// All files that a client can ask for, sorted.
    fn files(&self) -> Vec<Namespace>;

    /// Finds the file that a client asks for.
    ///
    /// # Errors
    ///
    /// No driver writes such a file.
    fn find(&self, text: &str) -> Result<Namespace, Error>;

    /// Reads the configuration, at the start and at each reload. It may run commands, so it blocks.
    ///
    /// # Errors
    ///
    /// The configuration is bad; the service does not start, or goes on with the old one.
    fn configure(&self) -> Result<Configuration, Error>;
}

/// One configuration.
pub struct Configuration {
    /// The keys of the service.
    pub settings: Settings,
    /// Generates the files as this configuration says.
    pub generator: Box<dyn Generator>,
    /// Faults that don't prevent the start. The service logs each as a warning.
    pub notes: Vec<String>,
}

/// Generates files by one configuration.
pub trait Generator: Send + Sync {
    /// What it generates from, for the log: `database postgresql://…`, without a password.
    fn description(&self) -> String;

    /// Does once what each file needs, and logs what is wrong with it. The service calls it when the log is there.
    fn prepare(&self);

    /// Generates a file, and logs its warnings and errors. It blocks as long as the database does. A caller that has
    /// a fallback for the file prefers a quick failure to a long wait.
    fn generate(&self, namespace: &Namespace, has_fallback: bool) -> Generation;
}

/// One generation of a file.
pub struct Generation {
    /// The text, or why there is none.
    pub result: Result<String, Failure>,
    /// How long the driver took; none if it did not run.
    pub elapsed: Option<Duration>,
    /// Whether another generation, now, would give the same text. In doubt it says no.
    pub is_current: Box<dyn FnMut() -> bool + Send>,
}

/// Why a file was not generated.
#[derive(Debug)]
pub struct Failure {
    /// The error, which the generator has logged.
    pub error: Error,
    /// Whether the cached copy is void as well: the database is not of the kind that the file is for.
    pub voids_copy: bool,
}
