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
    /// The databases that it is for.
    pub schema: Schema,
    /// Builds the driver. A bad value in the configuration is reported here, with its key.
    pub new: fn(&Config) -> Result<Box<dyn Driver>, Error>,
}

/// The databases whose tables a driver reads. The tables of a telephone system change with its releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Those of today's releases.
    Current,
    /// Those of releases before this month, such as `2019-09`, from which on the tables are gone.
    Before(&'static str),
}
