//! Each normalisation against its formula, computed naively over the same numbers.

use proptest::prelude::*;

use super::kinds::pipeline_of;
use crate::{
    Bar, Instrument, MarketData, Timestamp,
    features::{FeaturePipelineSpec, attach},
    time::MINUTE_NS,
};

/// A market whose column `own` has these values.
fn data(own: &[f32]) -> MarketData {
    let bar = |m: usize| Bar {
        time: Timestamp::from_nanos((m as i64 + 1) * MINUTE_NS),
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume: 0.0,
    };
    let bars = (0..own.len()).map(bar).collect();
    MarketData::builder(vec![Instrument::es()]).bars(bars).column("own", own.to_vec()).build().unwrap()
}

fn normalised(by: &str) -> FeaturePipelineSpec {
    let json = format!(r#"{{"kind": "normalised", "of": {{"kind": "column", "name": "own"}}, "by": {by}}}"#);
    FeaturePipelineSpec { clip: 1e6, ..pipeline_of(vec![serde_json::from_str(&json).unwrap()]) }
}

fn numbers(own: &[f32], by: &str) -> (usize, Vec<f32>) {
    let data = attach(data(own), &normalised(by)).unwrap();
    (data.warm_up(), data.view(own.len()).window(own.len()).to_vec())
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}

fn z_score(values: &[f64]) -> f64 {
    let (mean, deviation) = mean_and_deviation(values);
    // The naive sum rounds what the other way knows to be 0.
    if deviation < 1e-9 { 0.0 } else { (values[values.len() - 1] - mean) / deviation }
}

fn rank(values: &[f64]) -> f64 {
    let last = values[values.len() - 1];
    let below = values.iter().filter(|x| **x < last).count() as f64;
    let equal = values.iter().filter(|x| **x == last).count() as f64;
    2.0 * (below + (equal - 1.0) / 2.0) / (values.len() as f64 - 1.0) - 1.0
}

fn min_max(values: &[f64]) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high > low { 2.0 * (values[values.len() - 1] - low) / (high - low) - 1.0 } else { 0.0 }
}

proptest! {
    #[test]
    fn all_are_their_formulas(steps in proptest::collection::vec(-8i32..8, 40..400), window in 2usize..40, offset in 0u32..3) {
        // Ties are frequent, stretches without a move too, and the level may be large against the moves.
        let mut level = f64::from(offset) * 4000.0;
        let own: Vec<f32> = steps.iter().map(|step| {
            level += if step.abs() > 3 { f64::from(*step) * 0.25 } else { 0.0 };
            level as f32
        }).collect();
        let wide: Vec<f64> = own.iter().map(|x| f64::from(*x)).collect();
        type Naive = fn(&[f64]) -> f64;
        let kinds: [(&str, Naive); 3] = [("z_score", z_score), ("rank", rank), ("min_max", min_max)];
        for (kind, naive) in kinds {
            let (warm_up, ours) = numbers(&own, &format!(r#"{{"kind": "{kind}", "window": {window}}}"#));
            prop_assert_eq!(warm_up, window - 1);
            for t in warm_up..own.len() {
                let theirs = naive(&wide[t + 1 - window..=t]);
                prop_assert!((f64::from(ours[t]) - theirs).abs() < 1e-6, "{} {}: {} {}", kind, t, ours[t], theirs);
            }
        }
        let (warm_up, ours) = numbers(&own, &format!(r#"{{"kind": "expanding", "after": {window}}}"#));
        prop_assert_eq!(warm_up, window - 1);
        for t in warm_up..own.len() {
            let theirs = z_score(&wide[..=t]);
            prop_assert!((f64::from(ours[t]) - theirs).abs() < 1e-6, "expanding {}: {} {}", t, ours[t], theirs);
        }
    }

    #[test]
    fn frozen_statistics_are_those_of_the_rows_and_of_nothing_else(
        own in proptest::collection::vec(-100i32..100, 20..200), other in proptest::collection::vec(-100i32..100, 200), cut in 10usize..20,
    ) {
        let own: Vec<f32> = own.iter().map(|x| *x as f32).collect();
        let wide: Vec<f64> = own.iter().map(|x| f64::from(*x)).collect();
        let (mean, deviation) = mean_and_deviation(&wide[3..cut]);
        prop_assume!(deviation > 0.0);
        let spec = normalised(r#"{"kind": "frozen"}"#);
        let fitted = spec.fit(&data(&own), 3..cut).unwrap();
        let theirs: Vec<f32> = own.iter().enumerate().map(|(t, x)| if t < cut { *x } else { other[t] as f32 }).collect();
        prop_assert_eq!(fitted.hash(), spec.fit(&data(&theirs), 3..cut).unwrap().hash(), "the future is read");
        let table = attach(data(&own), &fitted).unwrap();
        prop_assert_eq!(table.warm_up(), 0);
        for (ours, x) in table.view(own.len()).window(own.len()).iter().zip(&wide) {
            let theirs = (x - mean) / deviation;
            prop_assert!((f64::from(*ours) - theirs).abs() < 1e-5 * theirs.abs().max(1.0), "{} {}", ours, theirs);
        }
    }
}

#[test]
fn what_is_said_in_pandas_is_said_here() {
    // Series([1, 2, 4, 4, 3]).rolling(4): rank() is 3.5 and 2 among the last four; min and max are 1 and 4, then 2 and 4;
    // std(ddof=0) is 1.2990381 and 0.8291562 about the means 2.75 and 3.25.
    let of = |by: &str| numbers(&[1.0, 2.0, 4.0, 4.0, 3.0], by).1[3..].to_vec();
    assert_eq!(of(r#"{"kind": "rank", "window": 4}"#), [(2.0f64 / 3.0) as f32, (-1.0f64 / 3.0) as f32]);
    assert_eq!(of(r#"{"kind": "min_max", "window": 4}"#), [1.0, 0.0]);
    let z = of(r#"{"kind": "z_score", "window": 4}"#);
    assert!((z[0] - 1.25 / 1.299_038).abs() < 1e-6 && (z[1] + 0.25 / 0.829_156_2).abs() < 1e-6, "{z:?}");
}

#[test]
fn refusals_name_the_field() {
    let refused = |of: &str, by: &str| {
        let json = format!(r#"{{"features": [{{"kind": "normalised", "of": {of}, "by": {by}}}]}}"#);
        serde_json::from_str::<FeaturePipelineSpec>(&json).unwrap().validate().unwrap_err().to_string()
    };
    let (rsi, z) = (r#"{"kind": "rsi"}"#, r#"{"kind": "z_score"}"#);
    for (of, by, text) in [
        (rsi, r#"{"kind": "z_score", "window": 1}"#, "by.window: 1 must be at least 2"),
        (rsi, r#"{"kind": "expanding", "after": 0}"#, "by.after: 0 must be from 1 to 100000"),
        (rsi, r#"{"kind": "frozen", "mean": 0, "deviation": 0}"#, "by.frozen: mean 0 and deviation 0 must be finite"),
        (r#"{"kind": "rsi", "period": 0}"#, z, "of.rsi.period: 0 must be from 1 to 100000"),
        (r#"{"kind": "rsi", "scale": 2}"#, z, "of: has scale 2, which is lost"),
        (r#"{"kind": "time_of_day"}"#, z, r#"of: gives ["time_of_day_sin", "time_of_day_cos"]"#),
        (&format!(r#"{{"kind": "normalised", "of": {rsi}, "by": {z}}}"#), z, "of: is normalised already"),
    ] {
        let error = refused(of, by);
        assert!(error.starts_with(&format!("features[0].normalised.{text}")), "{error}");
    }
    let still = normalised(r#"{"kind": "frozen"}"#).fit(&data(&[2.0; 9]), 0..9).unwrap_err().to_string();
    assert!(still.contains("is 2 in all of the rows 0..9"), "{still}");
    let outside = normalised(r#"{"kind": "frozen"}"#).fit(&data(&[2.0; 9]), 3..10).unwrap_err().to_string();
    assert_eq!(outside, "rows: 3..10 must be a range of some of the 9 rows of the data");
}
