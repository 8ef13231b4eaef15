//! An order at the market that has the book to itself: what almost every row of a delayed account holds.
//!
//! It meets one price, at a moment that is known beforehand, so nothing needs to be walked: the result is that of a walk,
//! bit for bit (`tests` below).

use super::{
    Executed, MatchRow,
    path::{self, Place},
    walk,
};
use crate::{
    Bar, Rng, Timestamp,
    account::{Account, AccountEvent, Fill, Position, RejectReason, TradedVolume},
    models::{FillRule, IntrabarPath, Stale},
    order::{OrderChange, Resting, Working},
};

/// What becomes of the order at a price.
enum Outcome {
    /// It waits: no volume is left, or the price is protected.
    Waits,
    /// The account can't carry it.
    Refused,
    /// It fills, for that value.
    Fills(Fill, f64),
}

impl MatchRow<'_> {
    /// Whether there is one order, at the market without conditions, and a rule that fills it when it comes.
    pub(super) fn is_alone(&self, working: &Working) -> bool {
        let [only] = working.book() else { return false };
        let matching = &self.models.matching;
        only.order.request.is_plain()
            && only.cancelled_at.is_none()
            && only.modified.is_none()
            && !working.has_plain()
            && self.halted.is_empty()
            && matches!(self.models.fill, FillRule::NextOpen(_))
            && matching.stale == (Stale::None {})
            && !matches!(matching.path, IntrabarPath::SubBars { .. })
    }

    /// Fills it at the open, if it is there by then, or else at the price of the moment at which it comes.
    pub(super) fn run_alone(
        &self,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let Some(resting) = working.book_mut().first_mut() else { return };
        let (opened, closed) = (self.opened(), self.closed());
        if resting.arrives > closed {
            return;
        }
        let id = resting.order.request.instrument.0 as usize;
        let bar = &self.bars[id];
        let at_open = resting.arrives <= opened;
        let (price, other) = if at_open { (bar.open, None) } else { self.arrival_prices(resting, bar) };
        let time = resting.arrives.max(opened);
        let at_close = !at_open && time >= closed;
        let meet = |price: f64, rng: &mut Rng| self.meet(resting, price, (time, at_close), traded, account, rng);
        let gain = |outcome: &Outcome| match outcome {
            Outcome::Waits | Outcome::Refused => 0.0,
            Outcome::Fills(fill, _) => fill.qty * (bar.close - fill.price) * fill.multiplier - fill.fee,
        };
        // Of two ways the worse one; each draws its own numbers.
        let (price, outcome) = match other {
            None => (price, meet(price, rng)),
            Some(other) => {
                let mut rngs = (rng.clone(), rng.clone());
                let rising = (meet(price, &mut rngs.0), rngs.0);
                let falling = (meet(other, &mut rngs.1), rngs.1);
                let is_rising = gain(&rising.0) <= gain(&falling.0);
                let (outcome, after) = if is_rising { rising } else { falling };
                *rng = after;
                (if is_rising { price } else { other }, outcome)
            }
        };
        resting.best.get_or_insert(price);
        match outcome {
            Outcome::Waits => return,
            Outcome::Refused => {
                let how = if resting.filled == 0.0 { OrderChange::Reject } else { OrderChange::Cancel };
                let changed = walk::change(resting, how, time);
                let (order, reason) = (resting.order.id, RejectReason::Margin);
                let rejected = AccountEvent::Rejected { order, reason, time };
                tell(account, if how == OrderChange::Reject { rejected } else { changed });
            }
            Outcome::Fills(fill, value) => {
                resting.fill(fill.qty, value, self.instruments[id].lot);
                self.facts.count(traded, &fill);
                tell(account, AccountEvent::Fill(fill));
            }
        }
        if resting.state.is_closed() {
            working.book_mut().clear();
        }
    }

    /// Where prices are when the order comes inside the bar; where the worse of two ways counts and they differ there, on
    /// the rising one and on the falling one.
    #[inline]
    fn arrival_prices(&self, resting: &Resting, bar: &Bar) -> (f64, Option<f64>) {
        let instrument = &self.instruments[resting.order.request.instrument.0 as usize];
        let place = Place::new(self.opened(), bar.time, resting.arrives);
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

    fn meet(
        &self,
        resting: &Resting,
        price: f64,
        (time, at_close): (Timestamp, bool),
        traded: &TradedVolume,
        account: &Account,
        rng: &mut Rng,
    ) -> Outcome {
        let id = resting.order.request.instrument.0 as usize;
        let position = |id: usize| -> &Position { &account.positions()[id] };
        let size = resting.left.abs().min(self.cap(id));
        if size == 0.0 {
            return Outcome::Waits;
        }
        let (qty, met) = (size.copysign(resting.left), self.traded(id, price));
        let known = if at_close { &self.bars[id] } else { &self.before[id] };
        let told = self.told(id, position(id).qty(), 0.0, met.spread, traded);
        let Some(price) = self.slipped(id, qty, met, known, &told, rng) else { return Outcome::Waits };
        let executed = Executed { qty, price, reference: met.reference, time, maker: false };
        let (fill, value) = self.fill_of(resting, executed, traded);
        match self.carried(account.cash(), position, &fill, at_close) {
            Some(_) => Outcome::Fills(fill, value),
            None => Outcome::Refused,
        }
    }
}

#[cfg(test)]
mod tests;
