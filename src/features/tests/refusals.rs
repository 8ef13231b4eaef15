//! What is refused, by its text.

use super::kinds::every_kind;
use crate::{
    Bar, Instrument, MarketData, Timestamp,
    features::{FeaturePipeline, FeaturePipelineSpec, FeatureSpec, MarketShape, attach, backfill},
    market::{Calendar, synth},
    time::MINUTE_NS,
};

fn spec(features: &str) -> FeaturePipelineSpec {
    serde_json::from_str(&format!(r#"{{"features": [{features}]}}"#)).unwrap()
}

fn refused(features: &str) -> String {
    attach(synth::es_1m(300, 0).unwrap(), &spec(features)).unwrap_err().to_string()
}

#[test]
fn numbers_out_of_range_are_named() {
    let time = r#"{"kind": "time_of_day"}"#;
    assert_eq!(
        refused(&format!(r#"{time}, {{"kind": "rsi", "period": 0}}"#)),
        "features[1].rsi.period: 0 must be from 1 to 100000"
    );
    assert_eq!(
        refused(r#"{"kind": "log_return", "lag": 200000}"#),
        "features[0].log_return.lag: 200000 must be from 1 to 100000"
    );
    assert!(refused(r#"{"kind": "atr", "timeframe": 0}"#).starts_with("features[0].atr.timeframe: 0 must be from 1"));
    assert!(refused(r#"{"kind": "atr", "scale": 0}"#).starts_with("features[0].atr.scale: 0 must be a finite"));
    assert!(refused(&format!("{time}, {time}")).contains("\"time_of_day_sin\" is there twice"));
    assert_eq!(refused(""), "features: there is none; name at least one");
}

#[test]
fn numbers_that_do_not_fit_each_other_are_named() {
    assert_eq!(refused(r#"{"kind": "macd", "fast": 30}"#), "features[0].macd.fast: 30 must be below slow, which is 26");
    assert_eq!(
        refused(r#"{"kind": "bollinger", "deviations": 0}"#),
        "features[0].bollinger.deviations: 0 must be a finite number above 0"
    );
    assert_eq!(
        refused(r#"{"kind": "range_volatility", "period": 1}"#),
        "features[0].range_volatility.period: 1 must be at least 2 for yang_zhang"
    );
    assert_eq!(refused(r#"{"kind": "macd", "slow": 0}"#), "features[0].macd.slow: 0 must be from 1 to 100000");
}

#[test]
fn what_the_market_lacks_is_named() {
    assert!(
        refused(r#"{"kind": "rsi", "instrument": 1}"#).starts_with("features[0].rsi.instrument: 1 is not in the data")
    );
    assert!(
        refused(r#"{"kind": "column", "name": "news"}"#)
            .starts_with("features[0].column.name: \"news\" is not in the data")
    );
    let data = synth::es_1m(300, 0).unwrap();
    let hourly = {
        let clock = data.clock().clone();
        let shape = MarketShape { instruments: 1, period_ns: 60 * MINUTE_NS, clock, columns: &[], quotes: false };
        FeaturePipeline::new(&FeaturePipelineSpec::default(), shape).unwrap_err()
    };
    let text = hourly.to_string();
    assert!(text.starts_with("features[10].log_return.timeframe: 5 minutes are not a whole number of"), "{text}");
}

#[test]
fn unknown_fields_are_named_in_every_kind() {
    for feature in every_kind(None) {
        let mut json = serde_json::to_value(&feature).unwrap();
        json["bps"] = 5.into();
        let error = serde_json::from_value::<FeatureSpec>(json).unwrap_err().to_string();
        assert!(error.contains("unknown field `bps`"), "{}: {error}", feature.kind());
    }
    let error = serde_json::from_str::<FeaturePipelineSpec>(r#"{"feature": []}"#).unwrap_err().to_string();
    assert!(error.contains("unknown field `feature`"), "{error}");
    let version: FeaturePipelineSpec = serde_json::from_str(r#"{"version": 2}"#).unwrap();
    assert_eq!(version.validate().unwrap_err().to_string(), "features.version: 2 is unknown; this build reads 1");
}

#[test]
fn too_little_data_says_both_numbers() {
    let error = attach(synth::es_1m(224, 0).unwrap(), &FeaturePipelineSpec::default()).unwrap_err().to_string();
    assert!(error.starts_with("too little data: 224 rows, and the features need up to 225 (rsi_14@15m"), "{error}");
    assert!(attach(synth::es_1m(225, 0).unwrap(), &FeaturePipelineSpec::default()).is_ok());
}

fn bars(closes: &[f64], own: Vec<f32>) -> MarketData {
    let bar = |(m, &close): (usize, &f64)| Bar {
        time: Timestamp::from_nanos((m as i64 + 1) * MINUTE_NS),
        open: close,
        high: close,
        low: close,
        close,
        volume: 0.0,
    };
    let bars = closes.iter().enumerate().map(bar).collect();
    let builder = MarketData::builder(vec![Instrument::es()]).bars(bars).column("own", own);
    builder.calendar(Calendar::Utc).period_ns(MINUTE_NS).build().unwrap()
}

#[test]
fn prices_that_nothing_divides_by_are_named() {
    let data = bars(&[2.0, 1.0, -37.63], vec![0.0; 3]);
    let error = attach(data.clone(), &spec(r#"{"kind": "log_return"}"#)).unwrap_err().to_string();
    assert_eq!(
        error,
        "row 2, column close: -37.63 is not above 0, and [\"log_return_1\"] divides by it; drop the feature"
    );
    assert!(attach(data, &spec(r#"{"kind": "rsi", "period": 1}"#)).is_ok());
}

#[test]
fn a_column_may_be_unknown_at_the_beginning_only() {
    let own = spec(r#"{"kind": "column", "name": "own", "scale": 2}"#);
    let late = attach(bars(&[1.0; 3], vec![f32::NAN, 3.0, 4.0]), &own).unwrap();
    assert_eq!((late.warm_up(), late.view(3).window(2)), (1, [6.0f32, 8.0].as_slice()));
    let hole = attach(bars(&[1.0; 3], vec![1.0, f32::NAN, 4.0]), &own).unwrap_err().to_string();
    assert!(hole.starts_with("row 1, column own: NaN after the warm-up of 0 rows"), "{hole}");
    let never = attach(bars(&[1.0; 2], vec![f32::NAN; 2]), &own).unwrap_err().to_string();
    assert!(never.starts_with("row 1, column own: NaN at the end of the data"), "{never}");
}

#[test]
fn large_numbers_are_clipped_and_counted_and_infinite_ones_refused() {
    let own: FeaturePipelineSpec =
        serde_json::from_str(r#"{"clip": 5, "features": [{"kind": "column", "name": "own"}]}"#).unwrap();
    let (data, pipeline) = backfill(bars(&[1.0; 4], vec![-7.0, 5.0, 6.0, 1.0]), &own).unwrap();
    assert_eq!((data.view(4).window(4), pipeline.clipped()), ([-5.0f32, 5.0, 5.0, 1.0].as_slice(), 2));
    let infinite = attach(bars(&[1.0; 2], vec![1.0, f32::INFINITY]), &own).unwrap_err().to_string();
    assert!(infinite.starts_with("row 1, column own: inf after the warm-up"), "{infinite}");
    let clip = FeaturePipelineSpec { clip: 0.0, ..own }.validate().unwrap_err().to_string();
    assert_eq!(clip, "features.clip: 0 must be a finite number above 0");
}

#[test]
fn a_market_that_stands_still_divides_by_no_zero() {
    let names = ["rsi", "atr", "volume_ratio", "realised_volatility", "sma_distance", "ema_distance"];
    let features = names.map(|kind| format!(r#"{{"kind": "{kind}", "period": 2, "timeframe": 5}}"#)).join(",");
    let still = attach(bars(&[7.0; 40], vec![0.0; 40]), &spec(&features)).unwrap();
    assert_eq!(still.view(40).window(40 - still.warm_up()), vec![0.0; (40 - still.warm_up()) * 6]);
}

#[test]
fn several_instruments_keep_apart() {
    let bar = |m: i64, close: f64| Bar {
        time: Timestamp::from_nanos(m * MINUTE_NS),
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    };
    let rows = (1..=4).flat_map(|m| [bar(m, 100.0), bar(m, 2f64.powi(m as i32))]).collect();
    let data = MarketData::builder(vec![Instrument::es(), Instrument::nq()]).bars(rows).build().unwrap();
    let both = spec(r#"{"kind": "log_return"}, {"kind": "log_return", "instrument": 1}"#);
    let data = attach(data, &both).unwrap();
    assert_eq!(data.feature_names(), ["log_return_1", "log_return_1#1"]);
    assert_eq!(data.view(4).window(1), [0.0, 2f32.ln()]);
}
