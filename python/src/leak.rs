//! Whether what an environment shows knows the future.

use pyo3::prelude::*;
use tradepit::{MarketData, Timestamp};
use tradepit_envs::{EnvSpec, Error, LeakCheck};

use crate::{
    data::PyMarketData,
    error::{detached, fault, raise},
    spec::parse,
};

/// Runs the check; `columns` takes market data and gives them with the user's columns. The report is JSON, behind it its
/// words.
#[pyfunction]
#[pyo3(signature = (spec, data, columns, cuts, seed, since_ns))]
pub(crate) fn leakcheck(
    py: Python<'_>,
    spec: &str,
    data: &Bound<'_, PyMarketData>,
    columns: Option<&Bound<'_, PyAny>>,
    cuts: u32,
    seed: u64,
    since_ns: Option<i64>,
) -> PyResult<(String, String)> {
    let (spec, data): (EnvSpec, _) = (parse(spec)?, data.get().market());
    let check = LeakCheck { cuts, seed, since: since_ns.map(Timestamp::from_nanos) };
    let columns = columns.map(|columns| columns.clone().unbind());
    let mut failed = None;
    let report = detached(py, || {
        check.run(&spec, &data, |data| match &columns {
            None => Ok(data),
            Some(columns) => Python::attach(|py| make(py, columns, data)).map_err(|error| {
                failed = Some(error);
                Error::State("a function on columns failed".into())
            }),
        })
    })?;
    match (report, failed) {
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(fault(error)),
        (Ok(report), None) => {
            let json = serde_json::to_string(&report).map_err(|error| raise("SpecError", error.to_string()))?;
            Ok((json, report.to_string()))
        }
    }
}

fn make(py: Python<'_>, columns: &Py<PyAny>, data: MarketData) -> PyResult<MarketData> {
    let made = columns.call1(py, (PyMarketData::from(data),))?;
    let made = made.bind(py).cast::<PyMarketData>().map_err(PyErr::from)?;
    Ok((*made.get().market()).clone())
}
