//! The release of the database, and what stands for what databases of older releases lack.

use serde::Deserialize;

use super::Session;
use crate::release::real_column;
use crate::{Error, ErrorKind, Query, Release, StandIn, Warning};

const INFOS: Query<'_> = Query {
    table: "infos",
    key: &["uuid"],
    sql: "SELECT uuid, COALESCE(wazo_version, '') AS wazo_version FROM infos ORDER BY uuid COLLATE \"C\"",
};

#[derive(Deserialize)]
struct Info {
    wazo_version: String,
}

/// Columns that came with a release, and the last release before it, the newest first.
const SCHEMAS: &[(&str, &str, Release)] = &[
    ("voicemail", "accesstype", Release::new(25, 15)),
    ("tenant", "record_start_announcement", Release::new(25, 3)),
    ("queuefeatures", "dtmf_record_toggle", Release::new(25, 1)),
    ("trunkfeatures", "outgoing_caller_id_format", Release::new(24, 14)),
    ("tenant", "country", Release::new(24, 10)),
    ("provisioning", "http_base_url", Release::new(23, 12)),
    ("feature_extension", "feature", Release::new(23, 11)),
    ("meeting", "uuid", Release::new(21, 12)),
    ("groupfeatures", "label", Release::new(21, 3)),
    ("endpoint_sip", "uuid", Release::new(20, 12)),
];

impl Session<'_> {
    /// Sets what stands for tables and columns that databases of older releases lack.
    pub fn stand_in(&mut self, stand_ins: &[StandIn]) {
        self.stand_ins.extend(stand_ins.iter().map(|stand_in| (*stand_in, false)));
    }

    /// Returns the release of the database, which its table `infos` names. Where it names none, the columns of other
    /// tables tell, with a warning; a database that lacks nothing is of [today](Release::TODAY).
    pub fn release(&mut self) -> Result<Release, Error> {
        if let Some(release) = self.release {
            return Ok(release);
        }
        let named = match self.run_once::<Info>(INFOS, INFOS.sql, &[]) {
            Ok((rows, _)) => rows.first().and_then(|info| info.wazo_version.parse().ok()),
            Err(error) if lacks(&error) => None,
            Err(error) => return Err(error.context("table infos")),
        };
        let release = match named {
            Some(release) => release,
            None => self.release_by_schema()?,
        };
        self.release = Some(release);
        Ok(release)
    }

    /// Returns the release of the database, if anybody asked for it.
    pub fn known_release(&self) -> Option<Release> {
        self.release
    }

    /// Returns the last release whose databases lack what this one lacks.
    fn release_by_schema(&mut self) -> Result<Release, Error> {
        let mut release = Release::TODAY;
        for (table, column, last) in SCHEMAS {
            if !self.snapshot.has_column(table, column)? {
                release = *last;
            }
        }
        if release != Release::TODAY {
            let message = format!(
                "it names no release, such as 24.10; by its tables, the database is of {release} or before"
            );
            self.warn(Warning::new("infos", message).column("wazo_version"));
        }
        Ok(release)
    }

    /// Returns the query with what stands for the table or the column that the database lacks.
    pub(super) fn find_stand_in(&mut self, error: &Error, sql: &str) -> Option<String> {
        let unused = |missing: &dyn Fn(&StandIn) -> bool, stand_ins: &mut [(StandIn, bool)]| {
            let (stand_in, is_needed) =
                stand_ins.iter_mut().find(|(it, is_needed)| !is_needed && missing(it))?;
            *is_needed = true;
            stand_in.applied(sql)
        };
        match error.kind() {
            ErrorKind::MissingTable(table) => unused(&|it| it.table == table, &mut self.stand_ins),
            ErrorKind::MissingColumn(column) => {
                let name = column.rsplit('.').next().unwrap_or(column);
                let table = real_column(column, sql);
                let table = table.as_deref().and_then(|it| it.split('.').next());
                let has = |it: &StandIn| {
                    table.is_none_or(|table| table == it.table) && it.sql.contains(&format!("AS {name}"))
                };
                unused(&has, &mut self.stand_ins)
            }
            _ => None,
        }
    }
}

fn lacks(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::MissingTable(_) | ErrorKind::MissingColumn(_))
}

/// Names the table of a missing column, for which the query has an alias.
pub(super) fn real_names(error: Error, sql: &str) -> Error {
    match error.kind() {
        ErrorKind::MissingColumn(column) => match real_column(column, sql) {
            Some(column) => {
                let message = format!("this database has no column {column}");
                Error::new(ErrorKind::MissingColumn(column), message)
            }
            None => error,
        },
        _ => error,
    }
}
