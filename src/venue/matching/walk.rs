//! One walk along a path of prices, over the orders of one instrument.

mod fills;

use super::{MatchRow, Path, Purse};
use crate::{
    Bar, Instrument, Rng, Timestamp,
    account::AccountEvent,
    models::{
        FillModel as _, FillPoint, Moment,
        queue::{LimitContext, LimitModel as _, LimitRule},
    },
    order::{OrderChange, OrderKind, Resting, TimeInForce},
};

/// What a walk has come to.
pub(super) struct Walk<'a> {
    row: &'a MatchRow<'a>,
    id: usize,
    instrument: &'a Instrument,
    before: &'a Bar,
    bar: &'a Bar,
    /// Units held by the account.
    held: f64,
    /// What the account can carry; none where nothing is asked.
    purse: Option<Purse<'a>>,
    /// Units that the participation cap leaves.
    cap: f64,
    /// Units that the account's orders have taken of the bar.
    taken: f64,
    /// Whether the order that fills has just come, and takes what rests; otherwise it rested itself.
    taking: bool,
    /// Where the walk is: the price, and its moment.
    price: f64,
    now: Timestamp,
    at_open: bool,
    pub(super) book: Vec<Resting>,
    pub(super) events: Vec<AccountEvent>,
    pub(super) rng: Rng,
    /// Where prices were when orders filled.
    pub(super) filled_at: Vec<f64>,
    /// What the fills have gained by the close, less fees.
    pub(super) gain: f64,
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

impl<'a> Walk<'a> {
    pub(super) fn new(row: &'a MatchRow<'a>, id: usize, book: &[Resting], held: f64, rng: Rng) -> Self {
        let (instrument, before, bar) = (&row.instruments[id], &row.before[id], &row.bars[id]);
        let lots = |share: f64| (share * bar.volume / instrument.lot + 1e-9).floor() * instrument.lot;
        Self {
            row,
            id,
            instrument,
            before,
            bar,
            held,
            purse: None,
            cap: row.models.matching.participation.map_or(f64::INFINITY, lots),
            taken: 0.0,
            taking: true,
            price: bar.open,
            now: row.opened(),
            at_open: true,
            book: book.to_vec(),
            events: Vec::new(),
            rng,
            filled_at: Vec::new(),
            gain: 0.0,
        }
    }

    /// With what the account can carry.
    pub(super) fn paying(self, purse: Option<Purse<'a>>) -> Self {
        Self { purse, ..self }
    }

    /// Walks from the open to the close.
    pub(super) fn along(mut self, path: Path) -> Self {
        let (opened, closed) = (self.row.opened(), self.bar.time);
        self.hear();
        for at in 0..self.book.len() {
            if self.works(at) && self.book[at].arrives <= opened {
                self.arrive(at);
            }
        }
        self.at_open = false;
        // The legs take equal times: nothing more is known of the way than its corners.
        let legs = path.legs();
        let (length, last) = ((closed.nanos() - opened.nanos()) / legs.len() as i64, legs.len() - 1);
        for (leg, (from, to)) in legs.enumerate() {
            let begins = opened.plus_ns(length * leg as i64);
            let ends = if leg == last { closed } else { begins.plus_ns(length) };
            self.leg(to, begins, ends, from);
        }
        self.now = closed;
        self.taking = false;
        self.settle_queues();
        for at in 0..self.book.len() {
            if self.works(at) && self.waits_for_close(&self.book[at]) {
                let close = self.point();
                let named = self.book[at].order.request.kind == (OrderKind::MarketOnClose {});
                self.fill_at_market(at, if named { self.bar.close } else { close.price });
            }
        }
        self
    }

    /// Goes from where it is to `to`.
    fn leg(&mut self, to: f64, begins: Timestamp, ends: Timestamp, from: f64) {
        // The walk ends: an order that is dealt with leaves the candidates, and prices only go forward.
        let mut guard = 5 * self.book.len() + 4;
        while guard > 0 {
            guard -= 1;
            let Some((price, at, next)) = self.next(to, begins, ends, from) else { break };
            // Between its corners the path is on the grid too: a message comes at the last price before it.
            let price = match next {
                Next::Stop | Next::Limit => price,
                Next::Arrival | Next::Cancel | Next::Modify => self.last_on_grid(price, to),
            };
            // Prices pass at an even pace.
            let passed = if to == from { 0.0 } else { (price - from) / (to - from) };
            self.now = self.now.max(begins.plus_ns((passed * (ends.nanos() - begins.nanos()) as f64) as i64));
            self.follow(price);
            self.price = price;
            match next {
                Next::Arrival => {
                    self.now = self.now.max(self.book[at].arrives);
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
                    let limit = self.within_bar(self.book[at].order.request.kind.limit().unwrap_or(price));
                    self.taking = false;
                    self.fill(at, limit, limit);
                }
            }
        }
        self.follow(to);
        self.price = to;
        self.now = ends;
    }

    /// The last price on the grid, on the way from where it is over `price` to `to`.
    fn last_on_grid(&self, price: f64, to: f64) -> f64 {
        let ticks = price / self.instrument.tick;
        let last = if to > self.price { (ticks + 1e-9).floor() } else { (ticks - 1e-9).ceil() };
        let last = self.instrument.round_price(last * self.instrument.tick);
        last.clamp(self.price.min(to), self.price.max(to))
    }

    /// The nearest thing that happens between here and `to`: its price, the order, and what it is.
    fn next(&self, to: f64, begins: Timestamp, ends: Timestamp, from: f64) -> Option<(f64, usize, Next)> {
        // The way of the whole leg: prices that have come to its end have come from somewhere.
        let (up, down) = (to >= from, to <= from);
        let between = |price: f64| (self.price.min(to)..=self.price.max(to)).contains(&price);
        // A moment on this leg is a price on it.
        let place = |time: Timestamp| {
            let share = (time.nanos() - begins.nanos()) as f64 / (ends.nanos() - begins.nanos()).max(1) as f64;
            from + share * (to - from)
        };
        let mut best: Option<(f64, usize, Next)> = None;
        let mut offer = |price: f64, at: usize, next: Next| {
            let nearer = best.is_none_or(|(known, _, what)| {
                let (mine, known) = ((price - self.price).abs(), (known - self.price).abs());
                mine < known || (mine == known && next == Next::Stop && what == Next::Limit)
            });
            if nearer {
                best = Some((price, at, next));
            }
        };
        for (at, resting) in self.book.iter().enumerate().filter(|(at, _)| self.works(*at)) {
            let on_this_leg = |time: Timestamp| time > begins && time <= ends;
            // Messages overtake each other at most in one direction: an order that is not there yet can't be cancelled.
            let there = self.has_arrived(resting);
            if let Some(time) = resting.cancelled_at.filter(|time| there && on_this_leg(*time)) {
                let price = place(time);
                if between(price) {
                    offer(price, at, Next::Cancel);
                }
            }
            if let Some((time, _)) = resting.modified.filter(|(time, _)| there && on_this_leg(*time)) {
                let price = place(time);
                if between(price) {
                    offer(price, at, Next::Modify);
                }
            }
            if resting.arrives > self.row.opened() && !self.has_arrived(resting) {
                let price = place(resting.arrives);
                if on_this_leg(resting.arrives) && between(price) {
                    offer(price, at, Next::Arrival);
                }
                continue;
            }
            if resting.left == 0.0 {
                continue;
            }
            let buys = resting.left > 0.0;
            if let Some(trigger) = self.trigger_price(resting).filter(|_| !resting.triggered) {
                // A buy stop is reached on the way up, a sell stop on the way down.
                if (if buys { up } else { down }) && between(trigger) {
                    offer(trigger, at, Next::Stop);
                }
            } else if let Some(limit) = resting.order.request.kind.limit().filter(|_| self.cap >= self.instrument.lot) {
                let through = self.through_ticks() * self.instrument.tick;
                let reached = if buys { limit - through } else { limit + through };
                let passes = if buys {
                    down && to <= reached && self.price >= reached
                } else {
                    up && to >= reached && self.price <= reached
                };
                if passes {
                    // It fills at its limit once prices are so far through it.
                    offer(reached, at, Next::Limit);
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
        for at in 0..self.book.len() {
            let resting = self.book[at];
            let Some(limit) = resting.order.request.kind.limit().filter(|_| self.works(at)) else { continue };
            let waits = resting.left != 0.0 && resting.best.is_some() && resting.arrives <= self.row.opened();
            if !waits || (resting.order.request.kind.trigger().is_some() && !resting.triggered) {
                continue;
            }
            let ctx = LimitContext { instrument: self.instrument, limit, qty: resting.left };
            let mut queue = resting.queue;
            let size = self.row.models.matching.limit.bar(&ctx, self.bar, &mut queue);
            self.book[at].queue = queue;
            if size > 0.0 {
                let limit = self.within_bar(limit);
                self.fill_at_most(at, size, limit, limit);
            }
        }
    }

    /// A limit, or the price nearest to it that was traded: a reduce-only order may wake up, and a stop-limit trigger, with
    /// a limit that the bar never came to.
    fn within_bar(&self, limit: f64) -> f64 {
        limit.clamp(self.bar.low, self.bar.high)
    }

    fn works(&self, at: usize) -> bool {
        let resting = &self.book[at];
        resting.order.request.instrument.0 as usize == self.id && !resting.state.is_closed()
    }

    /// An order that was under way at the open and has arrived since: `best` marks it.
    fn has_arrived(&self, resting: &Resting) -> bool {
        resting.best.is_some()
    }

    /// Where the rule of market orders fills them.
    fn point(&self) -> FillPoint {
        self.row.models.fill.market(self.before, self.bar)
    }

    /// Market orders whose fill rule, or kind, names the close.
    fn waits_for_close(&self, resting: &Resting) -> bool {
        match resting.order.request.kind {
            OrderKind::MarketOnClose {} => true,
            OrderKind::Market {} => self.point().moment == Moment::Close && resting.arrives <= self.now,
            _ => false,
        }
    }

    /// The price at which a stop is reached; that of a trailing one moves with the best price.
    fn trigger_price(&self, resting: &Resting) -> Option<f64> {
        match resting.order.request.kind {
            OrderKind::TrailingStop { offset } => {
                resting.best.map(|best| best + offset.copysign(resting.order.request.qty))
            }
            kind => kind.trigger(),
        }
    }

    /// Lets trailing stops follow the price.
    fn follow(&mut self, price: f64) {
        let id = self.id;
        for resting in self.book.iter_mut().filter(|resting| resting.order.request.instrument.0 as usize == id) {
            if let (OrderKind::TrailingStop { .. }, Some(best)) = (resting.order.request.kind, resting.best) {
                let buys = resting.order.request.qty > 0.0;
                resting.best = Some(if buys { best.min(price) } else { best.max(price) });
            }
        }
    }

    /// An order is at the venue, at the present price: what can happen at once happens.
    fn arrive(&mut self, at: usize) {
        let price = self.price;
        let first = self.book[at].best.is_none();
        self.book[at].best.get_or_insert(price);
        let resting = self.book[at];
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
                self.fill_at_market(at, if self.at_open { point.price } else { price });
            }
            OrderKind::MarketOnOpen {} if self.at_open => self.fill_at_market(at, price),
            OrderKind::MarketOnOpen {} => return,
            _ => {
                let trigger = self.trigger_price(&resting).filter(|_| !resting.triggered);
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

/// Changes an order's state, and says so.
pub(super) fn change(resting: &mut Resting, how: OrderChange, time: Timestamp) -> AccountEvent {
    // The book holds working orders only, to which everything here is legal.
    resting.state = resting.state.after(how).unwrap_or(resting.state);
    AccountEvent::Order { order: resting.order.id, state: resting.state, time }
}
