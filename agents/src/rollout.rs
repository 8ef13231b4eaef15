//! What the environments went through since the last update.

use crate::gae::Steps;
use crate::sight::{Observations, Sight};

/// Buffers of `n_steps * n_envs` rows, time-major: row `t * n_envs + env`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rollout {
    pub(crate) envs: usize,
    pub(crate) obs: Observations,
    /// Unclipped.
    pub(crate) actions: Vec<f32>,
    pub(crate) log_probs: Vec<f32>,
    /// Which choices were open; empty where the environments close none.
    pub(crate) masks: Vec<bool>,
    /// Scaled.
    pub(crate) rewards: Vec<f32>,
    pub(crate) terminated: Vec<bool>,
    pub(crate) truncated: Vec<bool>,
    /// Value of the final observation where an episode was cut.
    pub(crate) bootstrap: Vec<f32>,
    pub(crate) values: Vec<f32>,
    pub(crate) last_values: Vec<f32>,
    pub(crate) advantages: Vec<f32>,
    pub(crate) returns: Vec<f32>,
}

impl Rollout {
    /// Observations come by `sight`, to be normalised or not; an action has so many numbers, and a mask so many choices.
    pub(crate) fn new(
        [steps, envs]: [usize; 2],
        (sight, normalised): (Sight, bool),
        actions: usize,
        choices: usize,
    ) -> Self {
        let rows = steps * envs;
        Self {
            envs,
            obs: Observations::new(sight, steps, envs, normalised),
            actions: vec![0.0; rows * actions],
            log_probs: vec![0.0; rows],
            masks: vec![true; rows * choices],
            rewards: vec![0.0; rows],
            terminated: vec![false; rows],
            truncated: vec![false; rows],
            bootstrap: vec![0.0; rows],
            values: vec![0.0; rows],
            last_values: vec![0.0; envs],
            advantages: vec![0.0; rows],
            returns: vec![0.0; rows],
        }
    }

    /// Advantages and returns, once values are known.
    pub(crate) fn finish(&mut self, gamma: f32, lambda: f32) {
        let steps = Steps {
            rewards: &self.rewards,
            values: &self.values,
            last_values: &self.last_values,
            terminated: &self.terminated,
            truncated: &self.truncated,
            bootstrap: &self.bootstrap,
        };
        steps.advantages(gamma, lambda, &mut self.advantages);
        for ((out, &advantage), &value) in self.returns.iter_mut().zip(&self.advantages).zip(&self.values) {
            *out = advantage + value;
        }
    }

    /// Share of the variance of returns that the values explain; `None` when the returns do not vary.
    pub(crate) fn explained_variance(&self) -> Option<f64> {
        let n = self.returns.len() as f64;
        let variance = |of: &dyn Fn(usize) -> f64| {
            let mean = (0..self.returns.len()).map(of).sum::<f64>() / n;
            (0..self.returns.len()).map(|i| (of(i) - mean).powi(2)).sum::<f64>() / n
        };
        let total = variance(&|i| f64::from(self.returns[i]));
        let left = variance(&|i| f64::from(self.returns[i]) - f64::from(self.values[i]));
        (total > 0.0).then(|| 1.0 - left / total)
    }
}
