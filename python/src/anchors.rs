//! Problems with a known answer.

use numpy::{PyArray1, PyArrayMethods as _};
use pyo3::prelude::*;
use tradepit_agents::{ActionsMut, Agent, AnchorScore, Error, anchor_scores as scores, anchor_table as table};
use tradepit_envs::{
    Actions, Space,
    anchors::{Anchor, Problem},
};

use crate::{
    actions::Given,
    data::PyMarketData,
    error::{agent_fault, detached, fault, raise},
    spec::to_json,
};

fn read(problem: &str) -> PyResult<Problem> {
    serde_json::from_str(problem).map_err(|error| raise("SpecError", format!("anchor: {error}")))
}

fn write(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| raise("SpecError", error.to_string()))
}

/// Names, in the order of the table.
#[pyfunction]
pub(crate) fn anchor_names() -> Vec<&'static str> {
    Problem::NAMES.to_vec()
}

/// The problems of the table, as a list in JSON.
#[pyfunction]
pub(crate) fn anchor_problems() -> PyResult<String> {
    write(&Problem::table())
}

/// A problem of that name as JSON, with the parameters of a JSON object in place of the usual ones.
#[pyfunction]
pub(crate) fn anchor_problem(name: &str, params: &str) -> PyResult<String> {
    let params: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(params).map_err(|error| raise("SpecError", format!("params: {error}")))?;
    let usual = Problem::named(name).map_err(fault)?;
    let problem = params.into_iter().try_fold(usual, |problem, (key, value)| problem.with(&key, value));
    write(&problem.map_err(fault)?)
}

/// Rows and spec of a problem's environment.
#[pyfunction]
pub(crate) fn anchor_environment(py: Python<'_>, problem: &str) -> PyResult<(PyMarketData, String)> {
    let problem = read(problem)?;
    let (rows, spec) = detached(py, || problem.environment())?.map_err(fault)?;
    Ok((rows.into(), to_json(&spec)?))
}

/// The scores of the optimal policies of a list of problems, with so many of the usual episodes.
#[pyfunction]
pub(crate) fn anchor_table(py: Python<'_>, problems: &str, share: f64, seed: u64) -> PyResult<String> {
    let problems: Vec<Problem> =
        serde_json::from_str(problems).map_err(|error| raise("SpecError", format!("anchors: {error}")))?;
    write(&detached(py, || table(&problems, share, seed))?.map_err(agent_fault)?)
}

/// The scores of a callable, which takes observations `(n, d)` and gives their actions.
#[pyfunction]
pub(crate) fn anchor_scores(
    py: Python<'_>,
    problem: &str,
    agent: Py<PyAny>,
    share: f64,
    seed: u64,
) -> PyResult<String> {
    let problem = read(problem)?;
    let mut raised = None;
    let scored = detached(py, || -> Result<Vec<AnchorScore>, Error> {
        let anchor = Anchor::new(problem)?;
        let rules = anchor.setup().rules();
        let (inputs, actions) = (rules.observation_space().len(), rules.action_space().clone());
        let mut own = Called { agent, inputs, actions, raised: &mut raised };
        scores(&anchor, Some(&mut own), share, seed, 0)
    })?;
    match raised {
        Some(raised) => Err(raised),
        None => write(&scored.map_err(agent_fault)?),
    }
}

struct Called<'a> {
    agent: Py<PyAny>,
    inputs: usize,
    actions: Space,
    raised: &'a mut Option<PyErr>,
}

impl Agent for Called<'_> {
    fn act(&mut self, obs: &[f32], actions: ActionsMut<'_>) -> Result<(), Error> {
        Python::attach(|py| self.call(py, obs, actions)).map_err(|raised| {
            let text = raised.to_string();
            *self.raised = Some(raised);
            Error::Mismatch(text)
        })
    }
}

impl Called<'_> {
    fn call(&self, py: Python<'_>, obs: &[f32], actions: ActionsMut<'_>) -> PyResult<()> {
        let rows = obs.len() / self.inputs;
        let shown = PyArray1::from_slice(py, obs).reshape([rows, self.inputs])?;
        let given = Given::read(self.agent.bind(py).call1((shown,))?.as_any(), &self.actions, Some(rows))?;
        match (actions, given.batch()) {
            (ActionsMut::Box(to), Actions::Box(from)) => to.copy_from_slice(from),
            (ActionsMut::Discrete(to), Actions::Discrete(from)) => to.copy_from_slice(from),
            _ => return Err(raise("ActionError", "actions are of another kind than the action space")),
        }
        Ok(())
    }
}
