//! Conferences: the profiles and music classes that profiles refer to.

use std::collections::HashSet;

use asterisk_conf::Section;
use bstr::BStr;

use super::Findings;
use super::names::{Names, objects};
use crate::rule::rules;
use crate::site::Site;
use crate::text::{Shown, object};

rules! {
    MUSIC_CLASS = "confbridge-musicclass-missing", Warning, "Asterisk warns at each call, and plays nothing.";
    TEMPLATE = "confbridge-template-missing", Error,
        "Asterisk refuses the whole file: at a start, the module that makes conferences is not loaded.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("confbridge.conf") else { return };
    let classes = Names::music_classes(site);
    let mut profiles: HashSet<(Kind, &BStr)> = HashSet::new();
    for section in objects(file, &["general"]) {
        // Another rule reports a profile without a known type.
        let Some(kind) = Kind::of(section) else { continue };
        let object = || object(kind.name(), section.name());
        // A profile is known to itself once its section has begun, but has nothing to inherit then.
        for option in section.options() {
            let value = option.value();
            if option.has_key("template") && !value.is_empty() && !profiles.contains(&(kind, value)) {
                let message = format!("no {} \"{}\" stands above", kind.name(), Shown(value));
                findings.add(&TEMPLATE, file.at(option.location()), object(), message);
            }
            let is_class = kind == Kind::User && option.has_key("music_on_hold_class");
            if is_class && !value.is_empty() && classes.as_ref().is_some_and(|classes| !classes.has(value)) {
                let message = format!("there is no music class \"{}\"", Shown(value));
                findings.add(&MUSIC_CLASS, file.at(option.location()), object(), message);
            }
        }
        profiles.insert((kind, section.name()));
    }
}

/// The type of a profile.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    User,
    Bridge,
    Menu,
}

impl Kind {
    fn of(section: &Section) -> Option<Kind> {
        let value = section.value("type")?;
        let all = [Kind::User, Kind::Bridge, Kind::Menu];
        all.into_iter().find(|kind| value.eq_ignore_ascii_case(kind.value()))
    }

    /// Returns the value of `type`.
    fn value(self) -> &'static [u8] {
        match self {
            Kind::User => b"user",
            Kind::Bridge => b"bridge",
            Kind::Menu => b"menu",
        }
    }

    /// Returns the name for messages.
    fn name(self) -> &'static str {
        match self {
            Kind::User => "user profile",
            Kind::Bridge => "bridge profile",
            Kind::Menu => "menu",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_music_class_that_is_missing() {
        let text = "[u]\ntype = user\nmusic_on_hold_class = jazz\n[v]\ntype = User\nmusic_on_hold_class = Rock\n\
            [w]\ntype = user\nmusic_on_hold_class =\n";
        let classes = "[rock]\nmode = files\ndirectory = /d\n";
        assert_eq!(
            found(&[("confbridge.conf", text), ("musiconhold.conf", classes)]),
            ["asterisk/confbridge.conf:3: warning: user profile u: there is no music class \"jazz\" \
            [confbridge-musicclass-missing]"]
        );
        assert_eq!(found(&[("confbridge.conf", text)]), [""; 0]);
    }

    #[test]
    fn a_template_that_does_not_stand_above() {
        let text = "[u]\ntype = user\ntemplate = nope\n[b]\ntype = bridge\n[v]\ntype = user\ntemplate = b\n\
            [w]\ntype = user\ntemplate = u\n[m]\ntype = menu\ntemplate = n\n[n]\ntype = menu\n";
        assert_eq!(
            found(&[("confbridge.conf", text)]),
            [
                "asterisk/confbridge.conf:3: error: user profile u: no user profile \"nope\" stands above \
            [confbridge-template-missing]",
                "asterisk/confbridge.conf:8: error: user profile v: no user profile \"b\" stands above \
            [confbridge-template-missing]",
                "asterisk/confbridge.conf:14: error: menu m: no menu \"n\" stands above [confbridge-template-missing]",
            ]
        );
    }

    #[test]
    fn a_missing_type_and_bad_keys_are_reported_once() {
        let text = "[a]\nquiet = yes\n[b]\ntype = admin\n[m]\ntype = menu\n#1 = no_op\nE = no_op\n2 = dance\n\\#2 = no_op\n";
        assert_eq!(
            found(&[("confbridge.conf", text)]),
            [
                "asterisk/confbridge.conf:1: error: section a: the section has no type; Asterisk refuses the whole file \
            [section-unread]",
                "asterisk/confbridge.conf:3: error: section b [type = admin]: Asterisk knows no such type; Asterisk refuses \
            the whole file [section-unread]",
                "asterisk/confbridge.conf:7: error: Asterisk does not know the directive #1, and skips the line \
            [syntax-line-skipped]",
                "asterisk/confbridge.conf:8: error: menu m: there is no option \"E\" here: Asterisk refuses the whole file \
            [option-unknown]",
                "asterisk/confbridge.conf:9: warning: menu m: 2: \"dance\" is no action of a menu: Asterisk ignores it \
            without a message [value-changed]",
            ]
        );
    }
}
