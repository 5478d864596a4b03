//! Drivers for databases of the older schema, which has tables that today's releases no longer have.

pub(crate) mod sip;
