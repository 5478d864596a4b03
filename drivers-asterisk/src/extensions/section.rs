//! What `contexts.conf` says about one kind of context: the lines of the context, and those of each
//! extension in it.

use std::borrow::Cow;

use driver_api::asterisk::Writer;

/// Name and value.
pub(super) type Opt = (String, String);

/// A section, with placeholders.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// The lines of the context itself: name and value.
    fixed: Vec<Opt>,
    /// The lines of an extension.
    block: Vec<Line>,
}

/// A line of an extension: `%%EXTEN%%,1,…`, or what follows it.
#[derive(Debug, Clone)]
struct Line {
    first: bool,
    text: String,
}

/// What the placeholders of an extension's lines stand for.
pub(super) struct Block<'a> {
    pub(super) context: &'a str,
    pub(super) exten: &'a str,
    pub(super) action: &'a str,
    pub(super) tenant_uuid: &'a str,
}

impl Section {
    pub(super) fn new(options: &[Opt]) -> Section {
        let (block, fixed) = options.iter().cloned().partition::<Vec<Opt>, _>(|(name, _)| name == "objtpl");
        let line = |(_, text): Opt| Line { first: text.starts_with("%%EXTEN%%"), text };
        Section { fixed, block: block.into_iter().map(line).collect() }
    }

    /// The lines of the context of this name, as options.
    pub(super) fn fixed(&self, context: &str) -> impl Iterator<Item = (&str, String)> {
        self.fixed.iter().map(move |(name, value)| (name.as_str(), value.replace("%%CONTEXT%%", context)))
    }

    /// Writes the lines of an extension, and an empty one.
    pub(super) fn write_block(&self, writer: &mut Writer, block: &Block<'_>) {
        for line in &self.block {
            let text = block.expand(&line.text);
            if line.first {
                writer.option("exten", &text);
            } else {
                writer.same(&text);
            }
        }
        writer.blank();
    }
}

impl Block<'_> {
    /// Puts the values into the text. A value that looks like a placeholder is a value.
    fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let values = [
            ("%%CONTEXT%%", self.context),
            ("%%EXTEN%%", self.exten),
            ("%%PRIORITY%%", "1"),
            ("%%ACTION%%", self.action),
            ("%%TENANT_UUID%%", self.tenant_uuid),
        ];
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("%%") {
            let placeholder = values.iter().find(|(placeholder, _)| rest[at..].starts_with(placeholder));
            let (value, length) =
                placeholder.map_or(("%", 1), |(placeholder, value)| (*value, placeholder.len()));
            expanded.extend([&rest[..at], value]);
            rest = &rest[at + length..];
        }
        if expanded.is_empty() && rest.len() == text.len() {
            return text.into();
        }
        expanded.push_str(rest);
        expanded.into()
    }
}

#[cfg(test)]
mod tests {
    use driver_api::Session;

    use super::*;
    use crate::testing::NoDatabase;

    /// The line that this template gives for the extension in the context `c1`.
    fn line(template: &str, exten: &str, action: &str) -> String {
        let section = Section::new(&[("objtpl".to_owned(), template.to_owned())]);
        let mut writer = Writer::new();
        section.write_block(&mut writer, &Block { context: "c1", exten, action, tenant_uuid: "T%%ACTION%%" });
        let text = writer.finish(&mut Session::new(&mut NoDatabase));
        text.strip_suffix("\n\n").expect("an empty line at the end").to_owned()
    }

    #[test]
    fn placeholders_stand_for_values() {
        for (template, expected) in [
            ("%%EXTEN%%,%%PRIORITY%%,Answer()", "exten = 100,1,Answer()"),
            ("n,Hangup()", "same  =     n,Hangup()"),
            ("foo %%EXTEN%% %%EXTEN%%", "same  =     foo 100 100"),
            ("%%EXTEN%%/123,hint,x", "exten = 100/123,hint,x"),
            ("%%exten%% %%CONTEXT%% %%OTHER%%", "same  =     %%exten%% c1 %%OTHER%%"),
            ("", "same  ="),
            ("n,%%ACTION%%", "same  =     n,Go(%%EXTEN%%)"),
            ("%%CONTEXT%%%%EXTEN%%", "same  =     c1100"),
            ("%%EX%%CONTEXT%%TEN%%", "same  =     %%EXc1TEN%%"),
            ("%%TENANT_UUID%%", "same  =     T%%ACTION%%"),
        ] {
            assert_eq!(line(template, "100", "Go(%%EXTEN%%)"), expected, "{template}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_is_a_value() {
        assert_eq!(line("%%EXTEN%%,1", "%%ACTION%%", "Go"), "exten = %%ACTION%%,1");
        assert_eq!(line("%%EXTEN%%", "%%CONTEXT%%", ""), "exten = %%CONTEXT%%");
        assert_eq!(line("%%AC%%EXTEN%%ION%%", "T", "Go"), "same  =     %%ACTION%%");
    }

    #[test]
    fn an_extension_without_lines_is_an_empty_line() {
        let section = Section::new(&[("a".to_owned(), "%%CONTEXT%%".to_owned())]);
        assert_eq!(section.fixed("%%EXTEN%%").collect::<Vec<_>>(), [("a", "%%EXTEN%%".to_owned())]);
        let mut writer = Writer::new();
        section.write_block(&mut writer, &Block { context: "c1", exten: "1", action: "", tenant_uuid: "" });
        assert_eq!(writer.finish(&mut Session::new(&mut NoDatabase)), "\n");
    }
}
