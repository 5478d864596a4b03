//! Rendering as Jinja2 and Python do it, within limits.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{AutoEscape, Environment, ErrorKind as JinjaErrorKind, Template, Value};

use super::check::{Checker, Mistake};
use super::limits::{self, MAX_DEPTH, MAX_STEPS, MAX_STEPS_OF_FILE, Printed, Text};
use super::translate::translate;
use super::{filters, python};
use crate::{Error, ErrorKind};

/// Renders the templates of one generated file: as Jinja2 does by default, and within limits of steps, bytes and depth,
/// which all templates of the file share.
///
/// It removes one line end at the end of a template's text, and prints `None`, `True` and `False` as Python does.
///
/// [`TemplateSet`](super::TemplateSet) has one for templates in files. A family whose templates come from elsewhere
/// makes its own:
///
/// ```
/// use driver_api::templates::{Engine, context};
///
/// // How a printed value becomes text is the family's decision.
/// let mut engine = Engine::new(|out, _value, text| {
///     out.push_str(&text.replace('"', "\\\""));
///     Ok(())
/// });
/// engine.set_loader(|name| {
///     Ok((name == "hello").then(|| "\"{{ 'Alice \"Al\"' if on }}\" {{ on }}\n".to_owned()))
/// });
/// assert_eq!(engine.render("hello", context! { on => true }).unwrap(), "\"Alice \\\"Al\\\"\" True");
/// ```
pub struct Engine<'a> {
    environment: Environment<'a>,
    loader: Arc<Loader>,
    printed: Printed,
    /// The steps that one template may take.
    most: u64,
    /// The steps that are left for this file.
    pub(super) steps: u64,
}

/// Returns the text of a template by its name, or `None` if there is no such template.
pub(super) type Loader = dyn Fn(&str) -> Result<Option<String>, minijinja::Error> + Send + Sync;

impl<'a> Engine<'a> {
    /// Creates an engine without templates.
    ///
    /// `print` appends a printed value to the text. It gets the value, and its text as Python's `str` returns it: this
    /// is the place for escapes.
    pub fn new<P>(print: P) -> Engine<'a>
    where
        P: Fn(&mut String, &Value, &str) -> Result<(), minijinja::Error> + Send + Sync + 'static,
    {
        let printed = Printed::default();
        let environment = environment(printed.clone(), print);
        Engine {
            environment,
            loader: Arc::new(|_| Ok(None)),
            printed,
            most: MAX_STEPS,
            steps: MAX_STEPS_OF_FILE,
        }
    }

    /// Sets the number of steps that one template may take, and all of the file together: a family that knows how many
    /// rows a template has can allow more for more rows.
    #[must_use]
    pub fn with_steps(self, steps: u64) -> Engine<'a> {
        Engine { most: steps, steps, ..self }
    }

    /// Returns the environment of the templates.
    pub fn environment(&self) -> &Environment<'a> {
        &self.environment
    }

    /// Returns the environment of the templates, to add functions and filters. The formatter, the limits, the loader and
    /// the callback for unknown methods are the engine's own.
    pub fn environment_mut(&mut self) -> &mut Environment<'a> {
        &mut self.environment
    }

    /// Sets the function that returns the text of a template by its name, or `None` if there is no such template.
    pub fn set_loader<L>(&mut self, load: L)
    where
        L: Fn(&str) -> Result<Option<String>, minijinja::Error> + Send + Sync + 'static,
    {
        self.loader = Arc::new(load);
        let load = self.loader.clone();
        self.environment
            .set_loader(move |name| Ok(load(name)?.map(|source| translate(&source).into_owned())));
    }

    /// Returns the mistakes in a template, and in those that it includes, that would show only when a line is rendered:
    /// unknown filters, tests and functions, and names that neither the template sets nor its context has. `variables`
    /// are the names of the context.
    pub fn check(&self, name: &str, source: &str, variables: &[&str]) -> Vec<Mistake> {
        let mut checker = Checker::new(&self.environment, &*self.loader);
        checker.template(name, source, variables);
        checker.finish()
    }

    /// Returns the names of the templates that a template includes, imports or extends, and of those that these do in turn,
    /// sorted. Names that only a render knows are not among them; templates that do not exist are.
    pub fn includes(&self, name: &str, source: &str) -> Vec<String> {
        let mut checker = Checker::new(&self.environment, &*self.loader);
        checker.template(name, source, &[]);
        checker.into_named()
    }

    /// Returns the text of a template as it was written.
    pub(super) fn source(&self, name: &str) -> Result<Option<String>, minijinja::Error> {
        (self.loader)(name)
    }

    /// Renders the template of this name. [`error_at`] makes an [`Error`] of the error.
    pub fn render(&mut self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        self.within_steps(|engine| engine.render_template(&engine.environment.get_template(name)?, context))
    }

    /// Renders a template that is not in the environment. It may include those that are.
    pub fn render_source(
        &mut self,
        name: &str,
        source: &str,
        context: Value,
    ) -> Result<String, minijinja::Error> {
        self.within_steps(|engine| {
            engine.render_template(
                &engine.environment.template_from_named_str(name, &translate(source))?,
                context,
            )
        })
    }

    fn within_steps(
        &mut self,
        render: impl FnOnce(&Engine<'a>) -> Result<(String, u64), minijinja::Error>,
    ) -> Result<String, minijinja::Error> {
        let steps = self.steps.min(self.most);
        self.environment.set_fuel(Some(steps));
        let rendered = render(self);
        // How many steps a failed template took is not known.
        self.steps -= rendered.as_ref().map_or(steps, |(_, taken)| *taken);
        rendered.map(|(text, _)| text)
    }

    /// Returns the text and the number of steps that it took.
    fn render_template(
        &self,
        template: &Template<'_, '_>,
        context: Value,
    ) -> Result<(String, u64), minijinja::Error> {
        self.printed.reset();
        let mut text = Text::new(&self.printed);
        let rendered = template.render_captured_to(context, &mut text)?;
        let (taken, _) = rendered.state().fuel_levels().unwrap_or_default();
        drop(rendered);
        Ok((text.finish()?, taken))
    }
}

fn environment<'a, P>(printed: Printed, print: P) -> Environment<'a>
where
    P: Fn(&mut String, &Value, &str) -> Result<(), minijinja::Error> + Send + Sync + 'static,
{
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_recursion_limit(MAX_DEPTH);
    python::install(&mut environment);
    filters::install(&mut environment);
    // One buffer for all printed values: a large file has hundreds of thousands.
    let buffer = Mutex::new(String::new());
    environment.set_formatter(move |out, _, value| {
        let text = printed.text_of(value)?;
        let mut escaped = buffer.lock().unwrap_or_else(PoisonError::into_inner);
        escaped.clear();
        print(&mut escaped, value, &text)?;
        out.write_str(&escaped).map_err(minijinja::Error::from)
    });
    environment
}

/// Returns an [`ErrorKind::Template`] error that names the template's path and line, and says what is wrong.
///
/// An included template knows its own name, which [`minijinja::Error::name`] returns: pass its path then.
pub fn error_at(path: &Path, error: &minijinja::Error) -> Error {
    let line = error.line().map_or_else(String::new, |line| format!(", line {line}"));
    let message = match (error.kind(), error.detail()) {
        (JinjaErrorKind::OutOfFuel, _) => limits::stopped(),
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

pub(super) fn context_of(path: &Path) -> String {
    format!("template {}", path.display())
}
