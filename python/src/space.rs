//! Spaces as plain tuples; the package makes Gymnasium's classes of them.

use pyo3::{IntoPyObjectExt as _, prelude::*};
use tradepit_envs::Space;

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
