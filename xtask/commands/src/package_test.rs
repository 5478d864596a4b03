//! Tests the Debian packages in a temporary Debian system: installs, uses, upgrades, removes and purges them without
//! systemd, and then runs the unit under systemd.

mod autopkgtest;
mod booted;
mod lintian;
mod reproducible;
mod root;
mod service;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use driver_api::Error;
use fixtures::{Case, Strictness};

use crate::files::files_below;
use crate::packages::{self, Build, DriverCrate, Features, Program};
use crate::{file_error, free_port, guide};
use root::Root;
use service::Service;

/// Tests the packages, one of them with the program of a crate from outside, by default the example. Fails if this
/// machine can't run the test.
pub(crate) fn run(driver_crate: Option<DriverCrate>) -> Result<(), Error> {
    let base = prepare().map_err(Error::driver)?;
    test_packages(&base, &driver_crate.map_or_else(example, Ok)?)
}

/// Tests the packages, or prints why this machine can't run the test.
pub(crate) fn run_where_possible() -> Result<(), Error> {
    match prepare() {
        Ok(base) => test_packages(&base, &example()?),
        Err(reason) => {
            say!("NOT TESTED: the packages, because {reason}");
            Ok(())
        }
    }
}

fn example() -> Result<DriverCrate, Error> {
    DriverCrate::find(&guide::example())
}

/// Installs the tools of the test, and returns the archive of a system. The error is the reason why the test can't run
/// on this machine.
pub(crate) fn prepare() -> Result<PathBuf, String> {
    packages::ensure_cargo_deb().map_err(|error| error.chain())?;
    root::base()
}

const UNIT: &str = "/usr/lib/systemd/system/wazo-confgend.service";
const MAIN_FILE: &str = "/etc/wazo-confgend/config.yml";
/// A file that the operator adds.
const SITE_FILE: &str = "/etc/wazo-confgend/conf.d/10-site.yml";
const PID_FILE: &str = "/run/wazo-confgend/wazo-confgend.pid";
const CACHE: &str = "/var/cache/wazo-confgend";
const DATABASE: &str = "/srv/office.db";
/// The folder for the output of `confgend generate`, which the service has to serve.
const GENERATED: &str = "/srv/generated";

/// The files of an installation: the owner and the mode, or the target of a symbolic link.
const INSTALLED: &[(&str, &str)] = &[
    ("/usr/bin/confgend", "root:root 755"),
    ("/usr/bin/wazo-confgend", "-> confgend"),
    ("/usr/bin/confgend-python-driver", "root:root 755"),
    ("/usr/share/confgend/cases/office/userfeatures.jsonl", "root:root 644"),
    ("/usr/bin/wazo-confgen", "root:root 755"),
    ("/usr/bin/xivo-confgen", "-> wazo-confgen"),
    ("/usr/share/man/man1/confgend-generate.1.gz", "root:root 644"),
    ("/usr/share/man/man1/confgend-python-driver.1.gz", "root:root 644"),
    ("/usr/share/man/man1/wazo-confgend.1.gz", "root:root 644"),
    ("/usr/share/man/man1/wazo-confgen.1.gz", "root:root 644"),
    ("/usr/share/man/man5/confgend.yml.5.gz", "root:root 644"),
    ("/usr/share/man/man5/wazo-confgen.conf.5.gz", "root:root 644"),
    ("/usr/share/bash-completion/completions/confgend", "root:root 644"),
    ("/usr/share/zsh/vendor-completions/_confgend", "root:root 644"),
    ("/usr/share/fish/vendor_completions.d/confgend.fish", "root:root 644"),
    ("/usr/share/bash-completion/completions/wazo-confgen", "root:root 644"),
    ("/usr/share/zsh/vendor-completions/_wazo-confgen", "root:root 644"),
    ("/usr/share/fish/vendor_completions.d/wazo-confgen.fish", "root:root 644"),
    (UNIT, "root:root 644"),
    (MAIN_FILE, "root:root 644"),
    ("/etc/wazo-confgend/conf.d", "root:root 755"),
    ("/etc/wazo-confgend/templates/contexts.conf", "root:root 644"),
    ("/etc/wazo-confgend/templates/modules.conf.jinja2", "root:root 644"),
    ("/etc/wazo-confgend-client/config.conf", "root:root 644"),
    ("/etc/logrotate.d/wazo-confgend", "root:root 644"),
    ("/etc/rsyslog.d/99-wazo-confgend.conf", "root:root 644"),
    ("/etc/systemd/system/multi-user.target.wants/wazo-confgend.service", LINK_TO_UNIT),
    ("/etc/systemd/system/confgend.service", LINK_TO_UNIT),
    ("/var/log/wazo-confgend.log", "wazo-confgend:wazo-confgend 644"),
    (CACHE, "wazo-confgend:wazo-confgend 755"),
    ("/var/lib/confgend", "wazo-confgend:wazo-confgend 755"),
    ("/var/cache/wazo-confgend-client", "root:root 750"),
];

const LINK_TO_UNIT: &str = "-> /lib/systemd/system/wazo-confgend.service";

/// Paths in which the tools and this test leave files. `/run` is empty after a boot.
const TRACES: &[&str] =
    &["/run/", "/srv/", "/var/lib/dpkg/", "/var/lib/systemd/deb-systemd-helper-", "/var/log/dpkg.log"];

/// The packages in two revisions.
struct Packages {
    first: Vec<PathBuf>,
    upgrade: Vec<PathBuf>,
}

fn test_packages(base: &Path, driver_crate: &DriverCrate) -> Result<(), Error> {
    let scratch = tempfile::tempdir().map_err(|error| file_error(&env::temp_dir(), error))?;
    let build = Build { profile: packages::TEST, revision: 1, out: scratch.path(), checkout: crate::root() };
    let features = Features::all()?;
    let packages = Packages {
        first: build.packages(&features)?,
        upgrade: Build { revision: 2, ..build }.packages(&features)?,
    };
    reproducible::check(&build, &features, &packages.first)?;
    let small = scratch.path().join("small");
    let small = Build { out: &small, ..build }.service(&Features::small()?)?;
    // This program takes the place of ours in the target folder.
    let program = driver_crate.build(build.profile)?;
    let with_drivers = build.service_with(&program)?;
    lintian::check(&[packages.first.as_slice(), &[with_drivers.clone(), small]].concat())?;
    autopkgtest::run(base, &packages.first)?;
    let root = Root::unpack(base)?;
    let before = root.files()?;
    install_and_use(&root, &packages)?;
    change_programs(&root, &program, with_drivers)?;
    upgrade(&root, &packages)?;
    remove_and_purge(&root, &before)?;
    replace_predecessor(&root, &packages)?;
    booted::run(base, &packages)
}

fn install_and_use(root: &Root, packages: &Packages) -> Result<(), Error> {
    root.install(&packages.first)?;
    for (path, expected) in INSTALLED {
        same(path, &root.describe(path)?, expected)?;
    }
    for package in ["confgend", "confgend-client"] {
        all_below_etc_are_conffiles(root, package)?;
    }
    let user = root.run(&["getent", "passwd", "wazo-confgend"])?;
    let home = "/var/lib/wazo-confgend";
    holds("the user has no shell", user.trim_end().ends_with(&format!(":{home}:/usr/sbin/nologin")))?;
    holds("the home directory is not made", !root.path(home).exists())?;
    say!("installed: {} files with the right owner and mode, and the user", INSTALLED.len());

    // The system has no manual pages, to which the unit refers.
    root.run(&["systemd-analyze", "verify", "--man=no", UNIT])?;
    // In tenths: 10.0 is a service without a sandbox, and below 2.0 is "OK".
    root.run(&["systemd-analyze", "security", "--offline=true", "--threshold=20", UNIT])?;
    say!("the unit: systemd-analyze reports no problem");
    load_database(root)?;
    serve(root, "{}")
}

fn all_below_etc_are_conffiles(root: &Root, package: &str) -> Result<(), Error> {
    let conffiles = root.run(&["dpkg-query", "--show", "--showformat=${Conffiles}", package])?;
    let conffiles: BTreeSet<&str> =
        conffiles.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let files = root.run(&["dpkg-query", "--listfiles", package])?;
    let files = files.lines().filter(|path| path.starts_with("/etc/") && root.path(path).is_file());
    same(&format!("the conffiles of {package}"), &conffiles, &files.collect())
}

/// Checks that the service serves the output of `confgend generate` for every namespace, and stops on a signal.
fn serve(root: &Root, plugins: &str) -> Result<(), Error> {
    let port = free_port()?;
    configure(root, port, plugins)?;
    let mut service = Service::start(root)?;
    let pid =
        fs::read_to_string(root.path(PID_FILE)).map_err(|error| file_error(Path::new(PID_FILE), error))?;
    same("the PID file", &pid.trim(), &service.pid().to_string().as_str())?;
    let names = generate(root)?;
    for name in &names {
        let asked = root.run(&["wazo-confgen", "--port", &port.to_string(), name])?;
        let generated = root.read(&format!("{GENERATED}/{name}"))?;
        holds(&format!("{name} is what confgend generate writes"), asked == generated)?;
        let cached = format!("{CACHE}/{name}");
        holds(&format!("the cached copy of {name} is the same"), root.read(&cached)? == generated)?;
        same(&cached, &root.describe(&cached)?, &"wazo-confgend:wazo-confgend 640")?;
    }
    service.stop()?;
    holds("the PID file is gone", !root.path(PID_FILE).exists())?;
    say!("the service, started as the unit says: served {} files, and ended with success", names.len());
    Ok(())
}

/// Creates the database at the path in the configuration.
fn load_database(root: &Root) -> Result<(), Error> {
    let case = Case::named("office").ok_or_else(|| Error::driver("there is no case office"))?;
    fixtures::load_sqlite(&case, &root.path(DATABASE), Strictness::Lenient).map(drop)
}

/// Configures the service: the database, this port, and these selected drivers.
fn configure(root: &Root, port: u16, plugins: &str) -> Result<(), Error> {
    root.write(SITE_FILE, &format!("db_uri: sqlite:{DATABASE}\nlisten_port: {port}\nplugins: {plugins}\n"))
}

/// Runs `confgend generate` for all files; returns their names.
fn generate(root: &Root) -> Result<Vec<String>, Error> {
    let uri = format!("sqlite:{DATABASE}");
    // A program with other drivers may have written other files.
    root.run(&["rm", "--recursive", "--force", GENERATED])?;
    root.run(&["confgend", "generate", "--db", &uri, "--out", GENERATED, "--quiet"])?;
    files_below(&root.path(GENERATED))
}

/// Upgrades to the package with the program of another crate. Checks its version and description, and that it serves
/// with its own drivers selected.
fn change_programs(root: &Root, program: &Program, package: PathBuf) -> Result<(), Error> {
    root.install(&[package])?;
    let version = field(root, "Version")?;
    holds(&format!("{version} is installed, from {}", program.origin), version.ends_with(&program.mark))?;
    let description = field(root, "Description")?;
    holds("the description ends with the drivers", description.ends_with(program.description().trim_end()))?;
    same("what the program lists", &drivers(root)?, &program.drivers)?;
    all_below_etc_are_conffiles(root, "confgend")?;
    say!("upgraded to {version}");
    serve(root, &program.selection())
}

fn drivers(root: &Root) -> Result<BTreeSet<packages::Driver>, Error> {
    Ok(packages::listed(&root.run(&["confgend", "list"])?))
}

/// A field of the service's package in dpkg's database.
fn field(root: &Root, name: &str) -> Result<String, Error> {
    root.run(&["dpkg-query", "--show", &format!("--showformat=${{{name}}}"), "confgend"])
}

/// Checks that an upgrade keeps an edited file.
fn upgrade(root: &Root, packages: &Packages) -> Result<(), Error> {
    let edited = root.read(MAIN_FILE)? + "\n# A line by the operator.\n";
    root.write(MAIN_FILE, &edited)?;
    root.install(&packages.upgrade)?;
    same("the edited file", &root.read(MAIN_FILE)?, &edited)?;
    holds("the upgrade is installed", field(root, "Version")?.ends_with("-2"))?;
    same("what the program lists", &drivers(root)?, &packages::our_drivers())?;
    say!("upgraded: an edited file is kept");
    Ok(())
}

/// Checks that a purge leaves only files that the packages did not install.
fn remove_and_purge(root: &Root, before: &BTreeSet<String>) -> Result<(), Error> {
    let packages = ["confgend", "confgend-client"];
    root.dpkg("--remove", &packages)?;
    holds("the programs are gone", !root.path("/usr/bin/confgend").exists())?;
    holds("the configuration stays", root.path(MAIN_FILE).exists())?;
    root.dpkg("--purge", &packages)?;
    let after = root.files()?;
    let left = after.difference(before).filter(|path| !TRACES.iter().any(|trace| path.starts_with(trace)));
    let left: Vec<&str> = left.map(String::as_str).collect();
    // The operator's file, and the directories above it.
    same("what a purge leaves", &left, &vec!["/etc/wazo-confgend", "/etc/wazo-confgend/conf.d", SITE_FILE])?;
    let lost: Vec<&String> = before.difference(&after).collect();
    same("what a purge takes of others", &lost, &Vec::<&String>::new())?;
    say!("purged: the operator's own file is left, and the user in /etc/passwd");
    Ok(())
}

/// Checks that an installation removes the package wazo-confgend and keeps its configuration, even when that package is
/// purged.
fn replace_predecessor(root: &Root, packages: &Packages) -> Result<(), Error> {
    let folder = "/srv/predecessor";
    for (path, text) in PREDECESSOR {
        root.write(&format!("{folder}{path}"), text)?;
    }
    root.run(&["chmod", "755", "/srv/predecessor/DEBIAN/postinst", "/srv/predecessor/DEBIAN/postrm"])?;
    root.run(&["dpkg-deb", "--build", folder, "/srv/predecessor.deb"])?;
    root.run(&["dpkg", "--install", "/srv/predecessor.deb"])?;
    let edited = "debug: true\n";
    root.write(MAIN_FILE, edited)?;
    root.install(&packages.first)?;
    for (path, expected) in INSTALLED {
        same(path, &root.describe(path)?, expected)?;
    }
    holds("no file is diverted any more", root.run(&["dpkg-divert", "--list", "*confgend*"])?.is_empty())?;
    root.dpkg("--purge", &["wazo-confgend"])?;
    same("the predecessor's edited file", &root.read(MAIN_FILE)?, &edited.to_owned())?;
    holds("the unit stays when the predecessor is purged", root.path(UNIT).exists())?;
    say!("installed over a package wazo-confgend: it is removed, its configuration is kept");
    Ok(())
}

/// A package in the form of debhelper: its unit is below `/lib`, and its scripts enable and mask it.
const PREDECESSOR: &[(&str, &str)] = &[
    (
        "/DEBIAN/control",
        "Package: wazo-confgend\nVersion: 99\nArchitecture: all\n\
         Maintainer: nobody <nobody@example.invalid>\nDescription: what was there before\n",
    ),
    ("/DEBIAN/conffiles", "/etc/wazo-confgend/config.yml\n"),
    (
        "/DEBIAN/postinst",
        "#!/bin/sh\ndeb-systemd-helper unmask wazo-confgend.service\n\
         deb-systemd-helper enable wazo-confgend.service\n",
    ),
    (
        "/DEBIAN/postrm",
        "#!/bin/sh\ncase $1 in\n\
         remove) deb-systemd-helper mask wazo-confgend.service ;;\n\
         purge) deb-systemd-helper purge wazo-confgend.service ;;\nesac\n",
    ),
    (MAIN_FILE, "debug: false\n"),
    ("/usr/bin/wazo-confgend", "#!/bin/sh\n"),
    (
        "/lib/systemd/system/wazo-confgend.service",
        "[Service]\nExecStart=/usr/bin/wazo-confgend\n[Install]\nWantedBy=multi-user.target\n",
    ),
];

/// Fails with this description unless the condition is true.
fn holds(what: &str, condition: bool) -> Result<(), Error> {
    if condition { Ok(()) } else { Err(Error::driver(format!("this is not true: {what}"))) }
}

/// Fails unless both values are equal.
fn same<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &U,
) -> Result<(), Error> {
    if found == expected {
        Ok(())
    } else {
        Err(Error::driver(format!("is {found:?}, not {expected:?}")).context(what))
    }
}
