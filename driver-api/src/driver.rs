use crate::settings::{self, Key};
use crate::{Config, Error, Release, Session};

/// Writes one configuration file.
///
/// A driver is a pure function of its configuration and of the database that the session shows. It reads no clock, no
/// environment, no random numbers and no files except the templates that the configuration names, and does not depend
/// on the order of a hash map. It may run any number of times, on any thread.
///
/// A driver must also work if every table is empty: `confgend list --db` runs it so, to check that the tables and
/// columns exist. If it needs a row that is missing, it returns an [`Error::driver`].
///
/// ```
/// use driver_api::{Driver, Error, OneLine, Query, Row, Session};
/// use serde::Deserialize;
///
/// /// `moh-classes.txt`: the classes of music on hold, one per line.
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
    /// Returns the whole content of the file. It may be empty.
    ///
    /// An error affects this file only; the service then serves the last good copy. The error need not name the file:
    /// the program that runs the driver adds the name.
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error>;

    /// Checks the files that the driver reads at each generation, such as an operator's templates. Returns all problems
    /// with them; `confgend config` shows these. It reads no database. A driver without such files needs no such method.
    fn check(&self) -> Vec<Error> {
        Vec::new()
    }

    /// Checks a database for the driver: `confgend list --db` calls it with a session whose queries are prepared and not
    /// run, so that a missing table or column is an error, and no query has rows. By default it generates the file.
    fn rehearse(&self, session: &mut Session<'_>) -> Result<(), Error> {
        self.generate(session).map(|_| ())
    }
}

/// The registration of one driver: the file that it writes, the name that selects it, and how to build it.
///
/// A family exports `pub static DRIVERS: &[Entry]`, sorted by namespace and name. [`Entry::new`] takes the properties
/// that every driver must give; a method sets each property that has a default. All are `const`, so that the list can
/// be a `static`. `Entry` is `#[non_exhaustive]`: a later version can add a property with a default, and lists of
/// drivers still compile.
///
/// ```
/// use driver_api::settings::{Settings as _, Within};
/// use driver_api::{Config, Driver, Entry, Error, Session, settings};
///
/// settings! {
///     /// `minivm.conf`, of which an operator may set the longest message.
///     struct MiniVoicemail in "minivm" {
///         /// How long a message may be, in seconds.
///         max_seconds: Within<1, 3600> = 180,
///     }
/// }
///
/// fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
///     Ok(Box::new(MiniVoicemail::read(config)?))
/// }
///
/// impl Driver for MiniVoicemail {
///     fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
///         Ok(format!("[general]\nmaxmessage = {}\n", self.max_seconds.0))
///     }
/// }
///
/// static MINIVM: Entry =
///     Entry::new("asterisk.minivm.conf", "acme", build).keys(MiniVoicemail::keys);
///
/// // confgend merges the defaults under the operator's configuration and builds the driver from the result.
/// let mut config = Config::from_yaml("minivm: {max_seconds: 60}")?;
/// config.fill_from(&MINIVM.built_in()?);
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
    /// The name by which `plugins:` in the configuration selects one of several drivers of a namespace. Without a
    /// selection, the driver called `wazo` writes the file, or the only driver.
    pub name: &'static str,
    /// The keys that [`Entry::keys()`] sets.
    pub keys: fn() -> Vec<Key>,
    /// The defaults that [`Entry::defaults()`] sets: a YAML mapping, or nothing.
    pub defaults: &'static str,
    /// The schema that [`Entry::schema()`] sets.
    pub schema: Schema,
    /// The release that [`Entry::since()`] sets.
    pub since: Release,
    build: Build,
}

type Built = Result<Box<dyn Driver>, Error>;

/// The function that builds a driver.
#[derive(Clone, Copy)]
enum Build {
    /// Of one driver.
    One(fn(&Config) -> Built),
    /// Of several drivers, which it tells apart by their entries.
    Several(fn(&Entry, &Config) -> Built),
}

impl Entry {
    /// Registers a driver without configuration keys of its own, for the databases of today's releases.
    ///
    /// `build` is a function, or a closure `|_config| Ok(Box::new(Hep))` if the driver needs no configuration. See
    /// [`Entry::build`].
    #[must_use]
    pub const fn new(
        namespace: &'static str,
        name: &'static str,
        build: fn(&Config) -> Result<Box<dyn Driver>, Error>,
    ) -> Entry {
        Entry {
            namespace,
            name,
            keys: Vec::new,
            defaults: "",
            schema: Schema::Current,
            since: Release::FIRST,
            build: Build::One(build),
        }
    }

    /// Registers a driver that the configuration defines. Several share `build`, which finds the definition by the
    /// namespace and name of the entry.
    #[must_use]
    pub const fn defined(
        namespace: &'static str,
        name: &'static str,
        build: fn(&Entry, &Config) -> Built,
    ) -> Entry {
        Entry {
            namespace,
            name,
            keys: Vec::new,
            defaults: "",
            schema: Schema::Current,
            since: Release::FIRST,
            build: Build::Several(build),
        }
    }

    /// Sets the configuration keys of the driver, as [`settings!`](crate::settings!) declares them: with documentation,
    /// defaults and accepted values.
    ///
    /// The configuration of the operator overrides the defaults. The keys of all drivers share one tree, so a driver keeps
    /// its keys below one key that is named after the file.
    #[must_use]
    pub const fn keys(self, keys: fn() -> Vec<Key>) -> Entry {
        Entry { keys, ..self }
    }

    /// Sets the defaults of configuration keys that have no other declaration: a YAML mapping. People read nothing about
    /// such keys; [`Entry::keys()`] is for keys that an operator is to know.
    #[must_use]
    pub const fn defaults(self, defaults: &'static str) -> Entry {
        Entry { defaults, ..self }
    }

    /// Sets the databases that the driver is for, if they are not those of today's releases.
    #[must_use]
    pub const fn schema(self, schema: Schema) -> Entry {
        Entry { schema, ..self }
    }

    /// Sets the first release for whose databases the driver writes the right text. For older ones, the program that runs
    /// the driver refuses the file, unless it is told to write it all the same.
    #[must_use]
    pub const fn since(self, since: Release) -> Entry {
        Entry { since, ..self }
    }

    /// Returns the defaults of all configuration keys of the driver.
    ///
    /// # Errors
    ///
    /// The defaults that [`Entry::defaults()`] sets are no YAML mapping.
    pub fn built_in(&self) -> Result<Config, Error> {
        let mut built_in = settings::defaults(&(self.keys)());
        built_in.fill_from(&Config::from_yaml(self.defaults)?);
        Ok(built_in)
    }

    /// Builds the driver, before there is a database. A bad value in the configuration is an error that names its key;
    /// it affects this file only.
    pub fn build(&self, config: &Config) -> Result<Box<dyn Driver>, Error> {
        match self.build {
            Build::One(build) => build(config),
            Build::Several(build) => build(self, config),
        }
    }
}

/// The databases that a driver is for: the tables of a telephone system change with its releases.
///
/// The schema selects the data sets that a driver is tested with, and an error message names it if a table is missing.
/// It forbids nothing: a driver for older databases runs on any database that has its tables.
///
/// ```
/// use driver_api::{Entry, Error, Schema};
///
/// // `chan_sip` and its tables were removed in June 2020.
/// const SIP: Entry = Entry::new("asterisk.sip.conf", "acme", |_config| Err(Error::driver("an example")))
///     .schema(Schema::Before("2020-06"));
/// assert_eq!(SIP.schema, Schema::Before("2020-06"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// The databases of today's releases.
    Current,
    /// The databases of releases before this month, in the form `2019-09`, which removed the tables.
    Before(&'static str),
}
