//! What is held of one instrument, at average cost.

use serde::{Deserialize, Serialize};

use super::Fill;
use crate::Timestamp;

/// A position at average cost. Reducing realises profit against the average; crossing zero starts anew at the price.
///
/// ```
/// use tradepit::{InstrumentId, account::{Account, Position}};
/// # use tradepit::{Timestamp, account::{AccountEvent, Fill}, order::OrderId};
/// # let fill = |qty, price| AccountEvent::Fill(Fill { qty, price, reference: price, fee: 0.0, multiplier: 50.0,
/// #     time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true });
/// let mut account = Account::new(1);
/// account.apply(&fill(1.0, 10.0));
/// account.apply(&fill(3.0, 14.0));
/// let position: &Position = account.position(InstrumentId(0));
/// assert_eq!((position.qty(), position.avg_price(), position.unrealised(15.0)), (4.0, 13.0, 400.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub(super) qty: f64,
    pub(super) avg_price: f64,
    pub(super) multiplier: f64,
    /// 1 for futures, 0 for spot: a factor, so that settling has no branch.
    pub(super) futures: f64,
    /// Realised profit less fees of the trade that is open.
    pub(super) trade_net: f64,
    /// When the units that are held began to be held on this side.
    pub(super) since: Timestamp,
    /// Units that were held when the account was opened.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) opened: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
fn is_zero(units: &f64) -> bool {
    *units == 0.0
}

/// What settling one fill did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    /// Added to cash before the fee.
    pub cash: f64,
    /// Realised profit before the fee.
    pub realised: f64,
    /// The trade that this fill closed: its net profit.
    pub closed: Option<f64>,
}

impl Position {
    /// Units held, signed.
    #[must_use]
    #[inline]
    pub fn qty(&self) -> f64 {
        self.qty
    }

    /// Units bought less units sold since the account was opened: what is held beyond what it opened with.
    #[must_use]
    #[inline]
    pub fn traded(&self) -> f64 {
        self.qty - self.opened
    }

    /// Average price of the units held; 0 when flat.
    #[must_use]
    #[inline]
    pub fn avg_price(&self) -> f64 {
        self.avg_price
    }

    /// Since when there has been a position on this side, without a moment flat; meaningless when flat.
    #[must_use]
    #[inline]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Profit that closing at `price` would realise, in account currency.
    #[must_use]
    #[inline(always)]
    pub fn unrealised(&self, price: f64) -> f64 {
        self.qty * (price - self.avg_price) * self.multiplier
    }

    /// What the position adds to cash in equity at `price`: unrealised profit (futures) or its market value (spot).
    #[must_use]
    #[inline(always)]
    pub fn value(&self, price: f64) -> f64 {
        self.qty * (price - self.futures * self.avg_price) * self.multiplier
    }

    /// Notional at `price`, signed.
    #[must_use]
    #[inline]
    pub fn notional(&self, price: f64) -> f64 {
        self.qty * price * self.multiplier
    }

    /// One unit becomes `ratio` units; what they are worth together, and what they cost, stays.
    #[cold]
    pub(crate) fn split(&mut self, ratio: f64) {
        self.qty *= ratio;
        self.opened *= ratio;
        self.avg_price /= ratio;
    }

    /// Holds what a fill says from the beginning.
    #[cold]
    pub(crate) fn open(&mut self, fill: &Fill) {
        self.settle(fill);
        self.opened = self.qty;
    }

    #[inline(always)]
    pub(crate) fn settle(&mut self, fill: &Fill) -> Settled {
        let old = self.qty;
        let new = old + fill.qty;
        // Sums of lots such as 0.1 + 0.2 - 0.3 must come back to nothing.
        let (held, filled) = (old.abs(), fill.qty.abs());
        // Selects: `f64::max` also thinks of numbers that are none, every time.
        let [smaller, larger] = if held < filled { [held, filled] } else { [filled, held] };
        let new = if new.abs() <= 1e-9 * larger { 0.0 } else { new };
        let against = old * fill.qty < 0.0;
        let closing = if against { smaller.copysign(old) } else { 0.0 };
        let realised = closing * (fill.price - self.avg_price) * fill.multiplier;
        let crossed = against && new * old <= 0.0;
        let grown = (old * self.avg_price + fill.qty * fill.price) / if new == 0.0 { 1.0 } else { new };
        self.avg_price = match (against, crossed) {
            (false, _) => grown,
            (true, false) => self.avg_price,
            (true, true) => fill.price,
        };
        if new == 0.0 {
            self.avg_price = 0.0;
        }
        if crossed || old == 0.0 {
            self.since = fill.time;
        }
        self.qty = new;
        self.multiplier = fill.multiplier;
        self.futures = f64::from(u8::from(fill.futures));
        // A fill that crosses zero belongs to two trades, and so does its fee.
        let closing_fee = if crossed { fill.fee * (closing / fill.qty).abs() } else { fill.fee };
        self.trade_net += realised - closing_fee;
        let closed = crossed.then_some(self.trade_net);
        if crossed {
            self.trade_net = closing_fee - fill.fee;
        }
        let spot = -(1.0 - self.futures) * fill.qty * fill.price * fill.multiplier;
        Settled { cash: spot + self.futures * realised, realised, closed }
    }
}
