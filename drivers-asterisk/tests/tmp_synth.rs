#[test]
fn load() {
    fixtures::load_synthetic_sqlite(
        fixtures::Schema::Current,
        20000,
        std::path::Path::new("/tmp/expl/syn.db"),
    )
    .unwrap();
}
