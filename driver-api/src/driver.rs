use crate::{Config, Error, Session};

/// Writes one configuration file.
///
/// A driver is a pure function of its configuration and of the database that the session shows: no
/// clock, no environment, no randomness, no order of a hash map, and no file but the templates that
/// the configuration names. Once built, it may be asked any number of times, from any thread.
///
/// It must also bear a database in which every table is empty: `confgend list --db` runs it so, to find out
/// whether the tables and columns are there. If it needs a row, it says so with [`Error::driver`].
///
/// ```
/// use driver_api::{Driver, Error, OneLine, Query, Session};
/// use serde::Deserialize;
///
/// /// `moh-classes.txt`: the classes of music on hold, one on a line.
/// struct Classes;
///
/// impl Driver for Classes {
///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
///         let classes: Vec<Class> = session.query(CLASSES, &[])?;
///         Ok(classes.iter().map(|class| format!("{}\n", class.name)).collect())
///     }
/// }
///
/// const CLASSES: Query<'_> = Query {
///     table: "moh",
///     key: &["name"],
///     sql: "SELECT name FROM moh ORDER BY name COLLATE \"C\"",
/// };
///
/// #[derive(Deserialize)]
/// struct Class {
///     name: OneLine,
/// }
///
/// let jazz = r#"{"uuid": "m-1", "tenant_uuid": "t-1", "name": "jazz", "label": "Jazz", "mode": "files"}"#;
/// assert_eq!(fixtures::Scratch::new(&[("moh", jazz)]).generate(&Classes).unwrap(), "jazz\n");
/// ```
pub trait Driver: Send + Sync {
    /// Returns the whole content of the file. An empty text is a result like any other.
    ///
    /// An error costs this file and no other; in the service the last good copy stands in for it. It need not
    /// name the file, which whoever runs the driver does.
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error>;
}

/// Registers one driver: the file that it writes, the name that selects it, how it is built.
///
/// A family exports `pub static DRIVERS: &[Entry]`, sorted by namespace and name.
///
/// ```
/// use driver_api::{Config, Driver, Entry, Error, Schema, Session};
///
/// /// `minivm.conf`, of which an operator may set the longest message.
/// struct MiniVoicemail {
///     max_seconds: u32,
/// }
///
/// impl MiniVoicemail {
///     fn new(config: &Config) -> Result<MiniVoicemail, Error> {
///         let key = "minivm.max_seconds";
///         match config.get(key)? {
///             Some(0) => Err(config.error(key, "a message of no length is none; 180 is usual")),
///             max_seconds => Ok(MiniVoicemail { max_seconds: max_seconds.unwrap_or(180) }),
///         }
///     }
/// }
///
/// impl Driver for MiniVoicemail {
///     fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
///         Ok(format!("[general]\nmaxmessage = {}\n", self.max_seconds))
///     }
/// }
///
/// static MINIVM: Entry = Entry {
///     namespace: "asterisk.minivm.conf",
///     name: "acme",
///     defaults: "minivm: {max_seconds: 180}",
///     schema: Schema::Current,
///     new: |config| Ok(Box::new(MiniVoicemail::new(config)?)),
/// };
///
/// // What confgend does: the operator's configuration, then the defaults under it, then the driver.
/// let mut config = Config::from_yaml("minivm: {max_seconds: 60}")?;
/// config.fill_from(&Config::from_yaml(MINIVM.defaults)?);
/// let driver = (MINIVM.new)(&config)?;
/// let text = fixtures::Scratch::new(&[]).generate(&*driver).unwrap();
/// assert_eq!(text, "[general]\nmaxmessage = 60\n");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Entry {
    /// The file, as `<resource>.<filename>`: `asterisk.pjsip.conf`.
    pub namespace: &'static str,
    /// What `plugins:` in the configuration selects among the drivers of one namespace. Where the operator
    /// selects none, it is the driver called `wazo`, or the only one.
    pub name: &'static str,
    /// A YAML mapping, or nothing: the values of the driver's own configuration keys where the
    /// operator sets none. It is merged under everything else. The keys of all drivers stand in one tree, so
    /// they are best kept below one key that is named after the file.
    pub defaults: &'static str,
    /// The databases that it is for.
    pub schema: Schema,
    /// Builds the driver. A bad value in the configuration is reported here, with its key; it costs this file
    /// alone. The database is not there yet.
    pub new: fn(&Config) -> Result<Box<dyn Driver>, Error>,
}

/// The databases whose tables a driver reads. The tables of a telephone system change with its releases.
///
/// It selects the data sets that a driver is tested with, and is what a message says where a database has no
/// such tables. It forbids nothing: a driver for older databases runs on any that has its tables.
///
/// ```
/// use driver_api::Schema;
///
/// fn hint(schema: Schema) -> String {
///     match schema {
///         Schema::Current => "is the database that of a telephone system?".to_owned(),
///         Schema::Before(month) => format!("it belongs to the schema before {month}"),
///     }
/// }
///
/// // `chan_sip` and its tables went in June 2020.
/// assert_eq!(hint(Schema::Before("2020-06")), "it belongs to the schema before 2020-06");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Those of today's releases.
    Current,
    /// Those of releases before this month, as `YYYY-MM`, such as `2019-09`, from which on the tables are gone.
    Before(&'static str),
}
