//! The past of a market, and nothing after it.

use crate::{Bar, Instrument, InstrumentId, Timestamp, market::MarketData, time::DAY_NS};

/// What is known at a decision: the bars that have closed. There is no way from here to a later one.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, Timestamp, market::MarketData};
/// let bar = |m: i64, close: f64| Bar {
///     time: Timestamp::from_nanos(m * 60_000_000_000), open: close, high: close, low: close, close, volume: 1.0 };
/// let data = MarketData::builder(vec![Instrument::es()]).bars(vec![bar(1, 10.0), bar(2, 11.0)]).build().unwrap();
/// assert_eq!(data.view(1).last(InstrumentId(0)).close, 10.0);
/// assert_eq!(data.view(2).last(InstrumentId(0)).close, 11.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MarketView<'a> {
    data: &'a MarketData,
    end: usize,
}

impl<'a> MarketView<'a> {
    /// The first `end` rows; at least one.
    #[inline]
    pub(super) fn new(data: &'a MarketData, end: usize) -> Self {
        debug_assert!(end >= 1 && end <= data.len());
        Self { data, end }
    }

    /// Time of the decision: when the last bar closed.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Timestamp {
        self.last(InstrumentId(0)).time
    }

    /// How many rows are known.
    #[expect(clippy::len_without_is_empty, reason = "a view has at least one row")]
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.end
    }

    /// The last bar of an instrument.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    #[inline]
    pub fn last(&self, id: InstrumentId) -> &'a Bar {
        self.data.bar(self.end - 1, id)
    }

    /// The bar `ago` rows before the last one (0 is the last), if it is known.
    #[must_use]
    pub fn ago(&self, id: InstrumentId, ago: usize) -> Option<&'a Bar> {
        self.end.checked_sub(ago + 1).map(|row| self.data.bar(row, id))
    }

    /// What is traded.
    #[must_use]
    #[inline]
    pub fn instruments(&self) -> &'a [Instrument] {
        self.data.instruments()
    }

    /// The last `n` rows of features, oldest first, `n * width` numbers; `n` must be at most [`len`](Self::len).
    #[must_use]
    #[inline]
    pub fn window(&self, n: usize) -> &'a [f32] {
        self.data.feature_rows(self.end - n, self.end)
    }

    /// Whether the last `n` rows are there and their features known: then [`window`](Self::window) gives finite numbers.
    #[must_use]
    #[inline]
    pub fn is_warm(&self, n: usize) -> bool {
        self.end >= self.data.warm_up() + n
    }

    /// Whether the session ended with the last bar.
    #[must_use]
    #[inline]
    pub fn session_closed(&self) -> bool {
        self.data.session_closed(self.end - 1)
    }

    /// Whether what is held now is carried out of a session: the session ended with the last bar, or there are none.
    #[must_use]
    #[inline]
    pub fn is_overnight(&self) -> bool {
        self.session_closed() || self.data.calendar() == super::Calendar::None
    }

    /// Length of a bar in nanoseconds.
    #[must_use]
    #[inline]
    pub fn period_ns(&self) -> i64 {
        self.data.period_ns()
    }

    /// The data without its last row, unless that is all.
    #[must_use]
    pub(crate) fn before(&self) -> Option<Self> {
        (self.end > 1).then(|| Self { data: self.data, end: self.end - 1 })
    }

    /// The last row, one bar an instrument.
    #[must_use]
    pub(crate) fn row(&self) -> &'a [Bar] {
        let n = self.data.instruments().len();
        &self.data.bars()[(self.end - 1) * n..self.end * n]
    }

    /// Days, by the calendar, from the close of the session of the row before to that of the last row's session.
    pub(crate) fn days_turned(&self) -> i64 {
        let Some(before) = self.before() else { return 0 };
        let (then, now) = (before.now(), self.now());
        if self.data.calendar() == super::Calendar::None {
            // As with sessions, a bar that closes at midnight is the day's last.
            let day = |time: Timestamp| (time.nanos() - 1).div_euclid(DAY_NS);
            return day(now) - day(then);
        }
        // A session's first row stands behind a close, or, where the close is missing, is said to be one itself.
        let near_a_close = before.session_closed() || self.session_closed();
        if !near_a_close || self.data.session_starts().binary_search(&(self.end as u32 - 1)).is_err() {
            return 0;
        }
        let clock = self.data.clock();
        let closes = |time| clock.session(time).closes.nanos();
        // Daylight saving makes a day of 23 or 25 hours: it is one.
        ((closes(now) - closes(then)) as f64 / DAY_NS as f64).round() as i64
    }
}
