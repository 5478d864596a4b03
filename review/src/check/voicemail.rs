//! Mailboxes: the fields of their lines, and the time zones that they refer to.

use std::collections::HashSet;

use asterisk_conf::{ConfigOption, Section, catalogue, stripped};
use bstr::{BStr, ByteSlice};

use super::Findings;
use super::names::Names;
use super::options::rule_for_value;
use crate::mailboxes::contexts;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::{Shown, shown_value};

rules! {
    ZONE = "voicemail-zone-missing", Warning, "The messages of the mailbox have the times of the server's time zone.";
    ZONE_LINE = "voicemail-zone-skipped", Warning, "Asterisk warns, and skips a time zone without a \"|\".";
    TWICE = "voicemail-box-twice", Error, "Asterisk warns, and ignores the second mailbox of a name.";
    ELSEWHERE = "voicemail-box-ambiguous", Error,
        "With searchcontexts = yes, Asterisk warns, and ignores the second mailbox of a number.";
    STAR_BOX = "voicemail-box-star", Error, "Asterisk warns, and ignores a mailbox whose number begins with a \"*\".";
    STAR_PASSWORD = "voicemail-password-star", Error, "Nobody can log in with a password that begins with a \"*\".";
    COMMA = "voicemail-field-comma", Error, "A comma in a field shifts the fields behind it: Asterisk reads other values.";
    CUT = "voicemail-field-cut", Error, "Asterisk cuts the field without a message.";
    OPTION = "voicemail-option-unknown", Note, "Asterisk ignores the option of the mailbox without a message.";
}

/// The fields of a mailbox that Asterisk cuts, by their position.
const CUT_FIELDS: &[(usize, &str)] = &[(0, "password"), (1, "name"), (3, "pager")];

/// The longest number, and the longest field, in bytes.
const LIMIT: usize = 79;

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("voicemail.conf") else { return };
    check_zone_lines(file, findings);
    let document = file.document();
    let zones = document.sections_named("zonemessages").filter(|section| !section.is_template());
    let mut check = MailboxCheck {
        file,
        // A file that Asterisk cuts has lost zones.
        zones: site
            .whole_file("voicemail.conf")
            .map(|_| Names::without_case(zones.flat_map(Section::options).map(ConfigOption::key))),
        options: catalogue::file("voicemail.conf").and_then(|file| file.kind("mailbox")),
        names: HashSet::new(),
        numbers: HashSet::new(),
        searches_contexts: file.is_yes_in_general("searchcontexts"),
        findings,
    };
    if let Some(option) = document
        .section("general")
        .and_then(|general| general.options().iter().find(|option| option.has_key("tz")))
    {
        check.zone(option, "", option.value());
    }
    for context in contexts(document) {
        for line in context.options() {
            check.mailbox(context, line);
        }
    }
}

fn check_zone_lines(file: &SiteFile<'_>, findings: &mut Findings<'_>) {
    let sections = file.document().sections_named("zonemessages").filter(|section| !section.is_template());
    for line in sections.flat_map(Section::options).filter(|line| !line.value().contains(&b'|')) {
        let object = format!("time zone {}", Shown(line.key()));
        findings.add(&ZONE_LINE, file.at(line.location()), object, "the line is not TIMEZONE|FORMAT");
    }
}

/// The check of all mailboxes, which must have different names.
struct MailboxCheck<'c, 'r> {
    file: &'c SiteFile<'c>,
    zones: Option<Names<'c>>,
    options: Option<&'static catalogue::Kind>,
    /// The numbers with their contexts so far, and if contexts are searched the numbers alone, all in lower case.
    names: HashSet<Vec<u8>>,
    numbers: HashSet<Vec<u8>>,
    searches_contexts: bool,
    findings: &'c mut Findings<'r>,
}

impl MailboxCheck<'_, '_> {
    fn mailbox(&mut self, context: &Section, line: &ConfigOption) {
        let number = line.key();
        let object = format!("mailbox {}@{}", Shown(number), Shown(context.name()));
        if number.starts_with(b"*") {
            return self.add(
                &STAR_BOX,
                line,
                &object,
                "Asterisk ignores a mailbox whose number begins with \"*\"",
            );
        }
        self.name(context, line, &object);
        if number.len() > LIMIT {
            self.cut(line, &object, "number", number.len(), LIMIT);
        }
        let fields: Vec<&BStr> = line.value().splitn_str(5, ",").map(BStr::new).collect();
        for (at, name) in CUT_FIELDS {
            let length = fields.get(*at).map_or(0, |field| field.len());
            if length > LIMIT {
                self.cut(line, &object, name, length, LIMIT);
            }
        }
        if fields.first().is_some_and(|password| password.starts_with(b"*")) {
            self.add(&STAR_PASSWORD, line, &object, "the password begins with \"*\", so nobody can log in");
        }
        for option in fields.get(4).into_iter().flat_map(|options| options.split_str("|")) {
            self.option(line, &object, option);
        }
    }

    /// Checks that no mailbox above has the name.
    fn name(&mut self, context: &Section, line: &ConfigOption, object: &str) {
        // No line break stands in a number or context.
        let name = [line.key().as_bytes(), b"\n", context.name()].concat().to_ascii_lowercase();
        if !self.names.insert(name) {
            self.add(&TWICE, line, object, "a mailbox of this name, without regard to case, stands above");
        } else if self.searches_contexts && !self.numbers.insert(line.key().to_ascii_lowercase()) {
            let message =
                "another context has this number, and searchcontexts = yes takes numbers for unique";
            self.add(&ELSEWHERE, line, object, message);
        }
    }

    fn option(&mut self, line: &ConfigOption, object: &str, option: &[u8]) {
        let (key, value) = option.split_once_str("=").unwrap_or((option, b""));
        let key = stripped(key);
        if key.is_empty() {
            return;
        }
        let Some(info) = self.options.and_then(|kind| kind.option(&key.to_str_lossy())) else {
            return if key.contains(&b',') {
                let message =
                    "there are more than four commas before the options: a field has one of its own";
                self.add(&COMMA, line, object, message);
            } else {
                let message = format!("there is no option \"{}\" of a mailbox", Shown(key));
                self.add(&OPTION, line, object, &message);
            };
        };
        let value = stripped(value);
        match info.accepts(&value.to_str_lossy()) {
            Err(rejection) => match rejection.reason {
                catalogue::Reason::TooLong(limit) => self.cut(line, object, info.name, value.len(), limit),
                ref reason => {
                    let shown = shown_value(key, BStr::new(&rejection.value));
                    let message = format!("{}: {shown} {reason}: {}", Shown(key), rejection.consequence);
                    self.add(rule_for_value(rejection.consequence), line, object, &message);
                }
            },
            Ok(()) if info.name == "tz" => self.zone(line, object, value),
            Ok(()) => {}
        }
    }

    fn zone(&mut self, line: &ConfigOption, object: &str, zone: &BStr) {
        if !zone.is_empty() && self.zones.as_ref().is_some_and(|zones| !zones.has(zone)) {
            let message = format!("there is no time zone \"{}\" in [zonemessages]", Shown(zone));
            self.add(&ZONE, line, object, &message);
        }
    }

    fn cut(&mut self, line: &ConfigOption, object: &str, field: &str, length: usize, limit: usize) {
        let message = format!("the {field} has {length} bytes, and Asterisk uses the first {limit}");
        self.add(&CUT, line, object, &message);
    }

    fn add(&mut self, rule: &'static crate::Rule, line: &ConfigOption, object: &str, message: &str) {
        self.findings.add(rule, self.file.at(line.location()), object, message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn found_in_voicemail(text: &str) -> Vec<String> {
        let at = "asterisk/voicemail.conf:";
        found(&[("voicemail.conf", text)])
            .iter()
            .map(|line| line.strip_prefix(at).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_time_zone_that_is_missing() {
        let text = "[general]\ntz = utc\n[zonemessages]\neu-fr = Europe/Paris|q\n[default]\n\
            1 => 1,A,,,tz=eu-fr|attach=yes\n2 => 2,B,,,attach=no|tz=mars\n3 => ,,,,tz=\n";
        assert_eq!(
            found_in_voicemail(text),
            [
                "2: warning: there is no time zone \"utc\" in [zonemessages] [voicemail-zone-missing]",
                "7: warning: mailbox 2@default: there is no time zone \"mars\" in [zonemessages] \
            [voicemail-zone-missing]",
            ]
        );
    }

    #[test]
    fn a_time_zone_without_a_format() {
        let text = "[ZoneMessages]\nx = Europe/Paris\ny = Europe/Paris|\n";
        let expected = "2: warning: time zone x: the line is not TIMEZONE|FORMAT [voicemail-zone-skipped]";
        assert_eq!(found_in_voicemail(text), [expected]);
    }

    #[test]
    fn a_mailbox_that_stands_twice() {
        let text = "[default]\n1a => 1,A\n[Default]\n1A => 2,B\n[other]\n1a => 3,C\n";
        let expected = "4: error: mailbox 1A@Default: a mailbox of this name, without regard to case, stands above \
            [voicemail-box-twice]";
        assert_eq!(found_in_voicemail(text), [expected]);
    }

    #[test]
    fn a_number_in_two_contexts_if_contexts_are_searched() {
        let text = "[general]\nsearchcontexts = yes\n[a]\n1 => 1,A\n[b]\n1 => 2,B\n2 => 2,C\n";
        let expected = "6: error: mailbox 1@b: another context has this number, and searchcontexts = yes takes \
            numbers for unique [voicemail-box-ambiguous]";
        assert_eq!(found_in_voicemail(text), [expected]);
        assert_eq!(found_in_voicemail(&text.replace("yes", "no")), [""; 0]);
    }

    #[test]
    fn a_number_or_a_password_that_begins_with_a_star() {
        assert_eq!(
            found_in_voicemail("[a]\n*1 => 1,A\n1 => *123,B\n2 => 1*2,C\n"),
            [
                "2: error: mailbox *1@a: Asterisk ignores a mailbox whose number begins with \"*\" [voicemail-box-star]",
                "3: error: mailbox 1@a: the password begins with \"*\", so nobody can log in [voicemail-password-star]",
            ]
        );
    }

    #[test]
    fn a_comma_in_a_field() {
        let expected = "2: error: mailbox 1@a: there are more than four commas before the options: a field has one of \
            its own [voicemail-field-comma]";
        assert_eq!(found_in_voicemail("[a]\n1 => 1,Doe, John,j@example.com,,attach=yes\n"), [expected]);
        assert_eq!(found_in_voicemail("[a]\n1 => 1,Doe,j@example.com,,emailbody=a, b|attach=yes\n"), [""; 0]);
    }

    #[test]
    fn a_field_that_is_cut() {
        let (fits, long) = ("é".repeat(39), "é".repeat(40));
        let text = format!("[a]\n1 => {fits},{fits},{long},{fits}\n{long} => ,{long},,,language={long}\n");
        assert_eq!(
            found_in_voicemail(&text),
            [
                format!(
                    "3: error: mailbox {long}@a: the number has 80 bytes, and Asterisk uses the first 79 \
                [voicemail-field-cut]"
                ),
                format!(
                    "3: error: mailbox {long}@a: the name has 80 bytes, and Asterisk uses the first 79 \
                [voicemail-field-cut]"
                ),
                format!(
                    "3: error: mailbox {long}@a: the language has 80 bytes, and Asterisk uses the first 39 \
                [voicemail-field-cut]"
                ),
            ]
        );
    }

    #[test]
    fn an_option_of_a_mailbox() {
        assert_eq!(
            found_in_voicemail("[a]\n1 => ,,,,atach=yes|maxmsg=10000|review=maybe|delete=1|\n"),
            [
                "2: note: mailbox 1@a: there is no option \"atach\" of a mailbox [voicemail-option-unknown]",
                "2: warning: mailbox 1@a: maxmsg: \"10000\" is not from 0 to 9999: Asterisk uses another value without a \
            message [value-changed]",
                "2: warning: mailbox 1@a: review: \"maybe\" is no word for yes or no, and means no: Asterisk uses another \
            value without a message [value-changed]",
            ]
        );
    }

    #[test]
    fn a_context_of_aliases_has_no_mailboxes() {
        let text = "[general]\naliasescontext = other\n[a]\n1 => 1,A\n[Other]\n*1 => 1@a\n";
        assert_eq!(found_in_voicemail(text), [""; 0]);
    }
}
