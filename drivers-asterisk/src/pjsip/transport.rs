//! The transports: what addresses and protocols Asterisk listens on.

use std::collections::HashMap;

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Error, Query, Session};
use serde::Deserialize;
use uuid::Uuid;

use crate::checks::keeps_row;

/// All transports, used or not, by name.
pub(super) struct Transports {
    all: Vec<Transport>,
    by_uuid: HashMap<Uuid, usize>,
}

struct Transport {
    uuid: Uuid,
    name: String,
    options: Vec<(String, String)>,
}

/// A transport without options is one row.
const TRANSPORTS: Query<'_> = Query {
    table: "pjsip_transport",
    key: &["uuid", "option"],
    sql: r#"SELECT t.uuid, t.name, o.id AS option, o.key, o.value
        FROM pjsip_transport t
        LEFT JOIN pjsip_transport_option o ON o.pjsip_transport_uuid = t.uuid
        ORDER BY t.name COLLATE "C", o.id"#,
};

const OPTIONS: &str = "pjsip_transport_option";

#[derive(Deserialize)]
struct Row {
    uuid: Uuid,
    name: String,
    option: Option<i64>,
    key: Option<String>,
    value: Option<String>,
}

impl Transports {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Transports, Error> {
        let rows: Vec<Row> = session.query(TRANSPORTS, &[])?;
        let transports = rows.chunk_by(|a, b| a.uuid == b.uuid);
        let all: Vec<Transport> = transports.filter_map(|rows| Transport::new(session, rows)).collect();
        let by_uuid = all.iter().enumerate().map(|(at, transport)| (transport.uuid, at)).collect();
        Ok(Transports { all, by_uuid })
    }

    pub(super) fn name(&self, uuid: Uuid) -> Option<&str> {
        self.by_uuid.get(&uuid).map(|&at| self.all[at].name.as_str())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.part();
        for transport in &self.all {
            writer.section(&transport.name);
            writer.option("type", "transport");
            for (key, value) in &transport.options {
                writer.option(key, value);
            }
        }
    }
}

impl Transport {
    /// The transport of these rows, unless its name can't be written.
    fn new(session: &mut Session<'_>, rows: &[Row]) -> Option<Transport> {
        let Row { uuid, name, .. } = rows.first()?;
        let key = format_args!("uuid={uuid}");
        if !keeps_row(session, "pjsip_transport", key, syntax::section_name, &[("name", name)]) {
            return None;
        }
        let options = rows.iter().filter_map(|row| {
            let (id, key, value) = (row.option?, row.key.as_deref()?, row.value.as_deref()?);
            let row = format_args!("id={id}");
            let kept = keeps_row(session, OPTIONS, row, syntax::padded_key, &[("key", key)])
                && keeps_row(session, OPTIONS, row, syntax::value, &[("value", value)]);
            kept.then(|| (key.to_owned(), value.to_owned()))
        });
        Some(Transport { uuid: *uuid, name: name.clone(), options: options.collect() })
    }
}
