//! How a session knows the release of its database.

use driver_api::{Release, Session};
use fixtures::Scratch;

fn release(site: &mut Scratch) -> (Release, Vec<String>) {
    site.in_session(|session: &mut Session<'_>| {
        let release = session.release().expect("a release");
        (release, session.take_warnings().iter().map(ToString::to_string).collect())
    })
}

#[test]
fn the_table_infos_names_the_release() {
    let mut site = Scratch::new(&[("infos", r#"{"uuid": "u", "wazo_version": "24.10-rc1"}"#)]);
    assert_eq!(release(&mut site), (Release::new(24, 10), Vec::new()));
}

#[test]
fn where_it_names_none_the_columns_tell() {
    for version in ["", "unstable"] {
        let infos = format!(r#"{{"uuid": "u", "wazo_version": "{version}"}}"#);
        let mut site = Scratch::new(&[("infos", &infos)]);
        assert_eq!(release(&mut site), (Release::TODAY, Vec::new()), "nothing is missing");
        let steps = [
            ("ALTER TABLE voicemail DROP COLUMN accesstype", "25.15"),
            ("ALTER TABLE tenant DROP COLUMN record_start_announcement", "25.03"),
            ("ALTER TABLE queuefeatures DROP COLUMN dtmf_record_toggle", "25.01"),
            ("ALTER TABLE trunkfeatures DROP COLUMN outgoing_caller_id_format", "24.14"),
            ("ALTER TABLE tenant DROP COLUMN country", "24.10"),
            ("ALTER TABLE provisioning DROP COLUMN http_base_url", "23.12"),
            ("DROP TABLE feature_extension", "23.11"),
            ("DROP TABLE meeting", "21.12"),
            ("ALTER TABLE groupfeatures DROP COLUMN label", "21.03"),
            ("DROP TABLE endpoint_sip", "20.12"),
        ];
        for (statement, expected) in steps {
            site.execute(statement);
            let warning = format!(
                "table infos, column wazo_version: it names no release, such as 24.10; by its tables, the database is of {expected} or before"
            );
            assert_eq!(release(&mut site), (expected.parse().unwrap(), vec![warning]), "{statement}");
        }
    }
}

#[test]
fn a_database_without_infos_is_known_by_its_columns() {
    let mut site = Scratch::new(&[]);
    site.execute("DROP TABLE infos");
    assert_eq!(release(&mut site).0, Release::TODAY);
    site.execute("ALTER TABLE tenant DROP COLUMN country");
    assert_eq!(release(&mut site).0, Release::new(24, 10));
}
