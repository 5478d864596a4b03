//! Drivers in the configuration: what stands below the key `drivers`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use driver_api::settings::{Field, Shape};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Error, Namespace, Query};

use crate::places::Syntax;
use crate::position::Part;
use crate::report;

/// The key of the configuration that has the definitions.
pub(crate) const KEY: &str = "drivers";

/// One driver that a file of the configuration defines.
#[derive(Debug)]
pub(crate) struct Definition {
    /// The place of the definition, for messages.
    pub(crate) place: Place,
    pub(crate) work: Work,
}

/// How the driver makes its file.
#[derive(Debug)]
pub(crate) enum Work {
    /// By a template over the rows of queries.
    Template(TemplateWork),
    /// By a program.
    Command(CommandWork),
}

#[derive(Debug)]
pub(crate) struct TemplateWork {
    /// The queries, each with the name by which the template knows its rows.
    pub(crate) queries: Vec<(String, QueryText)>,
    pub(crate) template: TemplateText,
    pub(crate) syntax: Syntax,
}

/// A [`Query`] from the configuration.
#[derive(Debug)]
pub(crate) struct QueryText {
    pub(crate) table: String,
    pub(crate) key: Vec<String>,
    pub(crate) sql: String,
}

#[derive(Debug)]
pub(crate) enum TemplateText {
    /// The key `text`.
    Inline(String),
    /// The key `template`: an absolute path.
    File(PathBuf),
}

impl TemplateText {
    /// Returns the folder of the template, where those are that it includes.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            TemplateText::File(path) => path.parent(),
            TemplateText::Inline(_) => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct CommandWork {
    /// The program and its arguments.
    pub(crate) words: Vec<String>,
    /// The files and folders that it reads.
    pub(crate) reads: Vec<PathBuf>,
    pub(crate) timeout: Duration,
    /// The maximum size of the file in bytes.
    pub(crate) max_bytes: usize,
}

impl CommandWork {
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Returns the path of the program, unless it is looked up in `PATH`.
    pub(crate) fn program_path(&self) -> Option<&Path> {
        Some(self.program()).filter(|program| program.contains('/')).map(Path::new)
    }
}

/// The keys of a definition that has a template.
const TEMPLATE_KEYS: [&str; 4] = ["queries", "syntax", "template", "text"];
/// The keys that only a definition with a command has.
const COMMAND_KEYS: [&str; 3] = ["max_bytes", "reads", "timeout"];

const DEFAULT_TIMEOUT: f64 = 30.0;
const DEFAULT_MAX_BYTES: u64 = 64 << 20;

/// The form of a definition, for people and editors.
pub(crate) fn shape() -> Shape {
    Shape::Fields { accepts: "a mapping with queries and a template, or a command", fields: fields() }
}

/// The keys of a definition.
fn fields() -> Vec<Field> {
    let query = Shape::Fields { accepts: "a query", fields: query_fields() };
    let name = "The name by which the key plugins selects the driver.";
    let queries = "The queries, each with the name by which the template knows its rows.";
    let command = "The program that makes the file, and its arguments.";
    let seconds = Shape::Custom {
        accepts: "a number of seconds above 0",
        schema: r#"{"type": "number", "exclusiveMinimum": 0}"#,
    };
    let bytes =
        Shape::Custom { accepts: "a number of bytes", schema: r#"{"type": "integer", "minimum": 0}"# };
    let syntax = "The syntax of the file, by which values are escaped.";
    vec![
        optional("name", Shape::Text, name),
        optional("queries", Shape::map("names", query), queries),
        optional("text", Shape::Text, "The template itself."),
        optional("template", Shape::Path, "The file of the template."),
        optional("syntax", Shape::Words(Syntax::names()), syntax),
        optional("command", list_of(Shape::Text), command),
        optional("timeout", seconds, "How long the program may take; 30 by default."),
        optional("max_bytes", bytes, "How large the file may be; 67108864 by default."),
        optional("reads", list_of(Shape::Path), "The files and folders that the program reads."),
    ]
}

/// The keys of a query.
fn query_fields() -> Vec<Field> {
    vec![
        Field::required("table", Shape::Text, "The table that messages name."),
        optional("key", list_of(Shape::Text), "The columns by which messages name a row."),
        Field::required("sql", Shape::Text, "The query, with a complete ORDER BY."),
    ]
}

fn optional(name: &'static str, shape: Shape, help: &'static str) -> Field {
    Field::optional(name, Shape::Nullable(Box::new(shape)), help)
}

fn list_of(shape: Shape) -> Shape {
    Shape::OneOrMore(Box::new(shape))
}

impl QueryText {
    /// Runs something with the query as the session takes it.
    pub(crate) fn with<T>(&self, run: impl FnOnce(Query<'_>) -> T) -> T {
        let key: Vec<&str> = self.key.iter().map(String::as_str).collect();
        run(Query { table: &self.table, key: &key, sql: &self.sql })
    }
}

/// The file of a definition and the keys that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The path of the file, or another name of the layer.
    pub(crate) file: Option<String>,
    /// The namespace as the file writes it.
    pub(crate) namespace: String,
}

impl Place {
    /// Returns an error about a key below the definition, or about its value.
    pub(crate) fn error(&self, keys: &[&str], part: Part, message: impl AsRef<str>) -> Error {
        let keys: Vec<&str> = [KEY, &self.namespace].into_iter().chain(keys.iter().copied()).collect();
        report::of_key(self.file.as_deref(), &keys, part, message.as_ref())
    }
}

/// The namespace and name of a definition.
pub(crate) struct Title<'c> {
    pub(crate) namespace: Namespace,
    pub(crate) name: String,
    pub(crate) place: Place,
    values: &'c Mapping,
}

/// Returns the titles of all definitions, those of the strongest file first, and what is wrong with others. A file may
/// define a driver that another one defines, too: the stronger definition holds as a whole. `null` in its place removes
/// the definitions of that namespace in weaker files.
pub(crate) fn titles(config: &Config) -> (Vec<Title<'_>>, Vec<Error>) {
    let (mut titles, mut problems) = (Vec::<Title<'_>>::new(), Vec::new());
    let mut removed: Vec<Namespace> = Vec::new();
    for (file, values) in config.layers() {
        for title in titles_of(file, values) {
            match title {
                Ok(title) if removed.contains(&title.namespace) => {}
                Ok(title) if titles.iter().any(|other| other.is(&title.namespace, &title.name)) => {}
                Ok(title) => titles.push(title),
                Err(error) => problems.push(error),
            }
        }
        removed.extend(removed_by(values));
    }
    (titles, problems)
}

/// Returns the namespaces whose definitions this file removes from weaker files.
fn removed_by(values: &Mapping) -> impl Iterator<Item = Namespace> {
    let definitions = values.get(KEY).and_then(Value::as_mapping).into_iter().flatten();
    definitions.filter(|(_, value)| value.is_null()).filter_map(|(key, _)| key.as_str()?.parse().ok())
}

impl Title<'_> {
    pub(crate) fn is(&self, namespace: &Namespace, name: &str) -> bool {
        self.namespace == *namespace && self.name == name
    }
}

fn titles_of<'c>(file: Option<&str>, values: &'c Mapping) -> Vec<Result<Title<'c>, Error>> {
    let wrong = |keys: &[&str], part, message: &str| report::of_key(file, keys, part, message);
    let definitions = match values.get(KEY) {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Mapping(definitions)) => definitions,
        Some(_) => {
            let message = "expected a mapping of files, such as asterisk.followme.conf, to definitions";
            return vec![Err(wrong(&[KEY], Part::Value, message))];
        }
    };
    let definitions = definitions.iter().filter(|(_, definition)| !definition.is_null());
    let title = |(key, definition): (&'c Value, &'c Value)| {
        let key = key.as_str().unwrap_or_default();
        let place = Place { file: file.map(str::to_owned), namespace: key.to_owned() };
        let namespace: Namespace =
            key.parse().map_err(|error: Error| wrong(&[KEY, key], Part::Key, &error.to_string()))?;
        let Value::Mapping(values) = definition else {
            return Err(place.error(
                &[],
                Part::Value,
                "expected a mapping with queries and a template, or a command",
            ));
        };
        let name = match values.get("name") {
            None | Some(Value::Null) => name_of(file),
            Some(Value::String(name)) if is_name(name) => name.clone(),
            Some(_) => {
                let message = "expected a name of letters, digits, - and _";
                return Err(place.error(&["name"], Part::Value, message));
            }
        };
        Ok(Title { namespace, name, place, values })
    };
    definitions.map(title).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

/// Returns the name of a driver without a name: that of its file without a number in front, `50-acme.yml`, or that of the
/// folder if the file is called `config.yml`, `driver.yml` or `drivers.yml`.
fn name_of(file: Option<&str>) -> String {
    let path = Path::new(file.unwrap_or_default());
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let own = stem(path).unwrap_or_default();
    let folder = || path.parent().and_then(stem);
    let name = match own.as_str() {
        "config" | "driver" | "drivers" => folder().unwrap_or(own),
        _ => own,
    };
    let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '_');
    let name: String = name.chars().map(|c| if is_name(&c.to_string()) { c } else { '-' }).collect();
    if name.is_empty() { "custom".to_owned() } else { name }
}

/// Returns the definition of this namespace and name, or the first mistake in it.
pub(crate) fn read(config: &Config, namespace: &Namespace, name: &str) -> Result<Definition, Error> {
    let (titles, _) = titles(config);
    let title = titles.into_iter().find(|title| title.is(namespace, name));
    let Title { place, values, .. } =
        title.ok_or_else(|| Error::driver(format!("the configuration does not define the driver {name}")))?;
    let work = Reader { place: &place, values, keys: Vec::new() }.work()?;
    Ok(Definition { place, work })
}

/// Reads a mapping of a definition, and knows the keys that lead to it.
struct Reader<'d> {
    place: &'d Place,
    values: &'d Mapping,
    keys: Vec<&'d str>,
}

impl<'d> Reader<'d> {
    fn work(&self) -> Result<Work, Error> {
        self.check_keys(&fields())?;
        let is_template = TEMPLATE_KEYS.iter().any(|key| self.value(key).is_some());
        match (self.value("command"), is_template) {
            (Some(command), false) => self.command(command).map(Work::Command),
            (Some(_), true) => {
                let other = TEMPLATE_KEYS.iter().find(|key| self.value(key).is_some());
                let message = format!(
                    "a driver with a command has no {}; remove one of the two",
                    other.copied().unwrap_or_default()
                );
                Err(self.error("command", Part::Key, message))
            }
            (None, true) => self.template().map(Work::Template),
            (None, false) => {
                Err(self.error_here("the driver needs queries and a template (or text), or a command"))
            }
        }
    }

    fn template(&self) -> Result<TemplateWork, Error> {
        if let Some(key) = COMMAND_KEYS.iter().find(|key| self.value(key).is_some()) {
            return Err(self.error(key, Part::Key, "this key is for drivers with a command"));
        }
        let template = match (self.text("template")?, self.text("text")?) {
            (Some(path), None) => TemplateText::File(path.into()),
            (None, Some(text)) => TemplateText::Inline(text.to_owned()),
            (Some(_), Some(_)) => {
                return Err(self.error(
                    "text",
                    Part::Key,
                    "the driver has a template already; remove one of the two",
                ));
            }
            (None, None) => {
                return Err(
                    self.error_here("the driver needs a template: a path, or text: the template itself")
                );
            }
        };
        let syntax = match self.text("syntax")? {
            Some(name) => Syntax::named(name).ok_or_else(|| {
                let message = format!("unknown syntax; use {}", Syntax::names().join(", "));
                self.error("syntax", Part::Value, message)
            })?,
            None => Syntax::of_file(&self.place.namespace),
        };
        Ok(TemplateWork { queries: self.queries()?, template, syntax })
    }

    fn queries(&self) -> Result<Vec<(String, QueryText)>, Error> {
        let Some(queries) = self.mapping("queries")? else { return Ok(Vec::new()) };
        queries
            .values
            .iter()
            .map(|(name, _)| {
                let name = name.as_str().unwrap_or_default();
                if !is_variable(name) {
                    let message = "expected a name that a template can use: letters, digits and _";
                    return Err(queries.error(name, Part::Key, message));
                }
                let query = queries
                    .mapping(name)?
                    .ok_or_else(|| queries.error(name, Part::Key, "the query needs a table and sql"))?;
                Ok((name.to_owned(), query.query()?))
            })
            .collect()
    }

    fn query(&self) -> Result<QueryText, Error> {
        self.check_keys(&query_fields())?;
        let required = |key| {
            let missing = || self.error_here(format!("the query needs the key {key}"));
            self.text(key)?.map(str::to_owned).ok_or_else(missing)
        };
        Ok(QueryText { table: required("table")?, key: self.texts("key")?, sql: required("sql")? })
    }

    fn command(&self, command: &Value) -> Result<CommandWork, Error> {
        let words = match command {
            Value::String(word) => vec![word.clone()],
            _ => self.texts("command")?,
        };
        if words.first().is_none_or(String::is_empty) {
            return Err(self.error("command", Part::Value, "expected a list: the program and its arguments"));
        }
        let timeout = self.number("timeout", Value::as_f64)?.unwrap_or(DEFAULT_TIMEOUT);
        let timeout = Duration::try_from_secs_f64(timeout).ok().filter(|time| !time.is_zero());
        let max_bytes = self.number("max_bytes", Value::as_u64)?.unwrap_or(DEFAULT_MAX_BYTES);
        Ok(CommandWork {
            words,
            reads: self.texts("reads")?.into_iter().map(PathBuf::from).collect(),
            timeout: timeout
                .ok_or_else(|| self.error("timeout", Part::Value, "expected a number of seconds above 0"))?,
            max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
        })
    }

    fn value(&self, key: &str) -> Option<&'d Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Result<Option<&'d str>, Error> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(key, Part::Value, "expected a text")),
        }
    }

    /// Reads a list of texts; a single text is a list of one.
    fn texts(&self, key: &str) -> Result<Vec<String>, Error> {
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text.clone()]),
            Some(Value::Sequence(items)) => {
                let text = |(index, item): (usize, &Value)| {
                    item.as_str().map(str::to_owned).ok_or_else(|| {
                        let index = index.to_string();
                        let keys = [self.keys.as_slice(), &[key, &index]].concat();
                        self.place.error(&keys, Part::Value, "expected a text; a number or yes needs quotes")
                    })
                };
                items.iter().enumerate().map(text).collect()
            }
            Some(_) => Err(self.error(key, Part::Value, "expected a list of texts")),
        }
    }

    fn number<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Error> {
        let number = |value| read(value).ok_or_else(|| self.error(key, Part::Value, "expected a number"));
        self.value(key).map(number).transpose()
    }

    fn mapping(&self, key: &str) -> Result<Option<Reader<'d>>, Error> {
        let found = self.values.iter().find(|(it, _)| it.as_str() == Some(key));
        match found {
            None | Some((_, Value::Null)) => Ok(None),
            Some((Value::String(key), Value::Mapping(values))) => {
                let keys = self.keys.iter().copied().chain([key.as_str()]).collect();
                Ok(Some(Reader { place: self.place, values, keys }))
            }
            Some(_) => Err(self.error(key, Part::Value, "expected a mapping")),
        }
    }

    fn check_keys(&self, known: &[Field]) -> Result<(), Error> {
        let mut known: Vec<&str> = known.iter().map(|field| field.name).collect();
        known.sort_unstable();
        for key in self.values.keys() {
            let key = key.as_str().unwrap_or_default();
            if !known.contains(&key) {
                let near = known.iter().map(|known| (strsim::jaro_winkler(key, known), known));
                let nearest = near.max_by(|(a, _), (b, _)| a.total_cmp(b));
                let hint = match nearest {
                    Some((score, nearest)) if score > 0.75 => format!("; did you mean {nearest}?"),
                    _ => format!("; use {}", known.join(", ")),
                };
                return Err(self.error(key, Part::Key, format!("unknown key{hint}")));
            }
        }
        Ok(())
    }

    /// Returns an error about the mapping as a whole.
    fn error_here(&self, message: impl AsRef<str>) -> Error {
        self.place.error(&self.keys, Part::Key, message)
    }

    fn error(&self, key: &str, part: Part, message: impl AsRef<str>) -> Error {
        let keys: Vec<&str> = self.keys.iter().copied().chain([key]).collect();
        self.place.error(&keys, part, message)
    }
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str, file: &str) -> Config {
        Config::from_yaml(text).unwrap().named(file)
    }

    fn error(definition: &str) -> String {
        let text = format!("drivers: {{asterisk.x.conf: {definition}}}");
        let namespace = "asterisk/x.conf".parse().unwrap();
        let error = read(&config(&text, "x.yml"), &namespace, "x").unwrap_err().chain();
        error.replace("x.yml: configuration key drivers.asterisk.x.conf", "X")
    }

    #[test]
    fn a_mistake_in_a_definition_is_named() {
        let table = [
            ("{}", "X: the driver needs queries and a template (or text), or a command"),
            ("{tmplate: x}", "X.tmplate: unknown key; did you mean template?"),
            (
                "{zzz: x}",
                "X.zzz: unknown key; use command, max_bytes, name, queries, reads, syntax, template, text, timeout",
            ),
            (
                "{command: [], text: x}",
                "X.command: a driver with a command has no text; remove one of the two",
            ),
            ("{command: []}", "X.command: expected a list: the program and its arguments"),
            ("{command: [a, 1]}", "X.command.1: expected a text; a number or yes needs quotes"),
            ("{command: x, timeout: 0}", "X.timeout: expected a number of seconds above 0"),
            ("{command: x, timeout: soon}", "X.timeout: expected a number"),
            ("{text: x, timeout: 1}", "X.timeout: this key is for drivers with a command"),
            ("{text: x, template: y}", "X.text: the driver has a template already; remove one of the two"),
            ("{queries: {}}", "X: the driver needs a template: a path, or text: the template itself"),
            ("{text: 1}", "X.text: expected a text"),
            ("{text: x, syntax: xml}", "X.syntax: unknown syntax; use asterisk, ini, text, yaml"),
            ("{text: x, queries: []}", "X.queries: expected a mapping"),
            (
                "{text: x, queries: {a-b: {}}}",
                "X.queries.a-b: expected a name that a template can use: letters, digits and _",
            ),
            ("{text: x, queries: {a: {table: t}}}", "X.queries.a: the query needs the key sql"),
            ("{text: x, queries: {a: {tabel: t}}}", "X.queries.a.tabel: unknown key; did you mean table?"),
            (
                "{text: x, queries: {a: {table: t, sql: s, key: 1}}}",
                "X.queries.a.key: expected a list of texts",
            ),
        ];
        for (definition, expected) in table {
            assert_eq!(error(definition), expected, "{definition}");
        }
    }

    #[test]
    fn the_file_names_a_driver_without_a_name() {
        let table = [
            ("/etc/conf.d/50-acme.yml", "acme"),
            ("/etc/acme/driver.yml", "acme"),
            ("followme.v2.yml", "followme-v2"),
            ("42.yml", "custom"),
        ];
        for (file, name) in table {
            assert_eq!(name_of(Some(file)), name, "{file}");
        }
    }

    #[test]
    fn the_stronger_definition_holds_as_a_whole() {
        let mut config = config("drivers: {asterisk.x.conf: {name: acme, text: strong}}", "a.yml");
        let weak =
            "drivers: {asterisk.x.conf: {name: acme, command: x}, asterisk.y.conf: {name: acme, text: y}}";
        config.fill_from(&Config::from_yaml(weak).unwrap().named("b.yml"));
        let (found, problems) = titles(&config);
        let found: Vec<String> =
            found.iter().map(|it| format!("{} {} {:?}", it.namespace, it.name, it.place.file)).collect();
        assert_eq!(found, [r#"asterisk/x.conf acme Some("a.yml")"#, r#"asterisk/y.conf acme Some("b.yml")"#]);
        assert!(problems.is_empty());
        let definition = read(&config, &"asterisk/x.conf".parse().unwrap(), "acme").unwrap();
        assert!(matches!(definition.work, Work::Template(_)));
    }

    #[test]
    fn null_removes_the_definitions_of_weaker_files() {
        let weak =
            "drivers: {asterisk.x.conf: {name: acme, text: x}, asterisk.y.conf: {name: acme, text: y}}";
        let mut config = config("drivers: {asterisk/x.conf: null}", "a.yml");
        config.fill_from(&Config::from_yaml(weak).unwrap().named("b.yml"));
        config.fill_from(&Config::from_yaml("drivers: {asterisk.y.conf: null}").unwrap().named("c.yml"));
        let found: Vec<String> = titles(&config).0.iter().map(|it| it.namespace.to_string()).collect();
        assert_eq!(found, ["asterisk/y.conf"]);
    }

    #[test]
    fn a_wrong_title_is_a_problem_of_the_configuration() {
        let problems = |text: &str| -> Vec<String> {
            titles(&config(text, "x.yml")).1.iter().map(Error::chain).collect()
        };
        assert!(
            problems("drivers: [a]")[0].starts_with("x.yml: configuration key drivers: expected a mapping")
        );
        assert!(problems("drivers: {x: {text: y}}")[0].starts_with("x.yml: configuration key drivers.x: "));
        assert!(problems("drivers: {a.b: 1}")[0].contains("drivers.a.b: expected a mapping with queries"));
        assert!(problems("drivers: {a.b: {name: 'a b'}}")[0].contains("drivers.a.b.name: expected a name"));
        assert!(problems("drivers: {a.b: null}").is_empty());
    }
}
