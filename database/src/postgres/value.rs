//! Converts between PostgreSQL's binary values and the values of rows and parameters.

use std::error::Error as StdError;

use driver_api::Value;
use fallible_iterator::FallibleIterator;
use postgres_protocol::types::{ArrayDimension, array_from_sql};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

type Failure = Box<dyn StdError + Sync + Send>;

/// One value of a result.
pub(super) struct PostgresValue<'a>(pub(super) Value<'a>);

impl<'a> FromSql<'a> for PostgresValue<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        decode(ty, raw).map(PostgresValue)
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(PostgresValue(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        // `decode` names an unsupported type in its error.
        true
    }
}

fn decode<'a>(ty: &Type, raw: &'a [u8]) -> Result<Value<'a>, Failure> {
    let value = match *ty {
        Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
        Type::INT2 => Value::Integer(i16::from_sql(ty, raw)?.into()),
        Type::INT4 => Value::Integer(i32::from_sql(ty, raw)?.into()),
        Type::INT8 => Value::Integer(i64::from_sql(ty, raw)?),
        Type::FLOAT4 => Value::Float(f32::from_sql(ty, raw)?.into()),
        Type::FLOAT8 => Value::Float(f64::from_sql(ty, raw)?),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Value::Text(std::str::from_utf8(raw)?),
        Type::UUID => Value::Uuid(raw.try_into()?),
        Type::TID => Value::Integer(row_position(raw.try_into()?)),
        _ => return decode_composed(ty, raw),
    };
    Ok(value)
}

/// Converts a `ctid` to a number that sorts rows by their physical order: four bytes are the page, two the
/// position on it.
fn row_position(raw: [u8; 6]) -> i64 {
    raw.into_iter().fold(0, |position, byte| position << 8 | i64::from(byte))
}

/// Decodes enums, domains and arrays.
fn decode_composed<'a>(ty: &Type, raw: &'a [u8]) -> Result<Value<'a>, Failure> {
    match ty.kind() {
        Kind::Enum(_) => Ok(Value::Text(std::str::from_utf8(raw)?)),
        Kind::Domain(inner) => decode(inner, raw),
        Kind::Array(element) => {
            let array = array_from_sql(raw)?;
            let lengths: Vec<i32> = array.dimensions().map(|d: ArrayDimension| Ok(d.len)).collect()?;
            let mut values = array
                .values()
                .map(|raw| raw.map_or(Ok(Value::Null), |raw| decode(element, raw)))
                .collect::<Vec<_>>()?
                .into_iter();
            Ok(nest(&lengths, &mut values))
        }
        _ => Err(format!("the type {ty} is not supported: CAST the column AS TEXT in the query").into()),
    }
}

/// Nests the flat values in arrays of these lengths, outermost first. An empty array has no dimension.
fn nest<'a>(lengths: &[i32], values: &mut dyn Iterator<Item = Value<'a>>) -> Value<'a> {
    match lengths {
        [] => Value::Array(Vec::new()),
        [_] => Value::Array(values.take(count(lengths[0])).collect()),
        [length, inner @ ..] => Value::Array((0..*length).map(|_| nest(inner, values)).collect()),
    }
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
