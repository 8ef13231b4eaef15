//! An order at the market that is under way and has the book to itself: what almost every row of a delayed account holds.
//!
//! It meets one price, at a moment that is known beforehand, so nothing needs to be walked: the result is that of a walk,
//! bit for bit (`tests` below).

use super::{
    Executed, MatchRow,
    path::{self, Place},
};
use crate::{
    Rng, Timestamp,
    account::{Account, AccountEvent, Fill, Position, RejectReason, TradedVolume},
    models::{FillRule, IntrabarPath, Stale},
    order::{MarketOrder, Resting, Working},
};

/// What becomes of the order at a price.
enum Outcome {
    /// It waits: no volume is left, or the price is protected.
    Waits,
    /// The account can't carry it.
    Refused,
    /// It fills.
    Fills(Fill),
}

/// When an order meets its price, and whether the bar has closed by then.
#[derive(Clone, Copy)]
struct Moment {
    time: Timestamp,
    at_close: bool,
}

impl MatchRow<'_> {
    /// Whether an order at the market without conditions fills when it comes.
    pub(super) fn meets_one(&self) -> bool {
        let matching = &self.models.matching;
        self.market.halted().is_empty()
            && matches!(self.models.fill, FillRule::NextOpen(_))
            && matching.stale == (Stale::None {})
            && !matches!(matching.path, IntrabarPath::SubBars { .. })
    }

    /// Fills it at the open, if it is there by then, or else at the price of the moment at which it comes.
    pub(super) fn run_alone(
        &self,
        (order, arrives): (MarketOrder, Timestamp),
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let (opened, closed) = (self.opened(), self.closed());
        if arrives > closed {
            return;
        }
        let bar = &self.bars[order.instrument.0 as usize];
        let at_open = arrives <= opened;
        let moment = Moment { time: arrives.max(opened), at_close: !at_open && arrives >= closed };
        let price = if at_open {
            bar.open
        } else {
            let (price, other) = self.arrival_prices(order, arrives);
            match other {
                None => price,
                Some(other) => {
                    let gain = |price: f64| self.gain(order, price, moment, traded, account, rng);
                    if gain(price) <= gain(other) { price } else { other }
                }
            }
        };
        match self.meet(order, price, moment, traded, account, rng) {
            Outcome::Fills(fill) => {
                working.arrived();
                if fill.qty != order.qty {
                    self.keep_rest(order, arrives, price, (fill.qty, fill.value()), working);
                }
                self.facts.count(traded, &fill);
                tell(account, AccountEvent::Fill(fill));
            }
            Outcome::Refused => {
                working.arrived();
                let (order, reason) = (order.id, RejectReason::Margin);
                tell(account, AccountEvent::Rejected { order, reason, time: moment.time });
            }
            Outcome::Waits => {
                working.arrived();
                self.keep_rest(order, arrives, price, (0.0, 0.0), working);
            }
        }
    }

    /// What of the order has not filled rests in the book from here on.
    #[cold]
    fn keep_rest(
        &self,
        order: MarketOrder,
        arrives: Timestamp,
        price: f64,
        (filled, value): (f64, f64),
        working: &mut Working,
    ) {
        let mut resting = Resting { best: Some(price), ..Resting::new(order.into(), arrives) };
        if filled != 0.0 {
            resting.fill(filled, value, self.instruments[order.instrument.0 as usize].lot);
        }
        if !resting.state.is_closed() {
            working.rest(resting);
        }
    }

    /// Where prices are when the order comes inside the bar; where the worse of two ways counts and they differ there, on
    /// the rising one and on the falling one.
    #[inline]
    fn arrival_prices(&self, order: MarketOrder, arrives: Timestamp) -> (f64, Option<f64>) {
        let id = order.instrument.0 as usize;
        let (instrument, bar) = (&self.instruments[id], &self.bars[id]);
        if path::is_at_open(instrument, bar, self.opened(), arrives) {
            return (bar.open, None);
        }
        let place = Place::new(self.opened(), bar.time, arrives);
        let at = |up: bool| place.price(instrument, bar, up);
        match self.models.matching.path {
            IntrabarPath::OpenHighLowClose {} => (at(true), None),
            IntrabarPath::OpenLowHighClose {} => (at(false), None),
            IntrabarPath::NearestFirst {} => (at(path::high_is_nearer(bar)), None),
            IntrabarPath::Pessimistic {} | IntrabarPath::SubBars { .. } => {
                let (rising, falling) = (at(true), at(false));
                (rising, (rising != falling).then_some(falling))
            }
        }
    }

    /// What the order would gain by the close, less its fee, had it met that price.
    #[cold]
    fn gain(
        &self,
        order: MarketOrder,
        price: f64,
        moment: Moment,
        traded: &TradedVolume,
        account: &Account,
        rng: &Rng,
    ) -> f64 {
        match self.meet(order, price, moment, traded, account, &mut rng.clone()) {
            Outcome::Waits | Outcome::Refused => 0.0,
            Outcome::Fills(fill) => {
                let close = self.bars[order.instrument.0 as usize].close;
                fill.qty * (close - fill.price) * fill.multiplier - fill.fee
            }
        }
    }

    #[inline(always)]
    fn meet(
        &self,
        order: MarketOrder,
        price: f64,
        Moment { time, at_close }: Moment,
        traded: &TradedVolume,
        account: &Account,
        rng: &mut Rng,
    ) -> Outcome {
        let id = order.instrument.0 as usize;
        let position = |id: usize| -> &Position { &account.positions()[id] };
        let size = order.qty.abs().min(self.cap(id));
        if size == 0.0 {
            return Outcome::Waits;
        }
        let (qty, met) = (size.copysign(order.qty), self.traded(id, price));
        let known = if at_close { &self.bars[id] } else { &self.before[id] };
        let told = self.told(id, position(id).traded(), 0.0, met.spread, traded);
        let Some(price) = self.slipped(id, qty, met, known, &told, rng) else { return Outcome::Waits };
        let executed = Executed { qty, price, reference: met.reference, time, maker: false };
        let fill = self.fill_of((order.id, order.instrument), (0.0, 0.0), executed, traded);
        match self.carried(account.cash(), position, &fill, at_close) {
            Some(_) => Outcome::Fills(fill),
            None => Outcome::Refused,
        }
    }
}

#[cfg(test)]
mod tests;
