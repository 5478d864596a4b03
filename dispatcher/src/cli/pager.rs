//! Prints a text: on a terminal that is too small for it, through a pager.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

/// The pager, unless the environment names one: it ends at once if the text fits, and shows colours.
const PAGER: &str = "less -FRX";

/// Returns whether standard output takes colours: it is a terminal that has some, and nobody asked for none.
pub(super) fn has_colors() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal()
        && !is_set("NO_COLOR")
        && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// Prints a text to standard output. If that is a terminal with fewer lines, the pager shows it.
pub(super) fn print(text: &str) {
    if !is_too_long(text) || !page(text) {
        super::print(text);
    }
}

/// Returns whether a terminal has fewer lines than a text.
fn is_too_long(text: &str) -> bool {
    let rows = rustix::termios::tcgetwinsize(io::stdout()).map(|size| usize::from(size.ws_row));
    io::stdout().is_terminal() && rows.is_ok_and(|rows| rows > 0 && text.lines().count() >= rows)
}

/// Passes a text to the pager, without a shell. Returns whether the pager started.
fn page(text: &str) -> bool {
    let pager = env::var("PAGER").unwrap_or_else(|_| PAGER.to_owned());
    let mut words = pager.split_ascii_whitespace();
    let Some(program) = words.next() else { return false };
    let Ok(mut child) = Command::new(program).args(words).stdin(Stdio::piped()).spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        // A person who leaves the pager has seen enough.
        let _ = input.write_all(text.as_bytes());
    }
    let _ = child.wait();
    true
}
