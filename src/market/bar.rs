//! One interval of trading.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Open, high, low, close and volume of one interval, stamped by its close: the moment it is known.
///
/// One bar is one cache line.
///
/// ```
/// use tradepit::{Bar, Timestamp};
/// let bar = Bar { time: Timestamp::from_nanos(60), open: 10.0, high: 11.0, low: 9.0, close: 10.5, volume: 3.0 };
/// assert_eq!(std::mem::size_of::<Bar>(), 64);
/// assert!(bar.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[repr(C, align(64))]
pub struct Bar {
    /// Close of the interval.
    pub time: Timestamp,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded: contracts, shares, coins.
    pub volume: f64,
}

impl Bar {
    /// Whether the bar can be traded on.
    ///
    /// # Errors
    /// The column and what is wrong with it: a value that is not finite, a negative volume, a high below the low,
    /// an open or close outside them, a time of no market.
    pub fn check(&self) -> std::result::Result<(), (&'static str, String)> {
        self.time.check().map_err(|message| ("time", message))?;
        let columns = [
            ("open", self.open),
            ("high", self.high),
            ("low", self.low),
            ("close", self.close),
            ("volume", self.volume),
        ];
        for (name, value) in columns {
            if !value.is_finite() {
                return Err((name, format!("{value} is not a finite number; fill or drop the row")));
            }
        }
        let Self { open, high, low, close, volume, .. } = *self;
        if high < low {
            return Err(("high", format!("high {high} is below low {low}; check the column order")));
        }
        for (name, value) in [("open", open), ("close", close)] {
            if value < low || value > high {
                return Err((
                    name,
                    format!("{name} {value} is outside low {low} to high {high}; check the column order"),
                ));
            }
        }
        if volume < 0.0 {
            return Err(("volume", format!("{volume} is negative; volume counts units traded, at least 0")));
        }
        Ok(())
    }
}
