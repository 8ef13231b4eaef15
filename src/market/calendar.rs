//! When a market trades: which session a moment belongs to, and when that session closes.

use jiff::{ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, Timestamp,
    time::{DAY_NS, MINUTE_NS},
};

/// The rule that cuts time into sessions.
///
/// Holidays are not in it: a holiday is a session without bars, and an early close shows as the next session's first bar.
///
/// ```
/// use tradepit::market::Calendar;
/// let clock = Calendar::Cme.clock().unwrap();
/// let session = clock.session("2024-03-01T14:30:00Z".parse().unwrap());
/// assert_eq!(session.opens.to_string(), "2024-02-29T23:00:00Z");
/// assert_eq!(session.closes.to_string(), "2024-03-01T22:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// CME Globex equity index futures: 17:00 to 16:00 the next day, Chicago time.
    Cme,
    /// New York shares, regular hours: 09:30 to 16:00, New York time.
    Nyse,
    /// Spot currencies: days that end at 17:00, New York time.
    Forex,
    /// Round the clock: UTC days.
    Utc,
    /// No sessions: the whole of the data is one.
    #[default]
    None,
}

/// One trading session: bars that close after `opens` and up to `closes` belong to it.
///
/// ```
/// use tradepit::{market::Calendar, time::MINUTE_NS};
/// let session = Calendar::Nyse.clock().unwrap().session("2024-03-01T15:00:00Z".parse().unwrap());
/// assert_eq!((session.closes.nanos() - session.opens.nanos()) / MINUTE_NS, 390);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// First moment.
    pub opens: Timestamp,
    /// Last moment.
    pub closes: Timestamp,
}

/// A calendar with its time zone loaded.
///
/// ```
/// use tradepit::market::Calendar;
/// let clock = Calendar::Nyse.clock().unwrap();
/// // 09:30 on a Friday, in New York.
/// assert_eq!(clock.local_minute("2024-03-01T14:30:00Z".parse().unwrap()), (570.0, 4));
/// ```
#[derive(Clone, Debug)]
pub struct SessionClock {
    zone: TimeZone,
    rule: Calendar,
}

impl Calendar {
    /// Bars of `period_ns` in a year, by which per-bar statistics become annual: 252 sessions of 23 hours (CME) or
    /// 6.5 hours (New York), 260 days of currencies, 365 days round the clock; without sessions, 252 bars of a day
    /// or, below a day, 365 days round the clock. A bar of a day or longer counts a session as one bar.
    ///
    /// ```
    /// use tradepit::{market::Calendar, time::{DAY_NS, MINUTE_NS}};
    /// assert_eq!(Calendar::Cme.bars_per_year(MINUTE_NS), 252.0 * 1380.0);
    /// assert_eq!(Calendar::None.bars_per_year(DAY_NS), 252.0);
    /// ```
    #[must_use]
    pub fn bars_per_year(self, period_ns: i64) -> f64 {
        let daily = period_ns >= DAY_NS;
        let (sessions, minutes) = match self {
            Self::Cme => (252.0, 1380.0),
            Self::Nyse => (252.0, 390.0),
            Self::Forex => (260.0, 1440.0),
            Self::None if daily => (252.0, 1440.0),
            Self::Utc | Self::None => (365.0, 1440.0),
        };
        let bars = if daily { DAY_NS } else { (minutes * MINUTE_NS as f64) as i64 } as f64 / period_ns.max(1) as f64;
        sessions * bars
    }

    /// Loads the time zone.
    ///
    /// # Errors
    /// When the time-zone database lacks it, which the bundled one does not.
    pub fn clock(self) -> Result<SessionClock> {
        let name = match self {
            Self::Cme => "America/Chicago",
            Self::Nyse | Self::Forex => "America/New_York",
            Self::Utc | Self::None => "UTC",
        };
        let zone = TimeZone::get(name).map_err(|e| Error::spec("calendar", format!("time zone {name}: {e}")))?;
        Ok(SessionClock { zone, rule: self })
    }
}

impl SessionClock {
    /// The session to which a bar that closes at `time` belongs, by the calendar alone.
    #[must_use]
    pub fn session(&self, time: Timestamp) -> Session {
        // The daily break, in minutes of local time: (close, open of the next).
        let (close, open) = match self.rule {
            Calendar::Cme => (16 * 60, 17 * 60),
            Calendar::Nyse => (16 * 60, 9 * 60 + 30),
            Calendar::Forex => (17 * 60, 17 * 60),
            Calendar::Utc => {
                let end = time.nanos().div_euclid(DAY_NS) * DAY_NS;
                let end = if end == time.nanos() { end } else { end + DAY_NS };
                return Session { opens: Timestamp::from_nanos(end - DAY_NS), closes: Timestamp::from_nanos(end) };
            }
            Calendar::None => {
                return Session { opens: Timestamp::from_nanos(i64::MIN), closes: Timestamp::from_nanos(i64::MAX) };
            }
        };
        let local = time.to_jiff().to_zoned(self.zone.clone());
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let after_close = minute > close || (minute == close && (local.second() > 0 || local.subsec_nanosecond() > 0));
        let day = local.date();
        let closing_day = if after_close { day.saturating_add(1.day()) } else { day };
        let opening_day = if open < close { closing_day } else { closing_day.saturating_sub(1.day()) };
        Session { opens: self.at(opening_day, open), closes: self.at(closing_day, close) }
    }

    /// Minutes since local midnight and weekday (Monday = 0) of a moment, in the market's own time zone.
    #[must_use]
    pub fn local_minute(&self, time: Timestamp) -> (f64, u8) {
        let local = time.to_jiff().to_zoned(self.zone.clone());
        let minute = f64::from(local.hour()) * 60.0
            + f64::from(local.minute())
            + (f64::from(local.second()) + f64::from(local.subsec_nanosecond()) * 1e-9) / 60.0;
        (minute, local.weekday().to_monday_zero_offset() as u8)
    }

    fn at(&self, day: jiff::civil::Date, minute: i64) -> Timestamp {
        let civil = day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
        let zoned = self.zone.to_ambiguous_zoned(civil).compatible();
        let nanos = zoned.map(|z| z.timestamp().as_nanosecond()).unwrap_or_default();
        Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closes(calendar: Calendar, time: &str) -> String {
        calendar.clock().unwrap().session(time.parse().unwrap()).closes.to_string()
    }

    #[test]
    fn a_bar_that_closes_at_the_close_is_the_sessions_last() {
        assert_eq!(closes(Calendar::Cme, "2024-03-01T22:00:00Z"), "2024-03-01T22:00:00Z");
        assert_eq!(closes(Calendar::Cme, "2024-03-01T22:00:01Z"), "2024-03-02T22:00:00Z");
        assert_eq!(closes(Calendar::Utc, "2024-03-01T00:00:00Z"), "2024-03-01T00:00:00Z");
        assert_eq!(closes(Calendar::Utc, "2024-03-01T00:01:00Z"), "2024-03-02T00:00:00Z");
    }

    #[test]
    fn daylight_saving_moves_the_close_in_utc() {
        assert_eq!(closes(Calendar::Cme, "2024-03-08T20:00:00Z"), "2024-03-08T22:00:00Z");
        assert_eq!(closes(Calendar::Cme, "2024-03-11T20:00:00Z"), "2024-03-11T21:00:00Z");
    }
}
