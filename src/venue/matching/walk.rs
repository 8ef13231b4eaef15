//! One walk along paths of prices, of all instruments together, over the orders of a book.

mod fills;
mod spot;

use super::MatchRow;
use crate::{
    Rng, Timestamp,
    account::{Account, AccountEvent, TradedVolume},
    models::{
        FillModel as _, FillPoint, Moment,
        queue::{LimitContext, LimitModel as _, LimitRule},
    },
    order::{OrderChange, OrderKind, Resting, TimeInForce},
};

pub(super) use spot::Spot;

/// A walk along paths of prices.
pub(super) struct Walk<'w, 'a> {
    row: &'w MatchRow<'a>,
    /// Where each instrument is on its way.
    spots: &'w mut [Spot<'w>],
    /// The spot at which something happens.
    here: usize,
    /// The account before the walk, and its cash by now.
    account: &'w Account,
    cash: f64,
    /// Whether the order that fills has just come, and takes what rests; otherwise it rested itself.
    taking: bool,
    now: Timestamp,
    at_open: bool,
    done: Done,
}

/// What a walk begins with.
#[derive(Clone, Copy)]
pub(super) struct Known<'w> {
    pub(super) book: &'w [Resting],
    pub(super) traded: &'w TradedVolume,
    pub(super) account: &'w Account,
    pub(super) rng: &'w Rng,
}

/// What a walk has come to.
pub(super) struct Done {
    pub(super) book: Vec<Resting>,
    pub(super) events: Vec<AccountEvent>,
    pub(super) traded: TradedVolume,
    pub(super) rng: Rng,
    /// What the fills have gained by the close, less fees.
    pub(super) gain: f64,
}

/// Something that happens on a leg of the path.
#[derive(Clone, Copy, Debug)]
struct Step {
    price: f64,
    /// The part of the leg that is behind it: its moment.
    share: f64,
    /// Which order.
    at: usize,
    next: Next,
}

/// What happens next on a leg of the path.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Stop,
    Limit,
    Arrival,
    Cancel,
    Modify,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(super) fn new(row: &'w MatchRow<'a>, spots: &'w mut [Spot<'w>], known: Known<'w>) -> Self {
        let Known { book, traded, account, rng } = known;
        let (book, traded, rng) = (book.to_vec(), traded.clone(), rng.clone());
        let done = Done { book, events: Vec::new(), traded, rng, gain: 0.0 };
        let (cash, now) = (account.cash(), row.opened());
        Self { row, spots, here: 0, account, cash, taking: true, now, at_open: true, done }
    }

    /// Walks from the open over the extremes to the close: what comes first, on whatever instrument, happens first; what
    /// comes at the same moment, by the age of the orders.
    pub(super) fn along(mut self) -> Done {
        let (opened, closed) = (self.row.opened(), self.row.closed());
        self.hear();
        for at in 0..self.done.book.len() {
            if self.turn_to(at) && self.done.book[at].arrives <= opened {
                self.arrive(at);
            }
        }
        self.at_open = false;
        // The legs take equal times: nothing more is known of the way than its corners.
        let length = (closed.nanos() - opened.nanos()) / 3;
        for leg in 0..3 {
            if self.is_over() {
                return self.done;
            }
            let begins = opened.plus_ns(length * leg as i64);
            let ends = if leg == 2 { closed } else { begins.plus_ns(length) };
            self.leg(leg, begins, ends);
        }
        self.now = closed;
        self.taking = false;
        self.settle_queues();
        for at in 0..self.done.book.len() {
            if self.turn_to(at) && self.waits_for_close(&self.done.book[at]) {
                let close = self.point();
                let named = self.done.book[at].order.request.kind == (OrderKind::MarketOnClose {});
                self.fill_at_market(at, if named { self.spot().bar.close } else { close.price });
            }
        }
        self.done
    }

    /// Whether no order works any more.
    fn is_over(&self) -> bool {
        self.done.book.iter().all(|resting| resting.state.is_closed())
    }

    /// Goes to the next corner.
    fn leg(&mut self, leg: usize, begins: Timestamp, ends: Timestamp) {
        // The walk ends: an order that is dealt with leaves the candidates, and prices only go forward.
        let mut guard = 5 * self.done.book.len() + 4;
        while guard > 0 {
            guard -= 1;
            let Some((here, Step { price, at, next, .. })) = self.first(leg, begins, ends) else { break };
            self.here = here;
            self.follow(price);
            self.now = ends;
            match next {
                Next::Arrival => {
                    self.now = self.done.book[at].arrives;
                    self.arrive(at);
                }
                Next::Cancel => self.cancel_one(at),
                Next::Modify => {
                    self.modify(at);
                    if self.works(at) {
                        self.arrive(at);
                    }
                }
                Next::Stop => self.trigger(at),
                Next::Limit => {
                    let limit = self.within_bar(self.done.book[at].order.request.kind.limit().unwrap_or(price));
                    self.taking = false;
                    self.fill(at, limit, limit);
                }
            }
        }
        for here in 0..self.spots.len() {
            self.here = here;
            self.follow(self.spot().path[leg + 1]);
        }
        self.now = ends;
    }

    /// What comes first on this leg: the spot, and what happens there. Ties go to the older order.
    fn first(&self, leg: usize, begins: Timestamp, ends: Timestamp) -> Option<(usize, Step)> {
        let mut first: Option<(usize, Step)> = None;
        for (here, spot) in self.spots.iter().enumerate() {
            let Some(step) = self.next(spot, leg, begins, ends) else { continue };
            let age = |step: &Step| self.done.book[step.at].order.id;
            let earlier =
                |known: &Step| step.share < known.share || (step.share == known.share && age(&step) < age(known));
            if first.as_ref().is_none_or(|(_, known)| earlier(known)) {
                first = Some((here, step));
            }
        }
        first
    }

    /// The nearest thing that happens to an instrument between where it is and the corner.
    fn next(&self, spot: &Spot<'_>, leg: usize, begins: Timestamp, ends: Timestamp) -> Option<Step> {
        let (from, to) = (spot.path[leg], spot.path[leg + 1]);
        let up = to >= spot.price;
        let between = |price: f64| {
            let (low, high) = if up { (spot.price, to) } else { (to, spot.price) };
            (low..=high).contains(&price)
        };
        // A moment on this leg is a price on it, and the other way round.
        let passed =
            |time: Timestamp| (time.nanos() - begins.nanos()) as f64 / (ends.nanos() - begins.nanos()).max(1) as f64;
        let reached = |price: f64| if to == from { 0.0 } else { (price - from) / (to - from) };
        let mut best: Option<Step> = None;
        let mut offer = |price: f64, share: f64, at: usize, next: Next| {
            let nearer = best.as_ref().is_none_or(|known| {
                let (mine, other) = ((price - spot.price).abs(), (known.price - spot.price).abs());
                mine < other || (mine == other && next == Next::Stop && known.next == Next::Limit)
            });
            if nearer {
                best = Some(Step { price, share, at, next });
            }
        };
        for (at, resting) in self.done.book.iter().enumerate().filter(|(_, resting)| spot.has(resting)) {
            let on_this_leg = |time: Timestamp| time > begins && time <= ends;
            let mut message = |time: Timestamp, next: Next| {
                let price = from + passed(time) * (to - from);
                if on_this_leg(time) && between(price) {
                    offer(price, passed(time), at, next);
                }
            };
            // Messages overtake each other at most in one direction: an order that is not there yet can't be cancelled.
            let there = has_arrived(resting);
            if let Some(time) = resting.cancelled_at.filter(|_| there) {
                message(time, Next::Cancel);
            }
            if let Some((time, _)) = resting.modified.filter(|_| there) {
                message(time, Next::Modify);
            }
            if resting.arrives > self.row.opened() && !there {
                message(resting.arrives, Next::Arrival);
                continue;
            }
            if resting.left == 0.0 {
                continue;
            }
            let buys = resting.left > 0.0;
            if let Some(trigger) = trigger_price(resting).filter(|_| !resting.triggered) {
                // A buy stop is reached on the way up, a sell stop on the way down.
                if buys == up && between(trigger) {
                    offer(trigger, reached(trigger), at, Next::Stop);
                }
            } else if let Some(limit) = resting.order.request.kind.limit().filter(|_| spot.cap >= spot.instrument.lot) {
                let through = self.through_ticks() * spot.instrument.tick;
                let beyond = if buys { limit - through } else { limit + through };
                let passes = if buys {
                    !up && to <= beyond && spot.price >= beyond
                } else {
                    up && to >= beyond && spot.price <= beyond
                };
                if passes {
                    // Going through a limit fills it on the way back to it, so to say: at the limit.
                    let price = if buys { limit.min(spot.price) } else { limit.max(spot.price) };
                    offer(price, reached(price), at, Next::Limit);
                }
            }
        }
        best
    }

    /// Ticks beyond a limit at which it fills in whole. The queue rule decides of exact touches at the end of the bar.
    fn through_ticks(&self) -> f64 {
        match &self.row.models.matching.limit {
            LimitRule::Touch(_) => 0.0,
            LimitRule::Penetration(rule) => rule.ticks,
            LimitRule::Queue(_) => 1.0,
            LimitRule::Custom(_) => f64::INFINITY,
        }
    }

    /// Limits that the walk left open, by a rule that asks for the whole bar: a queue at an exact touch.
    fn settle_queues(&mut self) {
        if !matches!(self.row.models.matching.limit, LimitRule::Queue(_) | LimitRule::Custom(_)) {
            return;
        }
        for at in 0..self.done.book.len() {
            let resting = self.done.book[at];
            let Some(limit) = resting.order.request.kind.limit().filter(|_| self.turn_to(at)) else { continue };
            let waits = resting.left != 0.0 && resting.best.is_some() && resting.arrives <= self.row.opened();
            if !waits || (resting.order.request.kind.trigger().is_some() && !resting.triggered) {
                continue;
            }
            let spot = self.spot();
            let ctx = LimitContext { instrument: spot.instrument, limit, qty: resting.left };
            let mut queue = resting.queue;
            let size = self.row.models.matching.limit.bar(&ctx, spot.bar, &mut queue);
            self.done.book[at].queue = queue;
            if size > 0.0 {
                let limit = self.within_bar(limit);
                self.fill_at_most(at, size, limit, limit);
            }
        }
    }

    /// A limit, or the price nearest to it that was traded: a reduce-only order may wake up, and a stop-limit trigger, with
    /// a limit that the bar never came to.
    fn within_bar(&self, limit: f64) -> f64 {
        limit.clamp(self.spot().bar.low, self.spot().bar.high)
    }

    fn spot(&self) -> &Spot<'w> {
        &self.spots[self.here]
    }

    /// Goes to the spot of an order; whether there is one, and the order works.
    fn turn_to(&mut self, at: usize) -> bool {
        let found = self.spots.iter().position(|spot| spot.has(&self.done.book[at]));
        self.here = found.unwrap_or(self.here);
        found.is_some()
    }

    /// Whether an order works, of the instrument to which something happens.
    fn works(&self, at: usize) -> bool {
        self.spot().has(&self.done.book[at])
    }

    /// Where the rule of market orders fills them.
    fn point(&self) -> FillPoint {
        self.row.models.fill.market(self.spot().before, self.spot().bar)
    }

    /// Market orders whose fill rule, or kind, names the close.
    fn waits_for_close(&self, resting: &Resting) -> bool {
        match resting.order.request.kind {
            OrderKind::MarketOnClose {} => true,
            OrderKind::Market {} => self.point().moment == Moment::Close && resting.arrives <= self.now,
            _ => false,
        }
    }

    /// Goes to `price`, and lets trailing stops follow.
    fn follow(&mut self, price: f64) {
        let Self { spots, here, done, .. } = self;
        let spot = &mut spots[*here];
        for resting in done.book.iter_mut().filter(|resting| spot.has(resting)) {
            if let (OrderKind::TrailingStop { .. }, Some(best)) = (resting.order.request.kind, resting.best) {
                let buys = resting.order.request.qty > 0.0;
                resting.best = Some(if buys { best.min(price) } else { best.max(price) });
            }
        }
        spot.price = price;
    }

    /// An order is at the venue, at the present price: what can happen at once happens.
    fn arrive(&mut self, at: usize) {
        let price = self.spot().price;
        let first = self.done.book[at].best.is_none();
        self.done.book[at].best.get_or_insert(price);
        let resting = self.done.book[at];
        if resting.left == 0.0 {
            return;
        }
        let buys = resting.left > 0.0;
        match resting.order.request.kind {
            OrderKind::MarketOnClose {} => return,
            OrderKind::Market {} => {
                let point = self.point();
                if point.moment == Moment::Close {
                    return;
                }
                // Between the corners of the path prices are on the grid too.
                let reference = if self.at_open { point.price } else { self.spot().instrument.round_price(price) };
                self.fill_at_market(at, reference);
            }
            OrderKind::MarketOnOpen {} if self.at_open => self.fill_at_market(at, price),
            OrderKind::MarketOnOpen {} => return,
            _ => {
                let trigger = trigger_price(&resting).filter(|_| !resting.triggered);
                if let Some(trigger) = trigger {
                    if (buys && price >= trigger) || (!buys && price <= trigger) {
                        self.trigger(at);
                    } else {
                        // It waits for its trigger, whatever its time in force.
                        return;
                    }
                } else if resting.triggered && resting.order.request.kind.limit().is_none() {
                    // A stop that was reached, and did not fill in whole then.
                    self.fill_at_market(at, price);
                } else if let Some(limit) = resting.order.request.kind.limit()
                    && ((buys && price <= limit) || (!buys && price >= limit))
                {
                    if resting.order.request.post_only && first {
                        self.close(at, OrderChange::Cancel);
                    } else {
                        self.taking = first;
                        self.fill_at_limit(at);
                    }
                }
            }
        }
        if matches!(resting.order.request.tif, TimeInForce::Ioc {} | TimeInForce::Fok {}) && self.works(at) {
            self.close(at, OrderChange::Cancel);
        }
    }
}

/// An order that was under way at the open and has arrived since: `best` marks it.
fn has_arrived(resting: &Resting) -> bool {
    resting.best.is_some()
}

/// The price at which a stop is reached; that of a trailing one moves with the best price.
fn trigger_price(resting: &Resting) -> Option<f64> {
    match resting.order.request.kind {
        OrderKind::TrailingStop { offset } => {
            resting.best.map(|best| best + offset.copysign(resting.order.request.qty))
        }
        kind => kind.trigger(),
    }
}

/// Changes an order's state, and says so.
pub(super) fn change(resting: &mut Resting, how: OrderChange, time: Timestamp) -> AccountEvent {
    // The book holds working orders only, to which everything here is legal.
    resting.state = resting.state.after(how).unwrap_or(resting.state);
    AccountEvent::Order { order: resting.order.id, state: resting.state, time }
}
