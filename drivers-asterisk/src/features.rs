//! Writes `features.conf`: the digits that a caller dials during a call to transfer, record or end it.
//!
//! ```text
//! [general]
//! transferdigittimeout = 5
//! atxferabort = *0
//!
//! [featuremap]
//! blindxfer = *1
//! disconnect = *0
//!
//! [applicationmap]
//! togglerecord = *3,self,AGI(agi://${WAZO_AGID_IP}/call_recording)
//! ```

use driver_api::asterisk::Writer;
use driver_api::{Driver, Error, Query, Row, Session};

use crate::static_table::{StaticOption, value};

pub(crate) struct Features;

impl Driver for Features {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let rows: Vec<Row<StaticOption>> = session.query(FEATURES, &[])?;
        let mut writer = Writer::new(session);
        for (name, options) in sections(&rows) {
            writer.own().section(name);
            for (key, row) in options {
                let value = value(session, row);
                match key {
                    Some(key) => writer.at(row).option(key, value),
                    None => writer.at(row).option(&row.var_name, value),
                }
            }
        }
        Ok(writer.finish(session))
    }
}

const FEATURES: Query<'_> = Query {
    table: "features",
    key: &["id"],
    sql: "SELECT id, category, var_name, var_val
        FROM features
        WHERE commented = 0 AND category IN ('general', 'featuremap', 'applicationmap')
        ORDER BY id",
};

/// The rows of a section, each with the key that replaces its name, if any.
type Options<'r> = Vec<(Option<&'static str>, &'r Row<StaticOption>)>;

/// Splits the rows into the three sections, in the order of the file.
fn sections(rows: &[Row<StaticOption>]) -> [(&'static str, Options<'_>); 3] {
    let [mut general, mut feature_map, mut application_map] = [const { Options::new() }; 3];
    for row in rows {
        match row.category.as_str() {
            "featuremap" => {
                // The code that hangs up aborts an attended transfer, too.
                if row.var_name == "disconnect" {
                    general.push((Some("atxferabort"), row));
                }
                feature_map.push((None, row));
            }
            "general" => general.push((None, row)),
            _ => application_map.push((None, row)),
        }
    }
    [("general", general), ("featuremap", feature_map), ("applicationmap", application_map)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    const NOTHING: &str = "[general]\n\n[featuremap]\n\n[applicationmap]\n";

    impl Rows {
        fn feature<'a>(self, category: &str, name: &str, value: impl Into<Option<&'a str>>) -> Rows {
            self.disabled_feature(category, name, value, 0)
        }

        fn disabled_feature<'a>(
            self,
            category: &str,
            name: &str,
            value: impl Into<Option<&'a str>>,
            commented: i64,
        ) -> Rows {
            let row = row! {
                commented: commented,
                filename: "features.conf",
                category: category,
                var_name: name,
                var_val: value.into(),
            };
            self.add("features", row)
        }
    }

    #[test]
    fn the_headers_are_always_there() {
        let Written { text, warnings } = Rows::default().write(&Features);
        assert_eq!((text.as_str(), warnings.len()), (NOTHING, 0));
    }

    #[test]
    fn rows_keep_their_order_in_three_sections() {
        let rows = Rows::default()
            .feature("featuremap", "disconnect", "*0")
            .feature("featuremap", "disconnect", None)
            .disabled_feature("featuremap", "disconnect", "*9", 1)
            .feature("featuremap", "Disconnect", "*8")
            .feature("general", "a", None)
            .feature("general", "b", "")
            .feature("general", "c", " sp ")
            .add(
                "features",
                row! { filename: "other.conf", category: "general", var_name: "c", var_val: "2" },
            )
            .feature("general", "d", "x;y\nz")
            .disabled_feature("general", "e", "3", 2)
            .feature("parkinglots", "p", "3")
            .feature("General", "p", "3")
            .feature("applicationmap", "t", "*3,self,AGI(x)")
            .add(
                "features",
                row! {
                    cat_metric: -5, var_metric: -5, filename: "features.conf",
                    category: "general", var_name: "z", var_val: "last",
                },
            );
        let written = rows.write(&Features);
        let expected = unindented(
            "
            [general]
            atxferabort = *0
            atxferabort = None
            a = None
            b =
            c =  sp
            c = 2
            z = last

            [featuremap]
            disconnect = *0
            disconnect = None
            Disconnect = *8

            [applicationmap]
            t = *3,self,AGI(x)
            ",
        );
        assert_eq!(written.text, expected + "\n");
        assert_eq!(
            written.warnings,
            [
                "table features, row id=9, column var_val: the value has a line break; the row is left out",
                "table features, row id=2, column var_val: the option disconnect has no value, so the file \
                    has the word None: set a value or delete the option",
                "table features, row id=5, column var_val: the option a has no value, so the file has the word None: \
                    set a value or delete the option",
            ]
        );
    }

    #[test]
    fn an_abort_code_keeps_the_position_of_its_row() {
        let rows = Rows::default()
            .feature("general", "before", "1")
            .feature("featuremap", "disconnect", "*0")
            .feature("general", "atxferabort", "*5")
            .feature("applicationmap", "disconnect", "*7");
        let text = "[general]\nbefore = 1\natxferabort = *0\natxferabort = *5\n\n[featuremap]\n\
            disconnect = *0\n\n[applicationmap]\ndisconnect = *7\n";
        assert_eq!(rows.write(&Features).text, text);
    }

    #[test]
    fn commented_rows_are_left_out() {
        for commented in [1, 2, -1] {
            let rows = Rows::default().disabled_feature("featuremap", "disconnect", "*0", commented);
            assert_eq!(rows.write(&Features).text, NOTHING);
        }
    }

    #[test]
    fn a_row_with_a_line_break_is_left_out() {
        let rows = Rows::default()
            .feature("featuremap", "disconnect", "*0\r")
            .feature("general", "a\n[x]", "1")
            .feature("applicationmap", "b", "\0");
        let Written { text, warnings } = rows.write(&Features);
        assert_eq!(text, NOTHING);
        let columns = [(1, "var_val"), (2, "var_name"), (3, "var_val")];
        assert_eq!(
            warnings,
            columns.map(|(id, column)| format!(
                "table features, row id={id}, column {column}: the value has a line break; the row is left out"
            ))
        );
    }
}
