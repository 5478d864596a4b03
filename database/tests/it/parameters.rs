//! `$1`, `$2`: parameters of a query.

use driver_api::{Error, ErrorKind, Snapshot, Value};

use crate::{Site, reason, values};

const SQLITE: &str = "
    CREATE TABLE thing (id INTEGER, name TEXT, code TEXT, kind TEXT, enabled INTEGER, small INTEGER, ratio REAL);
    INSERT INTO thing VALUES (1, 'jazz', 'jazz', 'files', 1, 5, 0.5), (2, 'rock', 'jazz', 'custom', 0, 6, 1)";

const POSTGRES: &str = "
    CREATE TYPE kind AS ENUM ('files', 'custom');
    CREATE TABLE thing (
        id integer, name text, code varchar(10), kind kind, enabled boolean, small smallint,
        ratio double precision
    );
    INSERT INTO thing VALUES
        (1, 'jazz', 'jazz', 'files', true, 5, 0.5), (2, 'rock', 'jazz', 'custom', false, 6, 1)";

/// The ids of the rows for which the condition holds.
fn ids(snapshot: &mut dyn Snapshot, condition: &str, params: &[Value<'_>]) -> Result<Vec<i64>, Error> {
    let sql = format!("SELECT id AS value FROM thing WHERE {condition} ORDER BY id");
    values(snapshot, &sql, params)
}

#[test]
fn parameters_are_bound_by_number() {
    for site in Site::each("numbers", SQLITE, POSTGRES) {
        let mut database = site.open();
        let snapshot = &mut *database.snapshot().unwrap();
        let mut found = |condition, params: &[_]| ids(snapshot, condition, params).unwrap();
        let one_jazz = [Value::Integer(1), Value::Text("jazz")];
        assert_eq!(found("id = $1 AND name = $2", &one_jazz), [1]);
        assert_eq!(found("name = $2 AND id = $1", &one_jazz), [1]);
        assert_eq!(found("name = $1 OR code = $1", &[Value::Text("jazz")]), [1, 2]);
        assert_eq!(found("code = $2 AND name <> $2 AND id > $1", &one_jazz), [2]);
        let many: Vec<Value<'_>> = (1..=11).map(|number| Value::Integer(number % 3)).collect();
        assert_eq!(found("id IN ($11, $10, $9, $8, $7, $6, $5, $4, $3, $2, $1)", &many), [1, 2]);
    }
}

#[test]
fn parameters_of_each_type_are_bound() {
    for site in Site::each("parameters", SQLITE, POSTGRES) {
        let mut database = site.open();
        let snapshot = &mut *database.snapshot().unwrap();
        let mut found = |condition, param| ids(snapshot, condition, &[param]).unwrap();
        assert_eq!(found("code = $1", Value::Text("jazz")), [1, 2]);
        assert_eq!(found("kind = $1", Value::Text("custom")), [2]);
        assert_eq!(found("enabled = $1", Value::Bool(true)), [1]);
        assert_eq!(found("small = $1", Value::Integer(6)), [2]);
        assert_eq!(found("id < $1", Value::Integer(2)), [1]);
        assert_eq!(found("ratio = $1", Value::Float(0.5)), [1]);
        assert!(found("name = $1", Value::Null).is_empty());
        assert_eq!(found("COALESCE($1, name) = name", Value::Null), [1, 2]);
        // This would end the text if it were a part of the query.
        assert!(found("name = $1", Value::Text("' OR '1' = '1")).is_empty());
    }
}

#[test]
fn a_parameter_that_does_not_fit_is_named() {
    let Some(site) = Site::postgres("unfit", POSTGRES) else { return };
    let mut database = site.open();
    let snapshot = &mut *database.snapshot().unwrap();
    let mut error = |condition, param| reason(ids(snapshot, condition, &[param]));
    let text = error("id = $1", Value::Text("one"));
    assert!(text.ends_with("the parameter Text(\"one\") can't be sent as int4"), "{text}");
    let wide = error("small = $1", Value::Integer(1 << 20));
    assert!(wide.contains("parameter") && wide.contains("out of range"), "{wide}");
    let label = error("kind = $1", Value::Text("mp3"));
    assert!(label.contains("invalid input value for enum kind: \"mp3\""), "{label}");
}

#[test]
fn the_number_of_parameters_must_match() {
    for site in Site::each("count", SQLITE, POSTGRES) {
        let mut database = site.open();
        let snapshot = &mut *database.snapshot().unwrap();
        for (condition, given) in
            [("id = $1 AND name = $2", 1), ("id = $1", 2), ("id = 1", 1), ("id = $1", 0)]
        {
            let params = vec![Value::Integer(1); given];
            let error = ids(snapshot, condition, &params).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Query, "{}: {condition}: {error}", site.uri);
            assert!(error.chain().contains("parameter"), "{}", error.chain());
        }
    }
}
