//! Real bars in another order.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    generator::{Moment, bars_alone, moments},
    path::{Path, Ticks},
};
use crate::{
    Bar, Error, Instrument, MarketData, Result, Rng,
    rng::{Purpose, stream},
};

/// How the bars of a market are drawn anew.
///
/// ```
/// use tradepit::market::synth::{self, BootstrapSpec};
/// let real = synth::es_1m(3_000, 0).unwrap();
/// let spec = BootstrapSpec { mean_bars: 120.0, ..BootstrapSpec::default() };
/// let other = spec.market_like(&real, 7, 0).unwrap();
/// assert_eq!(other.bars()[2_999].time, real.bars()[2_999].time);
/// assert_ne!(other.bars()[2_999].close, real.bars()[2_999].close);
/// ```
///
/// Blocks of bars, or whole sessions, are taken from the data at random and chained by their moves: a bar keeps its own way
/// from the last close to its open, high, low and close, by factors, and the price goes on from where the block before it
/// ended. Prices are on the tick grid again, volumes stay with their bars, times are those of the rows. Within a block, bars
/// go on over the end of the data at its beginning (the circle of Politis and Romano), so that every bar is drawn as often as
/// any other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapSpec {
    /// Mean length of a block in bars, at least 1; lengths are geometric, which keeps the series stationary (Politis and
    /// Romano 1994, "The Stationary Bootstrap").
    pub mean_bars: f64,
    /// Whole sessions in place of blocks: the days of the data in another order. A row stays at its place in the session, so
    /// that hours keep their character; where the session that is drawn is shorter, it begins again.
    pub sessions: bool,
    /// Turns each block's moves around with a chance of one half: up for down, by inverse factors. Whatever drift and
    /// asymmetry the data have, there is none in the mean of the paths.
    pub flip: bool,
}

impl Default for BootstrapSpec {
    fn default() -> Self {
        Self { mean_bars: 60.0, sessions: false, flip: false }
    }
}

impl BootstrapSpec {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        if self.mean_bars >= 1.0 && self.mean_bars.is_finite() {
            return Ok(());
        }
        Err(Error::spec("bootstrap.mean_bars", format!("{} must be a finite number of at least 1", self.mean_bars)))
    }

    /// A market on the rows of `real`, out of its bars: path `path` of `seed`.
    ///
    /// # Errors
    /// As [`Bootstrap::new`].
    pub fn market_like(&self, real: &MarketData, seed: u64, path: u64) -> Result<MarketData> {
        let mut data = real.part(0..real.len()).build()?;
        Bootstrap::new(self, real, real)?.redraw(seed, path, &mut data)?;
        Ok(data)
    }
}

/// The same market upside down: every move by its inverse factor, highs for lows, on the tick grid. Times and volumes stay.
///
/// ```
/// use tradepit::market::synth;
/// let real = synth::es_1m(100, 0).unwrap();
/// let mirror = synth::mirror(&real).unwrap();
/// let (bar, other) = (real.bars()[99], mirror.bars()[99]);
/// let factor = |bar: tradepit::Bar| (bar.close / real.bars()[0].open).ln();
/// assert!((factor(bar) + factor(other)).abs() < 1e-4);
/// ```
///
/// # Errors
/// As [`Bootstrap::new`].
pub fn mirror(real: &MarketData) -> Result<MarketData> {
    let mut data = real.part(0..real.len()).build()?;
    let bootstrap = Bootstrap::new(&BootstrapSpec::default(), real, real)?;
    let mut path = Path::default();
    for (bar, moves) in data.bars_mut().iter_mut().zip(&bootstrap.moves) {
        bootstrap.chain(bar, &mut path, moves.turned(), -moves.gap);
    }
    Ok(data)
}

/// The moves of a bar, as logarithms: from the close before to the open, and from the open on.
#[derive(Clone, Copy, Debug)]
struct Moves {
    gap: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: f64,
    /// Whether time has passed between the bar before and this one.
    behind_break: bool,
}

impl Moves {
    fn turned(self) -> Self {
        Self { gap: -self.gap, high: -self.low, low: -self.high, close: -self.close, ..self }
    }
}

/// A [`BootstrapSpec`] made ready: the moves of a market, and the rows that they are drawn for. Immutable, to be shared.
///
/// ```
/// use tradepit::market::synth::{self, Bootstrap, BootstrapSpec};
/// let real = synth::es_1m(3_000, 0).unwrap();
/// let mut rows = real.part(0..500).build().unwrap();
/// let bootstrap = Bootstrap::new(&BootstrapSpec::default(), &real, &rows).unwrap();
/// bootstrap.redraw(1, 0, &mut rows).unwrap();
/// let first = rows.bars().to_vec();
/// bootstrap.redraw(1, 1, &mut rows).unwrap();
/// assert_ne!(rows.bars(), first);
/// ```
#[derive(Clone, Debug)]
pub struct Bootstrap {
    spec: BootstrapSpec,
    moves: Vec<Moves>,
    /// The gaps over breaks, to be drawn where the rows have one.
    breaks: Vec<f64>,
    /// Sessions of the moves: where each begins, and the end.
    sessions: Vec<u32>,
    rows: Vec<Row>,
    instrument: Instrument,
    first: f64,
}

/// What there is to know of a row that is written.
#[derive(Clone, Copy, Debug)]
struct Row {
    behind_break: bool,
    /// Rows of its session from this one on, where it is the first; else 0.
    begins: u32,
}

impl Bootstrap {
    /// Takes the moves of `real`, to be drawn for `rows`, which may be the same data.
    ///
    /// A gap over a break is drawn where the rows have a break, and nowhere else; without one in `real`, there is none.
    ///
    /// # Errors
    /// When the spec is out of range, a price of `real` is not above 0, `rows` has another period, or either has more than one
    /// instrument or anything beside bars.
    pub fn new(spec: &BootstrapSpec, real: &MarketData, rows: &MarketData) -> Result<Self> {
        spec.validate()?;
        bars_alone(real, &[])?;
        bars_alone(rows, &[])?;
        if real.period_ns() != rows.period_ns() {
            let (real, rows) = (real.period_ns(), rows.period_ns());
            let message = format!("bars of {rows} ns, and the real ones are of {real} ns; use the same");
            return Err(Error::spec("rows", message));
        }
        if let Some((row, bar)) = real.bars().iter().enumerate().find(|(_, bar)| bar.low <= 0.0) {
            let message = format!("{} is not above 0; moves are factors", bar.low);
            return Err(Error::Data { source_name: None, row, column: "low".into(), message });
        }
        let mut before = real.bars()[0].open;
        let moves = real.bars().iter().zip(moments(real)).map(|(bar, moment)| {
            let gap = (bar.open / before).ln();
            before = bar.close;
            let from = |price: f64| (price / bar.open).ln();
            let (high, low, close) = (from(bar.high), from(bar.low), from(bar.close));
            Moves { gap, high, low, close, volume: bar.volume, behind_break: moment.idle_ns > 0 }
        });
        let moves: Vec<Moves> = moves.collect();
        let ends = |data: &MarketData| -> Vec<u32> {
            data.session_starts().iter().copied().chain([data.len() as u32]).collect()
        };
        let idle = moments(rows);
        let row = |moment: &Moment| Row { behind_break: moment.idle_ns > 0, begins: 0 };
        let mut own: Vec<Row> = idle.iter().map(row).collect();
        for pair in ends(rows).windows(2) {
            own[pair[0] as usize].begins = pair[1] - pair[0];
        }
        Ok(Self {
            spec: spec.clone(),
            breaks: moves.iter().filter(|moves| moves.behind_break).map(|moves| moves.gap).collect(),
            moves,
            sessions: ends(real),
            rows: own,
            instrument: rows.instruments()[0].clone(),
            first: rows.bars()[0].open,
        })
    }

    /// Writes path `path` of `seed` over the prices and volumes of `data`, which must be the rows that it was made for, or a
    /// copy of them. Times stay; features are not computed anew. It allocates nothing.
    ///
    /// # Errors
    /// When `data` has another number of rows.
    pub fn redraw(&self, seed: u64, path: u64, data: &mut MarketData) -> Result<()> {
        let rng = &mut stream(seed, path, Purpose::Path);
        let bars = data.bars_mut();
        if bars.len() != self.rows.len() {
            let (got, own) = (bars.len(), self.rows.len());
            return Err(Error::spec("rows", format!("{got}, and the bootstrap was made for {own}; use the same rows")));
        }
        let again = 1.0 / self.spec.mean_bars;
        let (mut path, mut block) = (Path::default(), Block { from: 0, len: 0, at: 0, turned: false });
        for (t, (bar, row)) in bars.iter_mut().zip(&self.rows).enumerate() {
            let begins = match self.spec.sessions {
                true => row.begins > 0 || t == 0,
                false => t == 0 || rng.random::<f64>() < again,
            };
            if begins {
                block = self.block(row.begins, rng);
            }
            let moves = self.moves[(block.from + block.at % block.len) % self.moves.len()];
            block.at += 1;
            let moves = if block.turned { moves.turned() } else { moves };
            let gap = match (row.behind_break, moves.behind_break) {
                // A gap of its own: the moves' would be missing, or another kind of gap.
                (true, _) if !self.breaks.is_empty() => {
                    let gap = self.breaks[rng.random_range(0..self.breaks.len())];
                    if block.turned { -gap } else { gap }
                }
                (false, false) => moves.gap,
                (true, _) | (false, true) => 0.0,
            };
            self.chain(bar, &mut path, moves, gap);
        }
        Ok(())
    }

    fn block(&self, rows: u32, rng: &mut Rng) -> Block {
        let all = self.moves.len();
        let turned = self.spec.flip && rng.random();
        if !self.spec.sessions {
            return Block { from: rng.random_range(0..all), len: all, at: 0, turned };
        }
        let mut drawn = (0, 1);
        // Sessions cut short are fewer than whole ones: a few draws find one that is long enough, if there is one.
        for _ in 0..16 {
            let session = rng.random_range(0..self.sessions.len() - 1);
            let (from, to) = (self.sessions[session], self.sessions[session + 1]);
            drawn = (from as usize, (to - from) as usize);
            if to - from >= rows {
                break;
            }
        }
        Block { from: drawn.0, len: drawn.1, at: 0, turned }
    }

    fn chain(&self, bar: &mut Bar, path: &mut Path, moves: Moves, gap: f64) {
        path.begin();
        path.gap(gap);
        let open = path.at;
        path.jump(moves.high);
        path.jump(moves.low - moves.high);
        path.jump(moves.close - moves.low);
        // Without the rounding of the three steps, or where a bound has held them up.
        path.at = (open + moves.close).clamp(path.low, path.high);
        let [open, high, low, close] = Ticks { instrument: &self.instrument, first: self.first }.prices(path);
        *bar = Bar { time: bar.time, open, high, low, close, volume: moves.volume };
    }
}

/// A run of moves.
#[derive(Clone, Copy, Debug)]
struct Block {
    from: usize,
    /// After so many it begins again.
    len: usize,
    at: usize,
    turned: bool,
}
