//! The orders of one decision.

use tradepit::{InstrumentId, Venue, order::OrderRequest};

use super::Decision;
use crate::Result;

/// An order, and those that close what it opens: the one that fills first takes the other out.
///
/// ```
/// use tradepit::{InstrumentId, order::OrderRequest};
/// use tradepit_envs::Bracket;
/// let entry = OrderRequest::market(InstrumentId(0), 2.0);
/// let protected = Bracket { stop: Some(4_990.0), ..Bracket::from(entry) };
/// assert_eq!((protected.entry.qty, protected.target), (2.0, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket {
    /// What opens.
    pub entry: OrderRequest,
    /// The price at which a stop closes it.
    pub stop: Option<f64>,
    /// The price at which a limit closes it.
    pub target: Option<f64>,
}

impl From<OrderRequest> for Bracket {
    fn from(entry: OrderRequest) -> Self {
        Self { entry, stop: None, target: None }
    }
}

/// The orders that a scheme sends at one decision; they leave in order, when it is through.
///
/// ```
/// use tradepit::{account::Account, market::synth, order::OrderRequest};
/// use tradepit_envs::{Decision, Orders};
/// let (data, account, mut orders) = (synth::es_1m(10, 0).unwrap(), Account::new(1), Orders::default());
/// // Flat, and three lots are wanted.
/// orders.lead_to(&Decision::new(data.view(5), &account), 0, 3.2);
/// assert_eq!((orders.sent().len(), orders.sent()[0].entry.qty), (1, 3.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orders {
    list: Vec<Bracket>,
}

impl Orders {
    /// Sends an order, or one with those that close it.
    pub fn send(&mut self, order: impl Into<Bracket>) {
        self.list.push(order.into());
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
    pub fn sent(&self) -> &[Bracket] {
        &self.list
    }

    /// Cuts them down to what the limits let through; earlier ones come first. What may only close is told to.
    pub(super) fn keep(&mut self, decision: &Decision<'_>) {
        if decision.limits.is_none() {
            return;
        }
        for at in 0..self.list.len() {
            let OrderRequest { instrument, qty, reduce_only, .. } = self.list[at].entry;
            let (id, buys) = (instrument.0 as usize, qty > 0.0);
            let lot = decision.market.instruments()[id].lot;
            let earlier = self.list[..at].iter().map(|earlier| earlier.entry);
            let taken = earlier.filter(|e| e.instrument == instrument && (e.qty > 0.0) == buys).map(|e| e.qty.abs());
            let taken = (taken.sum::<f64>() / lot).round();
            let lots = (qty / lot).abs().round();
            let (free, closes) = (decision.free(id, buys) - taken, decision.closes(id, buys) - taken);
            if !reduce_only && lots > free {
                let entry = &mut self.list[at].entry;
                entry.qty = (lots.min(free.max(closes)).max(0.0) * lot).copysign(qty);
                entry.reduce_only = free < closes;
            }
        }
        self.list.retain(|order| order.entry.qty != 0.0);
    }

    /// Gives them to the venue, the first one first.
    ///
    /// # Errors
    /// When the venue refuses one; those before it have left.
    pub(crate) fn leave(&mut self, venue: &mut impl Venue) -> Result<()> {
        for Bracket { entry, stop, target } in self.list.drain(..) {
            let id = venue.submit(entry)?;
            let stop = stop.map(|price| OrderRequest::stop(entry.instrument, -entry.qty, price));
            let target = target.map(|price| OrderRequest::limit(entry.instrument, -entry.qty, price));
            for closes in [stop, target].into_iter().flatten() {
                // The group needs a number that no other has: that of the order which it closes.
                venue.submit(closes.child_of(id).in_group(id.0).reduce_only())?;
            }
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
