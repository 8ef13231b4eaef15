//! Where and when a synthetic market trades.

use serde::{Deserialize, Serialize};

use crate::{Bar, Error, Instrument, MarketData, Result, Timestamp, market::Calendar, time::MINUTE_NS};

/// The instrument, calendar and times that a synthetic market fills.
///
/// ```
/// use tradepit::{market::{Calendar, synth::SynthRows}, time::MINUTE_NS};
/// let rows = SynthRows { calendar: Calendar::Nyse, bars: 400, ..SynthRows::default() }.build().unwrap();
/// // 390 minutes of Tuesday, 2 January 2024, and the first 10 of Wednesday.
/// assert_eq!(rows.session_starts(), [0, 390]);
/// assert_eq!(rows.bars()[0].time.to_string(), "2024-01-02T14:31:00Z");
/// assert_eq!(rows.bars()[389].time.to_string(), "2024-01-02T21:00:00Z");
/// ```
///
/// Bars fill whole sessions of the calendar; holidays, shortened days and halts are the calendar's. A bar as long as a session,
/// or longer, is one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SynthRows {
    /// What is traded.
    pub instrument: Instrument,
    /// When it is traded.
    pub calendar: Calendar,
    /// No bar opens before.
    pub start: Timestamp,
    /// Length of a bar in nanoseconds, above 0.
    pub period_ns: i64,
    /// How many bars, at least 1.
    pub bars: usize,
    /// The first price, above 0; it is rounded to the tick.
    pub price: f64,
}

impl Default for SynthRows {
    /// 10,000 minutes of ES on CME from 2 January 2024 on, at 5,000.
    fn default() -> Self {
        Self {
            instrument: Instrument::es(),
            calendar: Calendar::Cme,
            start: Timestamp::from_nanos(1_704_153_600_000_000_000),
            period_ns: MINUTE_NS,
            bars: 10_000,
            price: 5_000.0,
        }
    }
}

impl SynthRows {
    /// So many minutes, round the clock and without sessions, of [`Instrument::unit`] at 100: rows for an exact process.
    ///
    /// ```
    /// use tradepit::market::synth::SynthRows;
    /// let rows = SynthRows::exact(200).build().unwrap();
    /// assert_eq!((rows.len(), rows.instruments()[0].tick, rows.session_starts()), (200, 1e-6, &[0][..]));
    /// ```
    #[must_use]
    pub fn exact(bars: usize) -> Self {
        Self { instrument: Instrument::unit(), calendar: Calendar::None, bars, price: 100.0, ..Self::default() }
    }

    /// The rows, at one price, without volume.
    ///
    /// # Errors
    /// When a number is out of range, or no session has room for a bar.
    pub fn build(&self) -> Result<MarketData> {
        let at_least_a_tick = self.price.is_finite() && self.price >= self.instrument.tick;
        if !at_least_a_tick {
            return Err(Error::spec("rows.price", format!("{} must be finite, and at least a tick", self.price)));
        }
        if self.period_ns <= 0 {
            return Err(Error::spec("rows.period_ns", format!("{} must be above 0", self.period_ns)));
        }
        if !(1..=1 << 28).contains(&self.bars) {
            return Err(Error::spec("rows.bars", format!("{} must be in 1..=268435456", self.bars)));
        }
        self.instrument.validate()?;
        let price = self.instrument.round_price(self.price);
        let bar = |time| Bar { time, open: price, high: price, low: price, close: price, volume: 0.0 };
        MarketData::builder(vec![self.instrument.clone()])
            .bars(self.times()?.into_iter().map(bar).collect())
            .calendar(self.calendar)
            .period_ns(self.period_ns)
            .build()
    }

    /// When the bars close.
    fn times(&self) -> Result<Vec<Timestamp>> {
        let (clock, end) = (self.calendar.clock()?, Timestamp::from_nanos(i64::MAX));
        let mut times = Vec::with_capacity(self.bars);
        for session in clock.sessions(self.start, end) {
            let (begins, closes) = (session.opens.nanos(), session.closes.nanos());
            let opens = begins.max(self.start.nanos());
            // Where a session is begun late, bars keep to its own grid.
            let late = opens.saturating_sub(begins) % self.period_ns;
            let on_grid = late == 0 || begins == i64::MIN;
            let first = if on_grid { opens } else { opens - late + self.period_ns };
            let room = closes.saturating_sub(first) / self.period_ns;
            let closes_of = |n: i64| Timestamp::from_nanos(first + n * self.period_ns);
            let left = self.bars - times.len();
            // A session may have a halt in it.
            let open = (1..=room).map(closes_of).filter(|time| clock.expects(*time, self.period_ns));
            times.extend(open.take(left));
            if room == 0 && first == begins {
                times.push(session.closes);
            }
            if times.len() == self.bars {
                break;
            }
        }
        Ok(times)
    }
}
