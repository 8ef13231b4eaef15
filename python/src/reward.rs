//! A reward written in Python: called once for a whole batch, on read-only columns.

use numpy::{PyArray1, PyArrayDyn, PyArrayMethods as _, PyUntypedArrayMethods as _};
use pyo3::{
    prelude::*,
    types::{PyDict, PyMappingProxy},
};
use tradepit_envs::{BatchReward, Error, Result, StepFacts};

use crate::error::raise;

/// The callable, and the exception of its last call.
pub(crate) struct PyReward<'a> {
    callable: &'a Py<PyAny>,
    raised: Option<PyErr>,
}

impl<'a> PyReward<'a> {
    pub(crate) fn new(callable: &'a Py<PyAny>) -> Self {
        Self { callable, raised: None }
    }

    /// The exception that stands behind an error of the step, if there is one.
    pub(crate) fn take_raised(&mut self) -> Option<PyErr> {
        self.raised.take()
    }
}

impl BatchReward for PyReward<'_> {
    fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()> {
        let result = Python::attach(|py| call(py, self.callable, facts, out));
        result.map_err(|raised| {
            self.raised = Some(raised);
            Error::Reward { env: 0, message: "the callable raised".into() }
        })
    }
}

fn call(py: Python<'_>, callable: &Py<PyAny>, facts: &[StepFacts], out: &mut [f32]) -> PyResult<()> {
    let columns = PyDict::new(py);
    for (name, column) in StepFacts::NAMES.into_iter().zip(StepFacts::columns(facts)) {
        let array = PyArray1::from_vec(py, column);
        // A reward that wrote into its facts would change nothing; better that it hears of it.
        array.try_readwrite()?.make_nonwriteable();
        columns.set_item(name, array)?;
    }
    let returned = callable.bind(py).call1((PyMappingProxy::new(py, columns.as_mapping()),))?;
    let array = py.import("numpy")?.call_method1("asarray", (returned, "float64"))?.cast_into::<PyArrayDyn<f64>>()?;
    if array.shape() != [facts.len()] {
        let (n, got) = (facts.len(), array.getattr("shape")?);
        return Err(raise(
            "RewardError",
            format!("reward: expected one number for each environment, shape ({n},), got {got}"),
        ));
    }
    for (out, reward) in out.iter_mut().zip(array.try_readonly()?.as_array()) {
        *out = *reward as f32;
    }
    Ok(())
}
