//! Every session of 2000 to 2026 beside those of other calendars; `peers/make_calendars.py` makes their traces.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, Weekday, date},
    tz::TimeZone,
};
use tradepit::{
    Bar, Instrument, MarketData, Timestamp,
    market::{Calendar, Session},
    time::{DAY_NS, HOUR_NS, MINUTE_NS},
};

/// (opens, closes) by trading date.
type Sessions = BTreeMap<Date, (i64, i64)>;

fn nanos(day: Date) -> i64 {
    i64::try_from(day.to_zoned(TimeZone::UTC).unwrap().timestamp().as_nanosecond()).unwrap()
}

/// Sessions that a trace tells in runs of weekdays.
fn trace(name: &str) -> Sessions {
    let text = std::fs::read_to_string(format!("{}/tests/peers/calendars/{name}.txt", env!("CARGO_MANIFEST_DIR")));
    let mut sessions = Sessions::new();
    for line in text.unwrap().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [first, last] = [0, 1].map(|at| words[at].parse::<Date>().unwrap());
        let [opens, closes] = [2, 3].map(|at| words[at].parse::<i64>().unwrap() * MINUTE_NS);
        let weekdays = first.series(1.day()).take_while(|day| *day <= last);
        for day in weekdays.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)) {
            sessions.insert(day, (nanos(day) + opens, nanos(day) + closes));
        }
    }
    sessions
}

fn ours(calendar: Calendar) -> Sessions {
    let clock = calendar.clock().unwrap();
    let [from, to] = [date(2000, 1, 2), date(2027, 1, 1)].map(|day| Timestamp::from_nanos(nanos(day)));
    let known = clock.sessions(from, to).filter(|session| session.closes <= to);
    let dated = |session: Session| {
        assert_eq!(clock.session(session.opens.plus_ns(1)), session);
        assert_eq!(clock.session(session.closes), session);
        let day = clock.session_date(session.closes);
        assert_eq!(clock.session_date(session.opens.plus_ns(1)), day);
        let day = jiff::Timestamp::from_nanosecond(i128::from(day.nanos())).unwrap();
        (day.to_zoned(TimeZone::UTC).date(), (session.opens.nanos(), session.closes.nanos()))
    };
    known.map(dated).collect()
}

fn local(zone: &str, nanos: i64) -> String {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
    moment.to_zoned(TimeZone::get(zone).unwrap()).strftime("%H:%M").to_string()
}

/// Days on which two calendars differ, as `day ours theirs`, in local hours.
fn differences(zone: &str, ours: &Sessions, theirs: &Sessions) -> Vec<String> {
    let days: std::collections::BTreeSet<&Date> = ours.keys().chain(theirs.keys()).collect();
    let differ = days.into_iter().filter(|day| ours.get(*day) != theirs.get(*day));
    let hours = |sessions: &Sessions, day: &Date| {
        let hours =
            sessions.get(day).map(|(opens, closes)| format!("{}-{}", local(zone, *opens), local(zone, *closes)));
        hours.unwrap_or_else(|| "closed".to_owned())
    };
    differ.map(|day| format!("{day} {} {}", hours(ours, day), hours(theirs, day))).collect()
}

#[test]
fn new_york_trades_when_exchange_calendars_says() {
    let found = differences("America/New_York", &ours(Calendar::Nyse), &trace("xnys"));
    // It leaves out late openings (silence for the dead, for the troops and for presidents) and a close that came early.
    let known = [
        "2001-09-17 09:33-16:00 09:30-16:00",
        "2001-10-08 09:31-16:00 09:30-16:00",
        "2002-09-11 12:00-16:00 09:30-16:00",
        "2003-03-20 09:32-16:00 09:30-16:00",
        "2004-06-07 09:32-16:00 09:30-16:00",
        "2005-06-01 09:30-15:56 09:30-16:00",
        "2006-12-27 09:32-16:00 09:30-16:00",
    ];
    assert_eq!(found, known);
}

/// Sessions as they would be if the hours of today had always been: 17:00 to 16:00.
fn in_hours_of_today(mut sessions: Sessions) -> Sessions {
    for (day, (opens, closes)) in sessions.range_mut(..date(2015, 9, 21)) {
        let late = *day >= date(2012, 11, 19);
        match local("America/Chicago", *opens).as_str() {
            "15:30" if !late => *opens += 90 * MINUTE_NS,
            _ => {}
        }
        match local("America/Chicago", *closes).as_str() {
            "15:15" if !late => *closes += 45 * MINUTE_NS,
            "16:15" if late => *closes -= 15 * MINUTE_NS,
            _ => {}
        }
    }
    sessions
}

#[test]
fn chicago_trades_when_pandas_market_calendars_says() {
    let own = ours(Calendar::Cme);
    let hours = |day: Date| (local("America/Chicago", own[&day].0), local("America/Chicago", own[&day].1));
    let hours = |year, month, day| {
        let (opens, closes) = hours(date(year, month, day));
        format!("{opens}-{closes}")
    };
    assert_eq!(hours(2012, 11, 15), "15:30-15:15");
    assert_eq!(hours(2012, 11, 12), "17:00-15:15"); // a Monday
    assert_eq!([hours(2012, 11, 19), hours(2015, 9, 18)], ["17:00-16:15", "17:00-16:15"]);
    assert_eq!(hours(2015, 9, 21), "17:00-16:00");
    let found = differences("America/Chicago", &in_hours_of_today(own), &trace("globex"));
    // Closings that no rule foresaw, and two Good Fridays without an employment report; sources in make_calendars.py.
    let known = [
        "2001-09-11 17:00-09:15 17:00-16:00",
        "2001-09-12 closed 17:00-16:00",
        "2001-09-13 closed 17:00-16:00",
        "2001-09-14 closed 17:00-16:00",
        "2001-09-17 08:15-16:00 17:00-16:00",
        "2004-06-11 closed 17:00-16:00",
        "2007-01-02 closed 17:00-16:00",
        "2012-10-29 17:00-08:15 17:00-16:00",
        "2012-10-30 17:00-08:15 17:00-16:00",
        "2018-12-05 17:00-08:30 17:00-16:00",
        "2024-03-29 closed 17:00-08:15",
        "2025-01-09 17:00-08:30 17:00-16:00",
        "2025-04-18 closed 17:00-08:15",
    ];
    assert_eq!(found, known);
}

#[test]
fn chicago_rests_when_exchange_calendars_says() {
    let hour = |zone: &str, nanos: i64| local(zone, nanos);
    let short = |closes: i64| !["15:15", "16:00", "16:15", "17:00"].contains(&hour("America/Chicago", closes).as_str());
    let kinds = |sessions: Sessions| -> Sessions {
        sessions.into_iter().map(|(day, (_, closes))| (day, (0, i64::from(short(closes))))).collect()
    };
    let (own, theirs) = (kinds(ours(Calendar::Cme)), kinds(trace("cmes")));
    let describe = |sessions: &Sessions, day: &Date| match sessions.get(day) {
        None => "closed",
        Some((_, 1)) => "short",
        Some(_) => "whole",
    };
    let mut found = BTreeMap::<(String, &str, &str), u32>::new();
    for day in own.keys().chain(theirs.keys()).filter(|day| own.get(*day) != theirs.get(*day)) {
        // Days that come again each year go together.
        let name = match (day.month(), day.day()) {
            (7, 3) => "3 July".to_owned(),
            (6, 18..=20) => "Juneteenth".to_owned(),
            (4, 1..=7) => "Good Friday with an employment report".to_owned(),
            _ => day.to_string(),
        };
        *found.entry((name, describe(&own, day), describe(&theirs, day))).or_default() += 1;
    }
    let found: Vec<String> = found.into_iter().map(|((day, own, their), _)| format!("{day}: {own}, {their}")).collect();
    let known = [
        // Shorter since other markets are closed; it has no such rule.
        "2001-09-11: short, whole",
        "2001-09-12: closed, whole",
        "2001-09-13: closed, whole",
        "2001-09-14: closed, whole",
        "2012-10-29: short, whole",
        "2012-10-30: short, whole",
        // The night before was traded: CME Group's notices of both days.
        "2018-12-05: short, closed",
        "2025-01-09: short, closed",
        "3 July: short, whole",
        "Good Friday with an employment report: short, closed",
        "Juneteenth: short, whole",
    ];
    assert_eq!(found, known);
}

#[test]
fn currencies_trade_from_sunday_to_friday_and_utc_always() {
    let forex = ours(Calendar::Forex);
    assert!(forex.iter().all(|(day, _)| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)));
    assert!(forex.values().all(|(opens, closes)| {
        [local("America/New_York", *opens), local("America/New_York", *closes)] == ["17:00", "17:00"]
    }));
    // Each day of a week begins when the one before ends; 1,408 weeks and four days.
    assert_eq!(forex.len(), 1_408 * 5 + 4);
    let weekends = forex.values().zip(forex.values().skip(1)).filter(|(one, next)| one.1 != next.0).count();
    assert_eq!(weekends, 1_408);
    let utc = ours(Calendar::Utc);
    assert!(utc.values().zip(utc.values().skip(1)).all(|(one, next)| one.1 == next.0 && one.1 - one.0 == DAY_NS));
}

/// The bars that are expected, minute by minute, are those of the sessions without their pauses.
#[test]
fn what_is_expected_is_what_is_traded() {
    let weeks = [
        (Calendar::Cme, date(2024, 12, 22), 5 * 1380 - 1380 - (3 * 60 + 45)),
        (Calendar::Cme, date(2020, 1, 5), 5 * (1380 - 15)),
        (Calendar::Cme, date(2013, 10, 6), 5 * (1395 - 15)),
        (Calendar::Cme, date(2012, 10, 7), 4 * 1425 + 1335 - 4 * 30),
        (Calendar::Nyse, date(2024, 11, 24), 3 * 390 + 210),
        (Calendar::Forex, date(2024, 3, 10), 5 * 1440),
        (Calendar::Utc, date(2024, 3, 10), 7 * 1440),
        (Calendar::None, date(2024, 3, 10), 7 * 1440),
    ];
    for (calendar, sunday, minutes) in weeks {
        let clock = calendar.clock().unwrap();
        let from = nanos(sunday);
        let expected = |period: i64| {
            let bars = 7 * DAY_NS / period;
            (1..=bars).filter(|bar| clock.expects(Timestamp::from_nanos(from + bar * period), period)).count() as i64
        };
        assert_eq!(expected(MINUTE_NS), minutes, "{calendar:?} {sunday}");
        // An hour is expected when one of its minutes is.
        let hours = (1..=168).filter(|hour| {
            (1..=60).any(|minute| {
                clock.expects(Timestamp::from_nanos(from + (hour - 1) * HOUR_NS + minute * MINUTE_NS), MINUTE_NS)
            })
        });
        assert_eq!(expected(HOUR_NS), hours.count() as i64, "{calendar:?} {sunday}");
    }
}

/// Real minutes of a future: every one is expected, and on the days that are whole every expected one is there.
#[test]
fn real_bars_lie_in_sessions_and_end_with_them() {
    let clock = Calendar::Cme.clock().unwrap();
    let text = std::fs::read_to_string("python/tradepit/samples/es_1m.csv").unwrap();
    let opens = text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse::<Timestamp>().unwrap());
    let closes: Vec<Timestamp> = opens.map(|opens| opens.plus_ns(MINUTE_NS)).collect();
    assert!(closes.iter().all(|time| clock.expects(*time, MINUTE_NS)));
    // Labour Day, 2 September 2013: 17:00 on Sunday to 10:30, and on from 17:00.
    let labour_day = "2013-09-02T15:30:00Z".parse::<Timestamp>().unwrap();
    assert_eq!(clock.session(closes[0]).closes, labour_day);
    assert!(closes.contains(&labour_day));
    let next = closes.iter().find(|time| **time > labour_day).unwrap();
    assert_eq!(*next, "2013-09-02T22:01:00Z".parse().unwrap());
}

/// A shortened day is over with its last bar, not with the next day's first, also for a session that grows by the bar.
#[test]
fn an_early_close_ends_its_session_on_time() {
    let bar =
        |time: &str| Bar { time: time.parse().unwrap(), open: 10.0, high: 10.0, low: 10.0, close: 10.0, volume: 1.0 };
    let times = ["2024-07-03T17:14:00Z", "2024-07-03T17:15:00Z", "2024-07-03T22:01:00Z", "2024-07-04T17:00:00Z"];
    let bars: Vec<Bar> = times.into_iter().map(bar).collect();
    let build = |bars: &[Bar]| {
        let builder = MarketData::builder(vec![Instrument::es()]).calendar(Calendar::Cme).period_ns(MINUTE_NS);
        builder.bars(bars.to_vec()).build().unwrap()
    };
    let (whole, mut grown) = (build(&bars), build(&bars[..1]));
    bars[1..].iter().for_each(|bar| grown.push(&[*bar], &[]).unwrap());
    for data in [whole, grown] {
        assert_eq!(
            (1..=4).map(|rows| data.view(rows).session_closed()).collect::<Vec<_>>(),
            [false, true, false, true]
        );
        assert_eq!(data.session_starts(), [0, 2]);
    }
}
