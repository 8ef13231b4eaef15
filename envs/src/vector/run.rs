//! What one thread does to its part of a batch.

use tradepit::{
    Rng,
    venue::{Sim, Start},
};

use super::{
    Actions, Autoreset, EpisodeStats, StepOut,
    own::Own,
    parts::Part,
    sim::{CHUNK, EpisodeEnd, Lane},
};
use crate::{
    Action, EnvState, Error, Hooks, Result, RewardMemory, Rules, SimSetup, Space, StepFacts, Transition, facts, step,
};

/// Lanes ahead for which memory is asked for: measured, 8 is too few and 32 no better.
const AHEAD: usize = 16;

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
    for (lane, reward) in part.lanes.iter_mut().zip(part.out.reward.iter_mut()) {
        // No step yet: the lane was reset in place of a step.
        if lane.env.steps == 0 {
            *reward = 0.0;
        } else {
            lane.env.reward += f64::from(*reward);
        }
    }
    finish_ended(setup, autoreset, part)
}

fn step_lanes<const PAID: bool, const OWN: bool>(setup: &SimSetup, autoreset: Autoreset, part: &mut Part<'_>) -> Boxed {
    let (rules, world) = (&**setup.rules(), &**setup.world());
    let d = rules.observation_space().len();
    let width = rules.action_space().len();
    let several = matches!(rules.action_space(), Space::MultiDiscrete { .. });
    let n = part.lanes.len();
    let actions = part.actions;
    // Slices of their own, all known to be of n: were they read through the part, every store would have them read again.
    let (lanes, rngs) = (&mut part.lanes[..n], &mut part.rngs[..n]);
    let own = &mut *part.own;
    let StepOut { obs, reward, terminated, truncated, facts, .. } = &mut part.out;
    let (obs, reward) = (&mut obs[..n * d], &mut reward[..n]);
    let (terminated, truncated) = (&mut terminated[..n], &mut truncated[..n]);
    let mut facts = facts.as_deref_mut();
    let mut ended = false;
    for i in 0..n {
        let next = (i + AHEAD).min(n - 1);
        let ahead = lanes[next].sim.row();
        let market = if OWN { &own[next].world.data } else { &world.data };
        market.prefetch(ahead as usize + 1);
        let (lane, rng, row) = (&mut lanes[i], &mut rngs[i], &mut obs[i * d..][..d]);
        if lane.ended && autoreset == Autoreset::NextStep {
            lane.episode += 1;
            begin(setup, lane, rng, own.get_mut(i), row).map_err(Box::new)?;
            let world = if OWN { &own[i].world } else { world };
            (reward[i], terminated[i], truncated[i]) = (0.0, false, false);
            if let Some(facts) = &mut facts {
                facts[i] = facts::at_rest(&Sim { world, state: &mut lane.sim, rng }, &lane.env);
            }
            continue;
        }
        let action = match actions {
            Actions::Box(values) => Action::Box(&values[i * width..][..width]),
            Actions::Discrete(values) if several => Action::MultiDiscrete(&values[i * width..][..width]),
            Actions::Discrete(values) => Action::Discrete(values[i]),
        };
        let (world, row) = if OWN { (&own[i].world, own[i].drawn.show(row)) } else { (world, row) };
        let mut venue = Sim { world, state: &mut lane.sim, rng };
        let facts = facts.as_mut().map(|facts| &mut facts[i]);
        let hooks = &mut Way::<PAID, OWN>;
        let transition: Transition = step::step_with(rules, &mut venue, &mut lane.env, action, row, facts, hooks)?;
        (reward[i], terminated[i], truncated[i]) = (transition.reward, transition.terminated, transition.truncated);
        lane.ended = transition.terminated | transition.truncated;
        ended |= lane.ended;
    }
    if PAID && ended { finish_ended(setup, autoreset, part) } else { Ok(()) }
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
    let (lane, terminated) = (&mut part.lanes[i], part.out.terminated[i]);
    let EnvState { reward, steps: length, clipped, .. } = lane.env;
    part.ends[i] = EpisodeEnd { reward, length, row: lane.sim.row(), clipped };
    part.stats[i / CHUNK].merge(&sums(&lane.env, terminated));
    let mut own = part.own.get_mut(i);
    if let Some(own) = &mut own {
        own.ended.copy_from_slice(&own.drawn.values);
    }
    if autoreset == Autoreset::SameStep {
        let row = &mut part.out.obs[i * d..(i + 1) * d];
        if let Some(final_obs) = &mut part.out.final_obs {
            final_obs[i * d..(i + 1) * d].copy_from_slice(row);
        }
        lane.episode += 1;
        begin(setup, lane, &mut part.rngs[i], own, row).map_err(Box::new)?;
    }
    Ok(())
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
