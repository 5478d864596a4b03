//! `compose.yml` has the form of a compose file, names what is there, and its database gives confgend the data set.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use database::Uri;
use dispatcher::{FAMILIES, Registry, config, generate};
use driver_api::yaml;
use fixtures::{Case, Schema, Strictness, postgres};
use serde::Deserialize;
use xtask_generate::{namespaces, root};

/// The keys that this file uses, of the Compose Specification (<https://compose-spec.io>). Others are misspelled.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compose {
    services: BTreeMap<String, Service>,
    networks: BTreeMap<String, Network>,
    volumes: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    #[serde(default)]
    internal: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    image: String,
    pull_policy: Option<String>,
    #[serde(default)]
    depends_on: BTreeMap<String, Dependency>,
    environment: BTreeMap<String, String>,
    volumes: Vec<String>,
    networks: Vec<String>,
    #[serde(default)]
    ports: Vec<String>,
    healthcheck: Option<Healthcheck>,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    cap_drop: Vec<String>,
    #[serde(default)]
    security_opt: Vec<String>,
    restart: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    condition: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Healthcheck {
    test: Vec<String>,
    interval: String,
    timeout: String,
    retries: u32,
}

const INITIALIZED_FROM: &str = "/docker-entrypoint-initdb.d/";
/// The file that `cargo xtask image` writes.
const WRITTEN: &str = "./target/image/office.sql";

fn compose() -> Compose {
    let text = fs::read_to_string(root().join("compose.yml")).unwrap();
    Compose::deserialize(yaml::parse(&text).unwrap()).unwrap()
}

/// The value of a variable such as `${NAME:-value}` that nobody sets.
fn default(text: &str) -> &str {
    let inner = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
    inner.and_then(|inner| inner.split_once(":-")).map_or(text, |(_, value)| value)
}

#[test]
fn everything_that_the_compose_file_names_is_there() {
    let compose = compose();
    for (name, service) in &compose.services {
        for (other, dependency) in &service.depends_on {
            assert_eq!(dependency.condition, "service_healthy", "{name}");
            assert!(compose.services[other].healthcheck.is_some(), "{name}: {other} has no health check");
        }
        for volume in &service.volumes {
            let (source, place) = volume.split_once(':').unwrap();
            let is_there = match source.strip_prefix("./") {
                Some(path) => source == WRITTEN || root().join(path).is_file(),
                None => compose.volumes.contains_key(source),
            };
            assert!(is_there && place.starts_with('/'), "{name}: {volume}");
        }
        assert!(service.networks.iter().all(|network| compose.networks.contains_key(network)), "{name}");
    }
    let check = compose.services["database"].healthcheck.as_ref().unwrap();
    assert_eq!(check.test[0], "CMD");
    assert!(check.retries > 0 && [&check.interval, &check.timeout].iter().all(|time| time.ends_with('s')));
}

#[test]
fn confgend_has_few_rights_and_is_seen_by_this_machine_alone() {
    let compose = compose();
    let confgend = &compose.services["confgend"];
    assert_eq!(confgend.image, concat!("localhost/confgend:", env!("CARGO_PKG_VERSION")));
    // Without this, an engine would look for the image in a registry.
    assert_eq!(confgend.pull_policy.as_deref(), Some("never"));
    assert!(confgend.read_only && confgend.cap_drop == ["ALL"]);
    assert_eq!(confgend.security_opt, ["no-new-privileges:true"]);
    assert_eq!(confgend.restart.as_deref(), Some("unless-stopped"));
    assert!(confgend.ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{:?}", confgend.ports);
    let database = &compose.services["database"];
    assert!(database.ports.is_empty());
    assert!(database.networks.iter().all(|network| compose.networks[network].internal));
}

#[test]
fn the_compose_files_database_gives_the_files_of_the_case() {
    // The role is one of the whole server, so that it can't be a shared one.
    let Some(cluster) = postgres::own() else { return };
    let compose = compose();
    let office = Case::named("office").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let uri = cluster.create_database("compose").unwrap();
    load(&compose.services["database"], &office, folder.path(), &uri);

    let environment = &compose.services["confgend"].environment;
    let value = |name: &str| default(&environment[name]);
    let database: BTreeMap<&str, &str> = compose.services["database"]
        .environment
        .iter()
        .map(|(name, text)| (&**name, default(text)))
        .collect();
    assert_eq!((value("PGHOST"), value("PGDATABASE")), ("database", database["POSTGRES_DB"]));
    let (user, password) = (value("PGUSER"), value("PGPASSWORD"));
    let (_, place) = uri.rsplit_once('@').unwrap();
    let reader = format!("postgresql://{user}:{password}@{place}");

    let registry = Registry::new(FAMILIES).unwrap();
    let names = namespaces(&registry, Schema::Current);
    let config = config::only(None, &registry).unwrap();
    let generate = |uri: &Uri| {
        let mut database = database::open(uri).unwrap();
        let mut snapshot = database.snapshot().unwrap();
        let mut text = |name| generate::file(&registry, &config, name, &mut *snapshot).result.unwrap();
        names.iter().map(|name| (name, text(name))).collect::<Vec<_>>()
    };
    let sqlite = folder.path().join("office.db");
    fixtures::load_sqlite(&office, &sqlite, Strictness::Strict).unwrap();
    assert_eq!(generate(&reader.parse().unwrap()), generate(&Uri::Sqlite(sqlite)));

    let mut client = postgres::connect(&reader).unwrap();
    for refused in ["DELETE FROM userfeatures", "INSERT INTO infos DEFAULT VALUES"] {
        let error = client.batch_execute(refused).unwrap_err();
        assert!(error.as_db_error().unwrap().message().starts_with("permission denied"), "{refused}");
    }
}

/// Runs the files by which the image of PostgreSQL fills a new database, in the order of their names, as its entry point
/// does: with psql, in one database, with the variables of the container.
fn load(service: &Service, case: &Case, folder: &Path, uri: &str) {
    let script = folder.join("office.sql");
    fs::write(&script, postgres::script(case, Strictness::Strict).unwrap().0).unwrap();
    let mounted = service.volumes.iter().filter_map(|volume| {
        let (source, place) = volume.split_once(':').unwrap();
        let name = place.strip_prefix(INITIALIZED_FROM)?.strip_suffix(":ro")?;
        Some((name, if source == WRITTEN { script.clone() } else { root().join(source) }))
    });
    let files: BTreeMap<&str, _> = mounted.collect();
    assert_eq!(files.len(), 2);
    let programs = postgres::find_binaries().unwrap();
    let own = programs.join("psql");
    for (name, path) in files {
        let mut psql = Command::new(if own.exists() { own.as_path() } else { Path::new("psql") });
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file"]).arg(path).arg(uri);
        psql.envs(service.environment.iter().map(|(name, text)| (name, default(text))));
        let output = psql.output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
