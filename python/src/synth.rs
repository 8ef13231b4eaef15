//! Synthetic markets: made, fitted, drawn anew.

use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use tradepit::market::synth::{self, BootstrapSpec, StylisedFacts, SynthKind, SynthRows, SynthSpec};

use crate::{
    data::PyMarketData,
    error::{detached, fault, raise},
};

fn read<T: DeserializeOwned>(field: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| raise("SpecError", format!("{field}: {error}")))
}

fn write(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| raise("SpecError", error.to_string()))
}

/// A market of its own: path 0 of the seed. Process and rows are JSON.
#[pyfunction]
pub(crate) fn synth_market(py: Python<'_>, process: &str, rows: &str, seed: u64) -> PyResult<PyMarketData> {
    let (process, rows): (SynthSpec, SynthRows) = (read("process", process)?, read("rows", rows)?);
    Ok(detached(py, || process.market(&rows, seed))?.map_err(fault)?.into())
}

/// A path on the rows of other data.
#[pyfunction]
pub(crate) fn synth_like(
    py: Python<'_>,
    process: &str,
    data: &Bound<'_, PyMarketData>,
    seed: u64,
    path: u64,
) -> PyResult<PyMarketData> {
    let (process, data): (SynthSpec, _) = (read("process", process)?, data.get().market());
    Ok(detached(py, || process.market_like(&data, seed, path))?.map_err(fault)?.into())
}

/// The process of that kind that is most like the data, as JSON; `states` is for regime_switching.
#[pyfunction]
pub(crate) fn synth_fit(py: Python<'_>, data: &Bound<'_, PyMarketData>, kind: &str, states: usize) -> PyResult<String> {
    let (kind, data) = (read("kind", &write(&kind)?)?, data.get().market());
    let fitted = detached(py, || match kind {
        SynthKind::RegimeSwitching => synth::fit_regimes(&data, states).map(SynthSpec::RegimeSwitching),
        kind => synth::fit(&data, kind),
    })?;
    write(&fitted.map_err(fault)?)
}

/// The bars of the data in another order.
#[pyfunction]
pub(crate) fn synth_bootstrap(
    py: Python<'_>,
    data: &Bound<'_, PyMarketData>,
    blocks: &str,
    seed: u64,
    path: u64,
) -> PyResult<PyMarketData> {
    let (blocks, data): (BootstrapSpec, _) = (read("blocks", blocks)?, data.get().market());
    Ok(detached(py, || blocks.market_like(&data, seed, path))?.map_err(fault)?.into())
}

/// The data upside down.
#[pyfunction]
pub(crate) fn synth_mirror(py: Python<'_>, data: &Bound<'_, PyMarketData>) -> PyResult<PyMarketData> {
    let data = data.get().market();
    Ok(detached(py, || synth::mirror(&data))?.map_err(fault)?.into())
}

/// Stylised facts of the data, as JSON.
#[pyfunction]
pub(crate) fn synth_facts(py: Python<'_>, data: &Bound<'_, PyMarketData>) -> PyResult<String> {
    let data = data.get().market();
    write(&detached(py, || StylisedFacts::of(&data))?.map_err(fault)?)
}
