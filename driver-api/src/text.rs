//! Texts of a row, which know the column that they come from.
//!
//! The field types here say in a row what becomes of a line break, which no line of a file can hold, so that no
//! driver has to remember it.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Origin;

/// Whether the text has a character that ends a line or cuts it off: CR, LF or NUL.
///
/// ```
/// assert!(driver_api::breaks_line("Alice\nhasvoicemail = yes"));
/// assert!(!driver_api::breaks_line("Alice;\tBob"));
/// ```
pub fn breaks_line(text: &str) -> bool {
    memchr::memchr3(b'\n', b'\r', 0, text.as_bytes()).is_some()
}

/// The text, with blanks for its control characters if one of them [breaks the line](breaks_line).
///
/// ```
/// assert_eq!(driver_api::blanked("Alice\tA.\r\nBob"), "Alice A.  Bob");
/// assert_eq!(driver_api::blanked("Alice\tA."), "Alice\tA.");
/// ```
pub fn blanked(text: &str) -> Cow<'_, str> {
    if breaks_line(text) { text.replace(char::is_control, " ").into() } else { text.into() }
}

/// A text as the database has it. It reads as a `&str`, and knows its column, so that a warning of a
/// [`Writer`](crate::asterisk::Writer) can name it.
///
/// Where it is written, a line break or another thing that the syntax can't hold costs the option. If it is to cost
/// the whole row, the field is [`OneLine`]; if blanks are to stand in its place, [`Blanked`].
///
/// ```
/// use driver_api::Text;
///
/// // In the row type of a query it is a field like any other, `email: Text`.
/// let email: Text = serde_json::from_str("\"alice@example.org\"").unwrap();
/// assert_eq!(&*email, "alice@example.org");
/// ```
#[derive(Clone)]
pub struct Text {
    text: Box<str>,
    /// Its index in the query; none where the text is from elsewhere.
    column: u16,
}

/// No column.
const NONE: u16 = u16::MAX;

/// A text without line break.
///
/// A row that has a line break in a field of this type is left out by
/// [`Session::query`](crate::Session::query), with a warning that names table, row and column. It is for what
/// the row is nothing without: names of sections, numbers, passwords. It reads as a `&str`.
///
/// ```
/// use driver_api::{Driver, Error, OneLine, Query, Row, Session};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Extension {
///     exten: OneLine,
/// }
///
/// struct Extensions;
///
/// impl Driver for Extensions {
///     fn generate(&self, session: &mut Session<'_>) -> Result<String, Error> {
///         let sql = "SELECT exten FROM extensions ORDER BY id";
///         let rows: Vec<Row<Extension>> =
///             session.query(Query { table: "extensions", key: &["exten"], sql }, &[])?;
///         Ok(rows.iter().map(|row| format!("exten => {},1,Answer()\n", row.exten)).collect())
///     }
/// }
///
/// let rows = r#"{"id": 1, "type": "user", "exten": "1001"}
///     {"id": 2, "type": "user", "exten": "1002\n#exec reboot"}"#;
/// let mut database = fixtures::Scratch::new(&[("extensions", rows)]);
/// assert_eq!(database.generate(&Extensions).unwrap(), "exten => 1001,1,Answer()\n");
/// let row = r#"table extensions, row exten="1002\n#exec reboot", column exten"#;
/// let message = "the value has a line break; the row is left out";
/// assert_eq!(database.warnings, [format!("{row}: {message}")]);
/// ```
///
/// From anything but a row, JSON for instance, a text with a line break is an error.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OneLine(Text);

/// A text whose row is worth more than its line breaks: a label in a comment, the name of a caller. If it
/// has a line break, each of its control characters reads as a blank, and
/// [`Session::query`](crate::Session::query) warns. It reads as a `&str`.
///
/// ```
/// use driver_api::Blanked;
///
/// // In the row type of a query it is a field like any other, `fullname: Blanked`.
/// let fullname: Blanked = serde_json::from_str(r#""Alice\nLindholm""#).unwrap();
/// assert_eq!(&*fullname, "Alice Lindholm");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blanked(Text);

impl OneLine {
    /// What a warning says becomes of a row with a line break.
    pub(crate) const CONSEQUENCE: &str = "the row is left out";
}

impl Blanked {
    /// What a warning says becomes of the line break.
    pub(crate) const CONSEQUENCE: &str = "blanks stand in its place";
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.text == other.text
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// The names under which the types announce themselves to the deserializer of rows, which gives each of them a
/// sequence of the text and the index of its column.
pub(crate) const TEXT: &str = "driver_api::Text";
pub(crate) const ONE_LINE: &str = "driver_api::OneLine";
pub(crate) const BLANKED: &str = "driver_api::Blanked";

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        read(deserializer, TEXT)
    }
}

impl<'de> Deserialize<'de> for OneLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OneLine, D::Error> {
        let text = read(deserializer, ONE_LINE)?;
        // Those of a row were looked at before.
        if text.column == NONE && breaks_line(&text) {
            return Err(D::Error::custom("the text has a line break"));
        }
        Ok(OneLine(text))
    }
}

impl<'de> Deserialize<'de> for Blanked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blanked, D::Error> {
        let text = read(deserializer, BLANKED)?;
        Ok(Blanked(match blanked(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(blanked) => Text { text: blanked.into(), ..text },
        }))
    }
}

fn read<'de, D: Deserializer<'de>>(deserializer: D, name: &'static str) -> Result<Text, D::Error> {
    struct TextVisitor;
    impl<'de> Visitor<'de> for TextVisitor {
        type Value = Text;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        /// From a row.
        fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Text, A::Error> {
            let (text, column) = (parts.next_element()?, parts.next_element()?);
            text.zip(column)
                .map(|(text, column)| Text { text, column })
                .ok_or_else(|| A::Error::invalid_length(0, &self))
        }

        /// From anything else.
        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
            Ok(Text { text: Box::deserialize(deserializer)?, column: NONE })
        }
    }
    deserializer.deserialize_newtype_struct(name, TextVisitor)
}

/// What the three types have in common.
macro_rules! reads_as_str {
    ($($type:ident: $text:ident => $value:expr, $own:expr;)*) => {$(
        impl $type {
            /// The text as a `String`.
            pub fn into_string(self) -> String {
                let $text = self;
                $own.into()
            }
        }

        impl Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                let $text = self;
                $value
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                self
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                **self == *other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                **self == **other
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self)
            }
        }
    )*};
}

reads_as_str! {
    Text: text => &text.text, text.text;
    OneLine: text => &text.0.text, text.0.text;
    Blanked: text => &text.0.text, text.0.text;
}

/// A piece of what is written: a text, a number, a field of a row. A field knows its column.
///
/// It is what a [`Writer`](crate::asterisk::Writer) and [`Origin::keeps`] take. A part of a column is a pair of the
/// column's name and the part.
///
/// ```
/// use driver_api::Piece;
///
/// assert_eq!(25.text(), "25");
/// assert_eq!(("options", "saycid").column(None), Some("options"));
/// assert_eq!("general".column(None), None);
/// ```
pub trait Piece {
    /// The text.
    fn text(&self) -> Cow<'_, str>;

    /// The column that it comes from, in the query of this row; none if it is from elsewhere.
    fn column<'a>(&'a self, _row: Option<&'a Origin>) -> Option<&'a str> {
        None
    }
}

impl Piece for str {
    fn text(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl Piece for String {
    fn text(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl Piece for Cow<'_, str> {
    fn text(&self) -> Cow<'_, str> {
        (**self).into()
    }
}

/// What is written as it is displayed.
macro_rules! displayed {
    ($($type:ty)*) => {$(
        impl Piece for $type {
            fn text(&self) -> Cow<'_, str> {
                self.to_string().into()
            }
        }
    )*};
}

displayed!(i32 i64 u16 u32 u64 usize);

impl<P: Piece + ?Sized> Piece for &P {
    fn text(&self) -> Cow<'_, str> {
        (**self).text()
    }

    fn column<'a>(&'a self, row: Option<&'a Origin>) -> Option<&'a str> {
        (**self).column(row)
    }
}

/// Nothing is an empty text.
impl<P: Piece> Piece for Option<P> {
    fn text(&self) -> Cow<'_, str> {
        self.as_ref().map_or(Cow::Borrowed(""), Piece::text)
    }

    fn column<'a>(&'a self, row: Option<&'a Origin>) -> Option<&'a str> {
        self.as_ref()?.column(row)
    }
}

impl<P: Piece> Piece for (&str, P) {
    fn text(&self) -> Cow<'_, str> {
        self.1.text()
    }

    fn column<'a>(&'a self, _: Option<&'a Origin>) -> Option<&'a str> {
        Some(self.0)
    }
}

impl Piece for Text {
    fn text(&self) -> Cow<'_, str> {
        (&*self.text).into()
    }

    fn column<'a>(&'a self, row: Option<&'a Origin>) -> Option<&'a str> {
        row?.column(self.column.into())
    }
}

impl Piece for OneLine {
    fn text(&self) -> Cow<'_, str> {
        self.0.text()
    }

    fn column<'a>(&'a self, row: Option<&'a Origin>) -> Option<&'a str> {
        self.0.column(row)
    }
}

impl Piece for Blanked {
    fn text(&self) -> Cow<'_, str> {
        self.0.text()
    }

    fn column<'a>(&'a self, row: Option<&'a Origin>) -> Option<&'a str> {
        self.0.column(row)
    }
}
