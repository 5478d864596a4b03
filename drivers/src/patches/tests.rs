use driver_api::{Driver, Entry, Rows, Snapshot};

use super::*;
use crate::Writer;

const TEXT: &str = "[ann]\ntype = endpoint\nallow = ulaw\nallow = alaw\n\n[ann]\ntype = auth\npassword = s3cret\n\n\
    ; The provider.\n[trunk-1]\ntype = endpoint\n";

struct Text;

impl Driver for Text {
    fn generate(&self, _: &mut Session<'_>) -> Result<String, Error> {
        Ok(TEXT.to_owned())
    }
}

static DRIVERS: &[Entry] = &[
    Entry::new("asterisk.pjsip.conf", "wazo", |_| Ok(Box::new(Text))),
    Entry::new("wazo.uuid.yml", "wazo", |_| Ok(Box::new(Text))),
];

struct NoDatabase;

impl Snapshot for NoDatabase {
    fn run(&mut self, _: &str, _: &[driver_api::Value<'_>], _: &mut dyn Rows) -> Result<(), Error> {
        Ok(())
    }
}

fn layer(name: &str, yaml: &str) -> Config {
    Config::from_yaml(yaml).unwrap().named(name)
}

/// The text, the warnings and the effect.
type Generated = (String, Vec<String>, Option<String>);

fn generated(file: &str, config: &Config) -> Result<Generated, String> {
    let registry = Registry::new(&[DRIVERS]).unwrap();
    let writer = Writer::new(&registry, config, &file.parse().unwrap()).map_err(|error| error.chain())?;
    let outcome = writer.write(&mut NoDatabase);
    let text = outcome.result.map_err(|error| error.chain())?;
    let warnings = outcome.warnings.iter().map(ToString::to_string).collect();
    Ok((text, warnings, outcome.patched.map(|patched| patched.to_string())))
}

fn patched(patches: &str) -> Result<Generated, String> {
    generated(
        "asterisk/pjsip.conf",
        &layer("c.yml", &format!("patches: {{asterisk.pjsip.conf: [{patches}]}}")),
    )
}

#[test]
fn patches_remove_set_and_add_options() {
    let patches = "{section_type: auth, remove: [password]}, \
        {section: 'trunk-*', set: {rtp_symmetric: 'no', type: identify}}, \
        {section: ann, section_type: endpoint, set: {allow: [g722, 'a;b']}, add: {set_var: [A=1, B=2]}}, \
        {add: {x: ''}}";
    let (text, warnings, effect) = patched(patches).unwrap();
    let expected = "[ann]\ntype = endpoint\nallow = g722\nallow = a\\;b\nset_var = A=1\nset_var = B=2\nx =\n\n\
        [ann]\ntype = auth\nx =\n\n; The provider.\n[trunk-1]\ntype = identify\nrtp_symmetric = no\nx =\n";
    assert_eq!((text.as_str(), warnings), (expected, vec![]));
    assert_eq!(effect.unwrap(), "4 patches changed 3 sections");
    let (text, _, effect) =
        patched("{set: {type: endpoint}, section: trunk-1}, {remove: [password]}").unwrap();
    assert_eq!(text, TEXT.replace("password = s3cret\n", ""));
    assert_eq!(effect.unwrap(), "1 patch changed 1 section");
    assert_eq!(generated("asterisk/pjsip.conf", &Config::default()), Ok((TEXT.to_owned(), vec![], None)));
    assert_eq!(patched(""), Ok((TEXT.to_owned(), vec![], None)));
}

#[test]
fn a_patch_without_effect_gets_a_warning() {
    let patches = "{section: 'trunk-?x', remove: [a]}, {section_type: auth, remove: [pasword, password]}";
    let (_, warnings, effect) = patched(patches).unwrap();
    let key = "c.yml: configuration key patches.asterisk.pjsip.conf";
    let expected = [
        format!("{key}[0]: the patch has no effect: the file has no such section"),
        format!("{key}[1]: no section that the patch selects has the option \"pasword\"; it selects 1"),
    ];
    assert_eq!((warnings, effect.unwrap().as_str()), (expected.to_vec(), "1 patch changed 1 section"));
}

#[test]
fn a_bad_patch_names_file_and_key() {
    for (patch, key, message) in [
        ("5", "[0]", "expected a patch, such as {section_type: auth, remove: [password]}"),
        ("{}", "[0]", "the patch changes nothing: it needs remove, set or add"),
        ("{section: a}", "[0]", "the patch changes nothing: it needs remove, set or add"),
        ("{remove: [], set: {}}", "[0]", "the patch changes nothing: it needs remove, set or add"),
        (
            "{remove: [a]}, {delete: [a]}",
            "[1].delete",
            "a patch has no such key; it has section, section_type, remove, set and add",
        ),
        ("{remove: a}", "[0].remove", "expected a list of options, such as [password]"),
        ("{remove: [1]}", "[0].remove[0]", "expected a text; put it in quotes, as in 'no' or '10'"),
        ("{remove: [a=b]}", "[0].remove[0]", "there is a \"=\", which ends the name of an option"),
        ("{set: [a]}", "[0].set", "expected a mapping of options, such as {rtp_symmetric: 'no'}"),
        ("{set: {a: no}}", "[0].set.a", "expected a text; put it in quotes, as in 'no' or '10'"),
        ("{set: {a: }}", "[0].set.a", "expected a text; put it in quotes, as in 'no' or '10'"),
        ("{set: {a: []}}", "[0].set.a", "the list is empty; name the option under remove"),
        ("{set: {1: a}}", "[0].set", "a key is no text; put it in quotes"),
        ("{set: {a: \"x\\n[evil]\"}}", "[0].set.a", "the value has a line break"),
        ("{add: {a: [b, ' c']}}", "[0].add.a", "there is a blank at an end, which Asterisk strips"),
        ("{section: '', remove: [a]}", "[0].section", "it is empty; leave the key out for all sections"),
        (
            "{section_type: [a], remove: [a]}",
            "[0].section_type",
            "expected a text; put it in quotes, as in 'no' or '10'",
        ),
    ] {
        let key = format!("asterisk/pjsip.conf: c.yml: configuration key patches.asterisk.pjsip.conf{key}");
        assert_eq!(patched(patch), Err(format!("{key}: {message}")));
    }
    assert!(
        patched("{section: 'a[', remove: [a]}").unwrap_err().contains("[0].section: \"a[\" is no pattern: ")
    );
    let patches = |yaml: &str| layer("c.yml", &format!("patches: {yaml}"));
    let error = |file, yaml| generated(file, &patches(yaml)).unwrap_err();
    assert_eq!(
        error("wazo/uuid.yml", "{wazo.uuid.yml: [{remove: [a]}]}"),
        "wazo/uuid.yml: c.yml: configuration key patches.wazo.uuid.yml: only files in Asterisk's syntax, \
            asterisk/*.conf, can have patches"
    );
    assert_eq!(
        error("asterisk/pjsip.conf", "{asterisk.pjsip.conf: [], asterisk/pjsip.conf: []}"),
        "asterisk/pjsip.conf: c.yml: configuration key patches.asterisk/pjsip.conf: the same file has the key \
            patches.asterisk.pjsip.conf; put all its patches into one list"
    );
    assert!(error("asterisk/pjsip.conf", "{asterisk.pjsip.conf: x}").ends_with("expected a list of patches"));
    // A bad patch costs its own file alone.
    assert!(generated("wazo/uuid.yml", &patches("{asterisk.pjsip.conf: x}")).is_ok());
    let error = Patches::check(&patches("[]")).unwrap_err().chain();
    assert_eq!(error, "c.yml: configuration key patches: expected a mapping of files to lists of patches");
    assert!(Patches::check(&patches("")).is_ok());
}

#[test]
fn an_entry_without_a_file_or_that_hides_another_gets_a_warning() {
    let registry = Registry::new(&[DRIVERS]).unwrap();
    let mut config =
        layer("10.yml", "patches: {asterisk.pjsip.conf: [{remove: [a]}], asterisk.pjsp.conf: []}");
    config.fill_from(&layer("20.yml", "patches: {asterisk.pjsip.conf: [{remove: [b]}], wazo.uuid.yml: }"));
    config.fill_from(&layer("built-in", "patches: {}"));
    let key = "10.yml: configuration key patches.asterisk";
    let hint = if cfg!(feature = "asterisk") {
        "did you mean asterisk/pjsip.conf?"
    } else {
        "this build leaves out the feature `asterisk`"
    };
    let expected = [
        format!("{key}.pjsip.conf: this list takes the place of the one in 20.yml"),
        format!("{key}.pjsp.conf: the entry has no effect: no driver writes asterisk/pjsp.conf; {hint}"),
    ];
    assert_eq!(Patches::warnings(&config, &registry), expected);
    assert_eq!(Patches::warnings(&Config::default(), &registry), [""; 0]);
    let (_, warnings, _) = generated("asterisk/pjsip.conf", &config).unwrap();
    let message = "no section that the patch selects has the option \"a\"; it selects 3";
    assert_eq!(warnings, [format!("{key}.pjsip.conf[0]: {message}")]);
}

#[test]
fn the_patches_of_a_file_that_cannot_be_edited_are_an_error() {
    let config = layer("c.yml", "patches: {asterisk.pjsip.conf: [{set: {a: b}}]}");
    let patches = Patches::read(&config, &"asterisk/pjsip.conf".parse().unwrap()).unwrap();
    let mut snapshot = NoDatabase;
    let mut session = Session::new(&mut snapshot);
    let error = patches.apply(&mut session, "[a]\n[a](+type=x)\n".to_owned()).unwrap_err().chain();
    let message = "line 2 of the text: its header selects the section that it continues by a filter";
    assert_eq!(error, format!("c.yml: configuration key patches.asterisk.pjsip.conf[0]: {message}"));
}
