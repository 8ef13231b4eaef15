//! The check itself: which rules look at what.

use serde::{Deserialize, Serialize};

use super::{CheckReport, Finding, adjusted, gaps, hours, jumps, order, report::Collector, rows};
use crate::{
    Bar, Error, Instrument, InstrumentId, MarketData, Result, Timestamp,
    market::{Calendar, MarketEvent},
};

/// What to look for, and how much of it to show.
///
/// ```
/// use tradepit::market::check::CheckOptions;
/// let options: CheckOptions = serde_json::from_str(r#"{"shown": 3}"#).unwrap();
/// assert_eq!(options, CheckOptions { shown: 3, ..CheckOptions::default() });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckOptions {
    /// Findings of each kind to keep: the first ones, but of gaps the widest; all are counted.
    pub shown: usize,
    /// A move away and back, or a wick, of more than so many times the usual one nearby is an outlier; above 1.
    pub outlier: f64,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { shown: 20, outlier: 25.0 }
    }
}

impl CheckOptions {
    fn validate(&self) -> Result<()> {
        if !(self.outlier.is_finite() && self.outlier > 1.0) {
            return Err(Error::spec("outlier", format!("{} must be a finite number above 1", self.outlier)));
        }
        Ok(())
    }
}

/// Bars to be checked, sound or not, stamped by the close.
///
/// ```
/// use tradepit::{Bar, market::check::{Checked, FindingKind}, time::MINUTE_NS, Timestamp};
/// let bar = |minute: i64| Bar { time: Timestamp::from_nanos(minute * MINUTE_NS),
///     open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 2.0 };
/// let report = Checked::new(&[bar(2), bar(3), bar(1), bar(3)]).run().unwrap();
/// assert_eq!((report.count(FindingKind::Unsorted), report.count(FindingKind::Duplicate)), (1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Checked<'a> {
    pub(super) bars: &'a [Bar],
    pub(super) rows: Option<&'a [usize]>,
    pub(super) period_ns: Option<i64>,
    pub(super) instrument: Option<&'a Instrument>,
    pub(super) calendar: Calendar,
    pub(super) events: &'a [MarketEvent],
    found: &'a [Finding],
    source_name: Option<&'a str>,
    pub(super) options: CheckOptions,
}

impl<'a> Checked<'a> {
    /// Bars of one instrument, of which nothing else is known.
    #[must_use]
    pub fn new(bars: &'a [Bar]) -> Self {
        Self {
            bars,
            rows: None,
            period_ns: None,
            instrument: None,
            calendar: Calendar::None,
            events: &[],
            found: &[],
            source_name: None,
            options: CheckOptions::default(),
        }
    }

    /// The row of the source that each bar stands in, where some are left out.
    #[must_use]
    pub fn rows(mut self, rows: &'a [usize]) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Length of a bar; the usual step between two rows without it.
    #[must_use]
    pub fn period_ns(mut self, period_ns: Option<i64>) -> Self {
        self.period_ns = period_ns;
        self
    }

    /// What is traded; without it, prices are held against no tick.
    #[must_use]
    pub fn instrument(mut self, instrument: &'a Instrument) -> Self {
        self.instrument = Some(instrument);
        self
    }

    /// When it trades; without it, a gap is a note and no hour is closed.
    #[must_use]
    pub fn calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// What is known to have happened beside the prices: a known split is none to suspect.
    #[must_use]
    pub fn events(mut self, events: &'a [MarketEvent]) -> Self {
        self.events = events;
        self
    }

    /// What a reader has found already.
    #[must_use]
    pub fn found(mut self, found: &'a [Finding]) -> Self {
        self.found = found;
        self
    }

    /// Name of the source.
    #[must_use]
    pub fn source_name(mut self, name: Option<&'a str>) -> Self {
        self.source_name = name;
        self
    }

    /// What to look for.
    #[must_use]
    pub fn options(mut self, options: CheckOptions) -> Self {
        self.options = options;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// When an option is out of its range, or the calendar can't be loaded.
    pub fn run(&self) -> Result<CheckReport> {
        self.options.validate()?;
        let mut found = Collector::new(self.options.shown);
        self.found.iter().cloned().for_each(|finding| found.add(finding));
        rows::check(self, &mut found);
        order::check(self, &mut found);
        let sound = Sound::of(self);
        if sound.period_ns > 0 {
            gaps::check(self, &sound, &mut found)?;
            hours::check(self, &sound, &mut found)?;
            jumps::check(self, &sound, &mut found)?;
            adjusted::check(self, &sound, &mut found)?;
        }
        let (counts, findings) = found.finish();
        Ok(CheckReport {
            source_name: self.source_name.map(str::to_owned),
            rows: self.bars.len(),
            period_ns: sound.period_ns,
            first: sound.bars.first().map_or_else(Timestamp::default, |(_, bar)| bar.time),
            last: sound.bars.last().map_or_else(Timestamp::default, |(_, bar)| bar.time),
            counts,
            findings,
        })
    }

    /// The length of a bar: what was given, else the usual step between sound rows.
    #[must_use]
    pub fn usual_period(&self) -> i64 {
        Sound::of(self).period_ns
    }

    /// The row of the source that holds bar `at`.
    pub(super) fn row(&self, at: usize) -> usize {
        self.rows.map_or(at, |rows| rows[at])
    }
}

/// The bars that can be used, in order of time and without those of a time that was there already.
#[derive(Debug)]
pub(super) struct Sound {
    /// Row of the source, and the bar.
    pub(super) bars: Vec<(usize, Bar)>,
    pub(super) period_ns: i64,
}

impl Sound {
    fn of(checked: &Checked<'_>) -> Self {
        let usable = |bar: &Bar| {
            let prices = Bar { volume: if bar.volume.is_finite() { bar.volume.max(0.0) } else { 0.0 }, ..*bar };
            prices.check().is_ok().then_some(prices)
        };
        let mut bars: Vec<(usize, Bar)> = checked
            .bars
            .iter()
            .enumerate()
            .filter_map(|(at, bar)| usable(bar).map(|bar| (checked.row(at), bar)))
            .collect();
        bars.sort_by_key(|(_, bar)| bar.time);
        bars.dedup_by_key(|(_, bar)| bar.time);
        let period_ns = checked.period_ns.unwrap_or_else(|| order::usual_step(&bars));
        Self { bars, period_ns }
    }

    /// Each two bars that follow each other, with the row of the second.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Bar, usize, &Bar)> {
        self.bars.windows(2).map(|pair| (&pair[0].1, pair[1].0, &pair[1].1))
    }
}

impl MarketData {
    /// What is odd about the bars of one instrument. What is wrong has been refused when they were made into data.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, ingest::{Stamp, load_csv}, market::{Calendar, check::FindingKind}};
    /// let path = "python/tradepit/samples/es_1m.csv";
    /// let data = load_csv(path, Instrument::es(), Calendar::Cme, Stamp::Open).unwrap();
    /// let report = data.check(InstrumentId(0), Default::default()).unwrap();
    /// // A night in which not every minute had a trade.
    /// assert!(report.is_usable() && report.count(FindingKind::Gap) > 0);
    /// ```
    ///
    /// # Errors
    /// When there is no such instrument, or an option is out of its range.
    pub fn check(&self, id: InstrumentId, options: CheckOptions) -> Result<CheckReport> {
        let n = self.instruments().len();
        let Some(instrument) = self.instruments().get(id.0 as usize) else {
            return Err(Error::spec("instrument", format!("{} is not below {n}, the number of instruments", id.0)));
        };
        let own: Vec<Bar>;
        let bars = if n == 1 {
            self.bars()
        } else {
            own = self.bars().iter().skip(id.0 as usize).step_by(n).copied().collect();
            &own
        };
        let events: Vec<MarketEvent> = self.events().iter().filter(|event| event.instrument == id).copied().collect();
        let period_ns = Some(self.period_ns()).filter(|period_ns| *period_ns > 0);
        let checked = Checked::new(bars).instrument(instrument).calendar(self.calendar()).events(&events);
        checked.period_ns(period_ns).options(options).run()
    }
}
