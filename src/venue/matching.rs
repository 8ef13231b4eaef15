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
mod walk;

use super::VenueFacts;
use crate::{
    Bar, Error, Instrument, InstrumentId, MarketView, Result, Rng, Timestamp,
    account::{Account, AccountEvent, Fill, Position, RejectReason, TradedVolume},
    market::{MarketEvent, Quote, grid},
    models::{
        CommissionModel as _, FeeContext, FillContext, Flatten, IntrabarPath, Liquidity, Models, SlippageModel as _,
        Told, queue::LimitRule,
    },
    order::{OrderChange, OrderId, OrderKind, Resting, TimeInForce, Working},
};
use carry::Call;
use own::{At, Own};
use path::{Stretch, Way};
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
    /// What happens before the open.
    events: &'a [MarketEvent],
    /// Whose trading stands still.
    halted: &'a [InstrumentId],
    row: u32,
    period_ns: i64,
    session_closed: bool,
}

/// What an order that takes meets.
#[derive(Clone, Copy, Debug)]
struct Met {
    /// The price before slippage.
    price: f64,
    /// The price that costs are measured against: the middle of a quote.
    reference: f64,
    /// The spread that slippage has still to pay: 0 where the price has crossed it, NaN where it is not known.
    spread: f64,
}

/// Units of an order that change hands, and how.
#[derive(Clone, Copy, Debug)]
struct Executed {
    qty: f64,
    price: f64,
    reference: f64,
    time: Timestamp,
    /// Whether it rested, and was taken.
    maker: bool,
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
        Ok(Self {
            models,
            facts,
            market,
            instruments: market.instruments(),
            before: before.row(),
            bars: market.row(),
            events: market.events(),
            halted: market.halted(),
            row: market.len() as u32 - 1,
            period_ns: market.period_ns(),
            session_closed: market.session_closed(),
        })
    }

    /// Whether nothing can happen in the last row of `market`: no order waits, nothing falls due, nobody is called. Most rows
    /// are so.
    #[inline(always)]
    pub(super) fn is_quiet(models: &Models, market: MarketView<'_>, working: &Working, account: &Account) -> bool {
        let Some(before) = market.before() else { return false };
        working.is_empty()
            && market.events().is_empty()
            && (!models.carries()
                || (!carry::is_due(&models.financing, market)
                    && (models.flatten == (Flatten::None {}) || !market.session_closed())
                    && Call::of(models, account, before).is_none()))
    }

    /// When the bars of this row opened: one period before they closed, but not before the last ones did.
    fn opened(&self) -> Timestamp {
        self.market.opened()
    }

    /// When they closed.
    fn closed(&self) -> Timestamp {
        self.bars[0].time
    }

    /// The quote that stands at the open.
    fn quote(&self, id: usize) -> Option<&'a Quote> {
        self.market.quote(InstrumentId(id as u32))
    }

    /// What an order meets at a price that was traded.
    fn traded(&self, id: usize, price: f64) -> Met {
        Met { price, reference: price, spread: self.quote(id).map_or(f64::NAN, Quote::spread) }
    }

    /// What an order at the market meets when the price is `traded`: that, or the quote under a rule that meets quotes.
    /// Later than the open no finer quote is known: its spread stands about the price.
    fn met(&self, id: usize, qty: f64, traded: f64, at_open: bool) -> Met {
        match self.quote(id).filter(|_| self.models.fill.is_quote()) {
            None => self.traded(id, traded),
            Some(quote) if at_open => Met { price: quote.touch(qty), reference: quote.mid(), spread: 0.0 },
            Some(quote) => Met { price: traded + (0.5 * quote.spread()).copysign(qty), reference: traded, spread: 0.0 },
        }
    }

    /// Units of an instrument that the account may take of this row; whole lots.
    fn cap(&self, id: usize) -> f64 {
        let lot = self.instruments[id].lot;
        let lots = |share: f64| grid::below(share * self.bars[id].volume / lot + 1e-9) * lot;
        self.models.matching.participation.map_or(f64::INFINITY, lots)
    }

    /// What is held and the cash after a fill, if they can carry it; what else is held is worth its open, or its close.
    fn carried<'p>(
        &self,
        cash: f64,
        position: impl Fn(usize) -> &'p Position,
        fill: &Fill,
        at_close: bool,
    ) -> Option<(Position, f64)> {
        let price = |bar: &Bar| if at_close { bar.close } else { bar.open };
        self.models.margin.carried(cash, position, fill, self.market, price, 0.0)
    }

    /// What models are told beyond the bars, of an instrument of which the account has traded, and has taken of this bar, so much.
    fn told<'t>(&self, id: usize, net_traded: f64, taken: f64, spread: f64, traded: &'t TradedVolume) -> Told<'t> {
        let daily = self.facts.daily(self.row as usize, InstrumentId(id as u32));
        let liquidity = Liquidity { filled_in_bar: taken, net_traded, spread, ..daily };
        Told { liquidity, traded: self.facts.traded(traded) }
    }

    /// What units of an order pay at the market, slipped; nothing beyond the price protection.
    #[inline(always)]
    fn slipped(&self, id: usize, qty: f64, met: Met, known: &Bar, told: &Told<'_>, rng: &mut Rng) -> Option<f64> {
        let instrument = &self.instruments[id];
        let ctx = FillContext::new(instrument, qty, met.price, known);
        let price = self.models.slippage.price(&FillContext { liquidity: told.liquidity, ..ctx }, rng);
        let Some(ticks) = self.models.matching.protection_ticks else { return Some(price) };
        let worst = self.before[id].close + (ticks * instrument.tick).copysign(qty);
        // The sign makes one side of both: orders come from either, and which is nothing to be guessed.
        let side = 1f64.copysign(qty);
        ((met.price - worst) * side <= 0.0).then(|| (price * side).min(worst * side) * side)
    }

    /// The fill of units of an order, with its fee, and what they are worth without a sign; before them, so many units of
    /// that value had filled.
    #[inline]
    fn fill_of(
        &self,
        (order, instrument): (OrderId, InstrumentId),
        (filled_before, value_before): (f64, f64),
        executed: Executed,
        traded: &TradedVolume,
    ) -> (Fill, f64) {
        let Executed { qty, price, reference, time, maker } = executed;
        let id = instrument;
        let instrument = &self.instruments[id.0 as usize];
        let mut fees =
            FeeContext { filled_before, value_before, maker, time, ..FeeContext::new(instrument, qty, price) };
        if let Some(traded) = self.facts.traded(traded) {
            fees = fees.after(traded);
        }
        let fill = Fill {
            qty,
            price,
            reference,
            fee: self.models.commission.fee(&fees),
            multiplier: instrument.multiplier,
            time,
            order,
            instrument: id,
            futures: instrument.is_futures(),
        };
        (fill, fees.value())
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
        if !self.models.carries() && self.events.is_empty() {
            return self.run_orders(working, traded, account, rng, &mut tell);
        }
        let call = self.market.before().and_then(|closed| Call::of(self.models, account, closed));
        let due = carry::is_due(&self.models.financing, self.market);
        if due {
            self.finance(account, true, &mut tell);
        }
        if self.events.is_empty() {
            self.run_from_open(call, working, traded, account, rng, &mut tell);
        } else {
            let before = self.happen(working, traded, account, rng, &mut tell);
            MatchRow { before: &before, ..*self }.run_from_open(call, working, traded, account, rng, &mut tell);
        }
        if due {
            self.finance(account, false, &mut tell);
        }
        self.flatten(traded, account, rng, &mut tell);
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
        self.halted.iter().any(|halted| halted.0 as usize == id)
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
            || !self.halted.is_empty()
            || (working.has_several() && !self.models.needs_bars_only(self.market.has_quotes()))
        {
            return self.run_book(working, traded, account, rng, tell);
        }
        working.take_active(self.row, |order| {
            let id = order.instrument.0 as usize;
            let spot = self.models.spot(&self.before[id], &self.bars[id], self.period_ns);
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
        working.take_active(self.row, |order| plain.push(Resting::new(order.into(), self.before[0].time)));
        let book = working.book_mut();
        book.extend(plain);
        book.sort_by_key(|resting| resting.order.id);
        let (last, opened, now) = (self.before[0].time, self.opened(), self.closed());
        let over = |tif| matches!(tif, TimeInForce::Gtd { until } if until <= last || until < opened);
        expire(book, over, last, |event| tell(account, event));
        if !self.halted.is_empty() {
            self.wait(book, traded, account, rng, tell);
        }
        self.walk(book, traded, account, rng, tell);
        let over = |tif| match tif {
            TimeInForce::Day {} => self.session_closed,
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
        let halted = self.halted.iter().map(|id| Spot::new(self, id.0 as usize, nowhere(), account));
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
            return walk(Way::Finer(Vec::new()));
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
