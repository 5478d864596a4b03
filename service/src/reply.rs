//! Finds the reply to a request: a new text, the cached copy, or nothing.

use std::sync::Arc;
use std::time::Duration;

use driver_api::{Error, Namespace};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::cache::Copy;
use crate::coalesce::{Coalescer, Shared};
use crate::gate;
use crate::guard::Action;
use crate::history::Served;
use crate::request::Request;
use crate::source::{Failure, Generated};
use crate::state::{Service, Site};

/// The kind of a reply, for the log and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A new text.
    Generated,
    /// The cached copy, as the client asked for it.
    Cached,
    /// The cached copy, since nothing was committed to the database since it was made.
    Unchanged,
    /// The cached copy in place of a new text, which could not be generated.
    Stale,
    /// The cached copy in place of a new text, which the guard or the gate holds back.
    Held,
    /// The text of an earlier generation, which an administrator pinned the file to.
    Pinned,
    /// Nothing: there is neither a new text nor a cached copy.
    Failed,
    /// Nothing, because the request marked the cached copy as out of date.
    Invalidated,
    /// Nothing, because the request is malformed or names no known file.
    Refused,
}

impl Outcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Outcome::Generated => "generated",
            Outcome::Cached => "cached",
            Outcome::Unchanged => "unchanged",
            Outcome::Stale => "stale",
            Outcome::Held => "held",
            Outcome::Pinned => "pinned",
            Outcome::Failed => "failed",
            Outcome::Invalidated => "invalidated",
            Outcome::Refused => "refused",
        }
    }
}

pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    /// In bytes.
    pub(crate) length: u64,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Nothing,
    Text(Arc<String>),
    Copy(Copy),
}

impl Reply {
    fn nothing(outcome: Outcome) -> Reply {
        Reply { outcome, length: 0, body: Body::Nothing }
    }

    fn text(text: Arc<String>) -> Reply {
        Reply { outcome: Outcome::Generated, length: text.len() as u64, body: Body::Text(text) }
    }

    fn copy(outcome: Outcome, copy: Copy) -> Reply {
        Reply { outcome, length: copy.length, body: Body::Copy(copy) }
    }
}

async fn invalidate(coalescer: Arc<Coalescer>, site: &Arc<Site>, file: &Namespace) -> Reply {
    let (site, file) = (Arc::clone(site), file.clone());
    let mark = move || {
        if let Err(error) = coalescer.invalidate(|| site.cache.invalidate(&file)) {
            let error = error.chain();
            tracing::error!(event = "copy", namespace = %file, error, "{error}");
        }
    };
    let _ = spawn_blocking(mark).await;
    Reply::nothing(Outcome::Invalidated)
}

impl Service {
    /// Finds the reply to a request.
    pub(crate) async fn reply(self: &Arc<Self>, site: &Arc<Site>, request: &Request) -> Reply {
        let file = &request.file;
        let Some(coalescer) = self.coalescer(file) else { return Reply::nothing(Outcome::Failed) };
        if request.invalidate {
            return invalidate(coalescer, site, file).await;
        }
        if let Some(reply) = pinned(site, file) {
            return reply;
        }
        if request.cached
            && coalescer.trusts_copy()
            && !site.cache.is_invalidated(file)
            && let Some(copy) = cached(site, file).filter(|copy| !copy.is_empty())
        {
            return Reply::copy(Outcome::Cached, copy);
        }
        let (mut receiver, start) = coalescer.join(request.cached);
        if start {
            let (service, coalescer, file) = (Arc::clone(self), Arc::clone(&coalescer), file.clone());
            spawn_blocking(move || service.generate(&file, &coalescer));
        }
        let limit = site.settings.limits.patience_seconds.0;
        // A request that joins a hanging generation waits hardly longer than the earlier requests.
        let rest = limit.saturating_sub(coalescer.running_for()).max(limit / 10);
        let result = match timeout(rest, &mut receiver).await {
            Ok(result) => result,
            Err(_) => {
                tracing::error!(
                    event = "generation", namespace = %file, key = "service.patience_seconds",
                    "{file}: not generated within {limit:?} (service.patience_seconds)"
                );
                match stale(site, file) {
                    Some(reply) => return reply,
                    None => receiver.await,
                }
            }
        };
        let copy = match result {
            Ok(Shared::Text(text)) => return Reply::text(text),
            Ok(Shared::Failed(failure)) if failure.voids_copy => return Reply::nothing(Outcome::Failed),
            Ok(Shared::Unchanged) => cached(site, file).map(|copy| Reply::copy(Outcome::Unchanged, copy)),
            Ok(Shared::Held) => cached(site, file).map(|copy| Reply::copy(Outcome::Held, copy)),
            _ => stale(site, file),
        };
        copy.unwrap_or_else(|| {
            tracing::error!(
                event = "copy", namespace = %file,
                "{file}: nothing is sent, since there is no cached copy either"
            );
            Reply::nothing(Outcome::Failed)
        })
    }

    /// Generates a file until no request waits for it. It blocks.
    fn generate(self: &Arc<Self>, file: &Namespace, coalescer: &Coalescer) {
        while let Some(mut flight) = coalescer.begin() {
            // This comes after `begin`: a reload from here on marks this generation as out of date.
            let site = self.site();
            if !flight.follows_invalidation
                && coalescer.trusts_copy()
                && let Some(version) = site.current_version(file)
            {
                flight.admit_late_requests(true, || site.generator.is_current(&version));
                flight.finish(&Shared::Unchanged);
                continue;
            }
            let has_fallback = !flight.follows_invalidation && site.cache.age(file).is_some();
            let Generated { result, elapsed, warnings, version, mut is_current } =
                site.generator.generate(file, has_fallback);
            self.metrics.generation(file, elapsed, result.as_ref().err());
            let result = self.checked(&site, file, result);
            let text = match &result {
                Shared::Text(text) => Some(text),
                _ => None,
            };
            let can_be_cached = text.is_some_and(|text| !text.is_empty());
            let has_failed = matches!(result, Shared::Failed(_));
            flight.admit_late_requests(can_be_cached, || !has_failed && is_current());
            let (mut is_new, mut is_stored) = (true, false);
            if let Some(text) = text {
                let store = || {
                    is_new = site.cache.store(file, text)?;
                    is_stored = true;
                    Ok(())
                };
                if let Err(error) = flight.store(store) {
                    log_error(file, &error);
                }
            }
            site.versions.set(&site.cache, file, version.filter(|_| is_stored));
            self.ledger.generated(file, elapsed, &result, &warnings);
            flight.finish(&result);
            if let Shared::Text(text) = &result {
                self.review_later(&site, file, text);
                let (file, text) = (file.clone(), Arc::clone(text));
                site.record_later(Served { file, text, is_new, warnings, elapsed });
            }
        }
    }

    /// Has the guard and the gate check a new text, and holds it back if the configuration says so.
    fn checked(&self, site: &Site, file: &Namespace, result: Result<String, Failure>) -> Shared {
        let text = match result {
            Ok(text) => text,
            Err(failure) => return Shared::Failed(Arc::new(failure)),
        };
        let is_held_by_guard = self.guard_holds(site, file, &text);
        if !self.gate_holds(site, file, &text) && !is_held_by_guard {
            return Shared::Text(Arc::new(text));
        }
        if let Err(error) = site.cache.hold(file, &text) {
            let error = error.chain();
            tracing::error!(
                event = "suspect", namespace = %file, error,
                "{file}: confgend accept can't have the new text: {error}"
            );
        }
        Shared::Held
    }

    /// Has the guard check a text. Returns whether the text is held back.
    fn guard_holds(&self, site: &Site, file: &Namespace, text: &str) -> bool {
        let Some(loss) = site.suspect_loss(file, text) else { return false };
        let action = site.settings.guard.action;
        self.metrics.suspect(file);
        loss.log(file, action);
        action == Action::Hold
    }

    /// Has the gate check a text. Returns whether the text is held back.
    fn gate_holds(&self, site: &Site, file: &Namespace, text: &str) -> bool {
        let faults = site.rejections(file, text);
        if faults.is_empty() {
            return false;
        }
        self.metrics.suspect(file);
        gate::log(file, &faults, true);
        true
    }
}

/// Opens the cached copy. Returns none if it can't be read.
fn cached(site: &Site, file: &Namespace) -> Option<Copy> {
    site.cache.open(file).unwrap_or_else(|error| {
        log_error(file, &error);
        None
    })
}

/// Logs a failure of the cache.
fn log_error(file: &Namespace, error: &Error) {
    let error = error.chain();
    tracing::error!(event = "copy", namespace = %file, error, "{file}: {error}");
}

/// Returns a reply with the text that a file is pinned to, if it is.
fn pinned(site: &Site, file: &Namespace) -> Option<Reply> {
    let pin = site.cache.pin(file).unwrap_or_else(|error| {
        log_error(file, &error);
        None
    })?;
    let generation = pin.generation;
    let Some(copy) = cached(site, file) else {
        tracing::error!(
            event = "pin", namespace = %file, generation,
            "{file}: it is pinned, but there is no cached copy: pin it again"
        );
        return None;
    };
    tracing::warn!(
        event = "pin", namespace = %file, generation,
        "{file}: pinned to generation {generation}, {}", pin.end()
    );
    Some(Reply::copy(Outcome::Pinned, copy))
}

/// Returns a reply with the cached copy in place of a text that could not be generated.
fn stale(site: &Site, file: &Namespace) -> Option<Reply> {
    let copy = cached(site, file)?;
    let age_seconds = copy.age().as_secs();
    let age = jiff::SignedDuration::try_from(Duration::from_secs(age_seconds)).unwrap_or_default();
    let since = if site.cache.is_invalidated(file) { ", and invalidated since" } else { "" };
    tracing::warn!(
        event = "copy", namespace = %file, outcome = Outcome::Stale.word(), age_seconds,
        "{file}: the cached copy is sent instead, made {age:#} ago{since}"
    );
    Some(Reply::copy(Outcome::Stale, copy))
}
