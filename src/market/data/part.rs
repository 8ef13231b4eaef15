//! Data made of data: some of its rows, and longer bars.

use std::ops::Range;

use super::{MarketData, MarketDataBuilder};
use crate::{
    Bar, Error, Result, Timestamp,
    market::{InstrumentId, Intervals, MarketEvent, Quote, QuotesAt},
};

impl MarketData {
    /// What some of the rows are made of, to be built as data of their own. Features are no part of it: they begin anew.
    /// What was halted before is halted in the first row.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// let data = synth::es_1m(10, 0).unwrap();
    /// assert_eq!(data.part(2..5).build().unwrap().bars(), &data.bars()[2..5]);
    /// ```
    ///
    /// # Panics
    /// When there are no such rows.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> MarketDataBuilder {
        let n = self.instruments.len();
        let mut part = Self::builder(self.instruments.clone())
            .calendar(self.calendar)
            .period_ns(self.period_ns)
            .bars(self.bars[rows.start * n..rows.end * n].to_vec())
            .events(self.events_of_part(rows.clone()))
            .adjust(self.adjustment)
            .sub_bars(rows.clone().flat_map(|row| self.details(row).sub_bars).copied().collect());
        if self.has_quotes() {
            part = part.quotes(rows.clone().flat_map(|row| self.details(row).quotes).copied(), QuotesAt::Open);
        }
        self.columns.iter().fold(part, |part, (name, values)| part.column(name.clone(), values[rows.clone()].to_vec()))
    }

    /// The same data with one more column of the user's, in place of one of that name; without features.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// let data = synth::es_1m(2, 0).unwrap().with_column("news", vec![0.0, 1.0]).unwrap();
    /// assert_eq!(data.columns(), [("news".to_owned(), vec![0.0, 1.0])]);
    /// ```
    ///
    /// # Errors
    /// When it has not one number a row.
    pub fn with_column(&self, name: impl Into<String>, values: Vec<f32>) -> Result<Self> {
        let (name, len) = (name.into(), self.len);
        if values.len() != len {
            let got = values.len();
            return Err(Error::spec(format!("columns.{name}"), format!("{got} values for {len} rows; give one a row")));
        }
        let mut data = self.clone().without_features();
        data.columns.retain(|(known, _)| *known != name);
        data.columns.push((name, values));
        Ok(data)
    }

    /// The same data with columns of these names only, to be written; without features.
    pub(in crate::market) fn with_room(self, columns: &[String]) -> Self {
        let columns = columns.iter().map(|name| (name.clone(), vec![0.0; self.len])).collect();
        Self { columns, ..self.without_features() }
    }

    fn without_features(self) -> Self {
        Self { features: super::FeatureTable::default(), names: Vec::new(), warm_up: 0, ..self }
    }

    /// The same data with the quotes of one instrument as they came, in order: each row has the last one that had come when it
    /// opened, and none where no new one had. Those of other instruments stay; features begin anew.
    ///
    /// ```
    /// use tradepit::{InstrumentId, market::{Quote, synth}};
    /// let data = synth::es_1m(3, 0).unwrap();
    /// let es = InstrumentId(0);
    /// let quote = |row: usize, bid| Quote { time: data.bars()[row].time, bid, ask: bid + 0.25, ..Quote::default() };
    /// let quoted = data.with_quotes(es, &[quote(0, 5_000.0), quote(0, 5_001.0), quote(2, 5_002.0)]).unwrap();
    /// let seen = |rows| quoted.view(rows).quote(es).map(|quote| quote.bid);
    /// // What came with the close of the last bar stands for the next one, which is not there.
    /// assert_eq!([1, 2, 3].map(seen), [None, Some(5_001.0), Some(5_001.0)]);
    /// ```
    ///
    /// # Errors
    /// When there is no such instrument, there are no quotes, they are not in order, or one can't be.
    pub fn with_quotes(&self, id: InstrumentId, quotes: &[Quote]) -> Result<Self> {
        let (n, at) = (self.instruments.len(), id.0 as usize);
        if at >= n {
            return Err(Error::spec("instrument", format!("{at} is not in the data, which has {n}; count from 0")));
        }
        if quotes.is_empty() {
            return Err(Error::TooLittleData("no quotes".into()));
        }
        for (row, two) in quotes.windows(2).enumerate() {
            if two[1].time < two[0].time {
                let message = format!("{} is before {} of the quote before; sort them", two[1].time, two[0].time);
                return Err(Error::Data { source_name: None, row: row + 1, column: "time".into(), message });
            }
        }
        for (row, quote) in quotes.iter().enumerate() {
            quote.check().map_err(|(column, message)| Error::Data {
                source_name: None,
                row,
                column: column.to_owned(),
                message,
            })?;
        }
        let mut come = 0;
        let mut rows = Vec::with_capacity(self.len * n);
        for row in 0..self.len {
            let opened = if row == 0 { self.bars[0].time.plus_ns(-self.period_ns) } else { self.opened(row) };
            let known = quotes[come..].partition_point(|quote| quote.time <= opened);
            come += known;
            let new = (known > 0).then(|| quotes[come - 1]);
            let others = self.quotes_of(row);
            rows.extend((0..n).map(|id| if id == at { new } else { others.get(id).copied().flatten() }));
        }
        self.part(0..self.len).quotes(rows, QuotesAt::Open).build()
    }

    /// What one instrument's rows are made of, to be built as data of its own: its bars, quotes, finer bars and events, without
    /// columns.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, market::{Missing, align, synth}};
    /// let es = synth::es_1m(10, 0).unwrap();
    /// let nq = tradepit::MarketData::builder(vec![Instrument::nq()]).bars(es.bars().to_vec()).calendar(es.calendar());
    /// let both = align(&[&es, &nq.build().unwrap()], Missing::Refuse {}).unwrap().build().unwrap();
    /// assert_eq!(both.only(InstrumentId(1)).build().unwrap().bars(), es.bars());
    /// ```
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn only(&self, id: InstrumentId) -> MarketDataBuilder {
        let (n, at) = (self.instruments.len(), id.0 as usize);
        let own = |bars: &[Bar]| bars.iter().skip(at).step_by(n).copied().collect::<Vec<Bar>>();
        let events = self.events.all().iter().filter(|event| event.instrument == id);
        let only = Self::builder(vec![self.instruments[at].clone()])
            .calendar(self.calendar)
            .period_ns(self.period_ns)
            .bars(own(&self.bars))
            .events(events.map(|event| MarketEvent { instrument: InstrumentId(0), ..*event }).collect())
            .adjust(self.adjustment)
            .sub_bars((0..self.len).flat_map(|row| own(self.details(row).sub_bars)).collect());
        if !self.has_quotes() {
            return only;
        }
        only.quotes((0..self.len).map(|row| self.details(row).quotes[at]), QuotesAt::Open)
    }

    /// Longer bars out of these, which stay as the finer bars of theirs: rows of `period_ns` in the sessions of the calendar,
    /// cut as [`Intervals`] says; a period of a day makes rows of a session. A row has the columns of its last bar, the quote that stood when it opened, and the events of all of
    /// them. Bars at the end that do not fill a row are left out.
    ///
    /// ```
    /// use tradepit::{InstrumentId, market::synth, time::MINUTE_NS};
    /// let data = synth::es_1m(100, 0).unwrap().resample(15 * MINUTE_NS).unwrap();
    /// assert_eq!((data.len(), data.details(0).sub_bars.len()), (6, 15));
    /// assert_eq!(data.bars()[0].close, data.details(0).sub_bars[14].close);
    /// ```
    ///
    /// # Errors
    /// When the period is no multiple of that of the bars, no row is filled, or a dividend, a split or a roll falls between
    /// the bars of a row: its prices would not compare.
    pub fn resample(&self, period_ns: i64) -> Result<Self> {
        if period_ns <= self.period_ns || period_ns % self.period_ns.max(1) != 0 {
            let own = self.period_ns;
            return Err(Error::spec("period_ns", format!("{period_ns} must be a multiple of {own}, that of the bars")));
        }
        let n = self.instruments.len();
        let mut intervals = Intervals::new(self.clock.clone(), period_ns);
        let ends: Vec<Timestamp> = self.bars.iter().step_by(n).map(|bar| intervals.end(bar.time)).collect();
        let (mut bars, mut quotes): (Vec<Bar>, Vec<Option<Quote>>) = (Vec::new(), Vec::new());
        let mut columns: Vec<(String, Vec<f32>)> =
            self.columns.iter().map(|(name, _)| (name.clone(), vec![])).collect();
        let (mut first, mut events) = (0, Vec::new());
        for next in 1..=self.len {
            let closes = ends[first];
            let filled = match ends.get(next) {
                Some(end) => *end != closes,
                None => self.bars[(next - 1) * n].time == closes,
            };
            if !filled {
                continue;
            }
            // Where a session ends, a row is shorter.
            let opens = closes.plus_ns(-period_ns);
            let opens = bars.last().map_or(opens, |bar| bar.time.max(opens));
            for (row, event) in (first..next).flat_map(|row| self.events.of(row).iter().map(move |event| (row, event)))
            {
                if row > first && event.what.moves_prices() {
                    let (what, time) = (event.what, event.time);
                    let message = format!("{what:?} at {time} falls into a row of {period_ns} ns; make shorter rows");
                    return Err(Error::spec("period_ns", message));
                }
                // The bar before may have closed earlier than its row.
                let time = if first == 0 { event.time } else { event.time.max(opens) };
                events.push(MarketEvent { time, ..*event });
            }
            for id in 0..n {
                let of = || self.bars[first * n..next * n].iter().skip(id).step_by(n);
                bars.push(Bar {
                    time: closes,
                    open: self.bars[first * n + id].open,
                    high: of().map(|bar| bar.high).fold(f64::NEG_INFINITY, f64::max),
                    low: of().map(|bar| bar.low).fold(f64::INFINITY, f64::min),
                    close: self.bars[(next - 1) * n + id].close,
                    volume: of().map(|bar| bar.volume).sum(),
                });
                // The first bar may have opened later than the row; what stood at the bar before stood then.
                let stood = |row: usize| self.details(row).quotes.get(id).copied().flatten();
                let ex = |quote: Quote| {
                    let own = self.events.of(first).iter().filter(|event| event.instrument.0 as usize == id);
                    own.fold(quote, |quote, event| event.what.ex_quote(&quote, self.instruments[id].multiplier))
                };
                let before = first.checked_sub(1).and_then(stood).map(ex);
                quotes.push(stood(first).filter(|quote| quote.time <= opens).or(before));
            }
            for ((_, kept), (_, values)) in columns.iter_mut().zip(&self.columns) {
                kept.push(values[next - 1]);
            }
            first = next;
        }
        let made = Self::builder(self.instruments.clone()).bars(bars).calendar(self.calendar).period_ns(period_ns);
        let made = columns.into_iter().fold(made, |made, (name, values)| made.column(name, values));
        let made = if self.has_quotes() { made.quotes(quotes, QuotesAt::Open) } else { made };
        made.events(events).adjust(self.adjustment).sub_bars(self.bars[..first * n].to_vec()).build()
    }
}
