//! Jinja2 templates from which a driver makes its file or a part of it, and which an operator may replace.
//!
//! A [`TemplateSet`] has the templates that a family ships, by name, and the operator's folder, in which a file of the
//! same name replaces one. A [`TextFile`] is one text with a configuration key of its own. An [`Engine`] renders
//! templates that come from elsewhere, with the same behaviour and the same limits. Values that are printed are escaped
//! as the [`Syntax`] of the file needs it, so whoever sets a value can't write configuration with it.
//!
//! The module is behind the cargo feature `templates`, so that a family without templates compiles no engine.
//!
//! ```
//! use driver_api::templates::{self, Syntax, TemplateSet, context};
//! use driver_api::{Config, Driver, Entry, Error, Session};
//!
//! const SHIPPED: &[(&str, &str)] = &[("acme/motd.jinja", "; {{ greeting }}\n[general]\n")];
//!
//! struct MessageOfTheDay {
//!     templates: TemplateSet,
//! }
//!
//! impl Driver for MessageOfTheDay {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         session.note_file(|| self.templates.note("acme/motd.jinja"));
//!         self.templates.open().render_file("acme/motd.jinja", context! { greeting => "Hello; world" })
//!     }
//!
//!     fn check(&self) -> Vec<Error> {
//!         self.templates.check("acme/motd.jinja", &["greeting"])
//!     }
//! }
//!
//! const MOTD: Entry = Entry::new("asterisk.motd.conf", "acme", |config| {
//!     Ok(Box::new(MessageOfTheDay { templates: TemplateSet::new(config, Syntax::Asterisk, SHIPPED)? }))
//! })
//! .keys(templates::keys);
//!
//! let driver = MOTD.build(&MOTD.built_in()?)?;
//! assert!(driver.check().is_empty());
//! let text = fixtures::Scratch::new(&[]).generate(&*driver).unwrap();
//! assert_eq!(text, "; Hello\\; world\n[general]");
//! # Ok::<(), Error>(())
//! ```

mod check;
mod engine;
mod filters;
mod limits;
mod python;
mod set;
mod syntax;
mod text_file;
mod translate;

pub use check::Mistake;
pub use engine::{Engine, error_at};
pub use minijinja;
pub use minijinja::context;
pub use minijinja::value::{Serde, Value};
pub use set::{TemplateSet, Templates, keys};
pub use syntax::Syntax;
pub use text_file::TextFile;
pub use translate::original_range;
