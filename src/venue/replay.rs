//! A recorded session, walked again.

use super::{Advance, EventLog, GrowingMarket, LogEnd, LogEntry, Row, RowMaker, Start, Venue};
use crate::{
    Error, InstrumentId, MarketView, Result, Timestamp,
    account::{Account, AccountEvent, AccountSnapshot},
    order::{Modification, OpenOrders, OrderId, OrderRequest},
};

/// A place in a log: says what was recorded next, and refuses what was not.
///
/// [`ReplayVenue`] is made of it, and so is a live venue that goes on where its journal ends.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, market::synth, order::OrderRequest, venue::{EventLog, Opening, Playback}};
/// let opening = Opening::of(&synth::es_1m(20, 0).unwrap(), 9, 50_000.0).unwrap();
/// let mut playback = Playback::new(EventLog::new(opening));
/// playback.open(Timestamp::default()).unwrap();
/// // Nothing is recorded after the opening, so there is nothing to compare with.
/// let order = OrderRequest::market(InstrumentId(0), 1.0);
/// assert_eq!(playback.submit(Timestamp::default(), &order).unwrap(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Playback {
    log: EventLog,
    at: usize,
    opened: bool,
}

/// What one [`advance`](Venue::advance) came to in a log.
///
/// ```
/// use tradepit::{Timestamp, market::synth, venue::{EventLog, LogEntry, Opening, Outcome, Playback}};
/// let (data, now) = (synth::es_1m(20, 0).unwrap(), Timestamp::from_nanos(1));
/// let mut log = EventLog::new(Opening::of(&data, 9, 50_000.0).unwrap());
/// log.push(LogEntry::Decided { time: now }).unwrap();
/// log.push(LogEntry::Row(Opening::row(&data, 10))).unwrap();
/// let mut playback = Playback::new(log);
/// let played = playback.step(now).unwrap();
/// assert!(played.decided && matches!(played.outcome, Outcome::Row(_)));
/// playback.pass(&played);
/// assert!(playback.is_over());
/// ```
#[derive(Clone, Debug)]
pub struct Played {
    /// Whether the decision was recorded as complete.
    pub decided: bool,
    /// What happened to the account.
    pub events: Vec<AccountEvent>,
    /// How it ended.
    pub outcome: Outcome,
    /// The place after it.
    next: usize,
}

/// How one [`advance`](Venue::advance) ended in a log; see [`Played`] for an example.
///
/// ```
/// use tradepit::{Timestamp, market::synth, venue::{EventLog, LogEntry, Opening, Outcome, Playback}};
/// let mut log = EventLog::new(Opening::of(&synth::es_1m(20, 0).unwrap(), 9, 50_000.0).unwrap());
/// log.push(LogEntry::Decided { time: Timestamp::from_nanos(1) }).unwrap();
/// // The process was killed while it waited for the next row.
/// let played = Playback::new(log).step(Timestamp::from_nanos(1)).unwrap();
/// assert!(played.decided && matches!(played.outcome, Outcome::Open));
/// ```
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A row closed.
    Row(Row),
    /// There was no further decision.
    End(LogEnd),
    /// The log was cut before it ended.
    Open,
}

impl Playback {
    /// At the beginning of `log`.
    #[must_use]
    pub fn new(log: EventLog) -> Self {
        Self { log, at: 0, opened: false }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Whether nothing more is recorded, but perhaps that the session ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.recorded().is_none()
    }

    fn recorded(&self) -> Option<&LogEntry> {
        let rest = &self.log.entries()[self.at..];
        rest.first().filter(|entry| rest.len() > 1 || !matches!(entry, LogEntry::End { .. }))
    }

    /// The snapshot with which the session was opened (again) here; none where the log is over.
    ///
    /// # Errors
    /// [`Error::Diverged`] when it was not opened here.
    pub fn open(&mut self, now: Timestamp) -> Result<Option<&AccountSnapshot>> {
        if !std::mem::replace(&mut self.opened, true) {
            return Ok(Some(&self.log.opening().snapshot));
        }
        match self.recorded() {
            None => Ok(None),
            Some(LogEntry::Reopened { .. }) => {
                self.at += 1;
                let entry = &self.log.entries()[self.at - 1];
                Ok(if let LogEntry::Reopened { snapshot, .. } = entry { Some(snapshot) } else { None })
            }
            Some(other) => Err(diverged(now, other, "the session was opened again; replay it from a new venue")),
        }
    }

    /// The number under which this order was recorded here; none where the log is over.
    ///
    /// # Errors
    /// [`Error::Diverged`] when another order was, or none; nothing has changed then.
    pub fn submit(&mut self, now: Timestamp, order: &OrderRequest) -> Result<Option<OrderId>> {
        match self.recorded() {
            None => Ok(None),
            Some(LogEntry::Order { id, request, time, .. }) if request == order && *time == now => {
                let id = *id;
                self.at += 1;
                Ok(Some(id))
            }
            Some(other) => Err(diverged(now, other, &format!("an order came: {order:?}"))),
        }
    }

    /// Whether this cancellation was recorded here; `false` where the log is over.
    ///
    /// # Errors
    /// [`Error::Diverged`] when something else was; nothing has changed then.
    pub fn cancel(&mut self, now: Timestamp, id: OrderId) -> Result<bool> {
        match self.recorded() {
            None => Ok(false),
            Some(LogEntry::Cancel { id: recorded, time }) if *recorded == id && *time == now => {
                self.at += 1;
                Ok(true)
            }
            Some(other) => Err(diverged(now, other, &format!("a cancellation came: {id:?}"))),
        }
    }

    /// Whether this change of an order was recorded here; `false` where the log is over.
    ///
    /// # Errors
    /// [`Error::Diverged`] when something else was; nothing has changed then.
    pub fn modify(&mut self, now: Timestamp, id: OrderId, change: &Modification) -> Result<bool> {
        match self.recorded() {
            None => Ok(false),
            Some(LogEntry::Modify { id: recorded, change: known, time })
                if *recorded == id && known == change && *time == now =>
            {
                self.at += 1;
                Ok(true)
            }
            Some(other) => Err(diverged(now, other, &format!("a change of {id:?} came: {change:?}"))),
        }
    }

    /// What was recorded between the decision at `now` and the next one; [`pass`](Self::pass) goes there.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the record has another order, or another time.
    pub fn step(&self, now: Timestamp) -> Result<Played> {
        let entries = self.log.entries();
        let mut played = Played { decided: false, events: Vec::new(), outcome: Outcome::Open, next: self.at };
        match entries.get(self.at) {
            None => return Ok(played),
            Some(LogEntry::Decided { time }) if *time == now => played.decided = true,
            // An end is kept, so that whoever asks again hears it again.
            Some(LogEntry::End { end, .. }) => {
                played.outcome = Outcome::End(*end);
                return Ok(played);
            }
            Some(other) => return Err(diverged(now, other, "all orders of the decision were sent")),
        }
        for (at, entry) in entries.iter().enumerate().skip(self.at + 1) {
            played.next = at + 1;
            match entry {
                LogEntry::Event(event) => played.events.push(*event),
                LogEntry::Row(row) => {
                    played.outcome = Outcome::Row(row.clone());
                    return Ok(played);
                }
                LogEntry::End { end, .. } => {
                    // A session that went on after an end was resumed: who walked it then saw no end.
                    let after = entries.get(at + 1);
                    let resumed = matches!(after, Some(LogEntry::Event(_) | LogEntry::Row(_) | LogEntry::End { .. }));
                    if !resumed {
                        played.outcome = Outcome::End(*end);
                        played.next = if at + 1 == entries.len() { at } else { at + 1 };
                        return Ok(played);
                    }
                }
                other => return Err(diverged(now, other, "the decision was complete")),
            }
        }
        played.next = entries.len();
        Ok(played)
    }

    /// Goes on behind what [`step`](Self::step) showed.
    pub fn pass(&mut self, played: &Played) {
        self.at = played.next;
    }
}

fn diverged(at: Timestamp, recorded: &LogEntry, came: &str) -> Error {
    let recorded = recorded.to_json().unwrap_or_else(|_| format!("{recorded:?}"));
    let shown: String = recorded.chars().take(400).collect();
    Error::Diverged { at, message: format!("{came}, but recorded is {shown}") }
}

/// A venue that walks a recorded session again: same bars, same events, same account to the last bit.
///
/// ```
/// use tradepit::{Error, InstrumentId, Venue, account::Account, order::OrderRequest};
/// use tradepit::venue::{EventLog, LogEntry, NoFeatures, Opening, ReplayVenue, Start};
/// # use tradepit::{market::synth, order::OrderId};
/// # let data = synth::es_1m(20, 0).unwrap();
/// # let request = OrderRequest::market(InstrumentId(0), 1.0);
/// let mut log = EventLog::new(Opening::of(&data, 9, 50_000.0).unwrap());
/// let time = data.bars()[9].time;
/// log.push(LogEntry::Order { id: OrderId(0), request, time, unsent: false }).unwrap();
/// let (mut venue, mut account) = (ReplayVenue::new(log, NoFeatures).unwrap(), Account::new(1));
/// venue.open(Start::Now, &mut account).unwrap();
/// // Recorded was one lot.
/// let refused = venue.submit(OrderRequest::market(InstrumentId(0), 2.0));
/// assert!(matches!(refused, Err(Error::Diverged { .. })));
/// assert_eq!(venue.submit(request).unwrap(), OrderId(0));
/// ```
///
/// Orders are compared with the recorded ones; the first that differs is refused with [`Error::Diverged`]. A log that
/// was cut ends with [`Advance::EndOfData`], and orders past its end go nowhere. See [`Recorder`](super::Recorder) for
/// an example.
#[derive(Debug)]
pub struct ReplayVenue {
    playback: Playback,
    market: GrowingMarket,
    rows: u32,
    past_end: u32,
    open: OpenOrders,
}

impl ReplayVenue {
    /// Replays `log`; `maker` makes the features as it did, or as the simulation's table says.
    ///
    /// # Errors
    /// When the history is unusable, or does not reach past the warm-up of the features.
    pub fn new(log: EventLog, maker: impl RowMaker + 'static) -> Result<Self> {
        let market = GrowingMarket::new(log.opening(), maker)?;
        let past_end = log.entries().iter().filter_map(order_after).max().unwrap_or(0);
        Ok(Self { playback: Playback::new(log), market, rows: 0, past_end, open: OpenOrders::default() })
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        self.playback.log()
    }
}

fn order_after(entry: &LogEntry) -> Option<u32> {
    if let LogEntry::Order { id, .. } = entry { Some(id.0 + 1) } else { None }
}

impl Venue for ReplayVenue {
    fn market(&self) -> MarketView<'_> {
        self.market.view()
    }

    fn open(&mut self, start: Start, account: &mut Account) -> Result<()> {
        let market = self.market.view();
        start.check_present(market)?;
        let Some(snapshot) = self.playback.open(market.now())? else {
            return Err(Error::TooLittleData("the log is over; replay it from a new venue".into()));
        };
        account.restore(snapshot);
        account.mark(market);
        Ok(())
    }

    fn submit(&mut self, order: OrderRequest) -> Result<OrderId> {
        let market = self.market.view();
        order.check(market.instruments())?;
        let id = self.playback.submit(market.now(), &order)?.unwrap_or_else(|| {
            self.past_end += 1;
            OrderId(self.past_end - 1)
        });
        self.open.sent(id, &order);
        Ok(id)
    }

    fn cancel(&mut self, id: OrderId) -> Result<()> {
        self.playback.cancel(self.market.view().now(), id)?;
        Ok(())
    }

    fn modify(&mut self, id: OrderId, change: Modification) -> Result<()> {
        let market = self.market.view();
        self.open.check(id, &change, market.instruments())?;
        self.playback.modify(market.now(), id, &change)?;
        Ok(())
    }

    fn advance(&mut self, account: &mut Account, mut on: impl FnMut(&AccountEvent)) -> Result<Advance> {
        let played = self.playback.step(self.market.view().now())?;
        if matches!(played.outcome, Outcome::Open) {
            return Ok(Advance::EndOfData);
        }
        played.events.iter().try_for_each(|event| event.check(account.positions().len()))?;
        for event in &played.events {
            account.apply(event);
            self.open.event(event);
            on(event);
        }
        if let Outcome::Row(row) = &played.outcome {
            self.market.push(row)?;
            self.rows += 1;
        }
        self.playback.pass(&played);
        let market = self.market.view();
        account.mark(market);
        Ok(match played.outcome {
            Outcome::End(end) => end.into(),
            Outcome::Row(_) | Outcome::Open => Advance::Decision(market.now()),
        })
    }

    fn at_market(&self, instrument: InstrumentId) -> f64 {
        self.open.at_market(instrument)
    }

    fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        self.open.waiting(instrument)
    }

    fn looks_ahead(&self) -> bool {
        self.log().opening().look_ahead
    }

    fn remaining(&self) -> Option<u32> {
        Some(self.log().opening().remaining?.saturating_sub(self.rows))
    }
}

impl Start {
    /// Whether this is the row that `market` stands at: where time can't be chosen.
    ///
    /// # Errors
    /// Names both rows when it is not.
    pub fn check_present(self, market: MarketView<'_>) -> Result<()> {
        let present = market.len() - 1;
        match self {
            Self::At(row) if row as usize != present => Err(Error::spec(
                "start",
                format!("row {row} can't be chosen here; the session stands at row {present}, start now"),
            )),
            Self::At(_) | Self::Now => Ok(()),
        }
    }
}
