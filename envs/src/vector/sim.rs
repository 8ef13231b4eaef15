//! Thousands of simulated environments in one step.

use tradepit::{
    Rng,
    venue::{Sim, SimState, Start},
};

use super::{Actions, Autoreset, EpisodeStats, StepOut, VecEnv, parts::Part, pool::Pool};
use crate::{Action, EnvState, Error, Result, SimSetup, Space, Transition, check, step};

/// Environments of one part of a batch share the sums of its ended episodes, so that sums do not depend on threads.
pub(super) const CHUNK: usize = 64;
/// Lanes ahead for which memory is asked for: measured, 8 is too few and 32 no better.
const AHEAD: usize = 16;

/// What one environment of a batch remembers. It holds no pointer to shared things; a snapshot is a clone.
#[derive(Clone, Debug, Default)]
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

/// The reward sum and the length of the last episode that an environment ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EpisodeEnd {
    /// Sum of its rewards.
    pub reward: f64,
    /// Its length in steps.
    pub length: u32,
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
    autoreset: Autoreset,
    threads: usize,
    pub(super) lanes: Vec<Lane>,
    pub(super) rngs: Vec<Rng>,
    pub(super) ends: Vec<EpisodeEnd>,
    pub(super) stats: Vec<EpisodeStats>,
    pool: Option<Pool>,
    started: bool,
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
            ends: self.ends.clone(),
            stats: self.stats.clone(),
            pool: None,
            started: self.started,
        }
    }
}

impl SimVecEnv {
    pub(crate) fn new(setup: SimSetup, num_envs: usize, threads: usize, autoreset: Autoreset) -> Result<Self> {
        if num_envs == 0 {
            return Err(Error::spec("num_envs", "0 must be at least 1"));
        }
        let threads = if threads == 0 { std::thread::available_parallelism().map_or(1, Into::into) } else { threads };
        let instruments = setup.world().data.instruments().len();
        let lane = Lane { env: EnvState::new(instruments), ..Lane::default() };
        let rng = setup.begin(0, 0).1;
        Ok(Self {
            autoreset,
            // A part of fewer than a chunk of environments costs more to hand over than to step.
            threads: threads.min(num_envs / CHUNK).clamp(1, super::parts::MOST),
            lanes: vec![lane; num_envs],
            rngs: vec![rng; num_envs],
            ends: vec![EpisodeEnd::default(); num_envs],
            stats: vec![EpisodeStats::default(); num_envs.div_ceil(CHUNK)],
            pool: None,
            started: false,
            setup,
        })
    }

    /// What the environments share.
    #[must_use]
    pub fn setup(&self) -> &SimSetup {
        &self.setup
    }

    /// State of the environments.
    #[must_use]
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
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
        let rows = obs.chunks_exact_mut(d).zip(seeds.iter().zip(mask));
        for ((lane, rng), (obs, (seed, mask))) in self.lanes.iter_mut().zip(&mut self.rngs).zip(rows) {
            if !*mask {
                continue;
            }
            match seed {
                Some(seed) => (lane.seed, lane.episode) = (*seed, 0),
                None => lane.episode += u64::from(self.started),
            }
            begin(&self.setup, lane, rng, obs)?;
        }
        self.started = true;
        Ok(())
    }

    fn check(&self, actions: Actions<'_>, out: &StepOut<'_>) -> Result<()> {
        let (n, d) = (self.lanes.len(), self.observation_space().len());
        if !self.started {
            return Err(Error::State("the environments have not begun: reset them first".into()));
        }
        check::batch(self.action_space(), n, actions)?;
        Error::shape("obs", n * d, out.obs.len())?;
        Error::shape("reward", n, out.reward.len())?;
        Error::shape("terminated", n, out.terminated.len())?;
        Error::shape("truncated", n, out.truncated.len())?;
        out.final_obs.as_ref().map_or(Ok(()), |o| Error::shape("final_obs", n * d, o.len()))?;
        out.facts.as_ref().map_or(Ok(()), |f| Error::shape("facts", n, f.len()))?;
        if self.autoreset == Autoreset::Disabled
            && let Some(env) = self.lanes.iter().position(|lane| lane.ended)
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
        let rows = obs.chunks_exact_mut(d);
        for (i, ((lane, rng), obs)) in self.lanes.iter_mut().zip(&mut self.rngs).zip(rows).enumerate() {
            (lane.seed, lane.episode) = (seed.wrapping_add(i as u64), 0);
            begin(&self.setup, lane, rng, obs)?;
        }
        self.started = true;
        Ok(())
    }

    fn step(&mut self, actions: Actions<'_>, out: StepOut<'_>) -> Result<()> {
        self.check(actions, &out)?;
        let d = self.observation_space().len();
        let Self { setup, autoreset, threads, lanes, rngs, ends, stats, pool, .. } = self;
        let whole = Part { lanes, rngs, ends, stats, actions, out, error: None };
        let job = |part: &mut Part<'_>| {
            if let Err(error) = run(setup, *autoreset, part) {
                part.error = Some(error);
            }
        };
        if *threads == 1 {
            let mut whole = whole;
            job(&mut whole);
            return whole.error.map_or(Ok(()), |e| Err(*e));
        }
        let pool = pool.get_or_insert_with(|| Pool::new(*threads));
        whole.split(*threads, d, setup.rules().action_space().len(), |parts| {
            if !pool.run(parts, &|part| part.as_mut().map_or((), job)) {
                return Err(Error::State("a model panicked while environments were stepped; reset them".into()));
            }
            parts.iter_mut().flatten().find_map(|part| part.error.take()).map_or(Ok(()), |e| Err(*e))
        })
    }

    fn drain_episodes(&mut self) -> EpisodeStats {
        let mut sum = EpisodeStats::default();
        for stats in &mut self.stats {
            sum.merge(&std::mem::take(stats));
        }
        sum
    }
}

/// Begins the lane's present episode.
#[inline]
fn begin(setup: &SimSetup, lane: &mut Lane, rng: &mut Rng, obs: &mut [f32]) -> Result<()> {
    let (row, stream) = setup.begin(lane.seed, lane.episode);
    *rng = stream;
    lane.ended = false;
    let mut venue = Sim { world: setup.world(), state: &mut lane.sim, rng };
    step::open(setup.rules(), &mut venue, &mut lane.env, Start::At(row), obs)
}

/// Steps the lanes of one part, in order.
fn run(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> std::result::Result<(), Box<Error>> {
    let (rules, world) = (&**setup.rules(), &**setup.world());
    let d = rules.observation_space().len();
    let StepOut { obs, reward, terminated, truncated, final_obs, facts } = &mut part.out;
    let n = part.lanes.len();
    let width = rules.action_space().len();
    for i in 0..n {
        if let Some(ahead) = part.lanes.get(i + AHEAD) {
            world.data.prefetch(ahead.sim.row() as usize + 1);
        }
        let (lane, rng) = (&mut part.lanes[i], &mut part.rngs[i]);
        let row = &mut obs[i * d..(i + 1) * d];
        if lane.ended && autoreset == Autoreset::NextStep {
            lane.episode += 1;
            begin(setup, lane, rng, row).map_err(Box::new)?;
            (reward[i], terminated[i], truncated[i]) = (0.0, false, false);
            if let Some(facts) = facts {
                facts[i] = crate::StepFacts::default();
            }
            continue;
        }
        let action = match part.actions {
            Actions::Box(values) => Action::Box(&values[i * width..(i + 1) * width]),
            Actions::Discrete(values) => Action::Discrete(values[i]),
        };
        let mut venue = Sim { world, state: &mut lane.sim, rng };
        let facts = facts.as_mut().map(|facts| &mut facts[i]);
        let transition: Transition = step::step(rules, &mut venue, &mut lane.env, action, row, facts)?;
        (reward[i], terminated[i], truncated[i]) = (transition.reward, transition.terminated, transition.truncated);
        if transition.terminated || transition.truncated {
            lane.ended = true;
            part.ends[i] = EpisodeEnd { reward: lane.env.reward, length: lane.env.steps };
            part.stats[i / CHUNK].merge(&ended(&lane.env, transition.terminated));
            if autoreset == Autoreset::SameStep {
                if let Some(final_obs) = final_obs {
                    final_obs[i * d..(i + 1) * d].copy_from_slice(row);
                }
                lane.episode += 1;
                begin(setup, lane, rng, row).map_err(Box::new)?;
            }
        }
    }
    Ok(())
}

#[cold]
fn ended(env: &EnvState, terminated: bool) -> EpisodeStats {
    EpisodeStats {
        episodes: 1,
        reward: env.reward,
        length: env.steps.into(),
        profit: env.account.equity() - env.account.opening_equity(),
        fees: env.account.fees(),
        fills: env.account.fills().into(),
        trades: env.account.trades().into(),
        terminated: terminated.into(),
    }
}
