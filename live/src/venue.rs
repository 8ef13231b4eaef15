//! The venue over a broker.

use std::collections::VecDeque;

use tradepit::{
    Error, InstrumentId, MarketView, Result, Venue,
    account::{Account, AccountEvent, AccountSnapshot},
    order::{Modification, OpenOrders, OrderId, OrderRequest},
    venue::{Advance, EventLog, GrowingMarket, HaltReason, LogEnd, LogEntry, Outcome, Playback, Row, RowMaker, Start},
};

use crate::{
    Broker, BrokerCommand, BrokerEvent, Connected, Journal, LiveOptions, StopHandle,
    late::{age, too_late, untold},
    link::{Link, Received},
    reconcile,
};

/// A venue over a [`Broker`], which lives on a thread of its own; [`advance`](Venue::advance) blocks until the next row
/// has closed.
///
/// With a journal, orders are on disk before they leave, and a session that was cut is resumed: give the journal again,
/// and the venue first serves what it holds. Whoever then makes the same decisions once more (an environment and a policy,
/// from their start) arrives at the same state, bit for bit, and trades on; a decision that differs is refused with
/// [`Error::Diverged`].
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{InstrumentId, account::Account, market::synth, models::Models, order::OrderRequest, rng};
/// use tradepit::venue::{Advance, NoFeatures, SimVenue, SimWorld, Start, Venue};
/// use tradepit_live::{Feed, Journal, LiveOptions, LiveVenue, PaperBroker};
///
/// fn trade(venue: &mut impl Venue) -> Account {
///     let mut account = Account::new(1);
///     venue.open(Start::At(10), &mut account).unwrap();
///     venue.submit(OrderRequest::market(InstrumentId(0), 1.0)).unwrap();
///     while matches!(venue.advance(&mut account, |_| {}).unwrap(), Advance::Decision(_)) {}
///     account
/// }
///
/// let data = Arc::new(synth::es_1m(50, 0).unwrap());
/// let models = rng::stream(7, 0, rng::Purpose::Models);
/// let broker = PaperBroker::new(Feed::memory(data.clone(), 10), Models::default(), 50_000.0, models).unwrap();
/// let journal = Journal::in_memory().unwrap();
/// let mut live = LiveVenue::connect(broker, NoFeatures, Some(journal), LiveOptions::default()).unwrap();
///
/// let world = Arc::new(SimWorld::new(data, Models::default(), 50_000.0).unwrap());
/// assert_eq!(trade(&mut live), trade(&mut SimVenue::new(world, 7)));
/// ```
#[derive(Debug)]
pub struct LiveVenue {
    market: GrowingMarket,
    playback: Playback,
    link: Link,
    journal: Option<Journal>,
    stop: StopHandle,
    options: LiveOptions,
    /// Our books: what the broker is held against, and what a new opening starts from.
    ledger: Account,
    missed: VecDeque<AccountEvent>,
    opened: bool,
    /// Whether the end of the present decision is in the journal.
    decided: bool,
    next_id: u32,
    open_orders: OpenOrders,
    rows: u32,
    ended: Option<LogEnd>,
    note: String,
    broken: Option<String>,
}

impl LiveVenue {
    /// Connects the broker. A journal that holds a session already resumes it; an empty one records it.
    ///
    /// # Errors
    /// When the broker can't connect, its history is unusable, the journal refuses, or, after a restart, the broker trades
    /// something else than the journal or its account is out of step with it.
    pub fn connect(
        broker: impl Broker,
        maker: impl RowMaker + 'static,
        mut journal: Option<Journal>,
        options: LiveOptions,
    ) -> Result<Self> {
        if options.capacity == 0 {
            return Err(Error::spec("capacity", "0 commands could never be sent; give at least 1"));
        }
        let past = match &journal {
            Some(journal) => journal.log()?.map(without_end),
            None => None,
        };
        let (capacity, patience) = (options.capacity, options.shutdown);
        let (link, connected) = Link::start(broker, past.clone(), capacity, options.connect_timeout, patience)?;
        let Connected { opening, mut missed } = connected;
        let log = match past {
            Some(log) => {
                check_resumed(&log, &opening.instruments, &missed)?;
                let books = books(&log, &missed);
                reconcile(&books, &opening.snapshot, &opening.instruments, options.cash_tolerance)?;
                missed.extend(untold(&log));
                log
            }
            None => EventLog::new(opening),
        };
        let market = GrowingMarket::new(log.opening(), maker)?;
        if let Some(journal) = journal.as_mut().filter(|journal| journal.is_empty()) {
            journal.append(&LogEntry::Opened(log.opening().clone()))?;
        }
        let instruments = log.opening().instruments.len();
        Ok(Self {
            market,
            playback: Playback::new(log),
            link,
            journal,
            stop: StopHandle::default(),
            options,
            ledger: Account::new(instruments),
            missed: missed.into(),
            opened: false,
            decided: false,
            next_id: 0,
            open_orders: OpenOrders::default(),
            rows: 0,
            ended: None,
            note: String::new(),
            broken: None,
        })
    }

    /// Stops this venue from another thread.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Whether the venue still serves what the journal held when it was opened.
    #[must_use]
    pub fn is_resuming(&self) -> bool {
        !self.playback.is_over()
    }

    /// What was said when trading stopped; empty while it has not.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// Ends the session, and gives the journal back.
    #[must_use]
    pub fn into_journal(self) -> Option<Journal> {
        self.journal
    }

    fn record(&mut self, entry: &LogEntry) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(entry))
    }

    fn check_running(&self) -> Result<()> {
        match (&self.broken, self.opened) {
            (Some(why), _) => Err(Error::Venue(why.clone())),
            (None, false) => Err(Error::Venue("the venue is not open; open it first".into())),
            (None, true) => Ok(()),
        }
    }

    /// The first failure is final: what was sent and what was heard may differ behind it.
    fn remember<T>(&mut self, result: Result<T>) -> Result<T> {
        match &result {
            Err(Error::Venue(message)) => self.broken = Some(message.clone()),
            Err(Error::Diverged { .. }) | Ok(_) => {}
            Err(other) => self.broken = Some(other.to_string()),
        }
        result
    }

    /// Folds one fact into the caller's account and into our books.
    fn settle(&mut self, event: &AccountEvent, account: &mut Account) -> Result<()> {
        event.check(account.positions().len().min(self.ledger.positions().len()))?;
        account.apply(event);
        self.ledger.apply(event);
        self.open_orders.event(event);
        Ok(())
    }

    /// A fact that is new.
    fn learn(&mut self, event: &AccountEvent, account: &mut Account, on: &mut impl FnMut(&AccountEvent)) -> Result<()> {
        event.check(self.ledger.positions().len())?;
        self.record(&LogEntry::Event(*event))?;
        self.settle(event, account)?;
        on(event);
        Ok(())
    }

    fn close_row(&mut self, row: &Row, account: &mut Account) -> Result<Advance> {
        self.market.push(row)?;
        self.rows += 1;
        self.decided = false;
        let market = self.market.view();
        account.mark(market);
        self.ledger.mark(market);
        Ok(Advance::Decision(market.now()))
    }

    fn end(&mut self, end: LogEnd, note: String, account: &mut Account) -> Result<Advance> {
        self.record(&LogEntry::End { end, note: note.clone() })?;
        account.mark(self.market.view());
        (self.ended, self.note) = (Some(end), note);
        Ok(end.into())
    }

    fn go_on(&mut self, account: &mut Account, on: &mut impl FnMut(&AccountEvent)) -> Result<Advance> {
        let now = self.market.view().now();
        if !self.playback.is_over() {
            let played = self.playback.step(now)?;
            for event in &played.events {
                self.settle(event, account)?;
                on(event);
            }
            self.playback.pass(&played);
            match &played.outcome {
                Outcome::Row(row) => return self.close_row(row, account),
                Outcome::End(end) => {
                    account.mark(self.market.view());
                    return Ok((*end).into());
                }
                Outcome::Open => self.decided = played.decided,
            }
        }
        if !self.decided {
            self.record(&LogEntry::Decided { time: now })?;
            self.decided = true;
        }
        // A broker that is gone may have left news behind; whoever reads them to their end hears why it is gone.
        let _ = self.link.command(BrokerCommand::Decided { time: now });
        while let Some(event) = self.missed.pop_front() {
            self.learn(&event, account, on)?;
        }
        loop {
            let received = self.link.receive(self.options.silence, self.stop.flag())?;
            let event = match received {
                Received::Event(event) => event,
                Received::Stopped => {
                    return self.end(LogEnd::Halted(HaltReason::Stopped), "stopped by its handle".into(), account);
                }
                Received::Silent => {
                    let silence = self.options.silence.unwrap_or_default();
                    return Err(Error::Venue(format!("no news for {silence:?}; is the market closed? raise silence")));
                }
            };
            match event {
                BrokerEvent::Account(event) => {
                    let stranger = matches!(event, AccountEvent::Fill(fill) if fill.order.0 >= self.next_id && !fill.order.is_of_venue());
                    if stranger {
                        let note = format!("{event:?} fills an order that we did not send ({} were)", self.next_id);
                        return self.end(LogEnd::Halted(HaltReason::OutOfStep), note, account);
                    }
                    self.learn(&event, account, on)?;
                }
                BrokerEvent::Row(row) => {
                    // Checked before it is written: a journal with a row that can't be replayed is worth nothing.
                    let advance = self.close_row(&row, account)?;
                    self.record(&LogEntry::Row(row))?;
                    return Ok(advance);
                }
                BrokerEvent::Snapshot(snapshot) => {
                    let instruments = self.market.view().instruments();
                    let compared = reconcile(&self.ledger, &snapshot, instruments, self.options.cash_tolerance);
                    if let Err(mismatch) = compared {
                        return self.end(LogEnd::Halted(HaltReason::OutOfStep), mismatch.to_string(), account);
                    }
                }
                BrokerEvent::EndOfFeed => return self.end(LogEnd::EndOfData, String::new(), account),
                BrokerEvent::Disconnected(note) => {
                    return self.end(LogEnd::Halted(HaltReason::Disconnected), note, account);
                }
                BrokerEvent::Halted(reason, note) => return self.end(LogEnd::Halted(reason), note, account),
            }
        }
    }

    fn send_order(&mut self, order: OrderRequest) -> Result<OrderId> {
        if let Some(end) = self.ended {
            return Err(Error::Venue(format!("trading has ended ({end:?}); no order is taken")));
        }
        let (id, time) = (OrderId(self.next_id), self.market.view().now());
        let unsent = self.options.stale.is_some_and(|good| age(time) > good);
        self.record(&LogEntry::Order { id, request: order, time, unsent })?;
        self.next_id += 1;
        if unsent {
            self.missed.push_back(too_late(id, time));
        } else {
            self.link.command(BrokerCommand::Submit { id, request: order, time })?;
        }
        Ok(id)
    }

    fn send_cancel(&mut self, id: OrderId) -> Result<()> {
        let time = self.market.view().now();
        self.record(&LogEntry::Cancel { id, time })?;
        // Nobody knows of an order that never left.
        if self.missed.contains(&too_late(id, time)) {
            return Ok(());
        }
        self.link.command(BrokerCommand::Cancel { id })
    }

    fn send_change(&mut self, id: OrderId, change: Modification) -> Result<()> {
        let time = self.market.view().now();
        self.record(&LogEntry::Modify { id, change, time })?;
        if self.missed.contains(&too_late(id, time)) {
            return Ok(());
        }
        self.link.command(BrokerCommand::Modify { id, change })
    }
}

impl Venue for LiveVenue {
    fn market(&self) -> MarketView<'_> {
        self.market.view()
    }

    fn open(&mut self, start: Start, account: &mut Account) -> Result<()> {
        let market = self.market.view();
        start.check_present(market)?;
        let n = market.instruments().len();
        if account.positions().len() != n {
            let got = account.positions().len();
            return Err(Error::spec("account", format!("it has room for {got} instruments; this venue trades {n}")));
        }
        let now = market.now();
        if let Some(snapshot) = self.playback.open(now)? {
            account.restore(snapshot);
        } else {
            let snapshot = AccountSnapshot::of(&self.ledger, market.instruments(), now);
            account.restore(&snapshot);
            self.record(&LogEntry::Reopened { snapshot, time: now })?;
        }
        account.mark(self.market.view());
        self.ledger = account.clone();
        self.opened = true;
        Ok(())
    }

    fn submit(&mut self, order: OrderRequest) -> Result<OrderId> {
        self.check_running()?;
        let market = self.market.view();
        order.check(market.instruments())?;
        let id = if let Some(id) = self.playback.submit(market.now(), &order)? {
            self.next_id = id.0 + 1;
            id
        } else {
            let sent = self.send_order(order);
            self.remember(sent)?
        };
        self.open_orders.sent(id, &order);
        Ok(id)
    }

    fn cancel(&mut self, id: OrderId) -> Result<()> {
        self.check_running()?;
        if self.playback.cancel(self.market.view().now(), id)? {
            return Ok(());
        }
        let sent = self.send_cancel(id);
        self.remember(sent)
    }

    fn modify(&mut self, id: OrderId, change: Modification) -> Result<()> {
        self.check_running()?;
        let market = self.market.view();
        self.open_orders.check(id, &change, market.instruments())?;
        if self.playback.modify(market.now(), id, &change)? {
            return Ok(());
        }
        let sent = self.send_change(id, change);
        self.remember(sent)
    }

    fn advance(&mut self, account: &mut Account, mut on: impl FnMut(&AccountEvent)) -> Result<Advance> {
        self.check_running()?;
        if let Some(end) = self.ended {
            return Ok(end.into());
        }
        let advance = self.go_on(account, &mut on);
        self.remember(advance)
    }

    fn at_market(&self, instrument: InstrumentId) -> f64 {
        self.open_orders.at_market(instrument)
    }

    fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        self.open_orders.waiting(instrument)
    }

    fn looks_ahead(&self) -> bool {
        self.playback.log().opening().look_ahead
    }

    fn remaining(&self) -> Option<u32> {
        Some(self.playback.log().opening().remaining?.saturating_sub(self.rows))
    }
}

/// How the session ended before does not matter to one that goes on.
fn without_end(mut log: EventLog) -> EventLog {
    while matches!(log.entries().last(), Some(LogEntry::End { .. })) {
        log.truncate(log.entries().len() - 1);
    }
    log
}

fn check_resumed(log: &EventLog, instruments: &[tradepit::Instrument], missed: &[AccountEvent]) -> Result<()> {
    let ours = &log.opening().instruments;
    if ours != instruments {
        let names = |list: &[tradepit::Instrument]| list.iter().map(|i| i.name.clone()).collect::<Vec<_>>().join(", ");
        return Err(Error::Venue(format!(
            "the journal trades {} and the broker {}, or their ticks, lots or margins differ; resume with the same ones",
            names(ours),
            names(instruments)
        )));
    }
    missed.iter().try_for_each(|event| event.check(ours.len()))
}

/// What the account holds after `log` and `missed`.
fn books(log: &EventLog, missed: &[AccountEvent]) -> Account {
    let n = log.opening().instruments.len();
    let mut account = Account::new(n);
    account.restore(&log.opening().snapshot);
    for entry in log.entries() {
        match entry {
            LogEntry::Reopened { snapshot, .. } => account.restore(snapshot),
            LogEntry::Event(event) if event.check(n).is_ok() => account.apply(event),
            _ => {}
        }
    }
    missed.iter().for_each(|event| account.apply(event));
    account
}
