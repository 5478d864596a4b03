//! Generates files from large tables, of which many rows belong to one thing: a queue with thousands of members, a
//! chain of ten thousand templates. The sizes are such that work which grows with the square of the rows would take
//! minutes, or more memory than a machine has, and recursion would overflow the stack.

use drivers_asterisk::DRIVERS;
use fixtures::Scratch;

/// Rows that belong together, and what the file has of them.
struct Large {
    purpose: &'static str,
    namespace: &'static str,
    /// The number of rows in the test.
    size: usize,
    /// Statements that fill the tables, in which `$n` is the number of rows, and `numbers` a table of so many numbers.
    sql: &'static str,
    /// A text in the file.
    line: &'static str,
    /// How often the text is there, for so many rows.
    count: fn(usize) -> usize,
}

/// Endpoints have numbers as uuids; `uuid(i)` in the statements stands for them.
const UUID: &str = "printf('00000000-0000-4000-8000-%012d', $1)";

fn sql(large: &Large) -> String {
    let mut statements = String::from(
        "BEGIN; CREATE TEMP TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $n)
        SELECT i FROM n;",
    );
    let mut rest = large.sql;
    while let Some((before, after)) = rest.split_once("uuid(") {
        let (number, after) = after.split_once(')').expect("a parenthesis");
        statements.push_str(before);
        statements.push_str(&UUID.replace("$1", number));
        rest = after;
    }
    statements + rest + "; COMMIT"
}

fn generate(large: &Large, size: usize) -> String {
    let mut database = Scratch::new(&[]);
    database.execute(&sql(large).replace("$n", &size.to_string()));
    let entry = DRIVERS.iter().find(|entry| entry.namespace == large.namespace).expect("a driver");
    let config = entry.built_in().expect("the defaults of the driver");
    let driver = entry.build(&config).unwrap_or_else(|error| panic!("{}", error.chain()));
    database.generate(&*driver).unwrap_or_else(|error| panic!("{}: {error}", large.purpose))
}

const LARGE: &[Large] = &[
    Large {
        purpose: "a static section with many options, among many sections",
        namespace: "asterisk.rtp.conf",
        size: 20_000,
        sql: "INSERT INTO asterisk_file (id, name) VALUES (1, 'rtp.conf');
            INSERT INTO asterisk_file_section (id, name, asterisk_file_id) SELECT i, 's' || i, 1 FROM numbers;
            INSERT INTO asterisk_file_variable (key, value, asterisk_file_section_id) SELECT 'k', i, i FROM numbers",
        line: "\nk = ",
        count: |rows| rows,
    },
    Large {
        purpose: "transports with an option each",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO pjsip_transport (uuid, name) SELECT uuid(i), 't' || i FROM numbers;
            INSERT INTO pjsip_transport_option (key, value, pjsip_transport_uuid)
                SELECT 'bind', i, uuid(i) FROM numbers",
        line: "\nbind = ",
        count: |rows| rows,
    },
    Large {
        purpose: "an endpoint with many options",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid) VALUES (uuid(1), 'e', 't');
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid) VALUES (1, 'c', 0, uuid(1));
            INSERT INTO endpoint_sip_section (uuid, type, endpoint_sip_uuid) VALUES ('s', 'endpoint', uuid(1));
            INSERT INTO endpoint_sip_section_option (key, value, endpoint_sip_section_uuid)
                SELECT 'k' || i, 'own', 's' FROM numbers;
            INSERT INTO endpoint_sip_section_option (key, value, endpoint_sip_section_uuid)
                SELECT 'set_var', 'own' || i || '=' || i, 's' FROM numbers",
        line: " = own",
        count: |rows| 2 * rows,
    },
    Large {
        purpose: "a chain of templates",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid, template)
                SELECT uuid(i), 'e' || i, 't', i > 1 FROM numbers;
            INSERT INTO endpoint_sip_template (child_uuid, parent_uuid) SELECT uuid(i), uuid(i+1) FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(1) FROM numbers WHERE i = 1;
            INSERT INTO endpoint_sip_section (uuid, type, endpoint_sip_uuid)
                SELECT i, 'endpoint', uuid(i) FROM numbers;
            INSERT INTO endpoint_sip_section_option (key, value, endpoint_sip_section_uuid)
                SELECT 'k', i, i FROM numbers",
        line: "\nk = 1\n",
        count: |_| 1,
    },
    Large {
        purpose: "a chain of templates with an option each",
        namespace: "asterisk.pjsip.conf",
        size: 2_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid, template)
                SELECT uuid(i), 'e' || i, 't', i > 1 FROM numbers;
            INSERT INTO endpoint_sip_template (child_uuid, parent_uuid) SELECT uuid(i), uuid(i+1) FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(1) FROM numbers WHERE i = 1;
            INSERT INTO endpoint_sip_section (uuid, type, endpoint_sip_uuid)
                SELECT i, 'endpoint', uuid(i) FROM numbers;
            INSERT INTO endpoint_sip_section_option (key, value, endpoint_sip_section_uuid)
                SELECT 'k' || i, 'own', i FROM numbers",
        line: " = own\n",
        count: |rows| rows,
    },
    Large {
        purpose: "a circle of templates",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid, template)
                SELECT uuid(i), 'e' || i, 't', i > 1 FROM numbers;
            INSERT INTO endpoint_sip_template (child_uuid, parent_uuid) SELECT uuid(i), uuid(i%$n+1) FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(1) FROM numbers WHERE i = 1",
        line: "\n[e1]\n",
        count: |_| 1,
    },
    Large {
        purpose: "many circles of two templates",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid) SELECT uuid(i), 'e' || i, 't' FROM numbers;
            INSERT INTO endpoint_sip_template (child_uuid, parent_uuid)
                SELECT uuid(i), uuid(i+1-2*(i%2=0)) FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(i) FROM numbers",
        line: "\nset_var = TRANSFER_CONTEXT=c",
        count: |rows| rows,
    },
    Large {
        purpose: "layers of templates, each with two that inherit from both of the next layer",
        namespace: "asterisk.pjsip.conf",
        size: 5_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid, template)
                SELECT uuid(i), 'e' || i, 't', i > 1 FROM numbers;
            INSERT INTO endpoint_sip_template (child_uuid, parent_uuid)
                SELECT uuid(i), uuid(i+1+i%2) FROM numbers UNION SELECT uuid(i), uuid(i+2+i%2) FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(1) FROM numbers WHERE i = 1",
        line: "\n[e1]\n",
        count: |_| 1,
    },
    Large {
        purpose: "an endpoint with many templates",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid, template)
                SELECT uuid(i), 'e' || i, 't', i > 1 FROM numbers;
            INSERT INTO endpoint_sip_template (child_uuid, parent_uuid)
                SELECT uuid(1), uuid(i) FROM numbers WHERE i > 1;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(1) FROM numbers WHERE i = 1;
            INSERT INTO endpoint_sip_section (uuid, type, endpoint_sip_uuid)
                SELECT i, 'endpoint', uuid(i) FROM numbers;
            INSERT INTO endpoint_sip_section_option (key, value, endpoint_sip_section_uuid)
                SELECT 'k' || i, 'own', i FROM numbers",
        line: " = own\n",
        count: |rows| rows,
    },
    Large {
        purpose: "many lines with one endpoint",
        namespace: "asterisk.pjsip.conf",
        size: 20_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid) VALUES (uuid(1), 'e', 't');
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(1) FROM numbers",
        line: "\n[e]\n",
        count: |_| 1,
    },
    Large {
        purpose: "many users of one line",
        namespace: "asterisk.pjsip.conf",
        size: 10_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid) VALUES (uuid(1), 'e', 't');
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid) VALUES (1, 'c', 0, uuid(1));
            INSERT INTO userfeatures (id, uuid, tenant_uuid, func_key_private_template_id, description)
                SELECT i, 'u' || i, 't', i, '' FROM numbers;
            INSERT INTO user_line (user_id, line_id, main_user, main_line) SELECT i, 1, i = 1, 1 FROM numbers",
        line: "set_var = WAZO_USERID=",
        count: |rows| rows,
    },
    Large {
        purpose: "a pickup group whose member is a ring group of many users",
        namespace: "asterisk.pjsip.conf",
        size: 10_000,
        sql: "INSERT INTO endpoint_sip (uuid, name, tenant_uuid) SELECT uuid(i), 'e' || i, 't' FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sip_uuid)
                SELECT i, 'c', 0, uuid(i) FROM numbers;
            INSERT INTO userfeatures (id, uuid, tenant_uuid, func_key_private_template_id, description)
                SELECT i, 'u' || i, 't', i, '' FROM numbers;
            INSERT INTO user_line (user_id, line_id, main_user, main_line) SELECT i, i, 1, 1 FROM numbers;
            INSERT INTO pickup (id, tenant_uuid, name) VALUES (1, 't', 'p');
            INSERT INTO pickupmember (pickupid, category, membertype, memberid) VALUES (1, 'member', 'group', 1);
            INSERT INTO pickupmember (pickupid, category, membertype, memberid) VALUES (1, 'pickup', 'group', 1);
            INSERT INTO groupfeatures (id, tenant_uuid, name, label) VALUES (1, 't', 'g', '');
            INSERT INTO queuemember (queue_name, interface, usertype, userid, channel, category)
                SELECT 'g', i, 'user', i, 'Local', 'group' FROM numbers",
        line: "\nnamed_pickup_group = 1\n",
        count: |rows| rows,
    },
    Large {
        purpose: "a queue with many members",
        namespace: "asterisk.queues.conf",
        size: 20_000,
        sql: "INSERT INTO queue (name, category) VALUES ('q', 'queue');
            INSERT INTO userfeatures (id, uuid, tenant_uuid, func_key_private_template_id, description)
                SELECT i, 'u' || i, 't', i, '' FROM numbers;
            INSERT INTO queuemember (queue_name, interface, usertype, userid, channel, category)
                SELECT 'q', i, 'user', i, 'Local', 'queue' FROM numbers",
        line: "\nmember = Local/u",
        count: |rows| rows,
    },
    Large {
        purpose: "a user with many function keys, and many extensions in a context",
        namespace: "asterisk.extensions.conf",
        size: 5_000,
        sql: "INSERT INTO context (id, tenant_uuid, name) VALUES (1, 't', 'c');
            INSERT INTO linefeatures (id, context, provisioningid) VALUES (1, 'c', 0);
            INSERT INTO userfeatures (id, uuid, tenant_uuid, func_key_private_template_id, description)
                VALUES (1, 'u', 't', 1, '');
            INSERT INTO user_line (user_id, line_id, main_user, main_line) VALUES (1, 1, 1, 1);
            INSERT INTO extensions (id, context, exten, type, typeval) SELECT i, 'c', 10000 + i, 'user', '1' FROM numbers;
            INSERT INTO line_extension (line_id, extension_id, main_extension) SELECT 1, i, 1 FROM numbers;
            INSERT INTO func_key_dest_custom (func_key_id, exten) SELECT i, '*' || i FROM numbers;
            INSERT INTO func_key_mapping (template_id, func_key_id, destination_type_id, position)
                SELECT 1, i, 10, i FROM numbers;
            INSERT INTO callfilter (id, tenant_uuid, name, type) VALUES (1, 't', 'f', 'bosssecretary');
            INSERT INTO callfiltermember (id, callfilterid, type, typeval, bstype)
                SELECT i, 1, 'user', '1', 'boss' FROM numbers;
            INSERT INTO func_key_dest_bsfilter (func_key_id, filtermember_id) SELECT i, i FROM numbers",
        line: ",hint,Custom:*",
        count: |rows| rows,
    },
    Large {
        purpose: "a context that includes many others",
        namespace: "asterisk.extensions.conf",
        size: 10_000,
        sql: "INSERT INTO context (id, tenant_uuid, name) SELECT i, 't', 'c' || i FROM numbers;
            INSERT INTO contextinclude (context, include) SELECT 'c1', 'c' || i FROM numbers",
        line: "\ninclude = c",
        count: |rows| rows,
    },
    Large {
        purpose: "an IVR with many choices, among many",
        namespace: "asterisk.extensions.conf",
        size: 4_000,
        sql: "INSERT INTO ivr (id, tenant_uuid, name, menu_sound) SELECT i, 't', 'n', 's' FROM numbers;
            INSERT INTO ivr_choice (id, ivr_id, exten) SELECT i, 1, i FROM numbers;
            INSERT INTO dialaction (event, category, categoryval, action, actionarg1)
                SELECT 'ivr_choice', 'ivr_choice', i, 'user', i FROM numbers",
        line: "forward,s,1(user,",
        count: |rows| rows,
    },
    Large {
        purpose: "many mailboxes of a context",
        namespace: "asterisk.voicemail.conf",
        size: 20_000,
        sql: "INSERT INTO voicemail (uniqueid, context, mailbox) SELECT i, 'c', i FROM numbers",
        line: " => ,,,,",
        count: |rows| rows,
    },
    Large {
        purpose: "many classes of music on hold",
        namespace: "asterisk.musiconhold.conf",
        size: 10_000,
        sql: "INSERT INTO moh (uuid, tenant_uuid, name, label, mode)
                SELECT i, 't', 'm' || i, '', 'files' FROM numbers",
        line: "/moh/m",
        count: |rows| rows,
    },
    Large {
        purpose: "many parking lots, and a lot with many extensions",
        namespace: "asterisk.res_parking.conf",
        size: 10_000,
        sql: "INSERT INTO parking_lot (id, tenant_uuid, slots_start, slots_end) SELECT i, 't', 1, 2 FROM numbers;
            INSERT INTO extensions (context, exten, type, typeval) SELECT 'c', i, 'parking', i FROM numbers;
            INSERT INTO extensions (context, exten, type, typeval) SELECT 'd', i, 'parking', 1 FROM numbers",
        line: "\nparkext = ",
        count: |rows| rows,
    },
    Large {
        purpose: "a conference room of each number",
        namespace: "asterisk.confbridge.conf",
        size: 10_000,
        sql: "INSERT INTO conference (id, tenant_uuid) SELECT i, 't' FROM numbers",
        line: "[wazo-user-profile-",
        count: |rows| rows,
    },
    Large {
        purpose: "an agent with many skills",
        namespace: "asterisk.queueskills.conf",
        size: 20_000,
        sql: "INSERT INTO agentfeatures (id, tenant_uuid, number) VALUES (1, 't', '1');
            INSERT INTO queueskill (id, tenant_uuid, name) SELECT i, 't', 's' || i FROM numbers;
            INSERT INTO agentqueueskill (agentid, skillid, weight) SELECT 1, i, 3 FROM numbers",
        line: " = 3\n",
        count: |rows| rows,
    },
    Large {
        purpose: "a device with many speed dials, among many",
        namespace: "asterisk.sccp.conf",
        size: 10_000,
        sql: "INSERT INTO sccpdevice (id, name, device, line) SELECT i, 'd' || i, 'd' || i, 'l' || i FROM numbers;
            INSERT INTO sccpline (id, tenant_uuid, name, context, cid_name, cid_num)
                SELECT i, 't', 'l' || i, 'c', '', '' FROM numbers;
            INSERT INTO linefeatures (id, context, provisioningid, endpoint_sccp_id) SELECT i, 'c', 0, i FROM numbers;
            INSERT INTO userfeatures (id, uuid, tenant_uuid, func_key_private_template_id, description)
                SELECT i, 'u' || i, 't', i, '' FROM numbers;
            INSERT INTO user_line (user_id, line_id, main_user, main_line) SELECT i, i, 1, 1 FROM numbers;
            INSERT INTO func_key_dest_custom (func_key_id, exten) SELECT i, i FROM numbers;
            INSERT INTO func_key_mapping (template_id, func_key_id, destination_type_id, position)
                SELECT 1, i, 10, i FROM numbers",
        line: "\nspeeddial = 1-",
        count: |rows| rows,
    },
];

#[test]
fn large_tables_are_written_in_a_moment() {
    for large in LARGE {
        let text = generate(large, large.size);
        let found = text.matches(large.line).count();
        assert_eq!(found, (large.count)(large.size), "{}", large.purpose);
    }
}
