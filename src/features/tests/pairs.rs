//! Features of two instruments, and of what comes with a row beside its bars, against a naive computation.

use proptest::prelude::*;

use super::kinds::{Step, market, pipeline_of, steps};
use crate::{
    Bar, InstrumentId, MarketData,
    features::{FeaturePipelineSpec, attach, table},
    market::{Calendar, MarketFact, synth},
};

fn of(json: &str) -> FeaturePipelineSpec {
    FeaturePipelineSpec { clip: 1e6, ..pipeline_of(vec![serde_json::from_str(json).unwrap()]) }
}

/// The numbers of a feature, NaN in its warm-up.
fn numbers(data: &MarketData, json: &str) -> Vec<f64> {
    let (table, ..) = table(data, &of(json)).unwrap();
    table.numbers().iter().map(|x| f64::from(*x)).collect()
}

/// Least squares: the slope, and the residual of the last pair.
fn regression(ys: &[f64], xs: &[f64]) -> (f64, f64) {
    let n = ys.len() as f64;
    let (mean_y, mean_x) = (ys.iter().sum::<f64>() / n, xs.iter().sum::<f64>() / n);
    let products: f64 = ys.iter().zip(xs).map(|(y, x)| (y - mean_y) * (x - mean_x)).sum();
    let squares: f64 = xs.iter().map(|x| (x - mean_x).powi(2)).sum();
    let slope = if xs.iter().all(|x| *x == xs[0]) { 0.0 } else { products / squares };
    (slope, ys[ys.len() - 1] - mean_y - slope * (xs[xs.len() - 1] - mean_x))
}

fn close(ours: f64, theirs: f64, size: f64) -> bool {
    (ours.is_nan() && theirs.is_nan()) || (ours - theirs).abs() <= 1e-6 * (size + theirs.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pairs_are_their_formulas(steps in steps(40..200), period in 3usize..20, second: bool) {
        let data = market(&steps);
        // The second against the first as well.
        let (a, b) = if second { (1, 0) } else { (0, 1) };
        let bars = data.feature_bars();
        let logs = |id: usize| bars.iter().skip(id).step_by(2).map(|bar: &Bar| bar.close.ln()).collect::<Vec<f64>>();
        let (ys, xs) = (logs(a), logs(b));
        let steps = |logs: &[f64]| logs.windows(2).map(|w| w[1] - w[0]).collect::<Vec<f64>>();
        let (dys, dxs) = (steps(&ys), steps(&xs));
        let feature = |kind: &str, rest: &str| {
            numbers(&data, &format!(r#"{{"kind": "{kind}", "instrument": {a}, "other": {b}{rest}}}"#))
        };
        let rest = format!(r#", "period": {period}"#);
        let (ratio, spread, beta) = (feature("pair_ratio", ""), feature("pair_spread", &rest), feature("pair_beta", &rest));
        for t in 0..ys.len() {
            prop_assert!(close(ratio[t], ys[t] - xs[t], 1.0), "ratio {} {}", ratio[t], ys[t] - xs[t]);
            let from = (t + 1).checked_sub(period);
            let residual = from.map_or(f64::NAN, |from| regression(&ys[from..=t], &xs[from..=t]).1);
            prop_assert!(close(spread[t], residual, 1e-3), "spread {} {}", spread[t], residual);
            let slope = t.checked_sub(period).map_or(f64::NAN, |from| regression(&dys[from..t], &dxs[from..t]).0);
            prop_assert!(close(beta[t], slope, 1.0), "beta {} {}", beta[t], slope);
        }
    }

    #[test]
    fn quotes_and_rolls_are_their_formulas(steps in steps(16..120), period in 1usize..12, id in 0usize..2) {
        let data = market(&steps);
        let feature = |kind: &str, rest: &str| numbers(&data, &format!(r#"{{"kind": "{kind}", "instrument": {id}{rest}}}"#));
        let spread = feature("bid_ask_spread", "");
        let (micro, flow) = (feature("microprice", ""), feature("order_flow_imbalance", &format!(r#", "period": {period}"#)));
        let (roll, moved) = (feature("roll_day", ""), |row: usize| {
            data.details(row).events.iter().any(|event| event.instrument == InstrumentId(id as u32))
        });
        let quote = |row: usize| data.details(row).quotes[id].unwrap();
        let mut flows = vec![f64::NAN];
        for t in 0..data.len() {
            let (q, mid) = (quote(t), quote(t).mid());
            prop_assert!(close(spread[t], (q.ask - q.bid) / mid, 1e-4));
            let size = q.bid_size + q.ask_size;
            let price = if size > 0.0 { (q.bid * q.ask_size + q.ask * q.bid_size) / size } else { mid };
            prop_assert!(close(micro[t], price / mid - 1.0, 1e-4), "{} {}", micro[t], price / mid - 1.0);
            if t > 0 {
                let p = quote(t - 1);
                let bid = if q.bid > p.bid { q.bid_size } else if q.bid < p.bid { -p.bid_size } else { q.bid_size - p.bid_size };
                let ask = if q.ask < p.ask { q.ask_size } else if q.ask > p.ask { -p.ask_size } else { q.ask_size - p.ask_size };
                flows.push(if moved(t) { 0.0 } else { bid - ask });
            }
            let from = (t + 1).checked_sub(period).filter(|from| *from > 0);
            let theirs = from.map_or(f64::NAN, |from| {
                let depth: f64 = (from..=t).map(|t| 0.5 * (quote(t).bid_size + quote(t).ask_size)).sum();
                if depth > 0.0 { flows[from..=t].iter().sum::<f64>() / depth } else { 0.0 }
            });
            prop_assert!(close(flow[t], theirs, 1.0), "flow {} {}", flow[t], theirs);
            let closes = |row: usize| data.clock().session(data.bars()[row * 2].time).closes;
            let rolled = (0..=t).any(|row| closes(row) == closes(t) && moved(row));
            prop_assert_eq!(roll[t], f64::from(u8::from(rolled)));
        }
    }

    #[test]
    fn the_session_is_that_of_the_calendar(steps in steps(10..120)) {
        // Every bar in another quarter of an hour or later, so that there are several sessions.
        let steps: Vec<Step> = steps.iter().map(|step| (255, step.1, step.2)).collect();
        let data = market(&steps);
        let far = numbers(&data, r#"{"kind": "session_vwap_distance"}"#);
        let left = numbers(&data, r#"{"kind": "time_to_close"}"#);
        let bars: Vec<Bar> = data.feature_bars().iter().step_by(2).copied().collect();
        let session = |t: usize| data.clock().session(bars[t].time);
        for t in 0..bars.len() {
            let own: Vec<&Bar> = (0..=t).filter(|row| session(*row) == session(t)).map(|row| &bars[row]).collect();
            let volume: f64 = own.iter().map(|bar| bar.volume).sum();
            let turnover: f64 = own.iter().map(|bar| (bar.high + bar.low + bar.close) / 3.0 * bar.volume).sum();
            let theirs = if volume > 0.0 { bars[t].close / (turnover / volume) - 1.0 } else { 0.0 };
            prop_assert!(close(far[t], theirs, 1e-3), "{} {theirs}", far[t]);
            let all = (session(t).closes.nanos() - session(t).opens.nanos()) as f64;
            // In the daily break, the next session is still whole.
            let rest = ((session(t).closes.nanos() - bars[t].time.nanos()) as f64 / all).min(1.0);
            prop_assert!(close(left[t], rest, 1.0), "{} {rest}", left[t]);
        }
    }
}

#[test]
fn a_week_is_a_circle() {
    let data = synth::es_1m(8 * 1440, 0).unwrap();
    let angles = numbers(&data, r#"{"kind": "time_of_week"}"#);
    // 2024-01-02, the first day, is a Tuesday; a week later it is the same time again.
    assert_eq!(angles[..2 * 1440], angles[2 * 7 * 1440..]);
    let [sin, cos] = [angles[2 * (6 * 1440 - 1)], angles[2 * (6 * 1440 - 1) + 1]];
    assert!(sin.abs() < 1e-6 && (cos - 1.0).abs() < 1e-6, "Monday, 00:00 UTC: {sin} {cos}");
}

#[test]
fn what_is_missing_is_named() {
    let plain = synth::es_1m(50, 0).unwrap();
    let without = MarketData::builder(plain.instruments().to_vec()).bars(plain.bars().to_vec()).build().unwrap();
    assert_eq!(without.calendar(), Calendar::None);
    let refused = |json: &str| attach(without.clone(), &of(json)).unwrap_err().to_string();
    for kind in ["bid_ask_spread", "microprice", "order_flow_imbalance"] {
        let text = refused(&format!(r#"{{"kind": "{kind}"}}"#));
        assert!(text.starts_with(&format!("features[0].{kind}.quotes: are not in the data")), "{text}");
    }
    for kind in ["session_vwap_distance", "time_to_close", "roll_day"] {
        let text = refused(&format!(r#"{{"kind": "{kind}"}}"#));
        assert!(text.starts_with(&format!("features[0].{kind}.calendar: is none")), "{text}");
    }
    let alone = refused(r#"{"kind": "pair_beta"}"#);
    assert!(alone.starts_with("features[0].pair_beta.other: 1 is not in the data, which has 1"), "{alone}");
    let same = of(r#"{"kind": "pair_ratio", "other": 0}"#).validate().unwrap_err().to_string();
    assert!(same.starts_with("features[0].pair_ratio.other: 0 is the instrument itself"), "{same}");
    assert!(data_with_a_price_of_zero().starts_with("row 3, column close: 0 is not above 0, and [\"pair_ratio:1\"]"));
}

/// Of the other instrument.
fn data_with_a_price_of_zero() -> String {
    let data = market(&[(0, 1, 1); 9]);
    let mut bars = data.bars().to_vec();
    bars[7] = Bar { open: 0.0, high: 0.0, low: 0.0, close: 0.0, ..bars[7] };
    let data = MarketData::builder(data.instruments().to_vec()).bars(bars).build().unwrap();
    attach(data, &of(r#"{"kind": "pair_ratio"}"#)).unwrap_err().to_string()
}

#[test]
fn only_rolls_move_the_market_of_these_tests() {
    let data = market(&[(0, 1, 1), (3, 1, 1), (53, 1, 1)]);
    assert_eq!(data.events().len(), 2);
    assert!(data.events().iter().all(|event| matches!(event.what, MarketFact::Roll { .. })));
}
