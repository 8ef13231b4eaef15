//! Where the orders of a book meet a bar: one walk along the way that prices took.
//!
//! The walk begins at the open, where whatever is reached fills at the open (a gap fills at the open, never at a price
//! that the market skipped), and goes over the extremes to the close. On the way it stops at the nearest price at which
//! something happens: a stop is reached, a limit is reached, a message arrives. Ties go to stops, then to the older
//! order. What an order does at a price happens before the walk goes on: a filled parent wakes its children, a fill is
//! taken off the other orders of its group.

mod walk;

use crate::{
    Bar, Instrument, Rng, Timestamp,
    account::{Account, AccountEvent},
    models::{IntrabarPath, Models},
    order::{OrderChange, Resting, TimeInForce, Working},
};
use walk::Walk;

/// One row of the market, and how orders meet it.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, account::Account, models::Models, rng};
/// use tradepit::{order::{Order, OrderId, OrderRequest, Resting, Working}, venue::MatchRow};
/// let bar = |minute: i64, open: f64, high: f64, low: f64, close: f64| Bar {
///     time: Timestamp::from_nanos(minute * 60_000_000_000), open, high, low, close, volume: 100.0 };
/// let (before, bars) = ([bar(1, 10.0, 10.0, 10.0, 10.0)], [bar(2, 10.0, 11.0, 9.0, 10.5)]);
/// let mut working = Working::default();
/// let order = Order { id: OrderId(0), request: OrderRequest::limit(InstrumentId(0), 1.0, 9.25), active_from: 2 };
/// working.rest(Resting::new(order, before[0].time));
/// let row = MatchRow { models: &Models::default(), instruments: &[Instrument::es()], before: &before, bars: &bars,
///     row: 2, period_ns: 60_000_000_000, session_closed: false };
/// let (mut account, mut rng) = (Account::new(1), rng::stream(0, 0, rng::Purpose::Models));
/// row.run(&mut working, &mut account, &mut rng, |_| {});
/// // The bar went a tick below the limit: it filled there.
/// assert_eq!(account.position(InstrumentId(0)).avg_price(), 9.25);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatchRow<'a> {
    /// How orders execute.
    pub models: &'a Models,
    /// What is traded.
    pub instruments: &'a [Instrument],
    /// The row before, one bar an instrument.
    pub before: &'a [Bar],
    /// The row, one bar an instrument.
    pub bars: &'a [Bar],
    /// Number of the row.
    pub row: u32,
    /// Length of a bar in nanoseconds.
    pub period_ns: i64,
    /// Whether the session ends with this row.
    pub session_closed: bool,
}

impl MatchRow<'_> {
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
        if working.book().is_empty() {
            working.take_active(self.row, |order| {
                let id = order.instrument.0 as usize;
                let (instrument, before, bar) = (&self.instruments[id], &self.before[id], &self.bars[id]);
                let fill = self.models.execute(order, instrument, before, bar, self.period_ns, rng);
                tell(account, AccountEvent::Fill(fill));
            });
            return;
        }
        self.run_book(working, account, rng, &mut tell);
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
        for id in 0..self.instruments.len() {
            if book.iter().any(|resting| resting.order.request.instrument.0 as usize == id) {
                self.run_instrument(id, book, account, rng, tell);
            }
        }
        let now = self.bars[0].time;
        for resting in book.iter_mut().filter(|resting| !resting.state.is_closed()) {
            let over = match resting.order.request.tif {
                TimeInForce::Day {} => self.session_closed,
                TimeInForce::Gtd { until } => now >= until,
                TimeInForce::Gtc {} | TimeInForce::Ioc {} | TimeInForce::Fok {} => false,
            };
            if over {
                tell(account, walk::change(resting, OrderChange::Expire, now));
            }
        }
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
        let held = account.positions()[id].qty();
        let bar = &self.bars[id];
        let (up, down) = ([bar.open, bar.high, bar.low, bar.close], [bar.open, bar.low, bar.high, bar.close]);
        let walk = |path| Walk::new(self, id, book, held, rng.clone()).along(path);
        let done = match self.models.matching.path {
            IntrabarPath::OpenHighLowClose {} => walk(up),
            IntrabarPath::OpenLowHighClose {} => walk(down),
            IntrabarPath::NearestFirst {} if bar.high - bar.open <= bar.open - bar.low => walk(up),
            IntrabarPath::NearestFirst {} => walk(down),
            IntrabarPath::Pessimistic {} => {
                let (up, down) = (walk(up), walk(down));
                if up.gain <= down.gain { up } else { down }
            }
        };
        *rng = done.rng;
        *book = done.book;
        done.events.into_iter().for_each(|event| tell(account, event));
    }
}
