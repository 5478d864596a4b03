//! The modules that Asterisk loads when it starts.

use asterisk_conf::ConfigOption;
use bstr::BStr;

use super::Findings;
use super::names::Names;
use crate::rule::rules;
use crate::site::Site;
use crate::text::Shown;

rules! {
    TWICE = "modules-twice", Error, "Asterisk reads the first section [modules] alone.";
    CONTRADICTION = "modules-contradiction", Warning, "Asterisk does not load a module with both load and noload.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("modules.conf") else { return };
    let mut sections = file.document().sections_named("modules").filter(|section| !section.is_template());
    let Some(first) = sections.next() else { return };
    for section in sections {
        let message = "a section of this name stands above, and Asterisk reads no other";
        findings.add(&TWICE, file.at(section.location()), "section modules", message);
    }
    let options = first.options();
    let is_one = |option: &&ConfigOption, keys: &[&str]| keys.iter().any(|key| option.has_key(key));
    let excluded = options.iter().filter(|option| is_one(option, &["noload"]));
    let excluded = Names::without_case(excluded.map(|option| name(option.value())));
    let loaded = options.iter().filter(|option| is_one(option, &["load", "preload"]));
    for option in loaded.filter(|option| excluded.has(name(option.value()))) {
        let object = format!("module {}", Shown(name(option.value())));
        findings.add(
            &CONTRADICTION,
            file.at(option.location()),
            object,
            "there is a noload of the module, too",
        );
    }
}

/// Returns the name of a module without its ending.
fn name(module: &BStr) -> &BStr {
    module.strip_suffix(b".so").map_or(module, BStr::new)
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn only_the_first_section_counts() {
        let text = "[modules]\nautoload = yes\n[Modules]\nload = x.so\n";
        assert_eq!(
            found(&[("modules.conf", text)]),
            [
                "asterisk/modules.conf:3: error: section modules: a section of this name stands above, and Asterisk reads no \
            other [modules-twice]"
            ]
        );
    }

    #[test]
    fn a_module_is_loaded_and_not_loaded() {
        let text = "[modules]\nautoload = yes\nload => a.so\nload => b.so\nnoload => a\nnoload => c.so\n";
        assert_eq!(
            found(&[("modules.conf", text)]),
            [
                "asterisk/modules.conf:3: warning: module a: there is a noload of the module, too [modules-contradiction]"
            ]
        );
    }

    #[test]
    fn an_unknown_key_is_reported_once() {
        assert_eq!(
            found(&[("modules.conf", "[modules]\nnolaod = x.so\n")]),
            [
                "asterisk/modules.conf:2: error: modules modules: there is no option \"nolaod\" here (did you mean noload?): \
            Asterisk does not start [option-unknown]"
            ]
        );
    }
}
