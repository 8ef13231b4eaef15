//! Times as files write them.

use jiff::{civil::DateTime, tz::TimeZone};

use crate::Timestamp;

/// Epoch numbers by magnitude: (from, to, nanoseconds of one). From 1973 in each unit, so that no number has two meanings.
const UNITS: [(i64, i64, i64); 4] = [
    (100_000_000, 9_223_372_036, 1_000_000_000),
    (100_000_000_000, 9_223_372_036_854, 1_000_000),
    (100_000_000_000_000, 9_223_372_036_854_775, 1_000),
    (100_000_000_000_000_000, i64::MAX, 1),
];

/// Reads ISO 8601 with or without an offset (UTC without), or whole seconds, milli-, micro- or nanoseconds since 1970.
pub(super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    if text.is_empty() {
        return Err("is empty; every row needs a time".into());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 8 {
        let value: i64 = text.parse().map_err(|_| format!("{text} is too large for a time since 1970"))?;
        return UNITS
            .iter()
            .find(|(from, to, _)| (*from..=*to).contains(&value))
            .map(|(.., unit)| Timestamp::from_nanos(value * unit))
            .ok_or_else(|| {
                format!("{text} is no time since 1970 in s, ms, us or ns (1973 to 2262); write ISO 8601 instead")
            });
    }
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let unreadable = || format!("{text:?} is not ISO 8601, as in 2024-03-01T14:30:00Z, nor a number since 1970");
    // Only digits and separators behind the date: an offset or a zone that can't be read must not be passed over.
    let plain = text.bytes().skip(10).all(|byte| byte.is_ascii_digit() || b"T :.,".contains(&byte));
    if !plain {
        return Err(unreadable());
    }
    let civil: DateTime = text.parse().map_err(|_| unreadable())?;
    let zoned = civil.to_zoned(TimeZone::UTC).map_err(|_| unreadable())?;
    i64::try_from(zoned.timestamp().as_nanosecond())
        .map(Timestamp::from_nanos)
        .map_err(|_| format!("{text:?} is outside the years 1677 to 2262"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_to_write_one_moment() {
        for text in [
            "2024-03-01T14:30:00Z",
            "2024-03-01T14:30:00+00:00",
            "2024-03-01T14:30Z",
            "2024-03-01 14:30:00",
            "2024-03-01T14:30",
            "2024-03-01 14:30:00.000000",
            "2024-03-01T09:30:00-05:00",
            "2024-03-01 15:30:00+0100",
            "1709303400",
            "1709303400000",
            "1709303400000000",
            "1709303400000000000",
        ] {
            assert_eq!(parse_time(text).unwrap().to_string(), "2024-03-01T14:30:00Z", "{text}");
        }
        for text in ["2024-03-01", "20240301"] {
            assert_eq!(parse_time(text).unwrap().to_string(), "2024-03-01T00:00:00Z", "{text}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_told_apart_by_its_offset() {
        let at = |text| parse_time(text).unwrap().to_string();
        assert_eq!(at("2024-11-03T01:30:00-04:00"), "2024-11-03T05:30:00Z");
        assert_eq!(at("2024-11-03T01:30:00-05:00"), "2024-11-03T06:30:00Z");
        // Without an offset it is UTC, where no hour is missing or double.
        assert_eq!(at("2024-03-10 02:30:00"), "2024-03-10T02:30:00Z");
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for text in [
            "",
            "12",
            "20240301143000",
            "99999999999",
            "01/02/2024",
            "1709303400.5",
            "2024-03-01 2:30 PM",
            "2024-03-01T14:30:00 EST",
            "2024-03-01T14:30:00[America/New_York]",
            "2024-13-01",
            "9999-01-01T00:00:00Z",
            "yesterday",
        ] {
            assert!(parse_time(text).is_err(), "{text:?} {:?}", parse_time(text));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(nanos in 0..4_000_000_000_000_000_000i64) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(parse_time(&time.to_string()).unwrap(), time);
            prop_assert_eq!(parse_time(time.to_string().trim_end_matches('Z')).unwrap(), time);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = parse_time(&text);
        }

        #[test]
        fn no_text_like_a_time_panics(text in "[0-9TZ:+. -]{0,30}") {
            let _ = parse_time(&text);
        }
    }
}
