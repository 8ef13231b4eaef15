//! The past of a market, and nothing after it.

use crate::{
    Bar, Instrument, InstrumentId, Timestamp,
    market::{MarketData, MarketEvent, Quote, RowDetails},
    time::DAY_NS,
};

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

    /// Whether it is a view of `data`, and not of others that are the same.
    #[must_use]
    pub fn is_of(&self, data: &MarketData) -> bool {
        std::ptr::eq(self.data, data)
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

    /// When the last bar opened: one period before it closed, but not before the one before it did.
    #[must_use]
    pub(crate) fn opened(&self) -> Timestamp {
        self.data.opened(self.end - 1)
    }

    /// The quote that stood when the last bar opened, if one had come; none where the data have no quotes.
    #[must_use]
    pub fn quote(&self, id: InstrumentId) -> Option<&'a Quote> {
        self.data.quotes_of(self.end - 1).get(id.0 as usize)?.as_ref()
    }

    /// Whether the data have events, in whatever row.
    #[must_use]
    pub(crate) fn has_events(&self) -> bool {
        !self.data.events().is_empty()
    }

    /// Whether the data have quotes.
    #[must_use]
    pub(crate) fn has_quotes(&self) -> bool {
        self.data.has_quotes()
    }

    /// The finer bars that make up the last one, oldest first; none where the data do not have them.
    pub fn sub_bars(&self, id: InstrumentId) -> impl Iterator<Item = &'a Bar> + Clone + use<'a> {
        self.details().sub_bars.iter().skip(id.0 as usize).step_by(self.data.instruments().len())
    }

    /// What the last row holds beside its bars.
    #[must_use]
    pub fn details(&self) -> RowDetails<'a> {
        self.data.details(self.end - 1)
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

    /// Whether the next bar is the last one of its session, by the calendar.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// let data = synth::es_1m(2_000, 0).unwrap();
    /// let closed = (1..2_000).find(|rows| data.view(*rows).session_closed()).unwrap();
    /// assert!(data.view(closed - 1).session_closes_next() && !data.view(closed).session_closes_next());
    /// ```
    #[must_use]
    pub fn session_closes_next(&self) -> bool {
        let next = self.now().plus_ns(self.period_ns());
        self.data.calendar() != super::Calendar::None
            && self.data.clock().session(next).closes < next.plus_ns(self.period_ns())
    }

    /// Length of a bar in nanoseconds.
    #[must_use]
    #[inline]
    pub fn period_ns(&self) -> i64 {
        self.data.period_ns()
    }

    /// What took effect before the open of the last bar: dividends, splits, halts, rolls.
    #[must_use]
    pub fn events(&self) -> &'a [MarketEvent] {
        self.data.events.of(self.end - 1)
    }

    /// Whether trading in an instrument stands still: its orders wait.
    ///
    /// ```
    /// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, market::{MarketEvent, MarketFact}};
    /// let at = |minute: i64| Timestamp::from_nanos(minute * 60_000_000_000);
    /// let bar = |minute: i64| Bar { time: at(minute), open: 9.0, high: 9.0, low: 9.0, close: 9.0, volume: 0.0 };
    /// let happens = |minute, what| MarketEvent { time: at(minute), instrument: InstrumentId(0), what };
    /// let data = MarketData::builder(vec![Instrument::equity("XYZ")]).bars((1..5).map(bar).collect())
    ///     .events(vec![happens(1, MarketFact::Halt {}), happens(3, MarketFact::Resume {})]).build().unwrap();
    /// let halted = |rows| data.view(rows).is_halted(InstrumentId(0));
    /// assert_eq!([1, 2, 3, 4].map(halted), [false, true, true, false]);
    /// ```
    #[must_use]
    pub fn is_halted(&self, id: InstrumentId) -> bool {
        self.halted().contains(&id)
    }

    /// Every instrument whose trading stands still.
    pub(crate) fn halted(&self) -> &'a [InstrumentId] {
        self.data.events.halted(self.end - 1)
    }

    /// The number of a user's column as of the last row, by its [index](MarketData::column_index), if there is such a column.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// let data = synth::es_1m(2, 0).unwrap().with_column("news", vec![0.5, 1.5]).unwrap();
    /// let news = data.column_index("news").unwrap();
    /// assert_eq!((data.view(1).column(news), data.view(2).column(news)), (Some(0.5), Some(1.5)));
    /// assert_eq!(data.view(2).column(news + 1), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn column(&self, index: usize) -> Option<f32> {
        let (_, values) = self.data.columns().get(index)?;
        values.get(self.end - 1).copied()
    }

    /// As [`column`](Self::column), by name.
    pub(crate) fn column_named(&self, name: &str) -> Option<f32> {
        self.column(self.data.column_index(name)?)
    }

    /// The data without its last row, unless that is all.
    #[must_use]
    pub(crate) fn before(&self) -> Option<Self> {
        self.first(self.end - 1)
    }

    /// The first `end` rows, if there are so many.
    #[must_use]
    pub(crate) fn first(&self, end: usize) -> Option<Self> {
        (1..=self.end).contains(&end).then_some(Self { data: self.data, end })
    }

    /// The last row, one bar an instrument.
    #[must_use]
    pub(crate) fn row(&self) -> &'a [Bar] {
        let n = self.data.instruments().len();
        &self.data.bars()[(self.end - 1) * n..self.end * n]
    }

    /// Whether a day begins with the last row: a session, or a day of UTC where there are none. The first row begins one
    /// when its bar opened with it.
    pub(crate) fn day_begins(&self) -> bool {
        let now = self.now();
        match (self.before(), self.data.calendar() == super::Calendar::None) {
            (Some(before), true) => utc_day(now) != utc_day(before.now()),
            (Some(before), false) => {
                // A session's first row stands behind a close, or, where the close is missing, is said to be one itself.
                (before.session_closed() || self.session_closed())
                    && self.data.session_starts().binary_search(&(self.end as u32 - 1)).is_ok()
            }
            (None, true) => now.plus_ns(-self.period_ns()).nanos() <= utc_day(now) * DAY_NS,
            (None, false) => now.plus_ns(-self.period_ns()) <= self.data.clock().session(now).opens,
        }
    }

    /// Days, by the calendar, from the close of the session of the row before to that of the last row's session.
    #[inline(always)]
    pub(crate) fn days_turned(&self) -> i64 {
        // A day that begins behind no close, nor with one, is no session's: the usual row.
        let row = self.end - 1;
        let sessions = self.data.calendar() != super::Calendar::None;
        if sessions && row > 0 && !self.data.session_closed(row - 1) && !self.data.session_closed(row) {
            return 0;
        }
        self.days_to_a_new_one()
    }

    #[inline(never)]
    fn days_to_a_new_one(&self) -> i64 {
        let Some(before) = self.before() else { return 0 };
        if !self.day_begins() {
            return 0;
        }
        let (then, now) = (before.now(), self.now());
        if self.data.calendar() == super::Calendar::None {
            return utc_day(now) - utc_day(then);
        }
        let clock = self.data.clock();
        let closes = |time| clock.session(time).closes.nanos();
        // Daylight saving makes a day of 23 or 25 hours: it is one.
        ((closes(now) - closes(then)) as f64 / DAY_NS as f64).round() as i64
    }
}

/// Days since 1970 of a bar that closes at `time`; as with sessions, one that closes at midnight is the day's last.
fn utc_day(time: Timestamp) -> i64 {
    (time.nanos() - 1).div_euclid(DAY_NS)
}
