//! What rows hold beside their bars: quotes, and finer bars.

use super::{MarketData, MarketDataBuilder};
use crate::{
    Bar, Error, Result, Timestamp,
    market::{Instrument, MarketEvent, Quote, QuotesAt},
};

/// What is known of one row beside its bars; empty where the data do not have it.
///
/// ```
/// use tradepit::{Bar, Instrument, Timestamp, market::{MarketData, Quote, QuotesAt}};
/// let bar = |m: i64| Bar { time: Timestamp::from_nanos(m), open: 10.0, high: 10.0, low: 10.0, close: 10.0, volume: 1.0 };
/// let quote = |m: i64| Quote { time: Timestamp::from_nanos(m), bid: 9.75, ask: 10.25, ..Quote::default() };
/// let data = MarketData::builder(vec![Instrument::es()])
///     .bars(vec![bar(60), bar(120)]).quotes([quote(60), quote(120)], QuotesAt::Close).build().unwrap();
/// // What stood at the close of the first row is what an order of that decision meets.
/// assert_eq!((data.details(0).quotes, data.details(1).quotes), (&[None][..], &[Some(quote(60))][..]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowDetails<'a> {
    /// For each instrument the quote that stands when the row's bar opens, if one has come by then.
    pub quotes: &'a [Option<Quote>],
    /// Finer bars that make up the row, moment by moment: with `n` instruments, `n` bars of the same time behind each
    /// other.
    pub sub_bars: &'a [Bar],
    /// What took effect before the open: dividends, splits, halts, rolls.
    pub events: &'a [MarketEvent],
}

impl RowDetails<'_> {
    /// Whether the row can be traded on: every quote and finer bar alone.
    pub(crate) fn check(&self) -> std::result::Result<(), (&'static str, String)> {
        self.quotes.iter().flatten().try_for_each(Quote::check)?;
        self.sub_bars.iter().try_for_each(Bar::check)
    }

    /// Lets the quotes of this row come over those that stood before it: where none has come, the old one stands on, as it
    /// reads after the row's events.
    pub(crate) fn stand_on(&self, standing: &mut [Option<Quote>], instruments: &[Instrument]) {
        carry(standing, self.events, instruments);
        for (stood, came) in standing.iter_mut().zip(self.quotes) {
            *stood = came.or(*stood);
        }
    }

    /// Whether it can belong to the row of `bars` that opened at `opened`, after a row of time `after`.
    fn fits(
        &self,
        bars: &[Bar],
        opened: Timestamp,
        after: Option<Timestamp>,
        stood: &[Option<Quote>],
    ) -> std::result::Result<(), (&'static str, String)> {
        self.check()?;
        for (id, quote) in self.quotes.iter().enumerate() {
            let Some(quote) = quote else { continue };
            follows(quote, stood.get(id).copied().flatten(), opened)?;
        }
        if self.sub_bars.is_empty() {
            return Ok(());
        }
        let refuse = |message: String| Err(("sub_bars", message));
        let (n, time) = (bars.len(), bars[0].time);
        if !self.sub_bars.len().is_multiple_of(n) {
            return refuse(format!("{} bars for {n} instruments; expected whole moments", self.sub_bars.len()));
        }
        let mut before = after;
        for moment in self.sub_bars.chunks_exact(n) {
            let now = moment[0].time;
            if let Some(other) = moment.iter().find(|bar| bar.time != now) {
                return refuse(format!("{} stands beside {now}; align instruments on one clock", other.time));
            }
            if before.is_some_and(|before| now <= before) || now > time {
                let from = before.map(|before| format!("after {before} and ")).unwrap_or_default();
                return refuse(format!(
                    "{now} must be {from}not after {time}, the row's; sort them and drop duplicates"
                ));
            }
            before = Some(now);
        }
        for (id, bar) in bars.iter().enumerate() {
            let of = || self.sub_bars.iter().skip(id).step_by(n);
            let whole = |row: &Bar| [row.open, row.high, row.low, row.close];
            let mut made = *bar;
            made.open = self.sub_bars[id].open;
            made.high = of().map(|bar| bar.high).fold(f64::NEG_INFINITY, f64::max);
            made.low = of().map(|bar| bar.low).fold(f64::INFINITY, f64::min);
            made.close = self.sub_bars[self.sub_bars.len() - n + id].close;
            let names = ["open", "high", "low", "close"];
            let differs = names.iter().zip(whole(&made)).zip(whole(bar)).find(|((_, made), row)| made != row);
            if let Some(((name, made), row)) = differs {
                return refuse(format!("instrument {id}: their {name} is {made}, and that of the row {row}"));
            }
        }
        Ok(())
    }
}

/// A quote comes after the one before it, and not after the moment that it is for.
fn follows(quote: &Quote, stood: Option<Quote>, moment: Timestamp) -> std::result::Result<(), (&'static str, String)> {
    if quote.time > moment {
        let message = format!("its time {} is after {moment}, the moment that it is for", quote.time);
        return Err(("quote", message + "; an order can't meet what came later"));
    }
    match stood.filter(|stood| quote.time < stood.time) {
        Some(stood) => Err(("quote", format!("its time {} is before {} of the one before", quote.time, stood.time))),
        None => Ok(()),
    }
}

/// What no new quote follows stands over events as it reads after them.
fn carry(standing: &mut [Option<Quote>], events: &[MarketEvent], instruments: &[Instrument]) {
    for event in events {
        let id = event.instrument.0 as usize;
        if let Some(stood) = standing.get_mut(id) {
            *stood = stood.map(|quote| event.what.ex_quote(&quote, instruments[id].multiplier));
        }
    }
}

/// The details of all rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    /// One a row and instrument, or none at all.
    quotes: Vec<Option<Quote>>,
    sub_bars: Vec<Bar>,
    /// Where the finer bars of each row end; empty without any.
    ends: Vec<usize>,
}

impl Details {
    fn quotes(&self, row: usize, instruments: usize) -> &[Option<Quote>] {
        if self.quotes.is_empty() { &[] } else { &self.quotes[row * instruments..(row + 1) * instruments] }
    }

    fn row(&self, row: usize, instruments: usize) -> RowDetails<'_> {
        let quotes = self.quotes(row, instruments);
        let end = self.ends.get(row).copied().unwrap_or_default();
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        RowDetails { quotes, sub_bars: &self.sub_bars[start..end], events: &[] }
    }
}

/// What a builder was given of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    quotes: Option<(Vec<Option<Quote>>, QuotesAt)>,
    sub_bars: Vec<Bar>,
}

impl Given {
    /// Checks them against the rows of `data`, and gives each row what is its own.
    pub(super) fn build(self, data: &MarketData, source: Option<&str>) -> Result<Details> {
        let refuse = |row: usize, (column, message): (&str, String)| Error::Data {
            source_name: source.map(str::to_owned),
            row,
            column: column.to_owned(),
            message,
        };
        let (n, len) = (data.instruments.len(), data.len);
        let mut details = Details::default();
        if let Some((samples, at)) = self.quotes {
            if samples.len() != len * n {
                let got = samples.len();
                return Err(Error::spec(
                    "quotes",
                    format!("{got} for {len} rows of {n}; give one a bar, or none for it"),
                ));
            }
            let mut standing = vec![None; n];
            if at == QuotesAt::Close {
                details.quotes.extend_from_slice(&standing);
            }
            for (row, samples) in samples.chunks_exact(n).enumerate() {
                let moment = match at {
                    QuotesAt::Open => data.opened(row),
                    QuotesAt::Close => data.bars[row * n].time,
                };
                if at == QuotesAt::Open {
                    carry(&mut standing, data.events.of(row), &data.instruments);
                }
                for (stands, sample) in standing.iter_mut().zip(samples) {
                    let Some(quote) = sample else { continue };
                    quote.check().and_then(|()| follows(quote, *stands, moment)).map_err(|why| refuse(row, why))?;
                    *stands = Some(*quote);
                }
                if at == QuotesAt::Close {
                    carry(&mut standing, data.events.of(row + 1), &data.instruments);
                }
                details.quotes.extend_from_slice(&standing);
            }
            details.quotes.truncate(len * n);
        }
        if self.sub_bars.is_empty() {
            return Ok(details);
        }
        let mut start = 0;
        for (row, bars) in data.bars.chunks_exact(n).enumerate() {
            let rest = &self.sub_bars[start..];
            let own = RowDetails {
                sub_bars: &rest[..rest.partition_point(|bar| bar.time <= bars[0].time)],
                ..RowDetails::default()
            };
            let after = row.checked_sub(1).map(|before| data.bars[before * n].time);
            own.fits(bars, bars[0].time, after, &[]).map_err(|why| refuse(row, why))?;
            start += own.sub_bars.len();
            details.ends.push(start);
        }
        if let Some(left) = self.sub_bars.get(start) {
            let message = format!("{} is after the last row; they end where the rows end", left.time);
            return Err(refuse(len - 1, ("sub_bars", message)));
        }
        details.sub_bars = self.sub_bars;
        Ok(details)
    }
}

impl MarketDataBuilder {
    /// The quotes, one for each bar of [`bars`](Self::bars): a [`Quote`], or `None` where no new one came. The last one
    /// that came stands until then, with its own time, so that its age can be told.
    #[must_use]
    pub fn quotes<Q: Into<Option<Quote>>>(mut self, quotes: impl IntoIterator<Item = Q>, at: QuotesAt) -> Self {
        self.details.quotes = Some((quotes.into_iter().map(Into::into).collect(), at));
        self
    }

    /// Finer bars of the same instruments, by time, any number a row: with `n` instruments, `n` bars of the same time
    /// behind each other. Those of a row lie in the time since the row before, and have its open, high, low and close.
    #[must_use]
    pub fn sub_bars(mut self, bars: Vec<Bar>) -> Self {
        self.details.sub_bars = bars;
        self
    }
}

impl MarketData {
    /// Whether rows come with quotes.
    #[must_use]
    pub fn has_quotes(&self) -> bool {
        !self.details.quotes.is_empty()
    }

    /// Whether any row has finer bars.
    #[must_use]
    pub fn has_sub_bars(&self) -> bool {
        !self.details.sub_bars.is_empty()
    }

    /// What a row holds beside its bars.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn details(&self, row: usize) -> RowDetails<'_> {
        assert!(row < self.len, "row {row} of {}", self.len);
        RowDetails { events: self.events.of(row), ..self.details.row(row, self.instruments.len()) }
    }

    /// The quotes of a row, one an instrument; none where the data have none.
    #[inline]
    pub(in crate::market) fn quotes_of(&self, row: usize) -> &[Option<Quote>] {
        self.details.quotes(row, self.instruments.len())
    }

    /// When the bars of a row opened: one period before they closed, but not before the last ones did. Of the first row
    /// nobody needs to know.
    pub(in crate::market) fn opened(&self, row: usize) -> Timestamp {
        let n = self.instruments.len();
        let closed = self.bars[row * n].time;
        row.checked_sub(1).map_or(closed, |before| closed.plus_ns(-self.period_ns).max(self.bars[before * n].time))
    }

    /// Whether `details` can come with `bars`, which are known to be fit to be the next row.
    pub(crate) fn check_details(&self, bars: &[Bar], details: RowDetails<'_>) -> Result<()> {
        let (n, row) = (self.instruments.len(), self.len);
        let expected = if self.has_quotes() { n } else { 0 };
        if details.quotes.len() != expected {
            let got = details.quotes.len();
            return Err(Error::spec("row", format!("{got} quotes; expected {expected}, as in the rows before")));
        }
        self.check_events(details.events)?;
        let last = self.bars[(row - 1) * n].time;
        let opened = bars[0].time.plus_ns(-self.period_ns).max(last);
        let stood = self.details.row(row - 1, n).quotes;
        details.fits(bars, opened, Some(last), stood).map_err(|(column, message)| Error::Data {
            source_name: None,
            row,
            column: column.to_owned(),
            message,
        })
    }

    /// Keeps the details of the row that comes next.
    pub(super) fn append_details(&mut self, details: RowDetails<'_>) {
        let own = &mut self.details;
        if !details.quotes.is_empty() {
            let mut standing = own.quotes[own.quotes.len() - self.instruments.len()..].to_vec();
            details.stand_on(&mut standing, &self.instruments);
            own.quotes.extend(standing);
        }
        if !details.sub_bars.is_empty() {
            own.ends.resize(self.len, own.sub_bars.len());
        }
        own.sub_bars.extend_from_slice(details.sub_bars);
        if !own.ends.is_empty() {
            own.ends.push(own.sub_bars.len());
        }
    }
}

#[cfg(test)]
mod tests;
