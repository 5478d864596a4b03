//! Jinja2 templates for files and parts of files, which operators may replace by their own.

use std::path::{Path, PathBuf};

use driver_api::asterisk::syntax;
use driver_api::{Config, Error, ErrorKind};
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, ErrorKind as JinjaErrorKind, Value, path_loader};
use minijinja_contrib::pycompat::unknown_method_callback;

use crate::text_file::{TextFile, with_line_feeds};

/// The default folder of the operators' own templates.
const FOLDER: &str = "/etc/wazo-confgend/templates";

const KEY: &str = "templates.directory";

/// The default configuration of a driver that uses that folder.
pub(crate) const DEFAULTS: &str = "templates: {directory: /etc/wazo-confgend/templates}";

/// The shipped templates, by name. A file of the same name in the folder replaces one.
const SHIPPED: &[(&str, &str)] = &[
    ("asterisk/extensions/ivr.jinja", include_str!("../templates/asterisk/extensions/ivr.jinja")),
    ("asterisk/musiconhold.jinja", include_str!("../templates/asterisk/musiconhold.jinja")),
    #[cfg(feature = "older")]
    ("asterisk/sip/twilio.jinja", include_str!("../templates/asterisk/sip/twilio.jinja")),
];

/// The folder of the templates, named by the key `templates.directory`.
pub(crate) struct Folder(PathBuf);

/// The templates of the folder, and the shipped ones that it does not replace. They are read once for each
/// generated file. One may include another by its name in the folder.
pub(crate) struct Templates<'a> {
    folder: &'a Path,
    environment: Environment<'a>,
}

impl Folder {
    pub(crate) fn new(config: &Config) -> Result<Folder, Error> {
        let folder = config.get::<PathBuf>(KEY)?.unwrap_or_else(|| FOLDER.into());
        if folder.as_os_str() != FOLDER && !folder.is_dir() {
            return Err(config.error(KEY, format!("there is no folder {}", folder.display())));
        }
        Ok(Folder(folder))
    }

    pub(crate) fn templates(&self) -> Templates<'_> {
        let in_folder = path_loader(&self.0);
        let mut environment = environment();
        environment.set_loader(move |name| {
            let own = in_folder(name)?.map(|template| with_line_feeds(template.source().to_owned()));
            Ok(own.or_else(|| shipped(name).map(str::to_owned)))
        });
        Templates { folder: &self.0, environment }
    }
}

fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

impl Templates<'_> {
    /// Tells whether there is a template of this name, with or without mistakes.
    pub(crate) fn has(&self, name: &str) -> bool {
        let missing = |error: minijinja::Error| error.kind() == JinjaErrorKind::TemplateNotFound;
        !self.environment.get_template(name).is_err_and(missing)
    }

    /// Renders the template of this name; the [`Writer`](driver_api::asterisk::Writer) checks the text.
    pub(crate) fn render(&self, name: &str, context: Value) -> Result<String, Error> {
        let rendered = self.environment.get_template(name).and_then(|template| template.render(context));
        rendered.map_err(|error| {
            // An included template knows its own name and line.
            let path = self.folder.join(error.name().unwrap_or(name));
            failed(&path, &error)
        })
    }

    /// Renders a template that makes a whole file.
    pub(crate) fn render_file(&self, name: &str, context: Value) -> Result<String, Error> {
        checked(&self.folder.join(name), self.render(name, context)?)
    }
}

/// Renders a template as Jinja2 does by default: it removes one line end at the end of the text, and prints
/// `None`, `True` and `False` as Python does. Semicolons in printed values are escaped, as Asterisk needs it.
pub(crate) fn render(file: &TextFile, context: Value) -> Result<String, Error> {
    let path = file.path();
    let source = file.read().map_err(|error| error.context(context_of(path)))?;
    let rendered = environment().render_named_str(&path.to_string_lossy(), &source, context);
    checked(path, rendered.map_err(|error| failed(path, &error))?)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // `sort_map.get(…)`, `name.startswith(…)`: methods that only Python's values have.
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_formatter(|out, _, value| {
        let text = match value.kind() {
            ValueKind::None => "None".to_owned(),
            ValueKind::Bool if value.is_true() => "True".to_owned(),
            ValueKind::Bool => "False".to_owned(),
            _ => value.to_string(),
        };
        let mut escaped = String::with_capacity(text.len());
        syntax::escape(&mut escaped, &text);
        out.write_str(&escaped).map_err(minijinja::Error::from)
    });
    environment
}

/// Refuses a text in which a line is a directive or has a mark of a block comment. Semicolons in values are
/// escaped, so such a line is a mistake of the template.
fn checked(path: &Path, text: String) -> Result<String, Error> {
    match syntax::lines(&text) {
        Ok(()) => Ok(text),
        Err((line, refusal)) => {
            let message = format!("line {line} of the text that it renders can't be written: {refusal}");
            Err(Error::new(ErrorKind::Template, message).context(context_of(path)))
        }
    }
}

fn context_of(path: &Path) -> String {
    format!("template {}", path.display())
}

fn failed(path: &Path, error: &minijinja::Error) -> Error {
    let line = error.line().map_or_else(String::new, |line| format!(", line {line}"));
    let message = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let failure = Error::new(ErrorKind::Template, message).context(context_of(path) + &line);
    // The error of an included template is the cause of one that names the template.
    match std::error::Error::source(error) {
        Some(cause) => failure.because(cause.to_string()),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use minijinja::context;

    use super::*;

    fn rendered(source: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.jinja"), source).unwrap();
        let context = context! { none => (), yes => true, text => "<é>", map => context! { a => "b" } };
        let text = Folder(folder.path().to_owned()).templates().render("x.jinja", context);
        let path = folder.path().display().to_string();
        text.map_err(|error| error.chain().replace(&path, "FOLDER"))
    }

    #[test]
    fn templates_render_as_jinja2_does_by_default() {
        let cases = [
            ("{{ none }} {{ yes }} {{ not yes }} {{ 1 }} {{ nothing }}.", "None True False 1 ."),
            ("{{ text }}\n\n", "<é>\n"),
            ("{{ map.get('a', 0) }}{{ map.get('c', 0) }}{{ text.startswith('<') }}", "b0True"),
            ("{% if none %}x{% endif %}\n  {% for i in [1, 2] -%}\n {{ i }}{% endfor %}\n", "\n  12"),
            ("", ""),
            ("a\r\nb\rc\r\n", "a\nb\nc"),
        ];
        for (source, text) in cases {
            assert_eq!(rendered(source).unwrap(), text, "{source:?}");
        }
    }

    #[test]
    fn a_mistake_names_template_and_line() {
        let error = rendered("\n{% if %}").unwrap_err();
        assert!(error.starts_with("template FOLDER/x.jinja, line 2: syntax error: "), "{error}");
        let error = rendered("\n\n{{ text | nonsense }}").unwrap_err();
        assert!(error.starts_with("template FOLDER/x.jinja, line 3: unknown filter: "), "{error}");
        let error = rendered("\n{{ text.nothing.more }}").unwrap_err();
        assert!(error.starts_with("template FOLDER/x.jinja, line 2: undefined value"), "{error}");
        let error = rendered("{% include 'asterisk/none.jinja' %}").unwrap_err();
        assert!(error.contains("asterisk/none.jinja"), "{error}");
        let error = rendered("{% include 'asterisk' %}").unwrap_err();
        assert!(error.contains("asterisk"), "{error}");
    }

    #[test]
    fn a_file_in_the_folder_replaces_a_shipped_template() {
        let folder = tempfile::tempdir().unwrap();
        let mine = Folder(folder.path().to_owned());
        let name = "asterisk/musiconhold.jinja";
        let moh = || mine.templates().render(name, context! { base_directory => "/m" }).unwrap();
        assert_eq!(moh(), "[default]\nmode = files\ndirectory = /m/default\n");
        fs::create_dir_all(folder.path().join("asterisk")).unwrap();
        fs::write(folder.path().join(name), "; {{ base_directory }}{% include 'asterisk/y' %}").unwrap();
        fs::write(folder.path().join("asterisk/y"), "!").unwrap();
        assert_eq!(moh(), "; /m!");
        for (name, there) in [(name, true), ("asterisk/y", true), ("asterisk/z", false), ("../x", false)] {
            assert_eq!(mine.templates().has(name), there, "{name}");
        }
    }

    #[test]
    fn a_folder_that_an_operator_names_must_be_there() {
        let config = Config::from_yaml("templates: {directory: /nonexistent}").unwrap();
        let error = Folder::new(&config).map(|_| ()).unwrap_err().chain();
        assert_eq!(error, "configuration key templates.directory: there is no folder /nonexistent");
    }
}
