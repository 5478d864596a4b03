//! Writes `iax.conf`: the trunks that speak IAX2, below the options that all of them share.
//!
//! ```text
//! [general]
//! register => acme:s3cret@203.0.113.7
//! bindport = 4569
//!
//! [callnumberlimits]
//! 192.0.2.0/255.255.255.0 = 50
//!
//! [minimal]
//! type = friend
//! amaflags = default
//! host = dynamic
//! ```

use driver_api::asterisk::syntax::Refusal;
use driver_api::asterisk::{Lines, Writer, yes_no};
use driver_api::{Blanked, Driver, Error, OneLine, OptionColumns, Piece, Query, Row, Session};
use serde::Deserialize;

use crate::line_parts;
use crate::pairs::Pairs;
use crate::section_names::SectionNames;
use crate::static_table::{GeneralOption, general_options};

pub(crate) struct Iax;

impl Driver for Iax {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let general = general_options(session, "staticiax")?;
        let limits: Vec<Row<Limit>> = session.query(LIMITS, &[])?;
        let trunks: Vec<Row<Trunk>> = session.query(TRUNKS, &[])?;
        let mut writer = Writer::new(session);
        write_general(&mut writer, &general);
        write_limits(&mut writer, session, &limits);
        let mut names = SectionNames::new(&["general", "callnumberlimits"]);
        for trunk in &trunks {
            if names.add(session, trunk, &trunk.name) {
                write_trunk(&mut writer, session, trunk);
            }
        }
        Ok(writer.finish(session))
    }
}

fn write_general(writer: &mut Writer, rows: &[Row<GeneralOption>]) {
    writer.own().section("general");
    for row in rows {
        let mut lines = writer.at(row);
        match &*row.var_name {
            "register" => lines.object_option(&row.var_name, &row.var_val),
            // `write_option` writes it before `allow`.
            "disallow" => {}
            _ => write_option(&mut lines, &row.var_name, &row.var_val),
        }
    }
}

const LIMITS: Query<'_> = Query {
    table: "iaxcallnumberlimits",
    key: &["id"],
    sql: "SELECT id, destination, netmask, calllimits FROM iaxcallnumberlimits ORDER BY id",
};

#[derive(Deserialize)]
struct Limit {
    destination: OneLine,
    netmask: OneLine,
    calllimits: i64,
}

/// Writes how many call numbers the hosts of a network may use at a time.
fn write_limits(writer: &mut Writer, session: &mut Session<'_>, limits: &[Row<Limit>]) {
    if limits.is_empty() {
        return;
    }
    writer.own().section("callnumberlimits");
    for limit in limits {
        if !limit.keeps(session, part_of_network, &limit.destination)
            || !limit.keeps(session, part_of_network, &limit.netmask)
        {
            continue;
        }
        let network = format!("{}/{}", limit.destination, limit.netmask);
        writer.at(limit).option(("destination", network), ("calllimits", limit.calllimits));
    }
}

/// Writes an address or a mask, which make a key with a `/` between them.
fn part_of_network(out: &mut String, text: &str) -> Result<(), Refusal> {
    if text.contains('=') {
        return Err(Refusal::EqualsSign);
    }
    line_parts::value(out, text)
}

/// `kind` and the columns behind it are options, in the order of the file. Asterisk needs `deny` before `permit`.
const TRUNKS: Query<'_> = Query {
    table: "useriax",
    key: &["id"],
    sql: "SELECT id, name, options, type AS kind, username, secret, dbsecret, context, language, accountcode,
            amaflags, mailbox, callerid, fullname, cid_number, trunk, auth, encryption, forceencryption,
            maxauthreq, inkeys, outkey, adsi, transfer, codecpriority, jitterbuffer, forcejitterbuffer,
            sendani, qualify, qualifysmoothing, qualifyfreqok, qualifyfreqnotok, timezone, allow,
            mohinterpret, mohsuggest, deny, permit, defaultip, sourceaddress, setvar, host, port, mask,
            regexten, peercontext, immediate, keyrotate, parkinglot, requirecalltoken
        FROM useriax
        WHERE commented = 0 AND category = 'trunk'
        ORDER BY id",
};

#[derive(Deserialize)]
struct Trunk {
    name: OneLine,
    options: Pairs,
    kind: Blanked,
    option_columns: OptionColumns,
}

/// The columns that are numbers and mean yes or no: 0 is no.
const SWITCHES: &[&str] = &[
    "trunk",
    "adsi",
    "jitterbuffer",
    "forcejitterbuffer",
    "sendani",
    "qualifysmoothing",
    "immediate",
    "keyrotate",
];

fn write_trunk(writer: &mut Writer, session: &mut Session<'_>, trunk: &Row<Trunk>) {
    let mut lines = writer.at(trunk);
    lines.section(&trunk.name);
    if !trunk.kind.is_empty() {
        lines.option("type", &trunk.kind);
    }
    for option in trunk.options(&trunk.option_columns).filter(|option| !option.value().is_empty()) {
        let name = option.name();
        if SWITCHES.contains(&name) {
            lines.option(name, (name, yes_no(option.value() != "0")));
        } else {
            write_option(&mut lines, name, (name, trunk.blanked(session, name, option.value())));
        }
    }
    for (name, value) in trunk.options.read(session, trunk) {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        let value = trunk.blanked(session, "options", value);
        write_option(&mut lines, ("options", name), ("options", value));
    }
}

/// Writes an option. For `allow` it writes a line for each codec, after one that disallows Asterisk's defaults.
fn write_option(lines: &mut Lines<'_>, name: impl Piece, value: impl Piece) {
    if name.text() != "allow" {
        return lines.option(name, value);
    }
    lines.option("disallow", "all");
    let column = value.column(lines.origin()).unwrap_or_default();
    for codec in value.text().split(',') {
        lines.option(&name, (column, codec));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    impl Rows {
        fn iax_option<'a>(self, name: &str, value: impl Into<Option<&'a str>>) -> Rows {
            let row =
                row! { filename: "iax.conf", category: "general", var_name: name, var_val: value.into() };
            self.add("staticiax", row)
        }

        fn iax_limit(self, destination: &str, netmask: &str, limit: i64) -> Rows {
            let row = row! { destination: destination, netmask: netmask, calllimits: limit };
            self.add("iaxcallnumberlimits", row)
        }

        /// A trunk with columns in JSON: `"port": 4569`.
        fn iax_trunk(self, id: i64, name: &str, columns: &str) -> Rows {
            let row = row! { id: id, tenant_uuid: "T", name: name, type: "friend", category: "trunk" };
            let columns = if columns.is_empty() { String::new() } else { format!(", {columns}") };
            self.add("useriax", row.replace('}', &(columns + "}")))
        }
    }

    /// The lines of a trunk with these columns, and the warnings.
    fn trunk(columns: &str) -> (Vec<String>, Vec<String>) {
        let Written { text, warnings } = Rows::default().iax_trunk(1, "t", columns).write(&Iax);
        let trunk = text.strip_prefix("[general]\n\n[t]\n").expect("nothing but a trunk");
        (trunk.lines().map(str::to_owned).collect(), warnings)
    }

    /// The lines of the general section with one option.
    fn general<'a>(name: &str, value: impl Into<Option<&'a str>>) -> String {
        let Written { text, warnings } = Rows::default().iax_option(name, value).write(&Iax);
        assert_eq!(warnings, [""; 0]);
        text.strip_prefix("[general]\n").expect("the general section").to_owned()
    }

    const MINIMAL: [&str; 11] = [
        "type = friend",
        "amaflags = default",
        "trunk = no",
        "auth = plaintext,md5",
        "sendani = no",
        "qualify = no",
        "qualifysmoothing = no",
        "qualifyfreqok = 60000",
        "qualifyfreqnotok = 10000",
        "host = dynamic",
        "requirecalltoken = no",
    ];

    #[test]
    fn general_options_precede_limits_and_trunks() {
        let disabled = row! {
            filename: "iax.conf", category: "general", var_name: "tos", var_val: "1", commented: 1,
        };
        let rows = Rows::default()
            .iax_option("bindport", "4569")
            .add("staticiax", disabled)
            .iax_option("srvlookup", None)
            .iax_option("language", "")
            .iax_option("disallow", "all")
            .iax_option("allow", "gsm,ulaw")
            .iax_option("register", "user:secret@10.0.0.1")
            .iax_limit("192.168.2.0", "255.255.255.0", 10)
            .iax_trunk(
                1,
                "provider",
                r#""username": "acme", "secret": "s3cret", "context": "from-extern", "trunk": 1,
                    "allow": "ulaw,alaw", "disallow": "all", "deny": "0.0.0.0/0.0.0.0", "permit": "10.0.0.0/8",
                    "host": "10.0.0.1", "port": 4569, "adsi": 0,
                    "options": [["connectedline", "yes"], ["note", ""]]"#
                    .replace('\n', " ")
                    .as_str(),
            );
        let Written { text, warnings } = rows.write(&Iax);
        let expected = unindented(
            "
            [general]
            bindport = 4569
            language =
            disallow = all
            allow = gsm
            allow = ulaw
            register => user:secret@10.0.0.1

            [callnumberlimits]
            192.168.2.0/255.255.255.0 = 10

            [provider]
            type = friend
            username = acme
            secret = s3cret
            context = from-extern
            amaflags = default
            trunk = yes
            auth = plaintext,md5
            adsi = no
            sendani = no
            qualify = no
            qualifysmoothing = no
            qualifyfreqok = 60000
            qualifyfreqnotok = 10000
            disallow = all
            allow = ulaw
            allow = alaw
            deny = 0.0.0.0/0.0.0.0
            permit = 10.0.0.0/8
            host = 10.0.0.1
            port = 4569
            requirecalltoken = no
            connectedline = yes
            ",
        );
        assert_eq!(text, expected + "\n");
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn without_rows_there_is_the_general_section() {
        let Written { text, warnings } = Rows::default().write(&Iax);
        assert_eq!((text.as_str(), warnings.len()), ("[general]\n", 0));
    }

    #[test]
    fn a_general_option_is_written_by_its_name() {
        for (name, value, lines) in [
            ("k", Some("v"), "k = v\n"),
            ("k", Some(""), "k =\n"),
            ("k", None, ""),
            (" k ", Some(" v "), "k  =  v\n"),
            ("register", Some("a:b@c"), "register => a:b@c\n"),
            ("register", Some(""), "register =>\n"),
            ("register", None, ""),
            ("disallow", Some("gsm"), ""),
            ("allow", Some("gsm, ulaw"), "disallow = all\nallow = gsm\nallow =  ulaw\n"),
            ("allow", Some("gsm,,"), "disallow = all\nallow = gsm\nallow =\nallow =\n"),
            ("allow", Some(""), "disallow = all\nallow =\n"),
            ("allow", None, ""),
            ("Allow", Some("a,b"), "Allow = a,b\n"),
        ] {
            assert_eq!(general(name, value), lines, "{name:?} {value:?}");
        }
    }

    #[test]
    fn every_category_counts_as_general() {
        let option = |id: i64, name: &str, commented: i64| {
            row! {
                id: id, cat_metric: id, var_metric: -id, filename: "sip.conf", category: "other", var_name: name,
                var_val: "1", commented: commented,
            }
        };
        let rows = Rows::default()
            .add("staticiax", option(3, "c", 0))
            .add("staticiax", option(2, "b", 2))
            .add("staticiax", option(4, "d", -1))
            .add("staticiax", option(1, "a", 0));
        assert_eq!(rows.write(&Iax).text, "[general]\na = 1\nc = 1\n");
    }

    #[test]
    fn limits_are_sorted_by_id() {
        let row = row! { id: 7, destination: "b", netmask: "m", calllimits: -1 };
        let rows = Rows::default()
            .add("iaxcallnumberlimits", row)
            .add("iaxcallnumberlimits", row! { id: 2, destination: "", netmask: "" });
        assert_eq!(rows.write(&Iax).text, "[general]\n\n[callnumberlimits]\n/ = 0\nb/m = -1\n");
    }

    #[test]
    fn enabled_trunks_are_sorted_by_id() {
        let rows = Rows::default()
            .iax_trunk(3, "c", r#""protocol": "sip""#)
            .iax_trunk(2, "b", r#""commented": 2"#)
            .iax_trunk(1, "a", "")
            .add("useriax", row! { id: 4, tenant_uuid: "T", name: "d", type: "friend", category: "user" });
        let expected = format!("[general]\n\n[a]\n{0}\n\n[c]\n{0}\n", MINIMAL.join("\n"));
        assert_eq!(rows.write(&Iax).text, expected);
    }

    #[test]
    fn every_column_is_an_option_in_the_order_of_the_table() {
        let columns = r#""username": "a", "secret": "b", "dbsecret": "c", "context": "d", "language": "e",
            "accountcode": "f", "amaflags": "omit", "mailbox": "g", "callerid": "h", "fullname": "i",
            "cid_number": "j", "trunk": 2, "auth": "rsa", "encryption": "aes128", "forceencryption": "yes",
            "maxauthreq": 0, "inkeys": "k", "outkey": "l", "adsi": -1, "transfer": "mediaonly",
            "codecpriority": "caller", "jitterbuffer": 1, "forcejitterbuffer": 0, "sendani": 1,
            "qualify": "yes", "qualifysmoothing": 1, "qualifyfreqok": 1, "qualifyfreqnotok": -2,
            "timezone": "m", "disallow": "n", "allow": "o", "mohinterpret": "p", "mohsuggest": "q",
            "deny": "r", "permit": "s", "defaultip": "t", "sourceaddress": "u", "setvar": "v=1",
            "host": "w", "port": 5, "mask": "x", "regexten": "y", "peercontext": "z", "immediate": 0,
            "keyrotate": 1, "parkinglot": 700, "requirecalltoken": "auto""#;
        let (lines, warnings) = trunk(&columns.replace('\n', " "));
        let expected = "type = friend|username = a|secret = b|dbsecret = c|context = d|language = e|\
            accountcode = f|amaflags = omit|mailbox = g|callerid = h|fullname = i|cid_number = j|trunk = yes|\
            auth = rsa|encryption = aes128|forceencryption = yes|maxauthreq = 0|inkeys = k|outkey = l|adsi = yes|\
            transfer = mediaonly|codecpriority = caller|jitterbuffer = yes|forcejitterbuffer = no|sendani = yes|\
            qualify = yes|qualifysmoothing = yes|qualifyfreqok = 1|qualifyfreqnotok = -2|timezone = m|\
            disallow = all|allow = o|mohinterpret = p|mohsuggest = q|deny = r|permit = s|defaultip = t|\
            sourceaddress = u|setvar = v=1|host = w|port = 5|mask = x|regexten = y|peercontext = z|\
            immediate = no|keyrotate = yes|parkinglot = 700|requirecalltoken = auto";
        assert_eq!(lines, expected.split('|').collect::<Vec<_>>());
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn empty_and_missing_columns_are_skipped() {
        assert_eq!(trunk(""), (MINIMAL.map(str::to_owned).to_vec(), Vec::new()));
        let (lines, _) = trunk(
            r#""username": "", "amaflags": null, "qualify": "", "host": "", "allow": "", "requirecalltoken": """#,
        );
        let left: Vec<&str> = MINIMAL
            .into_iter()
            .filter(|line| {
                !["amaflags", "qualify ", "host", "requirecalltoken"]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
            .collect();
        assert_eq!(lines, left);
    }

    #[test]
    fn pairs_follow_the_columns_under_any_name() {
        for (options, lines) in [
            (r#"["id", "7"], ["name", "n"], ["disallow", "gsm"]"#, "id = 7|name = n|disallow = gsm"),
            (r#"["k", "2"], ["k", "1"], ["trunk", "1"]"#, "k = 2|k = 1|trunk = 1"),
            (r#"["allow", "gsm, ulaw"]"#, "disallow = all|allow = gsm|allow =  ulaw"),
            (r#"["register", "x"]"#, "register = x"),
            (r#"[" sp ", " v "]"#, "sp  =  v"),
            (r#"["a", ""], ["allow", ""], ["b", null], ["c", "3"]"#, "c = 3"),
        ] {
            let (trunk_lines, warnings) = trunk(&format!(r#""options": [{options}]"#));
            assert_eq!(trunk_lines[MINIMAL.len()..].join("|"), lines);
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn an_option_that_is_not_a_pair_is_left_out() {
        let not_a_pair = "is not a name and a value";
        for (options, reason) in
            [(r#"["a", "1", "2"]"#, not_a_pair), (r#""ab""#, not_a_pair), (r#"[null, "v"]"#, "has no name")]
        {
            let (lines, warnings) = trunk(&format!(r#""options": [["k", "v"], {options}]"#));
            assert_eq!(lines[MINIMAL.len()..], ["k = v"]);
            let warning = format!(
                "table useriax, row id=1, column options: element 2 of the array {reason}; it is left out"
            );
            assert_eq!(warnings, [warning]);
        }
    }

    #[test]
    fn a_trunk_with_a_bracket_in_its_name_is_left_out() {
        let rows = Rows::default().iax_trunk(1, "a]", "").iax_trunk(2, "b", "").iax_trunk(3, "general", "");
        let Written { text, warnings } = rows.write(&Iax);
        let sections: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(sections, ["[general]", "[b]", "[general]"]);
        assert_eq!(
            warnings,
            [
                "table useriax, row id=1, column name: there is a \"]\", which ends the name of a section; the row is left out",
                "table useriax, row id=3, column name: there is more than one section \"general\", and Asterisk \
                    merges or replaces them: keep one, or rename the others",
            ]
        );
    }

    #[test]
    fn a_line_break_is_refused_in_names_and_replaced_in_values() {
        let bad = "a\n[evil]";
        let rows = Rows::default()
            .iax_option(bad, "v")
            .iax_option("k", bad)
            .iax_option("allow", "gsm\r,ulaw")
            .iax_limit(bad, "m", 1)
            .iax_limit("d", bad, 1)
            .iax_trunk(1, bad, "")
            .iax_trunk(
                2,
                "t",
                r#""host": "h\n[evil]", "options": [["a\n[evil]", "v"], ["k", "v\n[evil]"], ["l", "v"]]"#,
            );
        let Written { text, warnings } = rows.write(&Iax);
        assert!(
            text.starts_with("[general]\nk = a [evil]\ndisallow = all\nallow = gsm\nallow = ulaw\n\n[t]\n")
        );
        assert!(text.contains("\nhost = h [evil]\n") && text.ends_with("\nl = v\n"), "{text}");
        assert!(!text.contains("\n[evil]"), "{text}");
        let left_out = "the value has a line break; the row is left out";
        let blanks = "the value has a line break; blanks stand in its place";
        assert_eq!(
            warnings,
            [
                format!("table staticiax, row id=1, column var_name: {left_out}"),
                format!("table staticiax, row id=2, column var_val: {blanks}"),
                format!("table staticiax, row id=3, column var_val: {blanks}"),
                format!("table iaxcallnumberlimits, row id=1, column destination: {left_out}"),
                format!("table iaxcallnumberlimits, row id=2, column netmask: {left_out}"),
                format!("table useriax, row id=1, column name: {left_out}"),
                format!("table useriax, row id=2, column host: {blanks}"),
                format!("table useriax, row id=2, column options: {blanks}"),
                "table useriax, row id=2, column options: the value has a line break; the option \"a\\n[evil]\" is \
                    left out"
                    .to_owned(),
            ]
        );
    }
}
