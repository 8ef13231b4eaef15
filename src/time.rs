//! Points in time.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A point in time: nanoseconds since 1970-01-01T00:00:00 UTC.
///
/// ```
/// use tradepit::Timestamp;
/// let t: Timestamp = "2024-03-01T14:30:00Z".parse().unwrap();
/// assert_eq!(t.nanos(), 1_709_303_400_000_000_000);
/// assert_eq!(t.to_string(), "2024-03-01T14:30:00Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Nanoseconds of one second.
pub const SECOND_NS: i64 = 1_000_000_000;
/// Nanoseconds of one minute.
pub const MINUTE_NS: i64 = 60 * SECOND_NS;
/// Nanoseconds of one hour.
pub const HOUR_NS: i64 = 60 * MINUTE_NS;
/// Nanoseconds of one day of 24 hours.
pub const DAY_NS: i64 = 24 * HOUR_NS;

impl Timestamp {
    /// From nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// This time moved by `ns` nanoseconds.
    #[must_use]
    pub const fn plus_ns(self, ns: i64) -> Self {
        Self(self.0.saturating_add(ns))
    }

    /// Whether a market may have such a time: in the years 1870 to 2159, between any two of which there are so few nanoseconds
    /// that 64 bits count them.
    ///
    /// ```
    /// use tradepit::Timestamp;
    /// assert!("1871-01-01T00:00:00Z".parse::<Timestamp>()?.check().is_ok());
    /// assert!("1700-01-01T00:00:00Z".parse::<Timestamp>()?.check().is_err());
    /// # tradepit::Result::Ok(())
    /// ```
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(self) -> std::result::Result<(), String> {
        // Days from 1970 to the beginning of 1870 and of 2160.
        const YEARS: std::ops::Range<i64> = -36_524 * DAY_NS..69_396 * DAY_NS;
        if YEARS.contains(&self.0) {
            return Ok(());
        }
        Err(format!("{self} is not in the years 1870 to 2159; check the unit of the times, or drop the row"))
    }

    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        // Every i64 of nanoseconds (years 1677 to 2262) is inside jiff's range.
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed: jiff::Timestamp = text
            .parse()
            .map_err(|e| Error::spec("time", format!("{text:?} is not an ISO 8601 time with an offset ({e})")))?;
        i64::try_from(parsed.as_nanosecond())
            .map(Self)
            .map_err(|_| Error::spec("time", format!("{text:?} is outside the years 1677 to 2262")))
    }
}
