//! The models as data: what has a name in the spec, and the numbers in it.

use serde::Deserialize as _;
use serde_json::{Number, Result, Value, to_value};
use tradepit::models::Models;

/// One of the models, by its name in the spec.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// As data; an error for a model of the caller's own.
    pub(super) get: fn(&Models) -> Result<Value>,
    pub(super) set: fn(&mut Models, &Value) -> Result<()>,
}

macro_rules! part {
    ($field:ident) => {
        Part {
            name: stringify!($field),
            get: |models| to_value(&models.$field),
            set: |models, value| {
                models.$field = <_>::deserialize(value)?;
                Ok(())
            },
        }
    };
}

/// Those that may hold numbers.
pub(super) static PARTS: [Part; 6] =
    [part!(commission), part!(financing), part!(latency), part!(margin), part!(matching), part!(slippage)];

/// A number of a part.
pub(super) struct Found {
    /// In the spec, with dots.
    pub(super) path: String,
    /// In the part (RFC 6901).
    pub(super) pointer: String,
    pub(super) number: Number,
}

/// Every number of `value`, which is at `path` and `pointer`.
pub(super) fn numbers(path: &str, pointer: &str, value: &Value, found: &mut Vec<Found>) {
    let mut inner = |key: &str, value: &Value| {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        numbers(&format!("{path}.{key}"), &format!("{pointer}/{escaped}"), value, found);
    };
    match value {
        Value::Number(number) => {
            found.push(Found { path: path.into(), pointer: pointer.into(), number: number.clone() });
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| inner(&i.to_string(), value)),
        Value::Object(map) => map.iter().for_each(|(key, value)| inner(key, value)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
