//! `cargo xtask parse`: shows what Asterisk reads in a file.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use argh::FromArgs;
use asterisk_conf::{Command, ConfigOption, Diagnostic, Document, Location, Reader, Section, Status};
use bstr::{BStr, ByteSlice as _};
use dispatcher::folder::{self, AsteriskFolder};
use driver_api::{Error, on_one_line};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::file_error;

/// Show what Asterisk reads in configuration files: sections, options and what it complains about. Includes are
/// followed; commands of #exec are shown, and not run.
#[derive(FromArgs)]
#[argh(subcommand, name = "parse")]
pub(crate) struct Parse {
    /// files of Asterisk's configuration
    #[argh(positional)]
    files: Vec<PathBuf>,

    /// print JSON, in the form of asterisk-conf/tests/golden
    #[argh(switch)]
    json: bool,

    /// the configuration folder, which includes are relative to; that of the file by default
    #[argh(option)]
    root: Option<PathBuf>,
}

impl Parse {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if self.files.is_empty() {
            return Err(Error::driver("parse needs the name of a file"));
        }
        self.files.iter().try_for_each(|file| self.show(file))
    }

    fn show(&self, file: &Path) -> Result<(), Error> {
        let text = fs::read(file).map_err(|error| file_error(file, error))?;
        let root = self.root.as_deref().or(file.parent()).unwrap_or(Path::new(""));
        let root = if root == Path::new("") { Path::new(".") } else { root };
        if !root.is_dir() {
            return Err(Error::driver("is not a folder").context(root.display().to_string()));
        }
        let document = Reader::new(&AsteriskFolder { root }).read(folder::relative(file, root), &text);
        if self.json {
            show_json(&document);
        } else {
            show_text(&document);
        }
        Ok(())
    }
}

fn show_text(document: &Document) {
    for diagnostic in document.diagnostics() {
        let place = document.place(diagnostic.location());
        say!("{}: {place}: {diagnostic}", diagnostic.level());
    }
    for command in document.commands() {
        let place = document.place(command.location());
        say!("command: {place}: {}", visible(command.text()));
    }
    say!("status: {}", explained(document.status()));
    for section in document.sections() {
        say!("\n{}    ; {}", header(section), document.place(section.location()));
        for option in section.options() {
            say!("{}    ; {}", line(option), origin(document, option));
        }
    }
}

fn explained(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Refused => "refused: Asterisk uses nothing of the file",
        Status::Hangs => "hangs: Asterisk does not come back from reading the file",
        Status::LimitReached => "not read: the file is too large",
    }
}

fn header(section: &Section) -> String {
    let template = section.is_template().then(|| "!".to_owned());
    let items: Vec<_> = template.into_iter().chain(section.inherits().map(visible)).collect();
    let name = visible(section.name());
    if items.is_empty() { format!("[{name}]") } else { format!("[{name}]({})", items.join(",")) }
}

fn line(option: &ConfigOption) -> String {
    let operator = if option.is_arrow() { "=>" } else { "=" };
    format!("{} {operator} {}", visible(option.key()), visible(option.value()))
}

fn origin(document: &Document, option: &ConfigOption) -> String {
    let place = document.place(option.location());
    if option.is_inherited() { format!("{place}, inherited") } else { place.to_string() }
}

/// The text with escapes in place of control characters, which would disturb a terminal.
fn visible(text: &BStr) -> String {
    on_one_line(&text.to_str_lossy()).into_owned()
}

fn show_json(document: &Document) {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b" "));
    if Json::from(document).serialize(&mut serializer).is_ok() {
        out.push(b'\n');
        // A reader that stops early (`| head`) is no error.
        let _ = stdout().write_all(&out);
    }
}

/// A document in the form of `asterisk-conf/tests/golden`. False and empty fields are left out.
#[derive(Serialize)]
struct Json {
    file: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Text>,
    /// The commands of `#exec`, which are not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<JsonCommand>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<Category>>,
    log: Vec<Message>,
}

#[derive(Serialize)]
struct JsonCommand {
    command: Text,
    file: Text,
    line: u32,
}

#[derive(Serialize)]
struct Category {
    name: Text,
    #[serde(skip_serializing_if = "is_false")]
    template: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inherits: Vec<Text>,
    options: Vec<JsonOption>,
}

#[derive(Serialize)]
struct JsonOption {
    key: Text,
    value: Text,
    #[serde(skip_serializing_if = "is_false")]
    arrow: bool,
    #[serde(skip_serializing_if = "is_false")]
    inherited: bool,
    line: u32,
}

#[derive(Serialize)]
struct Message {
    level: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// A text, or the bytes of one that is not UTF-8.
#[derive(Serialize, PartialEq, Eq)]
#[serde(untagged)]
enum Text {
    Utf8(String),
    Bytes { hex: String },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl From<&BStr> for Text {
    fn from(text: &BStr) -> Self {
        match text.to_str() {
            Ok(text) => Text::Utf8(text.to_owned()),
            Err(_) => {
                let digits = text.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
                Text::Bytes { hex: digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect() }
            }
        }
    }
}

impl From<&Document> for Json {
    fn from(document: &Document) -> Self {
        let mut names = document.file_names();
        let file = names.next().map_or_else(|| Text::Utf8(String::new()), Text::from);
        let mut files = Vec::new();
        for name in names.map(Text::from) {
            if name != file && !files.contains(&name) {
                files.push(name);
            }
        }
        let is_used = document.status() == Status::Ok;
        Json {
            file,
            files,
            commands: document.commands().iter().map(|command| JsonCommand::new(document, command)).collect(),
            status: document.status().name(),
            categories: is_used.then(|| document.sections().iter().map(Category::from).collect()),
            log: document.diagnostics().iter().map(Message::from).collect(),
        }
    }
}

impl JsonCommand {
    fn new(document: &Document, command: &Command) -> Self {
        let Location { file, line } = command.location();
        JsonCommand { command: command.text().into(), file: document.file_name(file).into(), line }
    }
}

impl From<&Section> for Category {
    fn from(section: &Section) -> Self {
        Category {
            name: section.name().into(),
            template: section.is_template(),
            inherits: section.inherits().map(Text::from).collect(),
            options: section.options().iter().map(JsonOption::from).collect(),
        }
    }
}

impl From<&ConfigOption> for JsonOption {
    fn from(option: &ConfigOption) -> Self {
        JsonOption {
            key: option.key().into(),
            value: option.value().into(),
            arrow: option.is_arrow(),
            inherited: option.is_inherited(),
            line: option.location().line,
        }
    }
}

impl From<&Diagnostic> for Message {
    fn from(diagnostic: &Diagnostic) -> Self {
        Message {
            level: diagnostic.level().to_string(),
            kind: diagnostic.kind().name(),
            line: diagnostic.line_in_log(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The tests of `asterisk-conf` compare the cases that run a command.
    #[test]
    fn the_json_of_a_file_equals_its_measured_case() {
        let root = &crate::root().join("asterisk-conf/tests/golden");
        let mut compared = 0;
        for entry in fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let mut expected: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let name = expected["file"].as_str().unwrap().to_owned();
            let document =
                Reader::new(&AsteriskFolder { root }).read(&name, &fs::read(root.join(&name)).unwrap());
            if !document.commands().is_empty() {
                continue;
            }
            let mut json = serde_json::to_value(Json::from(&document)).unwrap();
            // A case lists all its files, even those that are not read.
            for key in ["about", "exec", "files"] {
                expected.as_object_mut().unwrap().remove(key);
                json.as_object_mut().unwrap().remove(key);
            }
            assert_eq!(json, expected, "{name}");
            compared += 1;
        }
        assert_eq!(compared, 409);
    }

    #[test]
    fn text_for_a_terminal_has_no_control_characters() {
        assert_eq!(visible(BStr::new("Zoë\u{1b}[2J\t")), "Zoë\\u{1b}[2J\\t");
    }
}
