//! What is wrong with an environment, or with the agent in it.

use numpy::{PyArray1, PyArrayMethods as _};
use pyo3::prelude::*;
use tradepit_envs::{Actions, Doctor, Error, LeakCheck, MarketSpec, Rules, SimSetup};

use crate::{
    actions::Given,
    data::PyMarketData,
    error::{detached, fault, raise},
    spec::parse,
};

/// Examines a spec over data by a `Doctor` in JSON; `policy` takes observations `(n, d)` and gives their actions. The diagnosis is JSON, behind it
/// its words.
#[pyfunction]
#[pyo3(signature = (spec, data, policy, doctor, leaks))]
pub(crate) fn examine(
    py: Python<'_>,
    spec: &str,
    data: &Bound<'_, PyMarketData>,
    policy: Option<&Bound<'_, PyAny>>,
    doctor: &str,
    leaks: bool,
) -> PyResult<(String, String)> {
    // A policy here reads windows, as the doctor does.
    let (spec, market) = (parse(spec)?.with_windows(), data.get().market());
    let doctor: Doctor =
        serde_json::from_str(doctor).map_err(|error| raise("SpecError", format!("doctor: {error}")))?;
    let policy = policy.map(|policy| policy.clone().unbind());
    let mut raised = None;
    let made = detached(py, || -> Result<_, Error> {
        let setup = SimSetup::new(spec.clone(), (*market).clone())?;
        let rules = std::sync::Arc::clone(setup.rules());
        let mut own = policy.as_ref().map(|policy| {
            |obs: &[f32], actions: &mut [f32]| {
                Python::attach(|py| act(py, policy, &rules, obs, actions)).map_err(|error| {
                    raised = Some(error);
                    Error::State("the policy failed".into())
                })
            }
        });
        let diagnosis = match &mut own {
            None => doctor.examine(&setup, None)?,
            Some(own) => doctor.examine(&setup, Some(own))?,
        };
        // A bootstrap shows rows of the data in another order: their features are those of the data.
        let has_future = leaks && !matches!(spec.market, MarketSpec::Bootstrap(_));
        if !has_future {
            return Ok(diagnosis);
        }
        Ok(diagnosis.with_leaks(&LeakCheck { seed: doctor.seed, ..LeakCheck::default() }.run(&spec, &market, Ok)?))
    })?;
    match (made, raised) {
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(fault(error)),
        (Ok(diagnosis), None) => {
            let json = serde_json::to_string(&diagnosis).map_err(|error| raise("SpecError", error.to_string()))?;
            Ok((json, diagnosis.to_string()))
        }
    }
}

fn act(py: Python<'_>, policy: &Py<PyAny>, rules: &Rules, obs: &[f32], actions: &mut [f32]) -> PyResult<()> {
    let inputs = rules.observation_space().len();
    let rows = obs.len() / inputs;
    let shown = PyArray1::from_slice(py, obs).reshape([rows, inputs])?;
    let given = Given::read(policy.bind(py).call1((shown,))?.as_any(), rules.action_space(), Some(rows))?;
    match given.batch() {
        Actions::Box(from) => actions.copy_from_slice(from),
        Actions::Discrete(from) => {
            actions.iter_mut().zip(from).for_each(|(to, from)| *to = *from as f32);
        }
        other => return Err(raise("ActionError", format!("{other:?} are of another kind than the action space"))),
    }
    Ok(())
}
