//! What orders meet when they come: quotes, prices, and whether those are too old.

use super::{super::Met, Walk, trigger_price};
use crate::{
    Timestamp,
    account::RejectReason,
    market::Quote,
    models::{Moment, Stale},
    order::{OrderChange, OrderKind, Resting, TimeInForce},
};

/// What an order does at the present price, once it is there.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Nothing before its trigger, the close, or the next open, whatever its time in force.
    Wait,
    /// Nothing yet.
    Rest,
    /// It would take, and may not.
    Cancel,
    /// Its stop is reached.
    Trigger,
    /// It takes what it meets, and that is known since then.
    Market(Met, Timestamp),
    /// Its limit is reached: it takes what is better than its limit, or was taken.
    Limit { price: f64, reference: f64, takes: Option<Timestamp> },
}

impl Walk<'_, '_> {
    /// A price that was traded, and since when it is known.
    fn print(&self, price: f64) -> (Met, Timestamp) {
        // At the open the last thing known is the close before it; inside the bar trades go on.
        let spot = self.spot();
        (self.row.traded(spot.id, price), if self.at_open { spot.before.time } else { self.now })
    }

    /// What an order of that sign takes of a quote, and since when that stands.
    fn quoted(&self, quote: &Quote, qty: f64) -> (Met, Timestamp) {
        let spot = self.spot();
        (self.row.met(spot.id, qty, spot.price, self.at_open), quote.time)
    }

    fn meets_quotes(&self) -> bool {
        self.row.models.fill.is_quote()
    }

    /// An order is at the venue, at the present price: what can happen at once happens.
    pub(super) fn arrive(&mut self, at: usize) {
        let (first, price) = (self.done.book[at].best.is_none(), self.spot().price);
        let act = self.act(at, first);
        let takes = match act {
            Act::Market(_, since) => Some(since),
            Act::Limit { takes, .. } => takes,
            Act::Trigger if first => Some(self.print(price).1),
            Act::Trigger | Act::Wait | Act::Rest | Act::Cancel => None,
        };
        if takes.is_some_and(|since| self.is_stale(since)) && self.done.book[at].left != 0.0 {
            return self.leave(at);
        }
        self.done.book[at].best.get_or_insert(price);
        if self.done.book[at].left == 0.0 {
            return;
        }
        match act {
            Act::Wait => return,
            Act::Rest => {}
            Act::Cancel => self.close(at, OrderChange::Cancel),
            Act::Trigger => self.trigger(at),
            Act::Market(met, _) => self.fill_at_market(at, met),
            Act::Limit { price, reference, takes } => {
                self.taking = takes.is_some();
                self.fill(at, price, reference);
            }
        }
        if self.is_at_once(at) && self.works(at) {
            self.close(at, OrderChange::Cancel);
        }
    }

    fn is_at_once(&self, at: usize) -> bool {
        matches!(self.done.book[at].order.request.tif, TimeInForce::Ioc {} | TimeInForce::Fok {})
    }

    fn act(&self, at: usize, first: bool) -> Act {
        let (price, quote) = (self.spot().price, self.spot().quote);
        let resting = Resting { best: self.done.book[at].best.or(Some(price)), ..self.done.book[at] };
        let buys = resting.left > 0.0;
        let market = |(met, since)| Act::Market(met, since);
        match resting.order.request.kind {
            OrderKind::MarketOnClose {} => Act::Wait,
            OrderKind::Market {} => {
                let point = self.point();
                match quote {
                    _ if point.moment == Moment::Close => Act::Wait,
                    // Nobody bids or asks yet.
                    None if self.meets_quotes() => Act::Rest,
                    Some(quote) if self.meets_quotes() => market(self.quoted(quote, resting.left)),
                    _ if self.at_open => market(self.print(point.price)),
                    _ => market(self.print(price)),
                }
            }
            OrderKind::MarketOnOpen {} if self.at_open => market(self.print(price)),
            OrderKind::MarketOnOpen {} => Act::Wait,
            kind => match (trigger_price(&resting).filter(|_| !resting.triggered), kind.limit()) {
                (Some(trigger), _) if (buys && price >= trigger) || (!buys && price <= trigger) => Act::Trigger,
                (Some(_), _) => Act::Wait,
                // A stop that was reached, and did not fill in whole then.
                (None, None) => market(self.print(price)),
                (None, Some(limit)) => self.act_at_limit(&resting, limit, first),
            },
        }
    }

    fn act_at_limit(&self, resting: &Resting, limit: f64, first: bool) -> Act {
        let buys = resting.left > 0.0;
        let quote = self.spot().quote.filter(|_| first && self.at_open && self.meets_quotes());
        let (met, since) =
            quote.map_or_else(|| self.print(self.spot().price), |quote| self.quoted(quote, resting.left));
        if (buys && met.price <= limit) || (!buys && met.price >= limit) {
            if resting.order.request.post_only && first {
                return Act::Cancel;
            }
            return Act::Limit { price: met.price, reference: met.reference, takes: first.then_some(since) };
        }
        if quote.is_some() && self.goes_through(limit, buys) {
            // It rests in front of the quote, and the first trade of the bar goes through it.
            let price = self.within_bar(limit);
            return Act::Limit { price, reference: price, takes: None };
        }
        Act::Rest
    }

    fn is_stale(&self, since: Timestamp) -> bool {
        let age = self.now.nanos() - since.nanos();
        self.row.models.matching.stale.after_ns().is_some_and(|good| age > good)
    }

    /// What an order would take is too old.
    fn leave(&mut self, at: usize) {
        match self.row.models.matching.stale {
            Stale::Refuse { .. } => self.refuse(at, RejectReason::Stale),
            Stale::Wait { .. } if self.is_at_once(at) => self.close(at, OrderChange::Cancel),
            Stale::Wait { .. } => self.left.push(at),
            Stale::None {} => {}
        }
    }
}
