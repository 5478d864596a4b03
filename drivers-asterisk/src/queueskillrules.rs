//! Writes `queueskillrules.conf`: the rules by which a queue chooses agents by their skills. Queues refer to
//! them by id.
//!
//! ```text
//! [skillrule-1]
//! rule = WT < 60, swedish > 50 & sales
//! rule = swedish > 10
//! rule =
//! ```

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Driver, Error, Query, Row, Session, Text};
use serde::Deserialize;

pub(crate) struct QueueSkillRules;

impl Driver for QueueSkillRules {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rules: Vec<Row<Rule>> = session.query(RULES, &[])?;
        let mut writer = Writer::new(session);
        for rule in &rules {
            let mut lines = writer.at(rule);
            lines.section(format!("skillrule-{}", rule.id));
            // Without a column, the writer does not warn of a blank behind a semicolon.
            for part in rule.rule.iter().flat_map(|rule| rule.split(';')) {
                if rule.keeps_or(session, "the part is left out", part_of_rule, ("rule", part)) {
                    lines.option("rule", part);
                }
            }
        }
        Ok(writer.finish(session))
    }
}

/// Writes one part of a rule as the option `rule`, and refuses a line that is too long.
fn part_of_rule(out: &mut String, part: &str) -> Result<(), syntax::Refusal> {
    out.push_str("rule = ");
    syntax::value(out, part)?;
    syntax::fits(out)
}

const RULES: Query<'_> =
    Query { table: "queueskillrule", key: &["id"], sql: "SELECT id, rule FROM queueskillrule ORDER BY id" };

#[derive(Deserialize)]
struct Rule {
    id: i64,
    rule: Option<Text>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    impl Rows {
        fn skill_rule<'a>(self, id: i64, rule: impl Into<Option<&'a str>>) -> Rows {
            self.add("queueskillrule", row! { id: id, tenant_uuid: "T", name: "a\nb", rule: rule.into() })
        }
    }

    #[test]
    fn each_rule_is_a_section_of_its_parts() {
        let rows = Rows::default()
            .skill_rule(3, "a; b ")
            .skill_rule(1, "WT < 60, french > 50 & sales;french > 10;")
            .skill_rule(2, None)
            .skill_rule(4, "");
        let expected = unindented(
            "
            [skillrule-1]
            rule = WT < 60, french > 50 & sales
            rule = french > 10
            rule =

            [skillrule-2]

            [skillrule-3]
            rule = a
            rule =  b

            [skillrule-4]
            rule =
            ",
        );
        let Written { text, warnings } = rows.write(&QueueSkillRules);
        assert_eq!((text, warnings.len()), (expected + "\n", 0));
    }

    #[test]
    fn without_rules_the_file_is_empty() {
        let Written { text, warnings } = Rows::default().write(&QueueSkillRules);
        assert_eq!((text.as_str(), warnings.len()), ("", 0));
    }

    #[test]
    fn every_semicolon_ends_a_part() {
        for (rule, lines) in [
            (";", "rule =\nrule =\n"),
            ("a; b ;;c;", "rule = a\nrule =  b\nrule =\nrule = c\nrule =\n"),
            ("a\\;b", "rule = a\\\nrule = b\n"),
            (" é ", "rule =  é\n"),
        ] {
            let written = Rows::default().skill_rule(1, rule).write(&QueueSkillRules);
            assert_eq!(written.text, format!("[skillrule-1]\n{lines}"));
            assert_eq!(written.warnings, [""; 0]);
        }
    }

    #[test]
    fn a_part_with_a_line_break_is_left_out() {
        let rows = Rows::default().skill_rule(1, "a;b\n[evil];c\r;d").skill_rule(2, "\0").skill_rule(3, "e");
        let Written { text, warnings } = rows.write(&QueueSkillRules);
        assert_eq!(text, "[skillrule-1]\nrule = a\nrule = d\n\n[skillrule-2]\n\n[skillrule-3]\nrule = e\n");
        let left_out = |id| {
            format!(
                "table queueskillrule, row id={id}, column rule: the value has a line break; the part \
                    is left out"
            )
        };
        // Once for each rule.
        assert_eq!(warnings, [1, 2].map(left_out));
    }
}
