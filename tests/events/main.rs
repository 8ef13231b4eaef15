//! Dividends, splits, halts, rolls and funding from a column, through the public order path.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../book/mod.rs"]
mod book;
mod data;
mod effects;
mod funding;
mod halts;
mod properties;

use book::ONE;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp,
    market::{MarketEvent, MarketFact},
    time::MINUTE_NS,
};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_nanos(minute * MINUTE_NS)
}

/// An event of the bar between these two minutes: `row` closes at minute `row + 1`.
fn before(row: usize, what: MarketFact) -> MarketEvent {
    of(ONE, row, what)
}

fn of(instrument: InstrumentId, row: usize, what: MarketFact) -> MarketEvent {
    MarketEvent { time: at(row as i64), instrument, what }
}

fn bar(row: usize, open: f64, close: f64) -> Bar {
    book::bar(row as f64 + 1.0, [open, open.max(close), open.min(close), close, 1_000.0])
}

/// Bars that open and close at these prices.
fn market(instrument: Instrument, prices: &[(f64, f64)], events: Vec<MarketEvent>) -> MarketData {
    let bars = prices.iter().enumerate().map(|(row, (open, close))| bar(row, *open, *close));
    MarketData::builder(vec![instrument]).bars(bars.collect()).period_ns(MINUTE_NS).events(events).build().unwrap()
}

fn near(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-9 * scale
}
