//! Patches: changes of generated files that an operator writes into the configuration.
//!
//! ```yaml
//! patches:
//!   asterisk.pjsip.conf:
//!   - {section_type: auth, remove: [password]}
//!   - {section: 'trunk-*', set: {rtp_symmetric: 'no'}}
//! ```
//!
//! They are read with the driver of their file, so that a bad one costs this file alone, and applied behind it.

mod read;

use std::collections::BTreeSet;
use std::fmt;

use driver_api::asterisk::edit::{Editor, SectionId, Selection};
use driver_api::explanation::Setting;
use driver_api::settings::{Key, Shape};
use driver_api::yaml::{Mapping, Value};
use driver_api::{Config, Error, Session, Warning, secrets};

use crate::registry::Registry;

/// The key `patches` at the top of the configuration.
const PATCHES: &str = "patches";

/// The patches of one file, in their order.
pub struct Patches {
    patches: Vec<Patch>,
    /// The keys of the configuration that they are, in the same order.
    settings: Vec<Setting>,
}

/// A patch: which sections it changes, and how. It first removes, then sets, then adds.
#[derive(Default)]
struct Patch {
    selection: Selection,
    /// Keys.
    remove: Vec<String>,
    /// Keys, each with all the values that a section then has.
    set: Vec<(String, Vec<String>)>,
    /// Keys with values that a section has beside others.
    add: Vec<(String, Vec<String>)>,
}

/// The effect of the patches of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patched {
    /// The number of patches that changed something.
    pub patches: usize,
    /// The number of sections that they changed.
    pub sections: usize,
}

impl fmt::Display for Patched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Patched { patches, sections } = *self;
        let counted = |count: usize, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        let patches = counted(patches, "patch", "patches");
        write!(f, "{patches} changed {}", counted(sections, "section", "sections"))
    }
}

impl Patches {
    /// The key, as people read about it.
    pub fn key() -> Key {
        let accepts = "a mapping of files to lists of patches".to_owned();
        let lists = Shape::Nullable(Box::new(Shape::List(Box::new(read::shape()))));
        let help = "Changes of generated files: options that are removed, set or added.";
        let shape = Shape::Map { accepts, values: Box::new(lists) };
        Key::new(PATCHES, Value::Mapping(Mapping::new()), shape, help)
    }

    /// Checks that the key is a mapping. The patches of each file are checked with its driver.
    pub fn check(config: &Config) -> Result<(), Error> {
        read::all(config).map(drop)
    }

    /// Returns a warning for each entry that changes no file, and for each list that hides the list of another file.
    pub fn warnings(config: &Config, registry: &Registry) -> Vec<String> {
        let mut warnings = Vec::new();
        for name in read::all(config).into_iter().flatten().filter_map(|(name, _)| name.as_str()) {
            let setting = Setting::new(config, &format!("{PATCHES}.{name}"));
            let sources: Vec<&str> = read::layers(config, name).collect();
            if let Err(error) = registry.find(name) {
                warnings.push(format!("{}: the entry has no effect: {error}", named(&setting)));
            } else if let [_, hidden @ ..] = &sources[..]
                && !hidden.is_empty()
            {
                let files = hidden.join(", ");
                let message = "this list takes the place of the one in";
                warnings.push(format!("{}: {message} {files}", named(&setting)));
            }
        }
        warnings
    }

    /// Applies the patches to the text of the file. A patch that changes nothing gets a warning.
    pub(crate) fn apply(
        &self,
        session: &mut Session<'_>,
        text: String,
    ) -> Result<(String, Option<Patched>), Error> {
        let Some(first) = self.settings.first() else { return Ok((text, None)) };
        let mut effect = Effect::default();
        // A text that can't be edited is an error of the first patch.
        let mut current = first;
        let text = session.edit_for(text, &self.settings, |editor| {
            for (author, (patch, setting)) in self.patches.iter().zip(&self.settings).enumerate() {
                current = setting;
                editor.set_author(author);
                patch.apply(editor, setting, &mut effect)?;
            }
            Ok(())
        });
        let text = text.map_err(|error| error.context(named(current)));
        for warning in effect.warnings {
            session.warn(Warning::new("", warning));
        }
        let patched = Patched { patches: effect.patches, sections: effect.sections.len() };
        Ok((text?, Some(patched)))
    }
}

/// The changes so far.
#[derive(Default)]
struct Effect {
    patches: usize,
    sections: BTreeSet<SectionId>,
    warnings: Vec<String>,
}

impl Patch {
    fn apply(&self, editor: &mut Editor, setting: &Setting, effect: &mut Effect) -> Result<(), Error> {
        let sections = editor.select(&self.selection);
        let mut warn = |message: String| effect.warnings.push(format!("{}: {message}", named(setting)));
        if sections.is_empty() {
            warn("the patch has no effect: the file has no such section".to_owned());
            return Ok(());
        }
        let mut changed = vec![false; sections.len()];
        for key in &self.remove {
            let mut removed = 0;
            for (section, is_changed) in sections.iter().zip(&mut changed) {
                let count = editor.remove(*section, key);
                (removed, *is_changed) = (removed + count, *is_changed || count > 0);
            }
            if removed == 0 {
                let count = sections.len();
                warn(format!("no section that the patch selects has the option {key:?}; it selects {count}"));
            }
        }
        for (section, is_changed) in sections.iter().zip(&mut changed) {
            for (key, values) in &self.set {
                *is_changed |= editor.set(*section, key, values)?;
            }
            for (key, value) in
                self.add.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
            {
                editor.add(*section, key, value)?;
                *is_changed = true;
            }
        }
        let changed = sections.into_iter().zip(changed).filter_map(|(section, is)| is.then_some(section));
        let mut changed = changed.peekable();
        effect.patches += usize::from(changed.peek().is_some());
        effect.sections.extend(changed);
        Ok(())
    }
}

/// Returns the file and the key of a value of the configuration, for messages.
fn named(setting: &Setting) -> String {
    let source = setting.source.as_ref().map_or_else(String::new, |source| format!("{source}: "));
    format!("{source}configuration key {}", secrets::in_name(&setting.key))
}

#[cfg(test)]
mod tests;
