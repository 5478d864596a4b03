//! Writes `res_parking.conf`: the parking lots, where a call waits in a slot until a phone retrieves it.
//!
//! ```text
//! [default]
//! context = wazo-disabled
//!
//! [parkinglot-1]
//! parkext = 700
//! context = inside
//! parkedmusicclass = jazz
//! parkpos = 701-750
//! parkingtime = 45
//! findslot = next
//! ```

use driver_api::asterisk::Writer;
use driver_api::{Blanked, Dated, Driver, Error, Query, Release, Row, Session};
use serde::Deserialize;

pub(crate) struct ResParking;

impl Driver for ResParking {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rows: Vec<Row<Lot>> = session.query(LOTS, &[])?;
        let mut writer = Writer::new(session);
        if HAS_DEFAULT.at(session.release()?) {
            // Asterisk always has a lot of this name. It gets a context that leads nowhere.
            writer.own().section("default");
            writer.own().option("context", "wazo-disabled");
        }
        for rows in rows.chunk_by(|a, b| a.id == b.id) {
            let [lot, others @ ..] = rows else { continue };
            write_lot(&mut writer, lot);
            for other in others {
                let message =
                    format!("the parking lot {} has an extension already; this one is left out", lot.id);
                other.warn(session, "extension", message);
            }
        }
        Ok(writer.finish(session))
    }
}

/// Whether the file has the lot `default`.
const HAS_DEFAULT: Dated<bool> = Dated::new(true, &[(Release::new(24, 14), false)]);

/// A lot without an extension can't be dialled and is left out. One with several extensions has several rows.
const LOTS: Query<'_> = Query {
    table: "parking_lot",
    key: &["id", "extension"],
    sql: "SELECT p.id, p.slots_start, p.slots_end, p.timeout, p.music_on_hold, e.id AS extension, e.exten,
            e.context
        FROM parking_lot p
        JOIN extensions e ON e.type = 'parking' AND e.typeval = CAST(p.id AS TEXT)
        ORDER BY p.id, e.id",
};

#[derive(Deserialize)]
struct Lot {
    id: i64,
    slots_start: Blanked,
    slots_end: Blanked,
    timeout: Option<i64>,
    music_on_hold: Option<Blanked>,
    exten: Blanked,
    context: Blanked,
}

fn write_lot(writer: &mut Writer, lot: &Row<Lot>) {
    let mut lines = writer.at(lot);
    lines.section(format!("parkinglot-{}", lot.id));
    lines.option("parkext", &lot.exten);
    lines.option("context", &lot.context);
    lines.option("parkedmusicclass", &lot.music_on_hold);
    lines.option_of("parkpos", &[&lot.slots_start, &"-", &lot.slots_end]);
    lines.option("parkingtime", ("timeout", lot.timeout.unwrap_or_default()));
    for (key, value) in [
        ("findslot", "next"),
        ("parkext_exclusive", "yes"),
        ("parkinghints", "yes"),
        ("comebacktoorigin", "yes"),
        ("parkedplay", "caller"),
        ("parkedcalltransfers", "no"),
        ("parkedcallreparking", "no"),
        ("parkedcallhangup", "no"),
        ("parkedcallrecording", "no"),
    ] {
        lines.option(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    const NO_LOTS: &str = "[default]\ncontext = wazo-disabled\n";

    impl Rows {
        fn parking_lot(self, id: i64) -> Rows {
            self.add("parking_lot", row! { id: id, tenant_uuid: "T", slots_start: "1", slots_end: "9" })
        }

        fn parking_extension(self, id: i64, lot: &str, exten: &str) -> Rows {
            let row = row! { id: id, context: "default", exten: exten, type: "parking", typeval: lot };
            self.add("extensions", row)
        }
    }

    fn sections(text: &str) -> Vec<&str> {
        text.lines().filter(|line| line.starts_with('[')).collect()
    }

    #[test]
    fn a_lot_with_an_extension_is_a_section() {
        let rows = Rows::default()
            .add(
                "parking_lot",
                row! {
                    id: 1, tenant_uuid: "T", slots_start: "701", slots_end: "750", timeout: 45,
                    music_on_hold: "default",
                },
            )
            .parking_lot(2)
            .parking_extension(1, "1", "700");
        let Written { text, warnings } = rows.write(&ResParking);
        let expected = unindented(
            "
            [default]
            context = wazo-disabled

            [parkinglot-1]
            parkext = 700
            context = default
            parkedmusicclass = default
            parkpos = 701-750
            parkingtime = 45
            findslot = next
            parkext_exclusive = yes
            parkinghints = yes
            comebacktoorigin = yes
            parkedplay = caller
            parkedcalltransfers = no
            parkedcallreparking = no
            parkedcallhangup = no
            parkedcallrecording = no
            ",
        );
        assert_eq!(text, expected + "\n");
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn without_lots_the_file_has_the_disabled_default_lot() {
        let Written { text, warnings } = Rows::default().write(&ResParking);
        assert_eq!((text.as_str(), text.len(), warnings.len()), (NO_LOTS, 34, 0));
        assert_eq!(Rows::default().parking_lot(1).write(&ResParking).text, NO_LOTS);
    }

    #[test]
    fn lots_are_sorted_by_id() {
        let rows = Rows::default()
            .parking_lot(10)
            .parking_lot(9)
            .parking_extension(1, "10", "700")
            .parking_extension(2, "9", "700");
        let text = rows.write(&ResParking).text;
        assert_eq!(sections(&text), ["[default]", "[parkinglot-9]", "[parkinglot-10]"]);
    }

    #[test]
    fn each_column_has_its_option() {
        let table = [
            (row! { id: 1, tenant_uuid: "T", slots_start: "", slots_end: "" }, "parkpos = -\n"),
            (
                row! { id: 1, tenant_uuid: "T", slots_start: " 1 ", slots_end: "2;3 " },
                "parkpos =  1 -2\\;3\n",
            ),
            (
                row! { id: 1, tenant_uuid: "T", slots_start: "", slots_end: "", timeout: () },
                "parkingtime = 0\n",
            ),
            (
                row! { id: 1, tenant_uuid: "T", slots_start: "", slots_end: "", timeout: 0 },
                "parkingtime = 0\n",
            ),
            (
                row! { id: 1, tenant_uuid: "T", slots_start: "", slots_end: "", timeout: -1 },
                "parkingtime = -1\n",
            ),
            (
                row! { id: 1, tenant_uuid: "T", slots_start: "", slots_end: "", music_on_hold: () },
                "parkedmusicclass =\n",
            ),
            (
                row! { id: 1, tenant_uuid: "T", slots_start: "", slots_end: "", music_on_hold: "" },
                "parkedmusicclass =\n",
            ),
        ];
        for (row, line) in table {
            let rows = Rows::default().add("parking_lot", row).parking_extension(1, "1", "");
            let Written { text, warnings } = rows.write(&ResParking);
            assert!(text.contains(line) && text.contains("\nparkext =\n"), "{text}");
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn extensions_of_other_kinds_are_ignored() {
        for (kind, lot) in [("user", "1"), ("parking", "01"), ("parking", " 1"), ("parking", "")] {
            let extension = row! { id: 1, context: "default", exten: "700", type: kind, typeval: lot };
            let rows = Rows::default().parking_lot(1).add("extensions", extension);
            assert_eq!(rows.write(&ResParking).text, NO_LOTS);
        }
        let disabled = row! {
            id: 1, context: "default", exten: "700", type: "parking", typeval: "1", commented: 1,
        };
        let rows = Rows::default().parking_lot(1).add("extensions", disabled);
        assert!(rows.write(&ResParking).text.contains("parkext = 700\n"));
    }

    #[test]
    fn of_several_extensions_the_first_is_written() {
        let rows = Rows::default()
            .parking_lot(1)
            .parking_lot(2)
            .parking_extension(3, "1", "700")
            .parking_extension(2, "1", "701")
            .parking_extension(1, "2", "702")
            .parking_extension(4, "1", "703");
        let Written { text, warnings } = rows.write(&ResParking);
        let extensions: Vec<&str> = text.lines().filter(|line| line.starts_with("parkext =")).collect();
        assert_eq!(extensions, ["parkext = 701", "parkext = 702"]);
        let left_out = |id| {
            format!(
                "table parking_lot, row id=1 extension={id}, column extension: the parking lot 1 has an extension \
                    already; this one is left out"
            )
        };
        assert_eq!(warnings, [left_out(3), left_out(4)]);
    }

    #[test]
    fn no_line_break_reaches_the_file() {
        let bad = "1\n[evil]";
        let rows = Rows::default()
            .add(
                "parking_lot",
                row! { id: 1, tenant_uuid: "T", slots_start: bad, slots_end: "2\r3", music_on_hold: bad },
            )
            .add("extensions", row! { id: 5, context: bad, exten: "7\0", type: "parking", typeval: "1" });
        let Written { text, warnings } = rows.write(&ResParking);
        assert_eq!(sections(&text), ["[default]", "[parkinglot-1]"]);
        let first = "parkext = 7\ncontext = 1 [evil]\nparkedmusicclass = 1 [evil]\nparkpos = 1 [evil]-2 3\n";
        assert!(text.contains(first), "{text}");
        assert_eq!(
            warnings,
            ["context", "exten", "music_on_hold", "slots_end", "slots_start"].map(|column| format!(
                "table parking_lot, row id=1 extension=5, column {column}: the value has a line break; blanks \
                    stand in its place"
            ))
        );
    }
}
