//! Compares the output of a command with the one that the guide shows.

use std::path::Path;

use regex_lite::Regex;
use similar::TextDiff;

/// The wildcard. Alone on a line of the guide it stands for any number of lines, within a line for any text.
const WILDCARD: char = '…';

/// The parts of an output that differ in each run, and their placeholders in a comparison.
const VARYING: &[(&str, &str)] = &[
    // Durations, with the blanks that align columns: `   0.7 ms`, `in 1.23s`, `1m 05s`.
    (r" *\b(\d+m )?\d+(\.\d+)? ?(ns|us|µs|ms|s)\b", " <duration>"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?", "<time>"),
    (r"\[(pid|tid) \d+\]", "[$1 <number>]"),
    (r"(thread '[^']*') \(\d+\)", "$1 (<number>)"),
    // The system gives clients ports of five digits. Ports that operators choose for services are shorter.
    (r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:<port>"),
    // The hash in cargo's names of test programs.
    (r"-[0-9a-f]{16}\b", "-<hash>"),
];

/// Compares outputs without the parts that differ in each run.
pub(super) struct Comparison {
    /// Folders of this run, and their names in the guide.
    folders: Vec<(String, &'static str)>,
    varying: Vec<(Regex, &'static str)>,
}

impl Comparison {
    pub(super) fn new(folders: &[(&Path, &'static str)]) -> Comparison {
        let folders = folders.iter().map(|(path, name)| (path.display().to_string(), *name)).collect();
        let regex = |pattern| Regex::new(pattern).expect("the patterns are constant and valid");
        Comparison {
            folders,
            varying: VARYING.iter().map(|(pattern, name)| (regex(pattern), *name)).collect(),
        }
    }

    /// The lines of an output, with the folders as the guide names them.
    pub(super) fn with_folders_of_guide(&self, output: &str) -> Vec<String> {
        let text = self.folders.iter().fold(output.to_owned(), |text, (path, name)| text.replace(path, name));
        trimmed(text.lines())
    }

    /// The difference between the output in the guide and the printed one; `None` if they are the same.
    pub(super) fn difference(&self, shown: &[String], printed: &[String]) -> Option<String> {
        let shown = trimmed(shown.iter().map(|line| self.masked(line)));
        let printed = trimmed(printed.iter().map(|line| self.masked(line)));
        if describes(&shown, &printed, |line| is_any(line), |shown, printed| line_fits(shown, printed)) {
            return None;
        }
        // Lines that match are shown in the same form, so that the diff leaves them out.
        let as_shown = |line: String| {
            let fits = |shown: &&String| !is_any(shown) && line_fits(shown, &line);
            shown.iter().find(fits).cloned().unwrap_or(line)
        };
        let printed: Vec<String> = printed.into_iter().map(as_shown).collect();
        let (shown, printed) = (shown.join("\n") + "\n", printed.join("\n") + "\n");
        let diff = TextDiff::from_lines(&shown, &printed);
        Some(diff.unified_diff().header("shown", "printed").to_string())
    }

    fn masked(&self, line: &str) -> String {
        self.varying
            .iter()
            .fold(line.to_owned(), |line, (regex, name)| regex.replace_all(&line, *name).into_owned())
    }
}

/// Removes the invisible parts: blanks at the ends of lines, and blank lines at the end.
fn trimmed(lines: impl Iterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut lines: Vec<String> = lines.map(|line| line.as_ref().trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn is_any(line: &str) -> bool {
    line.trim_start().strip_prefix(WILDCARD) == Some("")
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let chars = |line: &str| line.chars().collect::<Vec<char>>();
    describes(&chars(shown), &chars(printed), |char| *char == WILDCARD, |shown, printed| shown == printed)
}

/// Whether a pattern matches all items. `is_any` tells which elements of the pattern stand for any number of items.
fn describes<T>(
    pattern: &[T],
    items: &[T],
    is_any: impl Fn(&T) -> bool,
    fits: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut next, mut item) = (0, 0);
    // The position to continue from after a mismatch: the element behind the last wildcard, and the item for it.
    let mut retry = None;
    while item < items.len() {
        match pattern.get(next) {
            Some(element) if is_any(element) => {
                next += 1;
                retry = Some((next, item));
            }
            Some(element) if fits(element, &items[item]) => {
                next += 1;
                item += 1;
            }
            _ => {
                let Some((element, first)) = retry else { return false };
                retry = Some((element, first + 1));
                (next, item) = (element, first + 1);
            }
        }
    }
    pattern[next..].iter().all(is_any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(shown: &str, printed: &str) -> Option<String> {
        let comparison = Comparison::new(&[
            (Path::new("/tmp/run"), "/home/you"),
            (Path::new("/repo/target/guide"), "target"),
        ]);
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        comparison.difference(&shown, &comparison.with_folders_of_guide(printed))
    }

    fn fits(shown: &str, printed: &str) -> bool {
        difference(shown, printed).is_none()
    }

    #[test]
    fn the_ellipsis_stands_for_anything() {
        assert!(fits("a\nb", "a\nb\n"));
        assert!(!fits("a", "a\nb\n"));
        assert!(!fits("a\nb", "a\n"));
        assert!(fits("…", ""));
        assert!(fits("…", "a\nb\n"));
        assert!(fits("a\n…", "a\n"));
        assert!(fits("a\n…\nz", "a\nz\n"));
        assert!(fits("a\n…\nz", "a\nz\nb\nz\n"));
        assert!(!fits("a\n…\nz", "a\nz\nb\n"));
        assert!(fits("…\nm n\n…\nz", "a\nm\nm n\nb\nz\n"));
        assert!(fits("one … three", "one two three"));
        assert!(fits("… three", "one two three"));
        assert!(!fits("one …", "another one"));
        assert!(!fits("one … three", "one\nthree"));
        assert!(fits("…b…\n  …", "abc\nd"));
    }

    #[test]
    fn blanks_at_the_end_are_no_difference() {
        assert!(fits("a\n\nb", "a  \n\nb\n\n\n"));
        assert!(!fits("a\nb", "a\n\nb\n"));
    }

    #[test]
    fn times_and_other_varying_parts_are_no_difference() {
        for (shown, printed) in [
            ("pjsip.conf   60844 bytes   3.3 ms", "pjsip.conf   60844 bytes  12.25 ms"),
            ("1 passed; finished in 0.00s", "1 passed; finished in 1.23s"),
            ("Finished in 59.10s", "Finished in 1m 03s"),
            (
                "2026-11-24 10:06:27,050 UTC [pid 1] [tid 1] (INFO)",
                "2027-01-02 00:00:00,999 UTC [pid 2345] [tid 2346] (INFO)",
            ),
            ("thread 'main' (123) panicked", "thread 'main' (4567) panicked"),
            ("127.0.0.1:49632: cached", "127.0.0.1:50001: cached"),
            ("(target/debug/deps/a-0123456789abcdef)", "(/repo/target/guide/debug/deps/a-fedcba9876543210)"),
            ("in /home/you/confgend", "in /tmp/run/confgend"),
        ] {
            assert_eq!(difference(shown, printed), None);
        }
        for (shown, printed) in [
            ("60844 bytes", "60845 bytes"),
            ("127.0.0.1:8669", "127.0.0.1:8670"),
            ("version 1.2.3", "version 1.2.4"),
        ] {
            assert!(!fits(shown, printed), "{shown}");
        }
    }

    #[test]
    fn a_difference_shows_only_what_differs() {
        let difference = difference("a … c\nd 1 s\ne", "a b c\nd 2 s\nf\n").unwrap();
        assert_eq!(difference, "--- shown\n+++ printed\n@@ -1,3 +1,3 @@\n a … c\n d <duration>\n-e\n+f\n");
    }
}
