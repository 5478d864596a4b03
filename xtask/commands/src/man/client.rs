//! The page of the client's configuration file, from its keys.

use client::keys::{FILE, KEYS, SECTION};
use roff::{bold, roman};

use super::Page;
use super::page::Text;

/// Returns the page of the configuration file of `wazo-confgen`.
pub(super) fn page() -> Page {
    let mut text = Text::new("wazo-confgen.conf", 5, "configuration of wazo-confgen");
    text.heading("SYNOPSIS");
    text.line([roman(FILE)]);
    text.heading("DESCRIPTION");
    for paragraph in DESCRIPTION {
        text.paragraph(paragraph);
    }
    text.heading("KEYS");
    text.paragraph(&format!("The keys stand in the section [{SECTION}]."));
    for key in KEYS {
        let facts = format!("{} Accepted: {}. Default: {}.", key.help, key.accepts, key.default);
        text.item([bold(key.name)], &facts);
    }
    text.heading("EXAMPLE");
    text.paragraph("The service runs on another machine:");
    text.lines(EXAMPLE.lines());
    text.see_also(&[("wazo-confgen", 1), ("confgend", 1)]);
    text.finish()
}

const DESCRIPTION: &[&str] = &[
    "wazo-confgen reads this file, or the one that --config-file names. A file that is missing or can't be read counts as \
     empty. Options of the command line are stronger than the file.",
    "The file has the form that Python's configparser reads: sections in brackets, and keys with = or : before their \
     values. Names of keys may be in capitals. A line that begins with # or ; is a comment, and an indented line \
     continues the value above it. In a value, %% stands for a percent sign, and %(key)s for the value of another key of \
     the section. Keys of the section [DEFAULT] hold where the section of the program lacks them. Other sections and keys \
     have no meaning.",
    "An empty text, or 0 for a number, means the default; an empty socket means none. A value that is not accepted is an \
     error, for which the program prints the last good copy of the file that it was asked for, if it has one.",
];

const EXAMPLE: &str = "\
[confgen]
server = pbx.example.org
timeout = 10
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_key() {
        let text = page().text.replace('\\', "");
        for key in KEYS {
            assert!(text.contains(&format!(".TP\nfB{}fR\n", key.name)), "{}", key.name);
        }
        assert!(text.contains("Default: /run/wazo-confgend/confgend.sock."));
    }
}
