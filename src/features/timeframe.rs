//! Larger bars out of smaller ones, completed ones only.

use serde::{Deserialize, Serialize};

use crate::{
    Bar,
    market::{Intervals, SessionClock},
    time::MINUTE_NS,
};

/// Builds bars of a higher timeframe; a bar is shown when it is complete, never before.
///
/// Sessions are cut from their opening on, and a timeframe of a day is a session: see [`Intervals`]. A bar belongs to the
/// interval in which it closes. An interval is complete when a bar closes exactly at its end, or, where that bar is missing, when the first
/// bar of a later interval has closed: no earlier moment knows that nothing more will come.
///
/// ```
/// use tradepit::{Bar, Timestamp, features::Aggregator, market::Calendar};
/// let bar = |minute: i64, close: f64| Bar {
///     time: Timestamp::from_nanos(minute * 60_000_000_000), open: close, high: close, low: close, close, volume: 2.0 };
/// let mut five = Aggregator::new(5, Calendar::None.clock().unwrap());
/// assert!(five.update(&bar(1, 10.0)).is_empty());
/// assert!(five.update(&bar(3, 12.0)).is_empty());
/// let done = five.update(&bar(5, 11.0));
/// assert_eq!((done[0].open, done[0].high, done[0].close, done[0].volume), (10.0, 12.0, 11.0, 6.0));
/// assert!(five.update(&bar(6, 13.0)).is_empty());
/// // The bars of minutes 7 to 19 are missing; minute 20 ends one interval and is the whole of another.
/// let closes: Vec<f64> = five.update(&bar(20, 14.0)).iter().map(|b| b.close).collect();
/// assert_eq!(closes, [13.0, 14.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Aggregator {
    intervals: Intervals,
    built: Built,
}

/// What an aggregator remembers of the bars that it took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Built {
    partial: Option<Bar>,
    done: [Bar; 2],
    /// How many of them the last update completed.
    count: usize,
}

impl Aggregator {
    /// For bars of `minutes` in the sessions of `clock`.
    #[must_use]
    pub fn new(minutes: u32, clock: SessionClock) -> Self {
        let intervals = Intervals::new(clock, i64::from(minutes.max(1)) * MINUTE_NS);
        Self { intervals, built: Built::default() }
    }

    /// Forgets the bars that it took.
    pub(super) fn restart(&mut self) {
        self.built = Built::default();
    }

    /// Takes the next bar and gives those that it completes: none, one, or two after a gap. They are stamped by the end
    /// of their interval.
    pub fn update(&mut self, bar: &Bar) -> &[Bar] {
        let end = self.intervals.end(bar.time);
        let built = &mut self.built;
        built.count = 0;
        let grown = match built.partial.take() {
            Some(partial) if partial.time == end => Bar {
                high: partial.high.max(bar.high),
                low: partial.low.min(bar.low),
                close: bar.close,
                volume: partial.volume + bar.volume,
                ..partial
            },
            interrupted => {
                if let Some(interrupted) = interrupted {
                    built.done[built.count] = interrupted;
                    built.count += 1;
                }
                Bar { time: end, ..*bar }
            }
        };
        if bar.time == end {
            built.done[built.count] = grown;
            built.count += 1;
        } else {
            built.partial = Some(grown);
        }
        self.done()
    }

    /// What it remembers, to be saved.
    pub(super) fn built(&self) -> Built {
        self.built
    }

    /// Goes on from what was saved.
    pub(super) fn restore(&mut self, built: Built) {
        self.built = built;
    }

    /// The bars that the last update completed.
    pub(super) fn done(&self) -> &[Bar] {
        &self.built.done[..self.built.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, market::Calendar};

    fn aggregator(minutes: u32) -> Aggregator {
        Aggregator::new(minutes, Calendar::None.clock().unwrap())
    }

    fn bar(minute: i64, open: f64, close: f64) -> Bar {
        let (high, low) = (open.max(close) + 1.0, open.min(close) - 1.0);
        Bar { time: Timestamp::from_nanos(minute * MINUTE_NS), open, high, low, close, volume: 1.0 }
    }

    #[test]
    fn a_gap_completes_late_and_only_by_a_later_interval() {
        let mut fifteen = aggregator(15);
        assert!(fifteen.update(&bar(14, 10.0, 11.0)).is_empty());
        let late = fifteen.update(&bar(16, 12.0, 13.0)).to_vec();
        assert_eq!(late, [Bar { time: Timestamp::from_nanos(15 * MINUTE_NS), ..bar(14, 10.0, 11.0) }]);
        for minute in 17..30 {
            assert!(fifteen.update(&bar(minute, 12.0, 13.0)).is_empty(), "minute {minute}");
        }
        let done = fifteen.update(&bar(30, 20.0, 30.0)).to_vec();
        assert_eq!(done.len(), 1);
        assert_eq!((done[0].open, done[0].high, done[0].low, done[0].close), (12.0, 31.0, 11.0, 30.0));
        assert_eq!((done[0].volume, done[0].time.nanos()), (15.0, 30 * MINUTE_NS));
    }

    #[test]
    fn intervals_before_1970_end_at_whole_multiples_too() {
        let mut five = aggregator(5);
        assert!(five.update(&bar(-6, 1.0, 1.0)).is_empty());
        assert_eq!(five.update(&bar(-5, 1.0, 1.0))[0].time.nanos(), -5 * MINUTE_NS);
    }
}
