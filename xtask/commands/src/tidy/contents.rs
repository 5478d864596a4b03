//! The list of pages: it has each document that is a page of the book, once.

use super::Complaint;
use crate::book::contents::{Contents, LIST, is_page};
use crate::root;

const RULE: &str = "contents";

pub(super) fn check(files: &[String]) -> Vec<Complaint> {
    match Contents::read(root(), files) {
        Ok(contents) => compare(&contents.paths(), files),
        Err(error) => vec![Complaint::error(LIST, 1, RULE, error.chain())],
    }
}

fn compare(listed: &[&str], files: &[String]) -> Vec<Complaint> {
    let complaint = |file: &String| {
        let message = match listed.iter().filter(|path| *path == file).count() {
            0 => format!("no item lists {file}, so nobody finds it: add one, to the section of its readers"),
            1 => return None,
            count => format!("{count} items list {file}; keep one"),
        };
        Some(Complaint::error(LIST, 1, RULE, message))
    };
    files.iter().filter(|file| is_page(file)).filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_is_listed_once() {
        let files = ["A.md", "docs/a.md", "docs/a.svg", "x/tests/b.md"].map(str::to_owned);
        assert_eq!(compare(&["A.md", "docs/a.md"], &files), []);
        let messages = |listed: &[&str]| -> Vec<String> {
            compare(listed, &files).into_iter().map(|complaint| complaint.message).collect()
        };
        assert_eq!(messages(&["docs/a.md", "docs/a.md"]).len(), 2);
        assert!(messages(&["docs/a.md"])[0].starts_with("no item lists A.md"));
    }
}
