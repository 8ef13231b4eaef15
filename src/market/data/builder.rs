//! What data are made of, checked as a whole.

use super::{
    FeatureTable, MarketData, check_row,
    details::{Details, Given},
};
use crate::{
    Bar, Error, Instrument, Result, Timestamp,
    market::{Adjustment, Calendar, MarketEvent, events::Events, pages::advise_large},
};

/// Collects what a [`MarketData`] is made of.
///
/// ```
/// use tradepit::{Bar, Instrument, MarketData, Timestamp};
/// let bar = |second: i64| Bar { time: Timestamp::from_nanos(second * 1_000_000_000),
///     open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 0.0 };
/// let builder = MarketData::builder(vec![Instrument::eurusd()]).column("sentiment", vec![0.1, 0.2]);
/// let refused = builder.clone().bars(vec![bar(60), bar(60)]).build().unwrap_err().to_string();
/// assert!(refused.starts_with("row 1, column time: "));
/// assert_eq!(builder.bars(vec![bar(60), bar(120)]).build().unwrap().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct MarketDataBuilder {
    instruments: Vec<Instrument>,
    bars: Vec<Bar>,
    columns: Vec<(String, Vec<f32>)>,
    calendar: Calendar,
    period_ns: Option<i64>,
    source_name: Option<String>,
    pub(super) details: Given,
    events: Vec<MarketEvent>,
    adjustment: Adjustment,
}

impl MarketData {
    /// Begins with what is traded.
    #[must_use]
    pub fn builder(instruments: Vec<Instrument>) -> MarketDataBuilder {
        MarketDataBuilder {
            instruments,
            bars: Vec::new(),
            columns: Vec::new(),
            calendar: Calendar::None,
            period_ns: None,
            source_name: None,
            details: Given::default(),
            events: Vec::new(),
            adjustment: Adjustment::default(),
        }
    }
}

impl MarketDataBuilder {
    /// The bars, row by row: with `n` instruments, `n` bars of the same time behind each other.
    #[must_use]
    pub fn bars(mut self, bars: Vec<Bar>) -> Self {
        self.bars = bars;
        self
    }

    /// A column of the user's own, one number a row, known when the row's bar closes.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>, values: Vec<f32>) -> Self {
        self.columns.push((name.into(), values));
        self
    }

    /// When the rows close that were given so far.
    pub(in crate::market) fn row_times(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.bars.iter().step_by(self.instruments.len().max(1)).map(|bar| bar.time)
    }

    /// The rule that cuts the data into sessions; the whole is one without it.
    #[must_use]
    pub fn calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// Length of a bar, where it can't be read from the smallest step between rows.
    #[must_use]
    pub fn period_ns(mut self, period_ns: i64) -> Self {
        self.period_ns = Some(period_ns);
        self
    }

    /// What happens beside the prices, in any order; at one moment, in the given order.
    #[must_use]
    pub fn events(mut self, events: Vec<MarketEvent>) -> Self {
        self.events = events;
        self
    }

    /// How the bars that features are made of pass over events; by ratio without it.
    #[must_use]
    pub fn adjust(mut self, adjustment: Adjustment) -> Self {
        self.adjustment = adjustment;
        self
    }

    /// Name of the source, for error messages.
    #[must_use]
    pub fn source_name(mut self, name: impl Into<String>) -> Self {
        self.source_name = Some(name.into());
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// Names the first row, column and value that is unusable: not finite, high below low, time not increasing,
    /// instruments that disagree on the time, a column of another length, a quote or finer bars that do not fit, an event
    /// that can't be (behind the data, an amount at or below 0, a resume without a halt).
    pub fn build(self) -> Result<MarketData> {
        let Self { instruments, bars, columns, calendar, period_ns, source_name, details, events, adjustment } = self;
        let n = instruments.len();
        if n == 0 {
            return Err(Error::spec("instruments", "there is none; name at least one"));
        }
        instruments.iter().try_for_each(Instrument::validate)?;
        if bars.is_empty() {
            return Err(Error::TooLittleData("no bars".into()));
        }
        if bars.len() % n != 0 || bars.len() / n > u32::MAX as usize / 2 {
            return Err(Error::spec(
                "bars",
                format!("{} bars for {n} instruments; expected whole rows, at most 2^31", bars.len()),
            ));
        }
        let len = bars.len() / n;
        for (name, values) in &columns {
            if values.len() != len {
                return Err(Error::spec(
                    format!("columns.{name}"),
                    format!("{} values for {len} rows; give one a row", values.len()),
                ));
            }
        }
        let mut data = MarketData {
            instruments,
            bars: Vec::new(),
            features: FeatureTable::default(),
            names: Vec::new(),
            warm_up: 0,
            columns,
            len,
            period_ns: 0,
            calendar,
            clock: calendar.clock()?,
            session: None,
            closed: Vec::with_capacity(len / 64 + 1),
            starts: Vec::new(),
            details: Details::default(),
            events: Events::default(),
            adjustment,
        };
        let mut step = i64::MAX;
        for (row, chunk) in bars.chunks_exact(n).enumerate() {
            let before = row.checked_sub(1).map(|r| bars[r * n]);
            check_row(chunk, row, before, source_name.as_deref())?;
            if let Some(before) = before {
                step = step.min(chunk[0].time.nanos() - before.time.nanos());
            }
            data.append_session(chunk[0].time, row);
        }
        data.period_ns = period_ns.unwrap_or(if step == i64::MAX { 0 } else { step });
        advise_large(&bars);
        data.bars = bars;
        data.place(events)?;
        data.details = details.build(&data, source_name.as_deref())?;
        Ok(data)
    }
}
