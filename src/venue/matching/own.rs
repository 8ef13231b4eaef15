//! Orders that the venue makes itself.

use super::MatchRow;
use crate::{
    Bar, InstrumentId, Rng, Timestamp,
    account::Fill,
    models::{CommissionModel as _, FeeContext, FillContext, Liquidity, SlippageModel as _},
    order::OrderId,
};

/// Why the venue trades for an account.
#[derive(Clone, Copy, Debug)]
pub(super) enum Own {
    Liquidation,
    Flattening,
    RollOut,
    RollIn,
    /// Cash for a fraction of a lot.
    Fraction,
}

impl Own {
    /// Room for one order of each kind.
    const KINDS: u32 = 5;
}

impl MatchRow<'_> {
    /// A number that no order of the account can have: unique by row, instrument and reason.
    pub(super) fn own_order(&self, id: usize, reason: Own) -> OrderId {
        let (row, n) = (self.row, self.instruments.len() as u32);
        let place = row.wrapping_mul(n).wrapping_add(id as u32);
        OrderId::of_venue(place.wrapping_mul(Own::KINDS).wrapping_add(reason as u32))
    }

    /// A fill by the models of everybody's, of an account that holds `held`: at a reference price, with the bar that is
    /// known then, at that time.
    pub(super) fn own_fill(
        &self,
        id: usize,
        order: OrderId,
        held: f64,
        qty: f64,
        (reference, known, time): (f64, &Bar, Timestamp),
        rng: &mut Rng,
    ) -> Fill {
        let instrument = &self.instruments[id];
        let liquidity = Liquidity { net_traded: held, ..Liquidity::UNKNOWN };
        let ctx = FillContext { liquidity, ..FillContext::new(instrument, qty, reference, known) };
        let price = self.models.slippage.price(&ctx, rng);
        let fee = self.models.commission.fee(&FeeContext { time, ..FeeContext::new(instrument, qty, price) });
        self.fill_of(id, order, qty, (price, reference), fee, time)
    }

    /// A fill at a price, and the one before slippage.
    pub(super) fn fill_of(
        &self,
        id: usize,
        order: OrderId,
        qty: f64,
        (price, reference): (f64, f64),
        fee: f64,
        time: Timestamp,
    ) -> Fill {
        let instrument = &self.instruments[id];
        Fill {
            qty,
            price,
            reference,
            fee,
            multiplier: instrument.multiplier,
            time,
            order,
            instrument: InstrumentId(id as u32),
            futures: instrument.is_futures(),
        }
    }
}
