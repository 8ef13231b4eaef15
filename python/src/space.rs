//! Spaces as plain tuples; the package makes Gymnasium's classes of them.

use pyo3::{IntoPyObjectExt as _, prelude::*};
use tradepit_envs::{Rules, Space};

use crate::error::raise;

/// `("box", len, low, high)`, `("discrete", n)` or `("multi_discrete", nvec)`.
pub(crate) fn describe(py: Python<'_>, space: &Space) -> PyResult<Py<PyAny>> {
    match space {
        Space::Box { len, low, high } => ("box", *len, *low, *high).into_py_any(py),
        Space::Discrete { n } => ("discrete", *n).into_py_any(py),
        Space::MultiDiscrete { nvec } => ("multi_discrete", nvec.clone()).into_py_any(py),
        other => Err(raise("TradepitError", format!("{other:?} has no form in Python"))),
    }
}

/// `("box", len, low, high, layout)`: what an observation holds, too.
pub(crate) fn describe_observation(py: Python<'_>, rules: &Rules) -> PyResult<Py<PyAny>> {
    match rules.observation_space() {
        Space::Box { len, low, high } => ("box", *len, *low, *high, rules.layout()).into_py_any(py),
        other => describe(py, other),
    }
}
