//! Sections, options and values that a module of Asterisk does not know, by the catalogue.

use asterisk_conf::catalogue::{self, Consequence, OptionInfo, Rejection, ValueType};
use asterisk_conf::{ConfigOption, Section};
use bstr::{BStr, ByteSlice};

use super::Findings;
use crate::Rule;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, nearest, object, shown_value};

rules! {
    SECTION_UNREAD = "section-unread", Error, "The module that reads the file ignores the section, or refuses the file.";
    OPTION_UNKNOWN = "option-unknown", Error, "Asterisk does not make the object, or refuses the file.";
    OPTION_IGNORED = "option-ignored", Note, "Asterisk ignores the option, or warns of it, and uses the rest.";
    VALUE_REFUSED = "value-refused", Error, "Asterisk does not make the object, or refuses the file.";
    VALUE_CHANGED = "value-changed", Warning, "Asterisk uses another value than the file has, without a message.";
    OPTION_REQUIRED = "option-required", Error, "Asterisk does not make an object without the option.";
    OPTION_DEPRECATED = "option-deprecated", Note, "A later release of Asterisk may no longer know it.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (name, file) in site.files() {
        let Some(known) = catalogue::file(name) else { continue };
        for section in file.document().visible_sections() {
            check_section(known, file, section, findings);
        }
    }
}

fn check_section(
    known: &catalogue::File,
    file: &SiteFile<'_>,
    section: &Section,
    findings: &mut Findings<'_>,
) {
    let name = section.name();
    let type_value = section.value("type").filter(|_| known.selects_by_type());
    let lookup = known.section(&name.to_str_lossy(), type_value.map(|value| value.to_str_lossy()).as_deref());
    let kinds = match lookup {
        Ok(kinds) => kinds,
        Err(unread) => {
            let rule =
                by_consequence(unread.consequence(), &SECTION_UNREAD, &OPTION_IGNORED, &OPTION_IGNORED);
            let what = match type_value {
                Some(value) => format!("{} [type = {}]", Shown(name), Shown(value)),
                None => Shown(name).to_string(),
            };
            return findings.add(
                rule,
                file.at(section.location()),
                format!("section {what}"),
                unread.to_string(),
            );
        }
    };
    let kind = kinds.kinds().first().map_or("section", |kind| kind.name);
    let object = || object(kind, name);
    for option in section.options() {
        let Some(info) = kinds.option(&option.key().to_str_lossy()) else {
            // The rules of the dialplan report it.
            if kind == "context" {
                continue;
            }
            let consequence = kinds.unknown_option();
            let rule = by_consequence(consequence, &OPTION_UNKNOWN, &OPTION_IGNORED, &OPTION_IGNORED);
            let message = format!("{}: {consequence}", unknown(option, kinds.kinds()));
            findings.add(rule, file.at(option.location()), object(), message);
            continue;
        };
        let at = file.at(option.location());
        if let Some((rule, message)) = value_problem(option, info) {
            findings.add(rule, at, object(), message);
        }
        if let Some(message) = deprecation(option, info) {
            findings.add(&OPTION_DEPRECATED, at, object(), message);
        }
    }
    for required in kinds.kinds().iter().flat_map(|kind| kind.required()) {
        if section.value(required.name).is_none() {
            let message = format!("there is no option {}: Asterisk does not make the object", required.name);
            findings.add(&OPTION_REQUIRED, file.at(section.location()), object(), message);
        }
    }
}

/// Returns the rule for a consequence: one if something is refused, one if Asterisk uses another value, and one if it
/// ignores or only warns.
fn by_consequence(
    consequence: Consequence,
    refused: &'static Rule,
    changed: &'static Rule,
    ignored: &'static Rule,
) -> &'static Rule {
    match consequence {
        Consequence::SectionIgnored
        | Consequence::ObjectRefused
        | Consequence::FileRefused
        | Consequence::NoStart => refused,
        Consequence::OtherValue => changed,
        _ => ignored,
    }
}

/// Says that an option is unknown, and which one may be meant.
fn unknown(option: &ConfigOption, kinds: &[&catalogue::Kind]) -> String {
    let key = option.key().to_str_lossy();
    let names = kinds.iter().flat_map(|kind| kind.options()).filter(|info| !info.is_pattern());
    let nearest = nearest(&key, names.map(|info| info.name));
    let hint = nearest.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
    format!("there is no option \"{}\" here{hint}", Shown(option.key()))
}

/// Returns what is wrong with a value, and the rule that it breaks.
fn value_problem(option: &ConfigOption, info: &OptionInfo) -> Option<(&'static Rule, String)> {
    let value = option.value().to_str_lossy();
    let Err(rejection) = info.accepts(&value) else {
        let number = matches!(info.value_type, ValueType::Unsigned(_) | ValueType::Integer(_));
        let message = "begins with a 0, so Asterisk reads it as an octal number";
        let is_octal = number && value.len() > 1 && value.starts_with('0') && !value.starts_with("0x");
        return is_octal.then(|| (&VALUE_CHANGED, format!("{}: \"{value}\" {message}", info.name)));
    };
    let rule = by_consequence(rejection.consequence, &VALUE_REFUSED, &VALUE_CHANGED, &VALUE_CHANGED);
    Some((rule, rejected(option, &rejection)))
}

fn rejected(option: &ConfigOption, rejection: &Rejection) -> String {
    let Rejection { value, reason, consequence } = rejection;
    let value = shown_value(option.key(), BStr::new(value));
    format!("{}: {value} {reason}: {consequence}", Shown(option.key()))
}

fn deprecation(option: &ConfigOption, info: &OptionInfo) -> Option<String> {
    if let Some(deprecation) = info.deprecated {
        let instead = deprecation.replacement.map(|name| format!("; use {name}")).unwrap_or_default();
        return Some(format!("the option {} is deprecated{instead}", info.name));
    }
    let value = option.value().to_str_lossy();
    let replacement = info.replacement_of(&value)?;
    Some(format!("{} = {value} is deprecated; use {replacement}", info.name))
}
