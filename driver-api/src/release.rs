//! Releases of the telephone system, and what changed with them.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// A release of the telephone system, such as 24.10: the year and the number of the release in it.
///
/// ```
/// use driver_api::Release;
///
/// let release: Release = "24.10-rc1".parse()?;
/// assert_eq!(release, Release::new(24, 10));
/// assert!(release < Release::new(25, 1) && release < Release::TODAY);
/// assert_eq!(release.to_string(), "24.10");
/// assert!("unknown".parse::<Release>().is_err());
/// # Ok::<(), driver_api::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    year: u16,
    number: u16,
}

impl Release {
    /// Before all releases.
    pub const FIRST: Release = Release { year: 0, number: 0 };

    /// After all releases: the release of a database that says nothing about it.
    pub const TODAY: Release = Release { year: u16::MAX, number: u16::MAX };

    /// Creates a release from its year without the century and its number.
    pub const fn new(year: u16, number: u16) -> Release {
        Release { year, number }
    }
}

/// Reads the first two numbers; what follows them, such as a suffix of a test system, means nothing.
impl FromStr for Release {
    type Err = Error;

    fn from_str(text: &str) -> Result<Release, Error> {
        let mut numbers = text.trim().splitn(3, '.').map(|part| {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            part[..digits].parse::<u16>().ok()
        });
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(year), Some(number)) => Ok(Release { year, number }),
            _ => Err(Error::new(ErrorKind::Row, format!("{text:?} is no release; one looks like 24.10"))),
        }
    }
}

/// Prints as `24.10`, with two digits of the number.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Release::TODAY => f.write_str("today"),
            Release { year, number } => write!(f, "{year}.{number:02}"),
        }
    }
}

/// A part of a file that changed with the releases. A driver keeps its differences in such tables, and asks them once
/// for the [release](crate::Session::release) of the database.
///
/// ```
/// use driver_api::{Dated, Release};
///
/// /// The beginning of the names of profiles.
/// const PREFIX: Dated<&str> = Dated::new("wazo", &[(Release::new(25, 2), "xivo")]);
///
/// assert_eq!(PREFIX.at(Release::new(25, 2)), "xivo");
/// assert_eq!(PREFIX.at(Release::new(25, 3)), "wazo");
/// assert_eq!(PREFIX.at(Release::TODAY), "wazo");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Dated<T: 'static> {
    today: T,
    until: &'static [(Release, T)],
}

impl<T: Copy> Dated<T> {
    /// Creates a table of what is written today, and what was written up to and including each release, the oldest
    /// first.
    pub const fn new(today: T, until: &'static [(Release, T)]) -> Dated<T> {
        Dated { today, until }
    }

    /// Returns what a release has.
    pub fn at(&self, release: Release) -> T {
        self.until.iter().find(|(last, _)| release <= *last).map_or(self.today, |(_, value)| *value)
    }
}

/// A query that stands in for a table in which databases of older releases lack something.
///
/// If a query fails because its table or one of its columns does not exist, the [`Session`](crate::Session) runs it again
/// with the stand-in in place of the table. So what is absent is as if it were NULL, or had no rows, and databases of
/// today's release pay nothing.
///
/// The queries name the table behind `FROM` or `JOIN`, in lower case and without quotes.
///
/// ```
/// use driver_api::{Query, Session, StandIn};
///
/// const MEETINGS: StandIn = StandIn::new("meeting", "SELECT '' AS uuid, '' AS name FROM infos WHERE 1 = 0");
///
/// # let site = fixtures::Scratch::new(&[]);
/// # site.execute("DROP TABLE meeting");
/// # let mut site = site;
/// site.in_session(|session: &mut Session<'_>| {
///     session.stand_in(&[MEETINGS]);
///     let sql = "SELECT m.uuid, m.name FROM meeting AS m ORDER BY m.uuid";
///     let meetings = session.query_table(Query { table: "meeting", key: &["uuid"], sql }, &[]).unwrap();
///     assert!(meetings.rows.is_empty());
/// });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct StandIn {
    pub(crate) table: &'static str,
    pub(crate) sql: &'static str,
}

impl StandIn {
    /// Creates a stand-in. `sql` has all columns of the table that queries name.
    pub const fn new(table: &'static str, sql: &'static str) -> StandIn {
        StandIn { table, sql }
    }

    /// Puts the stand-in in the place of its table. Returns nothing if the query does not name it.
    pub(crate) fn applied(&self, sql: &str) -> Option<String> {
        let mut changed = String::new();
        let mut rest = sql;
        while let Some((at, end)) = position(rest, self.table) {
            let alias = alias(&rest[end..]);
            changed.push_str(&rest[..at]);
            changed.push('(');
            changed.push_str(self.sql);
            changed.push(')');
            if alias.is_none() {
                changed.push_str(" AS ");
                changed.push_str(self.table);
            }
            rest = &rest[end..];
        }
        (!changed.is_empty()).then(|| changed + rest)
    }
}

/// Finds the name of a table behind `FROM` or `JOIN`, and returns its place.
fn position(sql: &str, table: &str) -> Option<(usize, usize)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    sql.match_indices(table).map(|(at, _)| (at, at + table.len())).find(|&(at, end)| {
        let before = sql[..at].trim_end();
        let follows = ["FROM", "JOIN"].iter().any(|word| before.ends_with(word));
        follows && before.len() < at && !sql[end..].starts_with(is_word)
    })
}

/// Returns the alias at the start of what follows the name of a table.
fn alias(behind: &str) -> Option<&str> {
    const KEYWORDS: [&str; 12] =
        ["ON", "JOIN", "LEFT", "INNER", "CROSS", "WHERE", "GROUP", "ORDER", "UNION", "USING", "LIMIT", "AS"];
    let mut words = behind.split_whitespace();
    let first = match words.next()? {
        "AS" => words.next()?,
        word => word,
    };
    let word = first.trim_end_matches([',', ')']);
    let is_name = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !behind.starts_with([',', ')']) && !KEYWORDS.contains(&word)).then_some(word)
}

/// Returns the column with the name of its table in place of an alias: `g.label` is `groupfeatures.label`.
pub(crate) fn real_column(column: &str, sql: &str) -> Option<String> {
    let (wanted, name) = column.split_once('.')?;
    let words: Vec<&str> = sql.split_whitespace().collect();
    let table = words.windows(4).chain(words.windows(3)).find_map(|words| {
        let (table, alias) = match words {
            ["FROM" | "JOIN", table, "AS", alias, ..] | ["FROM" | "JOIN", table, alias, ..] => {
                (*table, *alias)
            }
            _ => return None,
        };
        (alias.trim_end_matches([',', ')']) == wanted).then_some(table)
    })?;
    Some(format!("{table}.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_takes_the_place_of_its_table() {
        let stand_in = StandIn::new("tenant", "SELECT 1 FROM tenant");
        let table = [
            ("SELECT uuid FROM tenant", Some("SELECT uuid FROM (SELECT 1 FROM tenant) AS tenant")),
            ("SELECT t.uuid FROM tenant AS t", Some("SELECT t.uuid FROM (SELECT 1 FROM tenant) AS t")),
            ("… FROM tenant t WHERE 1", Some("… FROM (SELECT 1 FROM tenant) t WHERE 1")),
            (
                "… FROM a\n JOIN tenant ON tenant.uuid = a.t",
                Some("… FROM a\n JOIN (SELECT 1 FROM tenant) AS tenant ON tenant.uuid = a.t"),
            ),
            ("… FROM tenant_x", None),
            ("SELECT tenant FROM a", None),
        ];
        for (sql, expected) in table {
            assert_eq!(stand_in.applied(sql).as_deref(), expected, "{sql}");
        }
    }

    #[test]
    fn an_alias_is_the_name_of_a_table() {
        let sql = "SELECT g.label FROM queue q LEFT JOIN (SELECT 1 FROM x) AS y ON 1 = 1 LEFT JOIN groupfeatures g ON g.id = 1
            JOIN linefeatures AS l ON l.id = 2";
        assert_eq!(real_column("g.label", sql).as_deref(), Some("groupfeatures.label"));
        assert_eq!(real_column("q.x", sql).as_deref(), Some("queue.x"));
        assert_eq!(real_column("l.x", sql).as_deref(), Some("linefeatures.x"));
        assert_eq!(real_column("z.x", sql), None);
        assert_eq!(real_column("label", sql), None);
    }
}
