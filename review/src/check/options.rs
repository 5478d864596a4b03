//! Sections, options and values that a module of Asterisk does not know, by the catalogue.

use std::collections::HashMap;

use asterisk_conf::catalogue::{self, Consequence, OptionInfo, Reader, Rejection, Unread, ValueType};
use asterisk_conf::{ConfigOption, Section};
use bstr::{BStr, ByteSlice};
use foldhash::fast::RandomState;

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
        let known = catalogue::file(name).filter(|known| known.reader != Reader::Nothing);
        let Some(known) = known else { continue };
        let mut checker = Checker { known, file, options: HashMap::default(), unknown: 0, findings };
        for section in file.document().visible_sections() {
            checker.section(section);
        }
    }
}

/// Checks the sections of one file.
struct Checker<'d, 'f, 'r> {
    known: &'static catalogue::File,
    file: &'d SiteFile<'d>,
    /// The options that were looked up so far, by the first kind of the section, the number of its kinds and their
    /// spelling: a friend of `iax.conf` is a peer, too, but has more options.
    options: HashMap<(&'static str, usize, &'d BStr), Option<&'static OptionInfo>, RandomState>,
    /// How many options were unknown so far.
    unknown: usize,
    findings: &'f mut Findings<'r>,
}

/// How many unknown options of a file get the name of a similar one, which is compared with all of the kind.
const MAX_HINTS: usize = 1000;

impl<'d> Checker<'d, '_, '_> {
    fn section(&mut self, section: &'d Section) {
        let type_value = section.value("type").filter(|_| self.known.selects_by_type());
        let name = section.name().to_str_lossy();
        let kinds = match self.known.section(&name, type_value.map(|value| value.to_str_lossy()).as_deref()) {
            Ok(kinds) => kinds,
            Err(unread) => return self.report_unread(section, type_value, unread),
        };
        let kind = kinds.kinds().first().map_or("section", |kind| kind.name);
        for option in section.options() {
            let lookup = || kinds.option(&option.key().to_str_lossy());
            match *self.options.entry((kind, kinds.kinds().len(), option.key())).or_insert_with(lookup) {
                Some(info) => self.value(kind, section, option, info),
                // The rules of the dialplan report it.
                None if kind == "context" => {}
                None => self.report_unknown(&kinds, kind, section, option),
            }
        }
        for required in kinds.kinds().iter().flat_map(|kind| kind.required()) {
            if section.value(required.name).is_none() {
                let consequence = match self.known.reader {
                    Reader::Aco => Consequence::FileRefused,
                    _ => Consequence::ObjectRefused,
                };
                let message = format!("there is no option {}: {consequence}", required.name);
                let at = self.file.at(section.location());
                self.findings.add(&OPTION_REQUIRED, at, object(kind, section.name()), message);
            }
        }
    }

    fn report_unread(&mut self, section: &Section, type_value: Option<&BStr>, unread: Unread) {
        // With or without a warning: the object is not there.
        let rule = match unread.consequence() {
            Consequence::Unknown => &OPTION_IGNORED,
            _ => &SECTION_UNREAD,
        };
        let what = match type_value {
            Some(value) => format!("{} [type = {}]", Shown(section.name()), Shown(value)),
            None => Shown(section.name()).to_string(),
        };
        self.findings.add(
            rule,
            self.file.at(section.location()),
            format!("section {what}"),
            unread.to_string(),
        );
    }

    fn report_unknown(
        &mut self,
        kinds: &catalogue::Section<'_>,
        kind: &str,
        section: &Section,
        option: &ConfigOption,
    ) {
        let consequence = kinds.unknown_option();
        let rule = by_consequence(consequence, &OPTION_UNKNOWN, &OPTION_IGNORED, &OPTION_IGNORED);
        self.unknown += 1;
        let kinds = if self.unknown > MAX_HINTS { &[] } else { kinds.kinds() };
        let message = format!("{}: {consequence}", unknown(option, kinds));
        self.findings.add(rule, self.file.at(option.location()), object(kind, section.name()), message);
    }

    fn value(&mut self, kind: &str, section: &Section, option: &ConfigOption, info: &OptionInfo) {
        if info.accepts_all() {
            return;
        }
        let at = self.file.at(option.location());
        if let Some((rule, message)) = value_problem(option, info) {
            self.findings.add(rule, at, object(kind, section.name()), message);
        }
        if let Some(message) = deprecation(option, info) {
            self.findings.add(&OPTION_DEPRECATED, at, object(kind, section.name()), message);
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
    Some((rule_for_value(rejection.consequence), rejected(option, &rejection)))
}

/// Returns the rule that a value breaks, by what Asterisk does with it.
pub(super) fn rule_for_value(consequence: Consequence) -> &'static Rule {
    by_consequence(consequence, &VALUE_REFUSED, &VALUE_CHANGED, &VALUE_CHANGED)
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

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn found_in(file: &str, text: &str) -> Vec<String> {
        let at = format!("asterisk/{file}:");
        found(&[(file, text)]).iter().map(|line| line.replace(&at, "")).collect()
    }

    #[test]
    fn a_section_that_no_module_reads() {
        assert_eq!(
            found_in("pjsip.conf", "[a]\ntype = Aor\n[b]\n[c]\ntype = aor\nmax_contacts = 1\n")[..2],
            [
                "1: error: section a [type = Aor]: Asterisk knows no such type; Asterisk ignores the section without a \
            message [section-unread]",
                "3: error: section b: the section has no type; Asterisk ignores the section without a message \
            [section-unread]",
            ]
        );
        assert_eq!(found_in("sccp.conf", "[a]\ntype = nothing\n").len(), 1, "no module reads it anyway");
    }

    #[test]
    fn an_option_that_is_unknown() {
        let refused = "2: error: general general: there is no option \"uuid_typ\" here (did you mean uuid_type?): Asterisk \
            refuses the whole file [option-unknown]";
        let text = "[general]\nuuid_typ = channel\ncapture_address = 192.0.2.1\n";
        assert_eq!(found_in("hep.conf", text), [refused]);
        let ignored = "3: note: class a: there is no option \"colour\" here: Asterisk ignores it without a message \
            [option-ignored]";
        let text = "[a]\nmode = playlist\ncolour = red\n";
        assert_eq!(found_in("musiconhold.conf", text), [ignored]);
    }

    #[test]
    fn a_friend_has_the_options_of_a_user_and_a_peer() {
        let text = "[a]\ntype = peer\nsetvar = A=1\n[b]\ntype = friend\nsetvar = A=1\nqualify = yes\n";
        let note = "3: note: peer a: there is no option \"setvar\" here: Asterisk ignores it without a message \
            [option-ignored]";
        assert_eq!(found_in("iax.conf", text), [note]);
    }

    #[test]
    fn a_value_that_asterisk_does_not_take() {
        let text =
            "[a]\ncontext = c\nparkext = 700\nfindslot = last\nparkinghints = maybe\nparkingtime = 010\n";
        assert_eq!(
            found_in("res_parking.conf", text),
            [
                "4: error: parking_lot a: findslot: \"last\" is none of first, next: Asterisk refuses the whole file \
            [value-refused]",
                "5: warning: parking_lot a: parkinghints: \"maybe\" is no word for yes or no, and means no: Asterisk uses \
            another value without a message [value-changed]",
                "6: warning: parking_lot a: parkingtime: \"010\" begins with a 0, so Asterisk reads it as an octal number \
            [value-changed]",
            ]
        );
    }

    #[test]
    fn an_option_that_is_missing() {
        let refused = "1: error: general general: there is no option capture_address: Asterisk refuses the whole file \
            [option-required]";
        assert_eq!(found_in("hep.conf", "[general]\nenabled = yes\n"), [refused]);
        let lost =
            "1: error: class a: there is no option mode: Asterisk does not make the object [option-required]";
        assert_eq!(found_in("musiconhold.conf", "[a]\ndirectory = /d\n"), [lost]);
    }

    #[test]
    fn an_option_that_is_deprecated() {
        let text = "[a]\nmode = files\ndirectory = /d\nrandom = yes\n";
        let note = "4: note: class a: the option random is deprecated; use sort=random [option-deprecated]";
        assert_eq!(found_in("musiconhold.conf", text), [note]);
    }
}
