//! Where the orders of a book meet a bar: one walk along the way that prices took.
//!
//! The walk begins at the open, where whatever is reached fills at the open (a gap fills at the open, never at a price
//! that the market skipped), and goes over the extremes to the close, or along finer bars, of which each first price is
//! such an open. On the way it stops at the nearest price at which something happens: a stop is reached, a limit is
//! reached, a message arrives. Ties go to stops, then to the older order. What an order does at a price happens before
//! the walk goes on: a filled parent wakes its children, a fill is taken off the other orders of its group.
//!
//! All instruments are on their way together: what comes first gets what there is of margin, and at the same moment the
//! older order does, whatever the order in which instruments were registered.

mod alone;
mod carry;
mod happen;
mod own;
mod path;
mod price;
mod walk;

use super::{VenueFacts, facts::is_due};
use crate::{
    Bar, Error, Instrument, InstrumentId, MarketView, Result, Rng, Timestamp,
    account::{Account, AccountEvent, RejectReason, TradedVolume},
    market::Quote,
    models::{FinancingModel as _, IntrabarPath, Models, queue::LimitRule},
    order::{OrderChange, OrderKind, Resting, TimeInForce, Working},
};
use carry::Call;
use own::{At, Own};
use path::{Stretch, Way};
use price::{Executed, Met};
use walk::{Done, Known, Spot, Walk};

/// One row of the market, and how orders meet it.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, models::Models, rng};
/// use tradepit::{account::{Account, TradedVolume}, order::{Order, OrderId, OrderRequest, Resting, Working}};
/// use tradepit::venue::{MatchRow, VenueFacts};
/// let bar = |minute: i64, open: f64, high: f64, low: f64, close: f64| Bar {
///     time: Timestamp::from_nanos(minute * 60_000_000_000), open, high, low, close, volume: 100.0 };
/// let bars = vec![bar(1, 10.0, 10.0, 10.0, 10.0), bar(2, 10.0, 11.0, 9.0, 10.5)];
/// let mut working = Working::default();
/// let order = Order { id: OrderId(0), request: OrderRequest::limit(InstrumentId(0), 1.0, 9.25), active_from: 1 };
/// working.rest(Resting::new(order, bars[0].time));
/// let data = MarketData::builder(vec![Instrument::es()]).bars(bars).build().unwrap();
/// let models = Models::default();
/// let facts = VenueFacts::new(&models, data.view(2));
/// let row = MatchRow::last(&models, &facts, data.view(2)).unwrap();
/// let (mut account, mut rng) = (Account::new(1), rng::stream(0, 0, rng::Purpose::Models));
/// row.run(&mut working, &mut TradedVolume::default(), &mut account, &mut rng, |_| {});
/// // The bar went a tick below the limit: it filled there.
/// assert_eq!(account.position(InstrumentId(0)).avg_price(), 9.25);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatchRow<'a> {
    models: &'a Models,
    facts: &'a VenueFacts,
    market: MarketView<'a>,
    instruments: &'a [Instrument],
    /// The row before, one bar an instrument; behind the events, as it reads after them.
    before: &'a [Bar],
    /// The row, one bar an instrument.
    bars: &'a [Bar],
}

impl<'a> MatchRow<'a> {
    /// The last row of `market`, which `facts` know already.
    ///
    /// # Errors
    /// When it is also the first one: orders need a row to be decided on.
    #[inline(always)]
    pub fn last(models: &'a Models, facts: &'a VenueFacts, market: MarketView<'a>) -> Result<Self> {
        let Some(before) = market.before() else {
            return Err(Error::TooLittleData("orders meet the second row of a market at the earliest".into()));
        };
        Ok(Self { models, facts, market, instruments: market.instruments(), before: before.row(), bars: market.row() })
    }

    /// Whether nothing can happen in the last row of `market`: no order waits, nothing falls due, nobody is called. Most rows
    /// are so.
    #[inline(always)]
    pub(super) fn is_quiet(
        models: &Models,
        facts: &VenueFacts,
        market: MarketView<'_>,
        working: &Working,
        account: &Account,
    ) -> bool {
        let Some(before) = market.before() else { return false };
        working.is_empty() && !facts.is_eventful(market.len() - 1) && Call::of(models, account, before).is_none()
    }

    /// When the bars of this row opened: one period before they closed, but not before the last ones did.
    fn opened(&self) -> Timestamp {
        self.market.opened()
    }

    /// When they closed.
    fn closed(&self) -> Timestamp {
        self.bars[0].time
    }

    fn number(&self) -> u32 {
        self.market.len() as u32 - 1
    }

    /// The quote that stands at the open.
    fn quote(&self, id: usize) -> Option<&'a Quote> {
        self.market.quote(InstrumentId(id as u32))
    }

    /// Matches everything that works with this row; every event is applied to `account` and shown to `on`.
    ///
    /// The simulator and the paper broker both come here.
    pub fn run(
        &self,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        mut on: impl FnMut(&AccountEvent),
    ) {
        let mut tell = |account: &mut Account, event: AccountEvent| {
            account.apply(&event);
            on(&event);
        };
        let call = self.market.before().and_then(|closed| Call::of(self.models, account, closed));
        if self.facts.is_eventful(self.number() as usize) {
            self.run_eventful(call, working, traded, account, rng, &mut tell);
        } else {
            self.run_from_open(call, working, traded, account, rng, &mut tell);
        }
    }

    #[cold]
    fn run_eventful(
        &self,
        call: Option<Call>,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let due = is_due(self.models.financing.schedule(), self.market);
        if due {
            self.finance(account, true, tell);
        }
        if self.market.events().is_empty() {
            self.run_from_open(call, working, traded, account, rng, tell);
        } else {
            let before = self.happen(working, traded, account, rng, tell);
            MatchRow { before: &before, ..*self }.run_from_open(call, working, traded, account, rng, tell);
        }
        if due {
            self.finance(account, false, tell);
        }
        self.flatten(traded, account, rng, tell);
    }

    #[inline]
    fn run_from_open(
        &self,
        call: Option<Call>,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        if let Some(call) = call {
            self.liquidate(call, working, traded, account, rng, tell);
        }
        self.run_orders(working, traded, account, rng, tell);
    }

    fn is_halted(&self, id: usize) -> bool {
        self.market.is_halted(InstrumentId(id as u32))
    }

    fn run_orders(
        &self,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        // Several orders share what models are told, and in a halt orders wait: the book keeps count.
        if let Some(under_way) = working.under_way() {
            if self.meets_one() {
                return self.run_alone(under_way, working, traded, account, rng, tell);
            }
            working.settle();
        }
        if !working.book().is_empty()
            || !self.market.halted().is_empty()
            || (working.has_several() && !self.models.needs_bars_only(self.market.has_quotes()))
        {
            return self.run_book(working, traded, account, rng, tell);
        }
        working.take_active(self.number(), |order| {
            let id = order.instrument.0 as usize;
            let spot = self.models.spot(&self.before[id], &self.bars[id], self.market.period_ns());
            let spread = self.quote(id).map_or(f64::NAN, Quote::spread);
            let position = |id: usize| &account.positions()[id];
            let told = self.told(id, position(id).traded(), 0.0, spread, traded);
            let fill = self.models.fill_told(order, &self.instruments[id], spot, &told, rng);
            if self.carried(account.cash(), position, &fill, fill.time >= self.closed()).is_some() {
                self.facts.count(traded, &fill);
                tell(account, AccountEvent::Fill(fill));
            } else {
                let reason = RejectReason::Margin;
                tell(account, AccountEvent::Rejected { order: order.id, reason, time: fill.time });
            }
        });
    }

    /// With a book, market orders take their place in it by age.
    #[cold]
    fn run_book(
        &self,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let mut plain = Vec::new();
        working.take_active(self.number(), |order| plain.push(Resting::new(order.into(), self.before[0].time)));
        let book = working.book_mut();
        book.extend(plain);
        book.sort_by_key(|resting| resting.order.id);
        let (last, opened, now) = (self.before[0].time, self.opened(), self.closed());
        let over = |tif| matches!(tif, TimeInForce::Gtd { until } if until <= last || until < opened);
        expire(book, over, last, |event| tell(account, event));
        if !self.market.halted().is_empty() {
            self.wait(book, traded, account, rng, tell);
        }
        self.walk(book, traded, account, rng, tell);
        let over = |tif| match tif {
            TimeInForce::Day {} => self.market.session_closed(),
            TimeInForce::Gtd { until } => now >= until,
            TimeInForce::Gtc {} | TimeInForce::Ioc {} | TimeInForce::Fok {} => false,
        };
        expire(book, over, now, |event| tell(account, event));
        book.retain(|resting| !resting.state.is_closed());
    }

    /// Lets messages arrive at the orders that a halt holds up.
    #[cold]
    #[inline(never)]
    fn wait(
        &self,
        book: &mut Vec<Resting>,
        traded: &TradedVolume,
        account: &mut Account,
        rng: &Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let nowhere = || Way::Finer(Vec::new());
        let halted = self.market.halted().iter().map(|id| Spot::new(self, id.0 as usize, nowhere(), account));
        let done =
            Walk::new(self, &mut halted.collect::<Vec<_>>(), Known { book, traded, account, rng }).through_a_halt();
        *book = done.book;
        done.events.into_iter().for_each(|event| tell(account, event));
    }

    /// Walks all instruments with orders together, each along the way that is its own.
    fn walk(
        &self,
        book: &mut Vec<Resting>,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let has_orders =
            |id: &usize| book.iter().any(|r| r.order.request.instrument.0 as usize == *id) && !self.is_halted(*id);
        let mut ids = (0..self.instruments.len()).filter(has_orders);
        let known = Known { book, traded, account, rng };
        let done = match (ids.next(), ids.next()) {
            (None, _) => return,
            (Some(only), None) => self.walk_alone(only, known).1,
            (Some(first), Some(second)) => {
                let spot = |id: usize| Spot::new(self, id, self.walk_alone(id, known).0, account);
                let mut spots: Vec<Spot<'_>> = [first, second].into_iter().chain(ids).map(spot).collect();
                Walk::new(self, &mut spots, known).along()
            }
        };
        *rng = done.rng;
        *book = done.book;
        *traded = done.traded;
        done.events.into_iter().for_each(|event| tell(account, event));
    }

    /// The way of an instrument, and what the walk comes to that has all of the margin to itself.
    fn walk_alone(&self, id: usize, known: Known<'_>) -> (Way, Done) {
        let bar = &self.bars[id];
        let walk = |way: Way| {
            let done = Walk::new(self, &mut [Spot::new(self, id, way.clone(), known.account)], known).along();
            (way, done)
        };
        let whole = |up: bool| walk(Way::Bar([Stretch::new(bar, self.opened(), up)]));
        if self.asks_no_way(id, known.book) {
            return whole(true);
        }
        let worst = || {
            let rising = whole(true);
            if rising.1.at_open {
                return rising;
            }
            let falling = whole(false);
            let orders = known.book.iter().filter(|resting| resting.order.request.instrument.0 as usize == id);
            let filled = rising.1.filled_at.iter().chain(&falling.1.filled_at).copied();
            let turns = path::turns(bar, self.opened(), orders, filled);
            let first = if rising.1.gain <= falling.1.gain { rising } else { falling };
            turns
                .into_iter()
                .map(|stretch| walk(Way::Bar([stretch])))
                .fold(first, |found, tried| if tried.1.gain < found.1.gain { tried } else { found })
        };
        match self.models.matching.path {
            IntrabarPath::OpenHighLowClose {} => whole(true),
            IntrabarPath::OpenLowHighClose {} => whole(false),
            IntrabarPath::NearestFirst {} => whole(path::high_is_nearer(bar)),
            IntrabarPath::Pessimistic {} => worst(),
            IntrabarPath::SubBars { within } => {
                match path::along(self.market.sub_bars(InstrumentId(id as u32)), self.opened(), within) {
                    way if way.is_empty() => worst(),
                    way => walk(Way::Finer(way)),
                }
            }
        }
    }

    /// Whether nothing that an instrument's orders do depends on what prices do inside the bar.
    fn asks_no_way(&self, id: usize, book: &[Resting]) -> bool {
        let rests = |resting: &Resting| {
            matches!(resting.order.request.kind, OrderKind::Limit { .. })
                && resting.arrives <= self.opened()
                && resting.cancelled_at.is_none()
                && resting.modified.is_none()
        };
        let mut own = book.iter().filter(|resting| resting.order.request.instrument.0 as usize == id);
        matches!(self.models.matching.limit, LimitRule::Intensity(_)) && own.all(rests)
    }
}

/// Takes out the orders whose time is over, and the children of those that never filled; parents stand before them.
fn expire(
    book: &mut [Resting],
    over: impl Fn(TimeInForce) -> bool,
    time: Timestamp,
    mut tell: impl FnMut(AccountEvent),
) {
    for at in 0..book.len() {
        let (older, resting) = (&book[..at], &book[at]);
        let gone = |parent: &Resting| parent.state.is_closed() && parent.filled == 0.0;
        let orphan = older.iter().any(|parent| resting.order.request.parent == Some(parent.order.id) && gone(parent));
        let how = match over(resting.order.request.tif) {
            true => OrderChange::Expire,
            false if orphan => OrderChange::Cancel,
            false => continue,
        };
        if !book[at].state.is_closed() {
            tell(walk::change(&mut book[at], how, time));
        }
    }
}
