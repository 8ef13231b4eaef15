//! The transition function: one for the simulator, its lanes, a replay and a live session.

use tradepit::{
    InstrumentId, Venue,
    account::{Account, AccountEvent},
    order::OrderRequest,
    venue::{Advance, Start},
};

use serde::{Deserialize, Serialize};

use crate::{
    Action, ActionScheme as _, Decision, Orders, Result, Reward as _, RewardMemory, Rules, StepFacts,
    action::round,
    facts,
    limits::Day,
    observe::observe,
    rules::{Grid, STAYS},
};

/// What one environment remembers between two steps, its venue aside.
///
/// ```
/// use tradepit_envs::{Action, SimSetup};
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// let transition = env.step(Action::Box(&[1.0]), &mut obs).unwrap();
/// let state = env.state();
/// assert_eq!((state.steps(), state.account().fills()), (1, 1));
/// assert_eq!(state.reward(), f64::from(transition.reward));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvState {
    pub(crate) account: Account,
    pub(crate) peak: f64,
    pub(crate) drawdown: f64,
    pub(crate) reward: f64,
    pub(crate) memory: RewardMemory,
    /// Last price of the first instrument when the episode began.
    pub(crate) first_price: f64,
    pub(crate) steps: u32,
    pub(crate) steps_left: u32,
    pub(crate) clipped: u32,
    /// When the present day began; only where limits ask.
    #[serde(default)]
    pub(crate) day: Day,
    /// Room for the orders of a decision; empty between two steps.
    #[serde(skip)]
    pub(crate) orders: Orders,
}

impl EnvState {
    /// The state before the first reset, over that many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        Self { account: Account::new(instruments), ..Self::default() }
    }

    /// Money and positions.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// `1 - equity / peak`.
    #[must_use]
    pub fn drawdown(&self) -> f64 {
        self.drawdown
    }

    /// Steps since the episode began.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Sum of the episode's rewards.
    #[must_use]
    pub fn reward(&self) -> f64 {
        self.reward
    }

    /// Account numbers of observations that had to be clipped, since the episode began.
    #[must_use]
    pub fn clipped(&self) -> u32 {
        self.clipped
    }
}

/// What a step returns beside the observation; small, so that it comes back in registers.
///
/// ```
/// use tradepit_envs::{Action, EnvSpec, EpisodeSpec, SimSetup};
/// # use tradepit::market::synth;
/// let episode = EpisodeSpec { drawdown_limit: Some(1e-6), ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// // The first loss ends it by the drawdown limit: terminated, not cut.
/// let losing = std::iter::from_fn(|| env.step(Action::Box(&[1.0]), &mut obs).ok()).last().unwrap();
/// assert!(losing.reward < 0.0 && losing.terminated && !losing.truncated);
/// ```
///
/// `terminated` and `truncated` are never both set: an agent bootstraps from the last observation where an episode was
/// truncated, and not where it terminated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transition {
    /// Reward of the step.
    pub reward: f32,
    /// The episode ended by itself: ruin or drawdown limit.
    pub terminated: bool,
    /// The episode was cut: session, length, end of data, halt.
    pub truncated: bool,
}

/// What a caller takes part in a step with: it may see every event, and may give the reward itself.
///
/// ```
/// use tradepit::account::AccountEvent;
/// use tradepit_envs::{Action, Hooks, RewardMemory, Rules, StepFacts};
/// /// Counts events, and pays for being long.
/// #[derive(Default)]
/// struct Own(usize);
/// impl Hooks for Own {
///     fn event(&mut self, _: &AccountEvent) {
///         self.0 += 1;
///     }
///     fn reward(&mut self, _: &Rules, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
///         facts.position as f32
///     }
/// }
/// # use tradepit::market::synth;
/// # use tradepit_envs::{EnvSpec, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// let mut own = Own::default();
/// let transition = env.step_with(Action::Box(&[1.0]), &mut obs, &mut own).unwrap();
/// assert_eq!((transition.reward, own.0), (1.0, 1));
/// ```
///
/// The default does neither: `()` is the plain step.
pub trait Hooks {
    /// Sees an event that the venue reports, in order.
    #[inline]
    fn event(&mut self, event: &AccountEvent) {
        let _ = event;
    }

    /// Whether [`reward`](Self::reward) reads more of the facts than equity and initial capital; what it does not read is
    /// not gathered, and is 0.
    #[inline]
    fn reads_all(&self, rules: &Rules) -> bool {
        let _ = rules;
        true
    }

    /// The reward of the step; that of the spec unless the caller knows better.
    #[inline(always)]
    fn reward(&mut self, rules: &Rules, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        rules.spec().reward.reward(facts, memory)
    }
}

impl Hooks for () {
    #[inline]
    fn reads_all(&self, rules: &Rules) -> bool {
        rules.spec().reward.reads_all()
    }
}

type Sent = std::result::Result<(), Box<crate::Error>>;

/// Starts an episode and writes its first observation.
///
/// # Errors
/// When the venue can't start there.
#[inline]
pub fn open(rules: &Rules, venue: &mut impl Venue, state: &mut EnvState, start: Start, obs: &mut [f32]) -> Result<()> {
    venue.open(start, &mut state.account)?;
    let (market, window) = (venue.market(), rules.spec().window);
    if rules.spec().holding != 0.0 {
        check_holding(rules, state)?;
    }
    if rules.gather.as_ref().is_some_and(|gather| !market.is_of(gather.data())) {
        return Err(crate::Error::spec("observe", format!("index: the venue has another market; it {STAYS}")));
    }
    if !market.is_warm(window) {
        let rows = market.len();
        let message =
            format!("{rows} rows of history do not warm the features up for a window of {window}; bring more");
        return Err(tradepit::Error::TooLittleData(message).into());
    }
    // Observations and rewards divide by it; a simulation checks its cash beforehand, a broker's word comes here.
    if state.account.opening_equity() <= 0.0 {
        let message = format!("{} must be above 0 to begin an episode", state.account.opening_equity());
        return Err(crate::Error::spec("account.equity", message));
    }
    state.account.mark(venue.market());
    state.peak = state.account.equity();
    state.drawdown = 0.0;
    state.reward = 0.0;
    state.memory = rules.spec().reward.begin(venue.market());
    state.first_price = venue.market().last(InstrumentId(0)).close;
    state.steps = 0;
    state.clipped = 0;
    state.steps_left = venue.remaining().map_or(rules.max_steps, |rows| rows.min(rules.max_steps));
    observe(rules, venue, state, obs);
    Ok(())
}

/// Whether a venue whose account is not ours to set holds what the spec says.
#[cold]
fn check_holding(rules: &Rules, state: &EnvState) -> Result<()> {
    let (lots, held) = (rules.spec().holding, state.account.position(InstrumentId(0)).qty() * rules.grid[0].inv_lot);
    if round(held) == lots {
        return Ok(());
    }
    Err(crate::Error::spec(
        "holding",
        format!("{lots} lots are to be held at the beginning, and the account holds {held}"),
    ))
}

/// One step: action to orders, orders to the venue, the market goes on, events fold into the account, the reward
/// reads the facts, and the next observation is written.
///
/// The action must be finite and inside its space: callers check a whole batch before the first environment moves.
///
/// # Errors
/// When the venue is broken or refuses an order.
#[inline]
pub fn step(
    rules: &Rules,
    venue: &mut impl Venue,
    state: &mut EnvState,
    action: Action<'_>,
    obs: &mut [f32],
    facts_out: Option<&mut StepFacts>,
) -> std::result::Result<Transition, Box<crate::Error>> {
    step_with(rules, venue, state, action, obs, facts_out, &mut ())
}

/// As [`step`], with the caller's own part in it.
///
/// # Errors
/// As [`step`].
#[inline]
pub fn step_with(
    rules: &Rules,
    venue: &mut impl Venue,
    state: &mut EnvState,
    action: Action<'_>,
    obs: &mut [f32],
    facts_out: Option<&mut StepFacts>,
    hooks: &mut impl Hooks,
) -> std::result::Result<Transition, Box<crate::Error>> {
    match (state.account.positions(), &rules.grid[..]) {
        // One instrument, the usual case, takes no loop.
        ([position], [grid]) => {
            let qty = position.qty();
            order(rules, venue, state, action, 0, qty, grid)?;
        }
        _ => order_many(rules, venue, state, action)?,
    }
    let equity_before = state.account.equity();
    let mut before = (facts_out.is_some() || hooks.reads_all(rules)).then(|| facts::before(rules, venue, state));
    let advance = match &mut before {
        None => venue.advance(&mut state.account, |event: &AccountEvent| hooks.event(event)),
        Some(facts) => advance_counted(venue, &mut state.account, facts, hooks),
    };
    match advance.map_err(|e| Box::new(e.into()))? {
        Advance::Decision(_) => {}
        Advance::EndOfData | Advance::Halted(_) => return Ok(stand_still(rules, venue, state, obs)),
    }
    let (equity, initial_capital) = (state.account.equity(), state.account.opening_equity());
    (state.peak, state.drawdown) = drawdown(state.peak, equity);
    state.steps += 1;
    state.steps_left -= 1;
    let ends = |venue: &_, state: &EnvState| {
        let closed = || Venue::market(venue).session_closed();
        ends(rules, equity, initial_capital, state.drawdown, state.steps_left, closed)
    };
    let reward = match &before {
        None => {
            let facts = StepFacts { equity_before, equity, initial_capital, ..StepFacts::default() };
            hooks.reward(rules, &facts, &mut state.memory)
        }
        Some(before) => {
            let ends = ends(venue, state);
            reward_of_all(rules, before, venue, state, ends, facts_out, hooks)
        }
    };
    state.reward += f64::from(reward);
    // Not before the reward, which seldom asks: what waits for it would not fit into registers.
    let [terminated, truncated] = ends(venue, state);
    observe(rules, venue, state, obs);
    Ok(Transition { reward, terminated, truncated })
}

/// The peak with what the account is worth now, and `1 - equity / peak`.
#[inline(always)]
pub(crate) fn drawdown(peak: f64, equity: f64) -> (f64, f64) {
    let peak = if equity > peak { equity } else { peak };
    (peak, 1.0 - equity / peak)
}

/// Whether a step terminated its episode, and whether it cut it; `closed`: the session ended with it.
#[inline(always)]
pub(crate) fn ends(
    rules: &Rules,
    equity: f64,
    initial_capital: f64,
    drawdown: f64,
    steps_left: u32,
    closed: impl FnOnce() -> bool,
) -> [bool; 2] {
    let terminated = (equity <= rules.spec().episode.ruin * initial_capital) | (drawdown >= rules.drawdown_limit);
    let truncated = steps_left == 0 || (rules.ends_with_session && closed());
    [terminated, truncated && !terminated]
}

/// Sends what an action orders of one instrument; of all of them, where the scheme sends its orders itself.
#[inline(always)]
fn order(
    rules: &Rules,
    venue: &mut impl Venue,
    state: &mut EnvState,
    action: Action<'_>,
    id: usize,
    qty: f64,
    grid: &Grid,
) -> Sent {
    let Some(scheme) = &rules.plain else { return decide(rules, venue, state, action) };
    let instrument = InstrumentId(id as u32);
    // What orders under way will have filled counts as held: nothing is ordered twice.
    let held = (qty + venue.at_market(instrument)) * grid.inv_lot;
    let lots = round(scheme.target(action, id, held)) - round(held);
    if lots == 0.0 {
        return Ok(());
    }
    let sent = venue.submit(OrderRequest::market(instrument, lots * grid.lot));
    sent.map(|_| ()).map_err(|e| Box::new(e.into()))
}

#[inline(never)]
fn order_many(rules: &Rules, venue: &mut impl Venue, state: &mut EnvState, action: Action<'_>) -> Sent {
    if rules.plain.is_none() {
        return decide(rules, venue, state, action);
    }
    rules.grid.iter().enumerate().try_for_each(|(id, grid)| {
        let qty = state.account.position(InstrumentId(id as u32)).qty();
        order(rules, venue, state, action, id, qty, grid)
    })
}

/// Lets the scheme send its orders.
#[cold]
#[inline(never)]
fn decide(rules: &Rules, venue: &mut impl Venue, state: &mut EnvState, action: Action<'_>) -> Sent {
    let mut orders = std::mem::take(&mut state.orders);
    at_decision(rules, venue, state, |decision| rules.spec().action.orders(action, decision, &mut orders));
    if !rules.spec().limits.is_none() {
        state.day = Day::at(state, venue.market());
    }
    let sent = orders.leave(venue);
    state.orders = orders;
    sent.map_err(Box::new)
}

/// Shows what is known at the present decision.
fn at_decision<T>(rules: &Rules, venue: &impl Venue, state: &EnvState, show: impl FnOnce(&Decision<'_>) -> T) -> T {
    let (market, limits) = (venue.market(), rules.spec().limits);
    let (under_way, waiting) = (|id| venue.at_market(id), |id| venue.waiting(id));
    show(&Decision {
        steps_left: state.steps_left,
        under_way: &under_way,
        waiting: &waiting,
        limits,
        locked: !limits.is_none() && limits.lock(state, market),
        models: Some(&rules.models),
        ..Decision::new(market, &state.account)
    })
}

/// Writes what the last action came to: of each instrument what is held, with what orders at the market have yet to fill.
pub(crate) fn executed(rules: &Rules, venue: &impl Venue, state: &EnvState, executed: &mut [f64]) {
    let (market, equity) = (venue.market(), state.account.equity());
    for (at, (out, position)) in executed.iter_mut().zip(state.account.positions()).enumerate() {
        let id = InstrumentId(at as u32);
        *out = rules.exposure(at, position.qty() + venue.at_market(id), market.last(id).close, equity);
    }
}

/// Writes which choices are open at the present decision.
pub(crate) fn mask(rules: &Rules, venue: &impl Venue, state: &EnvState, mask: &mut [bool]) {
    at_decision(rules, venue, state, |decision| rules.spec().action.mask(decision, mask));
}

/// Goes on as the plain step does, and counts what is traded.
#[inline(never)]
fn advance_counted(
    venue: &mut impl Venue,
    account: &mut Account,
    facts: &mut StepFacts,
    hooks: &mut impl Hooks,
) -> tradepit::Result<Advance> {
    venue.advance(account, |event: &AccountEvent| {
        if let AccountEvent::Fill(fill) = event {
            facts.traded += (fill.qty * fill.price * fill.multiplier).abs();
        }
        hooks.event(event);
    })
}

/// The reward, with all facts of the step, out of those of the time before it.
#[inline(never)]
fn reward_of_all(
    rules: &Rules,
    before: &StepFacts,
    venue: &impl Venue,
    state: &mut EnvState,
    ends: [bool; 2],
    facts_out: Option<&mut StepFacts>,
    hooks: &mut impl Hooks,
) -> f32 {
    let facts = facts::after(before, venue, state, ends);
    if let Some(out) = facts_out {
        *out = facts;
    }
    hooks.reward(rules, &facts, &mut state.memory)
}

/// The end of a feed, or a halt: nothing moved, and the observation stands.
#[cold]
fn stand_still(rules: &Rules, venue: &impl Venue, state: &mut EnvState, obs: &mut [f32]) -> Transition {
    observe(rules, venue, state, obs);
    Transition { truncated: true, ..Transition::default() }
}
