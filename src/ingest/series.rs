//! Bars of one instrument, checked, stamped by the close.

use super::Stamp;
use crate::{
    Bar, Error, Instrument, MarketData, Result, Timestamp,
    market::{Calendar, MarketDataBuilder, Quote, QuotesAt},
    time::{DAY_NS, SECOND_NS},
};

/// What was read: bars in order, the length of one, and columns beyond those of a bar.
///
/// ```
/// use tradepit::{Instrument, ingest::{ReadOptions, read_csv_from}, market::Calendar};
/// let text = "ts,open,high,low,close\n2024-03-01T14:30Z,10,11,9,10\n2024-03-01T14:31Z,10,12,10,11\n";
/// let series = read_csv_from(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
/// let data = series.into_data(Instrument::es(), Calendar::Cme).unwrap();
/// assert_eq!(data.view(1).now().to_string(), "2024-03-01T14:31:00Z");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BarSeries {
    /// The bars, each stamped by its close.
    pub bars: Vec<Bar>,
    /// Length of a bar in nanoseconds.
    pub period_ns: i64,
    /// Further columns by name, one number a bar.
    pub columns: Vec<(String, Vec<f32>)>,
    /// Quotes, one a bar, or none where no new one came, and the moment of their samples.
    pub quotes: Option<(Vec<Option<Quote>>, QuotesAt)>,
    /// Finer bars that make up these, or none.
    pub sub_bars: Vec<Bar>,
    /// Where they came from, for error messages.
    pub source_name: Option<String>,
}

impl BarSeries {
    /// The data of a market of this one instrument.
    ///
    /// # Errors
    /// When the instrument is not valid, there is no bar, a quote came after the moment that it is for, or
    /// finer bars do not make up theirs.
    pub fn into_data(self, instrument: Instrument, calendar: Calendar) -> Result<MarketData> {
        self.into_builder(instrument, calendar).build()
    }

    /// As [`into_data`](Self::into_data), before it is built: for events, or whatever else a file does not hold.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, ingest::{ReadOptions, read_csv_from}};
    /// use tradepit::market::{Calendar, MarketEvent, MarketFact};
    /// let text = "ts,open,high,low,close\n2024-03-01T00:00Z,10,11,9,10\n2024-03-02T00:00Z,5,6,5,5.5\n";
    /// let series = read_csv_from(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
    /// let split = MarketEvent { time: "2024-03-02T00:00:00Z".parse().unwrap(), instrument: InstrumentId(0),
    ///     what: MarketFact::Split { ratio: 2.0 } };
    /// let builder = series.into_builder(Instrument::equity("XYZ"), Calendar::None).events(vec![split]);
    /// assert_eq!(builder.build().unwrap().details(1).events, [split]);
    /// ```
    #[must_use]
    pub fn into_builder(self, instrument: Instrument, calendar: Calendar) -> MarketDataBuilder {
        let mut builder = MarketData::builder(vec![instrument])
            .bars(self.bars)
            .sub_bars(self.sub_bars)
            .calendar(calendar)
            .period_ns(self.period_ns);
        for (name, values) in self.columns {
            builder = builder.column(name, values);
        }
        if let Some((quotes, at)) = self.quotes {
            builder = builder.quotes(quotes, at);
        }
        if let Some(name) = self.source_name {
            builder = builder.source_name(name);
        }
        builder
    }
}

/// Checks rows, refusing the first that can't be used, and stamps them in the end.
#[derive(Debug)]
pub(super) struct SeriesBuilder {
    before: Option<Timestamp>,
    smallest_step: Option<i64>,
    source_name: Option<String>,
}

impl SeriesBuilder {
    pub(super) fn new(source_name: Option<String>) -> Self {
        Self { before: None, smallest_step: None, source_name }
    }

    pub(super) fn refuse(&self, row: usize, column: &str, message: impl Into<String>) -> Error {
        Error::Data { source_name: self.source_name.clone(), row, column: column.to_owned(), message: message.into() }
    }

    /// Whether the bar of `row`, stamped as the source does, can follow those before it; `time_column` is what the source
    /// calls its time.
    pub(super) fn check(&mut self, row: usize, time_column: &str, bar: &Bar) -> Result<()> {
        bar.check().map_err(|(column, message)| self.refuse(row, column, message))?;
        if let Some(before) = self.before {
            let step = bar.time.nanos().saturating_sub(before.nanos());
            if step <= 0 {
                let message =
                    format!("{} is not after {before} of the row before; sort the rows and drop duplicates", bar.time);
                return Err(self.refuse(row, time_column, message));
            }
            self.smallest_step = Some(self.smallest_step.map_or(step, |smallest| smallest.min(step)));
        }
        self.before = Some(bar.time);
        Ok(())
    }

    /// The series of bars that have been checked.
    pub(super) fn finish(
        self,
        mut bars: Vec<Bar>,
        stamp: Stamp,
        period_ns: Option<i64>,
        columns: Vec<(String, Vec<f32>)>,
    ) -> Result<BarSeries> {
        if let Some(period_ns) = period_ns.filter(|period_ns| *period_ns <= 0) {
            return Err(Error::spec("period_ns", format!("{period_ns} must be above 0, the length of a bar")));
        }
        let source = self.source_name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
        if bars.is_empty() {
            return Err(Error::TooLittleData(format!("{source}no bars")));
        }
        let Some(period_ns) = period_ns.or(self.smallest_step.map(whole_day)) else {
            return Err(Error::TooLittleData(format!(
                "{source}1 row does not tell how long a bar is; give period_ns or more rows"
            )));
        };
        if stamp == Stamp::Open {
            if let Some(last) = bars.last().filter(|bar| bar.time.nanos().checked_add(period_ns).is_none()) {
                return Err(Error::spec(
                    "period_ns",
                    format!("{period_ns} after {} is behind the year 2262", last.time),
                ));
            }
            for bar in &mut bars {
                bar.time = bar.time.plus_ns(period_ns);
            }
        }
        let (quotes, sub_bars) = (None, Vec::new());
        Ok(BarSeries { bars, period_ns, columns, quotes, sub_bars, source_name: self.source_name })
    }
}

/// Days that begin at local midnight are 23 hours apart once a year, when clocks go forward; a bar is a day even so.
fn whole_day(step: i64) -> i64 {
    if step == DAY_NS - 3600 * SECOND_NS { DAY_NS } else { step }
}
