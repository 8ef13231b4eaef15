//! The data of a market: immutable and shared in a simulation, growing by the bar in a live session.

mod builder;
mod details;
mod part;
mod table;

pub use builder::MarketDataBuilder;
pub use details::RowDetails;
pub use table::FeatureTable;

use super::{
    Adjustment, Bar, Calendar, Instrument, InstrumentId, MarketView, Session, SessionClock, events::Events,
    prefetch::prefetch_read,
};
use crate::{Error, Result, Timestamp};
use details::Details;

/// Name, and one number a row.
pub(crate) type Column = (String, Vec<f32>);

/// Bars and features of `n` instruments, time-major: row `t` holds every instrument at one moment.
///
/// Features are rows of `width` f32, one row a bar; a window of them is one contiguous slice.
///
/// ```
/// use tradepit::{Bar, Instrument, Timestamp, market::{Calendar, MarketData}};
/// let bars: Vec<Bar> = (1..=3).map(|m| Bar {
///     time: Timestamp::from_nanos(m * 60_000_000_000), open: 10.0, high: 10.5, low: 9.75, close: 10.25, volume: 7.0,
/// }).collect();
/// let data = MarketData::builder(vec![Instrument::es()]).bars(bars).calendar(Calendar::Utc).build().unwrap();
/// assert_eq!((data.len(), data.period_ns()), (3, 60_000_000_000));
/// assert_eq!(data.session_starts(), [0]);
/// ```
#[derive(Clone, Debug)]
pub struct MarketData {
    instruments: Vec<Instrument>,
    bars: Vec<Bar>,
    features: FeatureTable,
    names: Vec<String>,
    warm_up: usize,
    columns: Vec<(String, Vec<f32>)>,
    len: usize,
    period_ns: i64,
    calendar: Calendar,
    clock: SessionClock,
    session: Option<Session>,
    /// One bit a row: the session ended with it. 350,000 rows fit the second-level cache.
    closed: Vec<u64>,
    starts: Vec<u32>,
    details: Details,
    pub(super) events: Events,
    pub(super) adjustment: Adjustment,
}

impl MarketData {
    /// What is traded.
    #[must_use]
    #[inline]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// Number of rows.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row; never so for built data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Length of a bar in nanoseconds: the smallest step between two rows, unless it was given.
    #[must_use]
    pub fn period_ns(&self) -> i64 {
        self.period_ns
    }

    /// The rule that cuts the data into sessions.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The calendar with its time zone.
    #[must_use]
    pub fn clock(&self) -> &SessionClock {
        &self.clock
    }

    /// All bars, row by row.
    #[must_use]
    pub fn bars(&self) -> &[Bar] {
        &self.bars
    }

    /// For a market that is drawn anew in its own memory; the times must stay, and the features are then old.
    pub(super) fn bars_mut(&mut self) -> &mut [Bar] {
        &mut self.bars
    }

    /// As [`bars_mut`](Self::bars_mut), with the columns; each must keep its length.
    pub(super) fn bars_and_columns_mut(&mut self) -> (&mut [Bar], &mut [Column]) {
        (&mut self.bars, &mut self.columns)
    }

    /// The bars and columns, and the features to be written from them.
    pub(crate) fn rows_and_table(&mut self) -> (&[Bar], &[Column], &mut FeatureTable) {
        (&self.bars, &self.columns, &mut self.features)
    }

    /// The user's own columns, one number a row each.
    #[must_use]
    pub fn columns(&self) -> &[(String, Vec<f32>)] {
        &self.columns
    }

    /// Where the column of that name is among [`columns`](Self::columns), if it is there.
    #[must_use]
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(known, _)| known == name)
    }

    /// Features in a row.
    #[must_use]
    #[inline]
    pub fn width(&self) -> usize {
        self.features.width()
    }

    /// Names of the features, in the order of a row.
    #[must_use]
    pub fn feature_names(&self) -> &[String] {
        &self.names
    }

    /// Rows at the beginning whose features are not all known yet.
    #[must_use]
    pub fn warm_up(&self) -> usize {
        self.warm_up
    }

    /// Rows with which a session begins, in order.
    #[must_use]
    pub fn session_starts(&self) -> &[u32] {
        &self.starts
    }

    /// The past as of the first `end` rows.
    ///
    /// # Panics
    /// When `end` is 0 or past the data.
    #[must_use]
    #[inline]
    pub fn view(&self, end: usize) -> MarketView<'_> {
        assert!(end >= 1 && end <= self.len, "view of {end} rows out of {}", self.len);
        MarketView::new(self, end)
    }

    /// As [`view`](Self::view), for a venue that knows where it is: a row past the data panics when it is read.
    #[inline]
    pub(crate) fn past(&self, end: usize) -> MarketView<'_> {
        MarketView::new(self, end)
    }

    #[inline]
    pub(crate) fn bar(&self, row: usize, id: InstrumentId) -> &Bar {
        &self.bars[row * self.instruments.len() + id.0 as usize]
    }

    /// The bars of a row and of the next one, or the last row's bar twice, of data of one instrument.
    #[inline(always)]
    pub(crate) fn two_bars(&self, row: usize) -> [&Bar; 2] {
        match self.bars.get(row..).and_then(<[Bar]>::first_chunk) {
            Some([before, bar]) => [before, bar],
            None => [self.last_bar(); 2],
        }
    }

    #[cold]
    fn last_bar(&self) -> &Bar {
        &self.bars[self.bars.len() - 1]
    }

    #[inline]
    pub(super) fn feature_rows(&self, from: usize, to: usize) -> &[f32] {
        self.features.rows(from, to)
    }

    #[inline]
    pub(super) fn session_closed(&self, row: usize) -> bool {
        self.closed[row / 64] >> (row % 64) & 1 == 1
    }

    /// Asks for row `t` before it is needed: its first bar, and the row of features.
    #[inline(always)]
    pub fn prefetch(&self, t: usize) {
        prefetch_read(&self.bars, t * self.instruments.len());
        let (numbers, at) = self.features.place(t);
        prefetch_read(numbers, at);
    }

    /// Appends one row, as a live session does when a bar closes.
    ///
    /// # Errors
    /// When the number of bars or features is wrong, the data have columns of the user's, a bar is unusable, or time does
    /// not go forward; nothing is appended then.
    pub fn push(&mut self, bars: &[Bar], row: &[f32]) -> Result<()> {
        self.push_with(bars, &[], RowDetails::default(), row)
    }

    /// Appends one row with the user's columns, and what it holds beside its bars.
    ///
    /// # Errors
    /// As [`push`](Self::push), and when there are not as many columns or quotes as in the rows before, a quote is crossed
    /// or later than the bar's open, finer bars do not make up the row, or an event can't be.
    pub fn push_with(&mut self, bars: &[Bar], columns: &[f32], details: RowDetails<'_>, row: &[f32]) -> Result<()> {
        let got = [bars.len(), columns.len(), row.len()];
        let expected = [self.instruments.len(), self.columns.len(), self.width()];
        if got != expected {
            let words = |[bars, columns, row]: [usize; 3]| format!("{bars} bars, {columns} columns and {row} features");
            return Err(Error::spec("row", format!("{}; expected {}", words(got), words(expected))));
        }
        check_row(bars, self.len, self.bars.len().checked_sub(1).map(|i| self.bars[i]), None)?;
        self.check_details(bars, details)?;
        self.append_session(bars[0].time, self.len);
        self.append_details(details);
        self.events.add(self.len, details.events);
        self.bars.extend_from_slice(bars);
        for ((_, column), value) in self.columns.iter_mut().zip(columns) {
            column.push(*value);
        }
        self.features.push(row);
        self.len += 1;
        Ok(())
    }

    fn append_session(&mut self, time: Timestamp, row: usize) {
        if row.is_multiple_of(64) {
            self.closed.push(0);
        }
        // Time goes forward, and a session is the first that closes at or after a moment.
        let current = self.session.filter(|s| time <= s.closes);
        let now = current.unwrap_or_else(|| self.clock.session(time));
        let began = self.session.is_none_or(|s| s.closes != now.closes);
        // A session whose last bar is missing ends, late, with the first bar of the next one: the only rule that a
        // live session can follow as well.
        let missed = began && row > 0 && !self.session_closed(row - 1);
        if began {
            self.starts.push(row as u32);
        }
        if time == now.closes || missed {
            self.closed[row / 64] |= 1 << (row % 64);
        }
        self.session = Some(now);
    }
}

fn check_row(bars: &[Bar], row: usize, before: Option<Bar>, source: Option<&str>) -> Result<()> {
    let refuse = |column: &str, message: String| Error::Data {
        source_name: source.map(str::to_owned),
        row,
        column: column.to_owned(),
        message,
    };
    if let Some(before) = before.filter(|b| bars[0].time <= b.time) {
        return Err(refuse(
            "time",
            format!(
                "{} is not after {} of the row before; sort the rows and drop duplicates",
                bars[0].time, before.time
            ),
        ));
    }
    for (id, bar) in bars.iter().enumerate() {
        bar.check().map_err(|(column, message)| refuse(column, message))?;
        if bar.time != bars[0].time {
            return Err(refuse(
                "time",
                format!("instrument {id} has {}, instrument 0 has {}; align them on one clock", bar.time, bars[0].time),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_NS;

    fn bar(minute: i64) -> Bar {
        Bar {
            time: Timestamp::from_nanos(minute * MINUTE_NS),
            open: 10.0,
            high: 10.0,
            low: 10.0,
            close: 10.0,
            volume: 1.0,
        }
    }

    #[test]
    fn bad_rows_are_named() {
        let build = |bars: Vec<Bar>| {
            MarketData::builder(vec![Instrument::es()]).source_name("x.csv").bars(bars).build().unwrap_err().to_string()
        };
        let nan = build(vec![bar(1), Bar { close: f64::NAN, ..bar(2) }]);
        assert!(nan.starts_with("x.csv: row 1, column close: NaN is not a finite number"), "{nan}");
        let crossed = build(vec![Bar { high: 9.0, ..bar(1) }]);
        assert!(crossed.contains("row 0, column high: high 9 is below low 10"), "{crossed}");
        let unsorted = build(vec![bar(2), bar(1)]);
        assert!(unsorted.contains("row 1, column time: 1970-01-01T00:01:00Z is not after"), "{unsorted}");
    }

    #[test]
    fn a_push_gives_what_a_build_gives() {
        let bars: Vec<Bar> = [1, 2, 1439, 1440, 1441, 2900, 4000].map(bar).to_vec();
        let build =
            |bars| MarketData::builder(vec![Instrument::es()]).calendar(Calendar::Utc).bars(bars).build().unwrap();
        let whole = build(bars.clone());
        let mut grown = build(bars[..1].to_vec());
        for bar in &bars[1..] {
            grown.push(&[*bar], &[]).unwrap();
        }
        assert_eq!(grown.closed, whole.closed);
        assert_eq!(grown.starts, whole.starts);
        assert_eq!(whole.starts, [0, 4, 5]);
        // 1440 closes the first day; 2900 is the third day's first bar and ends the second late; 4000 the same again
        // is not: it lies in the third day.
        assert_eq!(whole.closed, [0b010_1000]);
    }
}
