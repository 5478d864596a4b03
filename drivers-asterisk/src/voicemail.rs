//! Writes `voicemail.conf`: the options of voicemail, the time zones in which it announces the time of a
//! message, and the mailboxes of each context. Mailboxes of disabled contexts are written, too.
//!
//! ```text
//! [general]
//! maxmsg = 100
//! format = wav
//!
//! [zonemessages]
//! eu-fr = Europe/Paris|'vm-received' q 'digits/at' kM
//!
//! [ctx-ten0000-internal]
//! 1004 => ,José Tanaka,u5@example.com,,tz=eu-fr|attach=yes|deletevoicemail=yes
//! ```

use std::borrow::Cow;

use driver_api::asterisk::{Writer, syntax, yes_no};
use driver_api::{Blanked, Driver, Error, OneLine, Piece, Query, Row, Session, Text};
use serde::Deserialize;

use crate::line_parts;
use crate::pairs::Pairs;
use crate::parallel::in_parallel;
use crate::static_table::{self, StaticOption, VALUE};

pub(crate) struct Voicemail;

impl Driver for Voicemail {
    fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
        let options: Vec<Row<StaticOption<Text>>> = session.query(OPTIONS, &[])?;
        let mailboxes: Vec<Row<Mailbox>> = session.query(MAILBOXES, &[])?;
        let mut writer = Writer::new(session);
        write_options(&mut writer, session, GENERAL, &options);
        writer.blank();
        write_options(&mut writer, session, ZONES, &options);
        for mailboxes in mailboxes.chunk_by(|a, b| a.context == b.context) {
            write_context(&mut writer, mailboxes);
        }
        writer.blank();
        writer.blank();
        Ok(writer.finish(session))
    }
}

const GENERAL: &str = "general";
const ZONES: &str = "zonemessages";

const OPTIONS: Query<'_> = Query {
    table: "staticvoicemail",
    key: &["id"],
    sql: "SELECT id, category, var_name, var_val
        FROM staticvoicemail
        WHERE commented = 0 AND category IN ('general', 'zonemessages')
        ORDER BY id",
};

fn write_options(
    writer: &mut Writer,
    session: &mut Session<'_>,
    section: &str,
    options: &[Row<StaticOption<Text>>],
) {
    writer.own().section(section);
    for option in options.iter().filter(|option| option.category == section) {
        let value = written(session, option);
        writer.at(option).option(&option.var_name, (VALUE, value));
    }
}

/// Returns the value of an option. The line breaks of a mail body are written as escapes, which Asterisk reads.
fn written<'a>(session: &mut Session<'_>, option: &'a Row<StaticOption<Text>>) -> Cow<'a, str> {
    if option.category != GENERAL || option.var_name != "emailbody" {
        return static_table::value(session, option).1.into();
    }
    let Some(body) = &option.var_val else {
        option.warn(session, VALUE, "the option has no value, so mails have an empty body: set one");
        return "".into();
    };
    body.replace('\n', "\\n").replace('\r', "\\r").into()
}

const MAILBOXES: Query<'_> = Query {
    table: "voicemail",
    key: &["uniqueid"],
    sql: "SELECT uniqueid, context, mailbox, password, fullname, email, pager, language, tz, attach,
            deletevoicemail, maxmsg, options
        FROM voicemail
        WHERE commented = 0
        ORDER BY uniqueid",
};

#[derive(Deserialize)]
struct Mailbox {
    context: OneLine,
    mailbox: OneLine,
    password: Option<OneLine>,
    fullname: Blanked,
    email: Option<OneLine>,
    pager: Option<OneLine>,
    language: Option<Text>,
    tz: Option<Text>,
    attach: Option<i64>,
    deletevoicemail: i64,
    maxmsg: Option<i64>,
    options: Pairs,
}

/// Writes a section of mailboxes that have the same context. A context has several sections if mailboxes of
/// another one come between its own.
fn write_context(writer: &mut Writer, mailboxes: &[Row<Mailbox>]) {
    let first = &mailboxes[0];
    // Asterisk compares these names without regard to case.
    if [GENERAL, ZONES].iter().any(|section| first.context.eq_ignore_ascii_case(section)) {
        let message = "Asterisk reads the section of this name as its own options: rename the context";
        first.warn(writer, "context", message);
    }
    // Each mailbox has a context of its own to check, and a warning of its own.
    let keeps = |mailbox: &&Row<Mailbox>| mailbox.keeps(writer, syntax::section_name, &mailbox.context);
    let mailboxes: Vec<&Row<Mailbox>> = mailboxes.iter().filter(keeps).collect();
    if mailboxes.is_empty() {
        return;
    }
    writer.at(first).section(&first.context);
    in_parallel(writer, &mailboxes, |writer, mailbox| write_mailbox(writer, mailbox));
}

fn write_mailbox(writer: &mut Writer, mailbox: &Row<Mailbox>) {
    // Without its password, a mailbox would let everyone in, so it is left out as a whole.
    if !mailbox.keeps(writer, syntax::padded_key, &mailbox.mailbox)
        || !mailbox.keeps(writer, syntax::mailbox_field, &mailbox.password)
    {
        return;
    }
    let fullname = field(writer, mailbox, Some(&mailbox.fullname));
    let email = field(writer, mailbox, mailbox.email.as_ref());
    let pager = field(writer, mailbox, mailbox.pager.as_ref());
    let options = options(writer, mailbox);
    let value: [&dyn Piece; 9] =
        [&mailbox.password, &",", &fullname, &",", &email, &",", &pager, &",", &options];
    writer.at(mailbox).verbatim_line(&mailbox.mailbox, " => ", &value);
}

/// Returns the field, or `None`, with a warning, if it can't be written.
fn field<'a, P: Piece>(writer: &mut Writer, mailbox: &Row<Mailbox>, field: Option<&'a P>) -> Option<&'a P> {
    let consequence = "the field is left empty";
    field.filter(|field| mailbox.keeps_or(writer, consequence, syntax::mailbox_field, field))
}

/// Returns the options of one mailbox: `attach=yes|deletevoicemail=no`.
fn options(writer: &mut Writer, mailbox: &Row<Mailbox>) -> String {
    let maxmsg = mailbox.maxmsg.map(|messages| messages.to_string());
    let columns = [
        ("language", mailbox.language.as_deref()),
        ("tz", mailbox.tz.as_deref()),
        ("attach", mailbox.attach.map(|attach| yes_no(attach != 0))),
        ("deletevoicemail", Some(yes_no(mailbox.deletevoicemail != 0))),
        ("maxmsg", maxmsg.as_deref()),
    ];
    // Most lists are shorter, so that the text does not grow.
    let mut options = String::with_capacity(96);
    for (column, value) in columns {
        if let Some(value) = value {
            add_option(&mut options, writer, mailbox, column, column, value);
        }
    }
    for (name, value) in mailbox.options.read(writer, mailbox) {
        match value {
            Some(value) => add_option(&mut options, writer, mailbox, "options", name, value),
            None => {
                mailbox.warn(writer, "options", format!("the option {name:?} has no value; it is left out"));
            }
        }
    }
    options
}

/// Adds `name=value`, or warns that it can't be written.
fn add_option(
    options: &mut String,
    writer: &mut Writer,
    mailbox: &Row<Mailbox>,
    column: &str,
    name: &str,
    value: &str,
) {
    let value = &*escaped(value);
    let consequence = "the option is left out";
    // The name of an option that is a column comes from this program and needs no check.
    if (name == column || mailbox.keeps_or(writer, consequence, option_name, (column, name)))
        && mailbox.keeps_or(writer, consequence, option_value, (column, value))
    {
        if !options.is_empty() {
            options.push('|');
        }
        options.extend([name, "=", value]);
    }
}

/// Escapes line breaks and tabs as Asterisk reads them.
fn escaped(value: &str) -> Cow<'_, str> {
    if !value.contains(['\n', '\r', '\t']) {
        return value.into();
    }
    value.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t").into()
}

/// Writes the name of an option, which its value follows.
fn option_name(out: &mut String, name: &str) -> Result<(), syntax::Refusal> {
    if name.contains('=') { Err(syntax::Refusal::EqualsSign) } else { option_value(out, name) }
}

/// Writes the value of an option, which the next option follows.
fn option_value(out: &mut String, value: &str) -> Result<(), syntax::Refusal> {
    if value.contains('|') { Err(syntax::Refusal::Pipe) } else { line_parts::value(out, value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Rows, Written, row, unindented};

    impl Rows {
        fn voicemail_option<'a>(self, category: &str, name: &str, value: impl Into<Option<&'a str>>) -> Rows {
            let row = row! { filename: "voicemail.conf", category: category, var_name: name, var_val: value.into() };
            self.add("staticvoicemail", row)
        }
    }

    /// Returns the line of a mailbox, which is empty if it is left out.
    fn mailbox(row: String) -> Written {
        let Written { text, warnings } = Rows::default().add("voicemail", row).write(&Voicemail);
        let text = text.strip_prefix("[general]\n\n\n[zonemessages]\n\n").expect("the fixed sections");
        let line = text.strip_prefix("[c]\n").unwrap_or(text).trim_end_matches('\n');
        Written { text: line.to_owned(), warnings }
    }

    /// Returns the options of a mailbox with this array in the column `options`.
    fn options(json: &str) -> Written {
        let row = row! { uniqueid: 1, context: "c", mailbox: "1" };
        let Written { text, warnings } = mailbox(row.replace('}', &format!(", \"options\": {json}}}")));
        let options = text.strip_prefix("1 => ,,,,deletevoicemail=no").expect("a mailbox");
        Written { text: options.to_owned(), warnings }
    }

    fn mailbox_warning(column: &str, message: &str) -> String {
        format!("table voicemail, row uniqueid=1, column {column}: {message}")
    }

    const LEFT_OUT: &str = "the value has a line break; the row is left out";
    const OPTION_LEFT_OUT: &str = "the value has a line break; the option is left out";

    #[test]
    fn options_precede_zones_and_mailboxes() {
        let rows = Rows::default()
            .voicemail_option("general", "format", "wav")
            .voicemail_option("zonemessages", "eu-fr", "Europe/Paris|'vm-received' q 'digits/at' kM")
            .voicemail_option("general", "emailbody", "Hello,\n\nbye")
            .voicemail_option("General", "maxmsg", "100")
            .add(
                "staticvoicemail",
                row! {
                    commented: 1, filename: "voicemail.conf", category: "general", var_name: "maxmsg",
                    var_val: "100",
                },
            )
            .add(
                "voicemail",
                row! {
                    uniqueid: 1, context: "ctx-a", mailbox: "1001", password: "4242", fullname: "Alice A",
                    email: "alice@example.org", language: "fr_FR", tz: "eu-fr", attach: 1, maxmsg: 20,
                    options: [["saycid", "yes"], ["emailsubject", "ab\nc"]],
                },
            )
            .add("voicemail", row! { uniqueid: 2, context: "ctx-a", mailbox: "1002" })
            .add(
                "voicemail",
                row! { uniqueid: 3, context: "ctx-b", mailbox: "2001", attach: 0, deletevoicemail: 1 },
            )
            .add("voicemail", row! { uniqueid: 4, context: "ctx-a", mailbox: "1003", pager: "p@example.org" })
            .add("voicemail", row! { uniqueid: 5, context: "ctx-a", mailbox: "1004", commented: 1 });
        let expected = unindented(
            "
            [general]
            format = wav
            emailbody = Hello,\\n\\nbye


            [zonemessages]
            eu-fr = Europe/Paris|'vm-received' q 'digits/at' kM

            [ctx-a]
            1001 => 4242,Alice A,alice@example.org,,language=fr_FR|tz=eu-fr|attach=yes|deletevoicemail=no|\
                maxmsg=20|saycid=yes|emailsubject=ab\\nc
            1002 => ,,,,deletevoicemail=no

            [ctx-b]
            2001 => ,,,,attach=no|deletevoicemail=yes

            [ctx-a]
            1003 => ,,,p@example.org,deletevoicemail=no
            ",
        );
        let Written { text, warnings } = rows.write(&Voicemail);
        assert_eq!((text, warnings.len()), (expected + "\n\n\n", 0));
    }

    #[test]
    fn the_fixed_sections_are_always_there() {
        let Written { text, warnings } = Rows::default().write(&Voicemail);
        assert_eq!((text.as_str(), warnings.len()), ("[general]\n\n\n[zonemessages]\n\n\n", 0));
    }

    #[test]
    fn options_are_written_unchanged() {
        let null = |name: &str| {
            format!(
                "the option {name} has no value, so the file has the word None: set a value or delete the option"
            )
        };
        for (name, value, line, warning) in [
            ("k", None, "k = None", Some(null("k"))),
            ("k", Some(""), "k =", None),
            ("k", Some(" x "), "k =  x", None),
            ("k", Some("a\tb|c"), "k = a\tb|c", None),
            ("k", Some("a\\;b"), "k = a\\;b", None),
            ("k", Some("a;b"), "k = a\\;b", None),
        ] {
            for (category, text) in [
                ("general", format!("[general]\n{line}\n\n\n[zonemessages]\n\n\n")),
                ("zonemessages", format!("[general]\n\n\n[zonemessages]\n{line}\n\n\n")),
            ] {
                let written = Rows::default().voicemail_option(category, name, value).write(&Voicemail);
                assert_eq!(written.text, text);
                let warning = warning
                    .iter()
                    .map(|message| format!("table staticvoicemail, row id=1, column var_val: {message}"));
                assert_eq!(written.warnings, warning.collect::<Vec<_>>());
            }
        }
        let rows = Rows::default()
            .voicemail_option("general", "k", "1")
            .voicemail_option("general", "k", "2")
            .voicemail_option("general", "a;b", "3");
        let written = rows.write(&Voicemail);
        assert!(written.text.starts_with("[general]\nk = 1\nk = 2\na\\;b = 3\n\n"), "{}", written.text);
        assert_eq!(written.warnings, [""; 0]);
    }

    #[test]
    fn the_body_of_mails_is_one_line() {
        let body = |value: Option<&str>| {
            Rows::default().voicemail_option("general", "emailbody", value).write(&Voicemail)
        };
        for (value, line) in [
            ("", "emailbody ="),
            ("\n", "emailbody = \\n"),
            ("a\nb\tc", "emailbody = a\\nb\tc"),
            ("a\r\n[evil]\r", "emailbody = a\\r\\n[evil]\\r"),
        ] {
            let Written { text, warnings } = body(Some(value));
            assert_eq!(text, format!("[general]\n{line}\n\n\n[zonemessages]\n\n\n"));
            assert_eq!(warnings, [""; 0]);
        }
        let Written { text, warnings } = body(None);
        assert!(text.starts_with("[general]\nemailbody =\n\n"), "{text}");
        assert_eq!(
            warnings,
            [
                "table staticvoicemail, row id=1, column var_val: the option has no value, so mails have an empty \
                    body: set one"
            ]
        );
    }

    #[test]
    fn an_option_with_a_line_break_is_left_out() {
        let rows = Rows::default()
            .voicemail_option("general", "a", "1\n[evil]")
            .voicemail_option("general", "b\r", "2")
            .voicemail_option("general", "Emailbody", "3\n")
            .voicemail_option("general", "emailbody", "4\0")
            .voicemail_option("general", "e", "5")
            .voicemail_option("zonemessages", "emailbody", "6\n[evil]")
            .voicemail_option("zonemessages", "g\n[evil]", "7")
            .voicemail_option("zonemessages", "h", "8");
        let Written { text, warnings } = rows.write(&Voicemail);
        assert_eq!(text, "[general]\ne = 5\n\n\n[zonemessages]\nh = 8\n\n\n");
        let columns = [
            (2, "var_name", "the row"),
            (7, "var_name", "the row"),
            (1, "var_val", "the option \"a\""),
            (3, "var_val", "the option \"Emailbody\""),
            (4, "var_val", "the option \"emailbody\""),
            (6, "var_val", "the option \"emailbody\""),
        ];
        assert_eq!(
            warnings,
            columns.map(|(id, column, what)| {
                let message = format!("the value has a line break; {what} is left out");
                format!("table staticvoicemail, row id={id}, column {column}: {message}")
            })
        );
    }

    #[test]
    fn a_mailbox_line_keeps_its_blanks() {
        for (row, line) in [
            (row! { uniqueid: 1, context: "c", mailbox: " 10 " }, " 10  => ,,,,deletevoicemail=no"),
            (
                row! {
                    uniqueid: 1, context: "c", mailbox: "1", password: " 2 ", fullname: " Jôhn ", email: "",
                    pager: "p", skipcheckpass: 1, accesstype: "global",
                },
                "1 =>  2 , Jôhn ,,p,deletevoicemail=no",
            ),
            (
                row! { uniqueid: 1, context: "c", mailbox: "1", language: "", tz: "" },
                "1 => ,,,,language=|tz=|deletevoicemail=no",
            ),
            (
                row! { uniqueid: 1, context: "c", mailbox: "1", attach: 5, deletevoicemail: 7 },
                "1 => ,,,,attach=yes|deletevoicemail=yes",
            ),
            (
                row! { uniqueid: 1, context: "c", mailbox: "1", attach: 0, maxmsg: 0 },
                "1 => ,,,,attach=no|deletevoicemail=no|maxmsg=0",
            ),
            (
                row! { uniqueid: 1, context: "c", mailbox: "1", maxmsg: -1 },
                "1 => ,,,,deletevoicemail=no|maxmsg=-1",
            ),
            (
                row! { uniqueid: 1, context: "c", mailbox: "1", language: "a\nb\t", tz: "e\r " },
                "1 => ,,,,language=a\\nb\\t|tz=e\\r |deletevoicemail=no",
            ),
        ] {
            let Written { text, warnings } = mailbox(row);
            assert_eq!(text, line);
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn further_options_keep_their_order() {
        for (json, text) in [
            ("[]", ""),
            (r#"[["b", "1"], ["a", "2"], ["b", "3"]]"#, "|b=1|a=2|b=3"),
            (r#"[["e", "f\\,g\\;h="]]"#, "|e=f\\,g\\;h="),
            (r#"[["", "v"], ["k", ""]]"#, "|=v|k="),
            (r#"[["k", "c\r\nd\te"]]"#, "|k=c\\r\\nd\\te"),
        ] {
            let written = options(json);
            assert_eq!((written.text.as_str(), written.warnings.len()), (text, 0), "{json}");
        }
    }

    #[test]
    fn an_element_that_is_not_an_option_is_left_out() {
        let pipe = "there is a \"|\", and what follows it would be the next option; the option is left out";
        let no_pair = "element 1 of the array is not a name and a value; it is left out";
        for (json, text, message) in [
            (r#"[[null, "1"], ["k", "2"]]"#, "|k=2", "element 1 of the array has no name; it is left out"),
            (r#"[["k", null], ["l", "2"]]"#, "|l=2", "the option \"k\" has no value; it is left out"),
            (r#"[["a|b", "1"], ["k", "2"]]"#, "|k=2", pipe),
            (r#"[["a", "1|2"], ["k", "2"]]"#, "|k=2", pipe),
            (r#"["ab"]"#, "", no_pair),
            (r#"[["a", "b", "c"]]"#, "", no_pair),
            (r#"[["a"]]"#, "", no_pair),
            (r#"[[["a", "b"]]]"#, "", no_pair),
            (r#"[["a\n[evil]", "1"], ["k", "2"]]"#, "|k=2", OPTION_LEFT_OUT),
            (r#"[["a", "1\u0000"], ["k", "2"]]"#, "|k=2", OPTION_LEFT_OUT),
        ] {
            let written = options(json);
            assert_eq!(written.text, text, "{json}");
            assert_eq!(written.warnings, [mailbox_warning("options", message)], "{json}");
        }
    }

    #[test]
    fn a_comma_is_refused_and_a_semicolon_escaped() {
        let with = |column: &str, value: &str| {
            let row = row! { uniqueid: 1, context: "c", mailbox: "1" };
            row.replace('}', &format!(", \"{column}\": \"{value}\"}}"))
        };
        let comma = "there is a comma, and what follows it would be the next field; ";
        for (column, line) in
            [("password", "a,b,,,"), ("fullname", ",a,b,,"), ("email", ",,a,b,"), ("pager", ",,,a,b")]
        {
            let written = mailbox(with(column, "a,b"));
            if column == "password" {
                assert_eq!(written.text, "");
                assert_eq!(
                    written.warnings,
                    [mailbox_warning(column, &(comma.to_owned() + "the row is left out"))]
                );
            } else {
                assert_eq!(written.text, "1 => ,,,,deletevoicemail=no");
                let message = comma.to_owned() + "the field is left empty";
                assert_eq!(written.warnings, [mailbox_warning(column, &message)]);
            }
            let written = mailbox(with(column, "a;b"));
            assert_eq!(written.text, format!("1 => {line},deletevoicemail=no").replace("a,b", "a\\;b"));
            assert_eq!(written.warnings, [""; 0]);
        }
        let further = ["language", "tz"].map(|column| (with(column, "a;b"), column));
        let numbered = (row! { uniqueid: 1, context: "c", mailbox: "1;2" }, "mailbox");
        let context = (row! { uniqueid: 1, context: "c;d", mailbox: "1" }, "context");
        for (row, column) in further.into_iter().chain([numbered, context]) {
            let written = mailbox(row);
            assert!(written.text.contains("\\;"), "{column}: {}", written.text);
            assert_eq!(written.warnings, [""; 0]);
        }
        assert_eq!(options(r#"[["a", "b;c"]]"#).warnings, [""; 0]);
    }

    #[test]
    fn a_context_named_like_a_fixed_section_is_reported() {
        let message = "Asterisk reads the section of this name as its own options: rename the context";
        for context in ["general", "zonemessages", "General"] {
            let rows = Rows::default()
                .add("voicemail", row! { uniqueid: 1, context: context, mailbox: "1" })
                .add("voicemail", row! { uniqueid: 2, context: context, mailbox: "2" });
            let Written { text, warnings } = rows.write(&Voicemail);
            assert!(text.contains(&format!("\n[{context}]\n1 => ,,,,deletevoicemail=no\n2 => ")), "{text}");
            assert_eq!(warnings, [mailbox_warning("context", message)]);
        }
    }

    #[test]
    fn a_mailbox_with_a_line_break_is_left_out() {
        let with = |column: &str| {
            let row = row! { uniqueid: 1, context: "c", mailbox: "1" };
            row.replace(&format!("\"{column}\""), "\"accesstype\"")
                .replace('}', &format!(", \"{column}\": \"a\\n[evil]\"}}"))
        };
        for column in ["context", "mailbox", "password", "email", "pager"] {
            let Written { text, warnings } = mailbox(with(column));
            assert_eq!(text, "", "{column}");
            assert_eq!(warnings, [mailbox_warning(column, LEFT_OUT)]);
        }
        let Written { text, warnings } = mailbox(with("fullname"));
        assert_eq!(text, "1 => ,a [evil],,,deletevoicemail=no");
        let blanked = "the value has a line break; blanks stand in its place";
        assert_eq!(warnings, [mailbox_warning("fullname", blanked)]);
        for (column, option) in [("language", "language=a\\n[evil]"), ("tz", "tz=a\\n[evil]")] {
            let Written { text, warnings } = mailbox(with(column));
            assert_eq!(text, format!("1 => ,,,,{option}|deletevoicemail=no"));
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn a_refused_mailbox_does_not_split_its_context() {
        let rows = Rows::default()
            .add("voicemail", row! { uniqueid: 1, context: "c", mailbox: "1" })
            .add("voicemail", row! { uniqueid: 2, context: "d", mailbox: "2\n" })
            .add("voicemail", row! { uniqueid: 3, context: "e", mailbox: "3", commented: 2 })
            .add("voicemail", row! { uniqueid: 4, context: "c", mailbox: "4" });
        let text = rows.write(&Voicemail).text;
        assert!(
            text.ends_with("\n[c]\n1 => ,,,,deletevoicemail=no\n4 => ,,,,deletevoicemail=no\n\n\n"),
            "{text}"
        );
    }
}
