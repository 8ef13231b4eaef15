//! A batch as data: to be stored, sent to another process, and continued to the same bits.

use serde::{Deserialize, Serialize};
use tradepit::Rng;

use super::{EpisodeEnd, EpisodeStats, Lane, RewardNormaliser, SimVecEnv, StepCounts, VecEnv as _};
use crate::{Error, Result, env::same_market};

/// Everything that the environments of a batch remember.
///
/// ```
/// use tradepit_envs::{Autoreset, SimSetup, VecEnv, VecSnapshot};
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(4, 1, Autoreset::SameStep).unwrap();
/// envs.reset(0, &mut vec![0.0; 4 * envs.observation_space().len()]).unwrap();
/// let snapshot: VecSnapshot = envs.snapshot();
/// let mut more = setup.vec_env(8, 1, Autoreset::SameStep).unwrap();
/// assert_eq!(more.restore(snapshot).unwrap_err().to_string(), "snapshot: expected 8 values, got 4");
/// ```
///
/// See [`SimVecEnv::restore`] for an example.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VecSnapshot {
    lanes: Vec<Lane>,
    rngs: Vec<Rng>,
    /// Of each environment the drawn numbers of its episode and of the last one that it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    randomised: Vec<[Box<[f64]>; 2]>,
    ends: Vec<EpisodeEnd>,
    stats: Vec<EpisodeStats>,
    #[serde(default)]
    counted: StepCounts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    normaliser: Option<RewardNormaliser>,
    started: bool,
}

impl SimVecEnv {
    /// What the environments remember; the market is not in it.
    #[must_use]
    pub fn snapshot(&self) -> VecSnapshot {
        VecSnapshot {
            lanes: (0..self.num_envs()).map(|i| self.lane(i)).collect(),
            rngs: self.rngs.clone(),
            randomised: self.own.iter().map(|own| [own.drawn.values.clone(), own.ended.clone()]).collect(),
            ends: self.ends.clone(),
            stats: self.stats.clone(),
            counted: self.counted,
            normaliser: self.normaliser.clone(),
            started: self.started,
        }
    }

    /// Goes back to a snapshot, of this or of another batch of the same setup, and continues to the same bits.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, SimVecEnv, StepOut, VecEnv};
    /// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// let d = setup.rules().observation_space().len();
    /// let step = |envs: &mut SimVecEnv| {
    ///     let (mut obs, mut reward) = (vec![0.0; 2 * d], [0.0; 2]);
    ///     let (mut terminated, mut truncated) = ([false; 2], [false; 2]);
    ///     envs.step(Actions::Box(&[1.0, -1.0]), StepOut { obs: &mut obs, reward: &mut reward,
    ///         terminated: &mut terminated, truncated: &mut truncated, final_obs: None, facts: None }).unwrap();
    ///     (obs, reward)
    /// };
    /// let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
    /// envs.reset(0, &mut vec![0.0; 2 * d]).unwrap();
    /// step(&mut envs);
    /// let json = serde_json::to_string(&envs.snapshot()).unwrap();
    /// let mut other = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
    /// other.restore(serde_json::from_str(&json).unwrap()).unwrap();
    /// assert_eq!(step(&mut envs), step(&mut other));
    /// ```
    ///
    /// # Errors
    /// When the snapshot is of another number of environments, of another market or of other ranges.
    pub fn restore(&mut self, snapshot: VecSnapshot) -> Result<()> {
        let n = self.num_envs();
        Error::shape("snapshot", n, snapshot.lanes.len())?;
        Error::shape("snapshot.rngs", n, snapshot.rngs.len())?;
        Error::shape("snapshot.ends", n, snapshot.ends.len())?;
        Error::shape("snapshot.stats", self.stats.len(), snapshot.stats.len())?;
        if let Some(normaliser) = &snapshot.normaliser {
            normaliser.check()?;
            Error::shape("snapshot.normaliser", n, normaliser.num_envs())?;
        }
        let data = &self.setup().world().data;
        for lane in &snapshot.lanes {
            same_market(&lane.env, data.instruments().len())?;
            if lane.row() as usize >= data.len() {
                let message =
                    format!("the snapshot is at row {} of {} rows; use the same data", lane.row(), data.len());
                return Err(Error::State(message));
            }
        }
        let (mut own, numbers) = (self.own.clone(), &self.setup().rules().numbers);
        Error::shape("snapshot.randomised", own.len(), snapshot.randomised.len())?;
        for ((own, lane), [present, ended]) in own.iter_mut().zip(&snapshot.lanes).zip(snapshot.randomised) {
            Error::shape("snapshot.randomised", numbers.len(), present.len())?;
            Error::shape("snapshot.randomised", numbers.len(), ended.len())?;
            own.take(self.setup(), numbers.drawn(present), lane.seed, lane.episode)?;
            own.ended = ended;
        }
        self.own = own;
        self.lanes.set(snapshot.lanes);
        (self.rngs, self.ends, self.counted) = (snapshot.rngs, snapshot.ends, snapshot.counted);
        (self.stats, self.normaliser, self.started) = (snapshot.stats, snapshot.normaliser, snapshot.started);
        Ok(())
    }
}
