//! Rewards divided by how much their discounted sum varies.

use serde::{Deserialize, Serialize};

use super::{SimVecEnv, VecEnv as _};
use crate::{Autoreset, Error, Result};

/// Below this variance of the discounted return rewards are not blown up any more.
const EPSILON: f64 = 1e-8;

/// Divides the rewards of a batch by the running deviation of their discounted return, and clips them to `clip`.
///
/// Each environment's discounted return, `R = gamma R + reward`, is one sample a step, merged into the moments of all
/// before by the formula of Chan, Golub and LeVeque (1979); the reward is divided by `sqrt(variance + 1e-8)`, and `R` is
/// 0 again where an episode ended. It is the scaling of `VecNormalize` (Stable-Baselines3) and `NormalizeReward`
/// (Gymnasium), which differ by the 0.0001 of a sample that they begin with.
///
/// ```
/// use tradepit_envs::RewardNormaliser;
/// let mut normaliser = RewardNormaliser::new(0.5, 2).unwrap();
/// let mut rewards = [1.0, 3.0];
/// normaliser.scale(&mut rewards, |_| true, |env| env == 1);
/// assert!((rewards[1] - 3.0).abs() < 1e-6); // returns of 1 and 3: a deviation of 1
/// normaliser.freeze(true);
/// let before = normaliser.clone();
/// normaliser.scale(&mut [100.0, 100.0], |_| true, |_| false);
/// assert_eq!(normaliser, before);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardNormaliser {
    gamma: f64,
    clip: f32,
    frozen: bool,
    returns: Vec<f64>,
    count: f64,
    mean: f64,
    variance: f64,
}

impl RewardNormaliser {
    /// Of `num_envs` environments, for agents of discount `gamma`; rewards are clipped to +-10.
    ///
    /// # Errors
    /// When `gamma` is not in [0, 1].
    pub fn new(gamma: f64, num_envs: usize) -> Result<Self> {
        let returns = vec![0.0; num_envs];
        let made = Self { gamma, clip: 10.0, frozen: false, returns, count: 0.0, mean: 0.0, variance: 1.0 };
        made.check().map(|()| made)
    }

    /// The same with another bound of the rewards.
    ///
    /// # Errors
    /// When it is not a number above 0.
    pub fn with_clip(self, clip: f32) -> Result<Self> {
        let made = Self { clip, ..self };
        made.check().map(|()| made)
    }

    /// Whether its numbers can be gone on with, as after they came from a file.
    ///
    /// # Errors
    /// Names the number that can't.
    pub fn check(&self) -> Result<()> {
        let refuse = |name: &str, value: f64, range: &str| {
            Err(Error::spec(format!("normalize_reward.{name}"), format!("{value} must be a finite number {range}")))
        };
        if !(0.0..=1.0).contains(&self.gamma) {
            return refuse("gamma", self.gamma, "in [0, 1]");
        }
        if !(self.clip.is_finite() && self.clip > 0.0) {
            return refuse("clip", self.clip.into(), "above 0");
        }
        if let Some(value) = [self.count, self.variance].into_iter().find(|x| !(x.is_finite() && *x >= 0.0)) {
            return refuse("statistics", value, "of at least 0");
        }
        match self.returns.iter().chain([&self.mean]).find(|x| !x.is_finite()) {
            Some(value) => refuse("statistics", *value, ""),
            None => Ok(()),
        }
    }

    /// How many environments it is of.
    #[must_use]
    pub fn num_envs(&self) -> usize {
        self.returns.len()
    }

    /// What rewards are divided by.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        (self.variance + EPSILON).sqrt()
    }

    /// Keeps the statistics as they are from here on, as for an evaluation, or learns again.
    pub fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Whether the statistics stay as they are.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Forgets the running episodes and keeps the statistics; they are of that many environments from here on.
    pub fn restart(&mut self, num_envs: usize) {
        self.returns.clear();
        self.returns.resize(num_envs, 0.0);
    }

    /// Forgets the running episode of one environment.
    pub fn forget(&mut self, env: usize) {
        if let Some(total) = self.returns.get_mut(env) {
            *total = 0.0;
        }
    }

    /// Learns from the rewards of one step, of the environments that `stepped`, and scales all of them; `ended` says whose
    /// episode is over.
    pub fn scale(&mut self, rewards: &mut [f32], stepped: impl Fn(usize) -> bool, ended: impl Fn(usize) -> bool) {
        if !self.frozen {
            self.learn(rewards, stepped, ended);
        }
        let scale = 1.0 / self.deviation();
        for reward in rewards {
            *reward = ((f64::from(*reward) * scale) as f32).clamp(-self.clip, self.clip);
        }
    }

    fn learn(&mut self, rewards: &[f32], stepped: impl Fn(usize) -> bool, ended: impl Fn(usize) -> bool) {
        let (mut rows, mut sum, mut squares) = (0.0, 0.0, 0.0);
        let each = self.returns.iter_mut().zip(rewards).enumerate();
        for (env, (total, reward)) in each.filter(|(env, _)| stepped(*env)) {
            *total = self.gamma * *total + f64::from(*reward);
            let distance = *total - self.mean;
            rows += 1.0;
            sum += distance;
            squares += distance * distance;
            if ended(env) {
                *total = 0.0;
            }
        }
        if rows == 0.0 {
            return;
        }
        let shift = sum / rows;
        let within = (squares - sum * shift).max(0.0);
        let total = self.count + rows;
        let before = if self.count > 0.0 { self.variance * self.count } else { 0.0 };
        self.mean += shift * rows / total;
        self.variance = (before + within + shift * shift * self.count * rows / total) / total;
        self.count = total;
    }
}

impl SimVecEnv {
    /// Has every step give its rewards divided by the running deviation of their discounted return, or as they are.
    ///
    /// Episodes are counted in rewards as they are. A snapshot has the statistics in it.
    ///
    /// ```
    /// use tradepit_envs::{Actions, Autoreset, EnvSpec, RewardNormaliser, SimSetup, StepBuffers, VecEnv};
    /// # use tradepit::market::synth;
    /// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// let mut envs = setup.vec_env(8, 1, Autoreset::SameStep).unwrap();
    /// envs.normalise_reward(Some(RewardNormaliser::new(0.99, 8).unwrap())).unwrap();
    /// let mut rows = StepBuffers::new(&envs);
    /// envs.reset(0, &mut rows.obs).unwrap();
    /// for _ in 0..50 {
    ///     envs.step(Actions::Box(&[1.0; 8]), rows.out()).unwrap();
    /// }
    /// // Profit by capital is a matter of 0.0001; what an agent gets is of the order of 1.
    /// assert!(rows.reward.iter().any(|reward| reward.abs() > 0.05));
    /// envs.normaliser_mut().unwrap().freeze(true); // for an evaluation
    /// ```
    ///
    /// # Errors
    /// When it is of another number of environments.
    pub fn normalise_reward(&mut self, normaliser: Option<RewardNormaliser>) -> Result<()> {
        if let Some(normaliser) = &normaliser {
            normaliser.check()?;
            Error::shape("normalize_reward", self.num_envs(), normaliser.num_envs())?;
        }
        self.normaliser = normaliser;
        Ok(())
    }

    /// What scales the rewards, if anything does.
    #[must_use]
    pub fn normaliser(&self) -> Option<&RewardNormaliser> {
        self.normaliser.as_ref()
    }

    /// What scales the rewards, to be frozen.
    #[must_use]
    pub fn normaliser_mut(&mut self) -> Option<&mut RewardNormaliser> {
        self.normaliser.as_mut()
    }

    /// Scales the rewards of a step that has been taken.
    #[cold]
    pub(super) fn scale_rewards(&mut self, rewards: &mut [f32], terminated: &[bool], truncated: &[bool]) {
        let Self { normaliser: Some(normaliser), lanes, .. } = self else { return };
        // An environment that was reset in place of a step has no reward, and none to learn from.
        let resets = self.autoreset == Autoreset::NextStep;
        normaliser.scale(rewards, |env| !(resets && lanes.steps(env) == 0), |env| terminated[env] || truncated[env]);
    }
}
