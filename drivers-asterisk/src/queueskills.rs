//! Writes `queueskills.conf`: the skills of each agent, with their weights. Agents without skills are left out.
//!
//! ```text
//! [agent-3]
//! swedish = 80
//! sales = 0
//!
//! [agent-12]
//! swedish = 50
//! ```

use std::collections::HashMap;

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Driver, Error, OneLine, Query, Row, Session};
use serde::Deserialize;

use crate::line_parts;

pub(crate) struct QueueSkills;

impl Driver for QueueSkills {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let skills: Vec<Row<Skill>> = session.query(SKILLS, &[])?;
        let mut weights: Vec<Row<Weight>> = session.query(WEIGHTS, &[])?;
        let skills: HashMap<i64, &Row<Skill>> = skills
            .iter()
            .filter(|skill| skill.keeps(session, skill_name, &skill.name))
            .map(|skill| (skill.id, skill))
            .collect();
        weights.retain(|weight| skills.contains_key(&weight.skillid));
        let mut writer = Writer::new(session);
        for weights in weights.chunk_by(|a, b| a.agentid == b.agentid) {
            writer.at(&weights[0]).section(format!("agent-{}", weights[0].agentid));
            for weight in weights {
                writer.at(weight).option(&*skills[&weight.skillid].name, ("weight", weight.weight));
            }
        }
        Ok(writer.finish(session))
    }
}

/// Writes the name of a skill as a key, which its weight follows.
fn skill_name(out: &mut String, name: &str) -> Result<(), syntax::Refusal> {
    line_parts::limited(out, name, syntax::padded_key)
}

const SKILLS: Query<'_> =
    Query { table: "queueskill", key: &["id"], sql: "SELECT id, name FROM queueskill ORDER BY id" };

#[derive(Deserialize)]
struct Skill {
    id: i64,
    name: OneLine,
}

const WEIGHTS: Query<'_> = Query {
    table: "agentqueueskill",
    key: &["agentid", "skillid"],
    sql: "SELECT a.id AS agentid, s.id AS skillid, x.weight
        FROM agentqueueskill x
        JOIN agentfeatures a ON a.id = x.agentid
        JOIN queueskill s ON s.id = x.skillid
        ORDER BY a.id, s.id",
};

#[derive(Deserialize)]
struct Weight {
    agentid: i64,
    skillid: i64,
    weight: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row};

    impl Rows {
        fn agent(self, id: i64) -> Rows {
            let row = row! { id: id, tenant_uuid: "T", number: id.to_string() };
            self.add("agentfeatures", row)
        }

        fn skill(self, id: i64, name: &str) -> Rows {
            self.add("queueskill", row! { id: id, tenant_uuid: format!("T{id}"), name: name })
        }

        fn has_skill(self, agent: i64, skill: i64, weight: i64) -> Rows {
            self.add("agentqueueskill", row! { agentid: agent, skillid: skill, weight: weight })
        }
    }

    #[test]
    fn each_agent_is_a_section_of_its_skills() {
        let rows = Rows::default()
            .agent(10)
            .agent(2)
            .agent(3)
            .skill(6, "sales")
            .skill(5, "french")
            .has_skill(2, 6, 0)
            .has_skill(10, 5, 50)
            .has_skill(2, 5, 80);
        let Written { text, warnings } = rows.write(&QueueSkills);
        assert_eq!(text, "[agent-2]\nfrench = 80\nsales = 0\n\n[agent-10]\nfrench = 50\n");
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn without_skills_of_agents_the_file_is_empty() {
        for rows in [
            Rows::default(),
            Rows::default().agent(1).skill(1, "french"),
            Rows::default().agent(1).has_skill(1, 1, 50),
            Rows::default().skill(1, "french").has_skill(1, 1, 50),
        ] {
            let Written { text, warnings } = rows.write(&QueueSkills);
            assert_eq!((text.as_str(), warnings.len()), ("", 0));
        }
    }

    /// Writes the file for an agent with these skills.
    fn agent(skills: &[(&str, i64)]) -> Written {
        let rows = (1..).zip(skills).fold(Rows::default().agent(1), |rows, (id, &(name, weight))| {
            rows.skill(id, name).has_skill(1, id, weight)
        });
        rows.write(&QueueSkills)
    }

    #[test]
    fn names_and_weights_are_written_unchanged() {
        let written = agent(&[("french", -5), ("french", 100), (" two words", 1)]);
        assert_eq!(written.text, "[agent-1]\nfrench = -5\nfrench = 100\ntwo words = 1\n");
        assert_eq!(written.warnings, [""; 0]);
    }

    #[test]
    fn an_unreadable_name_is_reported_once() {
        let warning = |message: &str| [format!("table queueskill, row id=1, column name: {message}")];
        let equals = "there is a \"=\", which ends the name of an option; the row is left out";
        for (name, message) in
            [("", "it is empty; the row is left out"), (" a;b = c ", equals), ("a=b", equals)]
        {
            let written = agent(&[(name, 1), ("c;d", 2)]);
            assert_eq!(written.text, "[agent-1]\nc\\;d = 2\n");
            assert_eq!(written.warnings, warning(message));
        }
        let rows = Rows::default().agent(1).agent(2).skill(1, "").has_skill(1, 1, 5).has_skill(2, 1, 6);
        assert_eq!(rows.write(&QueueSkills).warnings, warning("it is empty; the row is left out"));
    }

    #[test]
    fn a_skill_with_a_line_break_is_left_out() {
        for bad in ["a\n[evil]", "a\r", "\0"] {
            let Written { text, warnings } = agent(&[("before", 1), (bad, 2), ("after", 3)]);
            assert_eq!(text, "[agent-1]\nbefore = 1\nafter = 3\n");
            let left_out =
                "table queueskill, row id=2, column name: the value has a line break; the row is left out";
            assert_eq!(warnings, [left_out]);
            assert_eq!(agent(&[(bad, 1)]).text, "");
        }
    }
}
