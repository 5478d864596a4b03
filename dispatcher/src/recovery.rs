//! Ends an apply that was interrupted, when the service starts.

use apply::{Apply, ApplySettings, Recovered, Reload, ReloadSettings};
use driver_api::settings::Settings as _;
use driver_api::{Config, Error};
use service::{History, HistorySettings, Storage};

/// Ends an apply that a crash interrupted. Returns none if there is nothing to do, which costs one look at a folder.
pub(crate) fn recover(config: &Config) -> Result<Option<Recovered>, Error> {
    let storage = Storage::read(config)?;
    let Some(history) = History::new(&storage, &HistorySettings::read(config)?) else { return Ok(None) };
    if history.journal()?.is_none() {
        return Ok(None);
    }
    let settings = ApplySettings::read(config)?;
    let mut reload = Reload::new(ReloadSettings::read(config)?);
    // An apply that still runs has a journal, too. When it has ended, there is none.
    Apply::begin(&settings, storage.cache_mode, history, &mut |_| {})?.recover(&mut reload, &mut |_, _| {})
}
