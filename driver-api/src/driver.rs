use crate::{Config, Error, Session};

/// Writes one configuration file.
///
/// A driver is a pure function of its configuration and of the database that the session shows: no
/// clock, no environment, no randomness, no order of a hash map, and no file but the templates that
/// the configuration names.
pub trait Driver: Send + Sync {
    /// Returns the whole content of the file. An empty text is a result like any other.
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error>;
}

/// Registers one driver: the file that it writes, the name that selects it, how it is built.
///
/// A family exports `pub static DRIVERS: &[Entry]`, sorted by namespace and name.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The file, as `<resource>.<filename>`: `asterisk.pjsip.conf`.
    pub namespace: &'static str,
    /// What `plugins:` in the configuration selects among the drivers of one namespace. The driver
    /// called `wazo` is used where the operator selects none.
    pub name: &'static str,
    /// A YAML mapping, or nothing: the values of the driver's own configuration keys where the
    /// operator sets none. It is merged under everything else.
    pub defaults: &'static str,
    /// Builds the driver. A bad value in the configuration is reported here, with its key.
    pub new: fn(&Config) -> Result<Box<dyn Driver>, Error>,
}
