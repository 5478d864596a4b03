//! Generates files: all requested files in one snapshot of the database.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use driver_api::{Config, Error, Namespace, Snapshot, Warning, asterisk};

use crate::registry::Registry;
use crate::report::Report;
pub use crate::writer::{Outcome, Writer};

/// Writes the text of a file somewhere. The result may be a warning.
pub type Write<'a> = dyn Fn(&Namespace, &str) -> Result<Option<String>, Error> + Sync + 'a;

/// Generates files and passes each text to `write`. A file that fails is reported, and the others are still written.
pub fn files(
    registry: &Registry,
    config: &Config,
    namespaces: &[Namespace],
    snapshot: &mut dyn Snapshot,
    report: &mut Report<'_>,
    write: &Write<'_>,
) {
    let make = |namespace: &Namespace, snapshot: &mut dyn Snapshot| {
        let mut outcome = file(registry, config, namespace, snapshot);
        if let Ok(text) = &outcome.result {
            match write(namespace, text) {
                Ok(warning) => {
                    outcome.warnings.extend(warning.map(|text| Warning::new("", text)));
                    // Nobody needs it any more, and the outcome may wait for that of a large file.
                    outcome.result = Ok(String::new());
                }
                Err(error) => outcome.result = Err(error.context(namespace.to_string())),
            }
        }
        outcome
    };
    let mut waiting = namespaces.iter();
    waiting.next().inspect(|first| report.begin(first));
    each(namespaces, snapshot, &make, &mut |namespace, outcome| {
        report.end(namespace, &outcome);
        waiting.next().inspect(|next| report.begin(next));
    });
}

/// Calls `make` for each file, and `take` with the results, in the order of the files.
///
/// If the snapshot has a second view, two threads make one file each at a time: while the server works for one, the
/// other writes. They take the files from both ends, since the first ones are of Asterisk, with the large ones among them.
pub fn each<T: Send>(
    namespaces: &[Namespace],
    snapshot: &mut dyn Snapshot,
    make: &(dyn Fn(&Namespace, &mut dyn Snapshot) -> T + Sync),
    take: &mut dyn FnMut(&Namespace, T),
) {
    let left = Mutex::new(0..namespaces.len());
    let next = |which: fn(&mut Range<usize>) -> Option<usize>| {
        which(&mut left.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let (sender, from_second) = mpsc::channel();
    let second = if namespaces.len() > 1 { snapshot.second() } else { None };
    let second = second.map(|view| (view, sender));
    let (is_running, running) = mpsc::channel::<()>();
    let next = &next;
    thread::scope(|scope| {
        if let Some((view, sender)) = second {
            scope.spawn(move || {
                // Without a second view, the first thread makes all files.
                let Some(mut snapshot) = view.open(&running) else { return };
                while let Some(at) = next(Range::next_back) {
                    let _ = sender.send((at, make(&namespaces[at], &mut *snapshot)));
                }
            });
        }
        let (mut results, mut due) = (BTreeMap::new(), 0);
        while let Some(at) = next(Range::next) {
            results.insert(at, make(&namespaces[at], snapshot));
            results.extend(from_second.try_iter());
            while let Some(result) = results.remove(&due) {
                take(&namespaces[due], result);
                due += 1;
            }
        }
        drop(is_running);
        results.extend(from_second);
        for (at, result) in results {
            take(&namespaces[at], result);
        }
    });
}

/// Generates one file. An error or a panic of its driver is in the outcome.
pub fn file(
    registry: &Registry,
    config: &Config,
    namespace: &Namespace,
    snapshot: &mut dyn Snapshot,
) -> Outcome {
    match Writer::new(registry, config, namespace) {
        Ok(writer) => writer.write(snapshot),
        Err(error) => Outcome::not_built(error),
    }
}

/// Returns the text of a file with the mark of its end behind it. An empty text has none.
pub fn with_end_mark<'t>(namespace: &Namespace, text: &'t str) -> Cow<'t, str> {
    if text.is_empty() { Cow::Borrowed(text) } else { asterisk::with_end_mark(namespace, text) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use driver_api::{Driver, Entry, ErrorKind, Rows, Second, Session, Value};

    use super::*;

    struct Panics;

    impl Driver for Panics {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            panic!("at the disco")
        }
    }

    struct Works;

    impl Driver for Works {
        fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
            Ok("text".to_owned())
        }
    }

    static DRIVERS: &[Entry] = &[
        Entry::new("a.panics", "wazo", |_| Ok(Box::new(Panics))),
        Entry::new("a.unbuilt", "wazo", |_| Err(Error::driver("a bad key"))),
        Entry::new("a.works", "wazo", |_| Ok(Box::new(Works))),
    ];

    struct NoDatabase;

    impl Snapshot for NoDatabase {
        fn run(&mut self, _: &str, _: &[Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn the_end_mark_follows_files_of_asterisk() {
        let marked = |file: &str, text| with_end_mark(&file.parse().unwrap(), text).into_owned();
        let mark = "[confgend-pjsip-end](!)\n";
        assert_eq!(marked("asterisk/pjsip.conf", "[a]\n"), format!("[a]\n{mark}"));
        assert_eq!(marked("asterisk.pjsip.conf", "; no line end"), format!("; no line end\n{mark}"));
        assert_eq!(marked("asterisk/pjsip.conf", ""), "");
        for file in ["wazo/uuid.yml", "dird/views.conf", "asterisk/x.yml"] {
            assert_eq!(marked(file, "[a]\n"), "[a]\n", "{file}");
        }
    }

    #[test]
    fn a_panic_fails_one_file_only() {
        let registry = Registry::new(&[DRIVERS]).unwrap();
        let namespaces: Vec<Namespace> = registry.namespaces().cloned().collect();
        let mut messages = Vec::new();
        let mut report = Report::quiet(&mut messages);
        let texts = Mutex::new(Vec::new());
        let write = |namespace: &Namespace, text: &str| {
            texts.lock().unwrap().push(format!("{namespace}: {text}"));
            Ok(Some("a warning".to_owned()))
        };
        files(&registry, &Config::default(), &namespaces, &mut NoDatabase, &mut report, &write);
        assert!(!report.finish());
        assert_eq!(texts.into_inner().unwrap(), ["a/works: text"]);
        let messages = String::from_utf8(messages).unwrap();
        assert_eq!(
            messages,
            "error: a/panics: the driver panicked: at the disco\nerror: a/unbuilt: a bad key\n\
            warning: a/works: a warning\n"
        );
    }

    /// Has a second view, or says that it has one.
    struct Doubled {
        opens: bool,
    }

    impl Snapshot for Doubled {
        fn run(&mut self, _: &str, _: &[Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
            Ok(())
        }

        fn second(&mut self) -> Option<Second> {
            let opens = self.opens;
            Some(Second::new(move || {
                if opens { Ok(Box::new(NoDatabase)) } else { Err(Error::new(ErrorKind::Connection, "")) }
            }))
        }
    }

    #[test]
    fn two_threads_give_the_order_of_one() {
        let names: Vec<Namespace> = (10..40).map(|number| format!("a/{number}").parse().unwrap()).collect();
        for opens in [true, false] {
            let threads = Mutex::new(BTreeSet::new());
            let make = |name: &Namespace, _: &mut dyn Snapshot| {
                threads.lock().unwrap().insert(format!("{:?}", thread::current().id()));
                thread::sleep(Duration::from_millis(3));
                name.to_string()
            };
            let mut results = Vec::new();
            each(&names, &mut Doubled { opens }, &make, &mut |name, text| results.push((name.clone(), text)));
            let expected: Vec<_> = names.iter().map(|name| (name.clone(), name.to_string())).collect();
            assert_eq!(results, expected);
            assert_eq!(threads.into_inner().unwrap().len(), 1 + usize::from(opens));
        }
    }
}
