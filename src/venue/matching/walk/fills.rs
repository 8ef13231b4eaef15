//! What orders do at a price: they trigger, fill, wake each other, and end.

use super::{Walk, change};
use crate::{
    account::{AccountEvent, Fill, RejectReason},
    models::{CommissionModel as _, FeeContext, FillContext, Liquidity, SlippageModel as _, queue::LimitModel as _},
    order::{Modification, OrderChange, OrderState, Resting, TimeInForce},
};

impl Walk<'_> {
    pub(super) fn trigger(&mut self, at: usize) {
        self.book[at].triggered = true;
        self.rests_from_here(at);
        let event = change(&mut self.book[at], OrderChange::Trigger, self.now);
        self.events.push(event);
        let resting = &self.book[at];
        match resting.order.request.kind.limit() {
            None => self.fill_at_market(at, self.price),
            Some(limit) => {
                let reached = if resting.left > 0.0 { self.price <= limit } else { self.price >= limit };
                if reached {
                    self.taking = true;
                    self.fill_at_limit(at);
                }
            }
        }
    }

    /// Fills at the limit, or at the present price where that is better.
    pub(super) fn fill_at_limit(&mut self, at: usize) {
        let resting = &self.book[at];
        let Some(limit) = resting.order.request.kind.limit() else { return };
        let price = if resting.left > 0.0 { limit.min(self.price) } else { limit.max(self.price) };
        self.fill(at, price, price);
    }

    /// Fills at `reference`, slipped; not beyond the price protection.
    pub(super) fn fill_at_market(&mut self, at: usize, reference: f64) {
        let qty = self.fillable(at);
        if qty == 0.0 {
            return self.done_if_nothing_to_reduce(at);
        }
        // At the close the bar itself is known; before, the one before it.
        let known = if self.now >= self.bar.time && !self.at_open { self.bar } else { self.before };
        let liquidity = Liquidity { filled_in_bar: self.taken, net_traded: self.held, ..Liquidity::UNKNOWN };
        let ctx = FillContext { liquidity, ..FillContext::new(self.instrument, qty, reference, known) };
        let mut price = self.row.models.slippage.price(&ctx, &mut self.rng);
        if let Some(ticks) = self.row.models.matching.protection_ticks {
            let worst = self.before.close + (ticks * self.instrument.tick).copysign(qty);
            if (reference - worst) * qty > 0.0 {
                return;
            }
            price = if qty > 0.0 { price.min(worst) } else { price.max(worst) };
        }
        self.fill(at, price, reference);
    }

    /// Units that can fill now, signed: what is left, what may be reduced, what the cap leaves; all of it or nothing.
    fn fillable(&self, at: usize) -> f64 {
        let resting = &self.book[at];
        let mut size = resting.left.abs();
        if resting.order.request.reduce_only {
            size = if self.held * resting.left < 0.0 { size.min(self.held.abs()) } else { 0.0 };
        }
        let whole = size;
        size = size.min(self.cap);
        if resting.order.request.tif == (TimeInForce::Fok {}) && size < whole {
            size = 0.0;
        }
        if size == 0.0 { 0.0 } else { size.copysign(resting.left) }
    }

    fn done_if_nothing_to_reduce(&mut self, at: usize) {
        let request = &self.book[at].order.request;
        if request.reduce_only && self.held * self.book[at].left >= 0.0 {
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
        let resting = &self.book[at];
        let fees = FeeContext {
            filled_before: resting.filled,
            value_before: resting.value,
            maker: resting.order.request.kind.limit().is_some() && !self.taking,
            time: self.now,
            ..FeeContext::new(self.instrument, qty, price)
        };
        let fee = self.row.models.commission.fee(&fees);
        let order = resting.order;
        let fill = Fill {
            qty,
            price,
            reference,
            fee,
            multiplier: self.instrument.multiplier,
            time: self.now,
            order: order.id,
            instrument: order.request.instrument,
            futures: self.instrument.is_futures(),
        };
        if self.purse.as_mut().is_some_and(|purse| !purse.carries(&fill)) {
            return self.refuse(at);
        }
        let resting = &mut self.book[at];
        let left = resting.left - qty;
        resting.left = if left.abs() < 0.5 * self.instrument.lot { 0.0 } else { left };
        resting.filled += qty.abs();
        resting.value += fees.value();
        let whole =
            resting.left == 0.0 && resting.filled + 0.5 * self.instrument.lot >= resting.order.request.qty.abs();
        let next = resting.state.after(if whole { OrderChange::Fill } else { OrderChange::PartialFill });
        resting.state = next.unwrap_or(resting.state);
        self.held += qty;
        self.cap -= qty.abs();
        self.taken += qty.abs();
        self.gain += qty * (self.bar.close - price) * self.instrument.multiplier - fee;
        self.events.push(AccountEvent::Fill(fill));
        self.filled_at.push(self.price);
        if let Some(group) = order.request.oco {
            self.take_off_group(at, group, qty.abs());
        }
        self.wake_children(at);
    }

    /// What one order of a group fills is taken off the others.
    fn take_off_group(&mut self, at: usize, group: u32, size: f64) {
        for other in 0..self.book.len() {
            if other == at || !self.works(other) || self.book[other].order.request.oco != Some(group) {
                continue;
            }
            let Resting { left, order, .. } = self.book[other];
            let rest = (left.abs() - size).max(0.0);
            // Under a parent that may still fill more, there may be more to do.
            let parent_works =
                (0..self.book.len()).any(|p| Some(self.book[p].order.id) == order.request.parent && self.works(p));
            if rest < 0.5 * self.instrument.lot && !parent_works {
                self.close(other, OrderChange::Cancel);
            } else {
                let (resting, now) = (&mut self.book[other], self.now);
                resting.left = if rest < 0.5 * self.instrument.lot { 0.0 } else { rest.copysign(left) };
                if order.request.parent.is_none() {
                    let qty = (resting.filled + rest).copysign(order.request.qty);
                    resting.order.request.qty = qty;
                    let change = Modification::default().qty(qty);
                    self.events.push(AccountEvent::Modified { order: order.id, change, time: now });
                }
            }
        }
    }

    /// Children work for what their parent has filled.
    fn wake_children(&mut self, at: usize) {
        let (id, filled) = (self.book[at].order.id, self.book[at].filled);
        for child in 0..self.book.len() {
            if self.book[child].order.request.parent != Some(id) || !self.works(child) {
                continue;
            }
            let request = self.book[child].order.request;
            // What its group has filled of the parent's fills is done.
            let group = |r: &Resting| r.order.request.parent == Some(id) && r.order.request.oco == request.oco;
            let done: f64 = match request.oco {
                Some(_) => self.book.iter().filter(|r| group(r)).map(|r| r.filled).sum(),
                None => self.book[child].filled,
            };
            let resting = &mut self.book[child];
            let size = (filled.min(request.qty.abs()) - done).max(0.0);
            resting.left = size.copysign(resting.order.request.qty);
            resting.best = None;
            self.rests_from_here(child);
            // A child that is still under way arrives when it does.
            if size > 0.0 && self.book[child].arrives <= self.now {
                self.arrive(child);
            }
        }
    }

    /// What was before in this bar is nothing to an order that begins to work inside it.
    fn rests_from_here(&mut self, at: usize) {
        let arrives = &mut self.book[at].arrives;
        *arrives = self.now.max(*arrives);
    }

    /// Takes in the messages that had come before the open.
    pub(super) fn hear(&mut self) {
        let opened = self.row.opened();
        for at in 0..self.book.len() {
            if self.works(at) && self.book[at].cancelled_at.is_some_and(|time| time <= opened) {
                self.cancel_one(at);
            }
            if self.works(at) && self.book[at].modified.is_some_and(|(time, _)| time <= opened) {
                self.modify(at);
            }
        }
    }

    /// Changes an order as its message asks; what it does at the present price is for the caller to see.
    pub(super) fn modify(&mut self, at: usize) {
        let Some((_, change)) = self.book[at].modified.take() else { return };
        let (order, lot) = (self.book[at].order, self.instrument.lot);
        // The message was checked against the order when it was sent, and an order's kind and side never change.
        let Ok(request) = change.apply(&order.request) else { return };
        let resting = &mut self.book[at];
        let waits = order.request.parent.is_some() && resting.left == 0.0;
        let left = request.qty.abs() - resting.filled;
        resting.order.request = request;
        resting.left = if waits || left < 0.5 * lot { 0.0 } else { left.copysign(request.qty) };
        if !change.keeps_place(&order.request) {
            let rule = &self.row.models.matching.limit;
            resting.queue = rule.join(self.instrument, None, self.before);
            if request.kind.limit().is_some() {
                // It is at the venue anew: one that must not take liquidity is looked at again.
                resting.best = None;
            }
        }
        self.events.push(AccountEvent::Modified { order: order.id, change, time: self.now });
        if !waits && self.book[at].left == 0.0 {
            self.cancel_one(at);
        }
    }

    pub(super) fn cancel_one(&mut self, at: usize) {
        self.close(at, OrderChange::Cancel);
    }

    /// Takes out an order that the account can't carry: rejected if it never filled, what is left cancelled if it did.
    fn refuse(&mut self, at: usize) {
        let how = if self.book[at].filled == 0.0 { OrderChange::Reject } else { OrderChange::Cancel };
        self.close(at, how);
    }

    /// Takes an order out, and its children with it if it never filled.
    pub(super) fn close(&mut self, at: usize, how: OrderChange) {
        let event = match change(&mut self.book[at], how, self.now) {
            AccountEvent::Order { order, state: OrderState::Rejected, time } => {
                AccountEvent::Rejected { order, reason: RejectReason::Margin, time }
            }
            event => event,
        };
        self.events.push(event);
        let (id, filled) = (self.book[at].order.id, self.book[at].filled);
        for child in 0..self.book.len() {
            if filled == 0.0 && self.book[child].order.request.parent == Some(id) && self.works(child) {
                self.close(child, OrderChange::Cancel);
            }
        }
    }
}
