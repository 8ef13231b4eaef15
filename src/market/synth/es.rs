//! Random walks on the tick grid of ES: one with nothing to earn, one with an edge that is known.

use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};

use crate::market::{Bar, Calendar, Instrument, MarketData, Quote, QuotesAt};
use crate::{
    Result, Timestamp,
    rng::{Purpose, Rng, stream},
    time::MINUTE_NS,
};

/// Name of the column that holds a planted edge.
pub const SIGNAL: &str = "signal";

/// 2024-01-02T00:00:00Z: the first bar of every synthetic market opens here.
const EPOCH_NS: i64 = 1_704_153_600_000_000_000;
/// Standard deviation of a minute's move in ticks, about that of ES in 2025.
const MOVE_TICKS: f64 = 6.0;

/// ES-like one-minute bars: a random walk on the tick grid, volume between 500 and 1,500, round-the-clock UTC sessions.
///
/// ```
/// use tradepit::market::synth;
/// let data = synth::es_1m(1_000, 0).unwrap();
/// assert_eq!(data.len(), 1_000);
/// assert_eq!(data.bars(), synth::es_1m(1_000, 0).unwrap().bars());
/// ```
///
/// # Errors
/// When `bars` is 0.
pub fn es_1m(bars: usize, seed: u64) -> Result<MarketData> {
    let mut rng = stream(seed, 0, Purpose::Synth);
    let mut open = 20_000.0;
    let bars = (0..bars).map(|i| {
        let (bar, close) = walk(i, open, open + draw(&mut rng) * MOVE_TICKS, &mut rng);
        open = close;
        bar
    });
    build(bars.collect(), None)
}

/// What the planted signal says.
///
/// ```
/// use tradepit::market::synth::{self, Leak};
/// let data = synth::planted(500, 0, Leak::CloseToOpen, 4.0, 0.0).unwrap();
/// let (signal, bars) = (&data.columns()[0].1, data.bars());
/// let jump_ticks = (bars[11].open - bars[10].close) / 0.25;
/// assert_eq!(jump_ticks, (4.0 * f64::from(signal[10])).round());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leak {
    /// The part of the move that a decision can earn: from the next open to the open after it.
    OpenToOpen,
    /// The jump from this close to the next open: known, and gone before any order fills.
    CloseToOpen,
}

/// An ES-like market with a planted edge, in the user column [`SIGNAL`], in units of its standard deviation.
///
/// Every bar opens with a gap. The signal at `t` is the standard normal part `s` of the move that `leak` names, and the
/// move is `edge_ticks * s + noise_ticks * e` with independent `s` and `e`. Filled at the next open without costs, the
/// best policy holds `sign(s)` lots and earns `edge_ticks * sqrt(2 / pi)` ticks a step on average under
/// [`Leak::OpenToOpen`], and nothing under [`Leak::CloseToOpen`].
///
/// ```
/// use tradepit::market::synth::{self, Leak};
/// let data = synth::planted(500, 0, Leak::OpenToOpen, 4.0, 0.0).unwrap();
/// let (signal, bars) = (&data.columns()[0].1, data.bars());
/// let earned = (bars[12].open - bars[11].open) / 0.25;
/// assert!((earned - (4.0 * f64::from(signal[10])).round()).abs() <= 1.0);
/// ```
///
/// # Errors
/// When `bars` is 0.
pub fn planted(bars: usize, seed: u64, leak: Leak, edge_ticks: f64, noise_ticks: f64) -> Result<MarketData> {
    let mut rng = stream(seed, 1, Purpose::Synth);
    let signal: Vec<f64> = (0..bars).map(|_| draw(&mut rng)).collect();
    // The bar at t closes at t; its signal speaks of the bars after it.
    let at = |t: usize, back: usize| t.checked_sub(back).map_or(0.0, |t| edge_ticks * signal[t]);
    let mut rows = Vec::with_capacity(bars);
    let (mut open, mut fair) = (20_000.0, 20_000.0);
    for t in 0..bars {
        let gap = MOVE_TICKS * draw(&mut rng);
        let (inside, next_open) = match leak {
            // open(t+1) - open(t) is what the signal at t-1 says: part inside the bar, the rest as the gap behind it.
            Leak::OpenToOpen => {
                fair += at(t, 1) + noise_ticks * draw(&mut rng);
                (fair + gap, fair.round())
            }
            // The jump behind this bar is what the signal at t says; inside the bar nothing is known.
            Leak::CloseToOpen => {
                let close = open + noise_ticks.max(1.0) * draw(&mut rng);
                (close, (close.round() + at(t, 0)).round())
            }
        };
        let (bar, _) = walk(t, open, inside, &mut rng);
        rows.push(bar);
        open = next_open;
    }
    build(rows, Some(signal.iter().map(|&s| s as f32).collect()))
}

/// The same bars with quotes: when a bar opens, bid and ask stand `spread_ticks` apart, with its first price in the middle.
///
/// ```
/// use tradepit::{InstrumentId, market::synth};
/// let data = synth::with_quotes(&synth::es_1m(10, 0).unwrap(), 2.0).unwrap();
/// let quote = data.view(10).quote(InstrumentId(0)).unwrap();
/// assert_eq!((quote.bid, quote.ask), (data.bars()[9].open - 0.25, data.bars()[9].open + 0.25));
/// assert_eq!(quote.time, data.bars()[8].time);
/// ```
///
/// # Errors
/// When the spread is negative.
pub fn with_quotes(data: &MarketData, spread_ticks: f64) -> Result<MarketData> {
    let n = data.instruments().len();
    let quotes = (0..data.len()).flat_map(|row| {
        let (time, bars) = (data.opened(row), &data.bars()[row * n..(row + 1) * n]);
        bars.iter().zip(data.instruments()).map(move |(bar, instrument)| {
            let half = 0.5 * spread_ticks * instrument.tick;
            Quote { time, bid: bar.open - half, ask: bar.open + half, ..Quote::default() }
        })
    });
    data.part(0..data.len()).quotes(quotes, QuotesAt::Open).build()
}

fn build(bars: Vec<Bar>, signal: Option<Vec<f32>>) -> Result<MarketData> {
    let builder = MarketData::builder(vec![Instrument::es()]).bars(bars).calendar(Calendar::Utc).period_ns(MINUTE_NS);
    match signal {
        Some(signal) => builder.column(SIGNAL, signal),
        None => builder,
    }
    .build()
}

fn draw(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A bar from `open` to about `close` (both in ticks), and the close that it got.
fn walk(minute: usize, open: f64, close: f64, rng: &mut Rng) -> (Bar, f64) {
    const TICK: f64 = 0.25;
    let close = close.round();
    let reach = |rng: &mut Rng| (draw(rng).abs() * MOVE_TICKS * 0.5).round();
    let (high, low) = (open.max(close) + reach(rng), open.min(close) - reach(rng));
    let bar = Bar {
        time: Timestamp::from_nanos(EPOCH_NS + (minute as i64 + 1) * MINUTE_NS),
        open: open * TICK,
        high: high * TICK,
        low: low * TICK,
        close: close * TICK,
        volume: rng.random_range(500..=1500u32).into(),
    };
    (bar, close)
}
