//! Memory for the steps of a batch.

use super::{StepOut, VecEnv};
use crate::StepFacts;

/// Everything that a step of a batch writes, in memory of its own: for callers that have no arrays to write into.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, StepBuffers, VecEnv};
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(8, 1, Autoreset::SameStep).unwrap();
/// let mut buffers = StepBuffers::new(&envs);
/// envs.reset(0, &mut buffers.obs).unwrap();
/// envs.step(Actions::Box(&[1.0; 8]), buffers.out()).unwrap();
/// assert_eq!(buffers.facts[3].position, 1.0);
/// ```
///
/// Shapes are those of [`StepOut`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepBuffers {
    /// Observations after the step, `n * d`.
    pub obs: Vec<f32>,
    /// Rewards of the step, `n`.
    pub reward: Vec<f32>,
    /// The episode ended by itself, `n`.
    pub terminated: Vec<bool>,
    /// The episode was cut, `n`.
    pub truncated: Vec<bool>,
    /// Last observations of the episodes that ended, `n * d`.
    pub final_obs: Vec<f32>,
    /// The step's facts, `n`.
    pub facts: Vec<StepFacts>,
}

impl StepBuffers {
    /// Zeros, in the shapes of `env`.
    #[must_use]
    pub fn new(env: &(impl VecEnv + ?Sized)) -> Self {
        let (n, d) = (env.num_envs(), env.observation_space().len());
        Self {
            obs: vec![0.0; n * d],
            reward: vec![0.0; n],
            terminated: vec![false; n],
            truncated: vec![false; n],
            final_obs: vec![0.0; n * d],
            facts: vec![StepFacts::default(); n],
        }
    }

    /// All of it, lent to one step.
    pub fn out(&mut self) -> StepOut<'_> {
        StepOut {
            obs: &mut self.obs,
            reward: &mut self.reward,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            final_obs: Some(&mut self.final_obs),
            facts: Some(&mut self.facts),
        }
    }
}
