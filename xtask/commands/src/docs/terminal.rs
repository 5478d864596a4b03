//! Draws the output of a command on a terminal as a picture in SVG, with its colours.

use std::fmt::Write as _;

use super::svg::{Page, escaped};

/// The width of a character and the height of a line, in pixels.
const CHARACTER: f64 = 7.9;
const LINE: f64 = 19.0;

/// A command with its output.
pub(super) struct Terminal<'a> {
    pub(super) command: &'a str,
    /// With the escape sequences of colours.
    pub(super) output: &'a str,
}

impl Terminal<'_> {
    /// Draws the picture.
    pub(super) fn svg(&self) -> String {
        let text = format!("\u{1b}[1m$ {}\u{1b}[0m\n{}", self.command, self.output);
        let (mut content, mut longest, mut count, mut y) = (String::new(), 0, 0, LINE / 2.0);
        for line in text.lines() {
            let parts = parts(line);
            longest = longest.max(parts.iter().map(|(_, text)| text.chars().count()).sum());
            let spans: String = parts.iter().map(|(class, text)| span(class, text)).collect();
            let _ = writeln!(
                content,
                r#"<text class="terminal" x="0" y="{y:.1}" xml:space="preserve">{spans}</text>"#
            );
            y += LINE;
            count += 1;
        }
        let plain: String = text.lines().flat_map(parts).map(|(_, text)| text).collect::<Vec<_>>().join(" ");
        let (width, height) = (f64::from(count_of(longest)) * CHARACTER, f64::from(count) * LINE);
        Page { width, height, description: &plain, content: &content }.svg()
    }
}

fn count_of(characters: usize) -> u32 {
    u32::try_from(characters).unwrap_or(u32::MAX)
}

fn span(class: &str, text: &str) -> String {
    let text = escaped(text);
    if class.is_empty() { text } else { format!(r#"<tspan class="{class}">{text}</tspan>"#) }
}

/// The parts of a line, each with the class of its colour.
fn parts(line: &str) -> Vec<(&'static str, &str)> {
    let mut parts = Vec::new();
    for (index, part) in line.split("\u{1b}[").enumerate() {
        let (class, text) = match part.split_once('m') {
            Some((code, text)) if index > 0 => (class(code), text),
            _ => ("", part),
        };
        if !text.is_empty() {
            parts.push((class, text));
        }
    }
    parts
}

/// The class for the number of a colour.
fn class(code: &str) -> &'static str {
    match code {
        "1" => "bold",
        "31" => "red",
        "32" => "green",
        "33" => "yellow",
        "36" => "cyan",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_classes() {
        assert_eq!(parts("\u{1b}[31m− a <m>\u{1b}[0m rest"), [("red", "− a <m>"), ("", " rest")]);
        let svg = Terminal { command: "x --y", output: "\u{1b}[32m+ <b>\u{1b}[0m\nplain\n" }.svg();
        assert!(svg.contains(r#"<tspan class="bold">$ x --y</tspan>"#), "{svg}");
        assert!(svg.contains(r#"<tspan class="green">+ &lt;b&gt;</tspan>"#), "{svg}");
        assert!(svg.contains(r#"xml:space="preserve">plain</text>"#), "{svg}");
    }
}
