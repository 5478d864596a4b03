//! The drivers of the files that Asterisk reads when it starts and at each reload.
//!
//! One file here writes one configuration file; beside them, `static_file` has the sections that an
//! administrator edits as such, `static_table` the tables of options, `template` and `text_file` what is made
//! from texts that operators may replace, `pairs` the options that a column holds as an array, `places` what
//! may stand where in their lines, `section_names` the sections that rows give their names to,
//! `pickup` who may take whose calls, `parallel` writes on several threads. `older` has the files for databases
//! of the older schema. The syntax is `driver_api::asterisk`.

mod confbridge;
mod extensions;
mod features;
mod hep;
mod iax;
mod modules;
mod musiconhold;
#[cfg(feature = "older")]
mod older;
mod pairs;
mod parallel;
mod pickup;
mod pjsip;
mod places;
mod queues;
mod queueskillrules;
mod queueskills;
mod res_parking;
mod rtp;
mod sccp;
mod section_names;
mod static_file;
mod static_table;
mod template;
#[cfg(test)]
mod testing;
mod text_file;
mod voicemail;

use driver_api::Entry;

/// Every driver of this family, sorted by namespace.
pub static DRIVERS: &[Entry] = &[
    Entry::new("asterisk.confbridge.conf", "wazo", |_| Ok(Box::new(confbridge::Confbridge))),
    Entry::new("asterisk.extensions.conf", "wazo", extensions::build).defaults(extensions::DEFAULTS),
    Entry::new("asterisk.features.conf", "wazo", |_| Ok(Box::new(features::Features))),
    Entry::new("asterisk.hep.conf", "wazo", |_| Ok(Box::new(hep::Hep))),
    Entry::new("asterisk.iax.conf", "wazo", |_| Ok(Box::new(iax::Iax))),
    Entry::new("asterisk.modules.conf", "wazo", modules::build).defaults(modules::DEFAULTS),
    Entry::new("asterisk.musiconhold.conf", "wazo", musiconhold::build).defaults(template::DEFAULTS),
    Entry::new("asterisk.pjsip.conf", "wazo", |_| Ok(Box::new(pjsip::Pjsip))),
    Entry::new("asterisk.queues.conf", "wazo", |_| Ok(Box::new(queues::Queues))),
    Entry::new("asterisk.queueskillrules.conf", "wazo", |_| Ok(Box::new(queueskillrules::QueueSkillRules))),
    Entry::new("asterisk.queueskills.conf", "wazo", |_| Ok(Box::new(queueskills::QueueSkills))),
    Entry::new("asterisk.res_parking.conf", "wazo", |_| Ok(Box::new(res_parking::ResParking))),
    Entry::new("asterisk.rtp.conf", "wazo", |_| Ok(Box::new(rtp::Rtp))),
    Entry::new("asterisk.sccp.conf", "wazo", |_| Ok(Box::new(sccp::Sccp))),
    #[cfg(feature = "older")]
    Entry::new("asterisk.sip.conf", "wazo", older::sip::build)
        .defaults(template::DEFAULTS)
        .schema(driver_api::Schema::Before("2020-06")),
    Entry::new("asterisk.voicemail.conf", "wazo", |_| Ok(Box::new(voicemail::Voicemail))),
];

#[cfg(test)]
mod tests {
    use database::Uri;
    use driver_api::{Config, EngineRow, Error, Rows, Session, Snapshot, Value, Warning};
    use fixtures::{Case, Strictness};

    use super::*;

    /// A snapshot that counts what it is asked.
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

    /// A snapshot that gives rows backwards where the query leaves their order open.
    struct Backwards<'a>(&'a mut dyn Snapshot);

    impl Snapshot for Backwards<'_> {
        fn run(&mut self, sql: &str, params: &[Value<'_>], rows: &mut dyn Rows) -> Result<(), Error> {
            if sql.contains("ORDER BY") {
                return self.0.run(sql, params, rows);
            }
            let mut held = Held { columns: Vec::new(), rows: Vec::new() };
            self.0.run(sql, params, &mut held)?;
            rows.columns(&held.columns.iter().map(String::as_str).collect::<Vec<_>>())?;
            held.rows.iter().rev().try_for_each(|row| rows.row(row))
        }
    }

    struct Held {
        columns: Vec<String>,
        rows: Vec<HeldRow>,
    }

    impl Rows for Held {
        fn columns(&mut self, names: &[&str]) -> Result<(), Error> {
            self.columns = names.iter().map(|&name| name.to_owned()).collect();
            Ok(())
        }

        fn row(&mut self, row: &dyn EngineRow) -> Result<(), Error> {
            let values: Result<_, Error> =
                (0..self.columns.len()).map(|at| row.value(at).map(kept)).collect();
            self.rows.push(HeldRow(values?));
            Ok(())
        }
    }

    struct HeldRow(Vec<Value<'static>>);

    impl EngineRow for HeldRow {
        fn value(&self, column: usize) -> Result<Value<'_>, Error> {
            Ok(self.0[column].clone())
        }
    }

    fn kept(value: Value<'_>) -> Value<'static> {
        match value {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Integer(value) => Value::Integer(value),
            Value::Float(value) => Value::Float(value),
            Value::Text(text) => Value::Text(text.to_owned().leak()),
            Value::Uuid(bytes) => Value::Uuid(bytes),
            Value::Array(values) => Value::Array(values.into_iter().map(kept).collect()),
        }
    }

    /// The text and the warnings.
    fn generate(entry: &Entry, snapshot: &mut dyn Snapshot) -> Result<(String, Vec<Warning>), String> {
        let config = Config::from_yaml(entry.defaults).unwrap();
        let mut session = Session::new(snapshot);
        let text = entry.build(&config).and_then(|driver| driver.generate(&mut session));
        text.map(|text| (text, session.take_warnings())).map_err(|error| error.chain())
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
            ("asterisk.extensions.conf", 17),
            ("asterisk.pjsip.conf", 15),
            ("asterisk.sccp.conf", 6),
            #[cfg(feature = "older")]
            ("asterisk.sip.conf", 6),
        ] {
            assert!(many.contains(&count), "{many:?}");
        }
    }

    #[test]
    fn the_order_that_a_query_leaves_open_makes_no_difference() {
        let scratch = testing::Rows::default().load();
        for case in Case::all() {
            let path = scratch.path().with_file_name(format!("{}.db", case.name));
            fixtures::load_sqlite(&case, &path, Strictness::Lenient).unwrap();
            let mut database = database::open(&Uri::Sqlite(path)).unwrap();
            let mut snapshot = database.snapshot().unwrap();
            for entry in case.schema().drivers(DRIVERS) {
                let text = generate(entry, &mut *snapshot);
                let backwards = generate(entry, &mut Backwards(&mut *snapshot));
                assert_eq!(text, backwards, "{} for {}", entry.namespace, case.name);
            }
        }
    }
}
