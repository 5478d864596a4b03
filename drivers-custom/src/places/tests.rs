use proptest::prelude::*;

use super::*;

/// Writes a template in which each `@` prints the next value.
fn composed(syntax: Syntax, template: &str, values: &[&str]) -> Result<String, String> {
    let printed: Vec<Printed> =
        values.iter().map(|text| Printed { text: (*text).into(), kind: Kind::Text }).collect();
    let mut parts = template.split('@');
    let mut output = parts.next().unwrap_or_default().to_owned();
    for (number, part) in parts.enumerate() {
        mark(&mut output, number);
        output += part;
    }
    let composed = compose(syntax, &output, &printed);
    match composed.refused.first() {
        Some((number, reason)) => Err(format!("{number}: {reason}")),
        None => Ok(composed.text),
    }
}

#[test]
fn a_value_is_escaped_by_its_place_in_a_file_of_asterisk() {
    let table = [
        ("[@]\n@ = @\n", &["a;b", "k;", "v;w"][..], Ok("[a\\;b]\nk\\; = v\\;w\n")),
        ("[x](@,!)\n", &["tpl"], Ok("[x](tpl,!)\n")),
        ("; @\nx = y ; @\n", &["a;b", "c;d"], Ok("; a;b\nx = y ; c;d\n")),
        ("exten => @,1,Dial(@)\n", &["100", "PJSIP/x"], Ok("exten => 100,1,Dial(PJSIP/x)\n")),
        ("[@]\n", &["a]b"], Err("0: there is a \"]\", which ends the name of a section")),
        ("[@]\n", &[""], Err("0: it is empty")),
        ("[@]@\n", &["a", "b"], Err("1: a value can't stand behind the header of a section")),
        ("a = @\n", &["b\nc = d"], Err("0: the value has a line break")),
        ("@ = 1\n", &["a=b"], Err("0: there is a \"=\", which ends the name of an option")),
        ("x@ = 1\n", &["a=b"], Err("0: there is a \"=\", which ends the name of an option")),
        ("@= 1\n", &["a+"], Err("0: there is a \"+\" before the \"=\", which appends to another value")),
        ("@\n", &["#exec x"], Err("0: the line has no \"=\" behind the value, so it is no option")),
        ("#include @\n", &["x"], Err("0: a value can't stand in a directive")),
        (
            "a =@\n",
            &[">b"],
            Err("0: there is a \">\" behind the \"=\", which Asterisk takes for a part of the sign"),
        ),
        (
            "a = @; b\n",
            &["x\\"],
            Err("0: there is a backslash at the end, which takes its meaning from what follows"),
        ),
        (
            "a = @@\n",
            &["x\\", ";y"],
            Err("0: there is a backslash at the end, which takes its meaning from what follows"),
        ),
        (";@\n", &["-- x"], Err("0: there is \";--\" or \"--;\", which hides the lines that follow")),
        ("; -@;\n", &["-"], Err("0: there is \";--\" or \"--;\", which hides the lines that follow")),
        (
            "same = n,Set(X=@)\n",
            &["a,b"],
            Err("0: there is a comma, and what follows it would be the next field"),
        ),
        (
            "same = n,Set(X=@)\n",
            &["${SHELL(id)}"],
            Err("0: there is \"${\" or \"$[\", which Asterisk evaluates"),
        ),
    ];
    for (template, values, expected) in table {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(composed(Syntax::Asterisk, template, values), expected, "{template:?} {values:?}");
    }
    let long = "x".repeat(50);
    assert!(
        composed(Syntax::Asterisk, "[@@]\n", &[&long, &long]).unwrap_err().starts_with("1: it is longer")
    );
    let long = "x".repeat(8190);
    assert!(
        composed(Syntax::Asterisk, "a = @\n", &[&long]).unwrap_err().starts_with("0: its line is longer")
    );
}

#[test]
fn a_value_is_quoted_by_its_place_in_yaml() {
    let table = [
        ("a: @\n", &["word"][..], Ok("a: word\n")),
        ("a: @\n", &["1001"], Ok("a: \"1001\"\n")),
        ("a: @\n", &["x: y\n- z"], Ok("a: \"x: y\\n- z\"\n")),
        ("a: [@, @]\n", &["yes", "a, b"], Ok("a: [\"yes\", \"a, b\"]\n")),
        ("- @: @ # @\n", &["k", "v", "note # x"], Ok("- k: v # note # x\n")),
        ("a: \"http://@/\"\n", &["h\"\n"], Ok("a: \"http://h\\\"\\n/\"\n")),
        ("a: 'it@'\n", &["'s"], Ok("a: 'it''s'\n")),
        ("a: http://@/x\n", &["host.example"], Ok("a: http://host.example/x\n")),
        (
            "a: http://@/x\n",
            &["h #"],
            Err(
                "0: the value is a part of a text without quotes; put the whole text of the template in double quotes",
            ),
        ),
        ("a: 'x@'\n", &["\n"], Err("0: the value has a line break")),
        ("# @\n", &["x\na: 1"], Err("0: the value has a line break")),
    ];
    for (template, values, expected) in table {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(composed(Syntax::Yaml, template, values), expected, "{template:?} {values:?}");
    }
}

#[test]
fn a_value_begins_no_line_of_its_own() {
    for syntax in [Syntax::Ini, Syntax::Text] {
        assert_eq!(composed(syntax, "a = @\n", &["b c"]).unwrap(), "a = b c\n");
        assert_eq!(
            composed(syntax, "a = @\n", &["b\u{2028}c"]).unwrap_err(),
            "0: the value has a line break"
        );
    }
    let table = [
        ("[@]\n", "a]\u{3b}", "0: there is a \"]\", which ends the name of a section"),
        ("@ = 1\n", "a:b", "0: there is a \"=\" or \":\", which ends the name of an option"),
        (
            "@ = 1\n",
            "#a",
            "0: the line would be no option: the value is blank, or begins with \"[\", \"#\" or \";\"",
        ),
    ];
    for (template, value, reason) in table {
        assert_eq!(composed(Syntax::Ini, template, &[value]).unwrap_err(), reason);
    }
}

#[test]
fn a_mark_in_a_value_is_no_mark() {
    let mut forged = String::new();
    mark(&mut forged, 1);
    let text = composed(Syntax::Asterisk, "a = @\nb = @\n", &[&forged, "x;y"]).unwrap();
    assert_eq!(text, format!("a = {forged}\nb = x\\;y\n"));
    let yaml = composed(Syntax::Yaml, "a: @\n", &[&forged]).unwrap();
    assert_eq!(driver_api::yaml::parse(&yaml).unwrap()["a"], forged);
    // A filter may cut a mark off.
    let broken = compose(Syntax::Text, &format!("a {START}Aa"), &[]);
    assert_eq!(broken.refused.len(), 1);
}

/// Texts with the characters that some syntax gives a meaning.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", " ", ";", "--", "\\", "=", ">", "[", "]", "(", ")", "#exec x", ",", "\n", "\r", "\t", "'", "\"",
        ":", "- ", "é", "${X}", "!", "+", "\u{2028}", "\0", "%", "{", "}", "1", "no",
    ]);
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    /// Asterisk reads each value exactly, or the value is refused.
    #[test]
    fn asterisk_reads_what_was_printed(name in hostile(), key in hostile(), value in hostile(), note in hostile()) {
        let values = [&*note, &name, &key, &value, &value];
        if let Ok(text) = composed(Syntax::Asterisk, "; @\n[@]\n@ = x@y\nlast = <@>\n[end]\n", &values) {
            let document = asterisk_conf::read(&text);
            let sections = document.sections();
            prop_assert_eq!(sections.len(), 2, "{}", text);
            prop_assert_eq!(sections[0].name().to_string(), meaning(&name));
            let options = sections[0].options().iter();
            let options: Vec<_> =
                options.map(|option| (option.key().to_string(), option.value().to_string())).collect();
            let expected = [(meaning(&key), meaning(&format!("x{value}y"))), ("last".to_owned(), meaning(&format!("<{value}>")))];
            prop_assert_eq!(options, expected.to_vec(), "{}", text);
        }
    }

    /// A YAML reader reads each value exactly, or the value is refused.
    #[test]
    fn yaml_readers_read_what_was_printed(value in hostile(), other in hostile()) {
        let template = "a: @\nb: [@, 1, {c: @}]\nd: \"<@>\"\ne: '<@>'\n- x: 1\n".replace("- x: 1\n", "");
        let values = [&*value, &other, &value, &value, &other];
        if let Ok(text) = composed(Syntax::Yaml, &template, &values) {
            let read = driver_api::yaml::parse(&text).map_err(|error| TestCaseError::fail(error.chain()))?;
            prop_assert_eq!(read["a"].as_str(), Some(&*value), "{}", text);
            prop_assert_eq!(read["b"][0].as_str(), Some(&*other), "{}", text);
            prop_assert_eq!(read["b"][2]["c"].as_str(), Some(&*value));
            prop_assert_eq!(read["d"].as_str(), Some(&*format!("<{value}>")));
            prop_assert_eq!(read["e"].as_str(), Some(&*format!("<{other}>")));
        }
    }
}

fn meaning(text: &str) -> String {
    driver_api::asterisk::syntax::meaning(text).into_owned()
}
