//! `wazo/uuid.yml`: the UUID of the installation.
//!
//! ```text
//! uuid: db5b5fab-8f4d-4e27-9da1-494c73cf256d
//! ```

use driver_api::{Driver, Error, Query, Row, Session, Warning, yaml};
use serde::{Deserialize, Serialize};

pub(crate) struct Uuid;

impl Driver for Uuid {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rows: Vec<Row<Infos>> = session.query(INFOS, &[])?;
        if rows.len() > 1 {
            let message = format!("there are {} rows; the one with the smallest uuid counts", rows.len());
            session.warn(Warning::new("infos", message));
        }
        match rows.first() {
            Some(infos) => yaml::to_string(infos),
            None => Err(Error::driver("the table infos is empty: the installation has no identity yet")),
        }
    }
}

const INFOS: Query<'_> =
    Query { table: "infos", key: &["uuid"], sql: r#"SELECT uuid FROM infos ORDER BY uuid COLLATE "C""# };

/// One row of the table. The file has the same shape.
#[derive(Deserialize, Serialize)]
struct Infos {
    uuid: String,
}

#[cfg(test)]
mod tests {
    use driver_api::{EngineRow, Rows, Snapshot, Value};

    use super::*;

    /// The rows of a table `infos`, already sorted.
    struct Uuids<'a>(&'a [&'a str]);

    impl Snapshot for Uuids<'_> {
        fn run(&mut self, _: &str, _: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            rows.columns(&["uuid"])?;
            self.0.iter().try_for_each(|uuid| rows.row(&OneText(uuid)))
        }
    }

    struct OneText<'a>(&'a str);

    impl EngineRow for OneText<'_> {
        fn value(&self, _: usize) -> Result<Value<'_>, Error> {
            Ok(Value::Text(self.0))
        }
    }

    fn generate(uuids: &[&str]) -> (Result<String, Error>, Vec<Warning>) {
        let mut uuids = Uuids(uuids);
        let mut session = Session::new(&mut uuids);
        (Uuid.generate(&mut session), session.take_warnings())
    }

    #[test]
    fn the_uuid_is_written_as_it_is() {
        let table = [
            ("6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11", "uuid: 6fe0c2a8-8f0c-4d0a-9b7e-2d6b0f3d6b11\n"),
            ("", "uuid: ''\n"),
            ("12345678", "uuid: '12345678'\n"),
            ("1e5", "uuid: 1e5\n"),
        ];
        for (uuid, file) in table {
            let (result, warnings) = generate(&[uuid]);
            assert_eq!((result.unwrap().as_str(), warnings), (file, vec![]));
        }
    }

    #[test]
    fn the_first_of_several_rows_is_used() {
        let (result, warnings) = generate(&["a", "b"]);
        assert_eq!(result.unwrap(), "uuid: a\n");
        assert_eq!(
            warnings[0].to_string(),
            "table infos: there are 2 rows; the one with the smallest uuid counts"
        );
    }

    #[test]
    fn an_empty_table_is_an_error() {
        let error = generate(&[]).0.unwrap_err();
        assert_eq!(error.chain(), "the table infos is empty: the installation has no identity yet");
    }
}
