use proptest::prelude::*;

use super::*;

fn with(format: Option<&str>, zone: Option<&str>) -> TimeReader {
    let options = ReadOptions {
        time_format: format.map(str::to_owned),
        time_zone: zone.map(str::to_owned),
        ..ReadOptions::default()
    };
    TimeReader::new(&options).unwrap()
}

fn parse_time(text: &str) -> std::result::Result<Timestamp, String> {
    with(None, None).read(text.as_bytes(), None).map(Timestamp::from_nanos)
}

#[test]
fn every_way_to_write_one_moment() {
    for text in [
        "2024-03-01T14:30:00Z",
        "2024-03-01T14:30:00+00:00",
        "2024-03-01T14:30Z",
        "2024-03-01 14:30:00",
        "2024-03-01 14:30:00 UTC",
        "2024-03-01T14:30",
        "2024-03-01 14:30:00.000000",
        "2024-03-01 2:30 PM",
        "2024-03-01 02:30:00PM",
        "2024/3/1 14:30",
        "2024.03.01 14:30",
        "20240301 143000",
        "20240301 1430",
        "20240301 14:30:00",
        "20240301 143000 0000000",
        "2024-03-01T09:30:00-05:00",
        "2024-03-01 15:30:00+0100",
        "2024-03-01 15:30:00+01",
        "1709303400",
        "1709303400000",
        "1709303400000000",
        "1709303400000000000",
    ] {
        assert_eq!(parse_time(text).unwrap().to_string(), "2024-03-01T14:30:00Z", "{text}");
    }
    for text in ["2024-03-01", "20240301", "2024-03-01 12:00 AM"] {
        assert_eq!(parse_time(text).unwrap().to_string(), "2024-03-01T00:00:00Z", "{text}");
    }
    assert_eq!(parse_time("20240301 143000 0010000").unwrap().to_string(), "2024-03-01T14:30:00.001Z");
    assert_eq!(parse_time("2024-03-01 12:05 pm").unwrap().to_string(), "2024-03-01T12:05:00Z");
}

#[test]
fn the_zone_of_the_market_is_none_of_the_machine() {
    let at = |text: &str| parse_time(text).unwrap().to_string();
    // Over both changes of daylight saving in New York, a text without offset is UTC, and no hour is missing or double.
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
        "2024-03-01 14:30 PM",
        "2024-03-01 0:30 PM",
        "2024-03-01 2:30 P",
        "2024-03-01T14:30:00 EST",
        "2024-03-01T14:30:00[America/New_York]",
        "2024-03-01 24:30",
        "2024-03-01 14:60",
        "2024-13-01",
        "2024-02-30",
        "20240230 143000",
        "24-03-01",
        "1/3/24",
        "9999-01-01T00:00:00Z",
        "yesterday",
    ] {
        assert!(parse_time(text).is_err(), "{text:?} {:?}", parse_time(text));
    }
}

#[test]
fn the_order_of_day_and_month_is_found_or_asked_for() {
    let found = |times: &[&str]| {
        let mut reader = with(None, None);
        assert!(reader.needs_order(times[0].as_bytes()));
        reader.find_order(times.iter().map(|time| time.as_bytes())).map_err(|e| e.to_string())?;
        reader.read(times[0].as_bytes(), None).map(|ns| Timestamp::from_nanos(ns).to_string())
    };
    assert_eq!(found(&["03/01/2024 14:30", "13/01/2024 14:30"]).unwrap(), "2024-01-03T14:30:00Z");
    assert_eq!(found(&["03/01/2024 2:30 PM", "03.01.2024", "01/13/2024"]).unwrap(), "2024-03-01T14:30:00Z");
    assert_eq!(found(&["3-1-2024", "31-1-2024"]).unwrap(), "2024-01-03T00:00:00Z");
    assert_eq!(
        found(&["03/01/2024", "04/02/2024"]).unwrap_err(),
        "time_format: \"03/01/2024\" may begin with the day or the month, and no row tells; say \"day_first\" or \
         \"month_first\""
    );
    let read = |format: &str, text: &str| with(Some(format), None).read(text.as_bytes(), None);
    let second = 1_000_000_000;
    assert_eq!(read("day_first", "03/01/2024"), Ok(1_704_240_000 * second));
    assert_eq!(read("month_first", "03/01/2024"), Ok(1_709_251_200 * second));
    assert!(read("month_first", "13/01/2024").is_err() && read("day_first", "2024-01-13").is_ok_and(|ns| ns > 0));
    assert_eq!(read("ms", "60000"), Ok(60 * second));
    assert_eq!(read("s", "20240301"), Ok(20_240_301 * second));
    assert_eq!(read("%d %b %Y %H:%M", "01 Mar 2024 14:30"), Ok(1_709_303_400 * second));
    assert_eq!(read("%Y-%m-%d %H:%M %z", "2024-03-01 09:30 -0500"), Ok(1_709_303_400 * second));
    assert!(read("%d %b %Y", "2024").unwrap_err().starts_with("\"2024\" is not written as"));
    assert!(read("s", "2024-03-01").unwrap_err().contains("is no whole number since 1970"));
    let options = ReadOptions { time_format: Some("noon".into()), ..ReadOptions::default() };
    assert!(TimeReader::new(&options).unwrap_err().to_string().starts_with("time_format: \"noon\" is unknown; say"));
}

#[test]
fn a_named_zone_has_its_clock_changes() {
    let read = |text: &str| {
        with(None, Some("America/New_York")).read(text.as_bytes(), None).map(|ns| Timestamp::from_nanos(ns).to_string())
    };
    assert_eq!(read("2024-03-08 09:30").unwrap(), "2024-03-08T14:30:00Z");
    assert_eq!(read("2024-03-11 09:30").unwrap(), "2024-03-11T13:30:00Z");
    assert_eq!(read("2024-03-10 03:00").unwrap(), "2024-03-10T07:00:00Z");
    assert_eq!(read("2024-03-10 01:59").unwrap(), "2024-03-10T06:59:00Z");
    assert_eq!(read("2024-03-11 09:30Z").unwrap(), "2024-03-11T09:30:00Z");
    assert_eq!(read("1709303400").unwrap(), "2024-03-01T14:30:00Z");
    assert!(read("2024-03-10 02:30").unwrap_err().contains("does not exist in America/New_York"));
    assert!(read("2024-11-03 01:30").unwrap_err().contains("comes twice in America/New_York"));
    let options = ReadOptions { time_zone: Some("New York".into()), ..ReadOptions::default() };
    assert!(TimeReader::new(&options).unwrap_err().to_string().starts_with("time_zone: \"New York\" is no IANA zone"));
}

proptest! {
    #[test]
    fn what_is_written_is_read(nanos in 0..4_000_000_000_000_000_000i64) {
        let time = Timestamp::from_nanos(nanos);
        prop_assert_eq!(parse_time(&time.to_string()).unwrap(), time);
        prop_assert_eq!(parse_time(time.to_string().trim_end_matches('Z')).unwrap(), time);
    }

    /// Our own reading is that of jiff, in any zone, one reader for all times.
    #[test]
    fn it_is_what_jiff_reads(seconds in proptest::collection::vec(0..4_000_000_000i64, 1..8), zone in 0usize..4) {
        let name = ["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"][zone];
        let tz = TimeZone::get(name).unwrap();
        let mut reader = with(None, Some(name));
        for second in seconds {
            let civil = Timestamp::from_nanos(second * SECOND_NS).to_jiff().to_zoned(TimeZone::UTC).datetime();
            let text = civil.to_string();
            let expected = tz.to_ambiguous_timestamp(civil).unambiguous().ok();
            let read = reader.read(text.as_bytes(), None).ok();
            prop_assert_eq!(read, expected.map(|time| time.as_nanosecond() as i64), "{} {}", text, name);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = parse_time(&text);
    }

    #[test]
    fn no_text_like_a_time_panics(text in "[0-9TZAPM/:+. -]{0,30}") {
        let _ = parse_time(&text);
        let _ = with(Some("day_first"), Some("Europe/London")).read(text.as_bytes(), None);
    }
}
