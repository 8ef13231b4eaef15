//! The loss of PPO on a given batch, for a test that holds it against another implementation.

use numpy::PyArray1;
use pyo3::prelude::*;
use tradepit_agents::{
    PpoConfig,
    ppo::{Batch, Model, loss_and_gradients},
};
use tradepit_envs::Space;

use crate::error::{agent_fault, raise};

/// The parts of the loss (policy, value, entropy, total) and its gradient by all parameters, in f32.
///
/// The space of actions is a box in [-1, 1] of `actions` numbers, or discrete of that many choices. Parameters are those
/// of the actor (weights of shape out x in, then biases, layer by layer), the log standard deviations of a box, and those
/// of the critic. A row of `columns` is: observations, actions, then log-probability, advantage, return, value.
#[pyfunction]
#[expect(clippy::type_complexity, clippy::needless_pass_by_value, reason = "lists as Python hands them over")]
pub(crate) fn ppo_gradients<'py>(
    py: Python<'py>,
    config_json: &str,
    inputs: usize,
    actions: usize,
    discrete: bool,
    params: Vec<f32>,
    columns: (Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>),
) -> PyResult<((f64, f64, f64, f64), Bound<'py, PyArray1<f32>>)> {
    let config: PpoConfig =
        serde_json::from_str(config_json).map_err(|error| raise("SpecError", format!("PPO: {error}")))?;
    let observation = Space::Box { len: inputs, low: -10.0, high: 10.0 };
    let action =
        if discrete { Space::Discrete { n: actions } } else { Space::Box { len: actions, low: -1.0, high: 1.0 } };
    let model = Model::new(&observation, &action, &config.hidden).map_err(agent_fault)?;
    let (obs, actions, log_probs, advantages, returns, values) = &columns;
    let batch = Batch { obs, actions, log_probs, advantages, returns, values, masks: None };
    let (terms, gradients) = loss_and_gradients(&model, &params, batch, &config).map_err(agent_fault)?;
    Ok(((terms.policy, terms.value, terms.entropy, terms.total), PyArray1::from_vec(py, gradients)))
}
