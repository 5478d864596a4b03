//! The transports: the addresses and protocols on which Asterisk listens.

use std::collections::HashMap;

use driver_api::asterisk::{Writer, syntax};
use driver_api::{Error, OneLine, Query, Row, Session, Text};
use serde::Deserialize;
use uuid::Uuid;

/// All transports, used or not, by name.
pub(super) struct Transports {
    all: Vec<Row<Transport>>,
    /// The options of all transports, in their order.
    options: Vec<Row<TransportOption>>,
    by_uuid: HashMap<Uuid, usize>,
}

const TRANSPORTS: Query<'_> = Query {
    table: "pjsip_transport",
    key: &["uuid"],
    sql: r#"SELECT uuid, name FROM pjsip_transport ORDER BY name COLLATE "C", uuid"#,
};

#[derive(Deserialize)]
struct Transport {
    uuid: Uuid,
    name: Text,
}

const OPTIONS: Query<'_> = Query {
    table: "pjsip_transport_option",
    key: &["id"],
    sql: "SELECT id, pjsip_transport_uuid, key, value FROM pjsip_transport_option ORDER BY id",
};

#[derive(Deserialize)]
struct TransportOption {
    pjsip_transport_uuid: Uuid,
    key: OneLine,
    value: OneLine,
}

impl Transports {
    pub(super) fn read(session: &mut Session<'_>) -> Result<Transports, Error> {
        let mut all: Vec<Row<Transport>> = session.query(TRANSPORTS, &[])?;
        all.retain(|transport| transport.keeps(session, syntax::section_name, &transport.name));
        let by_uuid = all.iter().enumerate().map(|(at, transport)| (transport.uuid, at)).collect();
        Ok(Transports { all, options: session.query(OPTIONS, &[])?, by_uuid })
    }

    pub(super) fn name(&self, uuid: Uuid) -> Option<&str> {
        self.by_uuid.get(&uuid).map(|&at| &*self.all[at].name)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let mut options: HashMap<Uuid, Vec<&Row<TransportOption>>> = HashMap::new();
        for option in &self.options {
            options.entry(option.pjsip_transport_uuid).or_default().push(option);
        }
        writer.part();
        for transport in &self.all {
            writer.at(transport).section(&transport.name);
            writer.at(transport).option("type", "transport");
            for option in options.get(&transport.uuid).into_iter().flatten() {
                writer.at(option).option(&option.key, &option.value);
            }
        }
    }
}
