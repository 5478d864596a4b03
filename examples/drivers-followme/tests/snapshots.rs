//! The output of every driver of the family for every case, on both engines.

#[test]
fn every_driver_over_every_case() {
    fixtures::assert_family(drivers_followme::DRIVERS, env!("CARGO_MANIFEST_DIR"));
}
