//! What a reward may read of a step.

use serde::{Deserialize, Serialize};

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
}

impl StepFacts {
    /// Names of the columns, in memory order.
    pub const NAMES: [&'static str; 16] = [
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
    ];

    /// The facts of no step: of a fresh account at that price.
    #[must_use]
    pub fn at_rest(equity: f64, price: f64) -> Self {
        Self { equity_before: equity, equity, initial_capital: equity, price, price_before: price, ..Self::default() }
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
    pub fn columns(rows: &[Self]) -> [Vec<f64>; 16] {
        let mut columns: [Vec<f64>; 16] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row.values()) {
                column.push(value);
            }
        }
        columns
    }

    /// The values in the order of [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn values(&self) -> [f64; 16] {
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
        ]
    }

    /// Change of equity in the step.
    #[must_use]
    #[inline]
    pub fn equity_change(&self) -> f64 {
        self.equity - self.equity_before
    }
}
