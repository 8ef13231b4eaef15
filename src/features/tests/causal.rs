//! A row knows its own bar and those before it, and nothing else.

use proptest::prelude::*;

use crate::{
    Bar, Instrument, MarketData, Timestamp,
    features::{FeaturePipeline, FeaturePipelineSpec, attach},
    market::Calendar,
    time::MINUTE_NS,
};

fn spec(timeframe: Option<u32>) -> FeaturePipelineSpec {
    let feature = |text: &str| {
        let mut json: serde_json::Value = serde_json::from_str(text).unwrap();
        json["timeframe"] = timeframe.into();
        serde_json::from_value(json).unwrap()
    };
    let mut spec = FeaturePipelineSpec {
        features: [
            r#"{"kind": "log_return", "lag": 2}"#,
            r#"{"kind": "sma_distance", "period": 3}"#,
            r#"{"kind": "ema_distance", "period": 3}"#,
            r#"{"kind": "rsi", "period": 3}"#,
            r#"{"kind": "atr", "period": 3}"#,
            r#"{"kind": "volume_ratio", "period": 3}"#,
            r#"{"kind": "realised_volatility", "period": 3}"#,
        ]
        .map(feature)
        .to_vec(),
        ..FeaturePipelineSpec::default()
    };
    spec.features.push(serde_json::from_str(r#"{"kind": "time_of_day"}"#).unwrap());
    spec.features.push(serde_json::from_str(r#"{"kind": "column", "name": "own"}"#).unwrap());
    spec
}

/// Bars of whole ticks, with gaps of up to 40 minutes, and a column.
fn market(steps: &[(u8, i8, u8)]) -> MarketData {
    let (mut minute, mut close) = (28_000_000i64, 4000.0);
    let bars: Vec<Bar> = steps
        .iter()
        .map(|&(gap, step, volume)| {
            minute += if gap < 235 { 1 } else { i64::from(gap) - 215 };
            let open = close;
            close = (open + f64::from(step) * 0.25).max(1.0);
            let (high, low) = (open.max(close) + 0.5, open.min(close) - 0.5);
            let time = Timestamp::from_nanos(minute * MINUTE_NS);
            Bar { time, open, high, low, close, volume: volume.into() }
        })
        .collect();
    let own = steps.iter().map(|&(gap, step, _)| f32::from(step) + f32::from(gap)).collect();
    MarketData::builder(vec![Instrument::es()])
        .bars(bars)
        .column("own", own)
        .calendar(Calendar::Cme)
        .period_ns(MINUTE_NS)
        .build()
        .unwrap()
}

fn rows(data: &MarketData, spec: &FeaturePipelineSpec) -> Vec<Vec<u32>> {
    let mut pipeline = FeaturePipeline::for_data(spec, data).unwrap();
    let mut row = vec![0.0; pipeline.width()];
    let rows = data.bars().iter().enumerate().map(|(t, bar)| {
        pipeline.update(std::slice::from_ref(bar), &[data.columns()[0].1[t]], &mut row);
        row.iter().map(|x| x.to_bits()).collect()
    });
    rows.collect()
}

fn steps(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(u8, i8, u8)>> {
    proptest::collection::vec((any::<u8>(), -20i8..=20, any::<u8>()), len)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn another_future_leaves_the_past_bit_equal(
        past in steps(1..120), ours in steps(1..60), theirs in steps(1..60), timeframe in 0usize..3,
    ) {
        let spec = spec([None, Some(5), Some(15)][timeframe]);
        let with = |future: &[(u8, i8, u8)]| rows(&market(&[past.as_slice(), future].concat()), &spec);
        let (a, b) = (with(&ours), with(&theirs));
        prop_assert_eq!(&a[..past.len()], &b[..past.len()]);
    }

    #[test]
    fn a_bar_in_progress_is_not_seen(
        past in steps(1..120), ours in steps(14..15), theirs in steps(14..15), timeframe in 0usize..2,
    ) {
        let minutes = [5, 15][timeframe];
        let spec = spec(Some(minutes));
        // From the first whole interval behind the past: all of its bars but the last, without gaps.
        let start = market(&past).bars()[past.len() - 1].time.nanos() / MINUTE_NS;
        let length = i64::from(minutes);
        let wait = length - start.rem_euclid(length);
        let gap = |step: (u8, i8, u8)| (0, step.1, step.2);
        let fill = |tail: &[(u8, i8, u8)]| {
            let quiet = std::iter::repeat_n((0, 0, 9), wait as usize);
            let tail = tail.iter().take(length as usize - 1).copied().map(gap);
            past.iter().copied().chain(quiet).chain(tail).collect::<Vec<_>>()
        };
        let (a, b) = (rows(&market(&fill(&ours)), &spec), rows(&market(&fill(&theirs)), &spec));
        let bars_only = |rows: &[Vec<u32>]| rows.iter().map(|row| row[..7].to_vec()).collect::<Vec<_>>();
        prop_assert_eq!(bars_only(&a), bars_only(&b));
        // And the bar that ends the interval shows it.
        let volume = |steps: &[(u8, i8, u8)]| steps.iter().take(length as usize - 1).map(|s| u64::from(s.2)).sum::<u64>();
        let end = |tail: &[(u8, i8, u8)]| {
            let steps: Vec<_> = fill(tail).into_iter().chain([(0, 0, 1)]).collect();
            rows(&market(&steps), &spec).pop().unwrap()
        };
        let warm = a.last().unwrap()[..7].iter().all(|&x| f32::from_bits(x).is_finite());
        if warm && volume(&ours) != volume(&theirs) && volume(&ours) > 0 && volume(&theirs) > 0 {
            prop_assert_ne!(end(&ours)[5], end(&theirs)[5], "volume of the completed bar");
        }
    }

    #[test]
    fn the_table_is_the_stream_and_unknown_only_in_the_warm_up(market_steps in steps(80..200), timeframe in 0usize..3) {
        let spec = spec([None, Some(5), Some(15)][timeframe]);
        let data = market(&market_steps);
        let rows = rows(&data, &spec);
        let known = |row: &Vec<u32>| row.iter().all(|&x| f32::from_bits(x).is_finite());
        let data = attach(data, &spec).unwrap();
        let limit = FeaturePipeline::for_data(&spec, &data).unwrap().max_warm_up();
        prop_assert!(data.warm_up() <= limit, "{} {limit}", data.warm_up());
        prop_assert!(!rows[..data.warm_up()].iter().any(known));
        prop_assert!(rows[data.warm_up()..].iter().all(known));
        let table: Vec<u32> = data.view(data.len()).window(data.len()).iter().map(|x| x.to_bits()).collect();
        prop_assert_eq!(table, rows.concat());
    }
}

#[test]
fn a_clone_goes_on_as_the_original() {
    let steps: Vec<(u8, i8, u8)> = (0..60u8).map(|i| (i.wrapping_mul(37), (i % 9) as i8 - 4, i)).collect();
    let (data, spec) = (market(&steps), spec(Some(5)));
    let mut original = FeaturePipeline::for_data(&spec, &data).unwrap();
    let mut row = vec![0.0; original.width()];
    let feed = |pipeline: &mut FeaturePipeline, t: usize, row: &mut [f32]| {
        pipeline.update(&data.bars()[t..=t], &[0.0], row);
    };
    (0..47).for_each(|t| feed(&mut original, t, &mut row));
    let mut copy = original.clone();
    let mut again = row.clone();
    for t in 47..60 {
        feed(&mut original, t, &mut row);
        feed(&mut copy, t, &mut again);
        assert_eq!(row, again, "row {t}");
    }
}
