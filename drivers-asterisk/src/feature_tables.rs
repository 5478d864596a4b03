//! The extensions of features in databases before 23.12, which have them among all extensions.

use driver_api::StandIn;

/// The id of an extension as the uuid that a feature has today.
macro_rules! uuid {
    ($id:literal) => {
        concat!(
            "substr('00000000-0000-0000-0000-000000000000', 1, 36 - length(CAST(",
            $id,
            " AS TEXT))) || CAST(",
            $id,
            " AS TEXT)"
        )
    };
}

/// A table of the destinations of function keys.
macro_rules! destinations {
    ($table:literal) => {
        StandIn::new(
            $table,
            concat!(
                "SELECT k.*, ",
                uuid!("k.extension_id"),
                " AS feature_extension_uuid FROM ",
                $table,
                " AS k"
            ),
        )
    };
}

pub(crate) const OLDER: &[StandIn] = &[
    StandIn::new(
        "feature_extension",
        concat!(
            "SELECT ",
            uuid!("x.id"),
            " AS uuid, x.commented = 0 AS enabled, x.exten, x.typeval AS feature
            FROM extensions AS x WHERE x.context = 'xivo-features' AND x.type = 'extenfeatures'"
        ),
    ),
    destinations!("func_key_dest_agent"),
    destinations!("func_key_dest_forward"),
    destinations!("func_key_dest_groupmember"),
    destinations!("func_key_dest_service"),
];
