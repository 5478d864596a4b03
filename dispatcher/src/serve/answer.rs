//! From a request to its reply: a new text, the cached copy, or nothing.

use std::sync::Arc;
use std::time::Duration;

use driver_api::{Error, ErrorKind, Namespace, Schema};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::Service;
use super::cache::Copy;
use super::request::Request;
use super::site::Site;

/// What the reply to a request was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A new text.
    Generated,
    /// The cached copy, as the client asked for it.
    Cached,
    /// The cached copy, because there is no new text.
    Stale,
    /// Nothing, because there is neither a new text nor a cached copy.
    Failed,
    /// Nothing; the cached copy is deleted.
    Invalidated,
    /// Nothing, because it was not a request for a file that there is.
    Refused,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Outcome::Generated => "generated",
            Outcome::Cached => "cached",
            Outcome::Stale => "stale",
            Outcome::Failed => "failed",
            Outcome::Invalidated => "invalidated",
            Outcome::Refused => "refused",
        }
    }
}

pub(super) struct Reply {
    pub(super) outcome: Outcome,
    /// In bytes.
    pub(super) length: u64,
    pub(super) body: Body,
}

pub(super) enum Body {
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

impl Service {
    /// Finds the reply to a request.
    pub(super) async fn answer(self: &Arc<Self>, site: &Arc<Site>, request: &Request) -> Reply {
        let namespace = &request.namespace;
        let Some(turns) = self.turns.get(namespace) else { return Reply::nothing(Outcome::Failed) };
        if request.invalidate {
            return self.invalidate(site, namespace).await;
        }
        if request.cached
            && turns.trusts_copy()
            && let Some(copy) = cached(site, namespace).filter(|copy| !copy.is_empty())
        {
            return Reply::copy(Outcome::Cached, copy);
        }
        let (mut made, start) = turns.wait(request.cached);
        if start {
            let (service, namespace) = (Arc::clone(self), namespace.clone());
            spawn_blocking(move || service.work(&namespace));
        }
        let limit = site.settings.limits.patience;
        // Who comes to a generation that hangs waits hardly longer than who came before.
        let rest = limit.saturating_sub(turns.running_for()).max(limit / 10);
        let result = match timeout(rest, &mut made).await {
            Ok(result) => result,
            Err(_) => {
                tracing::error!("{namespace}: not generated within {limit:?} (service.patience_seconds)");
                match stale(site, namespace) {
                    Some(reply) => return reply,
                    None => made.await,
                }
            }
        };
        match result {
            Ok(Ok(text)) => Reply::text(text),
            Ok(Err(error)) if self.is_for_another_database(namespace, &error) => {
                Reply::nothing(Outcome::Failed)
            }
            _ => stale(site, namespace).unwrap_or_else(|| {
                tracing::error!("{namespace}: nothing is sent, since there is no cached copy either");
                Reply::nothing(Outcome::Failed)
            }),
        }
    }

    /// Whether a file failed because its drivers are all for databases of long ago. Then so is a cached copy.
    fn is_for_another_database(&self, namespace: &Namespace, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::MissingTable(_))
            && self.registry.drivers(namespace).iter().all(|entry| entry.schema != Schema::Current)
    }

    async fn invalidate(self: &Arc<Self>, site: &Arc<Site>, namespace: &Namespace) -> Reply {
        let (service, site, namespace) = (Arc::clone(self), Arc::clone(site), namespace.clone());
        let delete = move || {
            let turns = service.turns.get(&namespace)?;
            turns.invalidate(|| site.cache.delete(&namespace)).err()
        };
        if let Ok(Some(error)) = spawn_blocking(delete).await {
            tracing::error!("{}", error.chain());
        }
        Reply::nothing(Outcome::Invalidated)
    }

    /// Generates a file as long as somebody waits for it. It blocks.
    fn work(&self, namespace: &Namespace) {
        let Some(turns) = self.turns.get(namespace) else { return };
        while let Some(mut turn) = turns.next() {
            // After the turn began, so that a configuration that is replaced meanwhile outdates it.
            let site = self.site();
            let mut generated = site.generate(&self.registry, namespace);
            let text = generated.result.clone().ok();
            let has_text = text.as_ref().is_some_and(|text| !text.is_empty());
            turn.take_in_late_comers(has_text, || generated.is_up_to_date(&site));
            if let Some(text) = text
                && let Err(error) = turn.store(|| site.cache.store(namespace, &text))
            {
                tracing::error!("{namespace}: {}", error.chain());
            }
            turn.answer(&generated.result);
        }
    }
}

/// The cached copy. One that can't be read is as good as none.
fn cached(site: &Site, namespace: &Namespace) -> Option<Copy> {
    site.cache.open(namespace).unwrap_or_else(|error| {
        tracing::error!("{namespace}: {}", error.chain());
        None
    })
}

/// The cached copy in place of a text that could not be made.
fn stale(site: &Site, namespace: &Namespace) -> Option<Reply> {
    let copy = cached(site, namespace)?;
    let age = jiff::SignedDuration::try_from(Duration::from_secs(copy.age().as_secs())).unwrap_or_default();
    tracing::warn!("{namespace}: the cached copy is sent instead, made {age:#} ago");
    Some(Reply::copy(Outcome::Stale, copy))
}
