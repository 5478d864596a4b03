//! The drivers of the files that Asterisk reads when it starts and at each reload.
//!
//! Each file or folder writes one configuration file, beside the files that these share:
//!
//! - `static_file`: sections that an administrator edits through the API
//! - `static_table`: tables whose rows are options
//! - `templates`: Jinja2 templates that operators may replace
//! - `pairs`: options that a column holds as an array
//! - `line_parts`: checks of values that share a line with others
//! - `section_names`: checks of rows that name a section
//! - `parallel`: writing on several threads
//!
//! `older` has the files for databases of older releases. The syntax is `driver_api::asterisk`.
//!
//! # A driver on top of one of these
//!
//! A driver of another crate [builds one of these](driver()), and changes the text that it makes. It needs another name,
//! under which `plugins` selects it. [`Session::edit`](driver_api::Session::edit) keeps the origins of the lines in step.
//!
//! ```
//! use driver_api::asterisk::edit::Selection;
//! use driver_api::{Config, Driver, Entry, Error, Session};
//!
//! /// `pjsip.conf` as confgend writes it, without passwords.
//! struct WithoutPasswords(Box<dyn Driver>);
//!
//! fn build(config: &Config) -> Result<Box<dyn Driver>, Error> {
//!     let driver = drivers_asterisk::driver("asterisk.pjsip.conf", "wazo", config)?;
//!     Ok(Box::new(WithoutPasswords(driver)))
//! }
//!
//! impl Driver for WithoutPasswords {
//!     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
//!         let text = self.0.generate(session)?;
//!         session.edit(text, |editor| {
//!             for section in editor.select(&Selection::all().of_type("auth")) {
//!                 editor.remove(section, "password");
//!             }
//!             Ok(())
//!         })
//!     }
//!
//!     fn check(&self) -> Vec<Error> {
//!         self.0.check()
//!     }
//! }
//!
//! pub static DRIVERS: &[Entry] = &[Entry::new("asterisk.pjsip.conf", "acme", build)];
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("office.db");
//! # let case = fixtures::Case::named("office").unwrap();
//! # fixtures::load_sqlite(&case, &path, fixtures::Strictness::Lenient).unwrap();
//! # let mut database = database::open(&database::Uri::Sqlite(path)).unwrap();
//! # let mut snapshot = database.snapshot().unwrap();
//! # let texts = [drivers_asterisk::DRIVERS, DRIVERS].map(|drivers| {
//! #     let entry = drivers.iter().find(|entry| entry.namespace == "asterisk.pjsip.conf").unwrap();
//! #     let driver = entry.build(&Config::default()).unwrap();
//! #     driver.generate(&mut Session::new(&mut *snapshot)).unwrap()
//! # });
//! # let is_password = |line: &&str| line.starts_with("password = ");
//! # assert_eq!(texts[0].lines().filter(is_password).count(), 49);
//! # assert!(texts[0].lines().filter(|line| !is_password(line)).eq(texts[1].lines()));
//! ```

mod confbridge;
mod extensions;
mod feature_tables;
mod features;
mod hep;
mod iax;
mod line_parts;
mod modules;
mod musiconhold;
#[cfg(feature = "older")]
mod older;
mod pairs;
mod parallel;
mod pjsip;
mod queues;
mod queueskillrules;
mod queueskills;
mod res_parking;
mod rtp;
mod sccp;
mod section_names;
mod static_file;
mod static_table;
mod templates;
#[cfg(test)]
mod testing;
mod voicemail;

#[cfg(feature = "older")]
use driver_api::Schema;
use driver_api::{Config, Driver, Entry, Error, Namespace, Release};

/// Every driver of this family, sorted by namespace. `since` is the first release for whose databases the file is as its
/// reader expects it; up to today, a driver has a table of the differences.
pub static DRIVERS: &[Entry] = &[
    Entry::new("asterisk.confbridge.conf", "wazo", |_| Ok(Box::new(confbridge::Confbridge)))
        .since(Release::new(22, 2)),
    Entry::new("asterisk.extensions.conf", "wazo", extensions::build)
        .keys(extensions::keys)
        .since(Release::new(24, 2)),
    Entry::new("asterisk.features.conf", "wazo", |_| Ok(Box::new(features::Features)))
        .since(Release::new(24, 2)),
    Entry::new("asterisk.hep.conf", "wazo", |_| Ok(Box::new(hep::Hep))),
    Entry::new("asterisk.iax.conf", "wazo", |_| Ok(Box::new(iax::Iax))),
    #[cfg(feature = "older")]
    Entry::new("asterisk.meetme.conf", "wazo", |_| Ok(Box::new(older::meetme::MeetMe)))
        .schema(Schema::Before("2021-01")),
    Entry::new("asterisk.modules.conf", "wazo", modules::build).keys(modules::keys),
    Entry::new("asterisk.musiconhold.conf", "wazo", musiconhold::build)
        .keys(driver_api::templates::keys)
        .since(Release::new(23, 12)),
    Entry::new("asterisk.pjsip.conf", "wazo", |_| Ok(Box::new(pjsip::Pjsip))).since(Release::new(24, 2)),
    #[cfg(feature = "older")]
    Entry::new("asterisk.queuerules.conf", "wazo", |_| Ok(Box::new(older::queuerules::QueueRules)))
        .schema(Schema::Before("2024-04")),
    Entry::new("asterisk.queues.conf", "wazo", |_| Ok(Box::new(queues::Queues))).since(Release::new(24, 4)),
    Entry::new("asterisk.queueskillrules.conf", "wazo", |_| Ok(Box::new(queueskillrules::QueueSkillRules))),
    Entry::new("asterisk.queueskills.conf", "wazo", |_| Ok(Box::new(queueskills::QueueSkills))),
    Entry::new("asterisk.res_parking.conf", "wazo", |_| Ok(Box::new(res_parking::ResParking)))
        .since(Release::new(24, 2)),
    Entry::new("asterisk.rtp.conf", "wazo", |_| Ok(Box::new(rtp::Rtp))),
    Entry::new("asterisk.sccp.conf", "wazo", |_| Ok(Box::new(sccp::Sccp))).since(Release::new(20, 17)),
    #[cfg(feature = "older")]
    Entry::new("asterisk.sip.conf", "wazo", older::sip::build)
        .keys(driver_api::templates::keys)
        .schema(Schema::Before("2020-06")),
    Entry::new("asterisk.voicemail.conf", "wazo", |_| Ok(Box::new(voicemail::Voicemail))),
];

/// Builds a driver of this family for a driver of another crate, which changes its text. Where the configuration has no
/// value for a key of the driver, its default holds.
///
/// # Errors
///
/// The family has no such driver, or it can't be built.
pub fn driver(namespace: &str, name: &str, config: &Config) -> Result<Box<dyn Driver>, Error> {
    let file: Namespace = namespace.parse()?;
    let entry = DRIVERS.iter().find(|entry| entry.namespace == file.dotted() && entry.name == name);
    let entry = entry.ok_or_else(|| {
        Error::driver(format!(
            "drivers-asterisk has no driver {name:?} of {file}, or was built without its feature"
        ))
    })?;
    let mut config = config.clone();
    config.fill_from(&entry.built_in()?);
    entry.build(&config)
}

#[cfg(test)]
mod tests {
    use database::Uri;
    use driver_api::{Rows, Session, Snapshot, Value, Warning};
    use fixtures::{Case, Reversed, Strictness};

    use super::*;

    /// A snapshot that counts the queries that it runs.
    struct Counting<'a> {
        snapshot: &'a mut dyn Snapshot,
        queries: usize,
    }

    impl Snapshot for Counting<'_> {
        fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            self.queries += 1;
            self.snapshot.run(sql, params, rows)
        }
    }

    /// Returns the text and the warnings of a driver.
    fn generate(entry: &Entry, snapshot: &mut dyn Snapshot) -> Result<(String, Vec<Warning>), String> {
        let config = entry.built_in().unwrap();
        let mut session = Session::new(snapshot);
        let text = entry.build(&config).and_then(|driver| driver.generate(&mut session));
        text.map(|text| (text, session.take_warnings())).map_err(|error| error.chain())
    }

    #[test]
    fn a_driver_is_built_by_its_name_over_its_defaults() {
        for entry in DRIVERS {
            assert!(driver(entry.namespace, entry.name, &Config::default()).is_ok(), "{}", entry.namespace);
        }
        assert!(driver("asterisk/pjsip.conf", "wazo", &Config::default()).is_ok());
        let error = driver("asterisk.pjsip.conf", "acme", &Config::default()).map(|_| ()).unwrap_err();
        let message = "drivers-asterisk has no driver \"acme\" of asterisk/pjsip.conf, or was built without its feature";
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn the_guide_shows_the_example_of_the_front_page() {
        let page = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("//!"));
        let page =
            page.map(|line| line.strip_prefix(' ').unwrap_or(line)).filter(|line| !line.starts_with("# "));
        let page: Vec<&str> = page.collect();
        let example = page.split(|line| *line == "```").nth(1).unwrap().join("\n");
        let guide = include_str!("../../docs/driver-guide.md");
        assert!(guide.contains(&format!("```rust\n{}\n```\n", example.trim_end())), "{example}");
    }

    #[test]
    fn the_number_of_queries_does_not_depend_on_the_data() {
        let scratch = testing::Rows::default().load();
        let [none, many] = [0, 200].map(|users| {
            let queries = fixtures::Schema::ALL.into_iter().flat_map(|schema| {
                let path = scratch.path().with_file_name(format!("{schema}-{users}.db"));
                fixtures::load_synthetic_sqlite(schema, users, &path).unwrap();
                let mut database = database::open(&Uri::Sqlite(path)).unwrap();
                let mut snapshot = database.snapshot().unwrap();
                let queries = schema.drivers(DRIVERS).map(|entry| {
                    let mut counting = Counting { snapshot: &mut *snapshot, queries: 0 };
                    generate(entry, &mut counting).unwrap();
                    (entry.namespace, counting.queries)
                });
                queries.collect::<Vec<_>>()
            });
            queries.collect::<Vec<_>>()
        });
        assert_eq!(none, many);
        for count in [
            ("asterisk.extensions.conf", 18),
            ("asterisk.pjsip.conf", 16),
            ("asterisk.sccp.conf", 7),
            #[cfg(feature = "older")]
            ("asterisk.sip.conf", 6),
        ] {
            assert!(many.contains(&count), "{many:?}");
        }
    }

    #[test]
    fn the_order_of_unordered_rows_makes_no_difference() {
        let scratch = testing::Rows::default().load();
        for case in Case::all() {
            let path = scratch.path().with_file_name(format!("{}.db", case.name));
            fixtures::load_sqlite(&case, &path, Strictness::Lenient).unwrap();
            let mut database = database::open(&Uri::Sqlite(path)).unwrap();
            let mut snapshot = database.snapshot().unwrap();
            for entry in case.schema().drivers(DRIVERS) {
                let text = generate(entry, &mut *snapshot);
                let reversed = generate(entry, &mut Reversed(&mut *snapshot));
                assert_eq!(text, reversed, "{} for {}", entry.namespace, case.name);
            }
        }
    }
}
