//! What one thread does to its part of a batch.

use tradepit::{
    Rng,
    account::LANES,
    venue::{Sim, SimWorld, Start},
};

use super::{
    Actions, Autoreset, EpisodeStats, StepOut,
    block::{Shared, Stepped},
    own::Own,
    parts::Part,
    sim::{CHUNK, EpisodeEnd, Lane},
};
use crate::{
    Action, EnvState, Error, Hooks, Result, RewardMemory, Rules, SimSetup, Space, StepFacts, Transition, facts, step,
};

/// Lanes ahead for which memory is asked for: measured, 8 is too few and 32 no better.
const AHEAD: usize = 16;
/// Blocks ahead.
const BLOCKS_AHEAD: usize = 3;

type Boxed = std::result::Result<(), Box<Error>>;

/// How lanes are stepped: `PAID`: each gets its reward at once, else they come later, for the whole batch; `OWN`: each
/// has models or a market of its own, in `Part::own`. A type for each way has a step compiled for it alone, inline.
struct Way<const PAID: bool, const OWN: bool>;

impl<const PAID: bool, const OWN: bool> Hooks for Way<PAID, OWN> {
    #[inline(always)]
    fn reads_all(&self, rules: &Rules) -> bool {
        PAID && ().reads_all(rules)
    }

    #[inline(always)]
    fn reward(&mut self, rules: &Rules, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        if PAID { ().reward(rules, facts, memory) } else { 0.0 }
    }
}

/// Begins the lane's present episode.
#[inline]
pub(super) fn begin(
    setup: &SimSetup,
    lane: &mut Lane,
    rng: &mut Rng,
    own: Option<&mut Own>,
    obs: &mut [f32],
) -> Result<()> {
    let (row, stream) = setup.begin(lane.seed, lane.episode);
    let (world, obs) = match own {
        None => (&**setup.world(), obs),
        Some(own) => {
            own.draw(setup, lane.seed, lane.episode)?;
            (&own.world, own.drawn.show(obs))
        }
    };
    *rng = stream;
    lane.ended = false;
    let mut venue = Sim { world, state: &mut lane.sim, rng };
    step::open(setup.rules(), &mut venue, &mut lane.env, Start::At(row), obs)
}

/// Steps the lanes of one part, in order.
pub(super) fn step(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> Boxed {
    if part.own.is_empty() {
        step_lanes::<true, false>(setup, autoreset, part)
    } else {
        step_lanes::<true, true>(setup, autoreset, part)
    }
}

/// Steps them without their rewards; [`pay`] must follow.
pub(super) fn step_unpaid(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> Boxed {
    if part.own.is_empty() {
        step_lanes::<false, false>(setup, autoreset, part)
    } else {
        step_lanes::<false, true>(setup, autoreset, part)
    }
}

/// Books the rewards that are in the part's memory, then does what is done with episodes that ended.
pub(super) fn pay(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> Boxed {
    part.lanes.book(part.out.reward);
    finish_ended(setup, autoreset, part)
}

fn step_lanes<const PAID: bool, const OWN: bool>(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> Boxed {
    let shared = Shared::of(setup).filter(|_| !OWN);
    let one = One::<PAID, OWN>::of(setup, autoreset);
    let in_blocks = part.lanes.blocks.len() * LANES;
    let mut ended = false;
    match shared {
        Some(shared) if in_blocks > 0 => step_blocks(shared, one, part, &mut ended)?,
        _ => (0..in_blocks).try_for_each(|i| one.step_in_block(part, i).map(|now| ended |= now))?,
    }
    // Slices of their own, all known to be of n: were they read through the part, every store would have them read again.
    let rest = &mut *part.lanes.rest;
    let n = rest.len();
    let (rngs, own) = (&mut part.rngs[in_blocks..][..n], &mut *part.own);
    let StepOut { obs, reward, terminated, truncated, facts, .. } = &mut part.out;
    let (obs, reward) = (&mut obs[in_blocks * one.d..][..n * one.d], &mut reward[in_blocks..][..n]);
    let (terminated, truncated) = (&mut terminated[in_blocks..][..n], &mut truncated[in_blocks..][..n]);
    let mut facts = facts.as_deref_mut().map(|facts| &mut facts[in_blocks..]);
    let actions = part.actions.split_at(in_blocks * one.width).1;
    for i in 0..n {
        let next = (i + AHEAD).min(n - 1);
        let market = if OWN { &own[next].world.data } else { &one.world.data };
        market.prefetch(rest[next].sim.row() as usize + 1);
        let (lane, rng, row) = (&mut rest[i], &mut rngs[i], &mut obs[i * one.d..][..one.d]);
        let facts = facts.as_mut().map(|facts| &mut facts[i]);
        let transition = one.step(lane, rng, own.get_mut(i), one.action(actions, i), row, facts)?;
        (reward[i], terminated[i], truncated[i]) = (transition.reward, transition.terminated, transition.truncated);
        ended |= lane.ended;
    }
    if PAID && ended { finish_ended(setup, autoreset, part) } else { Ok(()) }
}

/// What stepping an environment by itself takes, looked up once a step of the batch.
#[derive(Clone, Copy)]
struct One<'a, const PAID: bool, const OWN: bool> {
    setup: &'a SimSetup,
    autoreset: Autoreset,
    rules: &'a Rules,
    world: &'a SimWorld,
    /// Numbers of an observation, and of an action.
    d: usize,
    width: usize,
    several: bool,
}

impl<'a, const PAID: bool, const OWN: bool> One<'a, PAID, OWN> {
    fn of(setup: &'a SimSetup, autoreset: Autoreset) -> Self {
        let (rules, world) = (&**setup.rules(), &**setup.world());
        let (d, width) = (rules.observation_space().len(), rules.action_space().len());
        let several = matches!(rules.action_space(), Space::MultiDiscrete { .. });
        Self { setup, autoreset, rules, world, d, width, several }
    }

    #[inline(always)]
    fn action(self, actions: Actions<'a>, i: usize) -> Action<'a> {
        match actions {
            Actions::Box(values) => Action::Box(&values[i * self.width..][..self.width]),
            Actions::Discrete(values) if self.several => Action::MultiDiscrete(&values[i * self.width..][..self.width]),
            Actions::Discrete(values) => Action::Discrete(values[i]),
        }
    }

    /// Steps it, or begins its next episode in place of a step.
    #[inline(always)]
    fn step(
        self,
        lane: &mut Lane,
        rng: &mut Rng,
        mut own: Option<&mut Own>,
        action: Action<'_>,
        row: &mut [f32],
        facts: Option<&mut StepFacts>,
    ) -> std::result::Result<Transition, Box<Error>> {
        if lane.ended && self.autoreset == Autoreset::NextStep {
            lane.episode += 1;
            begin(self.setup, lane, rng, own.as_deref_mut(), row).map_err(Box::new)?;
            let world = own.map_or(self.world, |own| &own.world);
            if let Some(facts) = facts {
                *facts = facts::at_rest(&Sim { world, state: &mut lane.sim, rng }, &lane.env);
            }
            return Ok(Transition::default());
        }
        let (world, row) = match own {
            Some(own) if OWN => (&own.world, own.drawn.show(row)),
            _ => (self.world, row),
        };
        let mut venue = Sim { world, state: &mut lane.sim, rng };
        let hooks = &mut Way::<PAID, OWN>;
        let transition = step::step_with(self.rules, &mut venue, &mut lane.env, action, row, facts, hooks)?;
        lane.ended = transition.terminated | transition.truncated;
        Ok(transition)
    }

    /// Steps one that stands in a block by itself. Gives whether its episode has ended.
    #[cold]
    fn step_in_block(self, part: &mut Part<'_>, i: usize) -> std::result::Result<bool, Box<Error>> {
        let Part { lanes, rngs, own, actions, out, .. } = part;
        let (row, facts) = (&mut out.obs[i * self.d..][..self.d], out.facts.as_mut().map(|facts| &mut facts[i]));
        let (action, rng, own) = (self.action(*actions, i), &mut rngs[i], own.get_mut(i));
        let step = |lane: &mut Lane| (self.step(lane, rng, own, action, row, facts), lane.ended);
        let (transition, ended) = lanes.with(self.setup, i, step);
        let Transition { reward, terminated, truncated } = transition?;
        (out.reward[i], out.terminated[i], out.truncated[i]) = (reward, terminated, truncated);
        Ok(ended)
    }
}

/// Steps the environments that stand side by side.
fn step_blocks<const PAID: bool, const OWN: bool>(
    shared: Shared<'_>,
    one: One<'_, PAID, OWN>,
    part: &mut Part<'_>,
    ended: &mut bool,
) -> Boxed {
    let (d, width, rows) = (one.d, one.width, one.world.data.len());
    let blocks = part.lanes.blocks.len();
    // Of the block that is stepped, and of the next one.
    let mut bars = [shared.next_bars(), shared.next_bars()];
    if let Some(first) = part.lanes.blocks.first() {
        first.read(shared, &mut bars[0]);
    }
    for b in 0..blocks {
        let next = (b + BLOCKS_AHEAD).min(blocks - 1);
        part.lanes.blocks[next].prefetch(shared);
        let base = b * LANES;
        if let Some(later) = part.lanes.blocks.get(b + 1) {
            later.read(shared, &mut bars[(b + 1) % 2]);
        }
        let block = &mut part.lanes.blocks[b];
        if block.has_ended() || !block.can_go_on(rows) {
            for i in base..base + LANES {
                *ended |= one.step_in_block(part, i)?;
            }
            continue;
        }
        let StepOut { obs, reward, terminated, truncated, facts, .. } = &mut part.out;
        let facts = facts.as_mut().map(|facts| &mut facts[base..][..LANES]);
        let (Some(rngs), Some(reward), Some(terminated), Some(truncated)) = (
            part.rngs[base..].first_chunk_mut(),
            reward[base..].first_chunk_mut(),
            terminated[base..].first_chunk_mut(),
            truncated[base..].first_chunk_mut(),
        ) else {
            continue;
        };
        let actions = part.actions.split_at(base * width).1;
        let out = Stepped { reward, terminated, truncated, facts, paid: PAID };
        *ended |= block.step(shared, &mut bars[b % 2], actions, rngs, &mut obs[base * d..][..LANES * d], out);
    }
    Ok(())
}

/// Does what is done with the episodes that have ended in this step.
#[cold]
fn finish_ended(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> Boxed {
    for i in 0..part.lanes.len() {
        if part.out.terminated[i] || part.out.truncated[i] {
            finish(setup, autoreset, part, i)?;
        }
    }
    Ok(())
}

/// Counts the episode that lane `i` has ended, and starts the next one where the mode says so.
fn finish(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>, i: usize) -> Boxed {
    let d = setup.rules().observation_space().len();
    let Part { lanes, rngs, own, ends, stats, out, .. } = part;
    let terminated = out.terminated[i];
    lanes.with(setup, i, |lane| {
        let EnvState { reward, steps: length, clipped, .. } = lane.env;
        ends[i] = EpisodeEnd { reward, length, row: lane.sim.row(), clipped };
        stats[i / CHUNK].merge(&sums(&lane.env, terminated));
        let mut own = own.get_mut(i);
        if let Some(own) = &mut own {
            own.ended.copy_from_slice(&own.drawn.values);
        }
        if autoreset == Autoreset::SameStep {
            let row = &mut out.obs[i * d..(i + 1) * d];
            if let Some(final_obs) = &mut out.final_obs {
                final_obs[i * d..(i + 1) * d].copy_from_slice(row);
            }
            lane.episode += 1;
            begin(setup, lane, &mut rngs[i], own, row).map_err(Box::new)?;
        }
        Ok(())
    })
}

fn sums(env: &EnvState, terminated: bool) -> EpisodeStats {
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
