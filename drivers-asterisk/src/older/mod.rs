//! Files for databases of the older schema, whose tables today's releases no longer have.

pub(crate) mod sip;
