//! The numbers of an account that a fill moves.

use serde::{Deserialize, Serialize};

use super::{Fill, Position};

/// What the fills of an account add up to, in account currency, and how many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Totals {
    pub(super) cash: f64,
    pub(super) realised: f64,
    pub(super) fees: f64,
    pub(super) slippage: f64,
    pub(super) gross_flow: f64,
    pub(super) fills: u32,
    pub(super) trades: u32,
    pub(super) wins: u32,
    pub(super) streak: u32,
}

impl Totals {
    /// Settles one fill: the one place where trading moves cash.
    #[inline(always)]
    pub(super) fn fill(&mut self, position: &mut Position, fill: &Fill) {
        let settled = position.settle(fill);
        self.cash += settled.cash - fill.fee;
        self.realised += settled.realised;
        self.fees += fill.fee;
        self.slippage += fill.slippage_cost();
        self.gross_flow += settled.cash.abs() + fill.fee;
        self.fills += 1;
        if let Some(net) = settled.closed {
            self.trades += 1;
            self.wins += u32::from(net > 0.0);
            self.streak = if net > 0.0 { self.streak + 1 } else { 0 };
        }
    }
}

/// The numbers of an account at one moment, its first position among them, in account currency.
///
/// ```
/// use tradepit::account::{Account, AccountNumbers};
/// let mut account = Account::new(1);
/// account.open(1_000.0);
/// let numbers: AccountNumbers = account.numbers();
/// assert_eq!((numbers.equity, numbers.qty, numbers.fills), (1_000.0, 0.0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AccountNumbers {
    /// As of the last mark.
    pub equity: f64,
    /// Equity when the account was opened.
    pub opening_equity: f64,
    /// Fees paid.
    pub fees: f64,
    /// What slippage cost.
    pub slippage: f64,
    /// Carry received.
    pub financing: f64,
    /// Profit of what was closed, before fees.
    pub realised: f64,
    /// Units held of the first instrument, signed.
    pub qty: f64,
    /// Fills.
    pub fills: u32,
    /// Trades closed.
    pub trades: u32,
    /// Closed trades with a net profit.
    pub wins: u32,
    /// Closed trades with a net profit in a row.
    pub winning_streak: u32,
}
