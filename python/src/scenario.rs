//! Environments by name.

use pyo3::prelude::*;
use tradepit_envs::scenarios::Scenario;

use crate::{data::PyMarketData, error::fault, spec::to_json};

/// All names.
#[pyfunction]
pub(crate) fn scenario_names() -> Vec<&'static str> {
    Scenario::NAMES.to_vec()
}

/// The rows of a scenario that draws its market, and its spec.
#[pyfunction]
pub(crate) fn scenario_environment(name: &str) -> PyResult<(Option<PyMarketData>, String)> {
    let scenario = Scenario::named(name).map_err(fault)?;
    Ok((scenario.rows().cloned().map(PyMarketData::from), to_json(scenario.spec())?))
}
