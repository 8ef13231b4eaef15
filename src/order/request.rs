//! A wish to trade.

use serde::{Deserialize, Serialize};

use super::{OrderKind, TimeInForce};
use crate::{Error, Instrument, InstrumentId, Result};

/// Number of an order, unique within one account from its opening.
///
/// ```
/// use tradepit::{InstrumentId, Venue, order::{OrderId, OrderRequest}, venue::Start};
/// # use std::sync::Arc;
/// # use tradepit::{account::Account, market::synth, models::Models, venue::{SimVenue, SimWorld}};
/// # let world = SimWorld::new(Arc::new(synth::es_1m(100, 0).unwrap()), Models::default(), 50_000.0).unwrap();
/// # let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
/// venue.open(Start::At(10), &mut account).unwrap();
/// venue.submit(OrderRequest::market(InstrumentId(0), 1.0)).unwrap();
/// let second = venue.submit(OrderRequest::market(InstrumentId(0), 5.0)).unwrap();
/// assert_eq!(second, OrderId(1));
/// venue.cancel(second).unwrap();
/// venue.advance(&mut account, |_| {}).unwrap();
/// assert_eq!(account.position(InstrumentId(0)).qty(), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u32);

impl OrderId {
    /// Numbers from here on are those of venues.
    const VENUE: u32 = 1 << 31;

    /// A number for an order that the venue makes itself: a liquidation, a flattening, a roll.
    pub(crate) const fn of_venue(number: u32) -> Self {
        Self(Self::VENUE | number)
    }

    /// Whether the venue made the order itself, as it does to liquidate a position, to flatten it, or to roll it.
    ///
    /// ```
    /// use tradepit::order::OrderId;
    /// assert!(!OrderId(7).is_of_venue());
    /// ```
    #[must_use]
    pub const fn is_of_venue(self) -> bool {
        self.0 >= Self::VENUE
    }
}

/// A wish to trade: buy (`qty` above 0) or sell (below).
///
/// ```
/// use tradepit::{Instrument, InstrumentId, order::{OrderRequest, TimeInForce}};
/// let es = InstrumentId(0);
/// let order = OrderRequest::limit(es, -2.0, 5010.25).with_tif(TimeInForce::Day {}).reduce_only();
/// assert!(order.check(&[Instrument::es()]).is_ok());
/// let refused = OrderRequest::limit(es, 1.0, 5010.3).check(&[Instrument::es()]).unwrap_err().to_string();
/// assert_eq!(refused, "order for instrument 0: price 5010.3 is not on the tick of 0.25; round it first");
/// assert!(OrderRequest::market(es, 0.4).check(&[Instrument::es()]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OrderRequest {
    /// What to trade.
    pub instrument: InstrumentId,
    /// How much, signed, in units of the instrument; a whole number of its lots.
    pub qty: f64,
    /// At which price.
    #[serde(default = "market", skip_serializing_if = "is_market")]
    pub kind: OrderKind,
    /// How long it waits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tif: TimeInForce,
    /// Never takes: an order that would fill on arrival is cancelled instead.
    #[serde(default, skip_serializing_if = "is_default")]
    pub post_only: bool,
    /// Never opens: fills at most what is held against it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reduce_only: bool,
    /// Works only once this order fills, for what it has filled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parent: Option<OrderId>,
    /// Orders of one group: what one fills is taken off the others of its instrument, and those of other instruments are
    /// cancelled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub oco: Option<u32>,
}

fn market() -> OrderKind {
    OrderKind::Market {}
}

fn is_market(kind: &OrderKind) -> bool {
    *kind == market()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl OrderRequest {
    /// At the market.
    #[must_use]
    #[inline]
    pub const fn market(instrument: InstrumentId, qty: f64) -> Self {
        Self::of(instrument, qty, OrderKind::Market {})
    }

    /// At `price` or better.
    #[must_use]
    pub const fn limit(instrument: InstrumentId, qty: f64, price: f64) -> Self {
        Self::of(instrument, qty, OrderKind::Limit { price })
    }

    /// At the market once the price reaches `trigger`.
    #[must_use]
    pub const fn stop(instrument: InstrumentId, qty: f64, trigger: f64) -> Self {
        Self::of(instrument, qty, OrderKind::Stop { trigger })
    }

    /// Of any kind, good till cancelled.
    #[must_use]
    #[inline]
    pub const fn of(instrument: InstrumentId, qty: f64, kind: OrderKind) -> Self {
        let tif = TimeInForce::Gtc {};
        Self { instrument, qty, kind, tif, post_only: false, reduce_only: false, parent: None, oco: None }
    }

    /// With another time in force.
    #[must_use]
    pub const fn with_tif(self, tif: TimeInForce) -> Self {
        Self { tif, ..self }
    }

    /// Cancelled rather than filled on arrival.
    #[must_use]
    pub const fn post_only(self) -> Self {
        Self { post_only: true, ..self }
    }

    /// Filled for what is held against it, and no more.
    #[must_use]
    pub const fn reduce_only(self) -> Self {
        Self { reduce_only: true, ..self }
    }

    /// Working once `parent` fills, for what it has filled.
    #[must_use]
    pub const fn child_of(self, parent: OrderId) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// In a group: what one order of it fills is taken off the others of its instrument, and those of other instruments are
    /// cancelled.
    #[must_use]
    pub const fn in_group(self, oco: u32) -> Self {
        Self { oco: Some(oco), ..self }
    }

    /// Whether it is nothing but a market order, which a simulator fills without a book.
    #[must_use]
    #[inline]
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, OrderKind::Market {})
            && self.tif == TimeInForce::Gtc {}
            && !self.post_only
            && !self.reduce_only
            && self.parent.is_none()
            && self.oco.is_none()
    }

    /// Whether a venue could take it.
    ///
    /// # Errors
    /// Names the instrument and what is wrong: unknown, a quantity that is zero, not finite, or off the lot grid.
    #[inline]
    pub fn check(&self, instruments: &[Instrument]) -> Result<()> {
        let lots = instruments.get(self.instrument.0 as usize).map(|i| self.qty / i.lot);
        match lots {
            Some(lots) if self.qty != 0.0 && is_whole(lots) => {
                if let OrderKind::Market {} = self.kind {
                    return Ok(());
                }
                self.check_prices(&instruments[self.instrument.0 as usize])
            }
            _ => Err(self.refuse(instruments)),
        }
    }

    fn check_prices(&self, instrument: &Instrument) -> Result<()> {
        let refuse = |message: String| Err(Error::Order { instrument: self.instrument.0, message });
        for (name, price) in [("price", self.kind.limit()), ("trigger", self.kind.trigger())] {
            let Some(price) = price else { continue };
            if !price.is_finite() {
                return refuse(format!("{name} {price} must be a finite number"));
            }
            let ticks = price / instrument.tick;
            if (ticks - ticks.round()).abs() > 1e-6 {
                return refuse(format!("{name} {price} is not on the tick of {}; round it first", instrument.tick));
            }
        }
        match self.kind {
            OrderKind::TrailingStop { offset } if !(offset.is_finite() && offset > 0.0) => {
                refuse(format!("offset {offset} must be a finite number above 0"))
            }
            _ if self.post_only && self.kind.limit().is_none() => {
                refuse("post_only is for orders with a limit; name a price".into())
            }
            _ => Ok(()),
        }
    }

    #[cold]
    fn refuse(&self, instruments: &[Instrument]) -> Error {
        let message = match instruments.get(self.instrument.0 as usize) {
            None => format!("there are {} instruments; count from 0", instruments.len()),
            Some(i) if self.qty.is_finite() && self.qty != 0.0 => {
                format!("quantity {} is no whole number of lots of {}; round it first", self.qty, i.lot)
            }
            Some(_) => format!("quantity {} must be finite and not 0", self.qty),
        };
        Error::Order { instrument: self.instrument.0, message }
    }
}

const ROUND: f64 = 6_755_399_441_055_744.0;

/// Whether it is a whole number, but for the rounding of decimal lots: of 10^10 lots the last bit is more than a millionth.
#[inline]
fn is_whole(lots: f64) -> bool {
    // A sum and a difference with 1.5 * 2^52 round to the nearest whole number without a call.
    let off = (lots - ((lots + ROUND) - ROUND)).abs();
    off <= 1e-6 || off <= 4.0 * f64::EPSILON * lots.abs()
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn many_small_lots_are_whole_and_parts_of_them_are_not() {
        for lots in [1.0, -3.0, 0.3 / 0.1, 13_078.118_216 / 1e-6, 1e12, 1e17] {
            assert!(is_whole(lots), "{lots}");
        }
        for lots in [0.5, 1e9 + 0.25, 1e12 + 0.5, f64::NAN, f64::INFINITY] {
            assert!(!is_whole(lots), "{lots}");
        }
    }
}
