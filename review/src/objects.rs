//! Counts the objects of a file. The service compares the numbers of two texts: one that lost many objects is suspect.

use driver_api::Namespace;
use memchr::memmem;

/// Counts the objects of a text: mailboxes, extensions, sections of other files of Asterisk, and lines of all other files.
///
/// It reads lines alone, without the rest of Asterisk's syntax: a large file takes some milliseconds.
pub fn count(file: &Namespace, text: &str) -> usize {
    match (file.resource(), file.filename()) {
        ("asterisk", "voicemail.conf") => mailboxes(text),
        ("asterisk", "extensions.conf") => lines_with(text, "\nexten").filter(is_extension).count(),
        ("asterisk", _) => lines_with(text, "\n[").count(),
        _ => text.lines().filter(|line| has_content(line)).count(),
    }
}

/// Returns what follows the beginning of each line that begins so. The beginning includes the end of the line before.
fn lines_with<'a>(text: &'a str, beginning: &'a str) -> impl Iterator<Item = &'a str> {
    let first = text.strip_prefix(beginning.trim_start());
    let length = beginning.len();
    first.into_iter().chain(memmem::find_iter(text.as_bytes(), beginning).map(move |at| &text[at + length..]))
}

/// Counts the options of the sections of `voicemail.conf` that are contexts.
fn mailboxes(text: &str) -> usize {
    let (mut count, mut is_context) = (0, false);
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('[') {
            is_context = !["general]", "zonemessages]"].iter().any(|name| section.starts_with(name));
        } else if is_context && has_content(line) {
            count += 1;
        }
    }
    count
}

/// Returns whether an option, and not a longer word, begins before this text.
fn is_extension(rest: &&str) -> bool {
    rest.trim_start_matches([' ', '\t']).starts_with('=')
}

/// Returns whether a line is neither blank nor a comment of Asterisk or YAML.
fn has_content(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with([';', '#']) && line.trim_end() != "---"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(file: &str, text: &str) -> usize {
        count(&file.parse().unwrap(), text)
    }

    #[test]
    fn each_file_has_its_objects() {
        let table = [
            ("asterisk/pjsip.conf", "[global]\nuser_agent = x\n\n[a](!)\n[b](a)\ntype = endpoint\n", 3),
            (
                "asterisk/extensions.conf",
                "[default]\nexten = 1,1,NoOp()\nsame = n,Hangup()\nexten=>2,1,X\n",
                2,
            ),
            (
                "asterisk/voicemail.conf",
                "[general]\na = b\n\n[zonemessages]\neu = x\n\n[default]\n; none\n1 => 1,A\n2 => 2,B\n",
                2,
            ),
            ("asterisk/modules.conf", "[modules]\nnoload = a.so\n", 1),
            ("dird/views.yml", "# ours\nviews:\n- a\n\n- b\n", 3),
            ("wazo/uuid.yml", "---\nuuid: x\n", 1),
        ];
        for (file, text, expected) in table {
            assert_eq!(objects(file, text), expected, "{file}");
            assert_eq!(objects(file, ""), 0);
        }
    }
}
