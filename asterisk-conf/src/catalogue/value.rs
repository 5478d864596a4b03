//! The types of values, and their checks.

use std::fmt;
use std::ops::RangeInclusive;

use super::{Consequence, OptionInfo, matches};
use crate::syntax::{is_blank, stripped};

/// The words that Asterisk reads as yes, without case.
const TRUE: [&str; 6] = ["yes", "true", "y", "t", "1", "on"];

/// The words for no. Asterisk reads every other text as no, too.
const FALSE: [&str; 6] = ["no", "false", "n", "f", "0", "off"];

/// The item of an [`ValueType::Enum`] that stands for any whole number.
const ANY_NUMBER: &str = "<number>";

/// The type of an option's value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// Yes or no: see [`boolean`].
    Boolean,
    /// A number in C's notation: see [`number`]. A sign is an error.
    Unsigned(RangeInclusive<i64>),
    /// A number in C's notation, with or without a sign.
    Integer(RangeInclusive<i64>),
    /// A decimal number. Asterisk reads the digits at the start, and drops the rest without a message.
    LeadingDigits(RangeInclusive<i64>),
    /// A number with a fraction. The catalogue checks nothing.
    Double,
    /// A whole number or a boolean. The catalogue checks nothing.
    NumberOrBoolean,
    /// One of these words, without case; a word that ends in `*` is a prefix, and `<number>` any whole number.
    Enum(Vec<&'static str>),
    /// The actions of a key of a conference menu, separated by commas, some with arguments in parentheses.
    Actions(Vec<&'static str>),
    /// Names of codecs, each with or without a `!`. The catalogue does not know the names.
    Codecs,
    /// Numbers of groups, and ranges of them.
    Groups,
    /// `NAME=value`.
    Assignment,
    /// `FIRST-LAST`, the slots of a parking lot.
    Slots,
    /// A URI of SIP.
    SipUri,
    /// A text of at most this many bytes, if known. Asterisk cuts a longer one without a message.
    Text(Option<usize>),
    /// An address, a network or the name of one. The catalogue checks nothing.
    Acl,
    /// A line with fields of its own, such as a member of a queue. The catalogue checks nothing.
    Line,
    /// Asterisk accepts every value and ignores it.
    Ignored,
    /// A function of the module reads the value. The catalogue does not know its rules.
    Custom,
    /// The rules are not known.
    Unknown,
}

/// The reason and consequence if an option does not accept a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The value, or the item of it that is wrong.
    pub value: String,
    /// The reason.
    pub reason: Reason,
    /// The reaction of Asterisk.
    pub consequence: Consequence,
}

/// The reason why a value is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It is empty.
    Empty,
    /// It is no word for yes or no. Asterisk reads it as no.
    NotBoolean,
    /// It is not one whole number.
    NotNumber,
    /// The number is too small or too large.
    OutOfRange(RangeInclusive<i64>),
    /// It is none of the known words.
    NotOneOf(Vec<&'static str>),
    /// It is none of the actions of a conference menu.
    UnknownAction,
    /// It is no number of a group, from 0 to 63, and no range of them.
    NotGroup,
    /// It has no `=`.
    NoEqualsSign,
    /// It is no range of numbers.
    NotSlots,
    /// It is no `sip:` or `sips:` URI.
    NotSipUri,
    /// It has more bytes than this.
    TooLong(usize),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Empty => f.write_str("must not be empty"),
            Reason::NotBoolean => f.write_str("is no word for yes or no, and means no"),
            Reason::NotNumber => f.write_str("is not one whole number"),
            Reason::OutOfRange(range) if *range.end() == i64::MAX => {
                write!(f, "is less than {}", range.start())
            }
            Reason::OutOfRange(range) => write!(f, "is not from {} to {}", range.start(), range.end()),
            Reason::NotOneOf(words) => write!(f, "is none of {}", words.join(", ")),
            Reason::UnknownAction => f.write_str("is no action of a menu"),
            Reason::NotGroup => f.write_str("is no group from 0 to 63, and no range of them"),
            Reason::NoEqualsSign => f.write_str("is not NAME=value"),
            Reason::NotSlots => f.write_str("is not FIRST-LAST"),
            Reason::NotSipUri => f.write_str("is no sip: or sips: URI"),
            Reason::TooLong(max) => write!(f, "is longer than {max} bytes"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" {}; {}", self.value, self.reason, self.consequence)
    }
}

impl std::error::Error for Rejection {}

/// Parses one of the known words for yes and no. Asterisk reads every other text as no, without a message.
pub fn boolean(value: &str) -> Option<bool> {
    let is_among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    if is_among(&TRUE) { Some(true) } else { is_among(&FALSE).then_some(false) }
}

/// Parses a number in C's notation, as Asterisk does: `0x10` is 16, and `010` is 8.
///
/// ```
/// # use asterisk_conf::catalogue::number;
/// assert_eq!(number("0x10"), Some(16));
/// assert_eq!(number("010"), Some(8));
/// assert_eq!(number("5x"), None);
/// ```
pub fn number(value: &str) -> Option<i64> {
    let value = value.trim_start_matches(is_blank);
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, value.strip_prefix('+').unwrap_or(value)),
    };
    let (radix, digits) = match digits.strip_prefix('0') {
        None | Some("") => (10, digits),
        Some(rest) => rest.strip_prefix(['x', 'X']).map_or((8, rest), |hexadecimal| (16, hexadecimal)),
    };
    // The standard library would accept another sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok().map(|number| sign * number)
}

impl OptionInfo {
    /// Checks whether Asterisk accepts a value unchanged. A value whose rules the catalogue does not know is accepted.
    pub fn accepts(&self, value: &str) -> Result<(), Rejection> {
        let value = stripped(value);
        if value.is_empty() {
            let checked = if self.nonempty {
                Err(Reason::Empty)
            } else if self.list.is_some() || self.default == Some("") {
                // The list is empty, or the value is the default.
                Ok(())
            } else {
                self.value_type.check(value)
            };
            return checked.map_err(|reason| self.rejection(value, reason));
        }
        let Some(separators) = self.list else {
            return self.value_type.check(value).map_err(|reason| self.rejection(value, reason));
        };
        let items = value.split(|c| separators.contains(c)).map(stripped).filter(|item| !item.is_empty());
        for item in items {
            self.value_type.check(item).map_err(|reason| self.rejection(item, reason))?;
        }
        Ok(())
    }

    fn rejection(&self, value: &str, reason: Reason) -> Rejection {
        let consequence = match (&reason, &self.value_type) {
            (Reason::UnknownAction | Reason::NotGroup, _) => Consequence::Ignored,
            (Reason::NotBoolean | Reason::TooLong(_), _)
            | (Reason::NotNumber, ValueType::LeadingDigits(_)) => Consequence::OtherValue,
            (Reason::OutOfRange(_), ValueType::LeadingDigits(_))
                if self.bad_value == Consequence::Unknown =>
            {
                Consequence::OtherValue
            }
            _ => self.bad_value,
        };
        Rejection { value: value.to_owned(), reason, consequence }
    }
}

impl ValueType {
    /// Returns whether no check of a value can fail.
    pub(super) fn accepts_all(&self) -> bool {
        matches!(
            self,
            ValueType::Text(None)
                | ValueType::Double
                | ValueType::NumberOrBoolean
                | ValueType::Codecs
                | ValueType::Acl
                | ValueType::Line
                | ValueType::Ignored
                | ValueType::Custom
                | ValueType::Unknown
        )
    }

    /// Checks a value, or one item of a list.
    fn check(&self, value: &str) -> Result<(), Reason> {
        let otherwise = |accepted: bool, reason: Reason| if accepted { Ok(()) } else { Err(reason) };
        match self {
            ValueType::Boolean => otherwise(boolean(value).is_some(), Reason::NotBoolean),
            ValueType::Unsigned(_) if value.starts_with(['+', '-']) => Err(Reason::NotNumber),
            ValueType::Unsigned(range) | ValueType::Integer(range) => in_range(number(value), range),
            ValueType::LeadingDigits(range) => in_range(decimal(value), range),
            ValueType::Enum(words) => otherwise(is_one_of(words, value), Reason::NotOneOf(words.clone())),
            ValueType::Actions(actions) => {
                let all = split_outside_parentheses(value).all(|action| {
                    let name = stripped(action.split('(').next().unwrap_or(action));
                    actions.iter().any(|known| known.eq_ignore_ascii_case(name))
                });
                otherwise(all, Reason::UnknownAction)
            }
            ValueType::Groups => {
                let (first, last) = value.split_once('-').unwrap_or((value, value));
                let is_group = |text| stripped(text).parse::<u8>().is_ok_and(|group| group < 64);
                otherwise(is_group(first) && is_group(last), Reason::NotGroup)
            }
            ValueType::Assignment => otherwise(value.is_empty() || value.contains('='), Reason::NoEqualsSign),
            ValueType::Slots => {
                let slot = |text| stripped(text).parse::<u32>().ok();
                let slots = value.split_once('-').and_then(|(first, last)| Some((slot(first)?, slot(last)?)));
                otherwise(slots.is_some_and(|(first, last)| first <= last), Reason::NotSlots)
            }
            ValueType::SipUri => {
                let value = value.to_ascii_lowercase();
                otherwise(value.contains("sip:") || value.contains("sips:"), Reason::NotSipUri)
            }
            ValueType::Text(Some(max)) => otherwise(value.len() <= *max, Reason::TooLong(*max)),
            _ => Ok(()),
        }
    }
}

fn in_range(number: Option<i64>, range: &RangeInclusive<i64>) -> Result<(), Reason> {
    match number {
        None => Err(Reason::NotNumber),
        Some(number) if range.contains(&number) => Ok(()),
        Some(_) => Err(Reason::OutOfRange(range.clone())),
    }
}

/// Parses a decimal number. A number beyond 64 bits becomes the largest or smallest one.
fn decimal(value: &str) -> Option<i64> {
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}

fn is_one_of(words: &[&str], value: &str) -> bool {
    words.iter().any(|word| match *word {
        ANY_NUMBER => decimal(value).is_some(),
        "*" => value == "*",
        // Many modules read these two as a boolean. It was not measured which do not.
        "yes" => boolean(value) == Some(true),
        "no" => boolean(value) == Some(false),
        word => matches(word, value),
    })
}

fn split_outside_parentheses(value: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    value.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}
