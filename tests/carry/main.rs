//! Carry, margin calls and flattening, through the public order path.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../book/mod.rs"]
mod book;
mod calls;
mod financing;
mod margin;
mod properties;

use tradepit::{Bar, Instrument, MarketData, market::Calendar};

/// Bars that open and close at the given prices, and close at the given times.
fn market(instrument: Instrument, calendar: Calendar, bars: &[(&str, f64, f64)]) -> MarketData {
    let bars = bars.iter().map(|(time, open, close)| Bar {
        time: time.parse().unwrap(),
        open: *open,
        high: open.max(*close),
        low: open.min(*close),
        close: *close,
        volume: 1_000.0,
    });
    MarketData::builder(vec![instrument]).calendar(calendar).bars(bars.collect()).build().unwrap()
}
