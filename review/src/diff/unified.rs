//! The differences as a unified diff, for programs and people that read one.

use bstr::ByteSlice as _;
use driver_api::Namespace;
use similar::ChangeTag;

use super::lines::{LineMasks, difference};
use super::secrets::Secrets;
use super::text::{Color, Style};
use super::{DiffOptions, NOTHING};
use crate::GeneratedFile;
use crate::text::Shown;

/// How many equal lines stand around a difference.
const CONTEXT: usize = 3;

pub(super) fn text(
    name: &Namespace,
    (old, new): (Option<&GeneratedFile>, Option<&GeneratedFile>),
    options: DiffOptions,
    style: Style,
) -> String {
    let header = |sign, file: Option<&GeneratedFile>| match file {
        Some(_) => style.paint(Color::Bold, &format!("{sign} {name}\n")),
        None => style.paint(Color::Bold, &format!("{sign} /dev/null\n")),
    };
    let secrets_of = new.unwrap_or(&NOTHING);
    let secrets = Secrets::new(name, secrets_of, options.show_secrets);
    let hunks = hunks(old.unwrap_or(&NOTHING), secrets_of, &secrets, style);
    if hunks.is_empty() { hunks } else { header("---", old) + &header("+++", new) + &hunks }
}

/// Returns the parts of a file in which lines differ.
fn hunks(old: &GeneratedFile, new: &GeneratedFile, secrets: &Secrets<'_>, style: Style) -> String {
    if old.text == new.text {
        return String::new();
    }
    let (old, new) = (old.text.to_str_lossy(), new.text.to_str_lossy());
    let difference = difference(&old, &new);
    let mut masks = (
        Masked::new(secrets, false, difference.old_slices()),
        Masked::new(secrets, true, difference.new_slices()),
    );
    let mut text = String::new();
    for group in difference.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let olds = range(first.old_range().start, last.old_range().end);
        let news = range(first.new_range().start, last.new_range().end);
        text += &style.paint(Color::Cyan, &format!("@@ -{olds} +{news} @@\n"));
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let (sign, color, side, index) = match change.tag() {
                ChangeTag::Equal => (' ', Color::None, &mut masks.1, change.new_index()),
                ChangeTag::Delete => ('-', Color::Red, &mut masks.0, change.old_index()),
                ChangeTag::Insert => ('+', Color::Green, &mut masks.1, change.new_index()),
            };
            let line = side.line(index.unwrap_or_default());
            text += &style.paint(color, &format!("{sign}{}\n", Shown(line.as_bytes().into())));
            if change.missing_newline() {
                text += "\\ No newline at end of file\n";
            }
        }
    }
    text
}

/// Formats a range of lines as `diff -u` does.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// The lines of a text with their secrets masked. Lines are asked for in ascending order.
struct Masked<'t> {
    lines: &'t [&'t str],
    masks: LineMasks<'t>,
    next: usize,
}

impl<'t> Masked<'t> {
    fn new(secrets: &'t Secrets<'t>, is_new: bool, lines: &'t [&'t str]) -> Masked<'t> {
        Masked { lines, masks: LineMasks::new(secrets, is_new), next: 0 }
    }

    fn line(&mut self, index: usize) -> String {
        for line in self.lines.get(self.next..index).unwrap_or_default() {
            self.masks.skip(line);
        }
        self.next = index + 1;
        let line = self.lines.get(index).copied().unwrap_or_default();
        self.masks.shown(line.trim_end_matches(['\n', '\r']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileSet, unified};

    fn all(old: &FileSet, new: &FileSet) -> String {
        unified(old, new, DiffOptions::default(), Style::default())
    }

    #[test]
    fn a_unified_diff_has_masked_secrets() {
        let set = |texts: &[(&str, &str)]| FileSet::from_texts(texts.to_vec()).unwrap();
        let old = set(&[("asterisk/x.conf", "[a]\nk = 1\npassword = a\n"), ("wazo/gone.yml", "x: 1\n")]);
        let new =
            set(&[("asterisk/x.conf", "[a]\nk = 1\npassword = b\nz = \u{1b}"), ("wazo/new.yml", "x: 1\n")]);
        assert_eq!(
            all(&old, &new),
            "--- asterisk/x.conf\n+++ asterisk/x.conf\n@@ -1,3 +1,4 @@\n [a]\n k = 1\n-password = •••\n\
            +password = •••\n+z = \\u{1b}\n\\ No newline at end of file\n\
            --- wazo/gone.yml\n+++ /dev/null\n@@ -1 +0,0 @@\n-x: 1\n\
            --- /dev/null\n+++ wazo/new.yml\n@@ -0,0 +1 @@\n+x: 1\n"
        );
        // A carriage return ends a line, too.
        let (old, new) =
            (set(&[("wazo/x.txt", "a\rb\rpassword = a\n")]), set(&[("wazo/x.txt", "a\rpassword = b\n")]));
        let found = all(&old, &new);
        assert!(found.ends_with(" a\n-b\n-password = •••\n+password = •••\n"), "{found}");
        assert_eq!(all(&new, &new), "");
    }
}
