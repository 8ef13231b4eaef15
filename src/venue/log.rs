//! The recorded road of one session, as data.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use super::{Advance, HaltReason, Row};
use crate::{
    Error, Instrument, MarketData, Result, Timestamp,
    account::{Account, AccountEvent, AccountSnapshot, Fill},
    market::{Adjustment, Calendar},
    order::{Modification, OrderId, OrderRequest},
};

/// What a session begins with: what is traded, what the account holds, and the rows that are known already.
///
/// ```
/// use tradepit::{market::synth, venue::Opening};
/// let opening = Opening::of(&synth::es_1m(20, 0).unwrap(), 9, 50_000.0).unwrap();
/// assert_eq!((opening.history.len(), opening.remaining), (10, Some(10)));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What is traded.
    pub instruments: Vec<Instrument>,
    /// The rule that cuts time into sessions.
    pub calendar: Calendar,
    /// Length of a bar in nanoseconds.
    pub period_ns: i64,
    /// Names of the user's own columns.
    #[serde(default)]
    pub columns: Vec<String>,
    /// How the bars that features are made of pass over events.
    #[serde(default)]
    pub adjust: Adjustment,
    /// What the account holds.
    pub snapshot: AccountSnapshot,
    /// The rows known at the opening, oldest first; the last one is the first decision's.
    pub history: Vec<Row>,
    /// Rows to come, where that is known beforehand, as with a feed that replays a file.
    #[serde(default)]
    pub remaining: Option<u32>,
    /// Whether orders fill at the close that their decision has seen ([`LookAheadClose`](crate::models::LookAheadClose)):
    /// no market gives such prices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub look_ahead: bool,
}

impl Opening {
    /// A session over `data` that opens with `cash` when `row` has closed.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn of(data: &MarketData, row: u32, cash: f64) -> Result<Self> {
        let len = data.len();
        if row as usize >= len {
            return Err(Error::TooLittleData(format!("start at row {row} of {len} rows")));
        }
        Ok(Self {
            instruments: data.instruments().to_vec(),
            calendar: data.calendar(),
            period_ns: data.period_ns(),
            columns: data.columns().iter().map(|(name, _)| name.clone()).collect(),
            adjust: data.adjustment(),
            snapshot: AccountSnapshot { cash, positions: Vec::new() },
            history: (0..=row as usize).map(|t| Self::row(data, t)).collect(),
            remaining: Some(len as u32 - 1 - row),
            look_ahead: false,
        })
    }

    /// One row of `data`, with all that comes with it.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(data: &MarketData, row: usize) -> Row {
        let (n, details) = (data.instruments().len(), data.details(row));
        Row {
            bars: data.bars()[row * n..(row + 1) * n].to_vec(),
            columns: data.columns().iter().map(|(_, values)| values[row]).collect(),
            quotes: details.quotes.to_vec(),
            sub_bars: details.sub_bars.to_vec(),
            events: details.events.to_vec(),
        }
    }
}

/// How the last [`advance`](super::Venue::advance) of a session ended.
///
/// ```
/// use tradepit::venue::{Advance, HaltReason, LogEnd};
/// assert_eq!(Advance::from(LogEnd::Halted(HaltReason::Stopped)), Advance::Halted(HaltReason::Stopped));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogEnd {
    /// There was no further row.
    EndOfData,
    /// Trading stopped.
    Halted(HaltReason),
}

impl From<LogEnd> for Advance {
    fn from(end: LogEnd) -> Self {
        match end {
            LogEnd::EndOfData => Self::EndOfData,
            LogEnd::Halted(reason) => Self::Halted(reason),
        }
    }
}

/// One line of a session's record.
///
/// A step is `(Order | Cancel | Modify)* Decided Event* Row`, in the order in which it happened; the last one ends with `End`
/// instead of `Row`, or nowhere when the process was killed. Numbers survive JSON bit for bit; all are finite.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, order::{OrderId, OrderRequest}, venue::LogEntry};
/// let request = OrderRequest::market(InstrumentId(0), 0.1 + 0.2);
/// let entry = LogEntry::Order { id: OrderId(7), request, time: Timestamp::from_nanos(1), unsent: false };
/// let line = entry.to_json().unwrap();
/// assert_eq!(line, r#"{"order":{"id":7,"request":{"instrument":0,"qty":0.30000000000000004},"time":1}}"#);
/// assert_eq!(LogEntry::from_json(&line).unwrap(), entry);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LogEntry {
    /// The session began.
    Opened(Opening),
    /// It was opened again on the way, as a new episode does: the account's books start afresh from what it holds.
    Reopened {
        /// What the account holds.
        snapshot: AccountSnapshot,
        /// When.
        time: Timestamp,
    },
    /// An order, written before it left.
    Order {
        /// Its number.
        id: OrderId,
        /// What was asked for.
        request: OrderRequest,
        /// Time of the decision.
        time: Timestamp,
        /// Whether it was kept back, because what it was decided on was too old: it never left, and its rejection follows.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsent: bool,
    },
    /// An order was to be taken out.
    Cancel {
        /// Which.
        id: OrderId,
        /// Time of the decision.
        time: Timestamp,
    },
    /// An order was to be changed.
    Modify {
        /// Which.
        id: OrderId,
        /// How.
        change: Modification,
        /// Time of the decision.
        time: Timestamp,
    },
    /// All orders of this decision have been sent.
    Decided {
        /// Time of the decision.
        time: Timestamp,
    },
    /// Something happened to the account.
    Event(AccountEvent),
    /// A row closed; the next decision begins.
    Row(Row),
    /// There is no next decision.
    End {
        /// How it ended.
        end: LogEnd,
        /// For people; empty where nothing needs to be said.
        note: String,
    },
}

impl LogEntry {
    /// The variant's name, as in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Reopened { .. } => "reopened",
            Self::Order { .. } => "order",
            Self::Cancel { .. } => "cancel",
            Self::Modify { .. } => "modify",
            Self::Decided { .. } => "decided",
            Self::Event(_) => "event",
            Self::Row(_) => "row",
            Self::End { .. } => "end",
        }
    }

    /// When it happened; none for an end.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Opened(opening) => opening.history.last().map(Row::time),
            Self::Reopened { time, .. }
            | Self::Order { time, .. }
            | Self::Cancel { time, .. }
            | Self::Modify { time, .. }
            | Self::Decided { time } => Some(*time),
            Self::Event(event) => Some(event.time()),
            Self::Row(row) => Some(row.time()),
            Self::End { .. } => None,
        }
    }

    /// One line of JSON, without the line's end.
    ///
    /// # Errors
    /// When a number is not finite: JSON has no word for it.
    pub fn to_json(&self) -> Result<String> {
        if !self.is_finite() {
            return Err(Error::Venue(format!("only finite numbers can be recorded, got {self:?}")));
        }
        serde_json::to_string(self).map_err(|e| Error::Venue(format!("an entry could not be written: {e}")))
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// Says what is wrong, and at which column of the line.
    pub fn from_json(line: &str) -> Result<Self> {
        serde_json::from_str(line).map_err(|e| Error::Venue(format!("no entry of a log: {e}")))
    }

    fn is_finite(&self) -> bool {
        let rows = |rows: &[Row]| {
            rows.iter().all(|row| {
                let bars =
                    row.bars.iter().chain(&row.sub_bars).flat_map(|b| [b.open, b.high, b.low, b.close, b.volume]);
                let quotes = row.quotes.iter().flatten().flat_map(|q| [q.bid, q.ask, q.bid_size, q.ask_size]);
                let mut events = row.events.iter();
                bars.chain(quotes).all(f64::is_finite)
                    && row.columns.iter().all(|x| x.is_finite())
                    && events.all(|event| event.check(usize::MAX).is_ok())
            })
        };
        let snapshot = |s: &AccountSnapshot| s.cash.is_finite() && s.positions.iter().all(fill_is_finite);
        match self {
            Self::Opened(opening) => {
                let instruments = opening.instruments.iter().all(|i| i.validate().is_ok());
                instruments && snapshot(&opening.snapshot) && rows(&opening.history)
            }
            Self::Reopened { snapshot: s, .. } => snapshot(s),
            Self::Order { request, .. } => request.qty.is_finite(),
            Self::Modify { change, .. } => change.is_finite(),
            Self::Event(event) => event.check(usize::MAX).is_ok(),
            Self::Row(row) => rows(std::slice::from_ref(row)),
            Self::Cancel { .. } | Self::Decided { .. } | Self::End { .. } => true,
        }
    }
}

fn fill_is_finite(fill: &Fill) -> bool {
    [fill.qty, fill.price, fill.reference, fill.fee, fill.multiplier].into_iter().all(f64::is_finite)
}

impl AccountEvent {
    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Fill(fill) => fill.time,
            Self::Financing { time, .. }
            | Self::Dividend { time, .. }
            | Self::Split { time, .. }
            | Self::Order { time, .. }
            | Self::Modified { time, .. }
            | Self::Liquidation { time, .. }
            | Self::Rejected { time, .. } => *time,
        }
    }

    /// Whether an account over so many instruments can fold it in.
    ///
    /// # Errors
    /// When a number is not finite, or there is no such instrument.
    pub fn check(&self, instruments: usize) -> Result<()> {
        let (finite, instrument) = match self {
            Self::Fill(fill) => (fill_is_finite(fill), fill.instrument.0),
            Self::Financing { amount, instrument, .. } | Self::Dividend { amount, instrument, .. } => {
                (amount.is_finite(), instrument.0)
            }
            Self::Split { ratio, instrument, .. } => (ratio.is_finite() && *ratio > 0.0, instrument.0),
            Self::Liquidation { equity, maintenance, instrument, .. } => {
                (equity.is_finite() && maintenance.is_finite(), instrument.0)
            }
            Self::Modified { change, .. } => (change.is_finite(), 0),
            Self::Order { .. } | Self::Rejected { .. } => (true, 0),
        };
        if finite && (instrument as usize) < instruments {
            return Ok(());
        }
        Err(Error::Venue(format!("no account over {instruments} instruments can take {self:?}")))
    }
}

impl AccountSnapshot {
    /// What `account` holds, so that another account can start from it.
    ///
    /// ```
    /// use tradepit::{Instrument, Timestamp, account::{Account, AccountSnapshot}};
    /// let mut account = Account::new(1);
    /// account.open(1_000.0);
    /// let snapshot = AccountSnapshot::of(&account, &[Instrument::es()], Timestamp::default());
    /// assert_eq!(snapshot, AccountSnapshot { cash: 1_000.0, positions: vec![] });
    /// ```
    #[must_use]
    pub fn of(account: &Account, instruments: &[Instrument], now: Timestamp) -> Self {
        let held = account.positions().iter().zip(instruments).enumerate().filter(|(_, (p, _))| p.qty() != 0.0);
        let positions = held.map(|(id, (position, instrument))| Fill {
            qty: position.qty(),
            price: position.avg_price(),
            reference: position.avg_price(),
            fee: 0.0,
            multiplier: instrument.multiplier,
            time: now,
            order: OrderId::default(),
            instrument: crate::InstrumentId(id as u32),
            futures: instrument.is_futures(),
        });
        Self { cash: account.cash(), positions: positions.collect() }
    }
}

/// The recorded road of one session: an opening, and what followed.
///
/// As text it is one JSON object a line ([`write`](Self::write), [`read`](Self::read)).
///
/// ```
/// use tradepit::{market::synth, venue::{EventLog, LogEntry, Opening}};
/// let data = synth::es_1m(20, 0).unwrap();
/// let mut log = EventLog::new(Opening::of(&data, 9, 50_000.0).unwrap());
/// log.push(LogEntry::Decided { time: data.bars()[9].time }).unwrap();
/// let mut text = Vec::new();
/// log.write(&mut text).unwrap();
/// assert_eq!(EventLog::read(text.as_slice(), "session.jsonl").unwrap(), log);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EventLog {
    opening: Opening,
    entries: Vec<LogEntry>,
}

impl EventLog {
    /// A log that has only begun.
    #[must_use]
    pub fn new(opening: Opening) -> Self {
        Self { opening, entries: Vec::new() }
    }

    /// A log out of all its entries, the opening first.
    ///
    /// # Errors
    /// When the first entry is no opening, or another one is.
    pub fn from_entries(entries: impl IntoIterator<Item = LogEntry>) -> Result<Self> {
        let mut entries = entries.into_iter();
        let opening = match entries.next() {
            Some(LogEntry::Opened(opening)) => opening,
            Some(other) => return Err(Error::Venue(format!("a log begins with opened, not with {}", other.kind()))),
            None => return Err(Error::Venue("the log is empty; it begins with opened".into())),
        };
        let mut log = Self::new(opening);
        entries.try_for_each(|entry| log.push(entry))?;
        Ok(log)
    }

    /// What the session began with.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// What followed the opening.
    #[must_use]
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// Adds what happened next.
    ///
    /// # Errors
    /// When it is a second opening.
    pub fn push(&mut self, entry: LogEntry) -> Result<()> {
        if matches!(entry, LogEntry::Opened(_)) {
            return Err(Error::Venue("the log has an opening already; one log is one session".into()));
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Keeps the first `entries` of what followed the opening, as if the session had been cut there.
    pub fn truncate(&mut self, entries: usize) {
        self.entries.truncate(entries);
    }

    /// Writes it as lines of JSON.
    ///
    /// # Errors
    /// When a number is not finite, or `to` refuses.
    pub fn write(&self, mut to: impl Write) -> Result<()> {
        let mut line = |entry: &LogEntry| -> Result<()> {
            writeln!(to, "{}", entry.to_json()?).map_err(|e| Error::Venue(format!("the log could not be written: {e}")))
        };
        line(&LogEntry::Opened(self.opening.clone()))?;
        self.entries.iter().try_for_each(line)
    }

    /// Reads lines of JSON; `name` is for messages.
    ///
    /// # Errors
    /// Names the line (counted from 0) and what is wrong with it.
    pub fn read(from: impl BufRead, name: &str) -> Result<Self> {
        let refuse = |row: usize, message: String| Error::Data {
            source_name: Some(name.to_owned()),
            row,
            column: "entry".into(),
            message,
        };
        let entries = from.lines().enumerate().map(|(row, line)| {
            let line = line.map_err(|e| refuse(row, e.to_string()))?;
            LogEntry::from_json(&line).map_err(|e| refuse(row, e.to_string()))
        });
        Self::from_entries(entries.collect::<Result<Vec<_>>>()?)
    }
}
