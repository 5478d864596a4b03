//! The page of `confgend-python-driver`, from its own documentation.

use driver_api::Error;
use roff::{bold, italic, roman};

use super::Page;
use super::page::Text;

const NAME: &str = "confgend-python-driver";
const PROGRAM: &str = include_str!("../../../../drivers-custom/confgend-python-driver");

/// Returns the page of `confgend-python-driver`.
pub(crate) fn page() -> Result<Page, Error> {
    let documentation = PROGRAM.split("\"\"\"").nth(1);
    let documentation =
        documentation.ok_or_else(|| Error::driver("has no documentation in \"\"\" quotes").context(NAME))?;
    let mut paragraphs = documentation.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let summary = first.split(':').next().unwrap_or_default().replacen("Runs", "run", 1);
    let mut text = Text::new(NAME, 1, &summary);
    text.heading("SYNOPSIS");
    text.line([bold(NAME), roman(" ["), italic("driver"), roman(" …]")]);
    text.heading("DESCRIPTION");
    text.paragraph(first);
    for paragraph in paragraphs {
        if paragraph.starts_with("    ") {
            text.lines(paragraph.lines());
        } else {
            text.paragraph(paragraph);
        }
    }
    text.see_also(&[("confgend-try", 1), ("confgend.yml", 5)]);
    Ok(text.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_program_says() {
        let text = page().unwrap().text.replace('\\', "");
        assert!(text.contains("confgend-python-driver - run a driver that was written for wazo-confgend\n"));
        assert!(text.contains("asterisk.followme.conf: {command: [confgend-python-driver, acme]}\n"));
    }
}
