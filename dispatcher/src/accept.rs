//! The command `accept`: lists the files that the service holds back, and makes one of them the last good copy.

use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace};
use drivers::{NAMESPACE_WIDTH, Registry};
use jiff::SignedDuration;
use service::{Cause, FileChange, Held, History, HistorySettings, NewText, Storage};

/// Lists the files that the service holds back: their objects, those of the last good copy, and their age.
pub(crate) fn list(registry: &Registry, config: &Config) -> Result<String, Error> {
    let storage = Storage::read(config)?;
    let mut table = String::new();
    for file in registry.namespaces() {
        if let Some(held) = service::held(&storage, file)? {
            let seconds = i64::try_from(held.age.as_secs()).unwrap_or(i64::MAX);
            let age = format!("{:#}", SignedDuration::from_secs(seconds));
            table += &line(&file.to_string(), &objects(&held).to_string(), &good_objects(&held), &age);
        }
    }
    if table.is_empty() {
        return Ok("no file is held back\n".to_owned());
    }
    Ok(line("NAMESPACE", "HELD", "LAST GOOD", "AGE") + &table)
}

fn line(file: &str, held: &str, good: &str, age: &str) -> String {
    format!("{file:<NAMESPACE_WIDTH$} {held:>9} {good:>9} {age:>9}\n")
}

/// Makes the text of a file that the service holds back the last good copy. Returns what it did.
pub(crate) fn accept(file: &Namespace, config: &Config) -> Result<String, Error> {
    let storage = Storage::read(config)?;
    let Some(held) = service::held(&storage, file)? else {
        let message =
            "no new text is held back; confgend accept without a name lists the files of which one is";
        return Err(Error::driver(message).context(file.to_string()));
    };
    service::accept(&storage, file)?;
    record(&held, config, &storage)?;
    let (new, old) = (objects(&held), good_objects(&held));
    Ok(format!(
        "{file}: the text with {new} objects replaces the one with {old}; reload Asterisk to read it\n"
    ))
}

/// Records the accepted text in the history.
fn record(held: &Held, config: &Config, storage: &Storage) -> Result<(), Error> {
    let Some(history) = History::new(storage, &HistorySettings::read(config)?) else { return Ok(()) };
    let summary = review::summary(&held.file, held.last_good.as_deref(), &held.text);
    let change = FileChange::new(summary, &[], None);
    let new = NewText { file: held.file.clone(), text: &held.text, objects: objects(held), change };
    history.record(Cause::Accept, &[new]).map(|_| ())
}

fn objects(held: &Held) -> usize {
    review::count_objects(&held.file, &held.text)
}

fn good_objects(held: &Held) -> String {
    let count = |text: &String| review::count_objects(&held.file, text).to_string();
    held.last_good.as_ref().map_or_else(|| "?".to_owned(), count)
}
