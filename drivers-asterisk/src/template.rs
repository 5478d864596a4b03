//! Files made from a Jinja2 template that operators may replace by their own.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::PathBuf;

use driver_api::{Config, Error, ErrorKind};
use minijinja::{AutoEscape, Environment, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Where operators put templates of their own, if they say nothing else.
const FOLDER: &str = "/etc/wazo-confgend/templates";

/// The default configuration of a driver that looks into that folder.
pub(crate) const DEFAULTS: &str = "templates: {directory: /etc/wazo-confgend/templates}";

/// One template: a file if it is there, or the text that this program ships.
pub(crate) struct Template {
    path: PathBuf,
    /// Whether an operator named the file, so that a missing one is a mistake.
    named: bool,
    shipped: &'static str,
}

impl Template {
    /// A template that is looked for under this name in the folder `templates.directory`.
    pub(crate) fn in_folder(config: &Config, name: &str, shipped: &'static str) -> Result<Template, Error> {
        let key = "templates.directory";
        let folder = config.get::<PathBuf>(key)?.unwrap_or_else(|| FOLDER.into());
        if folder.as_os_str() != FOLDER && !folder.is_dir() {
            let message = format!("there is no folder {}", folder.display());
            return Err(Error::new(ErrorKind::Config, message).in_(format!("configuration key {key}")));
        }
        Ok(Template { path: folder.join(name), named: false, shipped })
    }

    /// A template whose file is named by this configuration key, and is `default` if nobody changed it.
    pub(crate) fn at_key(
        config: &Config,
        key: &str,
        default: &str,
        shipped: &'static str,
    ) -> Result<Template, Error> {
        let path = config.get::<PathBuf>(key)?.unwrap_or_else(|| default.into());
        Ok(Template { named: path.as_os_str() != default, path, shipped })
    }

    /// Renders the template as Jinja2 does by default: no escaping, one line end removed at the end of
    /// the text, `None`, `True` and `False` as Python prints them. The file is read each time, so a
    /// change needs no restart.
    pub(crate) fn render(&self, context: Value) -> Result<String, Error> {
        let place = format!("template {}", self.path.display());
        let source = self.source().map_err(|error| {
            Error::new(ErrorKind::Template, "can't be read").because(error).in_(place.as_str())
        })?;
        environment().render_named_str(&self.path.to_string_lossy(), &source, context).map_err(|error| {
            let line = error.line().map_or_else(String::new, |line| format!(", line {line}"));
            let message = match error.detail() {
                Some(detail) => format!("{}: {detail}", error.kind()),
                None => error.kind().to_string(),
            };
            Error::new(ErrorKind::Template, message).in_(place + &line)
        })
    }

    fn source(&self) -> Result<String, std::io::Error> {
        match fs::read_to_string(&self.path) {
            // Jinja2 reads every kind of line end as LF.
            Ok(source) => Ok(source.replace("\r\n", "\n").replace('\r', "\n")),
            Err(error) if error.kind() == IoErrorKind::NotFound && !self.named => Ok(self.shipped.to_owned()),
            Err(error) => Err(error),
        }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // `sort_map.get(…)`, `name.startswith(…)`: methods that only Python's values have.
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_formatter(|out, state, value| {
        let python = match value {
            value if value.is_none() => "None",
            value if value.is_true() && value.kind() == minijinja::value::ValueKind::Bool => "True",
            value if value.kind() == minijinja::value::ValueKind::Bool => "False",
            value => return minijinja::escape_formatter(out, state, value),
        };
        out.write_str(python).map_err(minijinja::Error::from)
    });
    environment
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    const SHIPPED: Template = Template { path: PathBuf::new(), named: false, shipped: "" };

    fn rendered(source: &'static str) -> Result<String, String> {
        let context = context! { none => (), yes => true, text => "<é>", map => context! { a => "b" } };
        Template { shipped: source, ..SHIPPED }.render(context).map_err(|error| error.chain())
    }

    #[test]
    fn jinja2_defaults() {
        let cases = [
            ("{{ none }} {{ yes }} {{ not yes }} {{ 1 }} {{ nothing }}.", "None True False 1 ."),
            ("{{ text }}\n\n", "<é>\n"),
            ("{{ map.get('a', 0) }}{{ map.get('c', 0) }}{{ text.startswith('<') }}", "b0True"),
            ("{% if none %}x{% endif %}\n  {% for i in [1, 2] -%}\n {{ i }}{% endfor %}\n", "\n  12"),
            ("", ""),
        ];
        for (source, text) in cases {
            assert_eq!(rendered(source).unwrap(), text, "{source:?}");
        }
    }

    #[test]
    fn a_mistake_names_the_line() {
        let error = rendered("\n{% if %}").unwrap_err();
        assert!(error.starts_with("template , line 2: syntax error: "), "{error}");
        let error = rendered("\n\n{{ text | nonsense }}").unwrap_err();
        assert!(error.starts_with("template , line 3: unknown filter: "), "{error}");
    }

    #[test]
    fn a_file_that_an_operator_names_must_be_there() {
        let missing = Template { path: "/nonexistent/x.jinja".into(), named: true, shipped: "" };
        let error = missing.render(context!()).unwrap_err().chain();
        assert_eq!(
            error,
            "template /nonexistent/x.jinja: can't be read: No such file or directory (os error 2)"
        );
        // A folder can't be read as a file, named or not.
        let folder = Template { path: "/".into(), named: false, shipped: "" };
        assert!(folder.render(context!()).unwrap_err().chain().starts_with("template /: can't be read: "));
        let config = Config::from_yaml("templates: {directory: /nonexistent}").unwrap();
        let error = Template::in_folder(&config, "x", "").map(|_| ()).unwrap_err().chain();
        assert_eq!(error, "configuration key templates.directory: there is no folder /nonexistent");
    }

    #[test]
    fn line_ends_of_a_template_are_normalised() {
        let folder = std::env::temp_dir().join(format!("confgend-template-{}", std::process::id()));
        fs::create_dir_all(folder.join("asterisk")).unwrap();
        fs::write(folder.join("asterisk/x.jinja"), "a\r\nb\rc\r\n").unwrap();
        let config = Config::from_yaml(&format!("templates: {{directory: {}}}", folder.display())).unwrap();
        let template = Template::in_folder(&config, "asterisk/x.jinja", "").unwrap();
        assert_eq!(template.render(context!()).unwrap(), "a\nb\nc");
        let shipped = Template::in_folder(&config, "asterisk/y.jinja", "shipped").unwrap();
        assert_eq!(shipped.render(context!()).unwrap(), "shipped");
        fs::remove_dir_all(folder).unwrap();
    }
}
