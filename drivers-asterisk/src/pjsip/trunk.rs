//! The trunks, which lead to other telephone systems.

use driver_api::{Error, OneLine, Origin, Query, Row, Session};
use lookups::endpoints::{Endpoints, Kind, Options};
use serde::Deserialize;
use uuid::Uuid;

use super::resolve::Item;
use super::tenant::{self, Tenant};
use super::variant::Variant;

pub(super) struct Trunk {
    row: Row<TrunkRow>,
    endpoint: usize,
}

const TRUNKS: Query<'_> = Query {
    table: "trunkfeatures",
    key: &["id"],
    sql: "SELECT id, context, endpoint_sip_uuid FROM trunkfeatures WHERE endpoint_sip_uuid IS NOT NULL",
};

#[derive(Deserialize)]
struct TrunkRow {
    id: i64,
    context: Option<OneLine>,
    endpoint_sip_uuid: Uuid,
}

static PAI_FORMAT: Kind = Kind::variable("WAZO_PAI_FORMAT=");
static CONTEXT: Kind = Kind::option("context").of("context");

/// Returns the trunks that have a SIP endpoint, in the order of the file.
pub(super) fn items(session: &mut Session<'_>, endpoints: &Endpoints) -> Result<Vec<Trunk>, Error> {
    let mut rows: Vec<Row<TrunkRow>> = session.query(TRUNKS, &[])?;
    rows.sort_unstable_by_key(|row| row.id);
    let mut trunks: Vec<Trunk> = rows
        .into_iter()
        .filter_map(|row| {
            let endpoint = endpoints.of_row(session, &row, "endpoint_sip_uuid", row.endpoint_sip_uuid)?;
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

    fn origin(&self) -> &Origin {
        self.row.origin()
    }

    fn defaults<'a>(&'a self, tenant: Option<&'a Row<Tenant>>, variant: Variant, options: &mut Options<'a>) {
        if variant.has_pai_format {
            options.push(&PAI_FORMAT, self.origin(), "");
        }
        if let Some(context) = self.row.context.as_deref().filter(|context| !context.is_empty()) {
            options.push(&CONTEXT, self.origin(), context);
        }
        if let Some(tenant) = tenant {
            tenant::add_announcements(tenant, variant, options);
        }
    }
}
