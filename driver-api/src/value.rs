/// A value of a row, or a parameter of a query, as an engine and serde exchange it.
///
/// A driver uses it for parameters only: numbers, booleans and texts, converted by `into`. [`Uuid`](Value::Uuid) and
/// [`Array`](Value::Array) can't be parameters; compare a uuid as text, `CAST(uuid AS TEXT) = $1`.
///
/// ```
/// use driver_api::Value;
///
/// let parameters: [Value<'_>; 2] = ["ctx-internal".into(), 7.into()];
/// assert_eq!(parameters, [Value::Text("ctx-internal"), Value::Integer(7)]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL's `NULL`.
    Null,
    /// A boolean. SQLite has none; it returns 0 or 1.
    Bool(bool),
    /// Any integer type.
    Integer(i64),
    /// Any floating point type.
    Float(f64),
    /// Text, `varchar` or the label of an enumeration. On SQLite also a uuid, or an array as JSON.
    Text(&'a str),
    /// A uuid, as its sixteen bytes. Serde sees it as text.
    Uuid([u8; 16]),
    /// An array; one of two dimensions is an array of arrays.
    Array(Vec<Value<'a>>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(value)
    }
}
