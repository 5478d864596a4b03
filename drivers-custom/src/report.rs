//! Errors that show the line of a text in which a mistake is, as rustc shows it.

use std::fs;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use driver_api::{Error, ErrorKind};

use crate::position::{self, Part};

/// Returns an error at this place of a text, which begins with file, line and column.
pub(crate) fn mistake(kind: ErrorKind, path: &str, text: &str, place: Range<usize>, message: &str) -> Error {
    let before = text.get(..place.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
    let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(place));
    let report = Renderer::plain().render(&[Level::ERROR.primary_title(message).element(snippet)]);
    // The first line repeats the message.
    let excerpt = report.split_once('\n').map_or("", |(_, rest)| rest);
    Error::new(kind, message).context(format!("{path}:{line}:{column}")).with_excerpt(excerpt)
}

/// Returns an error about a key of a configuration file, or about its value. The file is read again: nobody remembers the
/// places of all values.
pub(crate) fn of_key(path: Option<&str>, keys: &[&str], part: Part, message: &str) -> Error {
    let place = path.and_then(|path| {
        let text = fs::read_to_string(path).ok()?;
        let place = position::find(&text, keys, part)?;
        Some((path, text, place))
    });
    if let Some((path, text, place)) = place {
        return mistake(ErrorKind::Config, path, &text, place, message);
    }
    let error =
        Error::new(ErrorKind::Config, message).context(format!("configuration key {}", keys.join(".")));
    match path {
        Some(path) => error.context(path),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_shows_its_line() {
        let text = "a: 1\né: [x, y]\n";
        let error = mistake(ErrorKind::Config, "conf.d/a.yml", text, 10..11, "no such thing");
        assert_eq!(error.chain(), "conf.d/a.yml:2:5: no such thing");
        let expected = " --> conf.d/a.yml:2:5\n  |\n2 | é: [x, y]\n  |     ^";
        assert_eq!(error.excerpt(), Some(expected));
    }

    #[test]
    fn a_key_is_shown_in_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yml").display().to_string();
        fs::write(&path, "drivers:\n  a.b:\n    tabel: x\n").unwrap();
        let keys = ["drivers", "a.b", "tabel"];
        let error = of_key(Some(&path), &keys, Part::Key, "unknown key");
        assert_eq!(error.chain(), format!("{path}:3:5: unknown key"));
        assert!(
            error.excerpt().unwrap().contains("3 |     tabel: x\n  |     ^^^^^"),
            "{:?}",
            error.excerpt()
        );
        let error = of_key(Some("/none.yml"), &keys, Part::Key, "unknown key");
        assert_eq!(error.chain(), "/none.yml: configuration key drivers.a.b.tabel: unknown key");
    }
}
