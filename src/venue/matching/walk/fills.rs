//! What orders do at a price: they trigger, fill, wake each other, and end.

use super::{
    super::{Executed, Met},
    Walk, change,
};
use crate::{
    account::{AccountEvent, Position, RejectReason},
    models::queue::LimitModel as _,
    order::{Modification, OrderChange, Resting, TimeInForce},
};

impl Walk<'_, '_> {
    pub(super) fn trigger(&mut self, at: usize) {
        self.done.book[at].triggered = true;
        self.rests_from_here(at);
        let event = change(&mut self.done.book[at], OrderChange::Trigger, self.now);
        self.done.events.push(event);
        let resting = &self.done.book[at];
        match resting.order.request.kind.limit() {
            None => self.fill_at_market(at, self.row.traded(self.spot().id, self.spot().price)),
            Some(limit) => {
                let price = self.spot().price;
                let reached = if resting.left > 0.0 { price <= limit } else { price >= limit };
                if reached {
                    self.taking = true;
                    self.fill_at_limit(at);
                }
            }
        }
    }

    /// Fills at the limit, or at the present price where that is better.
    pub(super) fn fill_at_limit(&mut self, at: usize) {
        let resting = &self.done.book[at];
        let Some(limit) = resting.order.request.kind.limit() else { return };
        let here = self.spot().price;
        let price = if resting.left > 0.0 { limit.min(here) } else { limit.max(here) };
        self.fill(at, price, price);
    }

    /// Fills at what it meets, slipped; not beyond the price protection.
    pub(super) fn fill_at_market(&mut self, at: usize, met: Met) {
        let qty = self.fillable(at);
        if qty == 0.0 {
            return self.done_if_nothing_to_reduce(at);
        }
        let spot = self.spot();
        // At the close the bar itself is known; before, the one before it.
        let known = if self.at_close() { spot.bar } else { spot.before };
        let told = self.row.told(spot.id, spot.position.traded(), spot.taken, met.spread, &self.done.traded);
        let slipped = self.row.slipped(spot.id, qty, met, known, &told, &mut self.done.rng);
        let Some(price) = slipped else { return };
        self.fill(at, price, met.reference);
    }

    /// Whether the bar has closed.
    fn at_close(&self) -> bool {
        self.now >= self.row.closed() && !self.at_open
    }

    /// What the account holds of any instrument by now.
    fn position(&self, id: usize) -> &Position {
        let walked = self.spots.iter().find(|spot| spot.id == id);
        walked.map_or(&self.account.positions()[id], |spot| &spot.position)
    }

    /// Units held by the account of the instrument to which something happens.
    fn held(&self) -> f64 {
        self.spot().position.qty()
    }

    /// Units that can fill now, signed: what is left, what may be reduced, what the cap leaves; all of it or nothing.
    fn fillable(&self, at: usize) -> f64 {
        let resting = &self.done.book[at];
        let mut size = resting.left.abs();
        if resting.order.request.reduce_only {
            let held = self.held();
            size = if held * resting.left < 0.0 { size.min(held.abs()) } else { 0.0 };
        }
        let whole = size;
        size = size.min(self.spot().cap);
        if resting.order.request.tif == (TimeInForce::Fok {}) && size < whole {
            size = 0.0;
        }
        if size == 0.0 { 0.0 } else { size.copysign(resting.left) }
    }

    fn done_if_nothing_to_reduce(&mut self, at: usize) {
        let request = &self.done.book[at].order.request;
        if request.reduce_only && self.held() * self.done.book[at].left >= 0.0 {
            self.close(at, OrderChange::Cancel);
        }
    }

    pub(super) fn fill(&mut self, at: usize, price: f64, reference: f64) {
        self.fill_at_most(at, f64::INFINITY, price, reference);
    }

    pub(super) fn fill_at_most(&mut self, at: usize, most: f64, price: f64, reference: f64) {
        let qty = self.fillable(at).clamp(-most, most);
        if qty == 0.0 {
            return self.done_if_nothing_to_reduce(at);
        }
        let (spot, resting) = (self.spot(), &self.done.book[at]);
        let (instrument, close, lot) = (spot.instrument, spot.bar.close, spot.instrument.lot);
        let maker = resting.order.request.kind.limit().is_some() && !self.taking;
        let before = (resting.filled, resting.value);
        let at_price = Executed { qty, price, reference, time: self.now, maker };
        let fill =
            self.row.fill_of((resting.order.id, resting.order.request.instrument), before, at_price, &self.done.traded);
        let Some((position, cash)) = self.row.carried(self.cash, |id| self.position(id), &fill, self.at_close()) else {
            return self.refuse(at, RejectReason::Margin);
        };
        self.done.book[at].fill(qty, fill.value(), lot);
        let spot = &mut self.spots[self.here];
        spot.cap -= qty.abs();
        spot.taken += qty.abs();
        (spot.position, self.cash) = (position, cash);
        let price = spot.price;
        self.done.gain += qty * (close - fill.price) * instrument.multiplier - fill.fee;
        self.row.facts.count(&mut self.done.traded, &fill);
        self.done.events.push(AccountEvent::Fill(fill));
        if !self.at_open {
            self.done.filled_at.push(price);
        }
        if let Some(group) = self.done.book[at].order.request.oco {
            self.take_off_group(at, group, qty.abs());
        }
        self.wake_children(at);
    }

    /// What one order of a group fills is taken off the others of its instrument, oldest first; those of other instruments
    /// go, however little filled.
    fn take_off_group(&mut self, at: usize, group: u32, size: f64) {
        let (lot, instrument) = (self.spot().instrument.lot, self.done.book[at].order.request.instrument);
        for other in 0..self.done.book.len() {
            let Resting { left, order, state, .. } = self.done.book[other];
            if other == at || state.is_closed() || order.request.oco != Some(group) {
                continue;
            }
            let is_ours = order.request.instrument == instrument;
            let rest = if is_ours { (left.abs() - size).max(0.0) } else { 0.0 };
            // Under a parent that may still fill more, there may be more to do.
            let parent_works = (0..self.done.book.len())
                .any(|p| Some(self.done.book[p].order.id) == order.request.parent && self.works(p));
            if rest < 0.5 * lot && !parent_works {
                self.close(other, OrderChange::Cancel);
            } else {
                let (resting, now) = (&mut self.done.book[other], self.now);
                resting.left = if rest < 0.5 * lot { 0.0 } else { rest.copysign(left) };
                if order.request.parent.is_none() {
                    let qty = (resting.filled + rest).copysign(order.request.qty);
                    resting.order.request.qty = qty;
                    let change = Modification::default().qty(qty);
                    self.done.events.push(AccountEvent::Modified { order: order.id, change, time: now });
                }
            }
        }
    }

    /// Children work for what their parent has filled.
    fn wake_children(&mut self, at: usize) {
        let (id, filled) = (self.done.book[at].order.id, self.done.book[at].filled);
        for child in 0..self.done.book.len() {
            if self.done.book[child].order.request.parent != Some(id) || !self.works(child) {
                continue;
            }
            let request = self.done.book[child].order.request;
            // What its group has filled of the parent's fills is done.
            let group = |r: &Resting| r.order.request.parent == Some(id) && r.order.request.oco == request.oco;
            let done: f64 = match request.oco {
                Some(_) => self.done.book.iter().filter(|r| group(r)).map(|r| r.filled).sum(),
                None => self.done.book[child].filled,
            };
            let resting = &mut self.done.book[child];
            let size = (filled.min(request.qty.abs()) - done).max(0.0);
            resting.left = size.copysign(resting.order.request.qty);
            resting.best = None;
            self.rests_from_here(child);
            // A child that is still under way arrives when it does.
            if size > 0.0 && self.done.book[child].arrives <= self.now {
                self.arrive(child);
            }
        }
    }

    /// What was before in this bar is nothing to an order that begins to work inside it.
    fn rests_from_here(&mut self, at: usize) {
        let arrives = &mut self.done.book[at].arrives;
        *arrives = self.now.max(*arrives);
    }

    /// Takes in the messages that had come before the open.
    pub(super) fn hear(&mut self) {
        let opened = self.row.opened();
        for at in 0..self.done.book.len() {
            if self.turn_to(at) && self.done.book[at].cancelled_at.is_some_and(|time| time <= opened) {
                self.cancel_one(at);
            }
            if self.turn_to(at) && self.done.book[at].modified.is_some_and(|(time, _)| time <= opened) {
                self.modify(at);
            }
        }
    }

    /// Changes an order as its message asks; what it does at the present price is for the caller to see.
    pub(super) fn modify(&mut self, at: usize) {
        let Some((_, change)) = self.done.book[at].modified.take() else { return };
        let (order, instrument, before) = (self.done.book[at].order, self.spot().instrument, self.spot().before);
        // The message was checked against the order when it was sent, and an order's kind and side never change.
        let Ok(request) = change.apply(&order.request) else { return };
        let resting = &mut self.done.book[at];
        let waits = order.request.parent.is_some() && resting.left == 0.0;
        let left = request.qty.abs() - resting.filled;
        resting.order.request = request;
        resting.left = if waits || left < 0.5 * instrument.lot { 0.0 } else { left.copysign(request.qty) };
        if !change.keeps_place(&order.request) {
            let rule = &self.row.models.matching.limit;
            resting.queue = rule.join(instrument, None, before);
            if request.kind.limit().is_some() {
                // It is at the venue anew: one that must not take liquidity is looked at again.
                resting.best = None;
            }
        }
        self.done.events.push(AccountEvent::Modified { order: order.id, change, time: self.now });
        if !waits && self.done.book[at].left == 0.0 {
            self.cancel_one(at);
        }
    }

    pub(super) fn cancel_one(&mut self, at: usize) {
        self.close(at, OrderChange::Cancel);
    }

    /// Takes out an order that is not to fill: rejected if it never did, what is left cancelled if it did.
    pub(super) fn refuse(&mut self, at: usize, reason: RejectReason) {
        if self.done.book[at].filled != 0.0 {
            return self.close(at, OrderChange::Cancel);
        }
        if let AccountEvent::Order { order, time, .. } = change(&mut self.done.book[at], OrderChange::Reject, self.now)
        {
            self.done.events.push(AccountEvent::Rejected { order, reason, time });
        }
        self.close_children(at);
    }

    /// Takes an order out, and its children with it if it never filled.
    pub(super) fn close(&mut self, at: usize, how: OrderChange) {
        let event = change(&mut self.done.book[at], how, self.now);
        self.done.events.push(event);
        self.close_children(at);
    }

    fn close_children(&mut self, at: usize) {
        let (id, filled) = (self.done.book[at].order.id, self.done.book[at].filled);
        for child in 0..self.done.book.len() {
            let Resting { order, state, .. } = self.done.book[child];
            if filled == 0.0 && order.request.parent == Some(id) && !state.is_closed() {
                self.close(child, OrderChange::Cancel);
            }
        }
    }
}
