//! Bid and ask beside the bars of a source.

use super::BarSeries;
use crate::{
    Error, Result, Timestamp,
    market::{Quote, QuotesAt},
};

/// Columns of equal length, one quote a bar; NaN on both sides where none has come.
///
/// ```
/// use tradepit::ingest::QuoteColumns;
/// let columns = QuoteColumns { bid: &[9.75, f64::NAN], ask: &[10.25, f64::NAN], ..QuoteColumns::default() };
/// assert!(columns.row(1).is_none() && columns.row(0).unwrap().spread() == 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct QuoteColumns<'a> {
    /// Best bids.
    pub bid: &'a [f64],
    /// Best asks.
    pub ask: &'a [f64],
    /// Units bid for; 0, which is not known, without it.
    pub bid_size: Option<&'a [f64]>,
    /// Units offered; 0, which is not known, without it.
    pub ask_size: Option<&'a [f64]>,
    /// When each came, in nanoseconds since 1970; without it, at the moment that it is for.
    pub times_ns: Option<&'a [i64]>,
}

impl QuoteColumns<'_> {
    /// The quote of a row, if one has come, at its own time or the epoch.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<Quote> {
        let (bid, ask) = (self.bid[row], self.ask[row]);
        let size = |sizes: Option<&[f64]>| sizes.map_or(0.0, |sizes| sizes[row]);
        let time = self.times_ns.map_or_else(Timestamp::default, |times| Timestamp::from_nanos(times[row]));
        let quote = Quote { time, bid, ask, bid_size: size(self.bid_size), ask_size: size(self.ask_size) };
        (!(bid.is_nan() && ask.is_nan())).then_some(quote)
    }
}

impl BarSeries {
    /// With quotes, one for each bar, sampled `at` its open or its close.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, market::{Calendar, QuotesAt}};
    /// use tradepit::ingest::{ReadOptions, QuoteColumns, read_csv_from};
    /// let text = "ts,open,high,low,close\n2024-03-01T14:30Z,10,11,9,10\n2024-03-01T14:31Z,10,12,10,11\n";
    /// let series = read_csv_from(text.as_bytes(), "inline", &ReadOptions::default()).unwrap();
    /// let quotes = QuoteColumns { bid: &[9.75, 10.75], ask: &[10.0, 11.25], ..QuoteColumns::default() };
    /// let data = series.with_quotes(&quotes, QuotesAt::Close).unwrap().into_data(Instrument::es(), Calendar::Cme).unwrap();
    /// // The second bar opens to what stood when the first one closed.
    /// assert_eq!(data.view(2).quote(InstrumentId(0)).unwrap().ask, 10.0);
    /// ```
    ///
    /// # Errors
    /// Names the column whose length differs, or the row, column and value that can't be a quote.
    pub fn with_quotes(mut self, columns: &QuoteColumns<'_>, at: QuotesAt) -> Result<Self> {
        let len = self.bars.len();
        let lengths = [
            ("bid", columns.bid.len()),
            ("ask", columns.ask.len()),
            ("bid_size", columns.bid_size.map_or(len, <[f64]>::len)),
            ("ask_size", columns.ask_size.map_or(len, <[f64]>::len)),
            ("quote_time", columns.times_ns.map_or(len, <[i64]>::len)),
        ];
        if let Some((name, other)) = lengths.into_iter().find(|(_, other)| *other != len) {
            return Err(Error::spec(name, format!("{other} values for {len} bars; give one a row")));
        }
        let mut quotes = Vec::with_capacity(len);
        for (row, bar) in self.bars.iter().enumerate() {
            let mut quote = columns.row(row);
            if let Some(quote) = &mut quote {
                quote.check().map_err(|(column, message)| Error::Data {
                    source_name: self.source_name.clone(),
                    row,
                    column: column.to_owned(),
                    message,
                })?;
                if columns.times_ns.is_none() {
                    quote.time = match at {
                        QuotesAt::Open => bar.time.plus_ns(-self.period_ns),
                        QuotesAt::Close => bar.time,
                    };
                }
            }
            quotes.push(quote);
        }
        self.quotes = Some((quotes, at));
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Instrument, InstrumentId,
        ingest::{BarColumns, Stamp, bars_from_columns},
        market::Calendar,
    };

    #[test]
    fn quotes_of_arrays_are_stamped_by_their_moment_or_their_own_time() {
        let price = [10.0, 11.0];
        let bars =
            BarColumns { times_ns: &[0, 60], open: &price, high: &price, low: &price, close: &price, volume: None };
        let series = bars_from_columns(&bars, Stamp::Open, None).unwrap();
        let quotes = QuoteColumns { bid: &[9.0, 10.0], ask: &[9.5, 10.5], ..QuoteColumns::default() };
        let second = |columns: &QuoteColumns<'_>, at: QuotesAt| {
            let data = series.clone().with_quotes(columns, at)?.into_data(Instrument::es(), Calendar::None)?;
            Ok::<_, Error>(data.view(2).quote(InstrumentId(0)).map(|quote| (quote.time.nanos(), quote.bid)))
        };
        assert_eq!(second(&quotes, QuotesAt::Open).unwrap(), Some((60, 10.0)));
        assert_eq!(second(&quotes, QuotesAt::Close).unwrap(), Some((60, 9.0)));
        let timed = QuoteColumns { times_ns: Some(&[-5, 58]), ..quotes };
        assert_eq!(second(&timed, QuotesAt::Open).unwrap(), Some((58, 10.0)));
        let missing = QuoteColumns { bid: &[9.0, f64::NAN], ask: &[9.5, f64::NAN], ..quotes };
        assert_eq!(second(&missing, QuotesAt::Open).unwrap(), Some((0, 9.0)));
        let refused = |columns: &QuoteColumns<'_>| second(columns, QuotesAt::Open).unwrap_err().to_string();
        let one_side = QuoteColumns { bid: &[9.0, f64::NAN], ..quotes };
        assert!(refused(&one_side).starts_with("row 1, column bid: NaN is not a finite number"));
        assert_eq!(refused(&QuoteColumns { ask: &[1.0], ..quotes }), "ask: 1 values for 2 bars; give one a row");
        let late = QuoteColumns { times_ns: Some(&[0, 61]), ..quotes };
        assert!(refused(&late).starts_with("row 1, column quote: its time 1970-01-01T00:00:00.000000061Z is after"));
    }
}
