//! The endpoints that are written, with their labels as comments.

use driver_api::asterisk::syntax::{self, Refusal};
use driver_api::{Row, Session};
use lookups::endpoints::{Endpoint, EndpointRow, Endpoints};

use super::transport::Transports;

/// Which endpoints are written, and which labels, by the indexes of the endpoints.
pub(super) struct Writable(Vec<Parts>);

#[derive(Clone, Copy)]
struct Parts {
    /// Whether it is written. A template is not.
    endpoint: bool,
    /// Whether its label can be written as a comment.
    label: bool,
}

impl Writable {
    /// Checks the names, labels and transports of all endpoints, and warns of those that are left out.
    pub(super) fn of(session: &mut Session<'_>, endpoints: &Endpoints, transports: &Transports) -> Writable {
        Writable(endpoints.iter().map(|endpoint| Parts::of(session, &endpoint.row, transports)).collect())
    }

    /// Returns whether the endpoint at this index is written.
    pub(super) fn has(&self, at: usize) -> bool {
        self.0[at].endpoint
    }

    /// Returns the text of the comment above the section of the endpoint, which is at this index.
    pub(super) fn label<'e>(&self, at: usize, endpoint: &'e Endpoint) -> Option<&'e str> {
        endpoint.row.label.as_deref().filter(|_| self.0[at].label)
    }
}

impl Parts {
    fn of(session: &mut Session<'_>, row: &Row<EndpointRow>, transports: &Transports) -> Parts {
        let named = row.keeps(session, referred_name, &row.name);
        let label =
            row.label.is_some() && row.keeps_or(session, "the comment is left out", label, &row.label);
        if let Some(uuid) = row.transport_uuid.filter(|&uuid| transports.name(uuid).is_none()) {
            let message = format!(
                "there is no pjsip_transport {uuid}, or it is left out, so this option is left out, too"
            );
            row.warn(session, "transport_uuid", message);
        }
        Parts { endpoint: named && row.template != Some(true), label }
    }
}

/// Writes the name of a section to which other sections refer in options that are lists.
pub(super) fn referred_name(out: &mut String, name: &str) -> Result<(), Refusal> {
    if name.contains(',') { Err(Refusal::Comma) } else { syntax::section_name(out, name) }
}

/// Writes a label in the comment above its section.
fn label(out: &mut String, label: &str) -> Result<(), Refusal> {
    if label.len() + "; ".len() > syntax::LINE_LIMIT {
        Err(Refusal::LongLine)
    } else {
        syntax::comment(out, label)
    }
}
