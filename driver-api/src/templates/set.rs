//! The shipped templates of a family, and the folder of the operator's own.

use std::fs;
use std::path::{Path, PathBuf};

use minijinja::{ErrorKind as JinjaErrorKind, Value, path_loader};

use super::engine::{Engine, context_of, error_at};
use super::syntax::Syntax;
use super::text_file::with_line_feeds;
use crate::explanation::{Note, Setting, TextSource};
use crate::settings::{Key, Setting as _};
use crate::{Config, Error, ErrorKind};

/// The default folder of the operators' own templates.
const FOLDER: &str = "/etc/wazo-confgend/templates";

const KEY: &str = "templates.directory";

/// The keys of a driver that uses a [`TemplateSet`].
pub fn keys() -> Vec<Key> {
    let help = "The folder with your Jinja2 templates. A file there replaces the built-in template of the same name.";
    vec![Key::new(KEY, FOLDER, PathBuf::shape(), help)]
}

/// The templates that a family ships, and the operator's folder, which the key `templates.directory` names.
///
/// A template's name is its path in the folder, such as `asterisk/musiconhold.jinja`. A file of that name replaces the
/// shipped template, and an operator may add others, which templates include by their name.
pub struct TemplateSet {
    folder: PathBuf,
    syntax: Syntax,
    shipped: Shipped,
    setting: Setting,
}

/// Names and texts.
type Shipped = &'static [(&'static str, &'static str)];

/// The templates of a [`TemplateSet`] while one file is generated. Each is read once.
pub struct Templates<'a> {
    set: &'a TemplateSet,
    engine: Engine<'a>,
}

impl TemplateSet {
    /// Returns the templates of a family: `shipped` has names and texts. It is an error if the operator names a folder
    /// that does not exist.
    pub fn new(config: &Config, syntax: Syntax, shipped: Shipped) -> Result<TemplateSet, Error> {
        let folder = config.get::<PathBuf>(KEY)?.unwrap_or_else(|| FOLDER.into());
        if folder.as_os_str() != FOLDER && !folder.is_dir() {
            return Err(config.error(KEY, format!("there is no folder {}", folder.display())));
        }
        Ok(TemplateSet { folder, syntax, shipped, setting: Setting::new(config, KEY) })
    }

    /// Returns the templates for one generated file, which has limits for all of them together.
    pub fn open(&self) -> Templates<'_> {
        let (in_folder, shipped) = (path_loader(&self.folder), self.shipped);
        let mut engine = self.syntax.engine();
        engine.set_loader(move |name| {
            let own = in_folder(name)?.map(|template| with_line_feeds(template.source().to_owned()));
            Ok(own.or_else(|| shipped_as(shipped, name).map(str::to_owned)))
        });
        Templates { set: self, engine }
    }

    /// Returns the note that lines are made from the template of this name.
    pub fn note(&self, name: &str) -> Note {
        let path = self.folder.join(name);
        Note::Text(TextSource {
            path: path.display().to_string(),
            is_shipped: !path.exists(),
            line: None,
            setting: self.setting.clone(),
        })
    }

    /// Returns the mistakes in the template of this name and in those that it includes: see
    /// [`Driver::check`](crate::Driver::check). `variables` are the names that its context has.
    pub fn check(&self, name: &str, variables: &[&str]) -> Vec<Error> {
        let engine = self.open().engine;
        match engine.source(name) {
            Ok(Some(source)) => {
                let mistakes = engine.check(name, &source, variables).into_iter();
                mistakes.map(|mistake| mistake.at(&self.folder.join(&mistake.template))).collect()
            }
            Ok(None) => vec![
                Error::new(ErrorKind::Template, "does not exist")
                    .context(context_of(&self.folder.join(name))),
            ],
            Err(error) => vec![error_in(&self.folder, name, &error)],
        }
    }

    /// Returns the names of the operator's own templates in a folder among the templates, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
        names.sort_unstable();
        names
    }
}

fn shipped_as(shipped: Shipped, name: &str) -> Option<&'static str> {
    shipped.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

impl Templates<'_> {
    /// Tells whether there is a template of this name, with or without mistakes.
    pub fn has(&self, name: &str) -> bool {
        let missing = |error: minijinja::Error| error.kind() == JinjaErrorKind::TemplateNotFound;
        !self.engine.environment().get_template(name).is_err_and(missing)
    }

    /// Renders the template of this name. The text may be a part of a file: for Asterisk, a
    /// [`Writer`](crate::asterisk::Writer) checks its lines.
    pub fn render(&mut self, name: &str, context: Value) -> Result<String, Error> {
        let rendered = self.engine.render(name, context);
        rendered.map_err(|error| error_in(&self.set.folder, name, &error))
    }

    /// Renders a template that makes a whole file, and checks its lines.
    pub fn render_file(&mut self, name: &str, context: Value) -> Result<String, Error> {
        let text = self.render(name, context)?;
        self.set.syntax.checked(&self.set.folder.join(name), text)
    }
}

/// An included template knows its own name and line.
fn error_in(folder: &Path, name: &str, error: &minijinja::Error) -> Error {
    error_at(&folder.join(error.name().unwrap_or(name)), error)
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;
    use crate::templates::limits::MAX_STEPS;

    const MOH: &str = "asterisk/moh.jinja";

    fn at(path: &Path) -> TemplateSet {
        TemplateSet {
            folder: path.to_owned(),
            syntax: Syntax::Asterisk,
            shipped: &[(MOH, "[default]\ndirectory = {{ base_directory }}/default\n\n")],
            setting: Setting::new(&Config::default(), KEY),
        }
    }

    fn rendered(source: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.jinja"), source).unwrap();
        let context = context! { none => (), yes => true, text => "<é>", map => context! { a => "b" } };
        let text = at(folder.path()).open().render("x.jinja", context);
        let path = folder.path().display().to_string();
        text.map_err(|error| error.chain().replace(&path, "FOLDER"))
    }

    #[test]
    fn templates_render_as_jinja2_does_by_default() {
        let cases = [
            ("{{ none }} {{ yes }} {{ not yes }} {{ 1 }} {{ nothing }}.", "None True False 1 ."),
            (
                "{{ [2, 1, 2]|sort|join }} {{ 'ab'|reverse }} {{ [1, 1]|unique|list }} {{ range(2) }}",
                "122 ba [1] [0, 1]",
            ),
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

    /// Renders on a thread with a stack as small as that of a generation.
    fn rendered_on_a_thread(source: String) -> Result<String, String> {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || rendered(&source))
            .unwrap()
            .join()
            .unwrap()
    }

    #[test]
    fn a_template_that_does_not_end_is_stopped() {
        let nested = "{% for i in range(100000) %}{% for j in range(100000) %}{% for k in range(100000) %}";
        let ends = "{% endfor %}{% endfor %}{% endfor %}";
        let stopped = "stopped after 5 million steps: look for loops inside each other, or over long ranges";
        let start = std::time::Instant::now();
        let error = rendered(&format!("\n{nested}\n{{% if i %}}{{% endif %}}{ends}")).unwrap_err();
        assert!(error.starts_with("template FOLDER/x.jinja, line "), "{error}");
        assert!(error.ends_with(stopped), "{error}");
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }

    #[test]
    fn the_text_of_a_template_has_a_limit() {
        let line = "x".repeat(1000);
        let table = [
            ("\n{% for i in range(100000) %}LINE{{ i }}\n{% endfor %}", "2: "),
            ("\n\n{{ 'LINE' * 70000 }}", "3: "),
            (
                "{% set ns = namespace(t='LINE') %}\n{% for i in range(40) %}\n{% set t %}{{ ns.t }}{{ ns.t }}{% endset %}{% set ns.t = t %}{% endfor %}",
                "3: ",
            ),
        ];
        for (source, place) in table {
            let error = rendered(&source.replace("LINE", &line)).unwrap_err();
            let expected = format!(
                "template FOLDER/x.jinja, line {place}invalid operation: the text has more than 64 MiB"
            );
            assert!(error.starts_with(&expected), "{error}");
        }
        let error =
            rendered(&"{% for i in range(100000) %}LINE\n{% endfor %}".replace("LINE", &line)).unwrap_err();
        assert!(error.contains("x.jinja: invalid operation: the text has more than 64 MiB"), "{error}");
    }

    #[test]
    fn ranges_texts_and_depth_have_limits() {
        let table = [
            ("\n{{ range(10 ** 9) | list }}", "x.jinja, line 2: "),
            ("\n{{ 'x' * 10 ** 9 }}", "x.jinja, line 2: "),
            ("\n{{ ['x' * 1000] * 10 ** 8 }}", "line 2: invalid operation: the text has more than 64 MiB"),
            ("\n{{ [[0] * 10 ** 6] * 10 ** 6 }}", "line 2: invalid operation: the text has more than 64 MiB"),
            ("\n{{ ([0] * 10 ** 8) | list }}", "line 2: invalid operation: the list has 100000000 items"),
            ("\n{{ ([0] * 10 ** 8) | sort(reverse=true) }}", "line 2: invalid operation: the list has"),
            ("\n{{ ([0] * 10 ** 8) | unique }}", "line 2: invalid operation: the list has"),
            ("\n{{ ([0] * 10 ** 8) | reverse }}", "line 2: invalid operation: the list has"),
            ("\n{% include 'x.jinja' %}", "x.jinja, line 2: "),
            ("{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", "x.jinja, line 2: "),
        ];
        for (source, place) in table {
            let error = rendered_on_a_thread(source.to_owned()).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
        let deep = format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(rendered_on_a_thread(deep).is_err());
    }

    #[test]
    fn all_templates_of_a_file_share_their_steps() {
        let folder = tempfile::tempdir().unwrap();
        let source = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";
        fs::write(folder.path().join("long.jinja"), source).unwrap();
        fs::write(folder.path().join("short.jinja"), "{{ 1 }}").unwrap();
        let folder = at(folder.path());
        let mut templates = folder.open();
        templates.engine.steps = MAX_STEPS + 1000;
        assert!(templates.render("long.jinja", context! {}).is_err());
        assert_eq!(templates.render("short.jinja", context! {}).unwrap(), "1");
        assert!((900..1000).contains(&templates.engine.steps), "{}", templates.engine.steps);
        assert!(templates.render("long.jinja", context! {}).is_err());
        assert!(templates.render("short.jinja", context! {}).is_err());
    }

    #[test]
    fn a_file_in_the_folder_replaces_a_shipped_template() {
        let folder = tempfile::tempdir().unwrap();
        let mine = at(folder.path());
        let moh = || mine.open().render(MOH, context! { base_directory => "/m" }).unwrap();
        assert_eq!(moh(), "[default]\ndirectory = /m/default\n");
        fs::create_dir_all(folder.path().join("asterisk")).unwrap();
        fs::write(folder.path().join(MOH), "; {{ base_directory }}{% include 'asterisk/y' %}").unwrap();
        fs::write(folder.path().join("asterisk/y"), "!").unwrap();
        assert_eq!(moh(), "; /m!");
        for (name, there) in [(MOH, true), ("asterisk/y", true), ("asterisk/z", false), ("../x", false)] {
            assert_eq!(mine.open().has(name), there, "{name}");
        }
    }

    #[test]
    fn a_folder_that_an_operator_names_must_be_there() {
        let config = Config::from_yaml("templates: {directory: /nonexistent}").unwrap();
        let error = TemplateSet::new(&config, Syntax::Plain, &[]).map(|_| ()).unwrap_err().chain();
        assert_eq!(error, "configuration key templates.directory: there is no folder /nonexistent");
    }
}
