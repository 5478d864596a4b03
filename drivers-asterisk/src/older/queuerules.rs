//! Writes `queuerules.conf`: how the penalties that limit a queue's members change while a caller waits. A queue
//! names its rule with `defaultrule`.
//!
//! ```text
//! [night]
//! penaltychange => 10,5,0
//! penaltychange => 60,,3
//! penaltychange => 90,-1
//! penaltychange => 120,
//! ```
//!
//! A change has the seconds after which it happens, the new maximum, and the new minimum. A number with `+` or `-` is
//! added to the limit so far or subtracted from it. Without a number, the limit stays.
//!
//! No release wrote the lines so. In those of the last one, as in `105,0` for the first line above, the seconds and
//! the maximum ran together, and those of earlier ones had blanks that hide the signs: Asterisk reads either as
//! something else than the row says.

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Driver, Error, OneLine, Query, Row, Session};
use serde::Deserialize;

pub(crate) struct QueueRules;

impl Driver for QueueRules {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut rules: Vec<Row<Rule>> = session.query(RULES, &[])?;
        let changes: Vec<Row<Change>> = session.query(CHANGES, &[])?;
        rules.retain(|rule| is_read_as_rule(session, rule));
        let mut writer = Writer::new(session);
        for rule in &rules {
            write_rule(&mut writer, session, rule, of_rule(&changes, rule.id));
        }
        Ok(writer.finish(session))
    }
}

const RULES: Query<'_> = Query {
    table: "queuepenalty",
    key: &["id"],
    sql: "SELECT id, name FROM queuepenalty WHERE commented = 0 ORDER BY name COLLATE \"C\", id",
};

#[derive(Deserialize)]
struct Rule {
    id: i64,
    name: OneLine,
}

const CHANGES: Query<'_> = Query {
    table: "queuepenaltychange",
    key: &["queuepenalty_id", "seconds"],
    sql: "SELECT queuepenalty_id, seconds, maxp_sign, maxp_value, minp_sign, minp_value
        FROM queuepenaltychange
        ORDER BY queuepenalty_id, seconds",
};

#[derive(Deserialize)]
struct Change {
    queuepenalty_id: i64,
    seconds: i64,
    maxp_sign: Option<Sign>,
    maxp_value: Option<i64>,
    minp_sign: Option<Sign>,
    minp_value: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
enum Sign {
    #[serde(rename = "=")]
    Set,
    #[serde(rename = "+")]
    Add,
    #[serde(rename = "-")]
    Subtract,
}

/// Returns the changes of a rule. They are sorted by rule.
fn of_rule(changes: &[Row<Change>], id: i64) -> &[Row<Change>] {
    let start = changes.partition_point(|change| change.queuepenalty_id < id);
    let end = changes.partition_point(|change| change.queuepenalty_id <= id);
    &changes[start..end]
}

/// Tells whether Asterisk reads a section of this name as this rule; if not, warns that the row is left out.
fn is_read_as_rule(session: &mut Session<'_>, rule: &Row<Rule>) -> bool {
    if rule.name.eq_ignore_ascii_case("general") {
        let message =
            "Asterisk reads the section \"general\" as options, and not as a rule; the row is left out";
        rule.warn(session, "name", message);
        return false;
    }
    rule.keeps(session, syntax::section_name, &rule.name)
}

/// Writes a rule, unless it has no changes.
fn write_rule(writer: &mut Writer, session: &mut Session<'_>, rule: &Row<Rule>, changes: &[Row<Change>]) {
    let written = changes.iter().filter_map(|change| Some((change, limits(session, change)?)));
    let written: Vec<(&Row<Change>, [Option<String>; 2])> = written.collect();
    if written.is_empty() {
        return;
    }
    writer.at(rule).section(&rule.name);
    for (change, [maximum, minimum]) in written {
        let seconds = ("seconds", change.seconds);
        let maximum = ("maxp_value", maximum);
        let comma = if minimum.is_some() { "," } else { "" };
        let minimum = ("minp_value", minimum);
        writer.at(change).object_option_of("penaltychange", &[&seconds, &",", &maximum, &comma, &minimum]);
    }
}

/// Returns the maximum and the minimum of a change, as far as they change. Warns of a change that Asterisk would ignore,
/// or read as another one, and returns none.
fn limits(session: &mut Session<'_>, change: &Row<Change>) -> Option<[Option<String>; 2]> {
    if change.seconds < 0 {
        change.warn(session, "seconds", "Asterisk ignores a change at a negative time; the row is left out");
        return None;
    }
    let limits = [
        ("maxp_value", change.maxp_sign, change.maxp_value),
        ("minp_value", change.minp_sign, change.minp_value),
    ];
    for (column, sign, value) in limits {
        if sign == Some(Sign::Set) && value.is_some_and(|value| value < 0) {
            let message = "Asterisk subtracts a negative number instead of setting the limit to it; the row is left out";
            change.warn(session, column, message);
            return None;
        }
    }
    Some(limits.map(|(_, sign, value)| Some(limit(sign?, value?))))
}

/// Returns a limit as Asterisk reads it. It reads only the first character as a sign, so that a number which adds a
/// negative one becomes a number which subtracts.
fn limit(sign: Sign, value: i64) -> String {
    match sign {
        Sign::Set => value.to_string(),
        Sign::Add | Sign::Subtract => {
            let sign = if (sign == Sign::Subtract) == (value < 0) { '+' } else { '-' };
            format!("{sign}{}", value.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row};

    /// The sign and the number of a limit.
    type Limit = Option<(&'static str, i64)>;

    impl Rows {
        fn penalty_rule(self, id: i64, name: &str) -> Rows {
            self.add("queuepenalty", row! { id: id, name: name, description: "" })
        }

        fn penalty_change(self, rule: i64, seconds: i64, maximum: Limit, minimum: Limit) -> Rows {
            let [maximum, minimum] = [maximum, minimum].map(Option::unzip);
            let row = row! {
                queuepenalty_id: rule, seconds: seconds, maxp_sign: maximum.0, maxp_value: maximum.1,
                minp_sign: minimum.0, minp_value: minimum.1,
            };
            self.add("queuepenaltychange", row)
        }
    }

    /// Writes the file for a rule with one change, and returns the line of the change.
    fn change(seconds: i64, maximum: Limit, minimum: Limit) -> Result<String, Vec<String>> {
        let rows = Rows::default().penalty_rule(1, "a").penalty_change(1, seconds, maximum, minimum);
        let Written { text, warnings } = rows.write(&QueueRules);
        let line = text.strip_prefix("[a]\npenaltychange => ");
        line.map(|line| line.trim_end().to_owned()).ok_or(warnings)
    }

    #[test]
    fn rules_are_sorted_by_name_and_their_changes_by_time() {
        let rows = Rows::default()
            .penalty_rule(1, "b")
            .penalty_rule(2, "a")
            .penalty_rule(3, "B")
            .penalty_change(1, 9, None, Some(("+", 2)))
            .penalty_change(1, 5, Some(("=", 1)), None)
            .penalty_change(2, 7, Some(("-", 3)), Some(("=", 0)))
            .penalty_change(3, 1, None, None);
        let Written { text, warnings } = rows.write(&QueueRules);
        let expected = "[B]
penaltychange => 1,

[a]
penaltychange => 7,-3,0

[b]
penaltychange => 5,1
penaltychange => 9,,+2
";
        assert_eq!((text.as_str(), warnings.len()), (expected, 0));
    }

    #[test]
    fn a_limit_without_sign_or_number_stays() {
        for (maximum, minimum, line) in [
            (Some(("=", 5)), Some(("=", 0)), "10,5,0"),
            (Some(("+", 2)), Some(("-", 1)), "10,+2,-1"),
            (None, Some(("=", 3)), "10,,3"),
            (Some(("-", 1)), None, "10,-1"),
            (None, None, "10,"),
        ] {
            assert_eq!(change(10, maximum, minimum).as_deref(), Ok(line));
        }
        let half = row! { queuepenalty_id: 1, seconds: 10, maxp_sign: "+", minp_value: 4 };
        let rows = Rows::default().penalty_rule(1, "a").add("queuepenaltychange", half);
        assert_eq!(rows.write(&QueueRules).text, "[a]\npenaltychange => 10,\n");
    }

    #[test]
    fn adding_a_negative_number_subtracts_it() {
        assert_eq!(change(0, Some(("+", -1)), Some(("-", -2))).as_deref(), Ok("0,-1,+2"));
        assert_eq!(change(0, Some(("-", 0)), Some(("+", 0))).as_deref(), Ok("0,-0,+0"));
    }

    #[test]
    fn a_change_that_asterisk_would_misread_is_left_out() {
        let warning = |seconds, message| {
            let row = format!("table queuepenaltychange, row queuepenalty_id=1 seconds={seconds}");
            Err(vec![format!("{row}, column {message}; the row is left out")])
        };
        let negative = "seconds: Asterisk ignores a change at a negative time";
        assert_eq!(change(-5, None, None), warning(-5, negative));
        let subtracted =
            "maxp_value: Asterisk subtracts a negative number instead of setting the limit to it";
        assert_eq!(change(5, Some(("=", -3)), None), warning(5, subtracted));
        let subtracted =
            "minp_value: Asterisk subtracts a negative number instead of setting the limit to it";
        assert_eq!(change(5, None, Some(("=", -3))), warning(5, subtracted));
    }

    #[test]
    fn disabled_or_empty_rules_and_stray_changes_are_left_out() {
        let disabled = (2..).zip([1, 2, -1]).fold(Rows::default(), |rows, (id, commented): (i64, i64)| {
            let row = row! { id: id, name: id.to_string(), commented: commented, description: "" };
            rows.add("queuepenalty", row).penalty_change(id, 1, None, None)
        });
        let rows = disabled.penalty_rule(1, "empty").penalty_change(77, 1, None, None);
        let Written { text, warnings } = rows.write(&QueueRules);
        assert_eq!((text.as_str(), warnings.len()), ("", 0));
    }

    #[test]
    fn a_name_that_is_no_section_is_left_out() {
        let names = ["", " a", "a]b", "a\n[evil]", "General", "a;b"];
        let rows = (1..).zip(names).fold(Rows::default(), |rows, (id, name)| {
            rows.penalty_rule(id, name).penalty_change(id, 1, None, None)
        });
        let Written { text, warnings } = rows.write(&QueueRules);
        assert_eq!(text, "[a\\;b]\npenaltychange => 1,\n");
        let general = "Asterisk reads the section \"general\" as options, and not as a rule";
        let expected = [
            (4, "the value has a line break"),
            (1, "it is empty"),
            (2, "there is a blank at an end, which Asterisk strips"),
            (5, general),
            (3, "there is a \"]\", which ends the name of a section"),
        ];
        let expected = expected.map(|(id, message)| {
            format!("table queuepenalty, row id={id}, column name: {message}; the row is left out")
        });
        assert_eq!(warnings, expected);
    }
}
