//! A pool of connections, whose number the configuration limits.
//!
//! It serves threads that may block. (The crate r2d2 hides the reason of a failure until its timeout; deadpool is
//! for asynchronous code.)

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use driver_api::settings::{Key, Seconds, Settings, Within};
use driver_api::{Config, Error, ErrorKind, Exported, Rows, Second, Snapshot, Value, settings};

use crate::database::{Database, Limits};
use crate::open::open_with;
use crate::uri::Uri;

settings! {
    /// The key of the database's address.
    #[derive(Debug, Clone)]
    pub struct Location in "" {
        /// The database of the telephony system.
        db_uri: Uri = "postgresql://asterisk:proformatique@localhost/asterisk?application_name=wazo-confgend",
    }
}

settings! {
    /// The limits of a pool.
    #[derive(Debug, Clone)]
    pub struct PoolLimits in "database" {
        /// How long the service waits for a connection, for each address of the host; connect_timeout in db_uri overrides
        /// it.
        connect_seconds: Seconds = 5,
        /// How long one query may take.
        statement_seconds: Seconds = 30,
        /// How long one query may wait for a lock, such as that of a migration, on PostgreSQL.
        lock_seconds: Seconds = 5,
        /// The back-off: how long the service does not try the database after an attempt to connect used up
        /// connect_seconds.
        retry_seconds: Seconds = 5,
        /// How many connections are open at most, and how many files are generated at the same time.
        connections: Within<1, 1000> = 4,
    }
}

/// The settings of a pool.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// The database.
    pub uri: Uri,
    /// Times and numbers.
    pub limits: PoolLimits,
}

impl Settings for PoolSettings {
    fn keys() -> Vec<Key> {
        [Location::keys(), PoolLimits::keys()].concat()
    }

    fn check(config: &Config, problems: &mut Vec<Error>) -> Option<PoolSettings> {
        let location = Location::check(config, problems);
        let limits = PoolLimits::check(config, problems);
        Some(PoolSettings { uri: location?.db_uri, limits: limits? })
    }
}

/// A connection that takes this long to be found dead leads to a server that is silent.
const SILENCE: Duration = Duration::from_secs(1);

/// Connections to one database. A caller takes one, uses it, and puts it back.
pub struct Pool {
    settings: PoolSettings,
    idle: Mutex<Vec<Box<dyn Database>>>,
    /// When an attempt last used up its time limit, and the reason. The back-off begins there: without it, each of the
    /// files that Asterisk asks for in a reload would wait as long again.
    last_timeout: Mutex<Option<(Instant, String)>>,
    permits: Arc<Permits>,
}

/// A connection of a pool. Dropping it puts it back.
pub struct PooledConnection {
    database: Option<Box<dyn Database>>,
    pool: Arc<Pool>,
    _permit: Permit,
}

impl Pool {
    /// Creates a pool without connections. It connects at the first use.
    pub fn new(settings: PoolSettings) -> Pool {
        let permits = Arc::new(Permits::new(settings.limits.connections.0));
        Pool { settings, idle: Mutex::default(), last_timeout: Mutex::default(), permits }
    }

    /// Returns the URI of the database, which prints without its password.
    pub fn uri(&self) -> &Uri {
        &self.settings.uri
    }

    /// Returns the [state](Database::state) of the database at this moment, if it can be told. It fails fast.
    pub fn state(self: &Arc<Self>) -> Option<String> {
        self.connection(true).ok()?.database.as_mut()?.state().ok()?
    }

    /// Returns an idle connection that still works, or a new one. A caller that has a fallback fails fast: it
    /// does not wait during the back-off.
    fn connection(self: &Arc<Self>, fail_fast: bool) -> Result<PooledConnection, Error> {
        if fail_fast {
            self.check_back_off()?;
        }
        let permit = self.permit()?;
        let connection =
            |database| PooledConnection { database: Some(database), pool: Arc::clone(self), _permit: permit };
        while let Some(mut database) = self.pop() {
            let start = Instant::now();
            if database.is_alive() {
                return Ok(connection(database));
            }
            if start.elapsed() >= SILENCE {
                // The others are connections to the same server, and each would take as long.
                close(mem::take(&mut *lock(&self.idle)));
            }
            let database = &self.settings.uri;
            tracing::info!(
                event = "database", %database,
                "a connection to the database was lost; it is replaced"
            );
        }
        let start = Instant::now();
        let connect = self.settings.limits.connect_seconds.0;
        let limits = Limits {
            connect: Some(connect),
            statement: Some(self.settings.limits.statement_seconds.0),
            lock: Some(self.settings.limits.lock_seconds.0),
        };
        match open_with(&self.settings.uri, limits) {
            Ok(database) => {
                *lock(&self.last_timeout) = None;
                Ok(connection(database))
            }
            Err(error) => {
                if start.elapsed() >= connect {
                    self.begin_back_off(&error.chain());
                }
                Err(error)
            }
        }
    }

    /// Checks that the database can be reached now. During the back-off, it can't.
    ///
    /// # Errors
    ///
    /// The reason why it can't be reached.
    pub fn check(self: &Arc<Self>) -> Result<(), Error> {
        self.connection(true).map(drop)
    }

    /// Waits for a permit for a connection, as long as for a connection itself.
    fn permit(&self) -> Result<Permit, Error> {
        let limits = &self.settings.limits;
        Permits::acquire(&self.permits, limits.connect_seconds.0).ok_or_else(|| {
            let number = limits.connections.0;
            let message = format!("all {number} connections to the database are busy (database.connections)");
            self.begin_back_off(&message);
            Error::new(ErrorKind::Connection, message)
        })
    }

    /// Begins the back-off after a query that waited for a server that hangs, or for a lock. A connection that was just
    /// lost can be replaced at once.
    fn note_failure(&self, error: &Error, start: Instant) {
        let has_waited = match error.kind() {
            ErrorKind::Locked => true,
            ErrorKind::Connection => start.elapsed() >= self.settings.limits.connect_seconds.0,
            _ => false,
        };
        if has_waited {
            self.begin_back_off(&error.chain());
        }
    }

    fn begin_back_off(&self, why: &str) {
        *lock(&self.last_timeout) = Some((Instant::now(), why.to_owned()));
    }

    fn check_back_off(&self) -> Result<(), Error> {
        let retry = self.settings.limits.retry_seconds.0;
        match &*lock(&self.last_timeout) {
            Some((when, why)) if when.elapsed() < retry => {
                let message = format!("{why} (not tried again for {retry:?})");
                Err(Error::new(ErrorKind::Connection, message))
            }
            _ => Ok(()),
        }
    }

    fn pop(&self) -> Option<Box<dyn Database>> {
        lock(&self.idle).pop()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        close(mem::take(&mut *lock(&self.idle)));
    }
}

impl PooledConnection {
    /// Closes the connection instead of putting it back.
    pub fn discard(mut self) {
        close(self.database.take());
    }

    /// Returns whether nothing was committed since the last snapshot of this connection.
    pub fn unchanged(&mut self) -> bool {
        self.database.as_mut().is_some_and(|database| database.unchanged().unwrap_or(false))
    }

    /// Returns the [state](Database::state) that the last snapshot of this connection shows, if it can be told.
    pub fn snapshot_state(&self) -> Option<&str> {
        self.database.as_ref()?.snapshot_state()
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        lock(&self.pool.idle).extend(self.database.take());
    }
}

/// Closes connections in a thread, since closing may block.
fn close(connections: impl Send + 'static) {
    // If the thread can't start, `spawn` drops the closure and closes the connections here.
    let _ = thread::Builder::new().spawn(move || drop(connections));
}

/// The permits for connections: a counting semaphore.
struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Permits {
    fn new(number: usize) -> Permits {
        Permits { free: Mutex::new(number), returned: Condvar::new() }
    }

    fn acquire(permits: &Arc<Permits>, limit: Duration) -> Option<Permit> {
        let free = lock(&permits.free);
        let waited = permits.returned.wait_timeout_while(free, limit, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Permit(Arc::clone(permits)))
    }
}

/// The right to one connection.
struct Permit(Arc<Permits>);

impl Drop for Permit {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.returned.notify_one();
    }
}

/// A snapshot that begins at the first query, so that a file which needs no database is generated without one.
pub struct LazySnapshot<'a> {
    pool: &'a Arc<Pool>,
    fail_fast: bool,
    slot: Option<&'a mut Option<PooledConnection>>,
    snapshot: Option<Box<dyn Snapshot + 'a>>,
}

impl<'a> LazySnapshot<'a> {
    /// Creates a snapshot that puts its connection into the slot, where the caller finds it afterwards. A caller
    /// that has a fallback for the file fails fast while the database can't be reached.
    pub fn new(
        pool: &'a Arc<Pool>,
        fail_fast: bool,
        slot: &'a mut Option<PooledConnection>,
    ) -> LazySnapshot<'a> {
        LazySnapshot { pool, fail_fast, slot: Some(slot), snapshot: None }
    }

    fn snapshot(&mut self) -> Result<&mut Box<dyn Snapshot + 'a>, Error> {
        if self.snapshot.is_none() {
            let lost = || Error::new(ErrorKind::Connection, "the connection to the database was lost");
            let slot = self.slot.take().ok_or_else(lost)?;
            let connection = slot.insert(self.pool.connection(self.fail_fast)?);
            self.snapshot = Some(connection.database.as_mut().ok_or_else(lost)?.snapshot()?);
        }
        self.snapshot.as_mut().ok_or_else(|| Error::driver("no snapshot"))
    }
}

impl Snapshot for LazySnapshot<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        let snapshot = self.snapshot()?;
        let start = Instant::now();
        let result = snapshot.run(sql, params, rows);
        if let Err(error) = &result {
            self.pool.note_failure(error, start);
        }
        result
    }

    /// Takes a permit for the second connection, if one is free now.
    fn second(&mut self) -> Option<Second> {
        let snapshot = self.snapshot.as_mut()?;
        let permit = Permits::acquire(&self.pool.permits, Duration::ZERO)?;
        let with_permit = |snapshot| Box::new(Permitted { snapshot, _permit: permit }) as Box<dyn Snapshot>;
        Some(snapshot.second()?.map(with_permit))
    }

    fn export(&mut self) -> Result<Option<Exported>, Error> {
        self.snapshot()?.export()
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, Error> {
        self.snapshot()?.has_column(table, column)
    }

    fn unique_keys(&mut self, table: &str) -> Result<Vec<Vec<String>>, Error> {
        self.snapshot()?.unique_keys(table)
    }
}

/// A snapshot on a connection that does not come back to the pool. Its permit does.
struct Permitted {
    snapshot: Box<dyn Snapshot>,
    _permit: Permit,
}

impl Snapshot for Permitted {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        self.snapshot.run(sql, params, rows)
    }

    fn export(&mut self) -> Result<Option<Exported>, Error> {
        self.snapshot.export()
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, Error> {
        self.snapshot.has_column(table, column)
    }

    fn unique_keys(&mut self, table: &str) -> Result<Vec<Vec<String>>, Error> {
        self.snapshot.unique_keys(table)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_permit_frees_it() {
        let permits = Arc::new(Permits::new(1));
        let short = Duration::from_millis(1);
        let permit = Permits::acquire(&permits, short).unwrap();
        assert!(Permits::acquire(&permits, short).is_none());
        let waiting = {
            let permits = Arc::clone(&permits);
            thread::spawn(move || Permits::acquire(&permits, Duration::from_secs(60)).is_some())
        };
        drop(permit);
        assert!(waiting.join().unwrap());
        assert!(Permits::acquire(&permits, short).is_some());
    }

    #[test]
    fn the_uri_of_a_bad_key_is_not_shown() {
        let config = Config::from_yaml("db_uri: mysql://u:secret@h/d\ndatabase: {connections: 0}").unwrap();
        let mut problems = Vec::new();
        assert!(PoolSettings::check(&config.named("c.yml"), &mut problems).is_none());
        let texts: Vec<String> = problems.iter().map(Error::chain).collect();
        assert!(texts[0].starts_with("c.yml: configuration key db_uri: "), "{texts:?}");
        assert!(!texts[0].contains("secret"), "{texts:?}");
        let connections = "c.yml: configuration key database.connections";
        assert_eq!(texts[1], format!("{connections}: expected a whole number from 1 to 1000, found 0"));
    }
}
