//! What a reward may read of a step.

use serde::{Deserialize, Serialize};
use tradepit::{InstrumentId, MarketView, Venue, account::AccountNumbers};

use crate::{EnvState, Rules};

/// The facts of one step, all f64: money in account currency, positions in units of the instrument.
///
/// One instrument's position and price stand for the first; `gross_exposure` covers all.
///
/// ```
/// use tradepit_envs::StepFacts;
/// assert_eq!(std::mem::size_of::<StepFacts>(), 8 * StepFacts::NAMES.len());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[repr(C)]
pub struct StepFacts {
    /// Equity at the decision.
    pub equity_before: f64,
    /// Equity at the next decision.
    pub equity: f64,
    /// Equity when the episode began.
    pub initial_capital: f64,
    /// Fees paid in the step, at least 0.
    pub fees: f64,
    /// What slippage cost in the step.
    pub slippage: f64,
    /// Financing paid in the step (negative: received).
    pub financing: f64,
    /// `1 - equity / peak`, after the step.
    pub drawdown: f64,
    /// `1 - equity / peak`, before the step.
    pub drawdown_before: f64,
    /// Units held after the step, signed.
    pub position: f64,
    /// Units held before the step, signed.
    pub position_before: f64,
    /// Last price after the step.
    pub price: f64,
    /// Last price before the step.
    pub price_before: f64,
    /// Trades closed in the step.
    pub closed_trades: f64,
    /// Closed trades with a net profit in a row, up to now.
    pub winning_streak: f64,
    /// Fills in the step.
    pub fills: f64,
    /// Steps since the episode began, this one included.
    pub step: f64,
    /// Steps that the episode has left by its own length and the data, 0 at its last one; 2^32 - 1 where neither ends it.
    pub steps_left: f64,
    /// 1 where the step ended the episode by itself (ruin, drawdown limit), else 0.
    pub terminated: f64,
    /// 1 where the step is the last of an episode that is cut (length, session, end of the data), else 0.
    pub truncated: f64,
    /// Money that one unit gains when the price rises by 1.
    pub multiplier: f64,
    /// Last price when the episode began.
    pub first_price: f64,
    /// True range of the row that closed in the step: from the lower of its low and the close before to the higher of
    /// its high and that close.
    pub true_range: f64,
    /// By how much the price was expected to change in the step when the decision was taken: the data's column
    /// `expected_change`, which synthetic markets publish; 0 where there is none.
    pub expected_change: f64,
    /// Value of what was bought and sold in the step, over all instruments: the sum of units x price x multiplier.
    pub traded: f64,
    /// Profit of what was closed in the step, before fees, over all instruments.
    pub realised: f64,
    /// Trades closed in the step with a net profit.
    pub wins: f64,
}

/// The column of the data that holds `StepFacts::expected_change`.
pub(crate) const EXPECTED_CHANGE: &str = "expected_change";

impl StepFacts {
    /// Names of the columns, in memory order.
    pub const NAMES: [&'static str; 26] = [
        "equity_before",
        "equity",
        "initial_capital",
        "fees",
        "slippage",
        "financing",
        "drawdown",
        "drawdown_before",
        "position",
        "position_before",
        "price",
        "price_before",
        "closed_trades",
        "winning_streak",
        "fills",
        "step",
        "steps_left",
        "terminated",
        "truncated",
        "multiplier",
        "first_price",
        "true_range",
        "expected_change",
        "traded",
        "realised",
        "wins",
    ];

    /// The facts of no step: of a fresh account at that price.
    #[must_use]
    pub fn at_rest(equity: f64, price: f64) -> Self {
        Self {
            equity_before: equity,
            equity,
            initial_capital: equity,
            price,
            price_before: price,
            first_price: price,
            multiplier: 1.0,
            ..Self::default()
        }
    }

    /// The facts of many environments as columns, in the order of [`NAMES`](Self::NAMES).
    ///
    /// ```
    /// use tradepit_envs::StepFacts;
    /// let rows = [StepFacts::at_rest(100.0, 5.0), StepFacts { step: 7.0, ..StepFacts::at_rest(200.0, 6.0) }];
    /// let columns = StepFacts::columns(&rows);
    /// assert_eq!((&columns[1], &columns[15]), (&vec![100.0, 200.0], &vec![0.0, 7.0]));
    /// ```
    #[must_use]
    pub fn columns(rows: &[Self]) -> [Vec<f64>; 26] {
        let mut columns: [Vec<f64>; 26] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row.values()) {
                column.push(value);
            }
        }
        columns
    }

    /// The values in the order of [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn values(&self) -> [f64; 26] {
        [
            self.equity_before,
            self.equity,
            self.initial_capital,
            self.fees,
            self.slippage,
            self.financing,
            self.drawdown,
            self.drawdown_before,
            self.position,
            self.position_before,
            self.price,
            self.price_before,
            self.closed_trades,
            self.winning_streak,
            self.fills,
            self.step,
            self.steps_left,
            self.terminated,
            self.truncated,
            self.multiplier,
            self.first_price,
            self.true_range,
            self.expected_change,
            self.traded,
            self.realised,
            self.wins,
        ]
    }

    /// Change of price in the step.
    #[must_use]
    #[inline]
    pub fn price_change(&self) -> f64 {
        self.price - self.price_before
    }

    /// Whether the episode ended with the step, for whatever reason.
    #[must_use]
    #[inline]
    pub fn is_last(&self) -> bool {
        self.terminated + self.truncated > 0.0
    }

    /// Change of equity in the step.
    #[must_use]
    #[inline]
    pub fn equity_change(&self) -> f64 {
        self.equity - self.equity_before
    }
}

/// The first instrument: the one whose position and price are in the facts.
const FIRST: InstrumentId = InstrumentId(0);

/// The facts of an episode that has just begun.
pub(crate) fn at_rest(venue: &impl Venue, state: &EnvState) -> StepFacts {
    let (market, position) = (venue.market(), state.account.position(FIRST).qty());
    StepFacts {
        position,
        position_before: position,
        steps_left: f64::from(state.steps_left),
        multiplier: market.instruments()[0].multiplier,
        ..StepFacts::at_rest(state.account.equity(), market.last(FIRST).close)
    }
}

/// What a step's facts hold of the time before it.
#[inline(never)]
pub(crate) fn before(rules: &Rules, venue: &impl Venue, state: &EnvState) -> StepFacts {
    before_of(rules, venue.market(), &state.account.numbers(), state.drawdown)
}

/// As [`before`], of the account's numbers.
pub(crate) fn before_of(rules: &Rules, market: MarketView<'_>, account: &AccountNumbers, drawdown: f64) -> StepFacts {
    StepFacts {
        equity_before: account.equity,
        fees: account.fees,
        slippage: account.slippage,
        financing: account.financing,
        drawdown_before: drawdown,
        position_before: account.qty,
        closed_trades: f64::from(account.trades),
        fills: f64::from(account.fills),
        price_before: market.last(FIRST).close,
        expected_change: rules.expected_change.and_then(|column| market.column(column)).map_or(0.0, f64::from),
        realised: account.realised,
        wins: f64::from(account.wins),
        ..StepFacts::default()
    }
}

/// Where an episode is, behind a step.
pub(crate) struct Moment {
    pub(crate) drawdown: f64,
    pub(crate) steps: u32,
    pub(crate) steps_left: u32,
    pub(crate) first_price: f64,
    /// Terminated, truncated.
    pub(crate) ends: [bool; 2],
}

/// The facts of the step that has been taken, out of those of the time before it.
pub(crate) fn after(before: &StepFacts, venue: &impl Venue, state: &EnvState, ends: [bool; 2]) -> StepFacts {
    let EnvState { drawdown, steps, steps_left, first_price, .. } = *state;
    let moment = Moment { drawdown, steps, steps_left, first_price, ends };
    after_of(before, venue.market(), &state.account.numbers(), &moment)
}

/// As [`after`], of the account's numbers.
pub(crate) fn after_of(
    before: &StepFacts,
    market: MarketView<'_>,
    account: &AccountNumbers,
    moment: &Moment,
) -> StepFacts {
    let bar = market.last(FIRST);
    let close = before.price_before;
    StepFacts {
        equity: account.equity,
        initial_capital: account.opening_equity,
        fees: account.fees - before.fees,
        slippage: account.slippage - before.slippage,
        financing: before.financing - account.financing,
        drawdown: moment.drawdown,
        position: account.qty,
        price: bar.close,
        closed_trades: f64::from(account.trades) - before.closed_trades,
        winning_streak: f64::from(account.winning_streak),
        fills: f64::from(account.fills) - before.fills,
        step: f64::from(moment.steps),
        steps_left: f64::from(moment.steps_left),
        terminated: f64::from(u8::from(moment.ends[0])),
        truncated: f64::from(u8::from(moment.ends[1])),
        multiplier: market.instruments()[0].multiplier,
        first_price: moment.first_price,
        true_range: bar.high.max(close) - bar.low.min(close),
        realised: account.realised - before.realised,
        wins: f64::from(account.wins) - before.wins,
        ..*before
    }
}
