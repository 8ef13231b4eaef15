//! Trading on paper: real news, fills by the simulator's own models.

use std::{collections::VecDeque, future::pending, time::Duration};

use tokio::time::{Instant, sleep_until};
use tradepit::{
    Error, InstrumentId, Result, Rng, Timestamp,
    account::{Account, AccountEvent, AccountSnapshot, Fill, RejectReason, TradedVolume},
    models::{Facts, Models},
    order::{Modification, Order, OrderId, OrderRequest, Working},
    venue::{EventLog, GrowingMarket, LogEntry, MatchRow, NoFeatures, Opening, Row, VenueFacts, check_holding},
};

use crate::{Broker, BrokerCommand, BrokerEvent, Connected, Feed, feed::FeedNews};

/// A broker on paper. Over the same rows, models and random stream its fills are those of
/// [`SimVenue`](tradepit::venue::SimVenue), bit for bit: the code that makes them is the same.
///
/// A row is matched only after all orders of the decision before it have come ([`BrokerCommand::Decided`]), however fast
/// or in which heaps the feed delivers. After a restart it executes the journal once more, and arrives at the same working
/// orders, account and random stream. See [`LiveVenue`](crate::LiveVenue) for an example of a session.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{market::synth, models::Models, rng};
/// use tradepit_live::{Feed, PaperBroker};
/// let feed = Feed::memory(Arc::new(synth::es_1m(100, 0).unwrap()), 10);
/// let rng = rng::stream(7, 0, rng::Purpose::Models);
/// let refused = PaperBroker::new(feed, Models::default(), -1.0, rng).unwrap_err();
/// assert_eq!(refused.to_string(), "cash: -1 must be a finite number above 0");
/// ```
#[derive(Debug)]
pub struct PaperBroker {
    feed: Feed,
    models: Models,
    cash: f64,
    /// Lots of the first instrument that the account begins with.
    holding: f64,
    rng: Rng,
    speed: Option<f64>,
    book: Option<Book>,
    /// What has happened and was not told yet.
    news: VecDeque<BrokerEvent>,
    /// All orders for the next row have come.
    decided: bool,
    /// A row that has come before its time.
    early: Option<(Option<Instant>, Row)>,
}

/// What is known once the feed is open.
#[derive(Debug)]
struct Book {
    opening: Opening,
    /// The last row that closed, and its number.
    last: Row,
    index: u32,
    working: Working,
    /// Market orders need no book.
    plain_orders: bool,
    traded: TradedVolume,
    account: Account,
    /// All rows so far: what a session's end is read from.
    market: GrowingMarket,
    facts: VenueFacts,
}

impl PaperBroker {
    /// Trades on `feed` with fresh `cash`; `rng` is the stream that a simulation would give to the models.
    ///
    /// # Errors
    /// Names the field of the models, or the cash, that is out of range.
    pub fn new(feed: Feed, models: Models, cash: f64, rng: Rng) -> Result<Self> {
        models.validate()?;
        if !(cash.is_finite() && cash > 0.0) {
            return Err(Error::spec("cash", format!("{cash} must be a finite number above 0")));
        }
        Ok(Self {
            feed,
            models,
            cash,
            holding: 0.0,
            rng,
            speed: None,
            book: None,
            news: VecDeque::new(),
            decided: false,
            early: None,
        })
    }

    /// Holds each row back until its time has come: the time between two rows, divided by `speed` (1 is real time).
    /// Without this rows come as fast as decisions are made.
    ///
    /// # Errors
    /// When `speed` is not above 0.
    pub fn speed(mut self, speed: f64) -> Result<Self> {
        if !(speed.is_finite() && speed > 0.0) {
            return Err(Error::spec(
                "speed",
                format!("{speed} must be a finite number above 0; 60 is a minute a second"),
            ));
        }
        self.speed = Some(speed);
        Ok(self)
    }

    /// Begins with `lots` of the first instrument beside the cash, signed: at the last close of the history, free of costs,
    /// as [`SimWorld::with_holding`](tradepit::venue::SimWorld::with_holding) does.
    ///
    /// # Errors
    /// When it is no whole number of lots.
    pub fn holding(mut self, lots: f64) -> Result<Self> {
        check_holding(lots)?;
        self.holding = lots;
        Ok(self)
    }

    fn book(&mut self) -> Result<&mut Book> {
        self.book.as_mut().ok_or_else(|| Error::Venue("the paper broker is not connected".into()))
    }

    /// When the row may be told; none without a speed.
    fn due(&self, row: &Row) -> Result<Option<Instant>> {
        let (Some(speed), Some(book)) = (self.speed, &self.book) else { return Ok(None) };
        let gap = row.time().nanos() - book.last.time().nanos();
        let wait = Duration::try_from_secs_f64(gap as f64 * 1e-9 / speed).ok();
        let due = wait.and_then(|wait| Instant::now().checked_add(wait));
        due.map(Some).ok_or_else(|| {
            Error::Venue(format!("row of {}: at speed {speed} it would never come; raise the speed", row.time()))
        })
    }

    /// Matches the working orders with the row that has closed.
    fn execute(&mut self, row: Row) -> Result<Vec<AccountEvent>> {
        let Self { book: Some(book), models, rng, .. } = self else {
            return Err(Error::Venue("the paper broker is not connected".into()));
        };
        let Book { opening, last, index, working, traded, account, market, facts, .. } = book;
        row.check(opening.instruments.len(), opening.columns.len(), Some(last.time()))?;
        *index += 1;
        market.push(&row)?;
        facts.push(market.view());
        let mut events = Vec::new();
        let matching = MatchRow::last(models, facts, market.view())?;
        matching.run(working, traded, account, rng, |event| events.push(*event));
        *last = row;
        Ok(events)
    }

    /// Takes an order; says so when it is refused.
    fn take(&mut self, id: OrderId, request: OrderRequest, time: Timestamp) -> Result<Option<AccountEvent>> {
        let Self { book: Some(book), models, rng, .. } = self else {
            return Err(Error::Venue("the paper broker is not connected".into()));
        };
        let order = Order { id, request, active_from: book.index + 1 };
        let taken = request
            .check(&book.opening.instruments)
            .and_then(|()| book.working.submit(order, book.plain_orders, book.market.view(), models, time, rng));
        Ok(taken.is_err().then_some(AccountEvent::Rejected { order: id, reason: RejectReason::Venue, time }))
    }

    fn cancel(&mut self, id: OrderId, time: Timestamp) -> Result<()> {
        let Self { book: Some(book), models, rng, .. } = self else {
            return Err(Error::Venue("the paper broker is not connected".into()));
        };
        book.working.ask_to_cancel(id, models, time, rng);
        Ok(())
    }

    fn modify(&mut self, id: OrderId, change: Modification, time: Timestamp) -> Result<()> {
        let Self { book: Some(book), models, rng, .. } = self else {
            return Err(Error::Venue("the paper broker is not connected".into()));
        };
        book.working.ask_to_modify(id, change, book.market.view(), models, time, rng)
    }

    async fn row_of_journal(&mut self) -> Result<Row> {
        match self.feed.next().await? {
            FeedNews::Row(row) => Ok(row),
            FeedNews::End => {
                Err(Error::Venue("the feed ends before the journal does; resume with the same feed".into()))
            }
            FeedNews::Closed(why) => Err(Error::Venue(why)),
        }
    }

    /// Executes the journal once more; returns what happened after its end already.
    async fn walk(&mut self, past: &EventLog) -> Result<Vec<AccountEvent>> {
        // What the journal tells, and what came out here, since the last row.
        let (mut told, mut made) = (Vec::new(), Vec::new());
        let mut unsent = Vec::new();
        for entry in past.entries() {
            match entry {
                // What never left is not for this side to know.
                LogEntry::Order { id, unsent: true, .. } => unsent.push(*id),
                LogEntry::Cancel { id, .. } | LogEntry::Modify { id, .. } if unsent.contains(id) => {}
                LogEntry::Order { id, request, time, .. } => made.extend(self.take(*id, *request, *time)?),
                LogEntry::Cancel { id, time } => self.cancel(*id, *time)?,
                LogEntry::Modify { id, change, time } => self.modify(*id, *change, *time)?,
                LogEntry::Event(AccountEvent::Rejected { order, .. }) if unsent.contains(order) => {}
                LogEntry::Event(event) => told.push(*event),
                LogEntry::Row(recorded) => {
                    let row = self.row_of_journal().await?;
                    if row != *recorded {
                        return Err(Error::Venue(format!(
                            "the feed has {row:?} where the journal has {recorded:?}; resume with the same feed"
                        )));
                    }
                    made.extend(self.execute(row)?);
                    same_events(&told, &made, made.len())?;
                    (told, made) = (Vec::new(), Vec::new());
                }
                // A decision that was complete will be told again.
                LogEntry::Opened(_) | LogEntry::Reopened { .. } | LogEntry::Decided { .. } | LogEntry::End { .. } => {}
            }
        }
        if told.len() > made.len() {
            // Cut in the middle of a row: it has closed here, and was not heard of there.
            let row = self.row_of_journal().await?;
            made.extend(self.execute(row.clone())?);
            self.news.push_back(BrokerEvent::Row(row));
        }
        same_events(&told, &made, told.len())?;
        Ok(made.split_off(told.len()))
    }
}

/// The journal must hold what its first `n` executions come to.
fn same_events(told: &[AccountEvent], made: &[AccountEvent], n: usize) -> Result<()> {
    if made.len() >= n && told.len() == n && told == &made[..n] {
        return Ok(());
    }
    Err(Error::Venue(format!(
        "the journal has {told:?} where executing it again gives {made:?}; resume with the same models, cash and seed"
    )))
}

impl Broker for PaperBroker {
    async fn connect(&mut self, past: Option<&EventLog>) -> Result<Connected> {
        let mut opening = self.feed.open(self.cash).await?;
        opening.look_ahead = self.models.fill.looks_ahead();
        let Some(last) = opening.history.last().cloned() else {
            return Err(Error::TooLittleData("the feed has no row of history; serve at least 1".into()));
        };
        let (n, index) = (opening.instruments.len(), opening.history.len() as u32 - 1);
        last.check(n, opening.columns.len(), None)?;
        self.models.check_columns(&opening.columns.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut account = Account::new(n);
        account.open(self.cash);
        let market = GrowingMarket::new(&opening, NoFeatures)?;
        if self.holding != 0.0 {
            let (thing, price, now) = (&opening.instruments[0], last.bars[0].close, last.time());
            account.hold(&Fill::held(InstrumentId(0), thing, self.holding, price, now));
            opening.snapshot = AccountSnapshot::of(&account, &opening.instruments, now);
        }
        let known = Facts::of(market.data());
        self.models.validate_with(known)?;
        self.models.margin.check(market.view())?;
        let plain_orders = self.models.is_plain();
        let facts = VenueFacts::new(&self.models, market.view());
        let (working, traded) = (Working::default(), TradedVolume::default());
        let opened = opening.clone();
        self.book = Some(Book { opening: opened, last, index, working, plain_orders, traded, account, market, facts });
        let Some(past) = past else { return Ok(opening.into()) };
        let began = Opening { remaining: opening.remaining, ..past.opening().clone() };
        if began != opening {
            return Err(Error::Venue(
                "the journal began with another history, instruments or cash; resume with the same feed and cash"
                    .into(),
            ));
        }
        let missed = self.walk(past).await?;
        let book = self.book()?;
        opening.snapshot = AccountSnapshot::of(&book.account, &opening.instruments, book.last.time());
        Ok(Connected { opening, missed })
    }

    async fn send(&mut self, command: BrokerCommand) -> Result<()> {
        let last = self.book()?.last.time();
        match command {
            BrokerCommand::Submit { id, request, time } => {
                let rejected = self.take(id, request, time)?;
                self.news.extend(rejected.map(BrokerEvent::Account));
            }
            BrokerCommand::Cancel { id } => self.cancel(id, last)?,
            BrokerCommand::Modify { id, change } => self.modify(id, change, last)?,
            // After a restart in the middle of a row the decision before it is told again.
            BrokerCommand::Decided { time } if time < last => {}
            BrokerCommand::Decided { time } if time == last => self.decided = true,
            BrokerCommand::Decided { time } => {
                return Err(Error::Venue(format!("a decision of {time} came, and the last row is of {last}")));
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<BrokerEvent> {
        loop {
            if let Some(event) = self.news.pop_front() {
                return Ok(event);
            }
            if !self.decided {
                // The next command drops this future.
                pending::<()>().await;
            }
            if self.early.is_none() {
                let row = match self.feed.next().await? {
                    FeedNews::Row(row) => row,
                    FeedNews::End => return Ok(BrokerEvent::EndOfFeed),
                    FeedNews::Closed(why) => return Ok(BrokerEvent::Disconnected(why)),
                };
                self.early = Some((self.due(&row)?, row));
            }
            // The row stays here while it waits: a command can drop this future.
            if let Some((Some(due), _)) = self.early {
                sleep_until(due).await;
            }
            let Some((_, row)) = self.early.take() else { continue };
            let events = self.execute(row.clone())?;
            self.decided = false;
            self.news.extend(events.into_iter().map(BrokerEvent::Account));
            self.news.push_back(BrokerEvent::Row(row));
        }
    }
}
