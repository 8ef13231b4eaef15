//! The same seed: everything but the drawn number is the same.

use rand::RngExt as _;
use serde_json::{Value, json};
use tradepit::account::Fill;

use crate::{drawing, episode, obs_of, setup};

/// A path, a spec in which its number is the nominal one, and another number for it.
fn cases() -> Vec<(&'static str, Value, Value)> {
    let sum =
        |fee: f64| json!({"kind": "sum", "parts": [{"kind": "per_order", "fee": 1}, {"kind": "bps", "bps": fee}]});
    let rows = |fee: f64| {
        json!({"kind": "schedule", "name": "mine", "rows": [
            {"roots": ["*"], "from": "2000-01-01", "broker": {"kind": "per_contract", "fee": fee}}]})
    };
    let random = |probability: f64| json!({"kind": "probabilistic_tick", "probability": probability});
    let quantiles = |second: f64| json!({"kind": "empirical", "unit": "ticks", "quantiles": [0, second, 3]});
    let leverage = |max: f64| json!({"margin": {"kind": "leverage", "max": max}, "action": {"kind": "target_position", "max_lots": 3}});
    let impact = |gamma: f64| json!({"kind": "almgren_chriss", "eta": 0.05, "gamma": gamma});
    let carry = |hours: i64| json!({"kind": "funding", "rate": 1e-4, "hours": hours});
    let case = |path, field: &str, nominal: Value, other: Value| (path, json!({field: nominal}), json!({field: other}));
    vec![
        case(
            "slippage.ticks",
            "slippage",
            json!({"kind": "fixed_ticks", "ticks": 0.5}),
            json!({"kind": "fixed_ticks", "ticks": 1.7}),
        ),
        // Without `gamma` a market order needs no book, with it it does: each episode's own world says which.
        case("slippage.gamma", "slippage", impact(0.0), impact(0.05)),
        case("slippage.probability", "slippage", random(0.5), random(0.2)),
        case("slippage.quantiles.1", "slippage", quantiles(0.5), quantiles(2.5)),
        case("commission.parts.1.bps", "commission", sum(1.0), sum(0.3)),
        case("commission.rows.0.broker.fee", "commission", rows(1.0), rows(0.3)),
        case(
            "latency.jitter_ms",
            "latency",
            json!({"kind": "jittered", "ms": 100, "jitter_ms": 5000}),
            json!({"kind": "jittered", "ms": 100, "jitter_ms": 30000}),
        ),
        case("matching.participation", "matching", json!({"participation": 0.5}), json!({"participation": 0.001})),
        case("financing.hours", "financing", carry(1), carry(24)),
        ("margin.max", leverage(30.0), leverage(2.5)),
    ]
}

/// The number at a path of a spec.
fn at(spec: &Value, path: &str) -> Value {
    spec.pointer(&format!("/{}", path.replace('.', "/"))).unwrap().clone()
}

fn with(mut spec: Value, randomise: Value) -> Value {
    spec["randomise"] = randomise;
    spec
}

#[test]
fn a_range_of_one_number_is_the_spec_with_that_number_bit_for_bit() {
    for (path, nominal, other) in cases() {
        let number = at(&other, path);
        let range = json!([number, number]);
        let (plain, untouched) = (setup(&other), setup(&nominal));
        let (log, choice) = (
            json!({"kind": "log_uniform", "low": number, "high": number}),
            json!({"kind": "choice", "values": [number]}),
        );
        for range in [range, log, choice] {
            let drawn = setup(&with(nominal.clone(), drawing(path, &range)));
            let mut moved = false;
            let (mut a, mut b, mut c) = (plain.env(), drawn.env(), untouched.env());
            for seed in [Some(3), None, None, Some(9)] {
                let (a, b, c) = (episode(&mut a, seed), episode(&mut b, seed), episode(&mut c, seed));
                assert_eq!(a, b, "{path}");
                moved |= a != c;
                assert!(a.fills.len() > 10);
            }
            assert!(moved, "{path}: the number changes nothing, so the test proves nothing");
            assert_eq!(b.randomised(), [number.as_f64().unwrap()]);
        }
    }
}

#[test]
fn two_episodes_of_a_seed_differ_only_in_what_was_drawn() {
    // The models draw, too: a tick with some probability, at a fee that is drawn.
    let slippage = json!({"kind": "probabilistic_tick", "probability": 0.5});
    let plain = setup(&json!({"slippage": slippage}));
    let drawn = setup(&json!({"slippage": slippage, "randomise": drawing("commission.fee", &json!([0, 8]))}));
    let (mut a, mut b) = (plain.env(), drawn.env());
    let mut fees = Vec::new();
    for seed in (0..20).map(Some).chain([None; 20]) {
        let (one, other) = (episode(&mut a, seed), episode(&mut b, seed));
        let fee = b.randomised()[0];
        fees.push(fee);
        assert_eq!(one.row, other.row);
        assert_eq!(a.venue().rng(), b.venue().rng());
        assert!(one.fills.iter().any(|fill| fill.price == fill.reference));
        assert!(one.fills.iter().any(|fill| fill.price != fill.reference));
        for (one, other) in one.fills.iter().zip(&other.fills) {
            assert_eq!(one.fee, 2.1 * one.qty.abs());
            assert_eq!(*other, Fill { fee: fee * one.qty.abs(), ..*one });
        }
        let market = 4 * plain.world().data.width();
        for (one, other) in one.obs.iter().zip(&other.obs) {
            assert_eq!(one[..market], other[..market]);
            assert_eq!(one[market], other[market], "position");
        }
        for (one, other) in one.facts.iter().zip(&other.facts) {
            assert_eq!((one.price, one.position, one.slippage), (other.price, other.position, other.slippage));
            assert!((one.fees * fee - other.fees * 2.1).abs() < 1e-9);
        }
    }
    fees.sort_by(f64::total_cmp);
    assert!(fees.windows(2).all(|two| two[0] < two[1]), "every episode of every seed draws its own: {fees:?}");
}

#[test]
fn another_range_leaves_the_numbers_of_an_earlier_path_alone() {
    let one = setup(&json!({"randomise": {"ranges": {"commission.fee": [0, 8]}}}));
    let two = setup(&json!({"randomise": {"ranges": {"commission.fee": [0, 8], "slippage.ticks": [0, 2]}}}));
    let (mut a, mut b) = (one.env(), two.env());
    a.reset(Some(1), &mut obs_of(&one)).unwrap();
    b.reset(Some(1), &mut obs_of(&two)).unwrap();
    assert_eq!(a.randomised()[0], b.randomised()[0]);
    assert_eq!(two.rules().randomised().collect::<Vec<_>>(), ["commission.fee", "slippage.ticks"]);
}

#[test]
fn what_is_drawn_says_nothing_of_the_start_or_of_the_models_draws() {
    const N: u32 = 1_000;
    let setup = setup(&json!({"randomise": drawing("slippage.ticks", &json!([0, 2]))}));
    let (mut env, mut obs) = (setup.env(), obs_of(&setup));
    let mut columns = [const { Vec::new() }; 3];
    for seed in 0..N.into() {
        env.reset(Some(seed), &mut obs).unwrap();
        columns[0].push(env.randomised()[0]);
        columns[1].push(f64::from(env.venue().state().row()));
        columns[2].push(env.venue().rng().clone().random::<f64>());
    }
    let [drawn, rows, models] = columns.map(|column| {
        let mean = column.iter().sum::<f64>() / f64::from(N);
        let size = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt();
        column.iter().map(|x| (x - mean) / size).collect::<Vec<f64>>()
    });
    for other in [rows, models] {
        let correlation: f64 = drawn.iter().zip(&other).map(|(a, b)| a * b).sum();
        // Four standard errors.
        assert!(correlation.abs() < 4.0 / f64::from(N).sqrt(), "{correlation}");
    }
}
