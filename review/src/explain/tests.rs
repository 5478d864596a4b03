use std::sync::Arc;

use driver_api::asterisk::Writer;
use driver_api::asterisk::edit::Selection;
use driver_api::explanation::{Note, Overridden, Setting, Template, TextSource};
use driver_api::{EngineRow, Error, Query, Row, Rows, Session, Snapshot, Text, Value};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// A database that answers every query with rows of an id, a name and a value.
struct Things;

impl Snapshot for Things {
    fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        rows.columns(&["id", "name", "value"])?;
        (1..).zip(["one", "two", "three"]).try_for_each(|(id, name)| rows.row(&Thing(id, name)))
    }
}

struct Thing(i64, &'static str);

impl EngineRow for Thing {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        Ok([Value::Integer(self.0), Value::Text(self.1), Value::Text("s3cret")][column].clone())
    }
}

#[derive(Deserialize)]
struct ThingRow {
    name: Text,
    value: Text,
}

/// A file of Asterisk, written while its section is explained.
struct Written {
    namespace: Namespace,
    file: GeneratedFile,
    explanation: Explanation,
}

fn written(file: &str, section: &str, write: impl FnOnce(&mut Writer, &[Row<ThingRow>])) -> Written {
    let mut snapshot = Things;
    let mut session = Session::new(&mut snapshot).explaining(Some(section));
    let rows = session.query(Query { table: "thing", key: &["id"], sql: "" }, &[]).unwrap();
    let mut writer = Writer::new(&session);
    write(&mut writer, &rows);
    let text = writer.finish(&mut session).into_bytes();
    Written {
        namespace: format!("asterisk/{file}").parse().unwrap(),
        file: GeneratedFile::with_origins(text, session.take_origins()),
        explanation: session.take_explanation(),
    }
}

/// A file without origins.
fn text(file: &str, text: &str) -> Written {
    Written {
        namespace: file.parse().unwrap(),
        file: GeneratedFile::new(text),
        explanation: Explanation { is_by_lines: true, ..Explanation::default() },
    }
}

impl Written {
    fn ask(&self, question: Question<'_>) -> Result<String, NotFound> {
        let index = Index::new(&self.namespace, &self.file);
        let knowledge = Knowledge { driver: "wazo", explanation: &self.explanation, shows_secrets: false };
        index.find(question).map(|answer| index.show(&answer, knowledge))
    }

    /// Returns what is shown of a section, or of a section and an option.
    fn explain(&self, names: &[&str]) -> String {
        let [section, option] = [0, 1].map(|at| names.get(at).copied());
        self.ask(Question { section, option, line: None }).unwrap_or_else(|error| format!("error: {error}"))
    }
}

#[test]
fn an_option_shows_its_template_and_what_it_overrides() {
    let file = written("pjsip.conf", "a", |writer, rows| {
        let template = Arc::new(Template { name: "global\n".to_owned(), origin: rows[2].origin().clone() });
        let overridden = |value: &str, template: Option<&Arc<Template>>| {
            Note::Overrides(Overridden {
                value: value.to_owned(),
                origin: rows[1].origin().clone(),
                column: Some("value".to_owned()),
                template: template.cloned(),
            })
        };
        let notes = [overridden("weak;", Some(&template)), overridden("own", None)];
        for name in ["a", "b", "c"] {
            writer.own().section(name);
            writer.own().option("type", "endpoint");
            let lines = writer.at(&rows[0]).of_template(Some(&template));
            lines.noting(&notes).option("allow", &rows[0].value);
            writer.at(&rows[1]).noting(&notes).option("password", &rows[1].value);
            writer.at(&rows[2]).noting(&[Note::Computed(None)]).option("context", ("name", "c"));
            writer.at(&rows[2]).noting(&[Note::Computed(None)]).option("aors", "c");
            writer.at(&rows[2]).noting(&[Note::Computed(Some("its users"))]).option("mailboxes", "c");
        }
    });
    assert_eq!(
        file.explain(&["a", "allow"]),
        "allow = s3cret\n    template \"global\\n\" (thing id=3): thing id=1, value \"s3cret\"\n    \
            overrides template \"global\\n\" (thing id=3): \"weak;\"\n    overrides thing id=2: \"own\"\n    \
            in effect for 3 endpoints\n"
    );
    assert_eq!(
        file.explain(&["a", "PASSWORD"]),
        "password = •••\n    thing id=2, value \"•••\"\n    overrides template \"global\\n\" (thing id=3): \"•••\"\n    \
            overrides thing id=2: \"•••\"\n    in effect for 3 endpoints\n"
    );
    assert_eq!(
        file.explain(&["a", "context"]),
        "context = c\n    computed from thing id=3, column name\n    in effect for 3 endpoints\n"
    );
    let lines = file.explain(&["a", "aors"]);
    assert!(lines.starts_with("aors = c\n    the program's own, for thing id=3\n"), "{lines}");
    let lines = file.explain(&["a", "mailboxes"]);
    assert!(lines.starts_with("mailboxes = c\n    computed from its users, for thing id=3\n"), "{lines}");
    assert_eq!(
        file.explain(&["a"]),
        "asterisk/pjsip.conf:1: endpoint a\n\
            [a]              the program's own\n\
            type = endpoint  the program's own\n\
            allow = s3cret   template \"global\\n\"\n\
            password = •••   thing id=2\n\
            context = c      thing id=3, column name\n\
            aors = c         thing id=3\n\
            mailboxes = c    thing id=3\n"
    );
}

#[test]
fn a_patch_names_its_file_of_the_configuration() {
    let mut snapshot = Things;
    let mut session = Session::new(&mut snapshot).explaining(Some("a"));
    let rows: Vec<Row<ThingRow>> =
        session.query(Query { table: "thing", key: &["id"], sql: "" }, &[]).unwrap();
    let mut writer = Writer::new(&session);
    writer.own().section("a");
    for key in ["user", "allow", "secret", "realm"] {
        writer.at(&rows[0]).option(key, &rows[0].name);
    }
    let text = writer.finish(&mut session);
    let setting = |key: &str| Setting { key: key.to_owned(), source: Some("/etc/50.yml".to_owned()) };
    let settings = [setting("patches.asterisk.pjsip.conf[0]"), setting("patches.asterisk.pjsip.conf[1]")];
    let text = session.edit_for(text, &settings, |editor| {
        for section in editor.select(&Selection::all()) {
            editor.remove(section, "secret");
            editor.set_author(1);
            editor.set(section, "allow", &["ulaw"])?;
        }
        Ok(())
    });
    let file = Written {
        namespace: "asterisk/pjsip.conf".parse().unwrap(),
        file: GeneratedFile::with_origins(text.unwrap().into_bytes(), session.take_origins()),
        explanation: session.take_explanation(),
    };
    assert_eq!(
        file.explain(&["a"]),
        "asterisk/pjsip.conf:1: section a\n\
            [a]           the program's own\n\
            user = one    thing id=1, column name\n\
            allow = ulaw  configuration key patches.asterisk.pjsip.conf[1] in /etc/50.yml\n\
            realm = one   thing id=1, column name\n\
            without the option secret, which a patch removes: configuration key \
            patches.asterisk.pjsip.conf[0] in /etc/50.yml\n"
    );
    let index = Index::new(&file.namespace, &file.file);
    let removed = |option| {
        let question = Question { section: Some("a"), option: Some(option), line: None };
        let knowledge = Knowledge { driver: "wazo", explanation: &file.explanation, shows_secrets: false };
        index.find_removed(question, &file.explanation).map(|answer| index.show(&answer, knowledge))
    };
    let answer = "[a]\n    without the option secret, which a patch removes: configuration key \
        patches.asterisk.pjsip.conf[0] in /etc/50.yml\n";
    assert_eq!(removed("Secret").as_deref(), Some(answer));
    assert_eq!(removed("user"), None);
}

#[test]
fn a_name_means_all_sections_that_have_the_option() {
    let file = text(
        "asterisk/pjsip.conf",
        "[a]\ntype = endpoint\nk = 1\n[a]\ntype = aor\nk = 2\n[a]\ntype = auth\n[B]\ntype = auth\n",
    );
    let both = "asterisk/pjsip.conf:3: endpoint a\nk = 1\n    the program's own\n\n\
        asterisk/pjsip.conf:6: aor a\nk = 2\n    the program's own\n";
    assert_eq!(file.explain(&["a", "k"]), both);
    assert_eq!(file.explain(&["aor/a", "k"]), "k = 2\n    the program's own\n");
    assert_eq!(file.explain(&["b", "type"]), "type = auth\n    the program's own\n");
    assert_eq!(file.explain(&["auth/a", "k"]), "error: auth/a has no option \"k\"");
    assert_eq!(file.explain(&["ab"]), "error: asterisk/pjsip.conf has no section \"ab\"; the nearest is a");
}

#[test]
fn a_line_has_the_place_of_its_number() {
    let file = text("asterisk/pjsip.conf", "; first\n[a]\ntype = endpoint\n\n[b]\nk = v\n");
    let line = |line| file.ask(Question { line: Some(line), ..Question::default() });
    assert_eq!(line(3).unwrap(), "type = endpoint\n    the program's own\n");
    assert_eq!(line(5).unwrap(), "[b]\n    the program's own\n");
    let nothing = "it is empty, a comment, or no line of a section";
    for number in [1, 4] {
        assert_eq!(line(number).unwrap_err().to_string(), format!("asterisk/pjsip.conf:{number}: {nothing}"));
    }
    for number in [0, 7, usize::MAX] {
        let expected = format!("asterisk/pjsip.conf has 6 lines, and no line {number}");
        assert_eq!(line(number).unwrap_err().to_string(), expected);
    }
}

#[test]
fn an_extension_is_found_by_priority_and_label() {
    let file = text(
        "asterisk/extensions.conf",
        "[c]\ninclude = d\nexten = 1,1,Answer()\nsame = n(go),Wait(1)\nexten = 1,hint,PJSIP/a\nexten = 2,1,NoOp()\n[c]\n\
            exten = 1,3,Hangup()\n",
    );
    let own = "    the program's own\n";
    assert_eq!(file.explain(&["1@c", "2"]), format!("same = n(go),Wait(1)\n{own}"));
    assert_eq!(file.explain(&["1@c", "go"]), format!("same = n(go),Wait(1)\n{own}"));
    assert_eq!(file.explain(&["1@c", "hint"]), format!("exten = 1,hint,PJSIP/a\n{own}"));
    assert_eq!(file.explain(&["1@c", "3"]), format!("exten = 1,3,Hangup()\n{own}"));
    assert_eq!(file.explain(&["c", "include"]), format!("include = d\n{own}"));
    assert_eq!(
        file.explain(&["1@c"]),
        "asterisk/extensions.conf:3: context c\n\
            exten = 1,1,Answer()    the program's own\n\
            same = n(go),Wait(1)    the program's own\n\
            exten = 1,hint,PJSIP/a  the program's own\n\n\
            asterisk/extensions.conf:8: context c\n\
            exten = 1,3,Hangup()  the program's own\n"
    );
    assert_eq!(file.explain(&["1@c", "9"]), "error: 1@c has no priority \"9\"; it has 1, 2, 3, hint");
    assert_eq!(file.explain(&["10@c"]), "error: the context c has no extension \"10\"; the nearest is 1");
    assert_eq!(file.explain(&["1@cc"]), "error: asterisk/extensions.conf has no section \"1@cc\"");
}

#[test]
fn a_mailbox_hides_its_password() {
    let file = text(
        "asterisk/voicemail.conf",
        "[general]\nk = 1,2\n[zonemessages]\neu = x,y\n[c]\n10 => 1234,Ann\n",
    );
    assert_eq!(file.explain(&["10@c"]), "10 => •••,Ann\n    the program's own\n");
    assert_eq!(file.explain(&["general", "k"]), "k = 1,2\n    the program's own\n");
    assert_eq!(file.explain(&["zonemessages", "eu"]), "eu = x,y\n    the program's own\n");
    assert_eq!(file.explain(&["11@c"]), "error: asterisk/voicemail.conf has no \"11@c\"");
}

#[test]
fn texts_and_keys_are_named_with_their_files() {
    let setting = Setting { key: "templates.x".to_owned(), source: Some("conf.d/1.yml".to_owned()) };
    let source = |is_shipped| TextSource {
        path: "/t/x.conf".to_owned(),
        is_shipped,
        line: Some(7),
        setting: setting.clone(),
    };
    let unset = Setting { key: "a.b".to_owned(), source: None };
    let notes = [Note::Text(source(false)), Note::Text(source(true)), Note::Setting(unset)];
    let file = written("queues.conf", "s", |writer, rows| {
        writer.own().section("s");
        writer.own().noting(&notes).option("k", "v");
        writer.at(&rows[0]).section(&rows[0].name);
    });
    assert_eq!(
        file.explain(&["s", "k"]),
        "k = v\n    line 7 of /t/x.conf (configuration key templates.x in conf.d/1.yml)\n    \
            line 7 of the text that confgend ships; /t/x.conf would replace it (configuration key templates.x in \
            conf.d/1.yml)\n    configuration key a.b, which is not set\n"
    );
    assert_eq!(
        file.explain(&["s"]),
        "asterisk/queues.conf:1: queue s\n[s]    the program's own\nk = v  line 7 of /t/x.conf\n"
    );
    assert_eq!(
        file.explain(&[]),
        "asterisk/queues.conf: 4 lines, by the driver wazo\n        2 queue  thing\n"
    );
}

#[test]
fn an_inherited_option_says_where_it_stands() {
    let file = text("asterisk/confbridge.conf", "[t](!)\nk = v\n[a](t)\ntype = user\nquiet = yes\n");
    assert_eq!(
        file.explain(&["a", "k"]),
        "k = v\n    the program's own\n    in line 2, from which the section has it\n"
    );
    assert!(file.explain(&["a"]).ends_with("quiet = yes  the program's own\nand the options of t\n"));
}

#[test]
fn a_file_of_another_program_names_its_tables() {
    let tables = vec!["a".to_owned(), "b".to_owned()];
    let explanation = Explanation { tables, ..Explanation::default() };
    let file = Written { explanation, ..text("dird/views.yml", "views: []\n") };
    assert_eq!(
        file.explain(&[]),
        "dird/views.yml: 1 line, by the driver wazo\n\
            The driver reads a, b. The rows of single lines are not recorded.\n"
    );
    assert!(
        file.explain(&["views"])
            .starts_with("error: dird/views.yml: it is no configuration file of Asterisk")
    );
}

#[test]
fn a_file_that_asterisk_refuses_has_no_sections() {
    let file = text("asterisk/queues.conf", "[a\n");
    assert_eq!(file.explain(&["a"]), "error: asterisk/queues.conf: Asterisk does not read the file");
}

#[test]
fn a_line_of_several_columns_names_them() {
    let file = written("queues.conf", "s", |writer, rows| {
        writer.own().section("s");
        writer.at(&rows[0]).option_of("k", &[&rows[0].name, &",", &rows[0].value]);
        writer.at(&rows[0]).option(&rows[0].name, &rows[0].value);
    });
    assert_eq!(file.explain(&["s", "k"]), "k = one,s3cret\n    thing id=1, columns name, value\n");
    // A row that is an option.
    assert_eq!(file.explain(&["s", "one"]), "one = s3cret\n    thing id=1, value \"s3cret\"\n");
}

#[test]
fn a_finding_names_the_template() {
    let file = written("pjsip.conf", "a", |writer, rows| {
        let template =
            Arc::new(Template { name: "trunk \"x\"".to_owned(), origin: rows[2].origin().clone() });
        writer.own().section("a");
        writer.own().option("type", "endpoint");
        writer.at(&rows[0]).of_template(Some(&template)).option("nonsense", &rows[0].value);
    });
    let set = crate::FileSet::from_iter([(file.namespace, file.file)]);
    let checked = crate::check(&set, None, &crate::Rules::default());
    let shown: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    let origin = "\n    from thing id=1, template \"trunk \\\"x\\\"\"";
    assert!(shown.iter().any(|finding| finding.ends_with(origin)), "{shown:?}");
    let json = serde_json::to_string(&checked.findings).unwrap();
    assert!(
        json.contains(r#"{"table":"thing","key":"id=1","template":"trunk \"x\"","column":"value"}"#),
        "{json}"
    );
}

proptest! {
    #[test]
    fn any_text_can_be_asked_about(
        lines in prop::collection::vec("\\[?[abc@/1]{1,3}\\]? ?(=>?|,1,)? ?.{0,9}", 0..12),
        file in prop::sample::select(vec!["extensions.conf", "voicemail.conf", "pjsip.conf", "x.yml"]),
        section in "[abc@/1]{1,4}",
        option in "[abc1,]{0,2}",
        line in 0_usize..15,
    ) {
        let file = text(&format!("asterisk/{file}"), &lines.join("\n"));
        let (section, option) = (Some(section.as_str()), Some(option.as_str()));
        for question in [
            Question::default(),
            Question { section, ..Question::default() },
            Question { section, option, line: None },
            Question { line: Some(line), ..Question::default() },
        ] {
            let answer = file.ask(question).unwrap_or_else(|error| error.to_string());
            prop_assert!(!answer.is_empty() && !answer.contains('\r'));
        }
    }
}
