//! Environments side by side.

use multiversion::multiversion;
use tradepit::{
    Rng,
    account::{AccountColumns, Column, LANES},
    venue::{NextBars, SimColumns, SimWorld},
};

use super::{Actions, sim::Lane};
use crate::{
    Action, ActionScheme as _, Reward as _, RewardMemory, RewardSpec, Rules, SimSetup, StepFacts,
    action::{Plain, TargetPosition, round},
    facts::{Moment, after_of, before_of},
    observe::{Usual, bounded},
    rules::Grid,
    step::{drawdown as fall, ends},
};

/// [`LANES`] environments in columns: the step of `step.rs`, of specs that ask for nothing rare, in loops that the
/// processor takes several turns of at once. Every other way to a lane goes through [`get`](Self::get) and
/// [`set`](Self::set).
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Block {
    sim: SimColumns,
    peak: Column,
    drawdown: Column,
    reward: Column,
    steps: Column<u32>,
    steps_left: Column<u32>,
    clipped: Column<u32>,
    ended: Column<bool>,
    first_price: Column,
    seed: Column<u64>,
    episode: Column<u64>,
}

/// What all blocks of a batch share, looked up once a step.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    rules: &'a Rules,
    world: &'a SimWorld,
    plain: &'a Plain,
    grid: Grid,
}

impl<'a> Shared<'a> {
    /// None where environments have to be stepped one by one.
    #[inline]
    pub(super) fn of(setup: &'a SimSetup) -> Option<Self> {
        // More lots than that are refused as no whole number of them, one by one.
        const MOST_LOTS: f64 = 1e9;
        let (rules, world) = (&**setup.rules(), &**setup.world());
        let few = rules.spec().action.max_lots() <= MOST_LOTS && rules.spec().holding.abs() <= MOST_LOTS;
        let (Some(plain), Some(grid)) = (&rules.plain, rules.usual) else { return None };
        let stepped = few && SimColumns::can_step(world) && !rules.spec().reward.reads_all();
        stepped.then_some(Self { rules, world, plain, grid })
    }

    /// Room for the bars of a block.
    #[inline(always)]
    pub(super) fn next_bars(&self) -> NextBars<'a> {
        NextBars::new(self.world)
    }
}

/// Of one step of a block, what its caller's memory takes beside the observations.
pub(super) struct Stepped<'a> {
    pub(super) reward: &'a mut [f32; LANES],
    pub(super) terminated: &'a mut [bool; LANES],
    pub(super) truncated: &'a mut [bool; LANES],
    pub(super) facts: Option<&'a mut [StepFacts]>,
    /// Whether the rewards are computed here, or later for the whole batch.
    pub(super) paid: bool,
}

impl Block {
    /// Puts an environment into its place.
    pub(super) fn set(&mut self, lane: usize, from: &Lane) {
        let Lane { sim, env, seed, episode, ended } = from;
        self.sim.set(lane, sim, &env.account);
        (self.peak[lane], self.drawdown[lane], self.reward[lane]) = (env.peak, env.drawdown, env.reward);
        (self.steps[lane], self.steps_left[lane], self.clipped[lane]) = (env.steps, env.steps_left, env.clipped);
        (self.first_price[lane], self.ended[lane]) = (env.first_price, *ended);
        (self.seed[lane], self.episode[lane]) = (*seed, *episode);
    }

    /// Writes the environment of a place.
    pub(super) fn get(&self, lane: usize, world: &SimWorld, to: &mut Lane) {
        let Lane { sim, env, seed, episode, ended } = to;
        self.sim.get(lane, world, sim, &mut env.account);
        (env.peak, env.drawdown, env.reward) = (self.peak[lane], self.drawdown[lane], self.reward[lane]);
        (env.steps, env.steps_left, env.clipped) = (self.steps[lane], self.steps_left[lane], self.clipped[lane]);
        (env.first_price, *ended) = (self.first_price[lane], self.ended[lane]);
        (*seed, *episode) = (self.seed[lane], self.episode[lane]);
    }

    /// Asks for the next rows of all of them.
    #[inline(always)]
    pub(super) fn prefetch(&self, shared: Shared<'_>) {
        self.sim.prefetch(shared.world);
    }

    /// Whether one of them has ended its episode.
    #[inline(always)]
    pub(super) fn has_ended(&self) -> bool {
        self.ended.iter().fold(false, |any, ended| any | ended)
    }

    pub(super) fn ended(&self, lane: usize) -> bool {
        self.ended[lane]
    }

    /// Steps of the present episode.
    pub(super) fn steps(&self, lane: usize) -> u32 {
        self.steps[lane]
    }

    /// Whether every one has a row to go on to.
    #[inline(always)]
    pub(super) fn can_go_on(&self, rows: usize) -> bool {
        self.sim.rows().iter().fold(true, |all, row| all & ((*row as usize) + 1 < rows))
    }

    /// Reads the bars on which they go on.
    #[inline(always)]
    pub(super) fn read<'a>(&self, shared: Shared<'a>, next: &mut NextBars<'a>) {
        next.read(&self.sim, shared.world);
    }

    /// Steps all of them, none of which has ended, and writes their observations, `d` numbers each. Gives whether one has
    /// ended its episode now.
    #[inline(always)]
    pub(super) fn step<'a>(
        &mut self,
        shared: Shared<'a>,
        next: &mut NextBars<'a>,
        actions: Actions<'_>,
        rngs: &mut [Rng; LANES],
        obs: &mut [f32],
        mut out: Stepped<'_>,
    ) -> bool {
        let Shared { rules, world, plain, grid } = shared;
        // Only facts ask for more of the time before the step than the equity.
        let then = out.facts.is_some().then(|| (self.sim.accounts().clone(), self.drawdown));
        let mut before = [0.0; LANES];
        order(plain, grid, actions, self.sim.accounts().qty(), next.orders());
        self.sim.advance(world, next, rngs, &mut before);
        let mut own = [[0.0; LANES]; Usual::LEN];
        let reward = out.paid.then_some(&rules.spec().reward);
        let Told { ended, clipped } = tell(self, rules, reward, &before, next.times(), out.reward, &mut own);
        (*out.terminated, *out.truncated) = ([false; LANES], [false; LANES]);
        let ended = (ended || rules.ends_with_session) && self.end(rules, world, &mut out);
        if clipped {
            self.clip(rules, &mut own);
        }
        let d = obs.len() / LANES;
        if let Some(gather) = &rules.gather {
            for (obs, row) in obs.chunks_exact_mut(d).zip(self.sim.rows()) {
                (obs[0], obs[1]) = (gather.table() as f32, *row as f32);
            }
        } else {
            self.sim.write_windows(world, rules.rows, obs, d);
        }
        write_numbers(&own, obs, d);
        if let Some((accounts, drawdown)) = then {
            self.write_facts(shared, next, &accounts, &drawdown, &mut out);
        }
        ended
    }

    /// Writes the facts of the step, out of what the accounts were before it.
    #[inline(never)]
    fn write_facts(
        &self,
        shared: Shared<'_>,
        bars: &NextBars<'_>,
        accounts: &AccountColumns,
        drawdown: &Column,
        out: &mut Stepped<'_>,
    ) {
        let Shared { rules, world, .. } = shared;
        let Some(facts) = &mut out.facts else { return };
        for (i, facts) in facts.iter_mut().enumerate() {
            let then = world.data.view(self.sim.rows()[i] as usize);
            let traded = bars.traded(i, world);
            let before = StepFacts { traded, ..before_of(rules, then, &accounts.numbers(i), drawdown[i]) };
            let moment = Moment {
                drawdown: self.drawdown[i],
                steps: self.steps[i],
                steps_left: self.steps_left[i],
                first_price: self.first_price[i],
                ends: [out.terminated[i], out.truncated[i]],
            };
            *facts = after_of(&before, self.sim.market(i, world), &self.sim.accounts().numbers(i), &moment);
        }
    }

    /// Books a reward that was computed for the whole batch; 0 where there was no step yet, but a reset in place of one.
    #[inline(always)]
    pub(super) fn book(&mut self, rewards: &mut [f32]) {
        for (i, reward) in rewards.iter_mut().enumerate() {
            *reward = if self.steps[i] == 0 { 0.0 } else { *reward };
            self.reward[i] += f64::from(*reward);
        }
    }

    /// Finds which episodes have ended, and gives whether one has.
    #[cold]
    #[inline(never)]
    fn end(&mut self, rules: &Rules, world: &SimWorld, out: &mut Stepped<'_>) -> bool {
        let accounts = self.sim.accounts();
        for i in 0..LANES {
            let (equity, opening) = (accounts.equity()[i], accounts.opening_equity()[i]);
            let closed = || self.sim.market(i, world).session_closed();
            [out.terminated[i], out.truncated[i]] =
                ends(rules, equity, opening, self.drawdown[i], self.steps_left[i], closed);
            self.ended[i] = out.terminated[i] | out.truncated[i];
        }
        self.has_ended()
    }

    /// Brings numbers within their bounds, and counts them.
    #[cold]
    #[inline(never)]
    fn clip(&mut self, rules: &Rules, own: &mut [[f32; LANES]; Usual::LEN]) {
        for numbers in own {
            for (number, clipped) in numbers.iter_mut().zip(&mut self.clipped) {
                let value = bounded(*number, rules.clip);
                *clipped += u32::from(value != *number);
                *number = value;
            }
        }
    }
}

/// Units that each orders; 0 for none.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn order(plain: &Plain, grid: Grid, actions: Actions<'_>, held: &Column, qty: &mut Column) {
    macro_rules! each {
        ($target:expr) => {
            for i in 0..LANES {
                let held = (held[i] + 0.0) * grid.inv_lot;
                qty[i] = (round($target(i, held)) - round(held)) * grid.lot;
            }
        };
    }
    match (plain, actions) {
        (Plain::Position { max_lots }, Actions::Box(values)) => {
            let Some(values) = values.first_chunk::<LANES>() else { return };
            each!(|i: usize, held| TargetPosition::plain(Action::Box(&[values[i]]), 0, held, *max_lots));
        }
        (plain, Actions::Box(values)) => each!(|i: usize, held| plain.target(Action::Box(&values[i..=i]), 0, held)),
        (plain, Actions::Discrete(values)) => {
            each!(|i: usize, held| plain.target(Action::Discrete(values[i]), 0, held))
        }
    }
}

/// What is seldom so.
struct Told {
    /// An episode has ended, the session aside.
    ended: bool,
    /// A number of an observation is out of its bounds.
    clipped: bool,
}

/// What a step came to: peak, drawdown, reward, the account's numbers of the observations.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn tell(
    block: &mut Block,
    rules: &Rules,
    paid: Option<&RewardSpec>,
    before: &Column,
    now: &Column<i64>,
    reward: &mut [f32; LANES],
    own: &mut [[f32; LANES]; Usual::LEN],
) -> Told {
    let Block { sim, peak, drawdown, reward: sum, steps, steps_left, .. } = block;
    let accounts = sim.accounts();
    let (equity, opening) = (accounts.equity(), accounts.opening_equity());
    let Some(grid) = &rules.usual else { return Told { ended: false, clipped: false } };
    match paid {
        Some(paid) => pay(paid, before, equity, opening, reward),
        None => *reward = [0.0; LANES],
    }
    let (mut ended, mut clipped) = (false, false);
    for i in 0..LANES {
        (peak[i], drawdown[i]) = fall(peak[i], equity[i]);
        steps[i] += 1;
        steps_left[i] -= 1;
        sum[i] += f64::from(reward[i]);
        let [terminated, truncated] = ends(rules, equity[i], opening[i], drawdown[i], steps_left[i], || false);
        ended |= terminated | truncated;
    }
    for i in 0..LANES {
        let usual = Usual {
            qty: accounts.qty()[i],
            unrealised: accounts.unrealised()[i],
            since: accounts.since()[i],
            equity: equity[i],
            opening_equity: opening[i],
            drawdown: drawdown[i],
            now: now[i],
        };
        let [a, b, c, d, e] = usual.numbers(rules, grid);
        (own[0][i], own[1][i], own[2][i], own[3][i], own[4][i]) = (a, b, c, d, e);
    }
    for value in own.as_flattened() {
        clipped |= bounded(*value, rules.clip) != *value;
    }
    Told { ended, clipped }
}

/// Puts the account's numbers behind the rest of each observation.
fn write_numbers(own: &[[f32; LANES]; Usual::LEN], obs: &mut [f32], d: usize) {
    for (i, obs) in obs.chunks_exact_mut(d).enumerate() {
        if let Some(numbers) = obs.last_chunk_mut() {
            *numbers = [own[0][i], own[1][i], own[2][i], own[3][i], own[4][i]];
        }
    }
}

/// The rewards, where they read no more than equity.
#[inline(always)]
fn pay(reward: &RewardSpec, before: &Column, equity: &Column, initial: &Column, out: &mut [f32; LANES]) {
    macro_rules! each {
        ($reward:expr) => {
            for i in 0..LANES {
                let (equity_before, equity, initial_capital) = (before[i], equity[i], initial[i]);
                let facts = StepFacts { equity_before, equity, initial_capital, ..StepFacts::default() };
                out[i] = $reward.reward(&facts, &mut RewardMemory::default());
            }
        };
    }
    match reward {
        RewardSpec::Profit(reward) => each!(reward),
        reward => each!(reward),
    }
}
