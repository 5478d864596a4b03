//! Writes `queues.conf`: the queues with their options and members, and the groups, which Asterisk treats as
//! queues. The file has no agents: they are members only while they are logged in.
//!
//! ```text
//! [general]
//! persistentmembers = yes
//!
//! ; Group 0
//! [grp-ten0000-0]
//! timeout = 15
//! retry = 5
//! strategy = ringall
//! member = Local/c026c36b-…@usersharedlines,0,,hint:c026c36b-…@usersharedlines
//! ```

use std::collections::HashMap;

use driver_api::asterisk::{Writer, syntax};
use driver_api::{
    Blanked, Dated, Driver, Error, OneLine, OptionColumns, Query, Release, Row, Session, StandIn, Text,
};
use serde::Deserialize;

use crate::static_table::{StaticOption, value};

pub(crate) struct Queues;

impl Driver for Queues {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        session.stand_in(&[WITHOUT_LABELS]);
        let calls_users = CALLS_USERS_OF_QUEUES.at(session.release()?);
        let general: Vec<Row<StaticOption>> = session.query(GENERAL, &[])?;
        let queues: Vec<Row<Queue>> = session.query(QUEUES, &[])?;
        let members: Vec<Row<Member>> = session.query(MEMBERS, &[])?;
        let members: HashMap<&str, &[Row<Member>]> = members
            .chunk_by(|a, b| a.queue_name == b.queue_name)
            .map(|members| (members[0].queue_name.as_str(), members))
            .collect();
        let mut writer = Writer::new(session);
        writer.own().section("general");
        for option in &general {
            let value = value(session, option);
            writer.at(option).option(&option.var_name, value);
        }
        for queue in &queues {
            if queue.keeps(session, syntax::section_name, &queue.name) {
                write_queue(&mut writer, session, queue);
                for member in members.get(&*queue.name).copied().unwrap_or_default() {
                    let calls_user = calls_users || queue.category == "group";
                    write_member(&mut writer, session, calls_user, member);
                }
            }
        }
        Ok(writer.finish(session))
    }
}

/// Whether a member of a queue that is a user is called on all lines, as one of a group is.
const CALLS_USERS_OF_QUEUES: Dated<bool> = Dated::new(true, &[(Release::new(24, 15), false)]);

/// Databases before 21.04 have no labels of groups.
const WITHOUT_LABELS: StandIn =
    StandIn::new("groupfeatures", "SELECT g.*, CAST(NULL AS TEXT) AS label FROM groupfeatures AS g");

const GENERAL: Query<'_> = Query {
    table: "staticqueue",
    key: &["id"],
    sql: "SELECT id, category, var_name, var_val
        FROM staticqueue
        WHERE commented = 0 AND category = 'general'
        ORDER BY id",
};

/// Of several groups with the same name, the one with the smallest id gives the label. The columns behind the
/// label are options, in the order of the file.
const QUEUES: Query<'_> = Query {
    table: "queue",
    key: &["name"],
    sql: r#"SELECT q.name, CAST(q.category AS TEXT) AS category, f.displayname, g.label,
            q.musicclass, q.announce, q.context, q.timeout, q."monitor-type", q."monitor-format",
            q."queue-youarenext", q."queue-thereare", q."queue-callswaiting", q."queue-holdtime",
            q."queue-minutes", q."queue-seconds", q."queue-thankyou", q."queue-reporthold",
            q."periodic-announce", q."announce-frequency", q."periodic-announce-frequency",
            q."announce-round-seconds", q."announce-holdtime", q.retry, q.wrapuptime, q.maxlen,
            q.servicelevel, q.strategy, q.joinempty, q.leavewhenempty, q.ringinuse, q.reportholdtime,
            q.memberdelay, q.weight, q.timeoutrestart, q.timeoutpriority, q.autofill, q.autopause,
            q.setinterfacevar, q.setqueueentryvar, q.setqueuevar, q.membermacro, q."min-announce-frequency",
            q."random-periodic-announce", q."announce-position", q."announce-position-limit", q.defaultrule
        FROM queue q
        LEFT JOIN queuefeatures f ON f.name = q.name AND q.category = 'queue'
        LEFT JOIN (SELECT name, MIN(id) AS id FROM groupfeatures GROUP BY name) first
            ON first.name = q.name AND q.category = 'group'
        LEFT JOIN groupfeatures g ON g.id = first.id
        WHERE q.commented = 0
        ORDER BY q.name COLLATE "C""#,
};

/// A queue or group.
#[derive(Deserialize)]
struct Queue {
    name: OneLine,
    category: String,
    displayname: Option<Blanked>,
    label: Option<Blanked>,
    option_columns: OptionColumns,
}

fn write_queue(writer: &mut Writer, session: &mut Session<'_>, queue: &Row<Queue>) {
    if queue.name.eq_ignore_ascii_case("general") {
        let message = "Asterisk reads the section of this name as its own options: rename the queue";
        queue.warn(session, "name", message);
    }
    let label = queue.displayname.as_ref().or(queue.label.as_ref());
    let mut lines = writer.at(queue);
    lines.headed_section(Some(label.map_or("unknown", |label| label)), &queue.name);
    for option in queue.options(&queue.option_columns).filter(|option| !option.value().is_empty()) {
        lines.option(option.name(), option);
    }
}

const MEMBERS: Query<'_> = Query {
    table: "queuemember",
    key: &["queue_name", "interface"],
    sql: r#"SELECT m.queue_name, m.interface, m.penalty, u.uuid
        FROM queuemember m
        JOIN queue q ON q.name = m.queue_name AND q.commented = 0
        LEFT JOIN userfeatures u ON u.id = m.userid
        WHERE m.commented = 0 AND m.usertype = 'user'
        ORDER BY m.queue_name COLLATE "C", m.position, m.userid, m.interface COLLATE "C""#,
};

#[derive(Deserialize)]
struct Member {
    queue_name: String,
    interface: Text,
    penalty: i64,
    /// The uuid of the user. Other members have an interface only.
    uuid: Option<OneLine>,
}

fn write_member(writer: &mut Writer, session: &mut Session<'_>, calls_user: bool, member: &Row<Member>) {
    let Member { interface, penalty, uuid, .. } = &**member;
    if let Some(uuid) = uuid.as_ref().filter(|_| calls_user) {
        // The user is called on all lines; the hint tells whether one of them is in use.
        let (user, hint) = (format!("Local/{uuid}@usersharedlines"), format!("hint:{uuid}@usersharedlines"));
        let (user, hint) = (("uuid", user), ("uuid", hint));
        return writer.at(member).member(&[&user, penalty, &"", &hint]);
    }
    if interface.is_empty() {
        member.warn(
            session,
            "interface",
            "the member has neither an interface nor a user: Asterisk can't call it",
        );
    }
    writer.at(member).member(&[interface, penalty, &"", &""]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    impl Rows {
        fn queue_option<'a>(self, name: &str, value: impl Into<Option<&'a str>>) -> Rows {
            let row =
                row! { filename: "queues.conf", category: "general", var_name: name, var_val: value.into() };
            self.add("staticqueue", row)
        }

        fn team(self, name: &str, category: &str) -> Rows {
            self.add("queue", row! { name: name, category: category })
        }

        fn queue_name(self, name: &str, displayname: &str) -> Rows {
            self.add("queuefeatures", row! { tenant_uuid: "T", name: name, displayname: displayname })
        }

        fn group_name(self, id: i64, name: &str, label: &str) -> Rows {
            self.add("groupfeatures", row! { id: id, tenant_uuid: "T", name: name, label: label })
        }

        fn employee(self, id: i64) -> Rows {
            let row = row! {
                id: id, uuid: format!("user-{id}"), tenant_uuid: "T", func_key_private_template_id: id,
                description: "",
            };
            self.add("userfeatures", row)
        }

        fn team_member(self, queue: &str, userid: i64, interface: &str, position: i64, penalty: i64) -> Rows {
            let row = row! {
                queue_name: queue, interface: interface, penalty: penalty, usertype: "user", userid: userid,
                channel: "Local", category: "queue", position: position,
            };
            self.add("queuemember", row)
        }
    }

    /// The options of a queue whose columns have their defaults.
    const DEFAULTS: &str = "timeout = 0\nringinuse = 0\nreportholdtime = 0\ntimeoutrestart = 0\n\
        timeoutpriority = app\nautofill = 1\nautopause = no\nsetinterfacevar = 0\nsetqueueentryvar = 0\n\
        setqueuevar = 0\nmin-announce-frequency = 60\nrandom-periodic-announce = 0\nannounce-position = yes\n\
        announce-position-limit = 5\n";

    /// The sections of the queues.
    fn sections(rows: &Rows) -> Written {
        let Written { text, warnings } = rows.write(&Queues);
        Written { text: text.strip_prefix("[general]\n").expect("the options of all").to_owned(), warnings }
    }

    /// The options of one queue, whose row has this column as JSON.
    fn options(column: &str, json: &str) -> Written {
        let row = format!(r#"{{"name": "q", "category": "queue", "{column}": {json}}}"#);
        let Written { text, warnings } = sections(&Rows::default().add("queue", row));
        let options = text.strip_prefix("\n; unknown\n[q]\n").expect("a queue");
        Written { text: options.to_owned(), warnings }
    }

    /// The members of one queue.
    fn members(rows: Rows) -> Written {
        let Written { text, warnings } = sections(&rows.team("q", "queue"));
        let members = text.strip_prefix(&format!("\n; unknown\n[q]\n{DEFAULTS}")).expect("a queue");
        Written { text: members.to_owned(), warnings }
    }

    const ROW_LEFT_OUT: &str = "the value has a line break; the row is left out";

    #[test]
    fn a_queue_with_its_members() {
        let rows = Rows::default()
            .queue_option("persistentmembers", "yes")
            .queue_option("autofill", "no")
            .add(
                "staticqueue",
                row! {
                    commented: 1, filename: "queues.conf", category: "general", var_name: "updatecdr",
                    var_val: "no",
                },
            )
            .add(
                "staticqueue",
                row! { filename: "queues.conf", category: "General", var_name: "k", var_val: "v" },
            )
            .add(
                "queue",
                row! {
                    name: "queue1", category: "queue", musicclass: "default", timeout: 15,
                    strategy: "ringall", weight: 0, joinempty: "",
                },
            )
            .queue_name("queue1", "Support; level 1")
            .employee(1)
            .employee(2)
            .team_member("queue1", 1, "PJSIP/a", 1, 0)
            .add(
                "queuemember",
                row! {
                    queue_name: "queue1", interface: "Agent/3", usertype: "agent", userid: 3,
                    channel: "Agent", category: "queue",
                },
            )
            .team_member("queue1", 2, "PJSIP/b", 0, 3);
        let expected = unindented(
            "
            [general]
            persistentmembers = yes
            autofill = no

            ; Support; level 1
            [queue1]
            musicclass = default
            timeout = 15
            strategy = ringall
            ringinuse = 0
            reportholdtime = 0
            weight = 0
            timeoutrestart = 0
            timeoutpriority = app
            autofill = 1
            autopause = no
            setinterfacevar = 0
            setqueueentryvar = 0
            setqueuevar = 0
            min-announce-frequency = 60
            random-periodic-announce = 0
            announce-position = yes
            announce-position-limit = 5
            member = Local/user-2@usersharedlines,3,,hint:user-2@usersharedlines
            member = Local/user-1@usersharedlines,0,,hint:user-1@usersharedlines
            ",
        );
        let Written { text, warnings } = rows.write(&Queues);
        assert_eq!((text, warnings.len()), (expected + "\n", 0));
    }

    #[test]
    fn a_group_with_its_members() {
        let rows = Rows::default()
            .add("queue", row! { name: "grp-x", category: "group", timeout: () })
            .group_name(1, "grp-x", "")
            .employee(1)
            .team_member("grp-x", 1, "PJSIP/a", 0, 0)
            .team_member("grp-x", 0, "Local/1002@ctx-a", 1, 0);
        let options = DEFAULTS.strip_prefix("timeout = 0\n").unwrap();
        let members = "member = Local/user-1@usersharedlines,0,,hint:user-1@usersharedlines\n\
            member = Local/1002@ctx-a,0,,\n";
        let Written { text, warnings } = sections(&rows);
        assert_eq!((text, warnings.len()), (format!("\n[grp-x]\n{options}{members}"), 0));
    }

    #[test]
    fn without_queues_there_are_the_general_options() {
        let Written { text, warnings } = Rows::default().write(&Queues);
        assert_eq!((text.as_str(), warnings.len()), ("[general]\n", 0));
    }

    #[test]
    fn general_options_are_written_unchanged() {
        let rows = Rows::default()
            .queue_option("a", None)
            .queue_option("b", "")
            .queue_option("c", " x ")
            .queue_option("c", "2")
            .queue_option("d", "1\n[evil]")
            .queue_option("e\r", "1");
        let Written { text, warnings } = rows.write(&Queues);
        assert_eq!(text, "[general]\na = None\nb =\nc =  x\nc = 2\n");
        let warning = |id: i64, column: &str, message: &str| {
            format!("table staticqueue, row id={id}, column {column}: {message}")
        };
        assert_eq!(
            warnings,
            [
                warning(5, "var_val", ROW_LEFT_OUT),
                warning(6, "var_name", ROW_LEFT_OUT),
                warning(
                    1,
                    "var_val",
                    "the option a has no value, so the file has the word None: set a value or delete the option"
                ),
            ]
        );
    }

    #[test]
    fn each_column_is_an_option_in_the_order_of_the_file() {
        let (_, rest) = QUEUES.sql.split_once("g.label,").unwrap();
        let (columns, _) = rest.split_once("FROM queue q").unwrap();
        let options: Vec<&str> = columns
            .split(',')
            .map(|column| column.trim().trim_start_matches("q.").trim_matches('"'))
            .collect();
        assert_eq!(options.len(), 43);
        // SQLite converts it to a number in a numeric column.
        let value = |(number, column): (usize, &&str)| format!("\"{column}\": \"{number}\"");
        let columns: Vec<String> = (100..).zip(&options).map(value).collect();
        let row = format!(r#"{{"name": "q", "category": "queue", {}}}"#, columns.join(", "));
        let lines: Vec<String> = (100..)
            .zip(&options)
            .map(|(number, column): (usize, _)| format!("{column} = {number}\n"))
            .collect();
        let Written { text, warnings } = sections(&Rows::default().add("queue", row));
        assert_eq!((text, warnings.len()), (format!("\n; unknown\n[q]\n{}", lines.concat()), 0));
    }

    #[test]
    fn an_option_with_a_value_is_written_unchanged() {
        let with = |line: &str| DEFAULTS.replace("ringinuse", &format!("{line}ringinuse"));
        for (column, json, text) in [
            ("retry", "null", DEFAULTS.to_owned()),
            ("retry", "0", with("retry = 0\n")),
            ("maxlen", "-1", with("maxlen = -1\n")),
            ("strategy", "\"\"", DEFAULTS.to_owned()),
            ("strategy", "\" \"", with("strategy =\n")),
            ("strategy", "\" a;b \"", with("strategy =  a\\;b\n")),
            ("timeoutpriority", "\"\"", DEFAULTS.replace("timeoutpriority = app\n", "")),
        ] {
            let written = options(column, json);
            assert_eq!((written.text, written.warnings.len()), (text, 0), "{column} {json}");
        }
    }

    #[test]
    fn an_option_with_a_line_break_is_left_out() {
        for (column, json) in [
            ("context", r#""x\n[evil] ""#),
            ("monitor-format", r#""wav\r""#),
            ("periodic-announce", r#""a\u0000""#),
            ("defaultrule", r#""a\nb""#),
        ] {
            let Written { text, warnings } = options(column, json);
            assert_eq!(text, DEFAULTS);
            let message = format!("the value has a line break; the option {column:?} is left out");
            assert_eq!(warnings, [format!("table queue, row name=q, column {column}: {message}")]);
        }
    }

    #[test]
    fn a_queue_with_a_line_break_in_its_name_is_left_out() {
        let rows = Rows::default()
            .team("q\n[evil]", "queue")
            .queue_name("q\n[evil]", "Q")
            .team_member("q\n[evil]", 0, "Local/1@c", 0, 0)
            .team("r", "queue")
            .queue_name("r", "R");
        let Written { text, warnings } = sections(&rows);
        assert_eq!(text, format!("\n; R\n[r]\n{DEFAULTS}"));
        assert_eq!(warnings, [format!("table queue, row name=\"q\\n[evil]\", column name: {ROW_LEFT_OUT}")]);
    }

    #[test]
    fn the_label_is_a_comment_unless_it_is_empty() {
        let queue = |label: &str| Rows::default().team("q", "queue").queue_name("q", label);
        let group = |label: &str| Rows::default().team("q", "group").group_name(1, "q", label);
        let blanked = "the value has a line break; blanks stand in its place";
        for (label, comment, warning) in [
            ("Sales", "; Sales\n", None),
            ("", "", None),
            (" a;b ", ";  a;b \n", None),
            ("a\n[evil]\r", "; a [evil] \n", Some(blanked)),
        ] {
            for (rows, column) in [(queue(label), "displayname"), (group(label), "label")] {
                let Written { text, warnings } = sections(&rows);
                assert_eq!(text, format!("\n{comment}[q]\n{DEFAULTS}"));
                let warning = warning
                    .iter()
                    .map(|warning| format!("table queue, row name=q, column {column}: {warning}"));
                assert_eq!(warnings, warning.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_label_is_that_of_the_right_kind() {
        let queue = || Rows::default().team("q", "queue");
        let group = || Rows::default().team("q", "group");
        for (rows, label) in [
            (queue(), "unknown"),
            (queue().group_name(1, "q", "Group"), "unknown"),
            (group().queue_name("q", "Queue"), "unknown"),
            (queue().group_name(1, "q", "Group").queue_name("q", "Queue"), "Queue"),
            (group().group_name(1, "q", "Group").queue_name("q", "Queue"), "Group"),
            (group().group_name(7, "q", "Second\n").group_name(6, "q", "First"), "First"),
        ] {
            let Written { text, warnings } = sections(&rows);
            assert_eq!((text, warnings.len()), (format!("\n; {label}\n[q]\n{DEFAULTS}"), 0));
        }
    }

    #[test]
    fn sections_are_sorted_by_name() {
        let rows = ["b", "é", "a", "B", "a-1"]
            .iter()
            .fold(Rows::default(), |rows, name| rows.team(name, "queue").queue_name(name, ""));
        let rows = rows.add("queue", row! { name: "c", category: "queue", commented: 1 });
        let text = sections(&rows.team_member("c", 0, "Local/1@c", 0, 0)).text;
        let order: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(order, ["[B]", "[a]", "[a-1]", "[b]", "[é]"]);
        assert!(!text.contains("member"));
    }

    #[test]
    fn a_queue_called_general_is_reported() {
        let message = "Asterisk reads the section of this name as its own options: rename the queue";
        for name in ["general", "General"] {
            let Written { text, warnings } = sections(&Rows::default().team(name, "queue"));
            assert_eq!(text, format!("\n; unknown\n[{name}]\n{DEFAULTS}"));
            assert_eq!(warnings, [format!("table queue, row name={name}, column name: {message}")]);
        }
    }

    #[test]
    fn members_are_sorted_by_position_user_and_interface() {
        let rows = Rows::default()
            .employee(7)
            .team_member("q", 0, "Local/b@c", 1, 0)
            .team_member("q", 0, "Local/a@c", 1, 0)
            .team_member("q", 0, "Local/B@c", 1, 0)
            .team_member("q", 7, "PJSIP/a", 1, 2)
            .team_member("q", 9, "PJSIP/unknown", 1, -1)
            .team_member("q", 0, "Local/z@c", 0, 0)
            .team_member("q", 0, "Local/y@c", -1, 0)
            .team_member("other", 0, "Local/1@c", 0, 0);
        let expected = "member = Local/y@c,0,,\nmember = Local/z@c,0,,\nmember = Local/B@c,0,,\n\
            member = Local/a@c,0,,\nmember = Local/b@c,0,,\n\
            member = Local/user-7@usersharedlines,2,,hint:user-7@usersharedlines\n\
            member = PJSIP/unknown,-1,,\n";
        let Written { text, warnings } = members(rows);
        assert_eq!((text.as_str(), warnings.len()), (expected, 0));
    }

    #[test]
    fn agents_and_disabled_members_are_left_out() {
        let row = |usertype: &str, commented: i64| {
            row! {
                queue_name: "q", interface: "Local/1@c", commented: commented, usertype: usertype, userid: 0,
                channel: "Local", category: "group",
            }
        };
        for (row, text) in [
            (row("user", 0), "member = Local/1@c,0,,\n"),
            (row("user", 1), ""),
            (row("user", 2), ""),
            (row("agent", 0), ""),
        ] {
            assert_eq!(members(Rows::default().add("queuemember", row)).text, text);
        }
        // A disabled user stays a member: an operator who disables one does not expect the group to forget it.
        let user = row! {
            id: 1, uuid: "U", tenant_uuid: "T", func_key_private_template_id: 1, description: "", commented: 1,
        };
        let rows = Rows::default().add("userfeatures", user).team_member("q", 1, "x", 0, 0);
        assert_eq!(members(rows).text, "member = Local/U@usersharedlines,0,,hint:U@usersharedlines\n");
    }

    #[test]
    fn an_unusable_interface_is_reported() {
        let empty = "the member has neither an interface nor a user: Asterisk can't call it";
        let blank = "there is a blank at an end, which Asterisk strips; the option \"member\" is left out";
        for (interface, line, message) in [
            ("", "member = ,0,,\n", Some(empty)),
            (" a", "", Some(blank)),
            ("a,(b);c", "member = a\\,\\(b\\)\\;c,0,,\n", None),
        ] {
            let Written { text, warnings } = members(Rows::default().team_member("q", 0, interface, 0, 0));
            assert_eq!(text, line);
            let row = format!("row queue_name=q interface={interface:?}, column interface");
            let expected = message.map(|message| format!("table queuemember, {row}: {message}"));
            assert_eq!(warnings, expected.into_iter().collect::<Vec<_>>());
            // The interface of a user is not written.
            let Written { text, warnings } =
                members(Rows::default().employee(1).team_member("q", 1, interface, 0, 0));
            let user = "member = Local/user-1@usersharedlines,0,,hint:user-1@usersharedlines\n";
            assert_eq!((text.as_str(), warnings.len()), (user, 0));
        }
    }

    #[test]
    fn a_member_with_a_line_break_is_left_out() {
        let user = row! {
            id: 2, uuid: "a\n[evil]", tenant_uuid: "T", func_key_private_template_id: 2, description: "",
        };
        let rows = Rows::default()
            .employee(1)
            .add("userfeatures", user)
            .team_member("q", 0, "Local/1@c\n[evil]", 0, 0)
            .team_member("q", 1, "PJSIP/a\n[evil]", 1, 0)
            .team_member("q", 2, "PJSIP/b", 2, 0)
            .team_member("q", 0, "Local/2@c", 3, 0);
        let Written { text, warnings } = members(rows);
        let user = "member = Local/user-1@usersharedlines,0,,hint:user-1@usersharedlines\n";
        assert_eq!(text, format!("{user}member = Local/2@c,0,,\n"));
        let left_out = |key: &str, column: &str, what: &str| {
            format!(
                "table queuemember, row {key}, column {column}: the value has a line break; {what} is left out"
            )
        };
        assert_eq!(
            warnings,
            [
                left_out("queue_name=q interface=\"PJSIP/b\"", "uuid", "the row"),
                left_out(
                    "queue_name=q interface=\"Local/1@c\\n[evil]\"",
                    "interface",
                    "the option \"member\""
                ),
            ]
        );
    }
}
