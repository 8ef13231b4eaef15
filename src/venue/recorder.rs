//! A venue that keeps a record of another one.

use std::sync::Arc;

use super::{Advance, EventLog, LogEnd, LogEntry, Opening, Start, Venue};
use crate::{
    InstrumentId, MarketData, MarketView, Result,
    account::{Account, AccountEvent, AccountSnapshot},
    order::{Modification, OrderId, OrderRequest},
};

/// Passes everything through to `V`, and keeps an [`EventLog`] of it.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{InstrumentId, account::Account, market::synth, models::Models, order::OrderRequest};
/// use tradepit::venue::{Advance, NoFeatures, Recorder, ReplayVenue, SimVenue, SimWorld, Start, Venue};
/// let data = Arc::new(synth::es_1m(100, 0).unwrap());
/// let world = Arc::new(SimWorld::new(data.clone(), Models::default(), 50_000.0).unwrap());
/// let mut venue = Recorder::new(SimVenue::new(world, 0), data);
/// let mut account = Account::new(1);
/// venue.open(Start::At(10), &mut account).unwrap();
/// venue.submit(OrderRequest::market(InstrumentId(0), 1.0)).unwrap();
/// venue.advance(&mut account, |_| {}).unwrap();
///
/// let mut replay = ReplayVenue::new(venue.into_log().unwrap(), NoFeatures).unwrap();
/// let mut again = Account::new(1);
/// replay.open(Start::Now, &mut again).unwrap();
/// replay.submit(OrderRequest::market(InstrumentId(0), 1.0)).unwrap();
/// replay.advance(&mut again, |_| {}).unwrap();
/// assert_eq!(again, account);
/// ```
#[derive(Clone, Debug)]
pub struct Recorder<V> {
    venue: V,
    data: Arc<MarketData>,
    log: Option<EventLog>,
    ended: bool,
}

impl<V: Venue> Recorder<V> {
    /// Records `venue`, which runs over `data`: its rows and its calendar are the record's.
    pub fn new(venue: V, data: Arc<MarketData>) -> Self {
        Self { venue, data, log: None, ended: false }
    }

    /// The record since the last opening.
    #[must_use]
    pub fn log(&self) -> Option<&EventLog> {
        self.log.as_ref()
    }

    /// The record since the last opening.
    #[must_use]
    pub fn into_log(self) -> Option<EventLog> {
        self.log
    }

    /// The venue that is recorded.
    #[must_use]
    pub fn venue(&self) -> &V {
        &self.venue
    }

    fn push(&mut self, entry: LogEntry) -> Result<()> {
        self.log.as_mut().map_or(Ok(()), |log| log.push(entry))
    }
}

impl<V: Venue> Venue for Recorder<V> {
    fn market(&self) -> MarketView<'_> {
        self.venue.market()
    }

    fn open(&mut self, start: Start, account: &mut Account) -> Result<()> {
        self.venue.open(start, account)?;
        let (market, data) = (self.venue.market(), &*self.data);
        self.log = Some(EventLog::new(Opening {
            instruments: market.instruments().to_vec(),
            calendar: data.calendar(),
            period_ns: data.period_ns(),
            columns: data.columns().iter().map(|(name, _)| name.clone()).collect(),
            adjust: data.adjustment(),
            snapshot: AccountSnapshot::of(account, market.instruments(), market.now()),
            history: (0..market.len()).map(|t| Opening::row(data, t)).collect(),
            remaining: self.venue.remaining(),
            look_ahead: self.venue.looks_ahead(),
        }));
        self.ended = false;
        Ok(())
    }

    fn submit(&mut self, order: OrderRequest) -> Result<OrderId> {
        let time = self.venue.market().now();
        let id = self.venue.submit(order)?;
        self.push(LogEntry::Order { id, request: order, time, unsent: false })?;
        Ok(id)
    }

    fn cancel(&mut self, id: OrderId) -> Result<()> {
        let time = self.venue.market().now();
        self.venue.cancel(id)?;
        self.push(LogEntry::Cancel { id, time })
    }

    fn modify(&mut self, id: OrderId, change: Modification) -> Result<()> {
        let time = self.venue.market().now();
        self.venue.modify(id, change)?;
        self.push(LogEntry::Modify { id, change, time })
    }

    fn advance(&mut self, account: &mut Account, mut on: impl FnMut(&AccountEvent)) -> Result<Advance> {
        let Some(log) = self.log.as_mut().filter(|_| !self.ended) else {
            return self.venue.advance(account, on);
        };
        log.push(LogEntry::Decided { time: self.venue.market().now() })?;
        let mut recorded = Ok(());
        let advance = self.venue.advance(account, |event| {
            if recorded.is_ok() {
                recorded = log.push(LogEntry::Event(*event));
            }
            on(event);
        })?;
        recorded?;
        let end = match advance {
            Advance::Decision(_) => None,
            Advance::EndOfData => Some(LogEnd::EndOfData),
            Advance::Halted(reason) => Some(LogEnd::Halted(reason)),
        };
        self.ended = end.is_some();
        let market = self.venue.market();
        log.push(match end {
            Some(end) => LogEntry::End { end, note: String::new() },
            None => LogEntry::Row(Opening::row(&self.data, market.len() - 1)),
        })?;
        Ok(advance)
    }

    fn at_market(&self, instrument: InstrumentId) -> f64 {
        self.venue.at_market(instrument)
    }

    fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        self.venue.waiting(instrument)
    }

    fn looks_ahead(&self) -> bool {
        self.venue.looks_ahead()
    }

    fn remaining(&self) -> Option<u32> {
        self.venue.remaining()
    }
}
