//! The generated parts of documents: they are what the program of today says.

use super::Complaint;
use super::source::Source;
use crate::docs;

const RULE: &str = "generated";

pub(super) fn check(sources: &[Source]) -> Vec<Complaint> {
    let document = sources.iter().find(|source| source.path == docs::OPERATIONS);
    document.and_then(check_document).into_iter().collect()
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
