//! Texts of a row, each with the column that it comes from.
//!
//! A line of a file can't hold a line break. The type of a field decides what happens to one: the option is left out
//! ([`Text`]), the row is left out ([`OneLine`]), or blanks replace it ([`Blanked`]).

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Origin;

/// Returns whether the text has a character that ends a line or cuts it off: CR, LF or NUL.
///
/// ```
/// assert!(driver_api::breaks_line("Alice\nhasvoicemail = yes"));
/// assert!(!driver_api::breaks_line("Alice;\tBob"));
/// ```
pub fn breaks_line(text: &str) -> bool {
    memchr::memchr3(b'\n', b'\r', 0, text.as_bytes()).is_some()
}

/// Returns the text, with blanks for all its control characters if one of them [breaks the line](breaks_line).
///
/// ```
/// assert_eq!(driver_api::blanked("Alice\tA.\r\nBob"), "Alice A.  Bob");
/// assert_eq!(driver_api::blanked("Alice\tA."), "Alice\tA.");
/// ```
pub fn blanked(text: &str) -> Cow<'_, str> {
    if breaks_line(text) { text.replace(char::is_control, " ").into() } else { text.into() }
}

/// Returns the text with escapes in place of its control characters, as a log or a terminal needs it.
///
/// ```
/// assert_eq!(driver_api::on_one_line("a\tb\n\u{1b}[31m"), "a\\tb\\n\\u{1b}[31m");
/// assert_eq!(driver_api::on_one_line("é"), "é");
/// ```
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line.into()
}

/// A text as it is in the database. It derefs to `str`, and has its column, which a warning of a
/// [`Writer`](crate::asterisk::Writer) names.
///
/// If it has a line break, or anything else that the syntax can't hold, the writer leaves out the option. A field of
/// type [`OneLine`] leaves out the whole row instead; [`Blanked`] replaces the line break by blanks.
///
/// ```
/// use driver_api::Text;
///
/// // In the row type of a query, write `email: Text`.
/// let email: Text = serde_json::from_str("\"alice@example.org\"").unwrap();
/// assert_eq!(&*email, "alice@example.org");
/// ```
#[derive(Clone)]
pub struct Text {
    text: Box<str>,
    /// The index of its column in the query, or `NONE` if it does not come from a query.
    column: u16,
}

/// No column.
const NONE: u16 = u16::MAX;

/// A text without a line break, for a field that the row needs: the name of a section, a number, a password. It
/// derefs to `str`.
///
/// [`Session::query`](crate::Session::query) leaves out a row whose field has a line break, and warns.
///
/// ```
/// use driver_api::{OneLine, Query, Row};
///
/// #[derive(serde::Deserialize)]
/// struct Extension {
///     exten: OneLine,
/// }
///
/// let rows = r#"{"id": 1, "type": "user", "exten": "1001"}
///     {"id": 2, "type": "user", "exten": "1002\n#exec reboot"}"#;
/// let mut database = fixtures::Scratch::new(&[("extensions", rows)]);
/// let sql = "SELECT id, exten FROM extensions ORDER BY id";
/// let query = Query { table: "extensions", key: &["id"], sql };
/// let rows: Vec<Row<Extension>> = database.in_session(|session| session.query(query, &[])).unwrap();
/// assert_eq!((rows.len(), &*rows[0].exten), (1, "1001"));
/// let warning = "table extensions, row id=2, column exten: the value has a line break; the row is left out";
/// assert_eq!(database.warnings, [warning]);
/// ```
///
/// Deserialized from another source, such as JSON, a text with a line break is an error.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OneLine(Text);

/// A text whose line breaks do not matter: a label in a comment, the name of a caller. It derefs to `str`.
///
/// If the text in the database has a line break, blanks replace all its control characters, and
/// [`Session::query`](crate::Session::query) warns.
///
/// ```
/// use driver_api::Blanked;
///
/// // In the row type of a query, write `fullname: Blanked`.
/// let fullname: Blanked = serde_json::from_str(r#""Alice\nLindholm""#).unwrap();
/// assert_eq!(&*fullname, "Alice Lindholm");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blanked(Text);

impl OneLine {
    /// The consequence for the row, in a warning.
    pub(crate) const CONSEQUENCE: &str = "the row is left out";
}

impl Blanked {
    /// The consequence for the line break, in a warning.
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

/// The names by which the deserializer of rows recognizes the types. It passes the text and the index of its column.
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
        // The deserializer of rows has checked the texts of a row.
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

/// The implementations that the three types share.
macro_rules! reads_as_str {
    ($($type:ident: $text:ident => $value:expr, $own:expr;)*) => {$(
        impl $type {
            /// Converts it to a `String`.
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

/// A piece of a line: a text, a number, or a field of a row, which also has a column.
///
/// A [`Writer`](crate::asterisk::Writer) and [`Origin::keeps`] take pieces. For a part of a column, pass a pair of
/// the column's name and the part.
///
/// ```
/// use driver_api::Piece;
///
/// assert_eq!(25.text(), "25");
/// assert_eq!(("options", "saycid").column(None), Some("options"));
/// assert_eq!("general".column(None), None);
/// ```
pub trait Piece {
    /// Returns the text.
    fn text(&self) -> Cow<'_, str>;

    /// Returns the name of the column that it comes from, which the row's query has, or `None` without a column.
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

/// Types whose text is their `Display`.
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

/// `None` is an empty text.
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
