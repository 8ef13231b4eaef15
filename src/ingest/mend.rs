//! A new table out of a faulty one, with a list of all that was changed.

use std::{fmt, io::Write};

use serde::{Deserialize, Serialize};

use super::{BarTable, Stamp};
use crate::{Bar, Error, Instrument, Result, Timestamp};

/// What was done to a row.
///
/// ```
/// use tradepit::ingest::ChangeKind;
/// assert_eq!(serde_json::to_string(&ChangeKind::Rounded).unwrap(), "\"rounded\"");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Left out: it could not be read, or can't be a bar.
    Dropped,
    /// Left out: another row says the same of the same time.
    Deduplicated,
    /// Put to its place in time.
    Moved,
    /// A price put to the nearest tick.
    Rounded,
}

/// One change.
///
/// ```
/// use tradepit::{Instrument, ingest::{BarTable, ChangeKind, ReadOptions}};
/// let text = "ts,open,high,low,close\n2024-03-01T14:30Z,10,11,9,10.1\n2024-03-01T14:31Z,10,11,9,10\n";
/// let mut table = BarTable::from_csv_text(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// let changes = table.mend(Some(&Instrument::es()));
/// assert_eq!((changes.len(), changes[0].kind, changes[0].row), (1, ChangeKind::Rounded, 0));
/// assert_eq!(changes[0].to_string(), "row 0: rounded: close 10.1 to 10");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What was done.
    pub kind: ChangeKind,
    /// To which row of the source.
    pub row: usize,
    /// What exactly, or why.
    pub message: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            ChangeKind::Dropped => "dropped",
            ChangeKind::Deduplicated => "deduplicated",
            ChangeKind::Moved => "moved",
            ChangeKind::Rounded => "rounded",
        };
        write!(f, "row {}: {word}: {}", self.row, self.message)
    }
}

impl BarTable {
    /// Drops rows that can't be bars, puts the others in order of time, drops rows that say the same once more, and puts
    /// prices to the tick of an instrument. Nothing is made up: rows of one time that differ stay, and stay an error.
    ///
    /// Gaps, outliers and whatever else is only odd are left as they are.
    pub fn mend(&mut self, instrument: Option<&Instrument>) -> Vec<Change> {
        self.settle_volume();
        let mut changes = self.drop_unusable();
        self.sort(&mut changes);
        if let Some(instrument) = instrument {
            for at in 0..self.bars.len() {
                let row = self.row(at);
                let Bar { open, high, low, close, .. } = &mut self.bars[at];
                for (name, price) in [("open", open), ("high", high), ("low", low), ("close", close)] {
                    let rounded = instrument.round_price(*price);
                    // All of a row or none: rounding keeps their order.
                    if rounded != *price {
                        let message = format!("{name} {price} to {rounded}");
                        changes.push(Change { kind: ChangeKind::Rounded, row, message });
                        *price = rounded;
                    }
                }
            }
        }
        changes.sort_by_key(|change| change.row);
        // From here on, rows are those that will be written.
        self.rows.clear();
        changes
    }

    fn drop_unusable(&mut self) -> Vec<Change> {
        let mut dropped: Vec<Change> = Vec::new();
        let mut drop = |row: usize, message: String| {
            if dropped.iter().rev().take(8).all(|change| change.row != row) {
                dropped.push(Change { kind: ChangeKind::Dropped, row, message });
            }
        };
        for finding in self.take_faults() {
            let column = finding.column.unwrap_or_default();
            drop(finding.row, format!("{column} {}", finding.message));
        }
        let mut keep = Vec::with_capacity(self.bars.len());
        for at in 0..self.bars.len() {
            let fault = self.bars[at].check().err().or_else(|| self.quote_fault(at));
            match fault {
                Some((column, message)) => drop(self.row(at), format!("{column}: {message}")),
                None => keep.push(at),
            }
        }
        self.select(&keep);
        dropped
    }

    fn sort(&mut self, changes: &mut Vec<Change>) {
        let mut latest = Timestamp::from_nanos(i64::MIN);
        for at in 0..self.bars.len() {
            let time = self.bars[at].time;
            if time < latest {
                let message = format!("{time} stood behind {latest}");
                changes.push(Change { kind: ChangeKind::Moved, row: self.row(at), message });
            }
            latest = latest.max(time);
        }
        let mut order: Vec<usize> = (0..self.bars.len()).collect();
        order.sort_by_key(|at| self.bars[*at].time);
        let mut keep: Vec<usize> = Vec::with_capacity(order.len());
        let mut first = 0;
        for at in order {
            if keep.get(first).is_none_or(|other| self.bars[*other].time != self.bars[at].time) {
                first = keep.len();
            }
            match keep[first..].iter().find(|other| self.says_the_same(**other, at)) {
                Some(other) => {
                    let message = format!("the same as row {}, of {}", self.row(*other), self.bars[at].time);
                    changes.push(Change { kind: ChangeKind::Deduplicated, row: self.row(at), message });
                }
                None => keep.push(at),
            }
        }
        self.select(&keep);
    }

    /// Writes the rows as comma-separated values that read back to the same numbers, times in UTC, of the same end of the
    /// bar as in the source: the column is `ts` for opens and `close_time` for closes.
    ///
    /// # Errors
    /// When it can't be written; `name` stands in the message.
    pub fn write_csv(&self, mut to: impl Write, name: &str) -> Result<()> {
        self.write(&mut to).map_err(|source| Error::Io { path: name.to_owned(), source })
    }

    fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let quotes = self.quotes.as_ref().map(super::table::QuoteTable::columns);
        let time = if self.stamp == Stamp::Close { "close_time" } else { "ts" };
        write!(to, "{time},open,high,low,close,volume")?;
        if let Some(quotes) = &quotes {
            write!(to, ",bid,ask,bid_size,ask_size{}", if quotes.times_ns.is_some() { ",quote_time" } else { "" })?;
        }
        for (name, _) in &self.columns {
            write!(to, ",\"{}\"", name.replace('"', "\"\""))?;
        }
        writeln!(to)?;
        for (at, bar) in self.bars.iter().enumerate() {
            write!(to, "{},{},{},{},{},{}", bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume)?;
            if let Some(columns) = &quotes {
                match columns.row(at) {
                    Some(quote) => write!(to, ",{},{},{},{}", quote.bid, quote.ask, quote.bid_size, quote.ask_size)?,
                    None => write!(to, ",,,,")?,
                }
                match (columns.times_ns.is_some(), columns.row(at)) {
                    (true, Some(quote)) => write!(to, ",{}", quote.time)?,
                    (true, None) => write!(to, ",")?,
                    (false, _) => {}
                }
            }
            for (_, values) in &self.columns {
                if values[at].is_nan() { write!(to, ",")? } else { write!(to, ",{}", values[at])? }
            }
            writeln!(to)?;
        }
        to.flush()
    }
}
