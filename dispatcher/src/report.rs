use std::io::{self, Write};
use std::time::Duration;

use driver_api::{ErrorKind, Namespace, Warning};

use crate::generate::Outcome;

/// How many warnings of one file are shown: a thousand lines hide what the first ones say.
const WARNINGS: usize = 20;

/// How wide the column of namespaces is, in every table for people: as the longest, and a blank.
pub const NAMESPACE_WIDTH: usize = 30;

/// Tells a person what is generated. Warnings and errors are always told, the rest where somebody
/// watches.
pub struct Report<'a> {
    out: &'a mut dyn Write,
    /// Whether a line for each file is wanted.
    files: bool,
    /// Whether the line of a file may be written before it is done, and then again.
    live: bool,
    /// Whether a file whose tables the database does not have is skipped, and has not failed.
    skips: bool,
    done: usize,
    failed: usize,
    bytes: usize,
    elapsed: Duration,
}

impl<'a> Report<'a> {
    /// A report with warnings and errors only.
    pub fn quiet(out: &'a mut dyn Write) -> Report<'a> {
        Report {
            out,
            files: false,
            live: false,
            skips: false,
            done: 0,
            failed: 0,
            bytes: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// A report with a line for each file. On a terminal it says before, too, which one is being made.
    pub fn with_files(out: &'a mut dyn Write, terminal: bool) -> Report<'a> {
        Report { files: true, live: terminal, ..Report::quiet(out) }
    }

    /// The same report, to which a file has not failed when the database does not have its tables: for when
    /// everything is generated, and nobody asked for that file.
    #[must_use]
    pub fn skipping(self) -> Report<'a> {
        Report { skips: true, ..self }
    }

    /// A file is about to be generated.
    pub fn begin(&mut self, namespace: &Namespace) {
        if self.live {
            self.print(|out| {
                write!(out, "{namespace} …\r")?;
                out.flush()
            });
        }
    }

    /// A file is done.
    pub fn end(&mut self, namespace: &Namespace, outcome: &Outcome) {
        for warning in shown(&outcome.warnings) {
            self.message(&format!("warning: {namespace}: {warning}"));
        }
        let bytes = match &outcome.result {
            Ok(text) => text.len(),
            Err(error) if self.skips && matches!(error.kind(), ErrorKind::MissingTable(_)) => {
                return self.message(&format!("skipped: {}", error.chain()));
            }
            Err(error) => {
                self.failed += 1;
                return self.message(&format!("error: {}", error.chain()));
            }
        };
        self.done += 1;
        self.bytes += bytes;
        self.elapsed += outcome.elapsed;
        if self.files {
            let (namespace, time) = (namespace.to_string(), milliseconds(outcome.elapsed));
            self.print(|out| writeln!(out, "{namespace:<NAMESPACE_WIDTH$} {bytes:>10} bytes {time:>10} ms"));
        }
    }

    /// Everything is done: prints the totals, and returns whether all went well.
    pub fn finish(mut self) -> bool {
        if self.files {
            let Report { done, bytes, .. } = self;
            let (what, time) = (count(done), milliseconds(self.elapsed));
            self.print(|out| writeln!(out, "{what:<NAMESPACE_WIDTH$} {bytes:>10} bytes {time:>10} ms"));
        }
        if self.failed > 0 && self.files {
            let failed = count(self.failed);
            self.print(|out| writeln!(out, "{failed} failed"));
        }
        self.failed == 0
    }

    fn message(&mut self, text: &str) {
        // It takes the place of what `begin` wrote.
        let erase = if self.live { "\u{1b}[K" } else { "" };
        self.print(|out| writeln!(out, "{erase}{text}"));
    }

    /// Nobody is left to be told when the report itself can't be written.
    fn print(&mut self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let _ = print(self.out);
    }
}

/// The warnings of a file as somebody is to read them: a limited number.
pub(crate) fn shown(warnings: &[Warning]) -> impl Iterator<Item = String> {
    let more = warnings.len().checked_sub(WARNINGS).filter(|&more| more > 0);
    let more = more.map(|more| format!("and {more} more warnings"));
    warnings.iter().take(WARNINGS).map(ToString::to_string).chain(more)
}

fn count(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}
