//! Where the orders of a book meet a bar: one walk along the way that prices took.
//!
//! The walk begins at the open, where whatever is reached fills at the open (a gap fills at the open, never at a price
//! that the market skipped), and goes over the extremes to the close. On the way it stops at the nearest price at which
//! something happens: a stop is reached, a limit is reached, a message arrives. Ties go to stops, then to the older
//! order. What an order does at a price happens before the walk goes on: a filled parent wakes its children, a fill is
//! taken off the other orders of its group.

mod carry;
mod path;
mod purse;
mod walk;

use crate::{
    Bar, Error, Instrument, MarketView, Result, Rng, Timestamp,
    account::{Account, AccountEvent, RejectReason},
    models::{IntrabarPath, Models},
    order::{OrderChange, Resting, TimeInForce, Working},
};
use carry::Call;
use path::{Path, turns};
use purse::Purse;
use walk::Walk;

/// One row of the market, and how orders meet it.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, account::Account, models::Models, rng};
/// use tradepit::{order::{Order, OrderId, OrderRequest, Resting, Working}, venue::MatchRow};
/// let bar = |minute: i64, open: f64, high: f64, low: f64, close: f64| Bar {
///     time: Timestamp::from_nanos(minute * 60_000_000_000), open, high, low, close, volume: 100.0 };
/// let bars = vec![bar(1, 10.0, 10.0, 10.0, 10.0), bar(2, 10.0, 11.0, 9.0, 10.5)];
/// let mut working = Working::default();
/// let order = Order { id: OrderId(0), request: OrderRequest::limit(InstrumentId(0), 1.0, 9.25), active_from: 1 };
/// working.rest(Resting::new(order, bars[0].time));
/// let data = MarketData::builder(vec![Instrument::es()]).bars(bars).build().unwrap();
/// let models = Models::default();
/// let row = MatchRow::last(&models, data.view(2)).unwrap();
/// let (mut account, mut rng) = (Account::new(1), rng::stream(0, 0, rng::Purpose::Models));
/// row.run(&mut working, &mut account, &mut rng, |_| {});
/// // The bar went a tick below the limit: it filled there.
/// assert_eq!(account.position(InstrumentId(0)).avg_price(), 9.25);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatchRow<'a> {
    models: &'a Models,
    market: MarketView<'a>,
    instruments: &'a [Instrument],
    /// The row before, one bar an instrument.
    before: &'a [Bar],
    /// The row, one bar an instrument.
    bars: &'a [Bar],
    row: u32,
    period_ns: i64,
    session_closed: bool,
}

impl<'a> MatchRow<'a> {
    /// The last row of `market`.
    ///
    /// # Errors
    /// When it is also the first one: orders need a row to be decided on.
    pub fn last(models: &'a Models, market: MarketView<'a>) -> Result<Self> {
        let Some(before) = market.before() else {
            return Err(Error::TooLittleData("orders meet the second row of a market at the earliest".into()));
        };
        Ok(Self {
            models,
            market,
            instruments: market.instruments(),
            before: before.row(),
            bars: market.row(),
            row: market.len() as u32 - 1,
            period_ns: market.period_ns(),
            session_closed: market.session_closed(),
        })
    }

    /// When the bars of this row opened: one period before they closed, but not before the last ones did.
    fn opened(&self) -> Timestamp {
        self.bars[0].time.plus_ns(-self.period_ns).max(self.before[0].time)
    }

    /// Matches everything that works with this row; every event is applied to `account` and shown to `on`.
    ///
    /// The simulator and the paper broker both come here.
    pub fn run(&self, working: &mut Working, account: &mut Account, rng: &mut Rng, mut on: impl FnMut(&AccountEvent)) {
        let mut tell = |account: &mut Account, event: AccountEvent| {
            account.apply(&event);
            on(&event);
        };
        if !self.models.carries() {
            return self.run_orders(working, account, rng, &mut tell);
        }
        let call = self.market.before().and_then(|closed| Call::of(self.models, account, closed));
        self.finance(account, true, &mut tell);
        if let Some(call) = call {
            self.liquidate(call, working, account, rng, &mut tell);
        }
        self.run_orders(working, account, rng, &mut tell);
        self.finance(account, false, &mut tell);
        self.flatten(account, rng, &mut tell);
    }

    fn run_orders(
        &self,
        working: &mut Working,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        if !working.book().is_empty() {
            return self.run_book(working, account, rng, tell);
        }
        working.take_active(self.row, |order| {
            let id = order.instrument.0 as usize;
            let (instrument, before, bar) = (&self.instruments[id], &self.before[id], &self.bars[id]);
            let fill = self.models.execute(order, instrument, before, bar, self.period_ns, rng);
            let carried = Purse::of(self, account, id).is_none_or(|mut purse| purse.carries(&fill));
            let refused = AccountEvent::Rejected { order: order.id, reason: RejectReason::Margin, time: fill.time };
            tell(account, if carried { AccountEvent::Fill(fill) } else { refused });
        });
    }

    /// With a book, market orders take their place in it by age.
    #[cold]
    fn run_book(
        &self,
        working: &mut Working,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let mut plain = Vec::new();
        working.take_active(self.row, |order| plain.push(Resting::new(order.into(), self.before[0].time)));
        let book = working.book_mut();
        book.extend(plain);
        book.sort_by_key(|resting| resting.order.id);
        let (last, opened, now) = (self.before[0].time, self.opened(), self.bars[0].time);
        let over = |tif| matches!(tif, TimeInForce::Gtd { until } if until <= last || until < opened);
        expire(book, over, last, |event| tell(account, event));
        for id in 0..self.instruments.len() {
            if book.iter().any(|resting| resting.order.request.instrument.0 as usize == id) {
                self.run_instrument(id, book, account, rng, tell);
            }
        }
        let over = |tif| match tif {
            TimeInForce::Day {} => self.session_closed,
            TimeInForce::Gtd { until } => now >= until,
            TimeInForce::Gtc {} | TimeInForce::Ioc {} | TimeInForce::Fok {} => false,
        };
        expire(book, over, now, |event| tell(account, event));
        book.retain(|resting| !resting.state.is_closed());
    }

    fn run_instrument(
        &self,
        id: usize,
        book: &mut Vec<Resting>,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let (held, purse) = (account.positions()[id].qty(), Purse::of(self, account, id));
        let bar = &self.bars[id];
        let walk = |path| Walk::new(self, id, book, held, rng.clone()).paying(purse.clone()).along(path);
        let done = match self.models.matching.path {
            IntrabarPath::OpenHighLowClose {} => walk(Path::up(bar)),
            IntrabarPath::OpenLowHighClose {} => walk(Path::down(bar)),
            IntrabarPath::NearestFirst {} if bar.high - bar.open <= bar.open - bar.low => walk(Path::up(bar)),
            IntrabarPath::NearestFirst {} => walk(Path::down(bar)),
            IntrabarPath::Pessimistic {} => {
                let (up, down) = (walk(Path::up(bar)), walk(Path::down(bar)));
                let orders = book.iter().filter(|resting| resting.order.request.instrument.0 as usize == id);
                let turns = turns(bar, orders, up.filled_at.iter().chain(&down.filled_at).copied());
                let mut worst = if up.gain <= down.gain { up } else { down };
                for path in turns {
                    let tried = walk(path);
                    if tried.gain < worst.gain {
                        worst = tried;
                    }
                }
                worst
            }
        };
        *rng = done.rng;
        *book = done.book;
        done.events.into_iter().for_each(|event| tell(account, event));
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
