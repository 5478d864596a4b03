//! Text that may stand in a line of a generated file.
//!
//! A line break in a database value would let that value write lines of its own. The field types
//! here say in a row what happens then, so that no driver has to remember it.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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

/// A text without line break.
///
/// A row that has a line break in a field of this type is left out by
/// [`Session::query`](crate::Session::query), with a warning that names table, row and column. It is for what
/// the row is nothing without: names of sections, numbers, passwords. It reads as a `&str`.
///
/// ```
/// use driver_api::{Driver, Error, OneLine, Query, Session};
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
///         let rows: Vec<Extension> =
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OneLine(String);

impl OneLine {
    /// The text as a `String`.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for OneLine {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for OneLine {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name under which [`OneLine`] announces itself to the deserializer of rows.
pub(crate) const ONE_LINE: &str = "driver_api::OneLine";

impl<'de> Deserialize<'de> for OneLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OneLine, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = OneLine;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text without line break")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<OneLine, D::Error> {
                let text = String::deserialize(deserializer)?;
                if breaks_line(&text) {
                    return Err(D::Error::custom("the text has a line break"));
                }
                Ok(OneLine(text))
            }
        }
        deserializer.deserialize_newtype_struct(ONE_LINE, Text)
    }
}

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Blanked(String);

impl Deref for Blanked {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Blanked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name under which [`Blanked`] announces itself to the deserializer of rows.
pub(crate) const BLANKED: &str = "driver_api::Blanked";

impl<'de> Deserialize<'de> for Blanked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blanked, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Blanked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Blanked, D::Error> {
                let text = String::deserialize(deserializer)?;
                Ok(Blanked(if breaks_line(&text) { blanked(&text).into_owned() } else { text }))
            }
        }
        deserializer.deserialize_newtype_struct(BLANKED, Text)
    }
}
