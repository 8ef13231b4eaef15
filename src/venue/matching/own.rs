//! Orders that the venue makes itself.

use super::{MatchRow, Met};
use crate::{
    Bar, InstrumentId, Rng, Timestamp,
    account::{Account, Fill, TradedVolume},
    models::Spot,
    order::{MarketOrder, OrderId},
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

/// Where and when it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    /// The price that is traded.
    pub(super) price: f64,
    /// The last bar that is known then.
    pub(super) known: &'a Bar,
    pub(super) time: Timestamp,
    /// Whether the quote of the open stands.
    pub(super) at_open: bool,
}

impl MatchRow<'_> {
    /// An order that no account can have sent: its number is unique by row, instrument and reason.
    pub(super) fn own_order(&self, id: usize, reason: Own) -> MarketOrder {
        let (row, n) = (self.number(), self.instruments.len() as u32);
        let place = row.wrapping_mul(n).wrapping_add(id as u32);
        let number = place.wrapping_mul(Own::KINDS).wrapping_add(reason as u32);
        MarketOrder { id: OrderId::of_venue(number), instrument: InstrumentId(id as u32), qty: 0.0, active_from: row }
    }

    /// A fill of the venue's own order, by the models of everybody's.
    pub(super) fn own_fill(
        &self,
        order: MarketOrder,
        qty: f64,
        At { price, known, time, at_open }: At<'_>,
        account: &Account,
        traded: &TradedVolume,
        rng: &mut Rng,
    ) -> Fill {
        let id = order.instrument.0 as usize;
        let Met { price, reference, spread } = self.met(id, qty, price, at_open);
        let spot = Spot { price, reference, known, time };
        let told = self.told(id, account.positions()[id].traded(), 0.0, spread, traded);
        self.models.fill_told(MarketOrder { qty, ..order }, &self.instruments[id], spot, &told, rng)
    }
}
