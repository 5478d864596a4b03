//! The commands `pin` and `unpin`.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use driver_api::settings::Settings as _;
use driver_api::{Config, Error, Namespace};
use drivers::Registry;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use service::{Generation, History, Storage};

use super::history::{local, until};
use super::{Failure, failed, print, usage};
use crate::config;

/// Keep a file as it was in a generation, whatever the database says: the service serves that text, and apply writes it.
/// Then reload Asterisk, or type confgend apply.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "pin")]
#[argh(example = "confgend pin asterisk/pjsip.conf 411 --for 2h")]
pub(super) struct PinFile {
    /// the file, like asterisk/pjsip.conf
    #[argh(positional, arg_name = "file")]
    namespace: String,

    /// the number of the generation, as confgend history lists it; by default the newest
    #[argh(positional)]
    generation: Option<u64>,

    /// how long, like 2h, 90m or 1d; by default until it is unpinned
    #[argh(option, long = "for", arg_name = "time")]
    duration: Option<String>,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

/// End the pin of a file: the next request or apply brings it up to date.
#[derive(ArgsInfo, FromArgs)]
#[argh(subcommand, name = "unpin")]
#[argh(example = "confgend unpin asterisk/pjsip.conf")]
pub(super) struct UnpinFile {
    /// the file, like asterisk/pjsip.conf
    #[argh(positional, arg_name = "file")]
    namespace: String,

    /// the main configuration file; /etc/wazo-confgend/config.yml by default
    #[argh(option, arg_name = "path")]
    config: Option<PathBuf>,

    /// ignore files of conf.d that can't be read, as wazo-confgend does; without it, they are errors
    #[argh(switch)]
    lenient: bool,
}

impl PinFile {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let duration = self.duration.as_deref().map(parse).transpose().map_err(usage)?;
        let (config, registry) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        let file = registry.find(&self.namespace).map_err(usage)?;
        let history = config::history(config).map_err(usage)?;
        print(&self.pin(config, &history, &file, duration).map_err(failed)?);
        Ok(super::DONE)
    }

    /// Pins the file. Returns what it did.
    fn pin(
        &self,
        config: &Config,
        history: &History,
        file: &Namespace,
        duration: Option<SignedDuration>,
    ) -> Result<String, Error> {
        let generation = self.generation(history, file)?;
        let text = history.text(&generation, file)?;
        let since = Timestamp::now();
        let end = duration.map(|duration| since.checked_add(duration)).transpose();
        let end = end.map_err(|error| Error::driver("--for is too long").because(error))?;
        let pin = service::Pin { generation: generation.number, since, until: end };
        service::pin(&Storage::read(config)?, file, &pin, &text)?;
        Ok(format!(
            "{file} is pinned to generation {} of {}, {}; reload Asterisk to read it\n",
            generation.number,
            local(generation.time),
            until(&pin)
        ))
    }

    fn generation(&self, history: &History, file: &Namespace) -> Result<Generation, Error> {
        match self.generation {
            Some(number) => history.generation(number),
            None => history.latest()?.ok_or_else(|| {
                let message =
                    "the history is empty: a generation is recorded when a text is served or applied";
                Error::driver(message).context(file.to_string())
            }),
        }
    }
}

impl UnpinFile {
    pub(super) fn execute(&self, registry: &Registry) -> Result<u8, Failure> {
        let (config, registry) = &super::load(self.config.as_deref(), self.lenient, registry)?;
        let file = registry.find(&self.namespace).map_err(usage)?;
        let storage = Storage::read(config).map_err(usage)?;
        let was_pinned = service::unpin(&storage, &file).map_err(failed)?;
        print(&if was_pinned {
            format!("{file} is not pinned any more: the next request or apply brings it up to date\n")
        } else {
            format!("{file} is not pinned\n")
        });
        Ok(super::DONE)
    }
}

/// Reads a duration, such as `2h` or `1d 12h`. A day has 24 hours.
fn parse(text: &str) -> Result<SignedDuration, Error> {
    let duration =
        text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    match duration {
        Ok(duration) if duration.is_positive() => Ok(duration),
        _ => Err(Error::driver(format!("--for takes a duration like 2h, 90m or 1d, not {text:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_units() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs()).map_err(|error| error.chain());
        for (text, expected) in
            [("2h", 7200), ("90m", 5400), ("1d 12h", 129_600), ("30s", 30), ("1w", 604_800)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "2", "h", "-2h", "0s", "tomorrow"] {
            let error = format!("--for takes a duration like 2h, 90m or 1d, not {text:?}");
            assert_eq!(seconds(text), Err(error));
        }
    }
}
