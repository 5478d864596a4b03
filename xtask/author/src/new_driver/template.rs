//! The templates of new files: `xtask/author/templates/new-driver`.

use std::path::PathBuf;

use driver_api::Error;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

use super::names::Names;
use super::package::Package;
use xtask_generate::root;

/// The text of a template.
macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../templates/new-driver/", $path))
    };
}

pub(super) use template;

/// The values for the placeholders of a template.
#[derive(Serialize)]
struct Filling<'a> {
    package: &'a str,
    /// The name of the crate's library in Rust.
    library: String,
    /// The path from the crate to this checkout.
    checkout: PathBuf,
    #[serde(flatten)]
    names: Option<&'a Names>,
}

/// Fills a template with the names of a crate and, if there is one, of a driver.
pub(super) fn fill(template: &str, package: &Package, names: Option<&Names>) -> Result<String, Error> {
    let checkout = pathdiff::diff_paths(root(), &package.folder).unwrap_or_else(|| root().to_path_buf());
    let filling =
        Filling { package: &package.name, library: package.name.replace('-', "_"), checkout, names };
    let mut environment = Environment::new();
    let text = SyntaxConfig::builder().keep_trailing_newline(true).build().and_then(|syntax| {
        environment.set_syntax(syntax);
        environment.render_str(template, Serde(filling))
    });
    text.map_err(|error| Error::driver("a template of new-driver is broken").because(error))
}

/// The example driver for files with this extension.
pub(super) fn example(extension: &str) -> &'static str {
    match extension {
        "conf" | "ini" => template!("driver/asterisk.rs.jinja"),
        "yml" | "yaml" => template!("driver/yaml.rs.jinja"),
        _ => template!("driver/text.rs.jinja"),
    }
}
