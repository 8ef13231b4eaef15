//! What a fee may depend on.

use crate::{Instrument, Timestamp, account::TradedVolume};

/// What a fee may depend on: the fill, what its order had filled before, what the account had traded lately.
///
/// ```
/// use tradepit::{Instrument, models::FeeContext};
/// let es = Instrument::es();
/// let first = FeeContext::new(&es, 1.0, 5000.0);
/// assert_eq!(first.value(), 250_000.0);
/// // The second contract of the same order, five dollars a point later.
/// let second = FeeContext { filled_before: 1.0, value_before: first.value(), ..FeeContext::new(&es, 1.0, 5001.0) };
/// assert_eq!(second.filled_before + second.qty, 2.0);
/// ```
///
/// A venue that fills orders in parts carries `filled_before` and `value_before` with the order; one that serves
/// volume tiers keeps a [`TradedVolume`] with the account.
#[derive(Clone, Copy, Debug)]
pub struct FeeContext<'a> {
    /// What was traded.
    pub instrument: &'a Instrument,
    /// Units of this fill, signed.
    pub qty: f64,
    /// Price of this fill.
    pub price: f64,
    /// Units that the order had filled before, without a sign.
    pub filled_before: f64,
    /// Value of what the order had filled before: the sum of `|qty * price * multiplier|` of its fills.
    pub value_before: f64,
    /// Whether the order rested in the book; otherwise it took what rested there.
    pub maker: bool,
    /// When.
    pub time: Timestamp,
    /// Units that the account had traded in this calendar month before this fill, without a sign.
    pub month_qty: f64,
    /// Value that the account had traded in this calendar month before this fill.
    pub month_value: f64,
    /// Units that the account had traded on this day and the 29 before it, before this fill, without a sign.
    pub thirty_days_qty: f64,
    /// Value that the account had traded on this day and the 29 before it, before this fill.
    pub thirty_days_value: f64,
}

impl<'a> FeeContext<'a> {
    /// The first fill of an order that took what rested in the book, before anything else was traded.
    #[must_use]
    #[inline]
    pub const fn new(instrument: &'a Instrument, qty: f64, price: f64) -> Self {
        Self {
            instrument,
            qty,
            price,
            filled_before: 0.0,
            value_before: 0.0,
            maker: false,
            time: Timestamp::from_nanos(0),
            month_qty: 0.0,
            month_value: 0.0,
            thirty_days_qty: 0.0,
            thirty_days_value: 0.0,
        }
    }

    /// With what the account had traded by then.
    ///
    /// ```
    /// use tradepit::{Instrument, account::TradedVolume, models::FeeContext};
    /// let es = Instrument::es();
    /// assert_eq!(FeeContext::new(&es, 1.0, 5000.0).after(&TradedVolume::default()).month_qty, 0.0);
    /// ```
    #[must_use]
    pub fn after(self, traded: &TradedVolume) -> Self {
        let (month, thirty_days) = (traded.month(self.time), traded.thirty_days(self.time));
        Self {
            month_qty: month.qty,
            month_value: month.value,
            thirty_days_qty: thirty_days.qty,
            thirty_days_value: thirty_days.value,
            ..self
        }
    }

    /// Value of this fill, without a sign, in account currency.
    #[must_use]
    #[inline]
    pub fn value(&self) -> f64 {
        (self.qty * self.price * self.instrument.multiplier).abs()
    }

    /// What this fill adds to the order's fee, `total` of the units and the value that an order has filled.
    ///
    /// An order pays the same however it is split, and a minimum once: the parts add up to the whole.
    #[inline]
    pub(super) fn added(&self, total: impl Fn(f64, f64) -> f64) -> f64 {
        let after = total(self.filled_before + self.qty.abs(), self.value_before + self.value());
        let before = if self.filled_before > 0.0 { total(self.filled_before, self.value_before) } else { 0.0 };
        after - before
    }
}
