//! The validation report finds every planted fault where it was planted, and nothing in clean data.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp,
    ingest::{ReadOptions, read_csv},
    market::{
        Calendar, MarketEvent, MarketFact,
        check::{CheckOptions, CheckReport, Checked, FindingKind, Severity},
    },
    time::{DAY_NS, HOUR_NS, MINUTE_NS},
};

/// Minute bars of three weeks of full CME sessions, calm, on the tick, busiest when shares open.
fn clean() -> Vec<Bar> {
    let clock = Calendar::Cme.clock().unwrap();
    let first: Timestamp = "2024-02-25T23:00:00Z".parse().unwrap();
    let (mut bars, mut price, mut state) = (Vec::new(), 20_000i64, 1u64);
    let mut time = first;
    while bars.len() < 15 * 1380 {
        time = time.plus_ns(MINUTE_NS);
        let session = clock.session(time);
        let (minute, weekday) = clock.local_minute(time.plus_ns(-MINUTE_NS));
        let (_, closing) = clock.local_minute(session.closes);
        if time.plus_ns(-MINUTE_NS) < session.opens || closing > 4 {
            continue;
        }
        let busy = match minute {
            510.0..570.0 if weekday < 5 => 8,
            570.0..900.0 if weekday < 5 => 4,
            _ => 1,
        };
        let mut draw = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % n) as i64
        };
        let close = price + (draw(5) - 2) * busy;
        let (high, low) = (price.max(close) + draw(3) * busy, price.min(close) - draw(3) * busy);
        let at = |ticks: i64| ticks as f64 * 0.25;
        let volume = (100 + draw(50)) as f64 * busy as f64;
        bars.push(Bar { time, open: at(price), high: at(high), low: at(low), close: at(close), volume });
        price = close;
    }
    bars
}

fn report(bars: &[Bar]) -> CheckReport {
    Checked::new(bars).instrument(&Instrument::es()).calendar(Calendar::Cme).run().unwrap()
}

fn kinds(report: &CheckReport) -> Vec<(FindingKind, usize)> {
    report.counts.iter().map(|count| (count.kind, count.count)).collect()
}

#[test]
fn clean_data_has_no_finding() {
    let found = report(&clean());
    assert_eq!(kinds(&found), []);
    assert_eq!((found.rows, found.period_ns, found.worst()), (20_700, MINUTE_NS, None));
    assert!(found.to_string().ends_with("nothing found\n"));
}

/// What planting does to rows, and what must be found, where, and of which value.
type Plant = (&'static str, fn(&mut Vec<Bar>), FindingKind, usize, Option<f64>);

const PLANTS: [Plant; 14] = [
    ("nan", |b| b[700].close = f64::NAN, FindingKind::NotFinite, 700, None),
    ("infinite", |b| b[700].volume = f64::INFINITY, FindingKind::NotFinite, 700, None),
    ("high below low", |b| b[700].high = b[700].low - 1.0, FindingKind::Ohlc, 700, None),
    ("close outside", |b| b[700].close = b[700].high + 5.0, FindingKind::Ohlc, 700, None),
    ("negative volume", |b| b[700].volume = -3.0, FindingKind::NegativeVolume, 700, Some(-3.0)),
    ("swapped rows", |b| b.swap(700, 701), FindingKind::Unsorted, 701, None),
    ("same row twice", |b| b.insert(701, b[700]), FindingKind::Duplicate, 701, None),
    ("two values", |b| b.insert(701, Bar { volume: 1.0, ..b[700] }), FindingKind::Duplicate, 701, None),
    ("three bars gone", |b| drop(b.drain(700..703)), FindingKind::Gap, 700, Some(3.0)),
    ("session gone", |b| drop(b.drain(1380..2760)), FindingKind::MissingSession, 1380, Some(1.0)),
    ("no trade", |b| b[700].volume = 0.0, FindingKind::ZeroVolume, 700, Some(0.0)),
    ("bad print", |b| b[700].low -= 300.0, FindingKind::Outlier, 700, None),
    (
        "bad close",
        |b| {
            b[700] = Bar { close: 4_000.0, low: 4_000.0, ..b[700] };
            b[701] = Bar { open: 4_000.0, low: 4_000.0, ..b[701] };
        },
        FindingKind::Outlier,
        700,
        Some(4_000.0),
    ),
    (
        "between ticks",
        |b| {
            b[700].close = b[700].low + 0.1;
            b[700].high = b[700].high.max(b[700].close);
        },
        FindingKind::OffTick,
        700,
        None,
    ),
];

#[test]
fn each_planted_fault_is_found_in_its_row() {
    for (name, plant, kind, row, value) in PLANTS {
        let mut bars = clean();
        plant(&mut bars);
        let found = report(&bars);
        let hits: Vec<usize> = found.of(kind).map(|finding| finding.row).collect();
        assert!(hits.contains(&row) && hits.len() <= 2, "{name}: {kind:?} at {hits:?}\n{found}");
        let hit = found.of(kind).find(|finding| finding.row == row).unwrap();
        assert_eq!(hit.time, if bars[row].time == hit.time { hit.time } else { Timestamp::default() }, "{name}");
        if value.is_some() {
            assert_eq!(hit.value, value, "{name}");
        }
        // What construction refuses is fatal here, and the other way round.
        let built = MarketData::builder(vec![Instrument::es()]).calendar(Calendar::Cme).bars(bars).build();
        assert_eq!(built.is_ok(), found.is_usable(), "{name}: {found}");
        assert_eq!(found.fault().is_some(), built.is_err(), "{name}");
        if let Ok(data) = built {
            let again = data.check(InstrumentId(0), CheckOptions::default()).unwrap();
            assert_eq!(again.count(kind), found.count(kind), "{name}");
        }
    }
}

#[test]
fn a_missing_volume_is_said_once() {
    let bars: Vec<Bar> = clean().into_iter().map(|bar| Bar { volume: 0.0, ..bar }).collect();
    assert_eq!(kinds(&report(&bars)), [(FindingKind::NoVolume, 1)]);
}

#[test]
fn a_zone_that_is_not_the_calendars_is_found_with_its_shift() {
    for hours in [-6i64, -5, 1, 5, 6, 9] {
        let moved = |bar: Bar| Bar { time: bar.time.plus_ns(hours * HOUR_NS), ..bar };
        let found = report(&clean().into_iter().map(moved).collect::<Vec<_>>());
        let zone = found.of(FindingKind::TimeZone).next().unwrap();
        assert_eq!(zone.value, Some(-hours as f64), "{found}");
        assert!(found.count(FindingKind::ClosedHours) > 100);
    }
    // Without the night there is no closed hour, but the busiest hour is elsewhere.
    let clock = Calendar::Cme.clock().unwrap();
    let early = |bar: &Bar| (60.0..900.0).contains(&clock.local_minute(bar.time).0);
    let day: Vec<Bar> =
        clean().into_iter().filter(early).map(|b| Bar { time: b.time.plus_ns(-HOUR_NS * 5 / 2), ..b }).collect();
    let found = report(&day);
    assert_eq!(found.of(FindingKind::TimeZone).next().unwrap().value, Some(2.5), "{found}");
}

#[test]
fn a_stamp_that_was_taken_for_the_other_is_found() {
    for minutes in [-1, 1] {
        let moved = |bar: Bar| Bar { time: bar.time.plus_ns(minutes * MINUTE_NS), ..bar };
        let found = report(&clean().into_iter().map(moved).collect::<Vec<_>>());
        assert_eq!(found.count(FindingKind::Stamp), 1, "{found}");
        assert_eq!(found.count(FindingKind::TimeZone), 0, "{found}");
    }
}

/// Daily bars, with what a change of the contract or the share does to prices.
fn days(n: i64, price: impl Fn(i64) -> f64) -> Vec<Bar> {
    let day = |day: i64| {
        let open = price(day);
        let wobble = (day * 7 % 11 - 5) as f64 * 0.001 * open;
        let round = |x: f64| (x * 100.0).round() / 100.0;
        let (open, close) = (round(open), round(open + wobble));
        let (high, low) = (round(open.max(close) + 0.02 * open), round(open.min(close) - 0.02 * open));
        Bar { time: Timestamp::from_nanos((19_000 + day) * DAY_NS), open, high, low, close, volume: 10.0 }
    };
    (0..n).map(day).collect()
}

#[test]
fn splits_are_suspected_unless_they_are_known() {
    for (factor, word) in [(0.5, "2 for 1"), (1.0 / 3.0, "3 for 1"), (10.0, "1 for 10"), (2.0 / 3.0, "1.5 for 1")] {
        let bars = days(60, |day| if day < 30 { 100.0 } else { 100.0 * factor });
        let found = Checked::new(&bars).run().unwrap();
        let split = found.of(FindingKind::Split).next().unwrap();
        assert_eq!((split.row, found.count(FindingKind::Split)), (30, 1));
        assert!(split.message.contains(word), "{split}");
        let time = bars[29].time;
        let known = MarketEvent { time, instrument: InstrumentId(0), what: MarketFact::Split { ratio: 1.0 / factor } };
        let found = Checked::new(&bars).events(&[known]).run().unwrap();
        assert_eq!(found.count(FindingKind::Split), 0);
    }
}

#[test]
fn adjusted_prices_are_suspected() {
    let share = Instrument::equity("XYZ");
    let bars = days(400, |_| 100.0);
    assert_eq!(Checked::new(&bars).instrument(&share).run().unwrap().count(FindingKind::BackAdjusted), 0);
    let scaled: Vec<Bar> = bars
        .iter()
        .map(|b| Bar { open: b.open * 0.973, high: b.high * 0.973, low: b.low * 0.973, close: b.close * 0.973, ..*b })
        .collect();
    let found = Checked::new(&scaled).instrument(&share).run().unwrap();
    assert_eq!(found.of(FindingKind::BackAdjusted).count(), 1);
    let below: Vec<Bar> = days(400, |_| 100.0)
        .iter()
        .map(|b| Bar { open: b.open - 110.0, high: b.high - 110.0, low: b.low - 110.0, close: b.close - 110.0, ..*b })
        .collect();
    assert_eq!(Checked::new(&below).run().unwrap().count(FindingKind::BackAdjusted), 1);
    // A future whose quarterly rolls can't be seen, and one where they can: some days before each expiry it opens higher.
    // Day 19,067 since 1970 is 2022-03-16, and the next expiries follow after 91 or 98 days.
    let rolls = |carry: f64| days(800, move |day| 100.0 * (1.0 + carry * ((day - 65) as f64 / 91.3).floor()));
    let count = |bars: &[Bar]| {
        let es = Instrument { tick: 0.01, ..Instrument::es() };
        Checked::new(bars).instrument(&es).run().unwrap().count(FindingKind::BackAdjusted)
    };
    assert_eq!(count(&rolls(0.0)), 1);
    assert_eq!(count(&rolls(0.03)), 0);
}

#[test]
fn reports_travel_as_json() {
    let mut bars = clean();
    bars[5].close = f64::NAN;
    bars.swap(900, 901);
    let found = report(&bars);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<CheckReport>(&json).unwrap(), found);
    assert!(json.contains("\"time\":\"2024-02-25T23:06:00Z\""), "{json}");
    assert_eq!(found.worst(), Some(Severity::Fatal));
    let few = CheckOptions { shown: 0, ..CheckOptions::default() };
    let counted = Checked::new(&bars).options(few).run().unwrap();
    assert!(counted.findings.is_empty() && counted.count(FindingKind::NotFinite) == 1);
    let refused = Checked::new(&bars).options(CheckOptions { outlier: 0.5, ..few }).run().unwrap_err().to_string();
    assert_eq!(refused, "outlier: 0.5 must be a finite number above 1");
}

#[test]
fn the_widest_gaps_are_shown() {
    let mut bars = clean();
    for (at, n) in [(9_000, 1), (8_000, 2), (7_000, 90), (6_000, 3), (5_000, 1)] {
        bars.drain(at..at + n);
    }
    let options = CheckOptions { shown: 2, ..CheckOptions::default() };
    let found = Checked::new(&bars).calendar(Calendar::Cme).options(options).run().unwrap();
    let shown: Vec<f64> = found.of(FindingKind::Gap).filter_map(|gap| gap.value).collect();
    assert_eq!((found.count(FindingKind::Gap), shown), (5, vec![3.0, 90.0]));
}

/// What the shipped samples are known for, and no more.
#[test]
fn the_shipped_samples() {
    let sample = |file: &str, symbol: Option<&str>| {
        let path = format!("{}/python/tradepit/samples/{file}.csv", env!("CARGO_MANIFEST_DIR"));
        read_csv(path, &ReadOptions { symbol: symbol.map(str::to_owned), ..ReadOptions::default() }).unwrap().bars
    };
    let es = report(&sample("es_1m", None));
    assert!(es.counts.iter().all(|count| count.kind == FindingKind::Gap), "{es}");
    let eurusd = sample("eurusd_1h", None);
    let eurusd = Checked::new(&eurusd).instrument(&Instrument::eurusd()).calendar(Calendar::Forex).run().unwrap();
    // Christmas, which no rule of the week knows.
    assert!(eurusd.of(FindingKind::Gap).all(|gap| gap.time.to_string().starts_with("2017-12-25")), "{eurusd}");
    assert!(eurusd.counts.iter().all(|count| count.kind == FindingKind::Gap), "{eurusd}");
    for symbol in ["AAPL", "FB", "GOOG", "IBM", "MSFT"] {
        let bars = sample("stocks_1d", Some(symbol));
        let found = Checked::new(&bars).instrument(&Instrument::equity(symbol)).run().unwrap();
        let splits: Vec<String> =
            found.of(FindingKind::Split).map(|split| split.time.to_string()[..10].into()).collect();
        let known: &[&str] = match symbol {
            "AAPL" => &["2000-06-22", "2005-03-01"],
            "MSFT" => &["2003-02-19"],
            _ => &[],
        };
        assert_eq!(splits, known, "{symbol}");
        assert!(found.is_usable() && found.count(FindingKind::Outlier) == 0, "{found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No rows panic, and what is usable is just what data can be made of.
    #[test]
    fn usable_is_what_can_be_built(
        rows in proptest::collection::vec((0i64..40, -1i64..4, -1i64..4, -1i64..4, -1i64..4, -1i64..3, 0u8..12), 1..30),
    ) {
        let bars: Vec<Bar> = rows.into_iter().enumerate().map(|(i, (jump, open, high, low, close, volume, odd))| {
            let minute = if odd == 0 { jump } else { 40 + i as i64 * 3 };
            let value = |x: i64| if odd == 1 && x == 3 { f64::NAN } else { x as f64 };
            let (high, low) = if odd > 3 { (high.max(low).max(open).max(close), low.min(high).min(open).min(close)) } else { (high, low) };
            Bar { time: Timestamp::from_nanos(minute * MINUTE_NS), open: value(open), high: value(high), low: value(low),
                close: value(close), volume: if odd > 3 { volume.abs() as f64 } else { value(volume) } }
        }).collect();
        for calendar in [Calendar::None, Calendar::Cme, Calendar::Nyse, Calendar::Forex, Calendar::Utc] {
            let found = Checked::new(&bars).calendar(calendar).instrument(&Instrument::es()).run().unwrap();
            let built = MarketData::builder(vec![Instrument::es()]).calendar(calendar).bars(bars.clone()).build();
            prop_assert_eq!(built.is_ok(), found.is_usable(), "{}", found);
        }
    }
}
