//! From a spec and rows to paths.

use super::{
    SynthSpec, VolumeSpec,
    path::{Path, Ticks},
};
use crate::{
    Bar, Error, Instrument, MarketData, Result, Rng,
    rng::{Purpose, stream},
};

/// When a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Whole minutes since local midnight when it opens.
    pub(super) minute: u16,
    /// Time between the close before and its open; 0 for the first row.
    pub(super) idle_ns: i64,
}

/// A process of prices: pure; what it remembers along a path is its state.
pub(super) trait Process {
    /// What a path remembers from bar to bar.
    type State;

    /// Whether every number makes sense.
    fn validate(&self) -> Result<()>;

    /// How much is traded.
    fn volume(&self) -> &VolumeSpec;

    /// Before the first bar; a bar is `years` long.
    fn begin(&self, years: f64, rng: &mut Rng) -> Self::State;

    /// Moves the price through one bar.
    fn bar(&self, state: &mut Self::State, moment: Moment, path: &mut Path, rng: &mut Rng);

    /// The mean volume at the usual volatility, at that minute, as a multiple of `volume().mean`.
    fn usual_volume(&self, _: &Self::State, _: u16) -> f64 {
        1.0
    }
}

/// A [`SynthSpec`] made ready for the rows of a market: immutable, to be shared by whoever draws paths.
///
/// The rows give the instrument, the calendar, the times and the first price; their other prices and their volumes do not
/// matter.
///
/// ```
/// use tradepit::market::synth::{Brownian, Generator, SynthRows, SynthSpec};
/// let mut data = SynthRows { bars: 500, ..SynthRows::default() }.build().unwrap();
/// let generator = Generator::new(&SynthSpec::Brownian(Brownian::default()), &data).unwrap();
/// generator.redraw(7, 0, &mut data).unwrap();
/// let first = data.bars().to_vec();
/// generator.redraw(7, 1, &mut data).unwrap(); // another path, in the same memory
/// assert_ne!(data.bars(), first);
/// generator.redraw(7, 0, &mut data).unwrap();
/// assert_eq!(data.bars(), first);
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    spec: SynthSpec,
    /// What the spec publishes.
    columns: Vec<String>,
    pub(super) instrument: Instrument,
    pub(super) first: f64,
    years: f64,
    moments: Vec<Moment>,
}

impl Generator {
    /// Checks the spec, and goes once over the rows.
    ///
    /// # Errors
    /// When the spec is out of range; or the rows have more than one instrument, or anything beside bars (quotes, finer
    /// bars, events, columns but those that the spec publishes), which would not belong to the new prices.
    pub fn new(spec: &SynthSpec, rows: &MarketData) -> Result<Self> {
        spec.validate()?;
        let columns = spec.columns();
        bars_alone(rows, &columns)?;
        let (calendar, period_ns) = (rows.calendar(), rows.period_ns());
        Ok(Self {
            spec: spec.clone(),
            columns,
            instrument: rows.instruments()[0].clone(),
            first: rows.bars()[0].open,
            years: 1.0 / calendar.bars_per_year(period_ns),
            moments: moments(rows),
        })
    }

    /// Another spec on the same rows.
    pub(super) fn set(&mut self, spec: SynthSpec) -> Result<()> {
        spec.validate()?;
        (self.columns, self.spec) = (spec.columns(), spec);
        Ok(())
    }

    /// The same data with room for the columns that the spec publishes, and without features.
    ///
    /// ```
    /// use tradepit::market::synth::{Coin, Generator, SynthRows, SynthSpec};
    /// let rows = SynthRows::exact(50).build().unwrap();
    /// let generator = Generator::new(&SynthSpec::Coin(Coin::default()), &rows).unwrap();
    /// let mut data = generator.prepare(rows);
    /// generator.redraw(1, 0, &mut data).unwrap();
    /// assert!((data.columns()[0].1[49] - 0.002 * data.bars()[49].close as f32).abs() < 1e-5);
    /// ```
    #[must_use]
    pub fn prepare(&self, data: MarketData) -> MarketData {
        data.with_room(&self.columns)
    }

    /// Writes path `path` of `seed` over the prices and volumes of `data`, which must be the rows that it was made for, or a
    /// copy of them. Times stay; features are not computed anew. It allocates nothing.
    ///
    /// # Errors
    /// When `data` has another number of rows or other columns ([`prepare`](Self::prepare) makes them), or a price is not
    /// finite: the spec's numbers are then too large.
    pub fn redraw(&self, seed: u64, path: u64, data: &mut MarketData) -> Result<()> {
        let rng = &mut stream(seed, path, Purpose::Path);
        if data.len() != self.moments.len() {
            let (got, own) = (data.len(), self.moments.len());
            return Err(Error::spec("rows", format!("{got}, and the generator was made for {own}; use the same rows")));
        }
        if !data.columns().iter().map(|(name, _)| name).eq(&self.columns) {
            let own = &self.columns;
            return Err(Error::spec("columns", format!("the generator publishes {own:?}; prepare the data for it")));
        }
        match &self.spec {
            SynthSpec::Brownian(process) => self.run(process, data, rng),
            SynthSpec::OrnsteinUhlenbeck(process) => self.run(process, data, rng),
            SynthSpec::JumpDiffusion(process) => self.run(process, data, rng),
            SynthSpec::Heston(process) => self.run(process, data, rng),
            SynthSpec::Garch(process) => self.run(process, data, rng),
            SynthSpec::RegimeSwitching(process) => self.run(process, data, rng),
            SynthSpec::Intraday(process) => self.run(process, data, rng),
            SynthSpec::Arithmetic(process) => self.run_exact(process, data, rng),
            SynthSpec::Ar1(process) => self.run_exact(process, data, rng),
            SynthSpec::HiddenDrift(process) => self.run_exact(process, data, rng),
            SynthSpec::Coin(process) => self.run_exact(process, data, rng),
            SynthSpec::Geometric(process) => self.run_exact(process, data, rng),
        }
    }

    fn run<P: Process>(&self, process: &P, data: &mut MarketData, rng: &mut Rng) -> Result<()> {
        let bars = data.bars_mut();
        let ticks = Ticks { instrument: &self.instrument, first: self.first };
        let (volume, mut path) = (process.volume(), Path::default());
        let mut state = process.begin(self.years, rng);
        for (bar, moment) in bars.iter_mut().zip(&self.moments) {
            path.begin();
            process.bar(&mut state, *moment, &mut path, rng);
            let [open, high, low, close] = ticks.prices(&path);
            let usual = process.usual_volume(&state, moment.minute);
            let volume = usual * volume.draw(path.activity, rng);
            *bar = Bar { time: bar.time, open, high, low, close, volume: self.instrument.round_qty(volume) };
        }
        // Not a number anywhere is not a number ever after.
        if path.at.is_finite() {
            return Ok(());
        }
        Err(Error::spec("synthetic", "gave a price that is not finite; its numbers are too large"))
    }
}

/// Redrawn prices have nothing to do with what else is known of the rows, but for columns that are redrawn too.
pub(super) fn bars_alone(rows: &MarketData, columns: &[String]) -> Result<()> {
    let refuse = |what: &str| {
        let message = format!("{what} would not belong to the new prices; give one instrument's bars alone");
        Err(Error::spec("data", message))
    };
    match rows {
        rows if rows.instruments().len() > 1 => refuse("those of more than one instrument"),
        rows if rows.has_quotes() => refuse("its quotes"),
        rows if rows.has_sub_bars() => refuse("its finer bars"),
        rows if !rows.events().is_empty() => refuse("its events"),
        rows if !rows.columns().iter().all(|(name, _)| columns.contains(name)) => refuse("its columns"),
        _ => Ok(()),
    }
}

pub(super) fn moments(rows: &MarketData) -> Vec<Moment> {
    let (clock, period_ns) = (rows.clock(), rows.period_ns());
    let mut before = None;
    rows.bars()
        .iter()
        .map(|bar| {
            let opens = bar.time.nanos() - period_ns;
            let idle_ns = before.replace(bar.time.nanos()).map_or(0, |closed| (opens - closed).max(0));
            let (minute, _) = clock.local_minute(crate::Timestamp::from_nanos(opens));
            Moment { minute: minute as u16, idle_ns }
        })
        .collect()
}
