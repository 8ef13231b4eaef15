//! Dates and times of day out of digits.

use jiff::civil::Date;

use super::TimeFormat;
use crate::time::{HOUR_NS, MINUTE_NS, SECOND_NS};

/// The numbers of a date, by where its year stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Year, month, day.
    YearFirst(i16, u8, u8),
    /// Two numbers that are day and month in some order, then the year.
    YearLast(u8, u8, i16),
}

/// Cuts the date at the beginning of a text: `2024-03-01`, `2024/3/1`, `2024.03.01`, `20240301`, `1/3/2024` and so on.
pub(crate) fn cut(text: &[u8]) -> Option<Cut> {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'T')).unwrap_or(text.len());
    let date = &text[..end];
    if date.len() == 8 && date.iter().all(u8::is_ascii_digit) {
        return Some(Cut::YearFirst(number(&date[..4])?, number(&date[4..6])?, number(&date[6..])?));
    }
    let separator = *date.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let mut parts = date.split(|byte| *byte == separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || b.len() > 2 {
        return None;
    }
    match (a.len(), c.len()) {
        (4, 1 | 2) => Some(Cut::YearFirst(number(a)?, number(b)?, number(c)?)),
        (1 | 2, 4) => Some(Cut::YearLast(number(a)?, number(b)?, number(c)?)),
        _ => None,
    }
}

/// Days since 1970 of a date, if it is one that the format allows.
pub(super) fn days(date: &[u8], format: &TimeFormat) -> Option<i64> {
    let (year, month, day) = match (cut(date)?, format) {
        (Cut::YearFirst(year, month, day), TimeFormat::Detect) => (year, month, day),
        (Cut::YearLast(day, month, year), TimeFormat::DayFirst) => (year, month, day),
        (Cut::YearLast(month, day, year), TimeFormat::MonthFirst) => (year, month, day),
        _ => return None,
    };
    let date = Date::new(year, month as i8, day as i8).ok()?;
    let epoch = Date::constant(1970, 1, 1);
    Some(i64::from(epoch.until(date).ok()?.get_days()))
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// Nanoseconds since midnight.
    pub(super) ns: i64,
    /// Nanoseconds that local time is ahead of UTC, where they are written.
    pub(super) offset: Option<i64>,
}

impl Clock {
    /// Reads `14:30`, `14:30:05.25`, `143005`, `1430`, `2:30 PM`, each with an offset (`Z`, `+02:00`, `-0500`, ` UTC`) or
    /// without; nothing at all is midnight.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { ns: 0, offset: None });
        }
        let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let run = digits(0);
        let (hour, minute, mut second, mut at): (i64, i64, i64, usize) = match run {
            6 => (number(&text[..2])?, number(&text[2..4])?, number(&text[4..6])?, 6),
            4 => (number(&text[..2])?, number(&text[2..4])?, 0, 4),
            1 | 2 if text.get(run) == Some(&b':') && digits(run + 1) == 2 => {
                (number(&text[..run])?, number(&text[run + 1..run + 3])?, 0, run + 3)
            }
            _ => return None,
        };
        if run <= 2 && text.get(at) == Some(&b':') {
            (digits(at + 1) == 2).then_some(())?;
            second = number(&text[at + 1..at + 3])?;
            at += 3;
        }
        let mut fraction = 0;
        // Seven digits of a second's fraction behind a space are what NinjaTrader writes.
        let spaced = run == 6 && text.get(at) == Some(&b' ') && text.len() == at + 8 && digits(at + 1) == 7;
        if text.get(at) == Some(&b'.') || spaced {
            let long = digits(at + 1);
            if !(1..=9).contains(&long) {
                return None;
            }
            fraction = number::<i64>(&text[at + 1..at + 1 + long])? * 10i64.pow(9 - long as u32);
            at += 1 + long;
        }
        let (hour, rest) = half_day(hour, &text[at..])?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let ns = hour * HOUR_NS + minute * MINUTE_NS + second * SECOND_NS + fraction;
        Some(Self { ns, offset: offset(rest)? })
    }
}

/// The hour of 24, and what stands behind `AM` or `PM` if that is there.
fn half_day(hour: i64, rest: &[u8]) -> Option<(i64, &[u8])> {
    let word = rest.strip_prefix(b" ").unwrap_or(rest);
    let afternoon = match word.get(..2).map(<[u8]>::to_ascii_uppercase).as_deref() {
        Some(b"AM") => 0,
        Some(b"PM") => 12,
        _ => return Some((hour, rest)),
    };
    (1..=12).contains(&hour).then(|| (hour % 12 + afternoon, &word[2..]))
}

/// The offset that a text is, outer `None` when it is none and not empty either.
#[expect(clippy::option_option, reason = "unreadable, not there, there")]
fn offset(text: &[u8]) -> Option<Option<i64>> {
    let sign = match text.first() {
        None => return Some(None),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return matches!(text, b"Z" | b" UTC" | b" Z").then_some(Some(0)),
    };
    let (hours, minutes): (i64, i64) = match text.len() {
        3 => (number(&text[1..3])?, 0),
        5 => (number(&text[1..3])?, number(&text[3..5])?),
        6 if text[3] == b':' => (number(&text[1..3])?, number(&text[4..6])?),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then(|| Some(sign * (hours * HOUR_NS + minutes * MINUTE_NS)))
}

/// A whole number of digits alone.
fn number<T: TryFrom<i64>>(digits: &[u8]) -> Option<T> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let value = digits
        .iter()
        .try_fold(0i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))?;
    T::try_from(value).ok()
}
