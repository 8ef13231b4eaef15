//! Numbers with a time of publication beside a naive computation.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, MarketData, Timestamp,
    features::{self, FeaturePipelineSpec},
    market::{MarketDataBuilder, Published, Publishing, RowDetails},
    time::SECOND_NS,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_nanos(second * SECOND_NS)
}

fn bars(times: &[i64]) -> Vec<Bar> {
    let bar = |time: &i64| Bar { time: at(*time), open: 9.0, high: 9.0, low: 9.0, close: 9.0, volume: 1.0 };
    times.iter().map(bar).collect()
}

fn builder(times: &[i64]) -> MarketDataBuilder {
    MarketData::builder(vec![Instrument::es()]).period_ns(SECOND_NS).bars(bars(times))
}

fn join(times: &[i64], points: &[(i64, f32)], how: Publishing) -> Vec<Vec<f32>> {
    let points = points.iter().map(|(second, value)| (at(*second), *value));
    let data = builder(times).published("news", points, how).unwrap().build().unwrap();
    data.columns().iter().map(|(_, values)| values.clone()).collect()
}

fn bits(columns: &[Vec<f32>]) -> Vec<Vec<u32>> {
    columns.iter().map(|values| values.iter().map(|value| value.to_bits()).collect()).collect()
}

fn times() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::btree_set(0..100i64, 1..30).prop_map(|times| times.into_iter().collect())
}

fn points() -> impl Strategy<Value = Vec<(i64, f32)>> {
    prop::collection::vec((-20..120i64, (0..50u8).prop_map(f32::from)), 0..25)
}

fn ways() -> impl Strategy<Value = Publishing> {
    let (age, fill) = (prop::option::of(1..30i64), prop::option::of(Just(-1.0f32)));
    (age, fill, any::<bool>()).prop_map(|(most, fill, age)| Publishing {
        max_age_ns: most.map(|seconds| seconds * SECOND_NS),
        fill,
        age,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn each_row_sees_the_last_point_published_by_its_close(times in times(), points in points(), how in ways()) {
        let made = join(&times, &points, how);
        prop_assert_eq!(made.len(), 1 + usize::from(how.age));
        for (row, time) in times.iter().enumerate() {
            // Of points of one time, the last one given.
            let seen = points.iter().filter(|(second, _)| second <= time).fold(None, |best: Option<&(i64, f32)>, point| {
                if best.is_some_and(|best| best.0 > point.0) { best } else { Some(point) }
            });
            let most = how.max_age_ns.map(|ns| ns / SECOND_NS);
            let fresh = seen.filter(|point| most.is_none_or(|most| time - point.0 <= most));
            let value = fresh.map_or(how.fill.unwrap_or(f32::NAN), |point| point.1);
            prop_assert_eq!(made[0][row].to_bits(), value.to_bits());
            if how.age {
                let unknown = most.map_or(f32::NAN, |most| most as f32);
                let age = fresh.map_or(unknown, |point| (time - point.0) as f32);
                prop_assert_eq!(made[1][row].to_bits(), age.to_bits());
            }
        }
    }

    /// Whatever is published after a close, or moved there, changes nothing up to it.
    #[test]
    fn what_is_published_later_changes_nothing_earlier(
        times in times(), points in points(), how in ways(), close in 0usize..30, moved in prop::collection::vec(any::<u8>(), 25),
    ) {
        let close = close % times.len();
        let known: Vec<(i64, f32)> = points.iter().copied().filter(|(second, _)| *second <= times[close]).collect();
        let later = |(at, (second, value)): (usize, &(i64, f32))| match *second > times[close] {
            true => (times[close] + 1 + i64::from(moved[at] % 40), value * 3.0 + 1.0),
            false => (*second, *value),
        };
        let changed: Vec<(i64, f32)> = points.iter().enumerate().map(later).collect();
        let rows = |points: &[(i64, f32)]| {
            let columns = join(&times, points, how);
            bits(&columns.iter().map(|values| values[..=close].to_vec()).collect::<Vec<_>>())
        };
        prop_assert_eq!(rows(&points), rows(&changed));
        prop_assert_eq!(rows(&points), rows(&known));
    }

    /// A session to which points come one by one, in any order before their row, sees what the simulation sees.
    #[test]
    fn points_that_come_one_by_one_give_the_same(times in times(), points in points(), how in ways(), early in prop::collection::vec(0..40i64, 25)) {
        let made = join(&times, &points, how);
        let mut live = Published::new(how).unwrap();
        let mut waiting: Vec<(i64, (i64, f32))> = points.iter().zip(&early).map(|(point, early)| (point.0 - early, *point)).collect();
        // Of one time of publication, the later one given comes later.
        waiting.sort_by_key(|(comes, point)| (*comes, point.0));
        let ties = points.iter().enumerate().any(|(i, one)| points[..i].iter().any(|other| other.0 == one.0));
        prop_assume!(!ties);
        let mut next = 0;
        let mut data = builder(&times[..1]).column("news", vec![made[0][0]]).build().unwrap();
        for (row, time) in times.iter().enumerate() {
            while next < waiting.len() && waiting[next].0 <= *time {
                let (_, (second, value)) = waiting[next];
                live.push(at(second), value).unwrap();
                next += 1;
            }
            let (value, age) = live.now(at(*time));
            prop_assert_eq!(value.to_bits(), made[0][row].to_bits());
            if how.age {
                prop_assert_eq!(age.to_bits(), made[1][row].to_bits());
            }
            if row > 0 {
                data.push_with(&bars(&[*time]), &[value], RowDetails::default(), &[]).unwrap();
            }
        }
        prop_assert_eq!(bits(&[data.columns()[0].1.clone()]), bits(&made[..1]));
    }
}

#[test]
fn an_unknown_number_is_part_of_the_warm_up_and_refused_behind_it() {
    let column = r#"{"features": [{"kind": "column", "name": "news"}]}"#;
    let spec: FeaturePipelineSpec = serde_json::from_str(column).unwrap();
    let attach = |how: Publishing| {
        let data = builder(&[1, 2, 3, 9, 10]).published("news", [(at(2), 0.5)], how).unwrap().build().unwrap();
        features::attach(data, &spec)
    };
    let day = Publishing::default();
    assert_eq!(attach(day).unwrap().warm_up(), 1);
    let stale = Publishing { max_age_ns: Some(5 * SECOND_NS), ..day };
    let refused = attach(stale).unwrap_err().to_string();
    assert!(refused.contains("row 3") && refused.contains("must be finite"), "{refused}");
    assert_eq!(attach(Publishing { fill: Some(0.0), ..stale }).unwrap().warm_up(), 0);
}

#[test]
fn what_is_no_number_is_refused_by_name() {
    let refused =
        |points: Vec<(Timestamp, f32)>, how| builder(&[1]).published("news", points, how).unwrap_err().to_string();
    let nan = refused(vec![(at(1), f32::NAN)], Publishing::default());
    assert_eq!(nan, "columns.news: NaN published at 1970-01-01T00:00:01Z is not a finite number; drop the point");
    let fill = refused(vec![], Publishing { fill: Some(f32::INFINITY), ..Publishing::default() });
    assert_eq!(fill, "fill: inf is not a finite number; leave it out for unknown");
    let early = MarketData::builder(vec![Instrument::es()]).published("news", [], Publishing::default());
    assert!(early.unwrap_err().to_string().starts_with("columns.news: there are no bars to join it to"));
}
