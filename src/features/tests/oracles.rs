//! Numbers of TA-Lib 0.8.2, run on a published series of closes; `oracles.json` says which.

use serde_json::Value;

use crate::{
    Bar,
    features::{Atr, Ema, FeatureSpec, Rsi, Sma},
};

fn case(id: &str) -> Value {
    let cases: Vec<Value> = serde_json::from_str(include_str!("oracles.json")).unwrap();
    cases.into_iter().find(|case| case["id"] == id).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn rsi_14() {
    let case = case("D174");
    let mut rsi = Rsi::new(14);
    let values: Vec<f64> = numbers(&case["inputs"]["close"]).iter().map(|&close| rsi.update(close)).collect();
    assert!(values[..14].iter().all(|x| x.is_nan()));
    for (ours, theirs) in values[14..=19].iter().zip(numbers(&case["expected"]["values_idx14_19"])) {
        // Six decimals are written there.
        assert!((ours - theirs).abs() < 5e-7, "{ours} {theirs}");
    }
}

/// Bars of case D175.
fn bars(case: &Value) -> Vec<Bar> {
    let closes = numbers(&case["inputs"]["close"]);
    closes
        .iter()
        .map(|&close| Bar { open: close, high: close + 0.30, low: close - 0.25, close, ..Bar::default() })
        .collect()
}

/// What the feature says behind the last of the bars.
fn last(spec: &str, bars: &[Bar]) -> f64 {
    let mut indicator = serde_json::from_str::<FeatureSpec>(spec).unwrap().indicator().unwrap();
    bars.iter().map(|bar| indicator.update(bar)).last().unwrap()
}

#[test]
fn bollinger_20_macd_5_13_4_adx_7() {
    let case = case("D175");
    let bars = bars(&case);
    let close = bars.last().unwrap().close;
    let near = |ours: f64, theirs: f64, name: &str| {
        assert!((ours / theirs - 1.0).abs() < 1e-12, "{name} {ours} {theirs}");
    };
    let bands = numbers(&case["expected"]["bb"]);
    let (half, middle) = ((bands[0] - bands[2]) / 2.0, bands[1]);
    near(last(r#"{"kind": "bollinger"}"#, &bars), (close - middle) / half, "%b");
    near(last(r#"{"kind": "bollinger", "line": "bandwidth"}"#, &bars), 2.0 * half / middle, "bandwidth");
    for (line, theirs) in ["line", "signal", "histogram"].iter().zip(numbers(&case["expected"]["macd"])) {
        let spec = format!(r#"{{"kind": "macd", "line": "{line}", "fast": 5, "slow": 13, "signal": 4}}"#);
        near(last(&spec, &bars) * close, theirs, line);
    }
    near(last(r#"{"kind": "adx", "period": 7}"#, &bars) * 100.0, case["expected"]["adx7"].as_f64().unwrap(), "adx");
}

#[test]
fn sma_10_ema_10_atr_14() {
    let case = case("D175");
    let (mut sma, mut ema, mut atr) = (Sma::new(10), Ema::new(10), Atr::new(14));
    let mut last = [f64::NAN; 3];
    for bar in bars(&case) {
        last = [sma.update(bar.close), ema.update(bar.close), atr.update(&bar)];
    }
    for (ours, name) in last.iter().zip(["sma10", "ema10", "atr14"]) {
        let theirs = case["expected"][name].as_f64().unwrap();
        assert!((ours / theirs - 1.0).abs() < 1e-12, "{name} {ours} {theirs}");
    }
}
