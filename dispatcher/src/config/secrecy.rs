//! Tests that no message and no output about a configuration shows a password, however it is spelled.

use std::fs;

use driver_api::Error;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Strictness, database, problems, show, survey};
use drivers::{FAMILIES, Registry};

/// Addresses with a password in place of `PW`.
const ADDRESSES: &[&str] = &[
    "postgresql://u:PW@h/d",
    "postgres://u:PW@h1:1,h2/d?sslmode=disable",
    "postgresql+psycopg2://u:PW@h",
    "postgresql://u:PW@/d",
    "postgresql://:PW@h",
    "postgresql://u:PW",
    "postgresql:u:PW@h",
    "//u:PW@h/d",
    "u:PW@h/d",
    "mysql://u:PW@h/d",
    "sqlite://u:PW@h/d",
    "postgresql:///d?user=u&password=PW",
    "postgresql://u@h/d?password=PW&connect_timeout=1",
    "host=h user=u password=PW dbname=d",
    "host=h password='PW'",
    "PGPASSWORD=PW",
];

/// Lines with such an address in place of `URI`, or with the password itself in place of `PW`.
const LINES: &[&str] = &[
    "db_uri: URI",
    "db_uri: 'URI'",
    "db_uri: \"URI\"",
    "db_uri:\n  URI",
    "db_uri: |\n  URI",
    "db_uri: [URI]",
    "db_uri: {URI}",
    "db_uri: ! URI",
    "db_uri: !URI",
    "db_uri:URI",
    "db_uri:\tURI",
    "URI: x",
    "\"URI\": {x: !y z}",
    "cache: 'URI'",
    "listen_port: 'URI'",
    "log_level: 'URI'",
    "service: 'URI'",
    "database: {connections: 'URI'}",
    "plugins: {asterisk.hep.conf: 'URI'}",
    "plugins: {'URI': wazo}",
    "plugins: 'URI'",
    "mine: {url: 'URI'}",
    "mine: 'see URI for more'",
    "password: PW",
    "password: 'PW'",
    "mine: {password: !!int 'PW'}",
    "mine: {secret: !PW x}",
    "a: !exec {command: 'PGPASSWORD=PW false'}",
];

/// Returns all that a person sees of a configuration.
fn seen(yaml: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yml");
    fs::write(&path, format!("extra_config_files:\n{yaml}\n")).unwrap();
    let registry = Registry::new(FAMILIES).unwrap();
    let texts = match survey(Some(&path), Strictness::Strict, &registry) {
        Err(error) => vec![error.chain()],
        Ok((mut loaded, mut found)) => {
            let config = loaded.config.clone();
            found.extend(problems(&config, &registry, &mut loaded.notes));
            let uri = database(&config).map(|uri| format!("{uri} {uri:?}"));
            let mut texts = loaded.notes.clone();
            texts.extend(found.iter().map(Error::chain));
            texts.push(show(&loaded).unwrap());
            texts.push(uri.unwrap_or_else(|error| error.chain()));
            texts
        }
    };
    texts.join("\n").replace(&folder.path().display().to_string(), "")
}

/// Returns the password, and the parts of it that YAML makes of an unquoted one.
fn parts<'p>(password: &'p str, address: &str, line: &str) -> Vec<&'p str> {
    // With a blank behind the user, an address is an ordinary key with an ordinary value.
    if line == "URI: x" && address.starts_with("u:") && password.starts_with(' ') {
        return Vec::new();
    }
    // In an address without a host, a password that begins with `@` is an empty one and a host.
    let has_password = !(address.ends_with(":PW") && password.trim_start().starts_with('@'));
    let mut parts: Vec<&str> = has_password.then_some(password).into_iter().collect();
    if !line.contains(['\'', '"']) {
        // The first part of a password with an `@` in it looks like a host.
        parts.extend(password.split(" #").next().filter(|part| !part.contains('@')));
        parts.extend(password.split(": ").filter(|part| !part.contains('@')));
    }
    // A short one, or one without a letter, may be in any text.
    let counts = |part: &&str| part.len() >= 4 && part.contains(['Q', 'X', 'Z']);
    parts.into_iter().map(str::trim).filter(counts).collect()
}

// PROPTEST_CASES=10000 tries more.
proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_password_is_seen(
        password in r#"([QXZ7]|[-QXZ7@:/?&=%+!*,;.'"\[\]{}$~|>]|: | #|&X=| ){4,12}"#,
        address in select(ADDRESSES),
        line in select(LINES),
    ) {
        let escaped = if line.contains('\'') { password.replace('\'', "''") } else { password.clone() };
        let yaml = line.replace("URI", address).replace("PW", &escaped);
        let seen = seen(&yaml);
        for part in parts(&password, address, line) {
            let lines: Vec<&str> = seen.lines().filter(|line| line.contains(part)).collect();
            prop_assert!(lines.is_empty(), "{part:?} of {password:?} is seen:\n{yaml}\n{lines:#?}");
        }
    }
}
