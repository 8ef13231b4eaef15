//! What units of an order pay: the price that they meet, made worse, the fee, and whether the account can carry it.

use super::MatchRow;
use crate::{
    Bar, InstrumentId, Rng, Timestamp,
    account::{Fill, Position, TradedVolume},
    market::{Quote, grid},
    models::{CommissionModel as _, FeeContext, FillContext, Liquidity, SlippageModel as _, Told},
    order::OrderId,
};

/// What an order that takes meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    /// The price before slippage.
    pub(super) price: f64,
    /// The price that costs are measured against: the middle of a quote.
    pub(super) reference: f64,
    /// The spread that slippage has still to pay: 0 where the price has crossed it, NaN where it is not known.
    pub(super) spread: f64,
}

/// Units of an order that change hands, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Executed {
    pub(super) qty: f64,
    pub(super) price: f64,
    pub(super) reference: f64,
    pub(super) time: Timestamp,
    /// Whether it rested, and was taken.
    pub(super) maker: bool,
}

impl MatchRow<'_> {
    /// What an order meets at a price that was traded.
    pub(super) fn traded(&self, id: usize, price: f64) -> Met {
        Met { price, reference: price, spread: self.quote(id).map_or(f64::NAN, Quote::spread) }
    }

    /// What an order at the market meets when the price is `traded`: that, or the quote under a rule that meets quotes.
    /// Later than the open no finer quote is known: its spread stands about the price.
    pub(super) fn met(&self, id: usize, qty: f64, traded: f64, at_open: bool) -> Met {
        match self.quote(id).filter(|_| self.models.fill.is_quote()) {
            None => self.traded(id, traded),
            Some(quote) if at_open => Met { price: quote.touch(qty), reference: quote.mid(), spread: 0.0 },
            Some(quote) => Met { price: traded + (0.5 * quote.spread()).copysign(qty), reference: traded, spread: 0.0 },
        }
    }

    /// Units of an instrument that the account may take of this row; whole lots.
    pub(super) fn cap(&self, id: usize) -> f64 {
        let lot = self.instruments[id].lot;
        let lots = |share: f64| grid::below(share * self.bars[id].volume / lot + 1e-9) * lot;
        self.models.matching.participation.map_or(f64::INFINITY, lots)
    }

    /// What is held and the cash after a fill, if they can carry it; what else is held is worth its open, or its close.
    pub(super) fn carried<'p>(
        &self,
        cash: f64,
        position: impl Fn(usize) -> &'p Position,
        fill: &Fill,
        at_close: bool,
    ) -> Option<(Position, f64)> {
        let price = |bar: &Bar| if at_close { bar.close } else { bar.open };
        self.models.margin.carried(cash, position, fill, self.market, price, 0.0)
    }

    /// What models are told beyond the bars, of an instrument of which the account has traded, and has taken of this bar, so
    /// much.
    pub(super) fn told<'t>(
        &self,
        id: usize,
        net_traded: f64,
        taken: f64,
        spread: f64,
        traded: &'t TradedVolume,
    ) -> Told<'t> {
        let daily = self.facts.daily(self.number() as usize, InstrumentId(id as u32));
        let liquidity = Liquidity { filled_in_bar: taken, net_traded, spread, ..daily };
        Told { liquidity, traded: self.facts.traded(traded) }
    }

    /// What units of an order pay at the market, slipped; nothing beyond the price protection.
    #[inline(always)]
    pub(super) fn slipped(
        &self,
        id: usize,
        qty: f64,
        met: Met,
        known: &Bar,
        told: &Told<'_>,
        rng: &mut Rng,
    ) -> Option<f64> {
        let instrument = &self.instruments[id];
        let ctx = FillContext::new(instrument, qty, met.price, known);
        let price = self.models.slippage.price(&FillContext { liquidity: told.liquidity, ..ctx }, rng);
        let Some(ticks) = self.models.matching.protection_ticks else { return Some(price) };
        let worst = self.before[id].close + (ticks * instrument.tick).copysign(qty);
        // The sign makes one side of both: orders come from either, and which is nothing to be guessed.
        let side = 1f64.copysign(qty);
        ((met.price - worst) * side <= 0.0).then(|| (price * side).min(worst * side) * side)
    }

    /// The fill of units of an order, with its fee; before them, so many units of that value had filled.
    #[inline]
    pub(super) fn fill_of(
        &self,
        (order, instrument): (OrderId, InstrumentId),
        (filled_before, value_before): (f64, f64),
        executed: Executed,
        traded: &TradedVolume,
    ) -> Fill {
        let Executed { qty, price, reference, time, maker } = executed;
        let id = instrument;
        let instrument = &self.instruments[id.0 as usize];
        let mut fees =
            FeeContext { filled_before, value_before, maker, time, ..FeeContext::new(instrument, qty, price) };
        if let Some(traded) = self.facts.traded(traded) {
            fees = fees.after(traded);
        }
        Fill {
            qty,
            price,
            reference,
            fee: self.models.commission.fee(&fees),
            multiplier: instrument.multiplier,
            time,
            order,
            instrument: id,
            futures: instrument.is_futures(),
        }
    }
}
