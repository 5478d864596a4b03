//! Jinja2 templates for files and parts of files, which operators may replace by their own.

use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use driver_api::asterisk::syntax;
use driver_api::explanation::{Note, Setting, TextSource};
use driver_api::{Config, Error, ErrorKind};
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind as JinjaErrorKind, State, Value, filters, path_loader};
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

/// The number of steps after which a template is stopped. One that is shipped takes about 40 for each row.
const MAX_STEPS: u64 = 5_000_000;

/// The number of steps for all templates of a file. An IVR whose own template is stopped does not end the file.
const MAX_STEPS_OF_FILE: u64 = 10 * MAX_STEPS;

/// The maximum size of the text of a template in bytes, and of all values that it prints.
const MAX_BYTES: usize = 64 << 20;

/// The maximum number of items in a list that a filter makes.
const MAX_ITEMS: usize = 1_000_000;

/// The maximum depth of templates that include each other, of macros and of loops. The stack of a thread has room for
/// more.
const MAX_DEPTH: usize = 100;

/// The folder of the templates, named by the key `templates.directory`.
pub(crate) struct Folder {
    path: PathBuf,
    setting: Setting,
}

/// The templates of the folder, and the shipped ones that it does not replace. They are read once for each
/// generated file. One may include another by its name in the folder.
pub(crate) struct Templates<'a> {
    folder: &'a Path,
    environment: Environment<'a>,
    printed: Printed,
    /// The steps that are left for this file.
    steps: u64,
}

impl Folder {
    pub(crate) fn new(config: &Config) -> Result<Folder, Error> {
        let folder = config.get::<PathBuf>(KEY)?.unwrap_or_else(|| FOLDER.into());
        if folder.as_os_str() != FOLDER && !folder.is_dir() {
            return Err(config.error(KEY, format!("there is no folder {}", folder.display())));
        }
        Ok(Folder { path: folder, setting: Setting::new(config, KEY) })
    }

    pub(crate) fn templates(&self) -> Templates<'_> {
        let in_folder = path_loader(&self.path);
        let printed = Printed::default();
        let mut environment = environment(&printed);
        environment.set_loader(move |name| {
            let own = in_folder(name)?.map(|template| with_line_feeds(template.source().to_owned()));
            Ok(own.or_else(|| shipped(name).map(str::to_owned)))
        });
        Templates { folder: &self.path, environment, printed, steps: MAX_STEPS_OF_FILE }
    }

    /// Returns the note that lines are made from the template of this name.
    pub(crate) fn note(&self, name: &str) -> Note {
        let path = self.path.join(name);
        Note::Text(TextSource {
            path: path.display().to_string(),
            is_shipped: !path.exists(),
            line: None,
            setting: self.setting.clone(),
        })
    }

    /// Parses the templates of these names, and returns the mistakes in them.
    pub(crate) fn check(&self, names: impl IntoIterator<Item = String>) -> Vec<Error> {
        let templates = self.templates();
        let mistake = |name: String| templates.check(&name).err();
        names.into_iter().filter_map(mistake).collect()
    }

    /// Returns the names of the operators' own templates in a folder among the templates, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path.join(folder)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
        names.sort_unstable();
        names
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

    fn check(&self, name: &str) -> Result<(), Error> {
        let template = self.environment.get_template(name);
        template.map(|_| ()).map_err(|error| failed(&self.folder.join(name), &error))
    }

    /// Renders the template of this name; the [`Writer`](driver_api::asterisk::Writer) checks the text.
    pub(crate) fn render(&mut self, name: &str, context: Value) -> Result<String, Error> {
        let steps = self.steps.min(MAX_STEPS);
        self.environment.set_fuel(Some(steps));
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| render_within_limits(&template, context, &self.printed));
        // How many steps a failed template took is not known.
        self.steps -= rendered.as_ref().map_or(steps, |(_, taken)| *taken);
        rendered.map(|(text, _)| text).map_err(|error| {
            // An included template knows its own name and line.
            let path = self.folder.join(error.name().unwrap_or(name));
            failed(&path, &error)
        })
    }

    /// Renders a template that makes a whole file.
    pub(crate) fn render_file(&mut self, name: &str, context: Value) -> Result<String, Error> {
        checked(&self.folder.join(name), self.render(name, context)?)
    }
}

/// Renders a template as Jinja2 does by default: it removes one line end at the end of the text, and prints
/// `None`, `True` and `False` as Python does. Semicolons in printed values are escaped, as Asterisk needs it.
pub(crate) fn render(file: &TextFile, context: Value) -> Result<String, Error> {
    let path = file.path();
    let printed = Printed::default();
    let mut environment = environment(&printed);
    environment.set_fuel(Some(MAX_STEPS));
    let rendered = with_source(file, |name, source| {
        let template = environment.template_from_named_str(name, source)?;
        render_within_limits(&template, context, &printed)
    });
    checked(path, rendered?.0)
}

/// Parses a template. Returns the mistake in it, if there is one.
pub(crate) fn check(file: &TextFile) -> Option<Error> {
    let environment = environment(&Printed::default());
    with_source(file, |name, source| environment.template_from_named_str(name, source).map(|_| ())).err()
}

fn with_source<T>(
    file: &TextFile,
    work: impl FnOnce(&str, &str) -> Result<T, minijinja::Error>,
) -> Result<T, Error> {
    let path = file.path();
    let source = file.read().map_err(|error| error.context(context_of(path)))?;
    work(&path.to_string_lossy(), &source).map_err(|error| failed(path, &error))
}

/// The size of all values that a template has printed. It may print into a variable, so the size of its text does not
/// limit it.
#[derive(Clone, Default)]
struct Printed(Arc<AtomicUsize>);

impl Printed {
    fn add(&self, bytes: usize) -> Result<(), minijinja::Error> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > MAX_BYTES { Err(too_large()) } else { Ok(()) }
    }

    /// Returns the text of a value. A list may stand for more text than there is memory.
    fn text_of(&self, value: &Value) -> Result<String, minijinja::Error> {
        if !is_printable(value, MAX_DEPTH, &mut { MAX_ITEMS }) {
            return Err(too_large());
        }
        let left = MAX_BYTES.saturating_sub(self.0.load(Ordering::Relaxed));
        let mut text = Bounded { text: String::new(), left };
        write!(text, "{value}").map_err(|_| too_large())?;
        self.add(text.text.len())?;
        Ok(text.text)
    }

    /// Makes the next value fail: the error of a writer would hide the line of the template.
    fn fail(&self) {
        self.0.store(MAX_BYTES + 1, Ordering::Relaxed);
    }
}

/// Counts the items of a list with lists in it: `MiniJinja` goes through all of them, even after the text has ended.
fn is_printable(value: &Value, depth: usize, items: &mut usize) -> bool {
    let is_mapping = value.kind() == ValueKind::Map;
    // A value without a length can be read only once.
    if value.len().is_none() || !(is_mapping || matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable))
    {
        return true;
    }
    value.try_iter().into_iter().flatten().all(|item| {
        *items = items.saturating_sub(1);
        let inner = if is_mapping { value.get_item(&item).unwrap_or_default() } else { item };
        *items > 0 && depth > 0 && is_printable(&inner, depth - 1, items)
    })
}

/// A text that ends with an error at its limit.
struct Bounded {
    text: String,
    left: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// The text of a template, up to [`MAX_BYTES`].
struct Text<'p> {
    bytes: Vec<u8>,
    printed: &'p Printed,
}

impl io::Write for &mut Text<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > MAX_BYTES - self.bytes.len() {
            self.printed.fail();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large() -> minijinja::Error {
    let message =
        format!("the text has more than {} MiB: look for a loop that goes too far", MAX_BYTES >> 20);
    minijinja::Error::new(JinjaErrorKind::InvalidOperation, message)
}

/// Renders a template. Returns its text and the number of steps that it took.
fn render_within_limits(
    template: &minijinja::Template<'_, '_>,
    context: Value,
    printed: &Printed,
) -> Result<(String, u64), minijinja::Error> {
    printed.0.store(0, Ordering::Relaxed);
    let mut text = Text { bytes: Vec::new(), printed };
    let rendered = template.render_captured_to(context, &mut text)?;
    let (taken, _) = rendered.state().fuel_levels().unwrap_or_default();
    drop(rendered);
    printed.add(0)?;
    let text = String::from_utf8(text.bytes);
    let text = text.map_err(|_| minijinja::Error::from(JinjaErrorKind::WriteFailure))?;
    Ok((text, taken))
}

fn environment(printed: &Printed) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_recursion_limit(MAX_DEPTH);
    // `sort_map.get(…)`, `name.startswith(…)`: methods that only Python's values have.
    environment.set_unknown_method_callback(unknown_method_callback);
    limit_filters(&mut environment);
    let printed = printed.clone();
    environment.set_formatter(move |out, _, value| {
        let text = match value.kind() {
            ValueKind::None => "None".to_owned(),
            ValueKind::Bool if value.is_true() => "True".to_owned(),
            ValueKind::Bool => "False".to_owned(),
            _ => printed.text_of(value)?,
        };
        let mut escaped = String::with_capacity(text.len());
        syntax::escape(&mut escaped, &text);
        out.write_str(&escaped).map_err(minijinja::Error::from)
    });
    environment
}

/// Limits the filters that make a list of all items. Other lists are made item by item: `[0] * 10 ** 8` takes no memory.
fn limit_filters(environment: &mut Environment<'_>) {
    environment.add_filter("list", |state: &State<'_, '_>, value: Value| filters::list(state, short(value)?));
    environment.add_filter("reverse", |value: Value| filters::reverse(&short(value)?));
    environment.add_filter("sort", |state: &State<'_, '_>, value: Value, options: Kwargs| {
        filters::sort(state, short(value)?, options)
    });
    environment.add_filter("unique", |state: &State<'_, '_>, value: Value, options: Kwargs| {
        filters::unique(state, short(value)?, options)
    });
}

fn short(value: Value) -> Result<Value, minijinja::Error> {
    match value.len() {
        Some(length) if length > MAX_ITEMS => {
            let message = format!("the list has {length} items: look for a list that is repeated");
            Err(minijinja::Error::new(JinjaErrorKind::InvalidOperation, message))
        }
        _ => Ok(value),
    }
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

fn stopped() -> String {
    let steps = MAX_STEPS / 1_000_000;
    format!("stopped after {steps} million steps: look for loops inside each other, or over long ranges")
}

fn context_of(path: &Path) -> String {
    format!("template {}", path.display())
}

fn failed(path: &Path, error: &minijinja::Error) -> Error {
    let line = error.line().map_or_else(String::new, |line| format!(", line {line}"));
    let message = match (error.kind(), error.detail()) {
        (JinjaErrorKind::OutOfFuel, _) => stopped(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
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

    fn at(path: &Path) -> Folder {
        Folder { path: path.to_owned(), setting: Setting::new(&Config::default(), KEY) }
    }

    fn rendered(source: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.jinja"), source).unwrap();
        let context = context! { none => (), yes => true, text => "<é>", map => context! { a => "b" } };
        let text = at(folder.path()).templates().render("x.jinja", context);
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
        let mut templates = folder.templates();
        templates.steps = MAX_STEPS + 1000;
        assert!(templates.render("long.jinja", context! {}).is_err());
        assert_eq!(templates.render("short.jinja", context! {}).unwrap(), "1");
        assert!((900..1000).contains(&templates.steps), "{}", templates.steps);
        assert!(templates.render("long.jinja", context! {}).is_err());
        assert!(templates.render("short.jinja", context! {}).is_err());
    }

    #[test]
    fn a_file_in_the_folder_replaces_a_shipped_template() {
        let folder = tempfile::tempdir().unwrap();
        let mine = at(folder.path());
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
