//! Compares the output of every driver of the family, for every case and on both engines, with its snapshot, and runs
//! the drivers over random rows.

#[test]
fn every_driver_over_every_case() {
    fixtures::assert_family(drivers_wazo::DRIVERS, env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn every_driver_survives_random_rows() {
    fixtures::assert_survives_random_rows(drivers_wazo::DRIVERS, 60);
}
