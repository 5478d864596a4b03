//! Drivers from the configuration, on a database.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::fs;
use std::path::PathBuf;

use driver_api::{Config, Entry, Error, Namespace};
use fixtures::Scratch;
use tempfile::TempDir;

/// A folder with the file of a definition, and what else belongs to it.
struct Site(TempDir);

impl Site {
    fn new(files: &[(&str, &str)]) -> Site {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Site(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn config(&self) -> Config {
        let path = self.path("acme.yml");
        let mut config = Config::from_yaml(&fs::read_to_string(&path).unwrap()).unwrap();
        config.resolve_paths(self.0.path());
        config.named(path.display().to_string())
    }

    fn entry(&self) -> &'static Entry {
        let (entries, problems) = drivers_custom::entries(&self.config());
        assert!(problems.is_empty(), "{problems:?}");
        entries[0]
    }

    /// Generates the file of the only driver.
    fn generate(&self, database: &mut Scratch) -> Result<String, Error> {
        self.entry().build(&self.config())?.generate_in(database)
    }

    fn error(&self, database: &mut Scratch) -> String {
        self.short(&self.generate(database).unwrap_err())
    }

    /// Returns an error without the folder, with its excerpt.
    fn short(&self, error: &Error) -> String {
        let text = format!("{}\n{}", error.chain(), error.excerpt().unwrap_or_default());
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

trait GenerateIn {
    fn generate_in(&self, database: &mut Scratch) -> Result<String, Error>;
}

impl GenerateIn for Box<dyn driver_api::Driver> {
    fn generate_in(&self, database: &mut Scratch) -> Result<String, Error> {
        database.in_session(|session| self.generate(session))
    }
}

const FOLLOWME: &str = "\
drivers:
  asterisk.followme.conf:
    queries:
      users:
        table: userfeatures
        key: [uuid]
        sql: |
          SELECT u.uuid, u.mobilephonenumber, u.ringseconds, u.musiconhold
          FROM userfeatures AS u
          WHERE u.mobilephonenumber <> ''
          ORDER BY u.id
    text: |
      [general]
      {% for user in users %}

      [{{ user.uuid }}]
      {% if user.musiconhold %}
      musicclass = {{ user.musiconhold }}
      {% endif %}
      number = {{ user.mobilephonenumber|argument }},{{ 2 * user.ringseconds }}
      {% endfor %}
";

fn user(id: u32, number: &str, music: &str) -> String {
    let row = serde_json::json!({
        "id": id, "uuid": format!("00000000-0000-0000-0000-00000000000{id}"), "mobilephonenumber": number,
        "ringseconds": 15, "musiconhold": music, "tenant_uuid": "t-1", "func_key_private_template_id": id,
        "description": "",
    });
    format!("{row}\n")
}

#[test]
fn a_template_prints_rows() {
    let site = Site::new(&[("acme.yml", FOLLOWME)]);
    let entry = site.entry();
    assert_eq!((entry.namespace, entry.name), ("asterisk.followme.conf", "acme"));
    let rows = user(1, "0612345678", "jazz;") + &user(2, "", "") + &user(3, "0612345679", "");
    let text = site.generate(&mut Scratch::new(&[("userfeatures", &rows)])).unwrap();
    let expected = "[general]\n\n[00000000-0000-0000-0000-000000000001]\nmusicclass = jazz\\;\nnumber = 0612345678,30\n\n\
        [00000000-0000-0000-0000-000000000003]\nnumber = 0612345679,30\n";
    assert_eq!(text, expected);
}

#[test]
fn a_row_that_cannot_be_written_is_left_out() {
    let site = Site::new(&[("acme.yml", FOLLOWME)]);
    let rows = user(1, "06\n#exec reboot", "") + &user(2, "0612,1", "") + &user(3, "0612345679", "a\nb");
    let mut database = Scratch::new(&[("userfeatures", &rows)]);
    assert_eq!(site.generate(&mut database).unwrap(), "[general]\n");
    let row = |id| format!("table userfeatures, row uuid=00000000-0000-0000-0000-00000000000{id}, column");
    assert_eq!(
        database.warnings,
        [
            format!("{} mobilephonenumber: the value has a line break; the row is left out", row(1)),
            format!(
                "{} mobilephonenumber: there is a comma, and what follows it would be the next field; the row is left out",
                row(2)
            ),
            format!("{} musiconhold: the value has a line break; the row is left out", row(3)),
        ]
    );
}

/// Renders a template over the users, with the syntax of Asterisk.
fn rendered(template: &str, users: &str) -> (Result<String, String>, Vec<String>) {
    let definition = "drivers:\n  asterisk.x.conf:\n    template: x.jinja\n    queries:\n      users:\n        table: userfeatures\n        \
        key: [id]\n        sql: SELECT id, mobilephonenumber AS number FROM userfeatures ORDER BY id\n";
    let site = Site::new(&[
        ("acme.yml", definition),
        ("x.jinja", template),
        ("part.jinja", "; {{ users[0].number }}"),
    ]);
    let mut database = Scratch::new(&[("userfeatures", users)]);
    let text = site.generate(&mut database).map_err(|error| site.short(&error));
    (text, database.warnings)
}

#[test]
fn no_filter_and_no_block_writes_a_value_as_it_is() {
    let users = user(1, "a;b", "") + &user(2, "c\n#exec x", "");
    let escaped = [
        ("x = {{ users[0].number|upper }}", "x = A\\;B"),
        ("x = {{ users[0].number|safe }}", "x = a;b"),
        ("x = {{ users[0].number|verbatim }}", "x = a;b"),
        ("x = {{ users[0].number|e }}", "x = a\\;b"),
        ("x = {{ users[0].number|escape }}", "x = a\\;b"),
        ("x = {{ users[0].number|tojson }}", "x = \"a\\;b\""),
        ("x = {{ users[0].number|string|trim|replace('a', 'z') }}", "x = z\\;b"),
        ("x = {{ users[0].number ~ ';' }}", "x = a\\;b\\;"),
        ("x = {{ [users[0].number, 'z;']|join('&') }}", "x = a\\;b&z\\;"),
        ("{% set y %}{{ users[0].number }}{% endset %}x = {{ y }}", "x = a\\;b"),
        (
            "{% macro m(v) %}[{{ v }}]\nx = {{ v }}{% endmacro %}{{ m(users[0].number) }}",
            "[a\\;b]\nx = a\\;b",
        ),
        ("{% include 'part.jinja' %}", "; a;b"),
        ("x = {{ users[0].none|default('d;') }}", "x = d\\;"),
        ("x = {{ config.drivers['asterisk.x.conf'].template|length > 0 }}", "x = True"),
        ("x = {{ none }}.", "x = ."),
        ("{% for u in users|selectattr('id', 'eq', 1) %}x = {{ u.number }}{% endfor %}", "x = a\\;b"),
        (
            "{% for u in users if u.id == 1 %}x = {{ u['number'] }} {{ loop.index }}{% endfor %}",
            "x = a\\;b 1",
        ),
        ("{{ users[0].number|list|length }} = {{ users|length }}", "3 = 2"),
    ];
    for (template, expected) in escaped {
        let (text, warnings) = rendered(template, &users);
        assert_eq!(text.as_deref(), Ok(expected), "{template}");
        assert!(warnings.is_empty(), "{template}: {warnings:?}");
    }
}

#[test]
fn a_value_is_traced_to_its_row() {
    let users = user(1, "a", "") + &user(2, "b\nc", "") + &user(3, "d", "");
    let left_out =
        "table userfeatures, row id=2, column number: the value has a line break; the row is left out";
    let table = [
        ("{% for u in users %}{% set n = u.number %}{{ n }} = {{ n|upper }}\n{% endfor %}", "a = A\nd = D\n"),
        ("x = {{ users|map(attribute='number')|join(',') }}", "x = a,d"),
        (
            "{% set all = [] %}x = {% for u in users|sort(attribute='id', reverse=true) %}{{ u.number }}{% endfor %}",
            "x = da",
        ),
        (
            "{% macro m(v) %}{{ v }} = 1\n{% endmacro %}{% for u in users %}{{ m(u.number) }}{% endfor %}",
            "a = 1\nd = 1\n",
        ),
        (
            "{% for u in users %}{% set t %}{{ u.number }}{% endset %}x = {{ t }}\n{% endfor %}",
            "x = a\nx = d\n",
        ),
    ];
    for (template, expected) in table {
        let (text, warnings) = rendered(template, &users);
        assert_eq!((text.as_deref(), warnings), (Ok(expected), vec![left_out.to_owned()]), "{template}");
    }
}

const CUT: &str = "a filter can't change a block in which values are printed; use the filter on the values";

#[test]
fn a_mistake_shows_its_place() {
    let users = user(1, "a", "");
    let table = [
        ("a\n{% if %}", "x.jinja:2:", "2 | {% if %}"),
        ("a\n  {{ user.x }}", "x.jinja:2:6: nothing sets \"user\"", "  |      ^^^^"),
        ("{{ users[0].numbr }}", "x.jinja:1:", "1 | {{ users[0].numbr }}"),
        ("{{ 1|nonsense }}", "x.jinja:1:", "nonsense"),
        ("{% include 'none.jinja' %}", "x.jinja:1:", "none.jinja"),
        ("x = {{ config.a }}\n", "x.jinja:1:", "config.a"),
        ("{% set y %}x = {{ users[0].number ~ ';' }}{% endset %}{{ y|upper }}", "template x.jinja: ", CUT),
        ("{% filter lower %}x = {{ users[0].number ~ ';' }}{% endfilter %}", "template x.jinja: ", CUT),
        ("{% set y %}x = {{ users[0].number ~ ';' }}{% endset %}{{ y ~ ' ' }}", "template x.jinja: ", CUT),
        ("[{{ '' }}]", "template x.jinja: the template prints \"\" where it can't stand: it is empty", ""),
    ];
    for (template, start, shown) in table {
        let (text, _) = rendered(template, &users);
        let error = text.unwrap_err();
        assert!(error.starts_with(start) && error.contains(shown), "{template}: {error}");
    }
    let inline = FOLLOWME.replace("{{ user.uuid }}", "{{ usr.uuid }}");
    let site = Site::new(&[("acme.yml", &inline)]);
    let error = site.error(&mut Scratch::new(&[]));
    assert!(error.contains("acme.yml:16:"), "{error}");
    assert!(error.contains("[{{ usr.uuid }}]"), "{error}");
}

#[test]
fn a_loop_that_does_not_end_is_stopped() {
    let template = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
    let (text, _) = rendered(template, "");
    assert!(text.unwrap_err().contains("engine ran out of fuel"));
}

#[test]
fn a_command_makes_a_file() {
    let script = "#!/bin/sh\n\
        echo \"$CONFGEND_NAMESPACE $CONFGEND_DB_URI ${CONFGEND_SNAPSHOT:-none} $1\"\n\
        grep -o 'greeting...hello.' -\n\
        echo plain >&2; echo '{\"table\": \"moh\", \"row\": \"id=1\", \"message\": \"no name\"}' >&2\n";
    let definition = "greeting: hello\ndrivers:\n  asterisk.x.conf: {command: [/bin/sh, x.sh, -v]}\n";
    let site = Site::new(&[("x.sh", script)]);
    let path = site.path("x.sh").display().to_string();
    fs::write(site.path("acme.yml"), definition.replace("x.sh", &path)).unwrap();
    let mut database = Scratch::new(&[]);
    let text = site.generate(&mut database).unwrap();
    let uri = format!("sqlite:///{}", database.path().display());
    assert_eq!(text, format!("asterisk.x.conf {uri} none -v\ngreeting\":\"hello\"\n"));
    assert_eq!(database.warnings, ["plain", "table moh, row id=1: no name"]);
}

#[test]
fn a_command_that_fails_makes_no_file() {
    let table = [
        ("[/bin/sh, -c, 'echo a; echo why >&2; exit 3']", "command /bin/sh: failed with exit status: 3: why"),
        (
            "[/bin/sh, -c, 'sleep 60'], timeout: 0.2",
            "command /bin/sh: not done after 0.2 s, so it was stopped; drivers.asterisk.x.conf.timeout sets the limit",
        ),
        (
            "[/bin/sh, -c, 'yes'], max_bytes: 1000",
            "command /bin/sh: its output has more than 1000 bytes; drivers.asterisk.x.conf.max_bytes sets the limit",
        ),
        ("[/bin/sh, -c, 'printf \"a\\n\\377\"']", "command /bin/sh: line 2 of its output is not UTF-8"),
        ("[/none/x]", "command /none/x: can't be run: No such file or directory (os error 2)"),
    ];
    for (command, expected) in table {
        let definition = format!("drivers: {{asterisk.x.conf: {{command: {command}}}}}");
        let site = Site::new(&[("acme.yml", &definition)]);
        assert_eq!(site.error(&mut Scratch::new(&[])).trim(), expected);
    }
}

#[test]
fn yaml_is_read_back() {
    let definition = "drivers:\n  acme.x.yml:\n    text: |\n      users: {{ users|length }}\n      numbers: [{% for u in users %}{{ u.number }}, {% endfor %}]\n    \
        queries: {users: {table: userfeatures, key: [id], sql: 'SELECT id, mobilephonenumber AS number FROM userfeatures ORDER BY id'}}\n";
    let site = Site::new(&[("acme.yml", definition)]);
    let users = user(1, "a: b\n- c", "") + &user(2, "1001", "");
    let text = site.generate(&mut Scratch::new(&[("userfeatures", &users)])).unwrap();
    assert_eq!(text, "users: 2\nnumbers: [\"a: b\\n- c\", \"1001\", ]\n");
    let broken = Site::new(&[("acme.yml", "drivers: {acme.x.yml: {text: 'a: [b'}}")]);
    let error = broken.error(&mut Scratch::new(&[]));
    assert!(
        error.contains("drivers.acme.x.yml.text: the text that it renders is no YAML: line 2, column 1"),
        "{error}"
    );
}

#[test]
fn a_rehearsal_checks_queries_and_their_order() {
    let rehearsed = |sql: &str| {
        let definition = format!(
            "drivers:\n  asterisk.x.conf:\n    text: x\n    queries:\n      q:\n        table: moh\n        sql: {sql}\n"
        );
        let site = Site::new(&[("acme.yml", &definition)]);
        let driver = site.entry().build(&site.config()).unwrap();
        let result = Scratch::new(&[]).in_session(|session| driver.rehearse(session));
        result.map_err(|error| site.short(&error))
    };
    assert_eq!(rehearsed("SELECT name FROM moh ORDER BY name"), Ok(()));
    let error = rehearsed("SELECT label, mode FROM moh ORDER BY label").unwrap_err();
    assert!(
        error.starts_with("acme.yml:7:9: two rows may come in any order: add moh.uuid to ORDER BY"),
        "{error}"
    );
    assert!(error.contains("7 |         sql: SELECT label"), "{error}");
    assert_eq!(
        rehearsed("SELECT x FROM absent").unwrap_err().trim(),
        "query q: table moh: this database has no table absent"
    );
}

#[test]
fn namespaces_are_those_of_the_definitions() {
    let config =
        Config::from_yaml("drivers: {asterisk.b.conf: {text: b}, asterisk.a.conf: {name: x, text: a}}")
            .unwrap();
    let (entries, _) = drivers_custom::entries(&config);
    let again = drivers_custom::entries(&config).0;
    let names: Vec<Namespace> = entries.iter().map(|entry| entry.namespace.parse().unwrap()).collect();
    assert_eq!(
        names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["asterisk/b.conf", "asterisk/a.conf"]
    );
    assert!(entries.iter().zip(again).all(|(one, other)| std::ptr::eq(*one, other)));
}
