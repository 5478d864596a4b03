//! The text of a manual page. The crate `roff` escapes what `man` would read as something else.

use roff::{Inline, Roff, bold, roman};

use super::Page;

/// The project as the foot of a page shows it.
const SOURCE: &str = concat!("confgend ", env!("CARGO_PKG_VERSION"));

/// A page while it is written.
pub(super) struct Text {
    name: String,
    section: u8,
    roff: Roff,
}

impl Text {
    /// Begins a page. The summary is what `whatis` shows behind the name.
    pub(super) fn new(name: &str, section: u8, summary: &str) -> Text {
        let mut text = Text { name: name.to_owned(), section, roff: Roff::new() };
        // Without a date, the same program gives the same page.
        let number = section.to_string();
        let title = name.to_uppercase();
        let manual = if section == 1 { "User Commands" } else { "File Formats" };
        text.roff.control("TH", [title.as_str(), &number, "", SOURCE, manual]);
        // Neither hyphens nor wide gaps: words such as /etc/wazo-confgend are copied.
        text.roff.control("nh", []).control("ad", ["l"]);
        text.heading("NAME");
        text.line([roman(format!("{name} - {}", one_line(summary)))]);
        text
    }

    pub(super) fn heading(&mut self, title: &str) {
        self.roff.control("SH", [title]);
    }

    pub(super) fn subheading(&mut self, title: &str) {
        self.roff.control("SS", [title]);
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.roff.control("PP", []);
        self.line([roman(one_line(text))]);
    }

    /// Adds a term, and below it what it means.
    pub(super) fn item(&mut self, term: impl Into<Vec<Inline>>, text: &str) {
        self.roff.control("TP", []);
        self.line(term);
        self.line([roman(one_line(text))]);
    }

    /// Adds lines that stand as they are.
    pub(super) fn lines<'l>(&mut self, lines: impl Iterator<Item = &'l str>) {
        self.roff.control("PP", []).control("nf", []);
        for line in lines {
            self.line([roman(line)]);
        }
        self.roff.control("fi", []);
    }

    /// Adds a paragraph of parts in several fonts.
    pub(super) fn line(&mut self, parts: impl Into<Vec<Inline>>) {
        self.roff.text(parts);
    }

    pub(super) fn see_also(&mut self, pages: &[(&str, u8)]) {
        self.heading("SEE ALSO");
        let mut parts = Vec::new();
        for (name, section) in pages {
            if !parts.is_empty() {
                parts.push(roman(", "));
            }
            parts.extend([bold(*name), roman(format!("({section})"))]);
        }
        self.line(parts);
    }

    pub(super) fn finish(self) -> Page {
        Page { name: self.name, section: self.section, text: breakable(&self.roff.render()) }
    }
}

/// Allows a line to end within a word that does not fit into one, such as an address.
fn breakable(text: &str) -> String {
    let word = |word: &str| {
        if word.len() > 60 { word.replace('/', "/\\:").replace('?', "?\\:") } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A text without line ends, which mean something at the beginning of the next line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
