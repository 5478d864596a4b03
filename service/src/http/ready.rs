//! Whether the service can serve.

use driver_api::{Namespace, secrets};

use crate::state::Service;

/// Checks that the cache can be written, and that each file has a text, or could get one from the database. It blocks.
///
/// # Errors
///
/// A line that says why the service can't serve.
pub(super) fn check(service: &Service) -> Result<(), String> {
    let site = service.site();
    site.cache.check_writable().map_err(|error| secrets::in_text(&error.chain()))?;
    let has_text = |file: &Namespace| {
        let generation = service.ledger.note(file).generation;
        generation.is_some_and(|it| it.attempt.error.is_none()) || site.cache.age(file).is_some()
    };
    let mut without = service.files().into_iter().filter(|file| !has_text(file));
    let Some(first) = without.next() else { return Ok(()) };
    let others = without.count();
    site.generator.reach().map_err(|error| {
        let error = secrets::in_text(&error.chain());
        let files = if others == 0 { first.to_string() } else { format!("{first} and {others} other files") };
        format!("there is no copy of {files}, and the database does not answer: {error}")
    })
}
