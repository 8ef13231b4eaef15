//! A market whose expected changes are published: its luck can be taken away.

use rand::RngExt as _;
use serde_json::{Value, json};
use tradepit::{
    MarketData, Rng,
    rng::{Purpose, stream},
};

use crate::{begun, market, step};

/// Changes with a known mean of each and a deviation of one; the market publishes the means a row ahead.
fn drawn(rng: &mut Rng) -> (Vec<f64>, MarketData) {
    let means: Vec<f64> = (0..30).map(|_| rng.random_range(-0.2..0.2)).collect();
    let changes: Vec<f64> = means.iter().map(|mean| mean + if rng.random_bool(0.5) { 1.0 } else { -1.0 }).collect();
    let mut column: Vec<f32> = means.iter().map(|mean| *mean as f32).collect();
    column.push(0.0);
    (means, market(&changes).with_column("expected_change", column).unwrap())
}

/// The reward of an episode whose position is one unit with the sign of the mean.
fn episode(reward: &Value, means: &[f64], data: MarketData) -> (f64, f64) {
    let more = json!({"reward": reward, "commission": {"kind": "per_share", "fee": 0.02}});
    let (mut env, mut obs) = begun(&more, data);
    let (mut sum, mut expected) = (0.0, 0.0);
    for n in 0..20 {
        // The first decision is taken when the second row has closed; a row's mean is that of the next change.
        let mean = means[n + 1];
        let (transition, facts) = step(&mut env, 0.1 * mean.signum() as f32, &mut obs);
        assert_eq!(facts.expected_change, f64::from(mean as f32));
        sum += f64::from(transition.reward);
        expected += mean.abs() - facts.fees;
    }
    (sum, expected)
}

#[test]
fn expected_profit_has_the_mean_of_profit_and_none_of_its_noise() {
    let scale = 10_000.0;
    let profit = json!({"kind": "profit", "scale": scale});
    let expected = json!({"kind": "expected_profit", "scale": scale});
    let (mut difference, mut squares) = (0.0, 0.0);
    for seed in 0..300 {
        let (means, data) = drawn(&mut stream(seed, 0, Purpose::Models));
        let (noisy, _) = episode(&profit, &means, data.clone());
        let (quiet, exact) = episode(&expected, &means, data);
        assert!((quiet - exact).abs() < 1e-3, "{quiet} {exact}");
        difference += noisy - exact;
        squares += (noisy - exact).powi(2);
    }
    // 20 changes of deviation 1 each: noise that the other does not have, about a mean of 0.
    let error = (squares / 300.0).sqrt() / 300.0_f64.sqrt();
    assert!((difference / 300.0).abs() < 3.0 * error && squares / 300.0 > 10.0, "{difference} {squares}");
}
