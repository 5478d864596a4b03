//! Templates of one line, each with the text that Jinja2 3.1.6 gives, or `null` if that fails.
#![cfg(feature = "templates")]

use driver_api::templates::{Engine, Serde, Value};
use driver_api::yaml;

const CASES: &str = include_str!("jinja2/cases.jsonl");
const CONTEXT: &str = include_str!("jinja2/context.yml");
const TEMPLATES: &str = include_str!("jinja2/templates.yml");

fn engine(templates: serde_yaml::Value) -> Engine<'static> {
    let mut engine = Engine::new(|out, _, text| {
        out.push_str(text);
        Ok(())
    });
    engine.set_loader(move |name| Ok(templates[name].as_str().map(str::to_owned)));
    engine
}

#[test]
fn templates_render_as_jinja2_does() {
    let context = yaml::parse(CONTEXT).unwrap();
    let templates = yaml::parse(TEMPLATES).unwrap();
    let mut differences = Vec::new();
    for line in CASES.lines() {
        let (source, expected): (String, Option<String>) = serde_json::from_str(line).unwrap();
        let text = engine(templates.clone()).render_source("case", &source, Value::from(Serde(&context)));
        match (text, expected) {
            (Ok(text), Some(expected)) if text == expected => {}
            (Err(_), None) => {}
            (text, expected) => differences.push(format!("{source:?}: {text:?} and not {expected:?}")),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
