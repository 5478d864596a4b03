//! Templates of one line, each with the text that Jinja2 3.1.6 gives, or `null` if that fails.
#![cfg(feature = "templates")]

use driver_api::templates::{Engine, Serde, Value};
use driver_api::yaml;

const CASES: &str = include_str!("jinja2/cases.jsonl");
const CONTEXT: &str = include_str!("jinja2/context.yml");
const TEMPLATES: &str = include_str!("jinja2/templates.yml");

fn engine(templates: yaml::Value) -> Engine<'static> {
    let mut engine = Engine::new(|out, _, text| {
        out.push_str(text);
        Ok(())
    });
    engine.set_loader(move |name| Ok(templates[name].as_str().map(str::to_owned)));
    engine
}

/// A text of an operator may be anything.
#[test]
fn a_template_that_is_cut_off_does_not_panic() {
    let engine = engine(yaml::parse(TEMPLATES).unwrap());
    for line in CASES.lines() {
        let (source, _): (String, Option<String>) = serde_json::from_str(line).unwrap();
        for (place, _) in source.char_indices().skip(1).step_by(3) {
            let (start, end) = source.split_at(place);
            for text in [start, end, &format!("{{{{ {end}")] {
                engine.check("case", text, &[]);
            }
        }
    }
}

/// The dictionary is locked while a key is looked up.
#[test]
fn a_dictionary_in_itself_ends() {
    for source in [
        "{% set m = {'a': 1} %}{{ m in m }}{{ (m,) in m }}{{ m.get(m) }}{{ m.pop(m, 1) }}{{ m == m }}",
        "{% set m = {} %}{% set n = {'m': m} %}{{ m.update({'n': n}) }}{{ m.update(m) }}{{ m }}",
        "{% set l = [1] %}{{ l.extend(l) }}{{ l.append([l]) }}",
        "{% set l = [1] %}{% set k = [l] %}{{ l.append(k) }}",
        "{% set m = {} %}{{ m.setdefault(m, 1) }}",
        "{% set m = {} %}{% set l = [] %}{{ l.append(m) }}{{ m.update(l=l) }}",
        "{% set l = [] %}{% for i in [0, 1] %}{{ l.append(1) }}{% for x in l %}{{ l.append(x) }}{% endfor %}{% endfor %}{{ l }}",
    ] {
        let _ = engine(yaml::Value::Null).render_source("case", source, Value::from(()));
    }
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
