//! When a market trades: which session a moment belongs to, and when that session closes.

mod clock;
mod days;
mod hours;
mod intervals;

pub use clock::{Session, SessionClock};
pub use intervals::Intervals;

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    time::{DAY_NS, MINUTE_NS},
};

/// The rule that cuts time into sessions.
///
/// Holidays, shortened days and closings that no rule foresaw are dated tables, New York's from 1990 and Chicago's from
/// 1998 to 2040; what lies outside them has the hours of an ordinary week. Their source is `tests/peers/make_calendars.py`.
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
    /// CME Globex equity index futures: 17:00 to 16:00 the next day, Chicago time. In 2012 to 2021 with a halt from 15:15
    /// to 15:30, until September 2015 to 16:15; before 19 November 2012, 15:30 (behind a day of rest, 17:00) to 15:15 with
    /// a halt from 16:30 to 17:00, which may be up to half an hour off in the years before 2005.
    Cme,
    /// New York shares, regular hours: 09:30 to 16:00, New York time.
    Nyse,
    /// Spot currencies: from Sunday to Friday, days that end at 17:00, New York time, without holidays.
    Forex,
    /// Round the clock: UTC days.
    Utc,
    /// No sessions: the whole of the data is one.
    #[default]
    None,
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

    /// Loads the time zone and the days.
    ///
    /// # Errors
    /// When the time-zone database lacks the zone, which the bundled one does not.
    pub fn clock(self) -> Result<SessionClock> {
        SessionClock::new(self)
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
        assert_eq!(closes(Calendar::Cme, "2024-03-01T22:00:01Z"), "2024-03-04T22:00:00Z");
        assert_eq!(closes(Calendar::Utc, "2024-03-01T00:00:00Z"), "2024-03-01T00:00:00Z");
        assert_eq!(closes(Calendar::Utc, "2024-03-01T00:01:00Z"), "2024-03-02T00:00:00Z");
    }

    #[test]
    fn daylight_saving_moves_the_close_in_utc() {
        assert_eq!(closes(Calendar::Cme, "2024-03-08T20:00:00Z"), "2024-03-08T22:00:00Z");
        assert_eq!(closes(Calendar::Cme, "2024-03-11T20:00:00Z"), "2024-03-11T21:00:00Z");
    }
}
