//! The order of endpoints, templates and options, and of the groups of an endpoint.

use super::*;

/// Asserts that the sections are sorted by name.
#[track_caller]
fn assert_sorted(rows: &Rows, count: usize) {
    let written = rows.pjsip();
    let names = written.names();
    assert!(names.is_sorted() && names.len() == count, "{names:?}");
    assert_eq!(written.warnings, [""; 0]);
}

/// Endpoints `a`, `b` … with the numbers 1, 2 …, and two templates.
fn endpoints(last: char) -> Rows {
    let rows = system().template(50, "t").template(51, "u");
    (1..).zip('a'..=last).fold(rows, |rows, (id, name)| rows.endpoint(id, &name.to_string()))
}

#[test]
fn lines_are_sorted_by_template_extension_user_and_number() {
    // Endpoint n is on line 100 - n: by the number alone, the order would be the opposite.
    let rows = (1..=9).fold(endpoints('k'), |rows, id| rows.line(100 - id, id));
    let rows = (1..=3).fold(rows, |rows, id| rows.user(id, None));
    // The smallest priority counts, and an endpoint whose link has none is as one without a link.
    let rows = rows.link(1, 50, 5).link(1, 51, -1);
    let rows = (2..=8).fold(rows, |rows, id| rows.link(id, 50, 0)).link(9, 50, 1);
    let rows = rows.link(10, 50, None).line(11, 11).line(10, 10);
    let rows = rows
        .main_user(1, 97)
        .second_user(1, 96)
        .extension(5, "1", 95, true)
        // The main extension and the main user count, whichever come first.
        .extension(6, "1", 94, false)
        .extension(7, "1", 94, true)
        .second_user(1, 94)
        .main_user(2, 94)
        .extension(8, "1", 93, true)
        .second_user(3, 93)
        .extension(9, "1", 92, false);
    assert_sorted(&rows, 11);
}

#[test]
fn trunks_and_meetings_are_sorted_by_template_and_number() {
    let rows = || endpoints('e').link(1, 50, -1).link(2, 50, 0).link(3, 50, 0).link(4, 50, None);
    let numbers = [(4, 5), (3, 4), (10, 3), (1, 2), (9, 1)];
    assert_sorted(&numbers.iter().fold(rows(), |rows, &(id, endpoint)| rows.trunk(id, endpoint)), 5);
    assert_sorted(&numbers.iter().fold(rows(), |rows, &(id, endpoint)| rows.meeting(id, endpoint, "m")), 5);
}

#[test]
fn templates_are_sorted_by_priority_and_uuid() {
    let priorities = [(2, Some(1)), (3, None), (4, Some(0)), (5, Some(0)), (6, None), (7, Some(-1))];
    let rows = priorities.iter().rev().fold(system().endpoint(1, "a").line(1, 1), |rows, &(id, priority)| {
        let rows = rows.template(id, &format!("t{id}")).link(1, id, priority);
        rows.options(id, &[&format!("k{id}=v"), &format!("last={id}")])
    });
    let options = [
        "context = default",
        "k7 = v",
        "last = 6",
        "type = endpoint",
        "k4 = v",
        "k5 = v",
        "k2 = v",
        "k3 = v",
        "k6 = v",
    ];
    assert_eq!(rows.pjsip().options("a"), options);
}

#[test]
fn options_have_the_order_of_their_rows() {
    let rows = system()
        .endpoint(1, "a")
        .endpoint(2, "b")
        .line(1, 1)
        .line(2, 2)
        .option(2, "endpoint", "z", "1")
        .option(1, "endpoint", "z", "1")
        .option(1, "auth", "z", "1")
        .option(2, "endpoint", "a", "1")
        .option(1, "endpoint", "m", "1")
        .option(1, "auth", "a", "1")
        .option(1, "endpoint", "a", "1")
        .option(1, "endpoint", "z", "2");
    let written = rows.pjsip();
    let options = ["context = default", "z = 2", "m = 1", "a = 1", "auth = a", "type = endpoint"];
    assert_eq!(written.options("a"), options);
    assert_eq!(written.sections()[1], ("a", vec!["z = 1", "a = 1", "type = auth"]));
    assert_eq!(written.options("b"), ["context = default", "z = 1", "a = 1", "type = endpoint"]);
}

/// The groups of an endpoint: whose calls it may pick up, and who may pick up its own.
fn groups<'a>(written: &'a Written, name: &str) -> [Option<&'a str>; 2] {
    let options = written.options(name);
    ["named_pickup_group = ", "named_call_group = "]
        .map(|key| options.iter().find_map(|line| line.strip_prefix(key)))
}

#[test]
fn groups_of_a_user_are_on_each_line() {
    let rows = system()
        .endpoint(1, "main")
        .endpoint(2, "other")
        .endpoint(3, "second")
        .endpoint(4, "none")
        .line(1, 1)
        .line(2, 2)
        .line(3, 3)
        .line(4, 4)
        .user(7, None)
        .user(8, None)
        .main_user(7, 1)
        .add("user_line", row! { user_id: 7, line_id: 2, main_user: true, main_line: false })
        .second_user(7, 3)
        .main_user(8, 4)
        .group(1, "team")
        .queue(1, "team")
        .queue(2, "support")
        .queue_member("team", 7)
        .queue_member("support", 7);
    let rows = [2, 9, 10, 11, 12, 13].iter().fold(rows, |rows, &id| rows.pickup(id));
    let rows = rows
        .pickup_member(9, "member", "user", 7)
        .pickup_member(12, "member", "group", 1)
        .pickup_member(10, "member", "queue", 2)
        .pickup_member(2, "member", "user", 7)
        .pickup_member(2, "member", "group", 1)
        .pickup_member(2, "member", "queue", 1)
        // A queue and a group of one name share their members.
        .pickup_member(13, "pickup", "queue", 1)
        .pickup_member(11, "pickup", "user", 7);
    let written = rows.pjsip();
    assert_eq!(groups(&written, "main"), [Some("2,9,10,12"), Some("11,13")]);
    assert_eq!(groups(&written, "other"), [Some("2,9"), Some("11")]);
    assert_eq!(groups(&written, "second"), [Some("2,9"), Some("11")]);
    assert_eq!(groups(&written, "none"), [None, None]);
    assert_eq!(written.warnings, [""; 0]);
}

#[test]
fn disabled_pickups_and_agents_are_ignored() {
    let agent = row! {
        queue_name: "q", interface: "a", usertype: "agent", userid: 7, channel: "Agent", category: "queue",
    };
    let disabled = row! {
        queue_name: "g", interface: "b", usertype: "user", userid: 7, channel: "SIP", category: "group", commented: 1,
    };
    let rows = system()
        .endpoint(1, "a")
        .line(1, 1)
        .user(7, None)
        .main_user(7, 1)
        .queue(1, "q")
        .group(1, "g")
        .add("queuemember", agent)
        .add("queuemember", disabled)
        .pickup(1)
        .pickup(3)
        .add("pickup", row! { id: 2, tenant_uuid: "T", name: "disabled", commented: 1 })
        .pickup_member(1, "member", "queue", 1)
        .pickup_member(2, "member", "user", 7)
        // A disabled member counts, too.
        .pickup_member(3, "member", "group", 1);
    assert_eq!(groups(&rows.pjsip(), "a"), [Some("3"), None]);
}

#[test]
fn an_endpoint_has_the_groups_of_all_its_lines() {
    let rows = system().endpoint(1, "a").line(1, 1).line(2, 1).user(7, None).user(8, None);
    let rows = rows.main_user(7, 1).main_user(8, 2).pickup(12).pickup(9);
    let rows = rows.pickup_member(12, "member", "user", 7).pickup_member(9, "member", "user", 8);
    assert_eq!(groups(&rows.pjsip(), "a"), [Some("9,12"), None]);
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    let ids = 1..=1_200;
    let rows = ids
        .clone()
        .fold(system(), |rows, id| rows.endpoint(id, &format!("{id:05}")).line(id, id).trunk(id, id));
    let line = |id| {
        format!(
            "\n[{id:05}]\ncontext = default\ntype = endpoint\nset_var = __WAZO_TENANT_UUID=T\n\
            set_var = WAZO_CHANNEL_DIRECTION=from-wazo\nset_var = WAZO_LINE_ID={id}\n\
            set_var = TRANSFER_CONTEXT=default\n"
        )
    };
    let trunk = |id| {
        format!("\n[{id:05}]\ntype = endpoint\nset_var = __WAZO_TENANT_UUID=T\nset_var = WAZO_PAI_FORMAT=\n")
    };
    // The empty line before the first section of a part is the one between the parts.
    let sections: Vec<String> = ids.clone().map(line).chain(ids.map(trunk)).collect();
    let written = rows.pjsip();
    assert!(written.text == format!("{HEAD}{}\n", sections.concat()), "{}", written.text);
    assert!(written.text == rows.pjsip().text);
    assert_eq!(written.warnings, [""; 0]);
}
