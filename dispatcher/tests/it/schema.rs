//! The JSON Schema of the configuration, as `confgend config --schema` prints it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use dispatcher::config::all_keys;
use dispatcher::{FAMILIES, Registry};
use driver_api::yaml;
use serde_json::{Value, json};

use crate::{Folder, confgend};

fn schema() -> Value {
    let run = confgend(&["config", "--schema"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    serde_json::from_str(&run.out).unwrap()
}

/// Reads lines of JSON: a schema, and documents. Prints for each document whether the schema accepts it.
const VALIDATOR: &str = "
import json, sys
from jsonschema import Draft202012Validator
schema, *documents = map(json.loads, sys.stdin)
Draft202012Validator.check_schema(schema)
for document in documents:
    print(json.dumps(Draft202012Validator(schema).is_valid(document)))
";

/// Returns for each document whether the schema accepts it. Without Python's jsonschema, it says so and returns none.
fn accepted(schema: &Value, documents: &[Value]) -> Option<Vec<bool>> {
    let has_validator = Command::new("python3").args(["-W", "ignore", "-c", "import jsonschema"]).output();
    if !has_validator.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(std::io::stderr(), "NOT TESTED: the JSON Schema; python3 has no module jsonschema");
        return None;
    }
    let mut python = Command::new("python3");
    python.args(["-c", VALIDATOR]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    for line in [schema].into_iter().chain(documents) {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the schema is none");
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| line == "true").collect())
}

fn json(yaml: &str) -> Value {
    serde_json::to_value(yaml::parse(yaml).unwrap()).unwrap()
}

#[test]
fn the_schema_has_every_key_with_its_meaning_and_default() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for key in all_keys(&Registry::new(FAMILIES).unwrap()).unwrap() {
        let property = schema.pointer(&format!("/properties/{}", key.path.replace('.', "/properties/")));
        let property = property.unwrap_or_else(|| panic!("{}", key.path));
        assert!(property["description"].as_str().is_some_and(|it| it.starts_with(&key.help)), "{property}");
        assert_eq!(property["default"], serde_json::to_value(key.default).unwrap(), "{}", key.path);
        assert!(["type", "enum", "anyOf"].iter().any(|form| !property[form].is_null()), "{property}");
    }
    let action = &schema["properties"]["guard"]["properties"]["action"];
    assert_eq!(action["enum"], json!(["warn", "hold", null]));
    assert_eq!(schema["properties"]["service"]["additionalProperties"], false);
    assert!(
        schema["additionalProperties"].is_null(),
        "a driver may have keys that the program does not know"
    );
}

/// Configurations that the program takes, beside the shipped ones.
const GOOD: &[&str] = &[
    "",
    "listen_address: '*'",
    "listen_address: ::1",
    "listen_address:",
    "listen_address: none\nlisten_socket: /s\nlisten_socket_mode: 0666",
    "listen_socket_mode: '640'",
    "listen_port: 0",
    "listen_port:",
    "pid_file: ''",
    "log_level: Warning",
    "http: {listen: 8671}",
    "http: {listen: '*:8671'}",
    "service:",
    "service: {idle_seconds: 0.5, reuse: no}",
    "guard: {max_loss: null, files: {asterisk/queues.conf: 80, asterisk.sccp.conf: }, action: hold}",
    "check: {gate: off, rules: {pjsip-auth-none: off, queue-musicclass-missing: error}}",
    "reload: {ami: {username: u, secret: s}, commands: {asterisk/hep.conf: null}}",
    "plugins:",
    "followme: {ring_seconds: 25}",
];

/// Configurations that the program refuses.
const BAD: &[&str] = &[
    "listen_address: nowhere",
    "listen_port: 65536",
    "listen_port: x",
    "listen_socket_mode: 0642",
    "log_level: warn",
    "debug: 1",
    "cache: ''",
    "cache: [a]",
    "http: {listen: x}",
    "service: {idle_seconds: 0}",
    "service: 1",
    "guard: {action: off}",
    "guard: {files: {asterisk/queues.conf: 101}}",
    "check: {gate: drop}",
    "check: {rules: {pjsip-auth-none: bad}}",
    "reload: {command: asterisk}",
    "reload: {ami: {username: u}}",
    "reload: {ami: {username: u, secret: s, user: u}}",
    "database: {connections: 0}",
    "db_uri: mysql://h/d",
];

#[test]
fn an_editor_and_the_program_agree_on_values() {
    let texts = || GOOD.iter().map(|it| (*it, true)).chain(BAD.iter().map(|it| (*it, false)));
    let documents: Vec<Value> = texts().map(|(yaml, _)| json(yaml)).collect();
    let by_schema = accepted(&schema(), &documents);
    for (index, (yaml, is_good)) in texts().enumerate() {
        let text = format!("extra_config_files:\n{yaml}\n");
        let folder = Folder::new(&[("config.yml", &text)]);
        let run = confgend(&["config", "--config", &folder.text("config.yml")]);
        assert_eq!(run.code == 0, is_good, "{yaml}: {run:?}");
        if let Some(by_schema) = &by_schema {
            assert_eq!(by_schema[index], is_good, "{yaml}");
        }
    }
}

#[test]
#[cfg(feature = "asterisk")]
fn an_editor_and_the_program_agree_on_patches_and_drivers() {
    let (good, mut bad) = (
        "patches: {asterisk.pjsip.conf: [{section: 'trunk-*', section_type: endpoint, remove: [a], \
         set: {rtp_symmetric: 'no', allow: ['!all', ulaw]}, add: {set_var: a=b}}]}\n\
         enabled_asterisk_modules: {app_followme.so: true}\ntemplates: {acme: x}",
        vec![
            "patches: {asterisk.pjsip.conf: [{sections: x, remove: [a]}]}",
            "patches: {asterisk.pjsip.conf: {remove: [a]}}",
            "patches: {asterisk.pjsip.conf: [{set: {a: 1}}]}",
        ],
    );
    let mut documents = vec![json(good)];
    if cfg!(feature = "custom") {
        let queries = "queries: {users: {table: userfeatures, key: [uuid], sql: SELECT 1}}";
        documents
            .push(json(&format!("drivers: {{asterisk.followme.conf: {{name: acme, text: x, {queries}}}}}")));
        documents.push(json("drivers: {asterisk.followme.conf: {command: [a, b], timeout: 5, reads: [c]}}"));
        documents.push(json("drivers: {asterisk.followme.conf: null}"));
        bad.push("drivers: {asterisk.followme.conf: {commands: x}}");
        bad.push("drivers: {asterisk.followme.conf: {text: x, syntax: toml}}");
        bad.push("drivers: {asterisk.followme.conf: {text: x, queries: {users: {table: userfeatures}}}}");
    }
    let count = documents.len();
    documents.extend(bad.iter().map(|yaml| json(yaml)));
    let Some(by_schema) = accepted(&schema(), &documents) else { return };
    for (index, is_accepted) in by_schema.into_iter().enumerate() {
        assert_eq!(is_accepted, index < count, "{}", documents[index]);
    }
}

#[test]
fn the_schema_accepts_the_shipped_configurations() {
    let shipped = [
        include_str!("../../debian/config.yml"),
        include_str!("../../../examples/drivers-followme/site/config.yml"),
        include_str!("../../../fixtures/cases/odd/config.yml"),
        include_str!("../../../fixtures/cases/release-24.10/config.yml"),
        include_str!("alone.yml"),
    ];
    if let Some(by_schema) = accepted(&schema(), &shipped.map(json)) {
        assert_eq!(by_schema, [true; 5]);
    }
}

#[test]
fn an_unknown_key_gets_a_warning() {
    let folder = Folder::new(&[("config.yml", "extra_config_files:\nlisten_adress: x\nguard: {loss: 1}\n")]);
    let run = confgend(&["config", "--config", &folder.text("config.yml")]);
    let key = format!("warning: {}: configuration key", folder.text("config.yml"));
    let expected = format!(
        "{key} listen_adress: there is no such key, so it has no effect; did you mean listen_address?\n\
         {key} guard.loss: there is no such key, so it has no effect; the keys there are action, files, max_loss, \
         min_objects\n"
    );
    assert_eq!((run.code, run.err), (0, expected));
}
