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
/// use driver_api::{Driver, Error, OneLine, Query, Row, Session};
/// use serde::Deserialize;
///
/// /// `moh-classes.txt`: the classes of music on hold, one on a line.
/// struct Classes;
///
/// impl Driver for Classes {
///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
///         let classes: Vec<Row<Class>> = session.query(CLASSES, &[])?;
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
/// A family exports `pub static DRIVERS: &[Entry]`, sorted by namespace and name. [`Entry::new`] takes what
/// every driver has to say; a method sets each property that has a default. All of them are `const`, so that
/// the list is a `static`.
///
/// The fields are there to be read. Other crates can't write an `Entry` out, since it is `#[non_exhaustive]`:
/// a property that a later version adds has a default, and no list of drivers has to be changed for it.
/// The fields have no getters because a getter would need the name of the method that sets the property.
///
/// ```
/// use driver_api::{Config, Driver, Entry, Error, Session};
///
/// /// `minivm.conf`, of which an operator may set the longest message.
/// struct MiniVoicemail {
///     max_seconds: u32,
/// }
///
/// fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
///     let key = "minivm.max_seconds";
///     match config.require(key)? {
///         0 => Err(config.error(key, "a message of no length is none; 180 is usual")),
///         max_seconds => Ok(Box::new(MiniVoicemail { max_seconds })),
///     }
/// }
///
/// impl Driver for MiniVoicemail {
///     fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
///         Ok(format!("[general]\nmaxmessage = {}\n", self.max_seconds))
///     }
/// }
///
/// static MINIVM: Entry =
///     Entry::new("asterisk.minivm.conf", "acme", build).defaults("minivm: {max_seconds: 180}");
///
/// // What confgend does: the operator's configuration, then the defaults under it, then the driver.
/// let mut config = Config::from_yaml("minivm: {max_seconds: 60}")?;
/// config.fill_from(&Config::from_yaml(MINIVM.defaults)?);
/// let driver = MINIVM.build(&config)?;
/// let text = fixtures::Scratch::new(&[]).generate(&*driver).unwrap();
/// assert_eq!(text, "[general]\nmaxmessage = 60\n");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry {
    /// The file, as `<resource>.<filename>`: `asterisk.pjsip.conf`.
    pub namespace: &'static str,
    /// What `plugins:` in the configuration selects among the drivers of one namespace. Where the operator
    /// selects none, it is the driver called `wazo`, or the only one.
    pub name: &'static str,
    /// What [`Entry::defaults()`] sets: a YAML mapping, or nothing.
    pub defaults: &'static str,
    /// What [`Entry::schema()`] sets: the databases that it is for.
    pub schema: Schema,
    build: fn(&Config) -> Result<Box<dyn Driver>, Error>,
}

impl Entry {
    /// A driver that has no configuration keys of its own and is for the databases of today's releases.
    ///
    /// `build` builds it, see [`Entry::build`]: a function, or a closure where there is nothing to read from
    /// the configuration.
    ///
    /// ```
    /// # use driver_api::{Driver, Entry, Error, Schema, Session};
    /// # struct Hep;
    /// # impl Driver for Hep {
    /// #     fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
    /// #         Ok(String::new())
    /// #     }
    /// # }
    /// const HEP: Entry = Entry::new("asterisk.hep.conf", "acme", |_| Ok(Box::new(Hep)));
    /// assert_eq!((HEP.namespace, HEP.name), ("asterisk.hep.conf", "acme"));
    /// assert_eq!((HEP.defaults, HEP.schema), ("", Schema::Current));
    /// ```
    #[must_use]
    pub const fn new(
        namespace: &'static str,
        name: &'static str,
        build: fn(&Config) -> Result<Box<dyn Driver>, Error>,
    ) -> Entry {
        Entry { namespace, name, defaults: "", schema: Schema::Current, build }
    }

    /// Sets the values of the driver's own configuration keys where the operator sets none: a YAML mapping.
    ///
    /// It is merged under everything else. The keys of all drivers stand in one tree, so they are best kept
    /// below one key that is named after the file.
    #[must_use]
    pub const fn defaults(self, defaults: &'static str) -> Entry {
        Entry { defaults, ..self }
    }

    /// Sets the databases that the driver is for, where they are not those of today's releases.
    ///
    /// ```
    /// # use driver_api::{Entry, Error, Schema};
    /// const USERS: Entry = Entry::new("asterisk.users.conf", "acme", |_| Err(Error::driver("not today")))
    ///     .schema(Schema::Before("2020-06"));
    /// assert_eq!(USERS.schema, Schema::Before("2020-06"));
    /// ```
    #[must_use]
    pub const fn schema(self, schema: Schema) -> Entry {
        Entry { schema, ..self }
    }

    /// Builds the driver. A bad value in the configuration is reported here, with its key; it costs this file
    /// alone. The database is not there yet.
    pub fn build(&self, config: &Config) -> Result<Box<dyn Driver>, Error> {
        (self.build)(config)
    }
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
