//! What is left of one backtest among many.

use serde::{Deserialize, Serialize};

use super::Ran;
use crate::account::metrics::{max_drawdown, sharpe, simple_returns};

/// One line of a table of strategies. Money is in account currency.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{backtest::{Summary, Sweep}, market::synth, models::Models, venue::SimWorld};
/// let data = Arc::new(synth::es_1m(100, 0)?);
/// let world = Arc::new(SimWorld::new(data, Models::default(), 100_000.0)?);
/// let flat = Sweep::new(&world).table(&[0i8; 100], Summary::of)?.remove(0);
/// assert_eq!((flat.final_equity, flat.fills, flat.sharpe_per_bar, flat.max_drawdown), (100_000.0, 0, None, 0.0));
/// # tradepit::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Equity at the end.
    pub final_equity: f64,
    /// Orders sent.
    pub orders: u64,
    /// Fills.
    pub fills: u32,
    /// Trades that came to their end.
    pub trades: u32,
    /// Fees paid.
    pub fees: f64,
    /// What slippage cost.
    pub slippage: f64,
    /// Sharpe ratio of one bar; see [`sharpe`]. None where equity did not vary, or reached 0.
    pub sharpe_per_bar: Option<f64>,
    /// Largest share of a peak that was lost; see [`max_drawdown`].
    pub max_drawdown: f64,
}

impl Summary {
    /// Of one that has run.
    #[must_use]
    pub fn of(ran: &Ran<'_>) -> Self {
        let account = ran.backtest.account();
        Self {
            final_equity: account.equity(),
            orders: ran.backtest.orders(),
            fills: account.fills(),
            trades: account.trades(),
            fees: account.fees(),
            slippage: account.slippage(),
            sharpe_per_bar: simple_returns(ran.equity).and_then(|returns| sharpe(&returns)),
            max_drawdown: max_drawdown(ran.equity).depth,
        }
    }

    /// Sharpe ratio of a year with so many bars: that of a bar times the root of them.
    ///
    /// ```
    /// use tradepit::backtest::Summary;
    /// let json = r#"{"final_equity": 1.0, "orders": 0, "fills": 0, "trades": 0, "fees": 0.0, "slippage": 0.0,
    ///     "sharpe_per_bar": 0.1, "max_drawdown": 0.0}"#;
    /// assert_eq!(serde_json::from_str::<Summary>(json).unwrap().sharpe(400.0), Some(2.0));
    /// ```
    #[must_use]
    pub fn sharpe(&self, periods_per_year: f64) -> Option<f64> {
        self.sharpe_per_bar.map(|ratio| ratio * periods_per_year.sqrt())
    }
}
