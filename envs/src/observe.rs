//! The observation: a window of features, or where it is, then the account.

use serde::{Deserialize, Serialize};
use tradepit::{InstrumentId, Venue, account::Position};

use crate::{EnvState, Reward as _, Rules, rules::Grid};

/// How an observation shows the features.
///
/// ```
/// use tradepit_envs::{EnvSpec, IndexObservation, Observe, WindowObservation};
/// let spec: EnvSpec = serde_json::from_str(r#"{"observe": {"kind": "index"}}"#).unwrap();
/// assert_eq!(spec.observe, Observe::Index(IndexObservation {}));
/// assert_eq!(EnvSpec::default().observe, Observe::Window(WindowObservation {}));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observe {
    /// By themselves.
    Window(WindowObservation),
    /// By the number of their table and of the newest row.
    Index(IndexObservation),
}

impl Default for Observe {
    fn default() -> Self {
        Self::Window(WindowObservation {})
    }
}

/// An observation has the window's features themselves, so that any network can read it.
///
/// ```
/// use tradepit_envs::{EnvSpec, SimSetup, Space};
/// # use tradepit::market::synth;
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// assert_eq!(*setup.rules().observation_space(), Space::Box { len: 32 * 16 + 5, low: -10.0, high: 10.0 });
/// assert!(setup.rules().gather().is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowObservation {}

/// An observation has in place of the window the number of the table of features ([`WindowGather::table`]) and that of the
/// window's newest row; [`Rules::gather`] makes windows of it, the same bits.
///
/// ```
/// use tradepit_envs::{EnvSpec, SimSetup};
/// # use tradepit::market::synth;
/// let spec: EnvSpec = serde_json::from_str(r#"{"observe": {"kind": "index"}, "account": ["position"]}"#).unwrap();
/// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// assert_eq!(setup.rules().observation_names(), ["table", "row", "position_0"]);
/// let (mut env, mut obs) = (setup.env(), [0.0; 3]);
/// env.reset(Some(7), &mut obs).unwrap();
/// let table = setup.rules().gather().unwrap().table();
/// assert_eq!(obs, [table as f32, env.venue().state().row() as f32, 0.0]);
/// ```
///
/// A rollout of such observations is smaller by about the length of a window, and they are written sooner. It needs one
/// table that stays as it is: markets that are drawn for every episode and live sessions observe windows. A policy that was
/// trained by index is one that reads windows.
///
/// [`WindowGather::table`]: crate::WindowGather::table
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexObservation {}

/// A number of the account in an observation.
///
/// ```
/// use tradepit_envs::{AccountNumber, EnvSpec};
/// let spec: EnvSpec = serde_json::from_str(r#"{"account": ["position", "time_left"]}"#).unwrap();
/// assert_eq!(spec.account, [AccountNumber::Position, AccountNumber::TimeLeft]);
/// assert_eq!(EnvSpec::default().account, AccountNumber::USUAL);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountNumber {
    /// Of each instrument, units held as a share of the largest position; where actions are weights, what they are worth as
    /// a share of the equity, by the largest weight.
    Position,
    /// Of each instrument, what is held at the last close as a share of the equity, negative if short.
    Weight,
    /// Of each instrument, profit of what is held, in percent of the initial capital.
    Unrealised,
    /// Of each instrument, for how long it has been held, in windows.
    TimeInPosition,
    /// Equity less the initial capital, in percent of it.
    Equity,
    /// Drawdown from the peak, in percent.
    Drawdown,
    /// Share of the episode's steps that are left, from 1 to 0; for episodes of a number of steps.
    TimeLeft,
    /// Change of the first instrument's price since the episode began, in tenths of the price that it began with.
    PriceSinceStart,
    /// What the reward says of its memory, as [`Reward::observe`](crate::Reward::observe) scales it.
    RewardMemory,
}

impl AccountNumber {
    /// Those of an observation unless the spec says otherwise, in their order.
    pub const USUAL: [Self; 5] = [Self::Position, Self::Unrealised, Self::TimeInPosition, Self::Equity, Self::Drawdown];

    /// Its name in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Weight => "weight",
            Self::Unrealised => "unrealised",
            Self::TimeInPosition => "time_in_position",
            Self::Equity => "equity",
            Self::Drawdown => "drawdown",
            Self::TimeLeft => "time_left",
            Self::PriceSinceStart => "price_since_start",
            Self::RewardMemory => "reward_memory",
        }
    }

    /// Whether there is one of it for each instrument.
    pub(crate) fn is_of_each(self) -> bool {
        matches!(self, Self::Position | Self::Weight | Self::Unrealised | Self::TimeInPosition)
    }
}

/// Values brought within the observation's bounds, and how many had to be.
struct Bounds {
    clip: f32,
    clipped: u32,
}

impl Bounds {
    #[inline(always)]
    fn bound(&mut self, value: f32) -> f32 {
        let bounded = bounded(value, self.clip);
        self.clipped += u32::from(bounded != value);
        bounded
    }
}

/// Brought within `-clip..=clip`.
#[inline(always)]
pub(crate) fn bounded(value: f32, clip: f32) -> f32 {
    // Two selects; `f32::clamp` also checks its bounds, every time.
    let low = if value < -clip { -clip } else { value };
    if low > clip { clip } else { low }
}

/// What the usual numbers of one instrument's account are made of.
pub(crate) struct Usual {
    pub(crate) qty: f64,
    pub(crate) unrealised: f64,
    pub(crate) since: i64,
    pub(crate) equity: f64,
    pub(crate) opening_equity: f64,
    pub(crate) drawdown: f64,
    pub(crate) now: i64,
}

impl Usual {
    pub(crate) const LEN: usize = AccountNumber::USUAL.len();

    /// The numbers of [`AccountNumber::USUAL`], not yet brought within the bounds.
    #[inline(always)]
    pub(crate) fn numbers(&self, rules: &Rules, grid: &Grid) -> [f32; Self::LEN] {
        let percent = 100.0 / self.opening_equity;
        let [share, profit] = [(self.qty * grid.inv_max_units) as f32, (self.unrealised * percent) as f32];
        let whole = [(self.equity * percent - 100.0) as f32, (self.drawdown * 100.0) as f32];
        [share, profit, held(rules, self.qty, self.since, self.now), whole[0], whole[1]]
    }
}

/// Writes the observation of the present state.
#[inline(always)]
pub(crate) fn observe(rules: &Rules, venue: &impl Venue, state: &mut EnvState, obs: &mut [f32]) {
    let market = venue.market();
    let (window, own) = obs.split_at_mut(rules.window_len);
    copy_window(window, market.window(rules.rows));
    let account = &state.account;
    let clipped = match (account.positions(), &rules.usual, <&mut [f32; Usual::LEN]>::try_from(&mut *own)) {
        // The usual numbers of one instrument are written in one go.
        ([position], Some(grid), Ok(own)) => {
            let usual = Usual {
                qty: position.qty(),
                unrealised: account.unrealised(),
                since: position.since().nanos(),
                equity: account.equity(),
                opening_equity: account.opening_equity(),
                drawdown: state.drawdown,
                now: market.now().nanos(),
            };
            // Lent to nobody, they stay in registers.
            let mut bounds = Bounds { clip: rules.clip, clipped: 0 };
            *own = usual.numbers(rules, grid).map(|value| bounds.bound(value));
            bounds.clipped
        }
        _ => listed(rules, venue, state, own),
    };
    state.clipped += clipped;
}

/// Writes the rows of a window.
#[inline(always)]
pub(crate) fn copy_window(to: &mut [f32], rows: &[f32]) {
    match (<&mut [f32; 16]>::try_from(&mut *to), <&[f32; 16]>::try_from(rows)) {
        // One cache line moves as a value; longer windows are worth the call.
        (Ok(to), Ok(from)) => *to = *from,
        _ => to.copy_from_slice(rows),
    }
}

/// For how long, in windows.
#[inline(always)]
fn held(rules: &Rules, qty: f64, since: i64, now: i64) -> f32 {
    // Computed for all, so that it is a select: whether an account is flat is hard to guess.
    let age = now.wrapping_sub(since);
    let held = if qty == 0.0 { 0 } else { age };
    (held as f64 * rules.inv_window_ns) as f32
}

/// Any other choice of numbers, those of several instruments, and those behind an index. Gives how many had to be brought
/// within the bounds.
#[inline(never)]
fn listed(rules: &Rules, venue: &impl Venue, state: &EnvState, mut own: &mut [f32]) -> u32 {
    let mut bounds = Bounds { clip: rules.clip, clipped: 0 };
    let (account, market) = (&state.account, venue.market());
    if let Some(gather) = &rules.gather {
        let (index, rest) = own.split_at_mut(2);
        index.copy_from_slice(&[gather.table() as f32, (market.len() - 1) as f32]);
        own = rest;
    }
    let percent = 100.0 / account.opening_equity();
    let now = market.now().nanos();
    let last = |id: usize| market.last(InstrumentId(id as u32)).close;
    let each = || account.positions().iter().zip(&rules.grid).enumerate();
    for number in &rules.spec().account {
        let (place, rest) = own.split_at_mut(rules.numbers_of(*number));
        own = rest;
        match number {
            AccountNumber::Position => {
                let shown =
                    |id: usize, position: &Position| rules.exposure(id, position.qty(), last(id), account.equity());
                each().for_each(|(id, (position, _))| place[id] = shown(id, position) as f32);
            }
            AccountNumber::Weight => each().for_each(|(id, (position, _))| {
                let held = position.qty() * last(id) * market.instruments()[id].multiplier;
                place[id] = if account.equity() > 0.0 { (held / account.equity()) as f32 } else { 0.0 };
            }),
            AccountNumber::Unrealised => each().for_each(|(id, (position, _))| {
                place[id] = (position.unrealised(last(id)) * percent) as f32;
            }),
            AccountNumber::TimeInPosition => {
                each().for_each(|(id, (position, _))| {
                    place[id] = held(rules, position.qty(), position.since().nanos(), now);
                });
            }
            AccountNumber::Equity => place[0] = (account.equity() * percent - 100.0) as f32,
            AccountNumber::Drawdown => place[0] = (state.drawdown * 100.0) as f32,
            AccountNumber::TimeLeft => {
                place[0] = (f64::from(state.steps_left) / f64::from(rules.max_steps)) as f32;
            }
            AccountNumber::PriceSinceStart => {
                let first = state.first_price;
                place[0] = if first == 0.0 { 0.0 } else { (10.0 * (last(0) - first) / first.abs()) as f32 };
            }
            AccountNumber::RewardMemory => rules.spec().reward.observe(&state.memory, place),
        }
        for value in place {
            *value = bounds.bound(*value);
        }
    }
    bounds.clipped
}
