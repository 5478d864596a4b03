//! Compares the output of every driver of the family, for every case and on both engines, with its snapshot.

#[test]
fn every_driver_over_every_case() {
    fixtures::assert_family(drivers_asterisk::DRIVERS, env!("CARGO_MANIFEST_DIR"));
}
