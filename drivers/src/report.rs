//! Reports to people, on a terminal or as plain lines, which files were generated and what went wrong. It doesn't
//! log: the service does that itself.

use std::io::{self, Write};
use std::time::Duration;

use driver_api::{ErrorKind, Namespace, Warning};

use crate::writer::Outcome;

/// The maximum number of warnings that are shown for one file: a thousand lines would hide the first ones.
const MAX_WARNINGS: usize = 20;

/// The width of the column of namespaces in all tables for people: the longest one and a blank.
pub const NAMESPACE_WIDTH: usize = 30;

/// Reports a run to a person. It always writes warnings and errors, and the rest only if asked to.
pub struct Report<'a> {
    out: &'a mut dyn Write,
    /// Whether each file gets a line.
    files: bool,
    /// Whether the line of a file is written before the file is done, and then overwritten.
    live: bool,
    /// Whether a file whose tables the database lacks counts as skipped instead of failed.
    skips: bool,
    done: usize,
    failed: usize,
    bytes: usize,
    elapsed: Duration,
}

impl<'a> Report<'a> {
    /// Creates a report with warnings and errors only.
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

    /// Creates a report with a line for each file. On a terminal, it also shows the file that is being generated.
    pub fn with_files(out: &'a mut dyn Write, terminal: bool) -> Report<'a> {
        Report { files: true, live: terminal, ..Report::quiet(out) }
    }

    /// Makes the report count a file as skipped, not as failed, when the database lacks its tables. This is for a
    /// run that generates all files.
    #[must_use]
    pub fn skipping(self) -> Report<'a> {
        Report { skips: true, ..self }
    }

    /// Returns whether a file whose tables the database lacks counts as skipped.
    pub fn skips(&self) -> bool {
        self.skips
    }

    /// Reports that a file is about to be generated.
    pub fn begin(&mut self, namespace: &Namespace) {
        if self.live {
            self.print(|out| {
                write!(out, "{namespace} …\r")?;
                out.flush()
            });
        }
    }

    /// Reports warnings of a file that no driver wrote.
    pub fn warn(&mut self, namespace: &Namespace, warnings: &[String]) {
        for warning in warnings {
            self.message(&format!("warning: {namespace}: {warning}"));
        }
    }

    /// Reports the outcome of a file.
    pub fn end(&mut self, namespace: &Namespace, outcome: &Outcome) {
        let (warnings, more) = split_shown(&outcome.warnings);
        for warning in warnings.iter().map(ToString::to_string).chain(more) {
            self.message(&format!("warning: {namespace}: {warning}"));
        }
        let bytes = match &outcome.result {
            Ok(_) => outcome.bytes,
            Err(error) if self.skips && matches!(error.kind(), ErrorKind::MissingTable(_)) => {
                return self.message(&format!("skipped: {}", error.chain()));
            }
            Err(error) => {
                self.failed += 1;
                self.message(&format!("error: {}", error.chain()));
                return error.excerpt().into_iter().for_each(|excerpt| self.message(excerpt));
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

    /// Prints the totals, and returns whether no file failed.
    pub fn finish(mut self) -> bool {
        if self.files {
            let Report { done, bytes, .. } = self;
            let (files, time) = (count(done), milliseconds(self.elapsed));
            self.print(|out| writeln!(out, "{files:<NAMESPACE_WIDTH$} {bytes:>10} bytes {time:>10} ms"));
        }
        if self.failed > 0 && self.files {
            let failed = count(self.failed);
            self.print(|out| writeln!(out, "{failed} failed"));
        }
        self.failed == 0
    }

    fn message(&mut self, text: &str) {
        // The message replaces the line that `begin` wrote.
        let erase = if self.live { "\u{1b}[K" } else { "" };
        self.print(|out| writeln!(out, "{erase}{text}"));
    }

    /// Writes a part of the report, and ignores an error: there is no other way to report it.
    fn print(&mut self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let _ = print(self.out);
    }
}

/// Returns the first warnings of a file, and a sentence with the number of the others, if there are any.
pub fn split_shown(warnings: &[Warning]) -> (&[Warning], Option<String>) {
    let (shown, others) = warnings.split_at(warnings.len().min(MAX_WARNINGS));
    let more = (!others.is_empty()).then(|| format!("and {} more warnings", others.len()));
    (shown, more)
}

fn count(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}
