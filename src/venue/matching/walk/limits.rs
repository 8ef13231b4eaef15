//! When a resting limit is reached.

use super::{Spot, Walk};
use crate::{
    market::Quote,
    models::queue::{LimitContext, LimitModel as _, LimitRule},
};

impl Walk<'_, '_> {
    /// The price at which a resting limit fills in whole.
    pub(super) fn beyond(&self, spot: &Spot<'_>, limit: f64, buys: bool) -> f64 {
        let through = self.through_ticks() * spot.instrument.tick;
        if buys { limit - through } else { limit + through }
    }

    /// Whether the present price fills a resting limit in whole.
    pub(super) fn goes_through(&self, limit: f64, buys: bool) -> bool {
        let (price, beyond) = (self.spot().price, self.beyond(self.spot(), limit, buys));
        if buys { price <= beyond } else { price >= beyond }
    }

    /// Ticks beyond a limit at which it fills in whole. The queue rule decides of exact touches at the end of the bar.
    fn through_ticks(&self) -> f64 {
        match &self.row.models.matching.limit {
            LimitRule::Touch(_) => 0.0,
            LimitRule::Penetration(rule) => rule.ticks,
            LimitRule::Queue(_) => 1.0,
            LimitRule::Intensity(_) | LimitRule::Custom(_) => f64::INFINITY,
        }
    }

    /// Limits that the walk left open, by a rule that asks for the whole bar: a queue at an exact touch, chance.
    pub(super) fn settle_limits(&mut self) {
        let exact = match &self.row.models.matching.limit {
            LimitRule::Touch(_) | LimitRule::Penetration(_) => return,
            LimitRule::Queue(_) | LimitRule::Custom(_) => false,
            LimitRule::Intensity(_) => true,
        };
        for at in 0..self.done.book.len() {
            let resting = self.done.book[at];
            let Some(limit) = resting.order.request.kind.limit().filter(|_| self.turn_to(at)) else { continue };
            let waits = resting.left != 0.0 && resting.best.is_some() && resting.arrives <= self.row.opened();
            if !waits || (resting.order.request.kind.trigger().is_some() && !resting.triggered) {
                continue;
            }
            let spot = self.spot();
            let reference = spot.quote.map_or(spot.before.close, Quote::mid);
            let ctx = LimitContext { instrument: spot.instrument, limit, qty: resting.left, reference };
            let mut queue = resting.queue;
            let size = self.row.models.matching.limit.bar(&ctx, spot.bar, &mut queue, &mut self.done.rng);
            self.done.book[at].queue = queue;
            if size > 0.0 {
                let limit = if exact { limit } else { self.within_bar(limit) };
                self.fill_at_most(at, size, limit, limit);
            }
        }
    }

    /// A limit, or the price nearest to it that was traded in this stretch: a reduce-only order may wake up, and a
    /// stop-limit trigger, with a limit that it never came to.
    pub(super) fn within_bar(&self, limit: f64) -> f64 {
        let (low, high) = self.spot().range;
        limit.clamp(low, high)
    }
}
