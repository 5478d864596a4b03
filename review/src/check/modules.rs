//! The modules that Asterisk loads when it starts.

use asterisk_conf::{ConfigOption, Section};
use bstr::{BStr, ByteSlice as _};

use super::Findings;
use super::names::Names;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::Shown;

rules! {
    TWICE = "modules-twice", Error, "Asterisk reads the first section [modules] alone.";
    CONTRADICTION = "modules-contradiction", Warning, "Asterisk does not load a module with both load and noload.";
    REQUIRED = "modules-required-missing", Error, "Asterisk does not start without a module that it requires.";
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
    let loaded =
        options.iter().filter(|option| is_one(option, &["load", "preload", "require", "preload-require"]));
    for option in loaded.filter(|option| excluded.has(name(option.value()))) {
        let object = format!("module {}", Shown(name(option.value())));
        findings.add(
            &CONTRADICTION,
            file.at(option.location()),
            object,
            "there is a noload of the module, too",
        );
    }
    check_required(site, file, first, findings);
}

/// Checks that the folder of modules has those without which Asterisk does not start.
fn check_required(site: &Site<'_>, file: &SiteFile<'_>, modules: &Section, findings: &mut Findings<'_>) {
    let Some(files) = site.files_below("astmoddir", "") else { return };
    let known = Names::without_case(files.iter().map(|file| name(file.as_bstr())));
    let is_required = |option: &&ConfigOption| option.has_key("require") || option.has_key("preload-require");
    for option in modules.options().iter().filter(is_required) {
        let module = name(option.value());
        // Parts of Asterisk itself are modules without a file. Their names are one word.
        if module.contains(&b'_') && !known.has(module) {
            let message = "the folder of modules does not have it: Asterisk does not start";
            findings.add(&REQUIRED, file.at(option.location()), format!("module {}", Shown(module)), message);
        }
    }
}

/// Returns the name of a module without its ending.
fn name(module: &BStr) -> &BStr {
    module.strip_suffix(b".so").map_or(module, BStr::new)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Machine, findings, found};

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
    fn a_module_that_asterisk_requires_is_missing() {
        let text = "[modules]\nrequire = res_a.so\npreload-require = RES_B\nrequire = res_c\nrequire = cdr\nload = res_d.so\n";
        let of = |folder: &'static str| {
            let settings = format!("[directories]\nastmoddir = {folder}\n");
            let files = [("asterisk.conf", &*settings), ("modules.conf", text), ("voicemail.conf", "")];
            let below: &[(&str, &[&str])] = &[("/modules", &["res_a.so", "res_b.so"])];
            let host = Machine { files: files.into_iter().collect(), folders: &[], below, programs: &[] };
            findings(Some(&host), &[])
        };
        assert_eq!(
            of("/modules"),
            [
                "modules.conf:4: error: module res_c: the folder of modules does not have it: Asterisk does not start \
            [modules-required-missing]"
            ]
        );
        assert_eq!(of("/elsewhere"), [""; 0]);
    }

    #[test]
    fn a_module_is_required_and_not_loaded() {
        assert_eq!(
            found(&[(
                "modules.conf",
                "[modules]\nautoload = yes\nrequire = a.so\nrequire = b.so\nnoload = a.so\n"
            )]),
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
