//! Writes `meetme.conf`: the options and rooms of `app_meetme`, for conferences before `app_confbridge`.
//!
//! ```text
//!
//! [general]
//! audiobuffers = 32
//! schedule = yes
//!
//! [rooms]
//! conf = 4001,1234,9876
//! ```
//!
//! The file begins with an empty line. A room has a number, a pin and a pin of its administrator.

use driver_api::asterisk::Writer;
use driver_api::{Driver, Error, Query, Row, Session};

use crate::static_table::{StaticOption, value};

pub(crate) struct MeetMe;

impl Driver for MeetMe {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let options: Vec<Row<StaticOption>> = session.query(OPTIONS, &[])?;
        let mut writer = Writer::new(session);
        writer.blank();
        for section in ["general", "rooms"] {
            writer.own().section(section);
            for option in options.iter().filter(|option| option.category == section) {
                let value = value(session, option);
                writer.at(option).verbatim_option(&option.var_name, value);
            }
        }
        Ok(writer.finish(session))
    }
}

/// The file name of a row plays no part.
const OPTIONS: Query<'_> = Query {
    table: "staticmeetme",
    key: &["id"],
    sql: "SELECT id, category, var_name, var_val
        FROM staticmeetme
        WHERE commented = 0 AND category IN ('general', 'rooms')
        ORDER BY id",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row};

    impl Rows {
        fn meetme<'a>(self, category: &str, name: &str, value: impl Into<Option<&'a str>>) -> Rows {
            let row =
                row! { filename: "meetme.conf", category: category, var_name: name, var_val: value.into() };
            self.add("staticmeetme", row)
        }
    }

    #[test]
    fn options_come_before_rooms() {
        let rows = Rows::default()
            .meetme("rooms", "conf", "4000")
            .meetme("general", "schedule", "yes")
            .meetme("rooms", "conf", "4001,1234,9876")
            .meetme("general", "schedule", "no");
        let Written { text, warnings } = rows.write(&MeetMe);
        let expected = "
[general]
schedule = yes
schedule = no

[rooms]
conf = 4000
conf = 4001,1234,9876
";
        assert_eq!((text.as_str(), warnings.len()), (expected, 0));
    }

    #[test]
    fn without_rows_both_sections_are_empty() {
        let mut database = fixtures::Scratch::older(&[]);
        assert_eq!(database.generate(&MeetMe).as_deref(), Ok("\n[general]\n\n[rooms]\n"));
    }

    #[test]
    fn rows_that_are_disabled_or_of_another_section_are_left_out() {
        let disabled = [1, 2, -1].into_iter().fold(Rows::default(), |rows, commented: i64| {
            let row = row! {
                filename: "meetme.conf", category: "general", var_name: "a", var_val: "b", commented: commented
            };
            rows.add("staticmeetme", row)
        });
        let rows =
            disabled.meetme("Rooms", "conf", "1").meetme(" general", "a", "b").meetme("zone", "a", "b");
        assert_eq!(rows.write(&MeetMe).text, "\n[general]\n\n[rooms]\n");
    }

    #[test]
    fn blanks_stay_and_semicolons_get_a_backslash() {
        let rows = Rows::default()
            .meetme("general", " spaced ", "  x  ")
            .meetme("general", "empty", "")
            .meetme("rooms", "conf", "502;x");
        let Written { text, warnings } = rows.write(&MeetMe);
        assert_eq!(text, "\n[general]\n spaced  =   x  \nempty = \n\n[rooms]\nconf = 502\\;x\n");
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn a_row_that_would_write_other_lines_is_left_out() {
        let rows = Rows::default()
            .meetme("general", "a\n[evil]", "b")
            .meetme("rooms", "conf", "1\nconf => 2")
            .meetme("rooms", "", "3")
            .meetme("rooms", "a=b", "4")
            .meetme("rooms", "conf", "5");
        let Written { text, warnings } = rows.write(&MeetMe);
        assert_eq!(text, "\n[general]\n\n[rooms]\nconf = 5\n");
        let left_out = |id, message| format!("table staticmeetme, row id={id}, column {message}");
        let equals =
            "var_name: there is a \"=\", which ends the name of an option; the option \"a=b\" is left out";
        assert_eq!(
            warnings,
            [
                left_out(1, "var_name: the value has a line break; the row is left out"),
                left_out(2, "var_val: the value has a line break; the row is left out"),
                left_out(3, "var_name: it is empty; the option \"\" is left out"),
                left_out(4, equals),
            ]
        );
    }

    #[test]
    fn an_option_without_a_value_gets_a_warning() {
        let Written { text, warnings } = Rows::default().meetme("rooms", "conf", None).write(&MeetMe);
        assert_eq!(text, "\n[general]\n\n[rooms]\nconf = None\n");
        let message =
            "the option conf has no value, so the file has the word None: set a value or delete the option";
        assert_eq!(warnings, [format!("table staticmeetme, row id=1, column var_val: {message}")]);
    }
}
