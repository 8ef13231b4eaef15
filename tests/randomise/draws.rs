//! What is drawn: all of the range, and nothing else.

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit_envs::SimSetup;

use crate::{drawing, obs_of, setup, spec};

/// The numbers that `episodes` episodes draw for one path.
fn draws(more: &Value, episodes: u64) -> Vec<f64> {
    let setup = setup(more);
    let mut obs = obs_of(&setup);
    let mut env = setup.env();
    let mut reset = |seed| {
        env.reset(seed, &mut obs).unwrap();
        env.randomised()[0]
    };
    // Half of them are first episodes of seeds, half the later ones of a seed.
    let seeds = (0..episodes / 2).map(Some).chain((0..episodes / 2).map(|_| None));
    seeds.map(&mut reset).collect()
}

/// The largest distance between the distribution of `sorted` numbers of [0, 1] and the uniform one.
fn distance(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let n = numbers.len() as f64;
    numbers
        .iter()
        .enumerate()
        .map(|(i, x)| (x - i as f64 / n).abs().max((x - (i + 1) as f64 / n).abs()))
        .fold(0.0, f64::max)
}

#[test]
fn draws_are_uniform_over_the_whole_range() {
    const N: u64 = 4_000;
    // Kolmogorov (1933): beyond 1.95 / sqrt(n) one sample in a thousand; the seeds are fixed.
    let bound = 1.95 / (N as f64).sqrt();
    let ticks = draws(&json!({"randomise": drawing("slippage.ticks", &json!([0.5, 2.5]))}), N);
    assert!(ticks.iter().all(|x| (0.5..=2.5).contains(x)));
    assert!(distance(ticks.iter().map(|x| (x - 0.5) / 2.0).collect()) < bound);
    let log = json!({"kind": "log_uniform", "low": 0.01, "high": 100});
    let fees = draws(&json!({"randomise": drawing("commission.fee", &log)}), N);
    assert!(fees.iter().all(|x| (0.01..=100.0).contains(x)));
    assert!(distance(fees.iter().map(|x| (x.log10() + 2.0) / 4.0).collect()) < bound);
    // Whole numbers and choices: each as often as the others, and nothing else.
    let carry = json!({"kind": "funding", "rate": 1e-4, "hours": 1});
    for (range, each) in [
        (json!([1, 4]), vec![1.0, 2.0, 3.0, 4.0]),
        (json!({"kind": "choice", "values": [24, 1, 8]}), vec![24.0, 1.0, 8.0]),
        (json!({"kind": "log_uniform", "low": 1, "high": 2}), vec![1.0, 2.0]),
    ] {
        let drawn = draws(&json!({"financing": carry, "randomise": drawing("financing.hours", &range)}), N);
        let counts: Vec<f64> = each.iter().map(|x| drawn.iter().filter(|d| *d == x).count() as f64).collect();
        assert_eq!(counts.iter().sum::<f64>(), N as f64, "{range}");
        let (share, logs) = (1.0 / each.len() as f64, range["kind"] == "log_uniform");
        for (x, count) in each.iter().zip(counts) {
            // A logarithm that is uniform from 0 to ln 2 is rounded up above ln 1.5.
            let p = if logs { if *x == 1.0 { 1.5_f64.log2() } else { 1.0 - 1.5_f64.log2() } } else { share };
            assert!((count / N as f64 - p).abs() < 4.0 * (p * (1.0 - p) / N as f64).sqrt(), "{range}: {x} {count}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_number_never_leaves_its_range_and_is_shown_where_it_is(
        low in prop_oneof![Just(0.0), 1e-9..1e-3_f64, 0.0..1e4_f64],
        width in prop_oneof![Just(0.0), 1e-12..1e-3_f64, 0.0..1e3_f64],
        log: bool,
        seed: u64,
    ) {
        let (low, high) = (low.max(if log { 1e-9 } else { 0.0 }), low.max(1e-9) + width);
        let kind = if log { "log_uniform" } else { "uniform" };
        let range = json!({"kind": kind, "low": low, "high": high});
        let more = json!({"randomise": {"observe": true, "ranges": {"commission.fee": range}}});
        let setup = SETUP.with(|plain| plain.with_spec(spec(&more)).unwrap());
        let (mut env, mut obs) = (setup.env(), obs_of(&setup));
        let mut seen: Vec<(f64, f32)> = Vec::new();
        for seed in (0..8).map(|k| seed.wrapping_add(k)) {
            env.reset(Some(seed), &mut obs).unwrap();
            let (value, shown) = (env.randomised()[0], *obs.last().unwrap());
            prop_assert!((low..=high).contains(&value) && (-1.0..=1.0).contains(&shown));
            let share = if log { (value / low).ln() / (high / low).ln() } else { (value - low) / (high - low) };
            prop_assert!(high == low || width < 1e-6 || (2.0 * share - 1.0 - f64::from(shown)).abs() < 1e-4);
            seen.push((value, shown));
        }
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        prop_assert!(seen.windows(2).all(|two| two[0].1 <= two[1].1));
    }
}

thread_local! {
    static SETUP: SimSetup = setup(&json!({}));
}
