//! Features during a call: their codes, and the groups that name them.

use asterisk_conf::{ConfigOption, Section, stripped};
use bstr::BStr;

use super::Findings;
use super::applications::{gone_application, unknown_application};
use super::names::{Names, objects};
use crate::fields::fields;
use crate::rule::rules;
use crate::site::{Site, SiteFile};
use crate::text::Shown;

rules! {
    INCOMPLETE = "features-application-incomplete", Error, "Asterisk refuses the whole file, and uses its own defaults.";
    APPLICATION = "features-application-missing", Warning, "Asterisk warns when somebody dials the code, and does nothing.";
    ITEM = "features-item-missing", Warning, "Asterisk warns, and the group does not have the feature.";
    CODE = "features-code-ambiguous", Warning, "The shorter or first code wins, so that nobody can dial the other feature.";
}

/// The fields of an application: code, who can dial it, application, arguments, music class.
const FIELDS: usize = 5;

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(file) = site.file("features.conf") else { return };
    let document = file.document();
    let sections = |name: &'static str| {
        document.sections_named(name).filter(|section| !section.is_template()).flat_map(Section::options)
    };
    let mut codes: Vec<Code<'_>> =
        sections("featuremap").map(|option| Code { code: option.value().to_vec(), option }).collect();
    for option in sections("applicationmap") {
        let fields = fields(option.value(), FIELDS);
        let is_whole = fields.get(..3).is_some_and(|first| first.iter().all(|field| !field.is_empty()));
        if is_whole {
            let code = fields.first().map(|code| stripped(code).to_vec()).unwrap_or_default();
            codes.push(Code { code, option });
            check_application(
                file,
                option,
                fields.get(2).map_or(BStr::new(""), |name| stripped(name)),
                findings,
            );
        } else {
            let message = "the line is not CODE,WHO,APPLICATION: one of the three is missing";
            findings.add(&INCOMPLETE, file.at(option.location()), feature(option), message);
        }
    }
    check_codes(file, codes, findings);
    check_groups(file, &Names::without_case(sections("applicationmap").map(ConfigOption::key)), findings);
}

/// Checks that Asterisk has the application of a feature.
fn check_application(file: &SiteFile<'_>, option: &ConfigOption, name: &BStr, findings: &mut Findings<'_>) {
    // An older form has the arguments in parentheses.
    let name = name.split(|c| *c == b'(').next().map_or(name, |name| stripped(name));
    if let Some(unknown) = gone_application(name).or_else(|| unknown_application(name)) {
        let message = format!("{unknown}: the code does nothing");
        findings.add(&APPLICATION, file.at(option.location()), feature(option), message);
    }
}

/// The digits of a feature.
struct Code<'d> {
    code: Vec<u8>,
    option: &'d ConfigOption,
}

fn feature(option: &ConfigOption) -> String {
    format!("feature {}", Shown(option.key()))
}

/// Looks for codes that are equal, or begin with another code. After sorting, a code stands behind its beginnings.
fn check_codes(file: &SiteFile<'_>, mut codes: Vec<Code<'_>>, findings: &mut Findings<'_>) {
    codes.retain(|code| !code.code.is_empty());
    codes.sort_by(|a, b| a.code.cmp(&b.code));
    let mut shorter: Option<Code<'_>> = None;
    for code in codes {
        match &shorter {
            // The last line of a feature counts.
            Some(first) if first.option.has_key(code.option.key()) => {}
            Some(first) if code.code.starts_with(&first.code) => {
                let (this, that) = (Shown(BStr::new(&code.code)), Shown(BStr::new(&first.code)));
                let name = Shown(first.option.key());
                let message = if code.code == first.code {
                    format!("the feature {name} has the code {that}, too")
                } else {
                    format!("its code {this} begins with {that}, the code of {name}")
                };
                findings.add(&CODE, file.at(code.option.location()), feature(code.option), message);
            }
            _ => shorter = Some(code),
        }
    }
}

/// Checks that the items of groups are applications.
fn check_groups(file: &SiteFile<'_>, applications: &Names<'_>, findings: &mut Findings<'_>) {
    for group in objects(file, &["general", "featuremap", "applicationmap"]) {
        if group.name().get(..11).is_some_and(|start| start.eq_ignore_ascii_case(b"parkinglot_")) {
            continue;
        }
        for item in group.options().iter().filter(|item| !applications.has(item.key())) {
            let object = format!("feature group {}", Shown(group.name()));
            let message = format!("there is no \"{}\" in [applicationmap]", Shown(item.key()));
            findings.add(&ITEM, file.at(item.location()), object, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn found_in_features(text: &str) -> Vec<String> {
        let at = "asterisk/features.conf:";
        found(&[("features.conf", text)])
            .iter()
            .map(|line| line.strip_prefix(at).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn an_application_with_too_few_parts() {
        let text = "[applicationmap]\na = *1,self\nb = *2,,NoOp()\nc = *3,self/ByCaller,Playback(\"x, y\")\nd = *4,peer,Set,\"A=1\",jazz\n";
        assert_eq!(
            found_in_features(text),
            [
                "2: error: feature a: the line is not CODE,WHO,APPLICATION: one of the three is missing \
            [features-application-incomplete]",
                "3: error: feature b: the line is not CODE,WHO,APPLICATION: one of the three is missing \
            [features-application-incomplete]",
            ]
        );
    }

    #[test]
    fn an_application_that_asterisk_does_not_have() {
        let text = "[applicationmap]\na = *1,self,Monitr\nb = *2,self,Macro,x\nc = *3,peer,Playbak(x)\nd = *4,self,playback,x\n\
            e = *5,self,MyOwn\n";
        assert_eq!(
            found_in_features(text),
            [
                "3: warning: feature b: Asterisk 22 has no application Macro: the code does nothing \
                [features-application-missing]",
                "4: warning: feature c: Asterisk 22 has no application \"Playbak\" (did you mean Playback?): the code \
                does nothing [features-application-missing]",
            ]
        );
    }

    #[test]
    fn an_item_of_a_group_that_is_no_application() {
        let text = "[general]\npickupexten = *8\n[featuremap]\natxfer = *2\n[applicationmap]\nRecord = *3,self,AGI(x)\n\
            [group]\nrecord =\natxfer = *4\n";
        let expected = "9: warning: feature group group: there is no \"atxfer\" in [applicationmap] [features-item-missing]";
        assert_eq!(found_in_features(text), [expected]);
    }

    #[test]
    fn a_code_that_hides_another() {
        let text = "[featuremap]\nblindxfer = *1\ndisconnect = *1\natxfer =\nparkcall =\nBlindXfer = *1\n[applicationmap]\n\
            a = *12,self,NoOp\nb = *2,self,NoOp\nc = #,self,NoOp\n";
        assert_eq!(
            found_in_features(text),
            [
                "3: warning: feature disconnect: the feature blindxfer has the code *1, too [features-code-ambiguous]",
                "8: warning: feature a: its code *12 begins with *1, the code of blindxfer [features-code-ambiguous]",
            ]
        );
    }
}
