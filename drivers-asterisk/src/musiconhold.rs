//! Writes `musiconhold.conf`: the classes of music on hold. The file always has a class `default`.
//!
//! ```text
//! [default]
//! mode = files
//! directory = /var/lib/asterisk/moh/default
//!
//! [moh-ten0000-0]
//! mode = files
//! directory = /var/lib/asterisk/moh/moh-ten0000-0
//! sort = alpha
//! ```

use driver_api::asterisk::syntax;
use driver_api::templates::{Serde, TemplateSet, Value, context};
use driver_api::{Blanked, Config, Driver, Error, OneLine, Query, Row, Session};
use serde::{Deserialize, Serialize};

use crate::line_parts;
use crate::templates::templates;

pub(crate) struct MusicOnHold {
    templates: TemplateSet,
}

pub(crate) fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
    Ok(Box::new(MusicOnHold::new(config)?))
}

impl MusicOnHold {
    fn new(config: &Config) -> Result<MusicOnHold, Error> {
        Ok(MusicOnHold { templates: templates(config)? })
    }
}

impl Driver for MusicOnHold {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let mut classes: Vec<Row<Class>> = session.query(CLASSES, &[])?;
        classes.retain(|class| is_writable(session, class));
        for class in &classes {
            if let Some((column, message)) = class.problem() {
                class.warn(session, column, message);
            }
        }
        let values: Vec<&Class> = classes.iter().map(|class| &**class).collect();
        let text = self.templates.open().render_file(
            TEMPLATE,
            context! {
                base_directory => "/var/lib/asterisk/moh",
                moh_list => Value::from(Serde(&values)),
                sort_map => context! { alphabetical => "alpha", random_start => "randstart" },
            },
        )?;
        session.note_file(|| self.templates.note(TEMPLATE));
        session.record_sections(&text, classes.iter().map(|class| (&*class.name, class.origin())));
        Ok(text)
    }

    fn check(&self) -> Vec<Error> {
        self.templates.check(TEMPLATE, &["base_directory", "moh_list", "sort_map"])
    }
}

/// The name of the template in its folder. One is shipped.
const TEMPLATE: &str = "asterisk/musiconhold.jinja";

/// All columns, since an operator's own template may print any.
const CLASSES: Query<'_> = Query {
    table: "moh",
    key: &["uuid", "name"],
    sql: r#"SELECT uuid, tenant_uuid, name, label, mode, application, sort
        FROM moh
        ORDER BY name COLLATE "C""#,
};

#[derive(Deserialize, Serialize)]
struct Class {
    uuid: OneLine,
    tenant_uuid: OneLine,
    name: OneLine,
    label: Option<Blanked>,
    mode: OneLine,
    application: Option<OneLine>,
    sort: Option<OneLine>,
}

/// Tells whether the template can print the class.
fn is_writable(session: &mut Session<'_>, class: &Row<Class>) -> bool {
    class.keeps(session, syntax::section_name, &class.name)
        && class.keeps(session, line_parts::value, &class.mode)
        && class.keeps(session, line_parts::value, &class.label)
        && class.keeps(session, line_parts::value, &class.application)
        && class.keeps(session, line_parts::value, &class.sort)
}

impl Class {
    /// Returns why a class that is written will not work, after the column that is wrong.
    fn problem(&self) -> Option<(&'static str, &'static str)> {
        if &*self.name == "default" {
            return Some((
                "name",
                "the file always has a class of this name, so it has two: rename this one",
            ));
        }
        if self.name.contains('/') || &*self.name == ".." {
            return Some(("name", "the name leads outside the folder of music on hold: rename the class"));
        }
        if &*self.mode == "custom" && self.application.is_none() {
            return Some((
                "application",
                "the class has no application, so Asterisk tries to run a program called None: set one",
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    const DEFAULT: &str = "[default]\nmode = files\ndirectory = /var/lib/asterisk/moh/default\n";

    impl Rows {
        fn class<'a>(
            self,
            name: &str,
            mode: &str,
            application: impl Into<Option<&'a str>>,
            sort: impl Into<Option<&'a str>>,
        ) -> Rows {
            let row = row! {
                uuid: format!("u-{}", name.replace('\n', "-")),
                tenant_uuid: "T",
                name: name,
                label: "A label",
                mode: mode,
                application: application.into(),
                sort: sort.into(),
            };
            self.add("moh", row)
        }

        /// Writes the file with the shipped template.
        fn music_on_hold(&self) -> Written {
            self.write(&MusicOnHold::new(&Config::default()).unwrap())
        }
    }

    /// Returns the text behind the class `default`.
    fn class(rows: &Rows) -> String {
        rows.music_on_hold().text.strip_prefix(DEFAULT).expect("the class default").to_owned()
    }

    #[test]
    fn classes_are_sorted_by_name() {
        assert_eq!(class(&Rows::default()), "");
        let rows = Rows::default()
            .class("cls_e", "mp3", "ignored", "random")
            .class("cls_d", "custom", "/a", "random_start")
            .class("cls_c", "custom", "/bin/x <&> \"q\"", None)
            .class("cls_b", "files", None, None)
            .class("cls_a", "files", None, "alphabetical");
        let expected = unindented(
            "
            [cls_a]
            mode = files
            directory = /var/lib/asterisk/moh/cls_a
            sort = alpha

            [cls_b]
            mode = files
            directory = /var/lib/asterisk/moh/cls_b


            [cls_c]
            mode = custom
            application = /bin/x <&> \"q\"



            [cls_d]
            mode = custom
            application = /a

            sort = randstart

            [cls_e]
            mode = mp3
            directory = /var/lib/asterisk/moh/cls_e
            sort = random
            ",
        );
        assert_eq!(class(&rows), format!("\n{expected}\n"));
        assert_eq!(rows.music_on_hold().warnings, [""; 0]);
        let capitals = Rows::default()
            .class("é", "m", None, None)
            .class("a", "m", None, None)
            .class("Z", "m", None, None);
        let text = capitals.music_on_hold().text;
        let names: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(names, ["[default]", "[Z]", "[a]", "[é]"]);
    }

    #[test]
    fn null_is_written_as_the_word_none() {
        let directory = "directory = /var/lib/asterisk/moh";
        for (name, mode, application, sort, text) in [
            ("c", "custom", None, None, "[c]\nmode = custom\napplication = None\n\n\n"),
            ("c", "custom", Some(""), None, "[c]\nmode = custom\napplication = \n\n\n"),
            ("c", "", None, None, &format!("[c]\nmode = \n{directory}/c\n\n")),
            ("c", "Custom", Some("/x"), None, &format!("[c]\nmode = Custom\n{directory}/c\n\n")),
            ("c", "files", None, Some(""), &format!("[c]\nmode = files\n{directory}/c\n\n")),
            ("c", "files", None, Some(" "), &format!("[c]\nmode = files\n{directory}/c\nsort =  \n")),
            ("c;d", "files", None, None, &format!("[c\\;d]\nmode = files\n{directory}/c\\;d\n\n")),
        ] {
            let rows = Rows::default().class(name, mode, application, sort);
            assert_eq!(class(&rows), format!("\n{text}"));
        }
    }

    #[test]
    fn a_class_that_will_not_work_is_written_with_a_warning() {
        let outside = "the name leads outside the folder of music on hold: rename the class";
        let missing = "the class has no application, so Asterisk tries to run a program called None: set one";
        for (name, mode, column, message) in [
            (
                "default",
                "files",
                "name",
                "the file always has a class of this name, so it has two: rename this one",
            ),
            ("a/b", "files", "name", outside),
            ("..", "files", "name", outside),
            ("c", "custom", "application", missing),
        ] {
            let Written { text, warnings } = Rows::default().class(name, mode, None, None).music_on_hold();
            let [warning] = &warnings[..] else { panic!("{warnings:?}") };
            assert!(warning.starts_with("table moh, row uuid="), "{warning}");
            assert!(warning.ends_with(&format!(", column {column}: {message}")), "{warning}");
            assert!(text[DEFAULT.len()..].contains(&format!("[{name}]\n")), "{text}");
        }
    }

    #[test]
    fn a_class_with_a_line_break_is_left_out() {
        let rows = Rows::default()
            .class("a\nb", "files", None, None)
            .class("application", "custom", "/bin/x\n[y]", None)
            .class("mode", "files\r", None, None)
            .class("sort", "files", None, "alpha\0")
            .class("stays", "files", None, None);
        let Written { text, warnings } = rows.music_on_hold();
        let stays = "\n[stays]\nmode = files\ndirectory = /var/lib/asterisk/moh/stays\n\n";
        assert_eq!(text, format!("{DEFAULT}{stays}"));
        let keys = [
            (r#"uuid=u-a-b name="a\nb""#, "name"),
            ("uuid=u-application name=application", "application"),
            ("uuid=u-mode name=mode", "mode"),
            ("uuid=u-sort name=sort", "sort"),
        ];
        let left_out = |(key, column)| {
            format!("table moh, row {key}, column {column}: the value has a line break; the row is left out")
        };
        assert_eq!(warnings, keys.map(left_out));
    }

    #[test]
    fn an_operator_may_replace_the_template() {
        let folder = std::env::temp_dir().join(format!("confgend-musiconhold-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("asterisk")).unwrap();
        let template = "{{ base_directory }}\n{% for moh in moh_list -%}\n\
            {{ moh.uuid }}|{{ moh.tenant_uuid }}|{{ moh.name }}|{{ moh.label }}|{{ moh.mode }}|\
            {{ moh.application }}|{{ moh.sort }}|{{ sort_map.get(moh.sort, 'other') }}\n{% endfor %}\n";
        std::fs::write(folder.join("asterisk/musiconhold.jinja"), template).unwrap();
        let config = Config::from_yaml(&format!("templates: {{directory: {}}}", folder.display())).unwrap();
        let rows = Rows::default()
            .class("a", "files", None, "alphabetical")
            .class("b", "custom", "/x", "random_start")
            .class("c", "files", None, None);
        let text = rows.write(&MusicOnHold::new(&config).unwrap()).text;
        std::fs::remove_dir_all(folder).unwrap();
        let expected = "/var/lib/asterisk/moh\n\
            u-a|T|a|A label|files|None|alphabetical|alpha\n\
            u-b|T|b|A label|custom|/x|random_start|randstart\n\
            u-c|T|c|A label|files|None|None|other\n";
        assert_eq!(text, expected);
    }
}
