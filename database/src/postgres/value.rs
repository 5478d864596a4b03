//! Converts between PostgreSQL's binary values and the values of rows and parameters.

use std::error::Error as StdError;

use driver_api::Value;
use fallible_iterator::FallibleIterator;
use postgres_protocol::types;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

type Failure = Box<dyn StdError + Sync + Send>;

/// The bytes of one value of a result, as the server sent them. NULL has none.
pub(super) struct Raw<'a>(pub(super) Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// How the values of a column are encoded. It is found once for each column of a query, and not for each value.
pub(super) enum Encoding {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Text,
    Uuid,
    RowPosition,
    Array(Box<Encoding>),
    Unsupported(Type),
}

impl Encoding {
    /// Finds the encoding of a type. Enums are texts, and domains are what they are made of.
    pub(super) fn of(ty: &Type) -> Encoding {
        match *ty {
            Type::BOOL => Encoding::Bool,
            Type::INT2 => Encoding::Int2,
            Type::INT4 => Encoding::Int4,
            Type::INT8 => Encoding::Int8,
            Type::FLOAT4 => Encoding::Float4,
            Type::FLOAT8 => Encoding::Float8,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Encoding::Text,
            Type::UUID => Encoding::Uuid,
            Type::TID => Encoding::RowPosition,
            _ => match ty.kind() {
                Kind::Enum(_) => Encoding::Text,
                Kind::Domain(inner) => Encoding::of(inner),
                Kind::Array(element) => Encoding::Array(Box::new(Encoding::of(element))),
                _ => Encoding::Unsupported(ty.clone()),
            },
        }
    }

    /// Decodes the bytes of a value.
    pub(super) fn decode<'a>(&self, raw: &'a [u8]) -> Result<Value<'a>, Failure> {
        let value = match self {
            Encoding::Bool => Value::Bool(types::bool_from_sql(raw)?),
            Encoding::Int2 => Value::Integer(types::int2_from_sql(raw)?.into()),
            Encoding::Int4 => Value::Integer(types::int4_from_sql(raw)?.into()),
            Encoding::Int8 => Value::Integer(types::int8_from_sql(raw)?),
            Encoding::Float4 => Value::Float(types::float4_from_sql(raw)?.into()),
            Encoding::Float8 => Value::Float(types::float8_from_sql(raw)?),
            Encoding::Text => Value::Text(std::str::from_utf8(raw)?),
            Encoding::Uuid => Value::Uuid(raw.try_into()?),
            Encoding::RowPosition => Value::Integer(row_position(raw.try_into()?)),
            Encoding::Array(element) => array(element, raw)?,
            Encoding::Unsupported(ty) => {
                let message = format!("the type {ty} is not supported: CAST the column AS TEXT in the query");
                return Err(message.into());
            }
        };
        Ok(value)
    }
}

/// Converts a `ctid` to a number that sorts rows by their physical order: four bytes are the page, two the
/// position on it.
fn row_position(raw: [u8; 6]) -> i64 {
    raw.into_iter().fold(0, |position, byte| position << 8 | i64::from(byte))
}

fn array<'a>(element: &Encoding, raw: &'a [u8]) -> Result<Value<'a>, Failure> {
    let array = types::array_from_sql(raw)?;
    let mut lengths = [0; MAX_DIMENSIONS];
    let mut count = 0;
    for dimension in array.dimensions().iterator() {
        *lengths.get_mut(count).ok_or("the array has too many dimensions")? = dimension?.len;
        count += 1;
    }
    let decode = |raw: Option<&'a [u8]>| raw.map_or(Ok(Value::Null), |raw| element.decode(raw));
    let mut values = array.values().map(decode).iterator();
    nest(&lengths[..count], &mut values)
}

/// The number of dimensions that an array has at most in PostgreSQL.
const MAX_DIMENSIONS: usize = 6;

/// Nests the flat values in arrays of these lengths, outermost first. An empty array has no dimension.
fn nest<'a>(
    lengths: &[i32],
    values: &mut dyn Iterator<Item = Result<Value<'a>, Failure>>,
) -> Result<Value<'a>, Failure> {
    let elements = match lengths {
        [] => Vec::new(),
        [length] => values.take(count(*length)).collect::<Result<_, _>>()?,
        [length, inner @ ..] => (0..*length).map(|_| nest(inner, values)).collect::<Result<_, _>>()?,
    };
    Ok(Value::Array(elements))
}

fn count(length: i32) -> usize {
    usize::try_from(length).unwrap_or_default()
}

/// A parameter, sent as the type that the server expects.
#[derive(Debug)]
pub(super) struct Param<'a>(pub(super) &'a Value<'a>);

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Bool(value), _) => value.to_sql(ty, out),
            (Value::Integer(value), &Type::INT2) => i16::try_from(*value)?.to_sql(ty, out),
            (Value::Integer(value), &Type::INT4) => i32::try_from(*value)?.to_sql(ty, out),
            (Value::Integer(value), &Type::INT8) => value.to_sql(ty, out),
            (Value::Float(value), &Type::FLOAT8) => value.to_sql(ty, out),
            (Value::Text(text), ty) if <&str as ToSql>::accepts(ty) || matches!(ty.kind(), Kind::Enum(_)) => {
                text.to_sql(ty, out)
            }
            (value, ty) => Err(format!("the parameter {value:?} can't be sent as {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // `to_sql` names the value and the type in its error.
        true
    }

    to_sql_checked!();
}
