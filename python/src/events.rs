//! Events of the market as JSON and as dictionaries: `{"time": .., "kind": .., ..}`, the time in nanoseconds.

use pyo3::{prelude::*, types::PyDict};
use serde_json::{Map, Value};
use tradepit::{InstrumentId, Timestamp, market::MarketEvent};

use crate::error::raise;

/// Reads a list of events of the only instrument.
pub(crate) fn read(json: &str) -> PyResult<Vec<MarketEvent>> {
    let refuse = |message: String| raise("SpecError", format!("events: {message}"));
    let list: Vec<Map<String, Value>> = serde_json::from_str(json).map_err(|error| refuse(error.to_string()))?;
    let one = |(at, mut fields): (usize, Map<String, Value>)| {
        let time = fields.remove("time").and_then(|time| time.as_i64());
        let time = time.ok_or_else(|| refuse(format!("{at} has no time")))?;
        let what = serde_json::from_value(Value::Object(fields)).map_err(|error| refuse(format!("{at}: {error}")))?;
        Ok(MarketEvent { time: Timestamp::from_nanos(time), instrument: InstrumentId(0), what })
    };
    list.into_iter().enumerate().map(one).collect()
}

fn fields(event: &MarketEvent) -> Map<String, Value> {
    let mut fields = Map::from_iter([("time".to_owned(), event.time.nanos().into())]);
    if event.instrument.0 > 0 {
        fields.insert("instrument".to_owned(), event.instrument.0.into());
    }
    if let Ok(Value::Object(what)) = serde_json::to_value(event.what) {
        fields.extend(what);
    }
    fields
}

/// What [`read`] reads.
pub(crate) fn to_json(events: &[MarketEvent]) -> String {
    Value::Array(events.iter().map(|event| Value::Object(fields(event))).collect()).to_string()
}

/// A dictionary for each.
pub(crate) fn to_dicts<'py>(py: Python<'py>, events: &[MarketEvent]) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let one = |event: &MarketEvent| {
        let dict = PyDict::new(py);
        for (name, value) in fields(event) {
            match (value.as_i64(), value.as_f64()) {
                (Some(whole), _) => dict.set_item(name, whole)?,
                (None, Some(number)) => dict.set_item(name, number)?,
                (None, None) => dict.set_item(name, value.as_str())?,
            }
        }
        Ok(dict)
    };
    events.iter().map(one).collect()
}
