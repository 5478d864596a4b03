use serde::Deserialize;

use crate::{Blanked, EngineRow, Error, OneLine, Query, Row, Rows, Session, Snapshot, Value};

/// A database that answers every query with these rows.
struct Canned {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value<'static>>>,
}

impl Snapshot for Canned {
    fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
        rows.columns(&self.columns)?;
        self.rows.iter().try_for_each(|row| rows.row(&Values(row)))
    }
}

struct Values<'a>(&'a [Value<'static>]);

impl EngineRow for Values<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        Ok(self.0[column].clone())
    }
}

const QUERY: Query<'_> = Query { table: "moh", key: &["id"], sql: "SELECT" };

#[derive(Debug, Deserialize, PartialEq)]
struct Full {
    id: i32,
    ratio: f64,
    enabled: bool,
    name: Option<String>,
    kind: Kind,
    options: Vec<Vec<Option<String>>>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Files,
    Custom,
}

const COLUMNS: [&str; 6] = ["id", "ratio", "enabled", "name", "kind", "options"];

fn full(change: usize, value: Value<'static>) -> Result<Vec<Full>, String> {
    let mut row = vec![
        Value::Integer(7),
        Value::Float(0.5),
        Value::Bool(true),
        Value::Null,
        Value::Text("custom"),
        Value::Text(r#"[["a","b"],["c",null]]"#),
    ];
    row[change] = value;
    let mut canned = Canned { columns: COLUMNS.to_vec(), rows: vec![row] };
    let rows = Session::new(&mut canned).query(QUERY, &[]).map_err(|error| error.chain())?;
    Ok(rows.into_iter().map(Row::into_inner).collect())
}

#[test]
fn each_engine_gives_the_same_typed_row() {
    let expected = Full {
        id: 7,
        ratio: 0.5,
        enabled: true,
        name: Some("0a000000-0000-4000-8000-00000000000f".to_owned()),
        kind: Kind::Custom,
        options: vec![vec![Some("a".into()), Some("b".into())], vec![Some("c".into()), None]],
    };
    let uuid = Value::Uuid([0x0a, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0f]);
    assert_eq!(full(3, uuid), Ok(vec![expected]));
    let pair = |a, b| Value::Array(vec![a, b]);
    let array = pair(pair(Value::Text("a"), Value::Text("b")), pair(Value::Text("c"), Value::Null));
    assert_eq!(full(5, array), full(0, Value::Integer(7)));
    assert_eq!(full(2, Value::Integer(1)), full(0, Value::Integer(7)));
}

#[test]
fn a_wrong_value_names_table_row_and_column() {
    let cases = [
        (
            0,
            Value::Text("x y"),
            "table moh: row id=\"x y\": column id: expected an integer, found the text \"x y\"",
        ),
        (
            0,
            Value::Integer(1 << 40),
            "table moh: row id=1099511627776: column id: invalid value: integer `1099511627776`, expected i32",
        ),
        (
            1,
            Value::Integer(1),
            "table moh: row id=7: column ratio: expected a floating point number, found the integer 1",
        ),
        (
            2,
            Value::Integer(2),
            "table moh: row id=7: column enabled: expected a boolean, found the integer 2",
        ),
        (2, Value::Null, "table moh: row id=7: column enabled: expected a boolean, found NULL"),
        (3, Value::Bool(true), "table moh: row id=7: column name: expected a text, found the boolean true"),
        (
            4,
            Value::Text("mp3"),
            "table moh: row id=7: column kind: unknown variant `mp3`, expected `files` or `custom`",
        ),
        (
            5,
            Value::Text("{a,b}"),
            "table moh: row id=7: column options: expected an array, found the text \"{a,b}\"",
        ),
        (
            5,
            Value::Text("[1"),
            "table moh: row id=7: column options: expected an array as JSON: EOF while parsing a list at line 1 column 2",
        ),
    ];
    for (column, value, expected) in cases {
        assert_eq!(full(column, value), Err(expected.to_owned()));
    }
}

fn columns(columns: &[&'static str]) -> String {
    // The names are checked even if there is no row.
    let mut canned = Canned { columns: columns.to_vec(), rows: Vec::new() };
    Session::new(&mut canned).query::<Full>(QUERY, &[]).unwrap_err().chain()
}

#[derive(Debug, Deserialize)]
struct Other {
    #[expect(dead_code, reason = "only its name matters")]
    name: String,
}

#[test]
fn columns_match_the_fields_by_name_and_order() {
    assert_eq!(
        columns(&["id", "ratio", "name", "enabled", "kind", "options"]),
        "table moh: the query gives the column name where the row has the field enabled"
    );
    assert_eq!(columns(&COLUMNS[..5]), "table moh: the query gives 5 columns and the row has 6 fields");
    assert_eq!(
        columns(&["id", "ratio", "enabled", "name", "kind", "options", "more"]),
        "table moh: the query gives the column more, and the row has no field for it"
    );
    let mut canned = Canned { columns: vec!["id"], rows: Vec::new() };
    let error = Session::new(&mut canned).query::<(i64,)>(QUERY, &[]).unwrap_err();
    assert_eq!(error.chain(), "table moh: the row type is not a struct whose fields are the columns");
    let mut canned = Canned { columns: vec!["name"], rows: Vec::new() };
    let error = Session::new(&mut canned).query::<Other>(QUERY, &[]).unwrap_err();
    assert_eq!(error.chain(), "table moh: the key column id is not among the columns");
}

#[test]
fn line_breaks_in_an_array_are_found_on_both_engines() {
    #[derive(Debug, Deserialize)]
    struct Trunk {
        strict: Vec<OneLine>,
        lenient: Vec<Blanked>,
    }
    let in_postgres = |text| Value::Array(vec![Value::Text("a"), Value::Text(text)]);
    let arrays = [
        (in_postgres("b c"), in_postgres("d\ne")),
        (Value::Text(r#"["a","b c"]"#), Value::Text(r#"["a","d\ne"]"#)),
    ];
    let broken = [in_postgres("b\nc"), Value::Text(r#"["a","b\nc"]"#)];
    for ((strict, lenient), broken) in arrays.into_iter().zip(broken) {
        let mut canned = Canned {
            columns: vec!["id", "strict", "lenient"],
            rows: vec![
                vec![Value::Integer(1), strict, lenient.clone()],
                vec![Value::Integer(2), broken, lenient],
            ],
        };
        let mut session = Session::new(&mut canned);
        let rows: Vec<Row<Trunk>> = session.query(QUERY, &[]).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((&*rows[0].strict[1], &*rows[0].lenient[1]), ("b c", "d e"));
        let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
        let warning = |id, column, consequence| {
            format!("table moh, row id={id}, column {column}: the value has a line break; {consequence}")
        };
        assert_eq!(
            warnings,
            [warning(1, "lenient", "blanks stand in its place"), warning(2, "strict", "the row is left out")]
        );
    }
}

#[test]
fn a_line_break_drops_the_row_with_a_warning() {
    #[derive(Debug, Deserialize)]
    struct Class {
        id: i64,
        name: Option<OneLine>,
        label: Blanked,
    }
    let row = |id, name, label| vec![Value::Integer(id), Value::Text(name), Value::Text(label)];
    let mut canned = Canned {
        columns: vec!["id", "name", "label"],
        rows: vec![
            row(1, "a;b", "c\nd"),
            row(2, "a\nb", ""),
            row(3, "a\rb", ""),
            row(4, "a\0b", ""),
            row(5, "", ""),
        ],
    };
    let mut session = Session::new(&mut canned);
    let rows: Vec<Row<Class>> = session.query(QUERY, &[]).unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 5]);
    assert_eq!((rows[0].name.as_deref(), &*rows[0].label), (Some("a;b"), "c d"));
    let warnings: Vec<String> = session.take_warnings().iter().map(ToString::to_string).collect();
    let left_out =
        |id| format!("table moh, row id={id}, column name: the value has a line break; the row is left out");
    let blanked = "table moh, row id=1, column label: the value has a line break; blanks stand in its place";
    assert_eq!(warnings, [blanked.to_owned(), left_out(2), left_out(3), left_out(4)]);
    assert!(session.take_warnings().is_empty());
}
