//! The generated parts of documents: they are what the program of today says.

use std::fs;

use super::Complaint;
use super::source::Source;
use crate::docs::{self, Picture};
use crate::metadata::Metadata;
use crate::root;

const RULE: &str = "generated";

pub(super) fn check(sources: &[Source], metadata: &Metadata) -> Vec<Complaint> {
    let document = sources.iter().find(|source| source.path == docs::OPERATIONS);
    let keys = document.and_then(check_document).into_iter();
    match docs::pictures(metadata) {
        Ok(pictures) => keys.chain(pictures.iter().filter_map(check_picture)).collect(),
        Err(error) => keys.chain([Complaint::error("docs/images", 1, RULE, error.chain())]).collect(),
    }
}

fn check_picture(picture: &Picture) -> Option<Complaint> {
    let is_current = fs::read_to_string(root().join(picture.path)).is_ok_and(|text| text == picture.svg);
    let message = "the picture is not what the program says; run `cargo xtask docs`, and look at it";
    (!is_current).then(|| Complaint::error(picture.path, 1, RULE, message))
}

fn check_document(document: &Source) -> Option<Complaint> {
    let message = match docs::with_tables(&document.text) {
        Ok(current) if current == document.text => return None,
        Ok(current) => {
            let mut lines = document.text.lines().zip(current.lines()).enumerate();
            let line = lines.find(|(_, (found, wanted))| found != wanted).map_or(1, |(index, _)| index + 1);
            let message = "a table is not what the program says; run `cargo xtask docs`";
            return Some(Complaint::error(&document.path, line, RULE, message));
        }
        Err(error) => error.chain(),
    };
    Some(Complaint::error(&document.path, 1, RULE, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_differs_is_an_error() {
        let pictures = docs::pictures(&Metadata::of(root()).unwrap()).unwrap();
        assert_eq!(pictures.iter().filter_map(check_picture).collect::<Vec<_>>(), []);
        let [mut old, ..] = pictures;
        old.svg.push(' ');
        assert!(check_picture(&old).unwrap().message.contains("cargo xtask docs"));
    }

    #[test]
    fn an_old_table_is_an_error_at_its_first_line() {
        let begin = "<!-- `cargo xtask docs` writes the following table. -->\n";
        let table = format!("{begin}<!-- The end of the generated table. -->\n");
        let empty = format!("# A\n{table}{table}");
        let complaint = |text: &str| check_document(&Source::new(docs::OPERATIONS, text).unwrap());
        assert_eq!(complaint(&empty).unwrap().line, 3);
        assert_eq!(complaint(&docs::with_tables(&empty).unwrap()), None);
        assert!(complaint("# A\n").unwrap().message.contains("a line is missing"));
    }
}
