//! The orders of one decision.

use tradepit::{InstrumentId, Venue, order::OrderRequest};

use super::Decision;
use crate::Result;

/// The orders that a scheme sends at one decision; they leave in order, when it is through.
///
/// ```
/// use tradepit::{account::Account, market::synth, order::OrderRequest};
/// use tradepit_envs::{Decision, Orders};
/// let (data, account, mut orders) = (synth::es_1m(10, 0).unwrap(), Account::new(1), Orders::default());
/// // Flat, and three lots are wanted.
/// orders.lead_to(&Decision::new(data.view(5), &account), 0, 3.2);
/// assert_eq!((orders.sent().len(), orders.sent()[0].qty), (1, 3.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orders {
    list: Vec<OrderRequest>,
}

impl Orders {
    /// Sends an order.
    pub fn send(&mut self, request: OrderRequest) {
        self.list.push(request);
    }

    /// Sends what leads from what is held of an instrument to `lots` of it, rounded to whole ones, halves away from zero:
    /// one market order for the difference, or none.
    ///
    /// # Panics
    /// When there is no such instrument.
    pub fn lead_to(&mut self, decision: &Decision<'_>, instrument: usize, lots: f64) {
        let lots = round(lots) - round(decision.held(instrument));
        if lots != 0.0 {
            let lot = decision.market.instruments()[instrument].lot;
            self.send(OrderRequest::market(InstrumentId(instrument as u32), lots * lot));
        }
    }

    /// The orders so far.
    #[must_use]
    pub fn sent(&self) -> &[OrderRequest] {
        &self.list
    }

    /// Gives them to the venue, the first one first.
    ///
    /// # Errors
    /// When the venue refuses one; those before it have left.
    pub(crate) fn leave(&mut self, venue: &mut impl Venue) -> Result<()> {
        for request in self.list.drain(..) {
            venue.submit(request)?;
        }
        Ok(())
    }
}

/// The nearest whole number, halves away from zero, for numbers of lots.
#[inline]
pub(crate) fn round(lots: f64) -> f64 {
    // 1.5 * 2^52: sum and difference round to the nearest even without a call to the mathematics library.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    let nearest = (lots + MAGIC) - MAGIC;
    // Halves went to the even neighbour: 0.5 became 0, and must be 1.
    if (lots - nearest).abs() == 0.5 { lots + 0.5_f64.copysign(lots) } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn lots_round_to_the_nearest_halves_away_from_zero() {
        for (value, rounded) in
            [(0.49, 0.0), (0.5, 1.0), (-0.5, -1.0), (1.5, 2.0), (2.5, 3.0), (-2.5, -3.0), (7.2, 7.0)]
        {
            assert_eq!(round(value), rounded, "{value}");
        }
    }
}
