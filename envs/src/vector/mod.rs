//! Many environments stepped together. The caller owns the memory that a step writes.

mod actions;
mod asynchronous;
mod background;
#[cfg(test)]
mod batch_reward_tests;
mod block;
mod buffers;
mod counts;
mod episodes;
mod handoff;
mod lanes;
mod normaliser;
#[cfg(test)]
mod normaliser_tests;
mod own;
mod parts;
mod pool;
mod run;
mod sim;
mod snapshot;

pub use actions::{ActionBuffer, Actions};
pub use asynchronous::AsyncVecEnv;
pub use background::{Background, Here};
pub use buffers::StepBuffers;
pub use counts::StepCounts;
pub use episodes::EpisodeStats;
pub use normaliser::RewardNormaliser;
pub use sim::{EpisodeEnd, Lane, SimVecEnv};
pub use snapshot::VecSnapshot;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Gather, Result, Space, StepFacts};

/// What happens when an episode of one of the environments ends (Gymnasium's three modes).
///
/// ```
/// use tradepit_envs::{Actions, Autoreset, SimSetup, StepOut, VecEnv};
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// let spec: EnvSpec = serde_json::from_str(r#"{"episode": {"length": {"kind": "steps", "steps": 2}}}"#).unwrap();
/// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let lengths = |autoreset| {
///     let mut envs = setup.vec_env(1, 1, autoreset).unwrap();
///     let (mut obs, mut reward) = (vec![0.0; envs.observation_space().len()], [0.0]);
///     let (mut terminated, mut truncated) = ([false], [false]);
///     envs.reset(0, &mut obs).unwrap();
///     [(); 4].map(|()| {
///         envs.step(Actions::Box(&[1.0]), StepOut { obs: &mut obs, reward: &mut reward, terminated: &mut terminated,
///             truncated: &mut truncated, final_obs: None, facts: None }).unwrap();
///         envs.lane(0).env().steps()
///     })
/// };
/// assert_eq!(lengths(Autoreset::SameStep), [1, 0, 1, 0]);
/// assert_eq!(lengths(Autoreset::NextStep), [1, 2, 0, 1]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Autoreset {
    /// The step after the end ignores its action, resets, and returns reward 0.
    #[default]
    NextStep,
    /// The ending step resets at once: `obs` is the new episode's first, `final_obs` the old one's last.
    SameStep,
    /// The caller resets; stepping an ended environment is an error.
    Disabled,
}

/// The memory that one step writes, owned by the caller.
///
/// ```
/// use tradepit_envs::{Actions, Autoreset, SimSetup, StepFacts, StepOut, VecEnv};
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
/// let d = envs.observation_space().len();
/// let (mut obs, mut final_obs, mut reward) = (vec![0.0; 2 * d], vec![0.0; 2 * d], [0.0; 2]);
/// let (mut terminated, mut truncated, mut facts) = ([false; 2], [false; 2], [StepFacts::default(); 2]);
/// envs.reset(0, &mut obs).unwrap();
/// envs.step(Actions::Box(&[1.0, 0.0]), StepOut { obs: &mut obs, reward: &mut reward, terminated: &mut terminated,
///     truncated: &mut truncated, final_obs: Some(&mut final_obs), facts: Some(&mut facts) }).unwrap();
/// assert_eq!((facts[0].position, facts[1].position, reward[1]), (1.0, 0.0, 0.0));
/// ```
///
/// Shapes, with `n = num_envs` and `d = observation_space().len()`: `obs` is `n * d` (row-major), `reward`,
/// `terminated` and `truncated` are `n`; `final_obs` is `n * d`, written only in rows whose episode ended,
/// and only under [`Autoreset::SameStep`].
#[derive(Debug)]
pub struct StepOut<'a> {
    /// Observations after the step, `n * d`.
    pub obs: &'a mut [f32],
    /// Rewards of the step, `n`.
    pub reward: &'a mut [f32],
    /// The episode ended by itself (ruin, drawdown limit), `n`.
    pub terminated: &'a mut [bool],
    /// The episode was cut (session, length, end of data), `n`. Bootstrap here, never treat it as termination.
    pub truncated: &'a mut [bool],
    /// Last observations of the episodes that ended, `n * d`.
    pub final_obs: Option<&'a mut [f32]>,
    /// The step's facts, `n`, captured before any autoreset.
    pub facts: Option<&'a mut [StepFacts]>,
}

impl<'a> StepOut<'a> {
    /// The same memory, borrowed for a shorter time.
    pub(crate) fn reborrow(&mut self) -> StepOut<'_> {
        StepOut {
            obs: self.obs,
            reward: self.reward,
            terminated: self.terminated,
            truncated: self.truncated,
            final_obs: self.final_obs.as_deref_mut(),
            facts: self.facts.as_deref_mut(),
        }
    }

    /// The memory of the first `n` environments, `d` numbers an observation, and that of the others.
    pub(crate) fn split_at(self, n: usize, d: usize) -> (Self, Self) {
        let (obs, obs_behind) = self.obs.split_at_mut(n * d);
        let (reward, reward_behind) = self.reward.split_at_mut(n);
        let (terminated, terminated_behind) = self.terminated.split_at_mut(n);
        let (truncated, truncated_behind) = self.truncated.split_at_mut(n);
        let (final_obs, final_obs_behind) = self.final_obs.map(|o| o.split_at_mut(n * d)).unzip();
        let (facts, facts_behind) = self.facts.map(|f| f.split_at_mut(n)).unzip();
        (
            Self { obs, reward, terminated, truncated, final_obs, facts },
            Self {
                obs: obs_behind,
                reward: reward_behind,
                terminated: terminated_behind,
                truncated: truncated_behind,
                final_obs: final_obs_behind,
                facts: facts_behind,
            },
        )
    }
}

/// Many environments of one spec, stepped in one call.
///
/// ```
/// use tradepit_envs::{Actions, Autoreset, Result, SimSetup, StepOut, VecEnv};
/// /// Total reward of an action that is repeated, whatever the environments are.
/// fn repeated(envs: &mut impl VecEnv, action: f32, steps: usize) -> Result<f32> {
///     let n = envs.num_envs();
///     let (mut obs, mut reward) = (vec![0.0; n * envs.observation_space().len()], vec![0.0; n]);
///     let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
///     let (actions, mut total) = (vec![action; n * envs.action_space().len()], 0.0);
///     envs.reset(0, &mut obs)?;
///     for _ in 0..steps {
///         envs.step(Actions::Box(&actions), StepOut { obs: &mut obs, reward: &mut reward,
///             terminated: &mut terminated, truncated: &mut truncated, final_obs: None, facts: None })?;
///         total += reward.iter().sum::<f32>();
///     }
///     Ok(total)
/// }
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0)?)?;
/// let mut envs = setup.vec_env(8, 1, Autoreset::SameStep)?;
/// assert_eq!(repeated(&mut envs, 0.0, 20)?, 0.0);
/// assert_ne!(repeated(&mut envs, 1.0, 20)?, 0.0);
/// # Result::Ok(())
/// ```
///
/// Native agents run it under [`Autoreset::SameStep`] with `final_obs`.
pub trait VecEnv {
    /// How many environments step together.
    fn num_envs(&self) -> usize;
    /// The mode, fixed for the life of the batch.
    fn autoreset(&self) -> Autoreset;
    /// Of one environment.
    fn observation_space(&self) -> &Space;
    /// Of one environment.
    fn action_space(&self) -> &Space;
    /// Starts a new episode everywhere; environment `i` draws from seed `seed + i`, as Gymnasium does.
    ///
    /// # Errors
    /// When `obs` is not `num_envs * observation_space().len()` long.
    fn reset(&mut self, seed: u64, obs: &mut [f32]) -> Result<()>;
    /// Steps all environments once.
    ///
    /// # Errors
    /// When a buffer has the wrong length, or an action is not finite or out of range; no environment has moved then.
    fn step(&mut self, actions: Actions<'_>, out: StepOut<'_>) -> Result<()>;
    /// What turns observations into those that a network reads; none where they are the same.
    fn gather(&self) -> Option<Arc<dyn Gather>> {
        None
    }
    /// Whether [`action_masks`](Self::action_masks) may close choices.
    fn masks(&self) -> bool {
        false
    }
    /// Writes which choices are open now, one row an environment, one entry for each value of each whole number of an
    /// action ([`Space::choices`]).
    ///
    /// # Errors
    /// When a length does not fit, or the environments have not begun.
    fn action_masks(&mut self, masks: &mut [bool]) -> Result<()> {
        masks.fill(true);
        Ok(())
    }
    /// Sums over the episodes that ended since the last call.
    fn drain_episodes(&mut self) -> EpisodeStats;
}
