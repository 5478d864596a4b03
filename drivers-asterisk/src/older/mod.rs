//! Drivers for databases of older releases, which have tables that today's releases no longer have.

pub(crate) mod meetme;
pub(crate) mod queuerules;
pub(crate) mod sip;
