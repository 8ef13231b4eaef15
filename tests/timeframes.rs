//! Longer bars beside a naive computation, and what of them is seen before they are complete.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, MarketData, Timestamp,
    features::{self, FeaturePipeline, FeaturePipelineSpec},
    market::{Calendar, Quote, QuotesAt, synth},
    time::{DAY_NS, MINUTE_NS},
};

/// Bars of the base series.
const BASE: i64 = 5;
/// In minutes; the last is a session.
const TIMEFRAMES: [i64; 6] = [5, 15, 60, 105, 240, 1_440];

/// Where the weeks begin: clocks that change, days that are short, and an ordinary one.
const STARTS: [&str; 4] =
    ["2024-03-08T18:00:00Z", "2024-11-27T12:00:00Z", "2013-10-31T12:00:00Z", "2024-05-14T00:00:00Z"];

fn calendars() -> impl Strategy<Value = Calendar> {
    prop::sample::select(vec![Calendar::Cme, Calendar::Nyse, Calendar::Forex, Calendar::Utc, Calendar::None])
}

/// Four days of bars inside and outside of sessions, some of them missing.
fn market() -> impl Strategy<Value = MarketData> {
    let rows = prop::collection::vec((prop::bool::weighted(0.9), -8..=8i32, 0..4i32), 4 * 288);
    (calendars(), prop::sample::select(STARTS.to_vec()), rows).prop_map(|(calendar, start, rows)| {
        let start: Timestamp = start.parse().unwrap();
        let clock = calendar.clock().unwrap();
        let (mut price, mut bars) = (1_000.0, Vec::new());
        for (at, (there, ticks, volume)) in rows.into_iter().enumerate() {
            let time = start.plus_ns((at as i64 + 1) * BASE * MINUTE_NS);
            let open = price;
            price += f64::from(ticks) * 0.25;
            // Every tenth bar of a closed market is there all the same.
            if there && (clock.expects(time, BASE * MINUTE_NS) || at % 10 == 0) {
                let (high, low) = (open.max(price) + 0.25, open.min(price) - 0.25);
                bars.push(Bar { time, open, high, low, close: price, volume: f64::from(volume) });
            }
        }
        build(calendar, bars)
    })
}

fn build(calendar: Calendar, bars: Vec<Bar>) -> MarketData {
    let builder = MarketData::builder(vec![Instrument::es()]).calendar(calendar).period_ns(BASE * MINUTE_NS);
    builder.bars(bars).build().unwrap()
}

/// The end of a bar's interval: from the opening of its session on, not beyond its close; of a day, its close.
fn end(data: &MarketData, time: Timestamp, minutes: i64) -> i64 {
    let (length, session) = (minutes * MINUTE_NS, data.clock().session(time));
    if length == DAY_NS && data.calendar() != Calendar::None {
        return session.closes.nanos();
    }
    let from = if data.calendar() == Calendar::None { 0 } else { session.opens.nanos() };
    // A step at a time, from an end that is surely too early.
    let mut end = from + (time.nanos() - from) / length * length - 2 * length;
    while end < time.nanos() {
        end += length;
    }
    end.min(session.closes.nanos())
}

/// Bars of a timeframe: end, the rows of each, and the row with which it is known to be complete.
fn naive(data: &MarketData, minutes: i64) -> Vec<(i64, Vec<Bar>, Option<usize>)> {
    let mut made: Vec<(i64, Vec<Bar>, Option<usize>)> = Vec::new();
    for (row, bar) in data.bars().iter().enumerate() {
        let end = end(data, bar.time, minutes);
        if made.last().is_none_or(|(last, ..)| *last != end) {
            if let Some(interrupted) = made.last_mut() {
                interrupted.2.get_or_insert(row);
            }
            made.push((end, Vec::new(), None));
        }
        let (_, own, complete) = made.last_mut().unwrap();
        own.push(*bar);
        if bar.time.nanos() == end {
            *complete = Some(row);
        }
    }
    made
}

fn spec() -> FeaturePipelineSpec {
    let features: Vec<String> = TIMEFRAMES
        .iter()
        .flat_map(|minutes| {
            ["log_return", "rsi", "volume_ratio"].map(|kind| {
                let length = match kind {
                    "log_return" => r#""lag": 1, "scale": 1000"#,
                    _ => r#""period": 2"#,
                };
                format!(r#"{{"kind": "{kind}", "timeframe": {minutes}, {length}}}"#)
            })
        })
        .collect();
    serde_json::from_str(&format!(r#"{{"clip": 1000, "features": [{}]}}"#, features.join(","))).unwrap()
}

/// The features of each row, as bits.
fn table(data: &MarketData) -> Vec<Vec<u32>> {
    let mut pipeline = FeaturePipeline::for_data(&spec(), data).unwrap();
    let rows = data.bars().iter().map(|bar| {
        let mut row = vec![0.0; pipeline.width()];
        pipeline.update(std::slice::from_ref(bar), &[], &mut row);
        row.iter().map(|value| value.to_bits()).collect()
    });
    rows.collect()
}

/// The bar with another price and volume.
fn moved(bar: Bar) -> Bar {
    let by = |price: f64| price + 37.5;
    let Bar { open, high, low, close, .. } = bar;
    Bar { open: by(open), high: by(high) + 9.0, low: by(low), close: by(close), volume: bar.volume + 1.0, ..bar }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The return of a timeframe is that of its last two completed bars, at every row.
    #[test]
    fn a_timeframe_shows_its_last_completed_bar(data in market()) {
        let table = table(&data);
        for (at, minutes) in TIMEFRAMES.iter().enumerate() {
            let bars = naive(&data, *minutes);
            for (row, seen) in table.iter().enumerate() {
                let complete = bars.iter().filter(|(.., complete)| complete.is_some_and(|complete| complete <= row));
                let closes: Vec<f64> = complete.map(|(_, own, _)| own.last().unwrap().close).collect();
                let expected = match closes[..] {
                    [.., before, last] => ((last / before).ln() * 1_000.0) as f32,
                    _ => f32::NAN,
                };
                let seen = f32::from_bits(seen[at * 3]);
                let same = (seen - expected).abs() <= 1e-4 || (seen.is_nan() && expected.is_nan());
                prop_assert!(same, "{minutes} minutes, row {row}: {seen}, expected {expected}");
            }
        }
    }

    /// What the bar in progress holds, and all that is to come, is not seen before it is complete; then it is.
    #[test]
    fn the_bar_in_progress_is_not_seen(data in market(), row in 0usize..1_152) {
        let row = row % data.len();
        let before = table(&data);
        for (at, minutes) in TIMEFRAMES.iter().enumerate() {
            let bars = naive(&data, *minutes);
            // The first row that is part of no bar which is complete by `row`.
            let begun: usize = bars.iter().filter(|(.., complete)| complete.is_some_and(|known| known <= row))
                .map(|(_, own, _)| own.len()).sum();
            let mut changed = data.bars().to_vec();
            changed.iter_mut().skip(begun).for_each(|bar| *bar = moved(*bar));
            let after = table(&build(data.calendar(), changed));
            let own = at * 3..at * 3 + 3;
            for past in 0..=row {
                prop_assert_eq!(&before[past][own.clone()], &after[past][own.clone()], "{} minutes, row {}", minutes, past);
            }
            // With its completion it shows, where there are numbers by then.
            let next = bars.iter().filter_map(|(.., complete)| *complete).find(|complete| *complete > row);
            let known = bars.iter().filter(|(.., complete)| complete.is_some_and(|complete| complete <= row)).count();
            if let Some(next) = next.filter(|_| known > 2) {
                prop_assert_ne!(&before[next][own.clone()], &after[next][own], "{} minutes, row {}", minutes, next);
            }
        }
    }

    #[test]
    fn longer_rows_are_those_of_a_naive_computation_and_lie_in_one_session(data in market()) {
        for minutes in &TIMEFRAMES[1..] {
            let mut bars = naive(&data, *minutes);
            // The last is left out where it is not filled.
            if bars.last().is_some_and(|(.., complete)| complete.is_none()) {
                bars.pop();
            }
            let Ok(longer) = data.resample(minutes * MINUTE_NS) else {
                prop_assert!(bars.is_empty());
                continue;
            };
            prop_assert_eq!(longer.len(), bars.len());
            for (row, (end, own, _)) in bars.iter().enumerate() {
                let made = longer.bars()[row];
                prop_assert_eq!(longer.details(row).sub_bars, &own[..]);
                prop_assert_eq!((made.time.nanos(), made.open, made.close), (*end, own[0].open, own[own.len() - 1].close));
                prop_assert_eq!(made.volume, own.iter().map(|bar| bar.volume).sum::<f64>());
                prop_assert_eq!(made.high, own.iter().map(|bar| bar.high).fold(f64::MIN, f64::max));
                prop_assert_eq!(made.low, own.iter().map(|bar| bar.low).fold(f64::MAX, f64::min));
                let sessions = own.iter().map(|bar| data.clock().session(bar.time));
                prop_assert!(sessions.clone().all(|session| session == data.clock().session(own[0].time)));
            }
            // A session that was traded is closed by a row in either.
            let closes = |data: &MarketData| {
                let closed = (1..=data.len()).filter(|rows| data.view(*rows).session_closed());
                closed.map(|rows| data.view(rows).now()).filter(|time| data.clock().session(*time).closes == *time)
                    .collect::<Vec<_>>()
            };
            if data.calendar() != Calendar::None {
                prop_assert!(closes(&data).iter().all(|close| closes(&longer).contains(close)));
            }
        }
        // A day is a session.
        if let (Ok(days), true) = (data.resample(DAY_NS), data.calendar() != Calendar::None) {
            prop_assert!(days.session_starts().len() == days.len());
        }
    }
}

/// The hours of a chart: from the opening bell on, and a short one where the session ends.
#[test]
fn hours_are_cut_from_the_opening_on_and_do_not_straddle_the_close() {
    let minutes = |from: &str, count: i64| {
        let from: Timestamp = from.parse().unwrap();
        (1..=count).map(move |bar| Bar {
            time: from.plus_ns(bar * BASE * MINUTE_NS),
            open: 9.0,
            high: 9.0,
            low: 9.0,
            close: 9.0,
            volume: 1.0,
        })
    };
    let ends = |calendar, bars: Vec<Bar>, period: i64| -> Vec<String> {
        let made = build(calendar, bars).resample(period * MINUTE_NS).unwrap();
        made.bars().iter().map(|bar| bar.time.to_string()[5..16].replace('T', " ")).collect()
    };
    let shares = minutes("2024-11-29T14:30:00Z", 42).chain(minutes("2024-12-02T14:30:00Z", 78)).collect();
    let expected = ["15:30", "16:30", "17:30", "18:00"].map(|hour| format!("11-29 {hour}"));
    assert_eq!(ends(Calendar::Nyse, shares, 60)[..4], expected);
    // A future from 17:00 to 12:15, and on from 17:00 on the next day: pieces of four hours, and days.
    let future: Vec<Bar> = minutes("2024-12-23T23:00:00Z", 231).chain(minutes("2024-12-25T23:00:00Z", 276)).collect();
    let expected = ["12-24 03:00", "12-24 07:00", "12-24 11:00", "12-24 15:00", "12-24 18:15", "12-26 03:00"];
    assert_eq!(ends(Calendar::Cme, future.clone(), 240)[..6], expected);
    assert_eq!(ends(Calendar::Cme, future.clone(), 1_440), ["12-24 18:15", "12-26 22:00"]);
    // Without sessions, and for weeks, whole multiples of UTC.
    assert_eq!(ends(Calendar::None, future.clone(), 240)[..3], ["12-24 00:00", "12-24 04:00", "12-24 08:00"]);
    assert_eq!(ends(Calendar::Cme, future, 7 * 1_440), ["12-26 00:00"]);
}

/// The piece with which a session ends is shorter; a quote that came while the one before was under way is not its own.
#[test]
fn a_short_row_has_the_quote_that_stood_when_it_opened() {
    let open: Timestamp = "2024-03-01T14:30:00Z".parse().unwrap();
    let bar = |at: i64| Bar {
        time: open.plus_ns(at * BASE * MINUTE_NS),
        open: 9.0,
        high: 9.0,
        low: 9.0,
        close: 9.0,
        volume: 1.0,
    };
    let quote =
        |at: i64| Quote { time: open.plus_ns((at - 1) * BASE * MINUTE_NS), bid: 9.0, ask: 9.5, ..Quote::default() };
    let builder = MarketData::builder(vec![Instrument::es()]).calendar(Calendar::Nyse).period_ns(BASE * MINUTE_NS);
    let data = builder.bars((1..=78).map(bar).collect()).quotes((1..=78).map(quote), QuotesAt::Open).build().unwrap();
    let hours = data.resample(60 * MINUTE_NS).unwrap();
    let stood: Vec<i64> = (0..hours.len())
        .map(|row| (hours.details(row).quotes[0].unwrap().time.nanos() - open.nanos()) / MINUTE_NS)
        .collect();
    assert_eq!(stood, [0, 60, 120, 180, 240, 300, 360]);
}

#[test]
fn one_five_and_fifteen_minutes_out_of_one_show_completed_bars_only() {
    let data = synth::es_1m(300, 5).unwrap();
    for minutes in [1, 5, 15] {
        let json = format!(r#"{{"features": [{{"kind": "atr", "period": 2, "timeframe": {minutes}}}]}}"#);
        let spec: FeaturePipelineSpec = serde_json::from_str(&json).unwrap();
        let column = |bars: Vec<Bar>| -> Vec<u32> {
            let data = data.part(0..data.len()).bars(bars).build().unwrap();
            let (table, ..) = features::table(&data, &spec).unwrap();
            table.numbers().iter().map(|number| number.to_bits()).collect()
        };
        let before = column(data.bars().to_vec());
        for row in 100..160 {
            let mut bars = data.bars().to_vec();
            bars[row].high += 50.0;
            let after = column(bars);
            let done = (row / minutes + 1) * minutes - 1;
            assert_eq!(before[..done], after[..done], "{minutes} minutes, row {row}");
            assert_ne!(before[done], after[done], "{minutes} minutes, row {row}: complete, and not seen");
        }
    }
}
