//! Thousands of simulated environments in one step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tradepit::{
    Rng,
    venue::{Sim, SimState},
};

use super::{
    Actions, Autoreset, EpisodeStats, RewardNormaliser, StepCounts, StepOut, VecEnv, lanes::Lanes, own::Own,
    parts::Part, pool::Pool, run,
};
use crate::{
    BatchReward, EnvState, Error, Gather, Result, Rules, SimSetup, Space, StepFacts, check, observe::observe, step,
};

/// Environments of one part of a batch share the sums of its ended episodes, so that sums do not depend on threads.
pub(super) const CHUNK: usize = 64;

/// What one environment of a batch remembers. It holds no pointer to shared things; a snapshot is a clone.
///
/// ```
/// use tradepit_envs::{Autoreset, SimSetup, VecEnv};
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(9_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
/// let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// envs.reset(7, &mut [obs.clone(), obs.clone()].concat()).unwrap();
/// env.reset(Some(8), &mut obs).unwrap();
/// // Lane 1 of seed 7 is the single environment of seed 8.
/// let lane = envs.lane(1);
/// assert_eq!((lane.row(), lane.env()), (env.venue().state().row(), env.state()));
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    pub(super) sim: SimState,
    pub(super) env: EnvState,
    pub(super) seed: u64,
    pub(super) episode: u64,
    pub(super) ended: bool,
}

impl Lane {
    /// Account, drawdown, steps.
    #[must_use]
    pub fn env(&self) -> &EnvState {
        &self.env
    }

    /// Row of the data at which it is.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.sim.row()
    }
}

/// The last episode that an environment ended.
///
/// ```
/// use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, StepOut, VecEnv};
/// # use tradepit::market::synth;
/// let spec: EnvSpec = serde_json::from_str(r#"{"episode": {"length": {"kind": "steps", "steps": 1}}}"#).unwrap();
/// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(1, 1, Autoreset::SameStep).unwrap();
/// # let (mut obs, mut reward) = (vec![0.0; envs.observation_space().len()], [0.0]);
/// # let (mut terminated, mut truncated) = ([false], [false]);
/// envs.reset(0, &mut obs).unwrap();
/// let start = envs.lane(0).row();
/// envs.step(Actions::Box(&[1.0]), StepOut { obs: &mut obs, reward: &mut reward, terminated: &mut terminated,
///     truncated: &mut truncated, final_obs: None, facts: None }).unwrap();
/// let end = envs.episode_ends()[0];
/// assert_eq!((end.length, end.row, end.reward), (1, start + 1, f64::from(reward[0])));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeEnd {
    /// Sum of its rewards.
    pub reward: f64,
    /// Its length in steps.
    pub length: u32,
    /// Row of the data at which it ended.
    pub row: u32,
    /// Numbers of its observations that had to be clipped.
    pub clipped: u32,
}

/// Simulated environments of one spec over one market, stepped together.
///
/// Environment `i` is bit for bit the single environment that is reset with seed `seed + i`, whatever the number of
/// threads and environments.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, StepOut, VecEnv};
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(8, 1, Autoreset::SameStep).unwrap();
/// let d = envs.observation_space().len();
/// let (mut obs, mut reward) = (vec![0.0; 8 * d], [0.0; 8]);
/// let (mut terminated, mut truncated) = ([false; 8], [false; 8]);
/// envs.reset(0, &mut obs).unwrap();
/// envs.step(Actions::Box(&[1.0; 8]), StepOut { obs: &mut obs, reward: &mut reward, terminated: &mut terminated,
///     truncated: &mut truncated, final_obs: None, facts: None }).unwrap();
/// ```
#[derive(Debug)]
pub struct SimVecEnv {
    setup: SimSetup,
    pub(super) autoreset: Autoreset,
    threads: usize,
    pub(super) lanes: Lanes,
    pub(super) rngs: Vec<Rng>,
    /// One an environment where numbers or markets are drawn, else none.
    pub(super) own: Vec<Own>,
    pub(super) ends: Vec<EpisodeEnd>,
    pub(super) stats: Vec<EpisodeStats>,
    /// Of episodes that are in no sums (any more), less what [`drain_counts`](Self::drain_counts) has told.
    pub(super) counted: StepCounts,
    pool: Option<Pool>,
    pub(super) started: bool,
    pub(super) normaliser: Option<RewardNormaliser>,
    /// For rewards that are computed for the whole batch, where the caller does not ask for facts.
    facts: Vec<StepFacts>,
}

impl Clone for SimVecEnv {
    /// The clone continues with the same bits; it shares the market data, and starts threads of its own when it steps.
    fn clone(&self) -> Self {
        Self {
            setup: self.setup.clone(),
            autoreset: self.autoreset,
            threads: self.threads,
            lanes: self.lanes.clone(),
            rngs: self.rngs.clone(),
            own: self.own.clone(),
            ends: self.ends.clone(),
            stats: self.stats.clone(),
            counted: self.counted,
            pool: None,
            started: self.started,
            normaliser: self.normaliser.clone(),
            facts: Vec::new(),
        }
    }
}

impl SimVecEnv {
    pub(crate) fn new(setup: SimSetup, num_envs: usize, threads: usize, autoreset: Autoreset) -> Result<Self> {
        // Four million lanes take some gigabytes; a typing error takes the process.
        const MOST: usize = 1 << 22;
        if !(1..=MOST).contains(&num_envs) {
            return Err(Error::spec("num_envs", format!("{num_envs} must be in 1..={MOST}")));
        }
        let threads = if threads == 0 { std::thread::available_parallelism().map_or(1, Into::into) } else { threads };
        // A part of fewer than a chunk of environments costs more to hand over than to step.
        let threads = threads.min(num_envs / CHUNK).clamp(1, super::parts::MOST);
        let rng = setup.begin(0, 0).1;
        Ok(Self {
            autoreset,
            threads,
            lanes: Lanes::new(&setup, num_envs, threads),
            rngs: vec![rng; num_envs],
            own: Own::nominal(&setup, num_envs),
            ends: vec![EpisodeEnd::default(); num_envs],
            stats: vec![EpisodeStats::default(); num_envs.div_ceil(CHUNK)],
            counted: StepCounts::default(),
            pool: None,
            started: false,
            normaliser: None,
            facts: Vec::new(),
            setup,
        })
    }

    /// What the environments share.
    #[must_use]
    pub fn setup(&self) -> &SimSetup {
        &self.setup
    }

    /// What an environment remembers.
    ///
    /// # Panics
    /// When there is no such environment.
    #[must_use]
    pub fn lane(&self, env: usize) -> Lane {
        self.lanes.get(&self.setup, env)
    }

    /// Of each environment the last episode that it ended.
    #[must_use]
    pub fn episode_ends(&self) -> &[EpisodeEnd] {
        &self.ends
    }

    /// Threads that step it.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Bytes that the batch holds for its environments: what they remember, their random streams, their last episodes and
    /// the sums over them. The market, which they share, and the rows of a step, which are the caller's, are not among
    /// them, nor what environments draw for themselves.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.lanes.bytes() + size_of_val(&*self.rngs) + size_of_val(&*self.ends) + size_of_val(&*self.stats)
    }

    /// Resets the environments for which `mask` is true: those with a seed to the first episode of that seed, the
    /// others to their next episode. Only their rows of `obs` are written.
    ///
    /// # Errors
    /// When a length does not fit.
    pub fn reset_lanes(&mut self, seeds: &[Option<u64>], mask: &[bool], obs: &mut [f32]) -> Result<()> {
        let (n, d) = (self.lanes.len(), self.observation_space().len());
        Error::shape("seeds", n, seeds.len())?;
        Error::shape("reset_mask", n, mask.len())?;
        Error::shape("obs", n * d, obs.len())?;
        (0..n).filter(|i| mask[*i]).for_each(|i| self.count_given_up(i));
        let rows = obs.chunks_exact_mut(d).zip(seeds.iter().zip(mask));
        let mut lanes = self.lanes.all();
        for (i, (rng, (obs, (seed, mask)))) in self.rngs.iter_mut().zip(rows).enumerate() {
            if !*mask {
                continue;
            }
            lanes.with(&self.setup, i, |lane| {
                match seed {
                    Some(seed) => (lane.seed, lane.episode) = (*seed, 0),
                    None => lane.episode += u64::from(self.started),
                }
                run::begin(&self.setup, lane, rng, self.own.get_mut(i), obs)
            })?;
            if let Some(normaliser) = &mut self.normaliser {
                normaliser.forget(i);
            }
        }
        self.started = true;
        Ok(())
    }

    /// Steps all environments once, and has `reward` compute the rewards of the whole batch in one call, in place of the
    /// spec's own.
    ///
    /// It reads the facts before any autoreset. Environments that only reset in this step (under
    /// [`Autoreset::NextStep`]) show facts at rest and get 0, whatever it says. Sums over episodes are of these rewards.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// use tradepit_envs::{Actions, Autoreset, BatchReward, EnvSpec, Result, SimSetup, StepFacts, StepOut, VecEnv};
    /// struct Exposure;
    /// impl BatchReward for Exposure {
    ///     fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()> {
    ///         out.iter_mut().zip(facts).for_each(|(out, f)| *out = f.position as f32);
    ///         Ok(())
    ///     }
    /// }
    /// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
    /// let mut obs = vec![0.0; 2 * envs.observation_space().len()];
    /// let (mut reward, mut terminated, mut truncated) = ([0.0; 2], [false; 2], [false; 2]);
    /// envs.reset(0, &mut obs).unwrap();
    /// envs.step_with(Actions::Box(&[1.0, -1.0]), StepOut { obs: &mut obs, reward: &mut reward,
    ///     terminated: &mut terminated, truncated: &mut truncated, final_obs: None, facts: None }, &mut Exposure).unwrap();
    /// assert_eq!(reward, [1.0, -1.0]);
    /// ```
    ///
    /// # Errors
    /// As [`step`](VecEnv::step); and when `reward` fails or gives a number that is not finite. The environments have
    /// moved then, consistently, and the rewards of this step count as 0.
    pub fn step_with(
        &mut self,
        actions: Actions<'_>,
        mut out: StepOut<'_>,
        reward: &mut impl BatchReward,
    ) -> Result<()> {
        self.check(actions, &out)?;
        let n = self.lanes.len();
        let mut own = std::mem::take(&mut self.facts);
        let result = {
            let facts = match out.facts.take() {
                Some(facts) => facts,
                None => {
                    own.resize(n, StepFacts::default());
                    &mut own[..]
                }
            };
            let moved =
                self.each_part(actions, StepOut { facts: Some(&mut *facts), ..out.reborrow() }, &run::step_unpaid);
            moved.and_then(|()| {
                let paid = reward.rewards(facts, out.reward).and_then(|()| check::rewards(out.reward));
                if paid.is_err() {
                    out.reward.fill(0.0);
                }
                self.each_part(actions, StepOut { facts: None, ..out.reborrow() }, &run::pay).and(paid)
            })
        };
        self.facts = own;
        if self.normaliser.is_some() {
            self.scale_rewards(out.reward, out.terminated, out.truncated);
        }
        result
    }

    /// Writes the present observations once more.
    ///
    /// # Errors
    /// When `obs` has the wrong length, or the environments have not begun.
    pub fn observe(&mut self, obs: &mut [f32]) -> Result<()> {
        let d = self.observation_space().len();
        Error::shape("obs", self.lanes.len() * d, obs.len())?;
        self.check_started()?;
        let Self { setup, lanes, rngs, own, .. } = self;
        let mut lanes = lanes.all();
        for (i, (rng, obs)) in rngs.iter_mut().zip(obs.chunks_exact_mut(d)).enumerate() {
            let (world, obs) = match own.get(i) {
                None => (&**setup.world(), obs),
                Some(own) => (&own.world, own.drawn.show(obs)),
            };
            lanes.with(setup, i, |lane| {
                let venue = Sim { world, state: &mut lane.sim, rng };
                let clipped = lane.env.clipped;
                observe(setup.rules(), &venue, &mut lane.env, obs);
                lane.env.clipped = clipped;
            });
        }
        Ok(())
    }

    /// Writes what the last action of each environment came to, one row an environment, one number an instrument; see
    /// [`Env::executed_action`](crate::Env::executed_action). After an autoreset it is what the new episode began with.
    ///
    /// # Errors
    /// When a length does not fit, or the environments have not begun.
    pub fn executed_actions(&mut self, executed: &mut [f64]) -> Result<()> {
        let width = self.setup.world().data.instruments().len();
        Error::shape("executed", self.lanes.len() * width, executed.len())?;
        self.each_lane(executed, width, |rules, venue, env, row| step::executed(rules, venue, env, row))
    }

    /// Shows every environment as it stands, with its row of `out`.
    fn each_lane<T>(
        &mut self,
        out: &mut [T],
        width: usize,
        show: impl Fn(&Rules, &Sim<'_>, &EnvState, &mut [T]),
    ) -> Result<()> {
        self.check_started()?;
        let Self { setup, lanes, rngs, own, .. } = self;
        let mut lanes = lanes.all();
        // A row of nothing is none.
        for (i, row) in out.chunks_exact_mut(width.max(1)).enumerate() {
            let world = own.get(i).map_or(&**setup.world(), |own| &own.world);
            lanes.with(setup, i, |Lane { sim, env, .. }| {
                show(setup.rules(), &Sim { world, state: sim, rng: &mut rngs[i] }, env, row);
            });
        }
        Ok(())
    }

    fn check_started(&self) -> Result<()> {
        if self.started {
            return Ok(());
        }
        Err(Error::State("the environments have not begun: reset them first".into()))
    }

    /// Runs `job` over the batch, one part a thread.
    fn each_part(
        &mut self,
        actions: Actions<'_>,
        out: StepOut<'_>,
        job: &(impl Fn(&SimSetup, Autoreset, &mut Part<'_>) -> std::result::Result<(), Box<Error>> + Sync),
    ) -> Result<()> {
        let d = self.observation_space().len();
        let Self { setup, autoreset, threads, lanes, rngs, own, ends, stats, pool, .. } = self;
        let mut whole = Part { lanes: lanes.all(), rngs, own, ends, stats, actions, out, error: None };
        if *threads == 1 {
            return job(setup, *autoreset, &mut whole).map_err(|error| *error);
        }
        let job = |part: &mut Part<'_>| {
            if let Err(error) = job(setup, *autoreset, part) {
                part.error = Some(error);
            }
        };
        let pool = pool.get_or_insert_with(|| Pool::new(*threads));
        whole.split(*threads, d, setup.rules().action_space().len(), |parts| {
            if !pool.run(parts, &|part| part.as_mut().map_or((), job)) {
                return Err(super::pool::panicked());
            }
            parts.iter_mut().flatten().find_map(|part| part.error.take()).map_or(Ok(()), |e| Err(*e))
        })
    }

    /// Says what [`step`](VecEnv::step) would refuse, and steps nothing.
    ///
    /// # Errors
    /// Those of a step that leave the environments as they are.
    pub fn check(&self, actions: Actions<'_>, out: &StepOut<'_>) -> Result<()> {
        let (n, d) = (self.lanes.len(), self.observation_space().len());
        self.check_started()?;
        check::batch(self.action_space(), n, actions)?;
        Error::shape("obs", n * d, out.obs.len())?;
        Error::shape("reward", n, out.reward.len())?;
        Error::shape("terminated", n, out.terminated.len())?;
        Error::shape("truncated", n, out.truncated.len())?;
        out.final_obs.as_ref().map_or(Ok(()), |o| Error::shape("final_obs", n * d, o.len()))?;
        out.facts.as_ref().map_or(Ok(()), |f| Error::shape("facts", n, f.len()))?;
        if self.autoreset == Autoreset::Disabled
            && let Some(env) = self.lanes.first_ended()
        {
            let how = "reset it first: autoreset is disabled";
            return Err(Error::State(format!("the episode of environment {env} has ended; {how}")));
        }
        Ok(())
    }
}

impl VecEnv for SimVecEnv {
    fn num_envs(&self) -> usize {
        self.lanes.len()
    }

    fn autoreset(&self) -> Autoreset {
        self.autoreset
    }

    fn observation_space(&self) -> &Space {
        self.setup.rules().observation_space()
    }

    fn action_space(&self) -> &Space {
        self.setup.rules().action_space()
    }

    fn reset(&mut self, seed: u64, obs: &mut [f32]) -> Result<()> {
        let d = self.observation_space().len();
        Error::shape("obs", self.lanes.len() * d, obs.len())?;
        (0..self.lanes.len()).for_each(|i| self.count_given_up(i));
        let mut lanes = self.lanes.all();
        for (i, (rng, obs)) in self.rngs.iter_mut().zip(obs.chunks_exact_mut(d)).enumerate() {
            lanes.with(&self.setup, i, |lane| {
                (lane.seed, lane.episode) = (seed.wrapping_add(i as u64), 0);
                run::begin(&self.setup, lane, rng, self.own.get_mut(i), obs)
            })?;
        }
        if let Some(normaliser) = &mut self.normaliser {
            normaliser.restart(self.lanes.len());
        }
        self.started = true;
        Ok(())
    }

    fn step(&mut self, actions: Actions<'_>, mut out: StepOut<'_>) -> Result<()> {
        self.check(actions, &out)?;
        self.each_part(actions, out.reborrow(), &run::step)?;
        if self.normaliser.is_some() {
            self.scale_rewards(out.reward, out.terminated, out.truncated);
        }
        Ok(())
    }

    fn gather(&self) -> Option<Arc<dyn Gather>> {
        self.setup.rules().gather().map(|gather| Arc::clone(gather) as Arc<dyn Gather>)
    }

    fn masks(&self) -> bool {
        self.setup.rules().masks()
    }

    fn action_masks(&mut self, masks: &mut [bool]) -> Result<()> {
        let width = self.setup.rules().mask_len();
        Error::shape("masks", self.lanes.len() * width, masks.len())?;
        self.each_lane(masks, width, |rules, venue, env, row| step::mask(rules, venue, env, row))
    }

    fn drain_episodes(&mut self) -> EpisodeStats {
        let mut sum = EpisodeStats::default();
        for stats in &mut self.stats {
            sum.merge(&std::mem::take(stats));
        }
        self.counted += StepCounts::of_ended(&sum);
        sum
    }
}
