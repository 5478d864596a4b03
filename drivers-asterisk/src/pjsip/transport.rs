//! The transports: what addresses and protocols Asterisk listens on.

use std::collections::HashMap;

use driver_api::{Error, Query, Session};
use serde::Deserialize;
use uuid::Uuid;

use crate::writer::Writer;

/// All transports, used or not, by name.
pub(super) struct Transports {
    rows: Vec<Row>,
    names: HashMap<Uuid, usize>,
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
        let mut rows: Vec<Row> = session.query(TRANSPORTS, &[])?;
        rows.retain_mut(|row| {
            let key = format!("uuid={}", row.uuid);
            if !session.keeps_line("pjsip_transport", key, &[("name", &row.name)]) {
                return false;
            }
            let (Some(option), Some(key), Some(value)) = (row.option, &row.key, &row.value) else {
                return true;
            };
            let columns = [("key", key.as_str()), ("value", value.as_str())];
            if !session.keeps_line("pjsip_transport_option", format_args!("id={option}"), &columns) {
                row.option = None;
            }
            true
        });
        let names = rows.iter().enumerate().map(|(at, row)| (row.uuid, at)).collect();
        Ok(Transports { rows, names })
    }

    pub(super) fn name(&self, uuid: Uuid) -> Option<&str> {
        self.names.get(&uuid).map(|&at| self.rows[at].name.as_str())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.part();
        for transport in self.rows.chunk_by(|a, b| a.uuid == b.uuid) {
            writer.section(&transport[0].name);
            writer.option("type", "transport");
            for row in transport.iter().filter(|row| row.option.is_some()) {
                writer
                    .option(row.key.as_deref().unwrap_or_default(), row.value.as_deref().unwrap_or_default());
            }
        }
    }
}
