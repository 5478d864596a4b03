//! The look-ups over cases, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fmt::Write as _;

use database::Uri;
use driver_api::{Error, Piece, Session};
use fixtures::{Case, Schema, Strictness, load_sqlite, postgres};
use lookups::Mailboxes;
use lookups::endpoints::{Endpoints, Section};
use lookups::pickups::{Groups, Pickups};

/// Returns all that the look-ups find, as text.
fn found(uri: &Uri, schema: Schema) -> Result<String, Error> {
    let mut database = database::open(uri)?;
    let mut snapshot = database.snapshot()?;
    let mut session = Session::new(&mut *snapshot);
    let mut text = String::new();
    write_users(&mut text, &mut session)?;
    if schema == Schema::Current {
        write_endpoints(&mut text, &mut session)?;
    }
    for warning in session.take_warnings() {
        writeln!(text, "{warning}").unwrap();
    }
    Ok(text)
}

fn write_users(text: &mut String, session: &mut Session<'_>) -> Result<(), Error> {
    let (mailboxes, pickups) = (Mailboxes::read(session)?, Pickups::read(session)?);
    for user in lookups::users(session)? {
        let mailbox = user.voicemailid.and_then(|id| mailboxes.get(id)).map(|mailbox| mailbox.address());
        let mut groups = Groups::default();
        pickups.of(user.id, true).for_each(|membership| groups.add(membership));
        let (name, of_groups) = (user.name(), (groups.member(), groups.pickup()));
        writeln!(text, "{:?} {name} {mailbox:?} {of_groups:?} {:?}", user.origin(), &*user).unwrap();
    }
    Ok(())
}

fn write_endpoints(text: &mut String, session: &mut Session<'_>) -> Result<(), Error> {
    let endpoints = Endpoints::read(session)?;
    for (at, lists) in endpoints.resolve(session, 0..endpoints.len()) {
        writeln!(text, "[{}]", endpoints.get(at).row.name).unwrap();
        for section in
            [Section::Aor, Section::Auth, Section::Endpoint, Section::Identify, Section::Registration]
        {
            for option in lists.get(section).iter() {
                writeln!(text, "{section:?}: {} = {} of {:?}", option.key(), option.text(), option.origin())
                    .unwrap();
            }
        }
    }
    Ok(())
}

#[test]
fn both_engines_find_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["office", "odd", "pjsip-lines", "templates-in-a-circle", "older-sip"] {
        let case = Case::named(name).unwrap();
        let path = folder.path().join(format!("{name}.db"));
        load_sqlite(&case, &path, Strictness::Lenient).unwrap();
        let in_sqlite = found(&Uri::Sqlite(path), case.schema()).unwrap();
        assert!(name != "office" || in_sqlite.lines().count() > 100, "{in_sqlite}");
        let Some(cluster) = postgres::shared() else { continue };
        let uri = cluster.case_database(&case).unwrap().parse().unwrap();
        assert_eq!(found(&uri, case.schema()).unwrap(), in_sqlite, "{name}");
    }
}

#[test]
fn own_options_are_stronger_than_inherited_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("office.db");
    load_sqlite(&Case::named("office").unwrap(), &path, Strictness::Strict).unwrap();
    let mut database = database::open(&Uri::Sqlite(path)).unwrap();
    let mut snapshot = database.snapshot().unwrap();
    let mut session = Session::new(&mut *snapshot);
    let endpoints = Endpoints::read(&mut session).unwrap();
    let heirs = (0..endpoints.len()).filter(|&at| !endpoints.get(at).parents.is_empty());
    let resolved: Vec<_> = endpoints.resolve(&mut session, heirs).collect();
    assert!(resolved.len() > 10, "{}", resolved.len());
    for (at, lists) in &resolved {
        let endpoint = endpoints.get(*at);
        for own in endpoints.own(endpoint) {
            // Another row of the same key may be the stronger one.
            let option = lists.get(own.section).last(&own.key).unwrap();
            let of = option.row().map(|row| row.endpoint_sip_uuid);
            assert_eq!(of, Some(endpoint.row.uuid), "{:?}", own.key);
        }
        let inherited = lists
            .endpoint
            .iter()
            .filter(|option| option.row().is_some_and(|row| row.endpoint_sip_uuid != endpoint.row.uuid));
        assert!(inherited.count() > 0, "{:?}", endpoint.row.name);
    }
}
