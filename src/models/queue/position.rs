//! Where an order stands at its price.

use serde::{Deserialize, Serialize};

use crate::Instrument;

/// The place of one resting order: what must trade before it, and what has traded beyond that.
///
/// ```
/// use tradepit::{Instrument, models::queue::Queue};
/// let es = Instrument::es();
/// let mut queue = Queue::behind(100.0);
/// queue.trade(80.0);
/// assert_eq!((queue.ahead(), queue.take(&es, 50.0)), (20.0, 0.0));
/// // 20 clear the queue, the other 10 reach the order.
/// queue.trade(30.0);
/// assert_eq!((queue.ahead(), queue.take(&es, 50.0)), (0.0, 10.0));
/// ```
///
/// All quantities are in units of the instrument, without a sign. Plain data: a snapshot is a copy. A volume that just
/// equals what was ahead fills nothing. The default stands at the front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Still to trade before the order, at least 0.
    ahead: f64,
    /// Traded beyond that and not yet filled. At most half a lot below 0: what rounding up lent.
    due: f64,
    /// Traded since the level's size was last seen, so that a decrease by trades does not count twice.
    traded: f64,
}

impl Queue {
    /// Behind a quantity: the size shown at the price, and what the account's own older orders there still want.
    ///
    /// A quantity that is below 0 or not a number counts as 0.
    #[must_use]
    #[inline]
    pub fn behind(ahead: f64) -> Self {
        Self { ahead: ahead.max(0.0), due: 0.0, traded: 0.0 }
    }

    /// What must still trade before the order, at least 0.
    #[must_use]
    #[inline]
    pub fn ahead(&self) -> f64 {
        self.ahead
    }

    /// Moves forward by a trade at the order's price; the part beyond the queue reaches the order.
    #[inline]
    pub fn trade(&mut self, qty: f64) {
        let before = qty.min(self.ahead);
        self.ahead -= before;
        self.due += qty - before;
        self.traded += qty;
    }

    /// The level holds `level_qty` now: no more can be ahead, and the trades so far are in that size.
    #[inline]
    pub fn limit_to(&mut self, level_qty: f64) {
        self.ahead = self.ahead.min(level_qty).max(0.0);
        self.traded = 0.0;
    }

    /// Moves forward by cancellations, of which the share `behind(ahead, behind)` happened behind the order.
    ///
    /// With `chg` the decrease that trades do not explain and `p` that share: `min(ahead - (1 - p) chg, new)`, at least 0.
    /// Cancellations take an order to the front and never fill it. When orders joined (`chg` below 0) they joined behind.
    /// `p` below 0 or above 1 counts as 0 or 1; not a number counts as 1.
    #[inline]
    pub fn cancel(&mut self, previous: f64, new: f64, behind: impl FnOnce(f64, f64) -> f64) {
        let chg = previous - new - self.traded;
        if chg > 0.0 && self.ahead > 0.0 {
            let back = (previous - self.ahead).max(0.0);
            let p = behind(self.ahead, back);
            let p = if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) };
            // More than was behind cannot have gone from there: `new`, below, is the bound of that.
            self.ahead -= (1.0 - p) * chg;
        }
        self.limit_to(new);
    }

    /// Takes what has reached the order: whole lots, at most the `left` that it still wants.
    ///
    /// The nearest number of lots. The remainder stays, also a negative one, so that over all fills the total is the
    /// nearest number of lots too, however the volume was split.
    #[inline]
    #[must_use]
    pub fn take(&mut self, instrument: &Instrument, left: f64) -> f64 {
        let qty = instrument.round_qty(self.due).clamp(0.0, left.max(0.0));
        self.due -= qty;
        qty
    }
}
