//! Bars as a source has them.

use std::path::Path;

use super::{
    BarSeries, QuoteColumns, ReadOptions, Stamp,
    layout::Layout,
    rows::{Fault, Row, Sink},
    series::SeriesBuilder,
};
use crate::{
    Bar, Instrument, Result, Timestamp,
    market::{
        Calendar, QuotesAt,
        check::{CheckOptions, CheckReport, Checked, Finding, FindingKind},
    },
};

/// Rows of a file or a frame, sound or not, stamped as the source does: to be checked, mended, or made into bars.
///
/// ```
/// use tradepit::{Instrument, ingest::{BarTable, ReadOptions}, market::{Calendar, check::FindingKind}};
/// let text = "ts,open,high,low,close\n2024-03-01T14:31Z,10,11,9,10\n2024-03-01T14:30Z,10,11,9,10\n";
/// let table = BarTable::from_csv_text(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// let report = table.check(Some(&Instrument::es()), Calendar::Cme, Default::default()).unwrap();
/// assert_eq!(report.count(FindingKind::Unsorted), 1);
/// assert!(table.into_series().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct BarTable {
    pub(super) bars: Vec<Bar>,
    /// The row of each bar; empty where it is its own place.
    pub(super) rows: Vec<usize>,
    pub(super) columns: Vec<(String, Vec<f32>)>,
    pub(super) quotes: Option<QuoteTable>,
    quotes_at: QuotesAt,
    found: Vec<Finding>,
    first_fault: Option<(usize, String, String)>,
    lenient: bool,
    pub(super) source_name: Option<String>,
    pub(super) time_name: String,
    pub(super) stamp: Stamp,
    period_ns: Option<i64>,
    asked: Option<Stamp>,
    places: Places,
}

/// Where the numbers of a row go.
#[derive(Clone, Debug, Default)]
struct Places {
    volume: Option<usize>,
    sides: Option<[usize; 2]>,
    sizes: [Option<usize>; 2],
    extra: usize,
    sparse: bool,
}

/// Columns of quotes as they are read; NaN where a row has none.
#[derive(Clone, Debug, Default)]
pub(super) struct QuoteTable {
    sides: [Vec<f64>; 2],
    sizes: [Vec<f64>; 2],
    times_ns: Option<Vec<i64>>,
}

impl QuoteTable {
    pub(super) fn columns(&self) -> QuoteColumns<'_> {
        let [bid, ask] = &self.sides;
        let [bid_size, ask_size] = &self.sizes;
        let times_ns = self.times_ns.as_deref();
        QuoteColumns { bid, ask, bid_size: Some(bid_size), ask_size: Some(ask_size), times_ns }
    }
}

impl BarTable {
    pub(super) fn strict(source_name: Option<String>, options: &ReadOptions) -> Self {
        Self {
            bars: Vec::new(),
            rows: Vec::new(),
            columns: options.columns.iter().map(|name| (name.clone(), Vec::new())).collect(),
            quotes: None,
            quotes_at: options.quotes,
            found: Vec::new(),
            first_fault: None,
            lenient: false,
            source_name,
            time_name: "time".into(),
            stamp: Stamp::Open,
            period_ns: options.period_ns,
            asked: options.stamp,
            places: Places::default(),
        }
    }

    pub(super) fn lenient(source_name: Option<String>, options: &ReadOptions) -> Self {
        Self { lenient: true, ..Self::strict(source_name, options) }
    }

    /// The rows of a file of text, or of Parquet where that is switched on, as they are, sound or not.
    ///
    /// # Errors
    /// When the file can't be opened or is damaged, columns are missing or the options don't fit.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        #[cfg(feature = "parquet")]
        if super::parquet::is_parquet(path.as_ref()) {
            let mut table = Self::lenient(Some(path.as_ref().display().to_string()), options);
            super::parquet::read_rows(super::layout::Content::Bars, path.as_ref(), options, &mut table)?;
            return Ok(table);
        }
        let (name, text) = super::csv::load(path)?;
        Self::from_csv_text(&text, &name, options)
    }

    /// Number of rows with a time that could be read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Whether there is no such row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    pub(super) fn row(&self, at: usize) -> usize {
        self.rows.get(at).copied().unwrap_or(at)
    }

    /// The bars, if they are sound.
    ///
    /// # Errors
    /// Names the first row that can't be a bar, or that there is too little to make bars of.
    pub fn into_series(mut self) -> Result<BarSeries> {
        if let Some((row, column, message)) = self.first_fault.take() {
            return Err(Fault::new(row, column, message).into_error(self.source_name.as_deref()));
        }
        self.settle_volume();
        let rows = std::mem::take(&mut self.rows);
        let row = |at: usize| rows.get(at).copied().unwrap_or(at);
        let mut series = SeriesBuilder::new(self.source_name.clone());
        for (at, bar) in self.bars.iter().enumerate() {
            if bar.volume.is_nan() && self.places.volume.is_some() {
                let message = "is empty; fill or drop the row, or drop the column volume if it has none";
                return Err(series.refuse(row(at), "volume", message));
            }
            series.check(row(at), &self.time_name, bar)?;
        }
        if let Some(quotes) = &self.quotes {
            let columns = quotes.columns();
            for at in 0..self.bars.len() {
                let fault = columns.row(at).map_or(Ok(()), |quote| quote.check());
                fault.map_err(|(column, message)| {
                    let empty = [columns.bid[at], columns.ask[at]].iter().any(|side| side.is_nan());
                    let hint = "is empty; fill it, or leave bid and ask empty where no quote came";
                    series.refuse(row(at), column, if empty { hint } else { &message })
                })?;
            }
        }
        let (quotes, at) = (self.quotes.take(), self.quotes_at);
        let series = series.finish(self.bars, self.stamp, self.period_ns, self.columns)?;
        match quotes {
            Some(quotes) => series.with_quotes(&quotes.columns(), at),
            None => Ok(series),
        }
    }

    /// What is wrong with the rows, and what is odd about them; without an instrument, prices are held against no tick.
    ///
    /// # Errors
    /// When an option is out of its range.
    pub fn check(
        &self,
        instrument: Option<&Instrument>,
        calendar: Calendar,
        options: CheckOptions,
    ) -> Result<CheckReport> {
        let mut own = self.clone();
        own.settle_volume();
        let mut found = std::mem::take(&mut own.found);
        if let Some(quotes) = &own.quotes {
            let columns = quotes.columns();
            for at in 0..own.bars.len() {
                if let Some(Err((column, message))) = columns.row(at).map(|quote| quote.check()) {
                    found
                        .push(Finding::new(FindingKind::Quote, own.row(at), own.bars[at].time, message).column(column));
                }
            }
        }
        let rows = std::mem::take(&mut own.rows);
        let mut bars = std::mem::take(&mut own.bars);
        if own.stamp == Stamp::Open {
            let step = Checked::new(&bars).period_ns(own.period_ns).usual_period();
            bars.iter_mut().for_each(|bar| bar.time = bar.time.plus_ns(step));
        }
        let mut checked = Checked::new(&bars).calendar(calendar).period_ns(own.period_ns).found(&found);
        if !rows.is_empty() {
            checked = checked.rows(&rows);
        }
        if let Some(instrument) = instrument {
            checked = checked.instrument(instrument);
        }
        checked.source_name(self.source_name.as_deref()).options(options).run()
    }

    /// What could not be read, which is forgotten.
    pub(super) fn take_faults(&mut self) -> Vec<Finding> {
        self.first_fault = None;
        std::mem::take(&mut self.found)
    }

    pub(super) fn quote_fault(&self, at: usize) -> Option<(&'static str, String)> {
        self.quotes.as_ref()?.columns().row(at)?.check().err()
    }

    /// Whether two rows hold the same, to the bit; their times are not looked at.
    pub(super) fn says_the_same(&self, a: usize, b: usize) -> bool {
        let bits = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close, bar.volume].map(f64::to_bits);
        let columns = |at: usize| self.columns.iter().map(move |(_, values)| values[at].to_bits());
        let quotes = |at: usize| self.quotes.as_ref().map(|quotes| quotes.columns().row(at));
        bits(&self.bars[a]) == bits(&self.bars[b]) && columns(a).eq(columns(b)) && quotes(a) == quotes(b)
    }

    /// Keeps these rows, in this order.
    pub(super) fn select(&mut self, keep: &[usize]) {
        fn of<T: Copy>(values: &mut Vec<T>, keep: &[usize]) {
            *values = keep.iter().map(|at| values[*at]).collect();
        }
        self.rows = keep.iter().map(|at| self.row(*at)).collect();
        of(&mut self.bars, keep);
        self.columns.iter_mut().for_each(|(_, values)| of(values, keep));
        if let Some(quotes) = &mut self.quotes {
            quotes.sides.iter_mut().chain(&mut quotes.sizes).for_each(|values| of(values, keep));
            if let Some(times) = &mut quotes.times_ns {
                of(times, keep);
            }
        }
    }

    /// A column of volume without any number is none at all.
    pub(super) fn settle_volume(&mut self) {
        if self.bars.iter().all(|bar| bar.volume.is_nan()) {
            self.bars.iter_mut().for_each(|bar| bar.volume = 0.0);
        }
    }
}

impl Sink for BarTable {
    fn begin(&mut self, layout: &Layout) {
        let Layout { volume, sides, sizes, extra, .. } = *layout;
        let timed = layout.quote_time.is_some();
        let sparse = self.lenient || layout.symbol.is_some();
        self.places = Places { volume, sides, sizes, extra, sparse };
        self.time_name.clone_from(&layout.time_name);
        self.stamp = self.asked.or(layout.stamp.map(|(stamp, _)| stamp)).unwrap_or_default();
        if sides.is_some() {
            self.quotes = Some(QuoteTable { times_ns: timed.then(Vec::new), ..QuoteTable::default() });
        }
    }

    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let Places { volume, sides, sizes, extra, sparse, .. } = self.places;
        let numbers = row.numbers;
        let time = Timestamp::from_nanos(row.time_ns);
        if let Err(message) = time.check() {
            return self.fault(Fault::new(row.row, &self.time_name, message));
        }
        let volume = volume.map_or(0.0, |at| numbers[at]);
        self.bars.push(Bar { time, open: numbers[0], high: numbers[1], low: numbers[2], close: numbers[3], volume });
        if sparse {
            self.rows.push(row.row);
        }
        if let (Some(quotes), Some(at)) = (&mut self.quotes, sides) {
            let none = at.iter().all(|at| numbers[*at].is_nan());
            for side in 0..2 {
                quotes.sides[side].push(numbers[at[side]]);
                quotes.sizes[side].push(sizes[side].filter(|_| !none).map_or(0.0, |at| numbers[at]));
            }
            if let Some(times) = &mut quotes.times_ns {
                times.push(row.quote_time_ns);
            }
        }
        for ((_, values), number) in self.columns.iter_mut().zip(&numbers[extra..]) {
            values.push(*number as f32);
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) -> Result<()> {
        if !self.lenient {
            return Err(fault.into_error(self.source_name.as_deref()));
        }
        if self.first_fault.is_none() {
            self.first_fault = Some((fault.row, fault.column.clone(), fault.message.clone()));
        }
        let time = self.bars.last().map_or_else(Timestamp::default, |bar| bar.time);
        self.found.push(fault.into_finding(time));
        Ok(())
    }
}
