//! Connections to the database, kept from one file to the next.
//!
//! They are used on threads that may block, and the configuration says how many there may be. (The crate
//! r2d2 hides why it can't connect until its time is up; deadpool is for asynchronous code.)

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use database::Limits;
use driver_api::{Error, ErrorKind, Rows, Snapshot, Value};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::config;

pub(super) struct Databases {
    settings: config::Database,
    idle: Mutex<Vec<Box<dyn database::Database>>>,
    /// When it was last waited for in vain, and why. It is not tried again at once: Asterisk asks for file
    /// after file, and each one would wait.
    vain: Mutex<Option<(Instant, String)>>,
    /// One for each connection that there may be.
    places: Arc<Semaphore>,
}

/// A connection that goes back where it came from, unless it is broken.
pub(super) struct Connection {
    database: Option<Box<dyn database::Database>>,
    home: Arc<Databases>,
    _place: OwnedSemaphorePermit,
}

impl Databases {
    pub(super) fn new(settings: config::Database) -> Databases {
        let places = Arc::new(Semaphore::new(settings.connections));
        Databases { settings, idle: Mutex::default(), vain: Mutex::default(), places }
    }

    /// An idle connection that still works, or a new one. Who is `hasty` can do without, and does not wait
    /// for a database that was just waited for in vain.
    fn connection(self: &Arc<Self>, hasty: bool) -> Result<Connection, Error> {
        if hasty {
            self.check_vain()?;
        }
        let place = self.place()?;
        let connection =
            |database| Connection { database: Some(database), home: Arc::clone(self), _place: place };
        while let Some(mut database) = self.pop() {
            if database.is_alive() {
                return Ok(connection(database));
            }
            tracing::info!("a connection to the database was lost; it is replaced");
        }
        let start = Instant::now();
        let settings = &self.settings;
        let limits = Limits { connect: Some(settings.connect), statement: Some(settings.statement) };
        match database::open_with(&settings.uri, limits) {
            Ok(database) => {
                *lock(&self.vain) = None;
                Ok(connection(database))
            }
            Err(error) => {
                if start.elapsed() >= settings.connect {
                    self.waited_in_vain(&error.chain());
                }
                Err(error)
            }
        }
    }

    /// Waits until there may be another connection, as long as for a connection itself.
    fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let limit = self.settings.connect;
        let place = Arc::clone(&self.places).acquire_owned();
        // A timer counts from when it is made, for which it has to know the runtime.
        let place = Handle::current().block_on(async { timeout(limit, place).await });
        place.ok().and_then(Result::ok).ok_or_else(|| {
            let number = self.settings.connections;
            let message = format!("all {number} connections to the database are busy (database.connections)");
            self.waited_in_vain(&message);
            Error::new(ErrorKind::Connection, message)
        })
    }

    /// Has those who can do without the database not wait for it, for a while.
    fn waited_in_vain(&self, why: &str) {
        *lock(&self.vain) = Some((Instant::now(), why.to_owned()));
    }

    fn pop(&self) -> Option<Box<dyn database::Database>> {
        lock(&self.idle).pop()
    }

    fn check_vain(&self) -> Result<(), Error> {
        let vain = lock(&self.vain);
        match &*vain {
            Some((when, why)) if when.elapsed() < self.settings.retry => {
                let message = format!("{why} (not tried again for {:?})", self.settings.retry);
                Err(Error::new(ErrorKind::Connection, message))
            }
            _ => Ok(()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Databases {
    fn drop(&mut self) {
        close(mem::take(&mut *lock(&self.idle)));
    }
}

impl Connection {
    /// Nothing more can be done with it.
    pub(super) fn discard(mut self) {
        close(self.database.take());
    }

    /// Whether nothing was committed since its last snapshot was taken.
    pub(super) fn unchanged(&mut self) -> bool {
        self.database.as_mut().is_some_and(|database| database.unchanged().unwrap_or(false))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        lock(&self.home.idle).extend(self.database.take());
    }
}

/// Closes connections, which takes a moment, where nobody waits for it.
fn close(connections: impl Send + 'static) {
    // Without a thread they are closed when this closure is dropped, which is now.
    let _ = thread::Builder::new().spawn(move || drop(connections));
}

/// A snapshot that is taken when a driver first asks for something: a file that needs no database is
/// written without one.
pub(super) struct OnDemand<'a> {
    databases: &'a Arc<Databases>,
    hasty: bool,
    place: Option<&'a mut Option<Connection>>,
    snapshot: Option<Box<dyn Snapshot + 'a>>,
}

impl<'a> OnDemand<'a> {
    /// A snapshot whose connection will be in this place. Who is `hasty` can do without the database.
    pub(super) fn new(
        databases: &'a Arc<Databases>,
        hasty: bool,
        place: &'a mut Option<Connection>,
    ) -> OnDemand<'a> {
        OnDemand { databases, hasty, place: Some(place), snapshot: None }
    }

    fn snapshot(&mut self) -> Result<&mut Box<dyn Snapshot + 'a>, Error> {
        if self.snapshot.is_none() {
            let lost = || Error::new(ErrorKind::Connection, "the connection to the database was lost");
            let place = self.place.take().ok_or_else(lost)?;
            let connection = place.insert(self.databases.connection(self.hasty)?);
            self.snapshot = Some(connection.database.as_mut().ok_or_else(lost)?.snapshot()?);
        }
        self.snapshot.as_mut().ok_or_else(|| Error::driver("no snapshot"))
    }
}

impl Snapshot for OnDemand<'_> {
    fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        self.snapshot()?.run(sql, params, rows)
    }
}
