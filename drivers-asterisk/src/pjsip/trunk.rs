//! The trunks, which lead to other telephone systems.

use driver_api::{Error, OneLine, Query, Session};
use serde::Deserialize;
use uuid::Uuid;

use super::endpoint::Endpoints;
use super::options::Options;
use super::resolve::Item;
use super::tenant::Tenant;

pub(super) struct Trunk {
    row: Row,
    endpoint: usize,
}

const TRUNKS: Query<'_> = Query {
    table: "trunkfeatures",
    key: &["id"],
    sql: "SELECT id, context, endpoint_sip_uuid FROM trunkfeatures WHERE endpoint_sip_uuid IS NOT NULL",
};

#[derive(Deserialize)]
struct Row {
    id: i64,
    context: Option<OneLine>,
    endpoint_sip_uuid: Uuid,
}

/// The trunks that have a SIP endpoint, in the order of the file.
pub(super) fn items(session: &mut Session<'_>, endpoints: &Endpoints) -> Result<Vec<Trunk>, Error> {
    let rows: Vec<Row> = session.query(TRUNKS, &[])?;
    let mut trunks: Vec<Trunk> = rows
        .into_iter()
        .filter_map(|row| {
            let key = format_args!("id={}", row.id);
            let endpoint = endpoints.of_row(session, "trunkfeatures", key, row.endpoint_sip_uuid)?;
            Some(Trunk { row, endpoint })
        })
        .collect();
    trunks.sort_by_key(|trunk| (endpoints.get(trunk.endpoint).rank(), trunk.row.id));
    Ok(trunks)
}

impl Item for Trunk {
    fn endpoint(&self) -> usize {
        self.endpoint
    }

    fn row(&self) -> (&'static str, String) {
        ("trunkfeatures", format!("id={}", self.row.id))
    }

    fn defaults<'a>(&'a self, tenant: Option<&Tenant>, options: &mut Options<'a>) {
        options.push("set_var", "WAZO_PAI_FORMAT=");
        if let Some(context) = self.row.context.as_deref().filter(|context| !context.is_empty()) {
            options.push("context", context);
        }
        if let Some(tenant) = tenant {
            tenant.announce(options);
        }
    }
}
