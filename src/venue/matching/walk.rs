//! One walk along paths of prices, of all instruments together, over the orders of a book.

mod arrivals;
mod fills;
mod halt;
mod limits;
mod spot;

use super::{MatchRow, path::last_on_grid};
use crate::{
    Rng, Timestamp,
    account::{Account, AccountEvent, TradedVolume},
    models::{FillModel as _, FillPoint, Moment},
    order::{OrderChange, OrderId, OrderKind, Resting},
};

pub(super) use spot::Spot;

/// A walk along ways of prices.
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
    /// Orders of the book that are left for the next row.
    left: Vec<usize>,
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
    /// Whether nothing was left to do after the open: whatever the way, this is what it comes to.
    pub(super) at_open: bool,
    /// Where prices were when orders filled behind the open.
    pub(super) filled_at: Vec<f64>,
    /// What the fills have gained by the close, less fees.
    pub(super) gain: f64,
}

/// Something that happens on the way of a spot.
#[derive(Clone, Copy, Debug)]
struct Step {
    price: f64,
    /// Nanoseconds since the open.
    moment: f64,
    /// Whose age decides at the same moment.
    age: OrderId,
    /// Which order; none at a corner.
    at: usize,
    next: Next,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Stop,
    Limit,
    Arrival,
    Cancel,
    Modify,
    Corner,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(super) fn new(row: &'w MatchRow<'a>, spots: &'w mut [Spot<'w>], known: Known<'w>) -> Self {
        let Known { book, traded, account, rng } = known;
        let (book, traded, rng) = (book.to_vec(), traded.clone(), rng.clone());
        let done = Done { book, events: Vec::new(), traded, rng, at_open: false, filled_at: Vec::new(), gain: 0.0 };
        let (cash, now) = (account.cash(), row.opened());
        Self { row, spots, here: 0, account, cash, taking: true, now, at_open: true, left: Vec::new(), done }
    }

    /// Walks from the open over all corners to the close: what comes first, on whatever instrument, happens first; what
    /// comes at the same moment, by the age of the orders.
    pub(super) fn along(mut self) -> Done {
        self.open();
        if self.is_over() {
            self.done.at_open = true;
            return self.done;
        }
        while !self.is_over()
            && let Some((here, step)) = self.first()
        {
            self.here = here;
            self.go(step);
        }
        self.now = self.row.closed();
        self.taking = false;
        self.settle_limits();
        for at in 0..self.done.book.len() {
            if self.turn_to(at) && self.waits_for_close(&self.done.book[at]) {
                let named = self.done.book[at].order.request.kind == (OrderKind::MarketOnClose {});
                let close = if named { self.spot().bar.close } else { self.point().price };
                self.fill_at_market(at, self.row.traded(self.spot().id, close));
            }
        }
        self.done
    }

    /// Whether no order works any more.
    fn is_over(&self) -> bool {
        self.done.book.iter().all(|resting| resting.state.is_closed())
    }

    /// The row opens: whatever has come, and what the first price reaches, happens there.
    fn open(&mut self) {
        let opened = self.row.opened();
        self.hear();
        for at in 0..self.done.book.len() {
            if self.turn_to(at) && self.done.book[at].arrives <= opened {
                self.arrive(at);
            }
        }
        self.at_open = false;
    }

    /// Goes on to what happens next, and lets it happen.
    fn go(&mut self, Step { price, moment, at, next, .. }: Step) {
        let Some(leg) = self.spot().leg() else { return };
        // Between its corners the path is on the grid too: a message comes at the last price before it.
        let price = match next {
            Next::Stop | Next::Limit | Next::Corner => price,
            Next::Arrival | Next::Cancel | Next::Modify => {
                last_on_grid(self.spot().instrument, self.spot().price, price, leg.to)
            }
        };
        self.follow(price);
        self.now = self.now.max(self.row.opened().plus_ns(moment as i64));
        self.spots[self.here].steps += 1;
        match next {
            Next::Corner => {
                if let Some((price, opened)) = self.spots[self.here].turn() {
                    self.reopen(price, opened);
                }
            }
            Next::Arrival => {
                self.now = self.now.max(self.done.book[at].arrives);
                self.arrive(at);
            }
            Next::Cancel => self.cancel_one(at),
            Next::Modify => self.modify_and_look(at),
            Next::Stop => self.trigger(at),
            Next::Limit => {
                let limit = self.within_bar(self.done.book[at].order.request.kind.limit().unwrap_or(price));
                self.taking = false;
                self.fill(at, limit, limit);
            }
        }
    }

    fn modify_and_look(&mut self, at: usize) {
        self.modify(at);
        if self.works(at) {
            self.arrive(at);
        }
    }

    /// Nothing was traded since the stretch before: what its first price has passed happens there, as at an open.
    fn reopen(&mut self, price: f64, opened: Timestamp) {
        self.now = opened;
        self.spots[self.here].price = price;
        for at in 0..self.done.book.len() {
            let resting = self.done.book[at];
            if !self.works(at) || self.left.contains(&at) {
                continue;
            }
            if !has_arrived(&resting) {
                if resting.arrives <= opened {
                    self.arrive(at);
                }
            } else if resting.cancelled_at.is_some_and(|time| time <= opened) {
                self.cancel_one(at);
            } else if resting.modified.is_some_and(|(time, _)| time <= opened) {
                self.modify_and_look(at);
            } else if resting.left != 0.0 {
                let buys = resting.left > 0.0;
                if let Some(trigger) = trigger_price(&resting).filter(|_| !resting.triggered) {
                    if if buys { price >= trigger } else { price <= trigger } {
                        self.trigger(at);
                    }
                } else if let Some(limit) = resting.order.request.kind.limit()
                    && self.goes_through(limit, buys)
                {
                    self.taking = false;
                    self.fill(at, price, price);
                }
            }
        }
        self.follow(price);
    }

    /// What comes first: the spot, and what happens there. Ties go to the older order.
    fn first(&self) -> Option<(usize, Step)> {
        let mut first: Option<(usize, Step)> = None;
        for (here, spot) in self.spots.iter().enumerate() {
            let Some(step) = self.next(spot) else { continue };
            if first.is_none_or(|(_, known)| (step.moment, step.age) < (known.moment, known.age)) {
                first = Some((here, step));
            }
        }
        first
    }

    /// The nearest thing that happens to an instrument on its leg: the corner, if nothing else does.
    fn next(&self, spot: &Spot<'_>) -> Option<Step> {
        let leg = spot.leg()?;
        let (from, to) = (leg.from, leg.to);
        let since_open = (leg.begins.nanos() - self.row.opened().nanos()) as f64;
        let moment = |share: f64| since_open + share * (leg.ends.nanos() - leg.begins.nanos()) as f64;
        let mut orders = self.done.book.iter().enumerate().filter(|(_, resting)| spot.has(resting)).peekable();
        // Corners are everybody's: the oldest order's.
        let age = orders.peek().map_or(OrderId(u32::MAX), |(_, resting)| resting.order.id);
        let turns = (spot.turns(&leg).nanos() - self.row.opened().nanos()) as f64;
        let corner = Step { price: to, moment: turns, age, at: usize::MAX, next: Next::Corner };
        // The walk ends: an order that is dealt with leaves the candidates, and prices only go forward.
        if spot.steps > 5 * self.done.book.len() + 4 {
            return Some(corner);
        }
        // The way of the whole leg: prices that have come to its end have come from somewhere.
        let (up, down) = (to >= from, to <= from);
        let between = |price: f64| (spot.price.min(to)..=spot.price.max(to)).contains(&price);
        let mut best: Option<Step> = None;
        let mut offer = |price: f64, share: f64, at: usize, next: Next| {
            let nearer = best.as_ref().is_none_or(|known| {
                let (mine, other) = ((price - spot.price).abs(), (known.price - spot.price).abs());
                mine < other || (mine == other && next == Next::Stop && known.next == Next::Limit)
            });
            if nearer {
                best = Some(Step { price, moment: moment(share), age: self.done.book[at].order.id, at, next });
            }
        };
        for (at, resting) in orders {
            let mut message = |time: Timestamp, next: Next| {
                // A moment on this leg is a price on it, and the other way round.
                let price = leg.price_at(time);
                if leg.has(time) && between(price) {
                    offer(price, leg.passed(time), at, next);
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
            if self.left.contains(&at) {
                continue;
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
                if (if buys { up } else { down }) && between(trigger) {
                    offer(trigger, leg.reached(trigger), at, Next::Stop);
                }
            } else if let Some(limit) = resting.order.request.kind.limit().filter(|_| spot.cap >= spot.instrument.lot) {
                let beyond = self.beyond(spot, limit, buys);
                let passes = if buys {
                    down && to <= beyond && spot.price >= beyond
                } else {
                    up && to >= beyond && spot.price <= beyond
                };
                if passes {
                    // It fills at its limit once prices are so far through it.
                    offer(beyond, leg.reached(beyond), at, Next::Limit);
                }
            }
        }
        best.or(Some(corner))
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
