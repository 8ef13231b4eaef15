//! A wish to trade.

use serde::{Deserialize, Serialize};

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

/// A market order: buy (`qty` above 0) or sell (below) at the price that the venue gives.
///
/// ```
/// use tradepit::{Instrument, InstrumentId, order::OrderRequest};
/// let order = OrderRequest::market(InstrumentId(0), -2.0);
/// assert!(order.check(&[Instrument::es()]).is_ok());
/// assert!(OrderRequest::market(InstrumentId(0), 0.4).check(&[Instrument::es()]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OrderRequest {
    /// What to trade.
    pub instrument: InstrumentId,
    /// How much, signed, in units of the instrument; a whole number of its lots.
    pub qty: f64,
}

impl OrderRequest {
    /// At the market.
    #[must_use]
    pub const fn market(instrument: InstrumentId, qty: f64) -> Self {
        Self { instrument, qty }
    }

    /// Whether a venue could take it.
    ///
    /// # Errors
    /// Names the instrument and what is wrong: unknown, a quantity that is zero, not finite, or off the lot grid.
    #[inline]
    pub fn check(&self, instruments: &[Instrument]) -> Result<()> {
        let lots = instruments.get(self.instrument.0 as usize).map(|i| self.qty / i.lot);
        match lots {
            // A sum and a difference with 1.5 * 2^52 round to the nearest whole number without a call.
            Some(lots) if self.qty != 0.0 && (lots - ((lots + ROUND) - ROUND)).abs() <= 1e-6 => Ok(()),
            _ => Err(self.refuse(instruments)),
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
