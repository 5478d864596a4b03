//! Names of sections that Asterisk cuts.

use std::collections::HashMap;

use asterisk_conf::Section;
use bstr::BStr;

use super::Findings;
use crate::rule::rules;
use crate::site::Site;
use crate::text::object;

rules! {
    NAME_CUT = "section-name-cut", Error, "Asterisk cuts the name after 79 bytes: what refers to the whole name is not found.";
}

pub(super) fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    for (_, file) in site.files() {
        let mut firsts: HashMap<&BStr, &Section> = HashMap::new();
        for section in file.document().sections().iter().filter(|section| section.has_cut_name()) {
            let cut = "the name has more than 79 bytes, and Asterisk cuts it";
            let message = if let Some(first) = firsts.get(section.name()) {
                let (_, line) = file.at(first.location()).place();
                format!("{cut}; cut, it is the same as that of line {line}")
            } else {
                firsts.insert(section.name(), section);
                cut.to_owned()
            };
            findings.add(&NAME_CUT, file.at(section.location()), object("section", section.name()), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_name_of_more_than_79_bytes() {
        let long = "x".repeat(79);
        let text = format!("[{long}]\n1 => 1,A\n[{long}y]\n2 => 2,B\n[{long}z]\n3 => 3,C\n");
        let at = |line| {
            format!(
                "asterisk/voicemail.conf:{line}: error: section {long}: the name has more than 79 bytes, and"
            )
        };
        assert_eq!(
            found(&[("voicemail.conf", &text)]),
            [
                format!("{} Asterisk cuts it [section-name-cut]", at(3)),
                format!(
                    "{} Asterisk cuts it; cut, it is the same as that of line 3 [section-name-cut]",
                    at(5)
                ),
            ]
        );
    }
}
