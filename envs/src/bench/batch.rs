//! A batch and all that its steps need.

use rand::RngExt as _;
use tradepit::rng::{Purpose, stream};

use crate::{Actions, Autoreset, Error, Result, SimSetup, SimVecEnv, Space, StepOut, VecEnv as _};

/// Steps whose actions are drawn beforehand, at least; then they come again.
const ROUNDS: usize = 64;
/// Environments times steps whose actions are drawn, at least: those of a few environments are then no matter of luck.
const DRAWN: usize = 4_096;

/// Environments, the memory that their steps write, and their actions: random numbers from -1 to 1, of which a random half
/// changes every step.
///
/// ```
/// use tradepit_envs::{EnvSpec, SimSetup, VecEnv, bench::BenchBatch, scenarios::Scenario};
/// # use tradepit::market::synth;
/// let spec = Scenario::named("bench")?.spec().clone();
/// let setup = SimSetup::new(spec, synth::es_1m(5_000, 0)?)?;
/// let mut batch = BenchBatch::new(&setup, 64, 1)?;
/// for _ in 0..100 {
///     batch.step()?;
/// }
/// let counts = batch.envs().drain_counts();
/// assert_eq!(counts.steps, 6_400);
/// // About half of the steps fill an order.
/// assert!((2_800..3_200).contains(&counts.fills));
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct BenchBatch {
    envs: SimVecEnv,
    obs: Vec<f32>,
    reward: Vec<f32>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    actions: Vec<f32>,
    /// Numbers of the actions of one step.
    width: usize,
    /// Where those of the next step begin.
    at: usize,
}

impl BenchBatch {
    /// `num_envs` environments on `threads` threads, reset with seed 0.
    ///
    /// # Errors
    /// When actions are no boxes, or there is no environment.
    pub fn new(setup: &SimSetup, num_envs: usize, threads: usize) -> Result<Self> {
        let mut envs = setup.vec_env(num_envs, threads, Autoreset::NextStep)?;
        let width = match envs.action_space() {
            Space::Discrete { .. } | Space::MultiDiscrete { .. } => {
                return Err(Error::spec("action", "a bench draws numbers; use an action scheme of numbers"));
            }
            space => num_envs * space.len(),
        };
        let mut rng = stream(1, 0, Purpose::Policy);
        let mut actions = vec![0.0f32; width * ROUNDS.max(DRAWN / num_envs)];
        for i in width..actions.len() {
            actions[i] = if rng.random::<bool>() { rng.random_range(-1.0..=1.0) } else { actions[i - width] };
        }
        let mut obs = vec![0.0; num_envs * envs.observation_space().len()];
        envs.reset(0, &mut obs)?;
        let (terminated, truncated) = (vec![false; num_envs], vec![false; num_envs]);
        Ok(Self { envs, obs, reward: vec![0.0; num_envs], terminated, truncated, actions, width, at: 0 })
    }

    /// Steps all of them once.
    ///
    /// # Errors
    /// As [`step`](crate::VecEnv::step).
    #[inline]
    pub fn step(&mut self) -> Result<()> {
        let out = StepOut {
            obs: &mut self.obs,
            reward: &mut self.reward,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            final_obs: None,
            facts: None,
        };
        let actions = &self.actions[self.at..][..self.width];
        self.at = if self.at + self.width == self.actions.len() { 0 } else { self.at + self.width };
        self.envs.step(Actions::Box(actions), out)
    }

    /// The environments.
    pub fn envs(&mut self) -> &mut SimVecEnv {
        &mut self.envs
    }
}
