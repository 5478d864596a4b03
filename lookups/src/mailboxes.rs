//! The mailboxes of users.

use driver_api::{Error, OneLine, Query, Row, Session};
use serde::Deserialize;

/// All mailboxes, enabled or not, by the id to which [`User::voicemailid`](crate::User::voicemailid) refers.
///
/// ```
/// use lookups::Mailboxes;
///
/// let rows = r#"{"uniqueid": 3, "context": "default", "mailbox": "1000"}"#;
/// fixtures::Scratch::new(&[("voicemail", rows)]).in_session(|session| {
///     let mailboxes = Mailboxes::read(session)?;
///     assert_eq!(mailboxes.get(3).map(|mailbox| mailbox.address()).as_deref(), Some("1000@default"));
///     assert!(mailboxes.get(4).is_none());
///     Ok::<(), driver_api::Error>(())
/// })?;
/// # Ok::<(), driver_api::Error>(())
/// ```
pub struct Mailboxes(Vec<Row<Mailbox>>);

const MAILBOXES: Query<'_> =
    Query { table: "voicemail", key: &["uniqueid"], sql: "SELECT uniqueid, mailbox, context FROM voicemail" };

/// A mailbox.
#[derive(Deserialize)]
#[non_exhaustive]
pub struct Mailbox {
    /// Its id.
    pub uniqueid: i64,
    /// Its number.
    pub mailbox: OneLine,
    /// Its context in `voicemail.conf`.
    pub context: OneLine,
}

impl Mailbox {
    /// Returns the mailbox as other files name it: `1000@default`. If the line is a list of mailboxes, the driver checks that
    /// neither part has a comma.
    pub fn address(&self) -> String {
        [&*self.mailbox, "@", &self.context].concat()
    }
}

impl Mailboxes {
    /// Reads all mailboxes, in one query.
    pub fn read(session: &mut Session<'_>) -> Result<Mailboxes, Error> {
        let mut rows: Vec<Row<Mailbox>> = session.query(MAILBOXES, &[])?;
        rows.sort_unstable_by_key(|mailbox| mailbox.uniqueid);
        Ok(Mailboxes(rows))
    }

    /// Keeps the mailboxes that the driver can write.
    pub fn retain(&mut self, keep: impl FnMut(&Row<Mailbox>) -> bool) {
        self.0.retain(keep);
    }

    /// Returns the mailbox with this id.
    pub fn get(&self, id: i64) -> Option<&Row<Mailbox>> {
        self.0.binary_search_by_key(&id, |mailbox| mailbox.uniqueid).ok().map(|at| &self.0[at])
    }
}
