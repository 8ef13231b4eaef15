//! Times as sources write them.

mod civil;
mod format;

pub(super) use civil::{Cut, cut};
pub(super) use format::TimeFormat;

use civil::Clock;
use jiff::{civil::DateTime, fmt::strtime::BrokenDownTime, tz::TimeZone};

use super::ReadOptions;
use crate::{
    Error, Result, Timestamp,
    time::{DAY_NS, SECOND_NS},
};

/// Epoch numbers by magnitude: (from, to, nanoseconds of one). From 1973 in each unit, so that no number has two meanings.
const UNITS: [(i64, i64, i64); 4] = [
    (100_000_000, 9_223_372_036, 1_000_000_000),
    (100_000_000_000, 9_223_372_036_854, 1_000_000),
    (100_000_000_000_000, 9_223_372_036_854_775, 1_000),
    (100_000_000_000_000_000, i64::MAX, 1),
];

/// Reads the times of one source: remembers the day that it saw last, because the next row mostly has the same.
#[derive(Debug)]
pub(super) struct TimeReader {
    format: TimeFormat,
    zone: Option<(String, TimeZone)>,
    /// The text of a date, and its days since 1970.
    day: (Vec<u8>, i64),
    /// A local day, and its one offset in nanoseconds if it has no other.
    offset: (i64, Option<i64>),
}

impl TimeReader {
    /// # Errors
    /// When the options name an unknown format or zone.
    pub(super) fn new(options: &ReadOptions) -> Result<Self> {
        let format = options.time_format.as_deref().map_or(Ok(TimeFormat::Detect), TimeFormat::parse)?;
        let zone = |name: &String| {
            let unknown = |_| Error::spec("time_zone", format!("{name:?} is no IANA zone, as in \"America/New_York\""));
            TimeZone::get(name).map(|zone| (name.clone(), zone)).map_err(unknown)
        };
        let zone = options.time_zone.as_ref().map(zone).transpose()?;
        Ok(Self { format, zone, day: (Vec::new(), 0), offset: (i64::MIN, None) })
    }

    /// Whether the order of day and month must be looked for in all times, given one of them.
    pub(super) fn needs_order(&self, first: &[u8]) -> bool {
        self.format == TimeFormat::Detect && matches!(cut(first), Some(Cut::YearLast(..)))
    }

    /// Takes the order of day and month from the first time that has only one reading.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn find_order<'a>(&mut self, times: impl Iterator<Item = &'a [u8]>) -> Result<()> {
        let mut seen = String::new();
        for time in times {
            let Some(Cut::YearLast(first, second, _)) = cut(time) else { continue };
            if first > 12 || second > 12 {
                self.format = if first > 12 { TimeFormat::DayFirst } else { TimeFormat::MonthFirst };
                return Ok(());
            }
            if seen.is_empty() {
                seen = String::from_utf8_lossy(time).into_owned();
            }
        }
        Err(Error::spec(
            "time_format",
            format!(
                "{seen:?} may begin with the day or the month, and no row tells; say \"day_first\" or \"month_first\""
            ),
        ))
    }

    /// Nanoseconds since 1970 of a date and time, the time of day in a text of its own if the source has it there.
    pub(super) fn read(&mut self, date: &[u8], clock: Option<&[u8]>) -> std::result::Result<i64, String> {
        if date.is_empty() {
            return Err("is empty; every row needs a time".into());
        }
        if let TimeFormat::Pattern(pattern) = &self.format {
            let text = text(date, clock);
            return self.by_pattern(&pattern.clone(), &text);
        }
        if clock.is_none() && date.iter().all(u8::is_ascii_digit) && (date.len() != 8 || self.format.unit().is_some()) {
            return self.epoch(date);
        }
        if self.format.unit().is_some() {
            return Err(format!("{:?} is no whole number since 1970", text(date, clock)));
        }
        let end = date.iter().position(|byte| matches!(byte, b' ' | b'T')).unwrap_or(date.len());
        let (day, rest) = match clock {
            Some(clock) => (date, clock),
            None => (&date[..end], date.get(end + 1..).unwrap_or_default()),
        };
        let days = if self.day.0 == day { Some(self.day.1) } else { civil::days(day, &self.format) };
        let Some(days) = days else { return self.otherwise(date, clock) };
        if self.day.0 != day {
            self.day = (day.to_vec(), days);
        }
        match (days.checked_mul(DAY_NS), Clock::read(rest)) {
            (Some(midnight), Some(Clock { ns, offset: Some(offset) })) => midnight.checked_add(ns - offset),
            (Some(midnight), Some(Clock { ns, offset: None })) => match midnight.checked_add(ns) {
                Some(local) => return self.local(local, || text(date, clock)),
                None => None,
            },
            (_, None) => return self.otherwise(date, clock),
            (None, Some(_)) => None,
        }
        .ok_or_else(|| outside(&text(date, clock)))
    }

    /// A whole number since 1970, in the unit of the format or of its size.
    pub(super) fn epoch_of(&self, value: i64) -> std::result::Result<i64, String> {
        if let Some(unit) = self.format.unit() {
            return value.checked_mul(unit).ok_or_else(|| outside(&value.to_string()));
        }
        UNITS.iter().find(|(from, to, _)| (*from..=*to).contains(&value)).map(|(.., unit)| value * unit).ok_or_else(|| {
            format!("{value} is no time since 1970 in s, ms, us or ns (1973 to 2262); write ISO 8601, or say its time_format")
        })
    }

    fn epoch(&self, digits: &[u8]) -> std::result::Result<i64, String> {
        let text = String::from_utf8_lossy(digits);
        self.epoch_of(text.parse().map_err(|_| format!("{text} is too large for a time since 1970"))?)
    }

    /// The moment of a time of the source's zone, both in nanoseconds since 1970.
    pub(super) fn local(&mut self, local: i64, text: impl Fn() -> String) -> std::result::Result<i64, String> {
        let Some((name, zone)) = &self.zone else { return Ok(local) };
        let day = local.div_euclid(DAY_NS);
        let offset = |ns: i64| -> Option<std::result::Result<i64, bool>> {
            let ambiguous =
                zone.to_ambiguous_timestamp(Timestamp::from_nanos(ns).to_jiff().to_zoned(TimeZone::UTC).datetime());
            let offset = ambiguous.offset();
            Some(match offset {
                jiff::tz::AmbiguousOffset::Unambiguous { offset } => Ok(i64::from(offset.seconds()) * SECOND_NS),
                jiff::tz::AmbiguousOffset::Gap { .. } => Err(false),
                jiff::tz::AmbiguousOffset::Fold { .. } => Err(true),
            })
        };
        if self.offset.0 != day {
            let midnight = day.saturating_mul(DAY_NS);
            let (first, last) = (offset(midnight), offset(midnight.saturating_add(DAY_NS - 1)));
            let whole = first.and_then(std::result::Result::ok).filter(|_| first == last);
            self.offset = (day, whole);
        }
        let known = self.offset.1.map(Ok).or_else(|| offset(local)).unwrap_or(Err(false));
        known.map(|offset| local.saturating_sub(offset)).map_err(|twice| {
            let what = if twice { "comes twice" } else { "does not exist" };
            format!("{:?} {what} in {name}, where clocks change; write offsets, or check time_zone", text())
        })
    }

    fn by_pattern(&mut self, pattern: &str, text: &str) -> std::result::Result<i64, String> {
        let unreadable = |error: jiff::Error| format!("{text:?} is not written as {pattern:?} ({error})");
        let parts = BrokenDownTime::parse(pattern, text).map_err(unreadable)?;
        let nanos = |time: jiff::Timestamp| i64::try_from(time.as_nanosecond()).map_err(|_| outside(text));
        if parts.offset().is_some() {
            return nanos(parts.to_timestamp().map_err(unreadable)?);
        }
        let date = parts.to_date().map_err(unreadable)?;
        let local = date.to_datetime(parts.to_time().unwrap_or_default());
        let local = nanos(local.to_zoned(TimeZone::UTC).map_err(unreadable)?.timestamp())?;
        self.local(local, || text.to_owned())
    }

    /// Whatever else is ISO 8601.
    fn otherwise(&mut self, date: &[u8], clock: Option<&[u8]>) -> std::result::Result<i64, String> {
        let text = text(date, clock);
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(time.nanos());
        }
        let unreadable = || {
            format!(
                "{text:?} is not ISO 8601, as in 2024-03-01T14:30:00Z, nor a number since 1970; else say its time_format"
            )
        };
        // Only digits and separators behind the date: an offset or a zone that can't be read must not be passed over.
        let plain = text.bytes().skip(10).all(|byte| byte.is_ascii_digit() || b"T :.,".contains(&byte));
        if !plain {
            return Err(unreadable());
        }
        let civil: DateTime = text.parse().map_err(|_| unreadable())?;
        let zoned = civil.to_zoned(TimeZone::UTC).map_err(|_| unreadable())?;
        let local = i64::try_from(zoned.timestamp().as_nanosecond()).map_err(|_| outside(&text))?;
        self.local(local, || text.clone())
    }
}

fn text(date: &[u8], clock: Option<&[u8]>) -> String {
    let date = String::from_utf8_lossy(date);
    clock.map_or_else(|| date.clone().into_owned(), |clock| format!("{date} {}", String::from_utf8_lossy(clock)))
}

fn outside(text: &str) -> String {
    format!("{text:?} is outside the years 1677 to 2262")
}

#[cfg(test)]
mod tests;
