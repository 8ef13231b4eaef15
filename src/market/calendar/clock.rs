//! A calendar with its time zone and its days: the sessions of a market.

use jiff::{
    ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    Calendar,
    days::Days,
    hours::{self, Hours, Usual},
};
use crate::{Error, Result, Timestamp, time::DAY_NS};

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

/// A calendar with its time zone and its days.
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
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Hours(&'static [Usual], &'static Days),
    UtcDays,
    None,
}

impl SessionClock {
    pub(super) fn new(calendar: Calendar) -> Result<Self> {
        let (zone, rule) = match calendar {
            Calendar::Cme => ("America/Chicago", Rule::Hours(hours::CME, Days::cme()?)),
            Calendar::Nyse => ("America/New_York", Rule::Hours(hours::NYSE, Days::nyse()?)),
            Calendar::Forex => ("America/New_York", Rule::Hours(hours::FOREX, Days::none())),
            Calendar::Utc => ("UTC", Rule::UtcDays),
            Calendar::None => ("UTC", Rule::None),
        };
        let zone = TimeZone::get(zone).map_err(|e| Error::spec("calendar", format!("time zone {zone}: {e}")))?;
        Ok(Self { zone, rule })
    }

    /// The session to which a bar that closes at `time` belongs, by the calendar alone: the first that closes then or
    /// later. What lies outside all sessions, as an evening after the close or a weekend, belongs to the next one.
    ///
    /// ```
    /// use tradepit::market::Calendar;
    /// let clock = Calendar::Nyse.clock().unwrap();
    /// let closes = |time: &str| clock.session(time.parse().unwrap()).closes.to_string();
    /// assert_eq!(closes("2024-11-29T15:00:00Z"), "2024-11-29T18:00:00Z"); // the day after Thanksgiving, until 13:00
    /// assert_eq!(closes("2024-11-29T18:00:01Z"), "2024-12-02T21:00:00Z");
    /// ```
    #[must_use]
    pub fn session(&self, time: Timestamp) -> Session {
        self.dated_session(time).1
    }

    /// The trading date of a moment, as the midnight UTC with which it begins: the local date on which its session closes,
    /// so that a Sunday evening belongs to Monday. Without sessions, the day of UTC.
    ///
    /// Where the exchange settles a shortened holiday with the next day (CME does on Martin Luther King's), that is not
    /// followed: what was traded on the holiday has its date.
    ///
    /// ```
    /// use tradepit::market::Calendar;
    /// let clock = Calendar::Cme.clock().unwrap();
    /// let date = |time: &str| clock.session_date(time.parse().unwrap()).to_string();
    /// assert_eq!(date("2024-03-03T23:01:00Z"), "2024-03-04T00:00:00Z"); // Sunday, 17:01 in Chicago
    /// ```
    #[must_use]
    pub fn session_date(&self, time: Timestamp) -> Timestamp {
        self.dated_session(time).0.map_or_else(|| utc_day(time), |day| utc(&TimeZone::UTC, day.into()))
    }

    /// The sessions with a moment after `from` and up to `to`, in order.
    ///
    /// ```
    /// use tradepit::market::Calendar;
    /// let clock = Calendar::Nyse.clock().unwrap();
    /// let (from, to) = ("2024-12-23T00:00:00Z".parse().unwrap(), "2024-12-28T00:00:00Z".parse().unwrap());
    /// assert_eq!(clock.sessions(from, to).count(), 4); // all but Christmas
    /// ```
    pub fn sessions(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Session> + '_ {
        let first = (from < to).then(|| self.session(from.plus_ns(1)));
        let next =
            |session: &Session| (session.closes.nanos() < i64::MAX).then(|| self.session(session.closes.plus_ns(1)));
        std::iter::successors(first, next).take_while(move |session| session.opens < to)
    }

    /// Whether the market trades at some moment of a bar of `period_ns` that closes at `time`, so that a full set of data
    /// has it; always so without sessions. Bars in which nobody happened to trade may be missing all the same.
    ///
    /// ```
    /// use tradepit::{market::Calendar, time::MINUTE_NS};
    /// let clock = Calendar::Cme.clock().unwrap();
    /// let expects = |time: &str| clock.expects(time.parse().unwrap(), MINUTE_NS);
    /// assert!(expects("2024-07-03T17:15:00Z")); // the day before Independence Day, until 12:15 in Chicago
    /// assert!(!expects("2024-07-03T17:16:00Z"));
    /// assert!(expects("2024-07-03T22:01:00Z")); // and from 17:00 on for the next
    /// ```
    #[must_use]
    pub fn expects(&self, time: Timestamp, period_ns: i64) -> bool {
        let from = time.plus_ns(-period_ns.max(1));
        let (day, session) = self.dated_session(from.plus_ns(1));
        let (from, to) = (from.max(session.opens), time.min(session.closes));
        let paused =
            |(begins, ends): (DateTime, DateTime)| utc(&self.zone, begins) <= from && to <= utc(&self.zone, ends);
        from < to && !day.and_then(|day| self.hours(day)).and_then(|hours| hours.pause).is_some_and(paused)
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

    /// The session of a moment and, where it has local hours, its trading date.
    fn dated_session(&self, time: Timestamp) -> (Option<Date>, Session) {
        match self.rule {
            Rule::None => {
                (None, Session { opens: Timestamp::from_nanos(i64::MIN), closes: Timestamp::from_nanos(i64::MAX) })
            }
            Rule::UtcDays => {
                let opens = utc_day(time);
                (None, Session { opens, closes: opens.plus_ns(DAY_NS) })
            }
            Rule::Hours(..) => {
                let mut day = time.to_jiff().to_zoned(self.zone.clone()).date();
                loop {
                    let hours = self.hours(day);
                    let closes = hours.as_ref().map(|hours| utc(&self.zone, hours.closes));
                    if let (Some(hours), Some(closes)) = (hours, closes.filter(|closes| *closes >= time)) {
                        return (Some(day), Session { opens: utc(&self.zone, hours.opens), closes });
                    }
                    day = day.saturating_add(1.day());
                }
            }
        }
    }

    fn hours(&self, day: Date) -> Option<Hours> {
        match self.rule {
            Rule::Hours(usual, days) => hours::of(usual, days, day),
            Rule::UtcDays | Rule::None => None,
        }
    }
}

/// When the day of UTC began to which a bar belongs that closes at `time`: one that closes at midnight is the day's last.
fn utc_day(time: Timestamp) -> Timestamp {
    Timestamp::from_nanos(time.plus_ns(-1).nanos().div_euclid(DAY_NS).saturating_mul(DAY_NS))
}

fn utc(zone: &TimeZone, local: DateTime) -> Timestamp {
    let nanos = zone.to_ambiguous_zoned(local).compatible().map(|z| z.timestamp().as_nanosecond()).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}
