use super::*;
use crate::templates::Engine;

fn engine() -> Engine<'static> {
    let mut engine = Engine::new(|out, _, text| {
        out.push_str(text);
        Ok(())
    });
    engine.set_loader(|name| {
        let text = match name {
            "macros" => "{% macro hi(who) %}{{ who }}{{ ivr }}{% endmacro %}",
            "bad" => "\n  {{ ivr.name | nonsense }}",
            "circle" => "{% include 'circle' %}{% include 'needs' %}",
            "needs" => "{{ local }}",
            _ => return Ok(None),
        };
        Ok(Some(text.to_owned()))
    });
    engine
}

/// Returns the mistakes of a template whose context has `ivr`, each as `TEMPLATE:LINE:COLUMN: MESSAGE`.
fn mistakes(source: &str) -> Vec<String> {
    let shown = |mistake: Mistake| {
        let column = mistake.column.map_or_else(|| "?".to_owned(), |column| column.to_string());
        format!("{}:{}:{column}: {}", mistake.template, mistake.line, mistake.message)
    };
    engine().check("t", source, &["ivr"]).into_iter().map(shown).collect()
}

#[test]
fn a_template_without_mistakes_has_none() {
    for source in [
        "{{ ivr.name | upper }}{% if ivr is defined and ivr is odd %}{% endif %}{{ range(3) }}{{ cycler(1) }}",
        "{% for x in ivr.choices if x %}{{ loop.index }}{{ x }}{% endfor %}{% set y = 1 %}{{ y }}",
        "{% macro m(a, b=1) %}{{ a }}{{ b }}{{ caller() }}{{ varargs }}{{ later }}{% endmacro %}{% set later = 1 %}",
        "{{ a | default(1) }}{{ b | d }}{% if c is defined %}{{ c }}{% endif %}{{ 1 if e is not defined }}",
        "{% if ivr %}{% set z = 1 %}{% endif %}{{ z }}{% from 'macros' import hi with context %}{{ hi(1) }}",
        "{% set ns = namespace(x=1) %}{% set ns.x = 2 %}{{ ns.x }}{% with q = 1 %}{{ q }}{% endwith %}",
        "{% set local = 1 %}{% include 'circle' %}{% include 'none' ignore missing %}{% include ['none', 'needs'] %}",
        "{{ '%s' % ivr.id }}{{ [1, 2][1:] }}{{ {'a': 1}.items() }}{{ '%r' | format(1) }}",
        "{% block b %}{{ super() }}{% endblock %}{{ self.b() }}{% raw %}{{ x }}{% endraw %}{# {{ x }} #}",
    ] {
        assert_eq!(mistakes(source), [] as [String; 0], "{source}");
    }
}

#[test]
fn names_filters_tests_and_functions_must_exist() {
    let table = [
        ("\n  {{ é }}", "t:2:6: syntax error: unexpected character"),
        ("é {{ nam }}", "t:1:6: nothing sets \"nam\""),
        ("{% if x %}{% endif %}", "t:1:7: nothing sets \"x\""),
        ("{% for x in [1] %}{% endfor %}\n{{ x }}", "t:2:4: nothing sets \"x\""),
        ("{% macro m(a) %}{% endmacro %}{{ a }}", "t:1:34: nothing sets \"a\""),
        ("{{ ivr | nonsense(1) }}", "t:1:10: there is no filter \"nonsense\""),
        ("{% if 0 %}{{ ivr is nonsense }}{% endif %}", "t:1:21: there is no test \"nonsense\""),
        ("{{ nonsense(1) }}", "t:1:4: there is no function \"nonsense\""),
        (
            "{{ ivr | random }}",
            "t:1:10: there is no filter \"random\": the same data must give the same file",
        ),
        ("{{ lipsum() }}", "t:1:4: there is no function \"lipsum\": the same data must give the same file"),
        ("{{ ivr.name.encode() }}", "t:1:7: there is no method \"encode\""),
    ];
    for (source, mistake) in table {
        let found = mistakes(source);
        assert!(found.len() == 1 && found[0].starts_with(mistake), "{source}: {found:?}");
    }
}

#[test]
fn included_templates_are_checked_with_what_they_see() {
    let table = [
        ("{% include 'bad' %}", "bad:2:17: there is no filter \"nonsense\""),
        ("{% include 'needs' %}", "needs:1:4: nothing sets \"local\""),
        ("{% include 'none' %}", "t:1:4: there is no template \"none\""),
        ("{% extends 'none' %}", "t:1:4: there is no template \"none\""),
        ("{% from 'macros' import bye with context %}", "t:1:25: template \"macros\" does not set \"bye\""),
        ("{% import 'macros' as m %}{{ m.hi() }}", "macros:1:32: nothing sets \"ivr\""),
    ];
    for (source, mistake) in table {
        assert_eq!(mistakes(source), [mistake], "{source}");
    }
}

#[test]
fn differences_from_jinja2_are_found() {
    let table = [
        ("{% with a = 1, b = a %}{% endwith %}", "don't see each other"),
        ("{% macro m(a, b=a) %}{% endmacro %}", "can't use another parameter"),
        ("{% autoescape true %}{% endautoescape %}", "escapes nothing"),
        ("{% include 'macros' without context %}", "also without context"),
        ("{{ '{!r}'.format(1) }}", "has no conversions"),
        ("{% trans %}{% endtrans %}", "syntax error: unknown statement trans"),
        ("{% set a, *b = [1, 2] %}", "syntax error"),
    ];
    for (source, message) in table {
        let found = mistakes(source);
        assert!(found.len() == 1 && found[0].contains(message), "{source}: {found:?}");
    }
    // This can be parsed only after its translation.
    assert_eq!(mistakes("{{ +ivr.id }}\n{{ x }}"), ["t:2:?: nothing sets \"x\""]);
}
