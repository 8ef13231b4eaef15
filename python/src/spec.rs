//! An environment's spec from Python: JSON with the same names, and short forms for what has no numbers.

use pyo3::prelude::*;
use serde_json::{Map, Value};
use tradepit::features::FeaturePipelineSpec;
use tradepit_envs::EnvSpec;

use crate::error::{fault, raise};

/// Fields whose value is `{"kind": ..}`, as paths; a bare string there is the kind.
const KINDS: [&[&str]; 18] = [
    &["market"],
    &["market", "process"],
    &["fill"],
    &["slippage"],
    &["commission"],
    &["latency"],
    &["matching", "path"],
    &["matching", "path", "within"],
    &["matching", "limit"],
    &["matching", "stale"],
    &["financing"],
    &["margin"],
    &["flatten"],
    &["observe"],
    &["action"],
    &["action", "weights"],
    &["episode", "start"],
    &["episode", "length"],
];

/// Reads and checks a spec; how many instruments there are, the data say later.
pub(crate) fn parse(json: &str) -> PyResult<EnvSpec> {
    let value: Value = serde_json::from_str(json).map_err(|error| raise("SpecError", format!("spec: {error}")))?;
    let Value::Object(mut fields) = value else {
        return Err(raise("SpecError", format!("spec: {value} must be a mapping of fields")));
    };
    let known = defaults()?;
    for name in fields.keys() {
        if !known.contains_key(name) {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            return Err(raise("SpecError", format!("{name}: unknown field; known fields are {}", names.join(", "))));
        }
    }
    expand(&mut fields);
    // One by one, so that an error names its field.
    for (name, value) in &fields {
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        if let Err(error) = serde_json::from_value::<EnvSpec>(alone) {
            return Err(raise("SpecError", format!("{name}: {error}")));
        }
    }
    let spec: EnvSpec =
        serde_json::from_value(Value::Object(fields)).map_err(|error| raise("SpecError", format!("spec: {error}")))?;
    spec.validate(spec.action.instruments()).map_err(fault)?;
    Ok(spec)
}

pub(crate) fn to_json(spec: &EnvSpec) -> PyResult<String> {
    serde_json::to_string(spec).map_err(|error| raise("SpecError", format!("spec: {error}")))
}

fn defaults() -> PyResult<Map<String, Value>> {
    match serde_json::to_value(EnvSpec::default()) {
        Ok(Value::Object(fields)) => Ok(fields),
        other => Err(raise("InternalError", format!("a spec is no mapping: {other:?}"))),
    }
}

fn expand(fields: &mut Map<String, Value>) {
    for path in KINDS {
        let mut value = fields.get_mut(path[0]);
        for name in &path[1..] {
            value = value.and_then(|value| value.get_mut(name));
        }
        if let Some(value) = value {
            kind(value);
        }
    }
    fields.get_mut("reward").into_iter().for_each(reward);
    // A list of features is the pipeline with defaults.
    if let Some(features) = fields.get_mut("features") {
        if features.is_array() {
            let list = features.take();
            *features = Value::Object(Map::from_iter([("features".to_owned(), list)]));
        }
        if let Some(Value::Array(list)) = features.get_mut("features") {
            list.iter_mut().for_each(feature);
        }
    }
}

/// A reward, and those that it is made of.
fn reward(value: &mut Value) {
    kind(value);
    for part in value.get_mut("parts").and_then(Value::as_array_mut).into_iter().flatten() {
        part.get_mut("reward").into_iter().for_each(reward);
    }
}

/// A feature, and that which it normalises.
fn feature(value: &mut Value) {
    kind(value);
    for name in ["of", "by"] {
        value.get_mut(name).into_iter().for_each(feature);
    }
}

/// Reads features, which need not be fitted yet.
pub(crate) fn parse_features(json: &str) -> PyResult<FeaturePipelineSpec> {
    let refuse = |error: serde_json::Error| raise("SpecError", format!("features: {error}"));
    let mut fields = Map::from_iter([("features".to_owned(), serde_json::from_str(json).map_err(refuse)?)]);
    expand(&mut fields);
    let features = fields.remove("features").unwrap_or_default();
    serde_json::from_value(features).map_err(refuse)
}

fn kind(value: &mut Value) {
    if value.is_string() {
        let name = value.take();
        *value = Value::Object(Map::from_iter([("kind".to_owned(), name)]));
    }
}

/// The default spec as JSON.
#[pyfunction]
pub(crate) fn default_spec() -> PyResult<String> {
    to_json(&EnvSpec::default())
}

/// The spec as the environment reads it, as JSON: short forms written out, defaults put in, everything checked.
#[pyfunction]
pub(crate) fn read_spec(json: &str) -> PyResult<String> {
    to_json(&parse(json)?)
}
