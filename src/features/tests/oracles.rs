//! Numbers of TA-Lib 0.8.2, run on a published series of closes; `oracles.json` says which.

use serde_json::Value;

use crate::{
    Bar,
    features::{Atr, Ema, Rsi, Sma},
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

#[test]
fn sma_10_ema_10_atr_14() {
    let case = case("D175");
    let (mut sma, mut ema, mut atr) = (Sma::new(10), Ema::new(10), Atr::new(14));
    let mut last = [f64::NAN; 3];
    for close in numbers(&case["inputs"]["close"]) {
        let bar = Bar { open: close, high: close + 0.30, low: close - 0.25, close, ..Bar::default() };
        last = [sma.update(close), ema.update(close), atr.update(&bar)];
    }
    for (ours, name) in last.iter().zip(["sma10", "ema10", "atr14"]) {
        let theirs = case["expected"][name].as_f64().unwrap();
        assert!((ours / theirs - 1.0).abs() < 1e-12, "{name} {ours} {theirs}");
    }
}
