//! Spaces as plain tuples; the package makes Gymnasium's classes of them.

use pyo3::{IntoPyObjectExt as _, prelude::*};
use tradepit_envs::{Gather as _, Rules, Space};

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

/// `("box", len, low, high, layout)`: what an observation holds, too. By index `("indexed", numbers, window, box)`: how many
/// numbers are behind table and row, rows of a window, and what is gathered.
pub(crate) fn describe_observation(py: Python<'_>, rules: &Rules) -> PyResult<Py<PyAny>> {
    let gathered = rules.gather().map(|gather| gather.space());
    match gathered.unwrap_or_else(|| rules.observation_space()) {
        Space::Box { len, low, high } => {
            let shown = ("box", *len, *low, *high, rules.layout());
            match rules.observation_space() {
                Space::Indexed { numbers, .. } => ("indexed", *numbers, rules.spec().window, shown).into_py_any(py),
                _ => shown.into_py_any(py),
            }
        }
        other => describe(py, other),
    }
}
