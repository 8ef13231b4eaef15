use tradepit::market::synth;

use super::Scenario;
use crate::{Action, EnvSpec, SimSetup, Space};

fn setup(name: &str) -> SimSetup {
    let scenario = Scenario::named(name).unwrap();
    let pair = || {
        let one = synth::es_1m(3_000, 0).unwrap();
        let bars: Vec<_> = one.bars().iter().flat_map(|bar| [*bar, *bar]).collect();
        let instruments = vec![one.instruments()[0].clone(), tradepit::Instrument::mes()];
        tradepit::MarketData::builder(instruments).bars(bars).period_ns(one.period_ns()).build().unwrap()
    };
    let data = match (scenario.rows(), name) {
        (Some(rows), _) => rows.clone(),
        (None, "single_asset") => synth::es_1m(3_000, 0).unwrap(),
        (None, _) => pair(),
    };
    SimSetup::new(scenario.spec().clone(), data).unwrap()
}

/// Episodes of one constant action: mean reward, and fills.
fn play(setup: &SimSetup, action: &[f32], episodes: u64) -> (f64, u32) {
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    let (mut sum, mut fills) = (0.0, 0);
    for seed in 0..episodes {
        env.reset(Some(seed), &mut obs).unwrap();
        loop {
            let step = env.step(Action::Box(action), &mut obs).unwrap();
            assert!(obs.iter().all(|value| value.is_finite()) && step.reward.is_finite());
            sum += f64::from(step.reward);
            if step.terminated || step.truncated {
                break;
            }
        }
        fills += env.state().account().fills();
    }
    (sum / episodes as f64, fills)
}

#[test]
fn each_runs_an_episode_and_its_spec_is_data() {
    for name in Scenario::NAMES {
        let setup = setup(name);
        let spec: EnvSpec = serde_json::from_str(&serde_json::to_string(setup.rules().spec()).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&spec).unwrap(), serde_json::to_value(setup.rules().spec()).unwrap(), "{name}");
        let Space::Box { len, .. } = *setup.rules().action_space() else { panic!("{name}") };
        let (_, fills) = play(&setup, &vec![0.5; len], 1);
        assert!(fills > 0, "{name}");
    }
    let unknown = Scenario::named("markets").unwrap_err().to_string();
    assert!(unknown.contains("\"markets\" is none of single_asset, portfolio"), "{unknown}");
}

#[test]
fn a_sale_in_equal_parts_costs_less_than_one_at_once() {
    let setup = setup("execution");
    // A share of 1/60 of what is left, and the rest at the end; and all in the first step. 1 is all of it.
    let (slow, _) = play(&setup, &[2.0 / 60.0 - 1.0], 200);
    let (fast, fills) = play(&setup, &[1.0], 200);
    assert_eq!(fills, 200);
    // The first minute takes eta X^2 + epsilon X: 150,000 + 1,000 of 5 million, 302 basis points.
    assert!((fast + 302.0).abs() < 3.0, "{fast}");
    assert!(slow > fast, "{slow} {fast}");
}

#[test]
fn quotes_near_the_optimum_earn_more_than_far_ones_and_near_ones() {
    let setup = setup("market_making");
    // 0.67 of 2 points on both sides.
    let at = |points: f32| play(&setup, &[points - 1.0; 2], 100).0;
    let (near, good, far) = (at(0.1), at(0.67), at(1.8));
    assert!(good > near && good > far, "{near} {good} {far}");
}

#[test]
fn half_of_the_stock_hedges_a_call_better_than_none() {
    let setup = setup("hedging");
    let (hedged, _) = play(&setup, &[0.5], 300);
    let (bare, fills) = play(&setup, &[0.0], 300);
    assert_eq!(fills, 0);
    assert!(hedged > bare, "{hedged} {bare}");
}

#[test]
fn a_spread_is_long_the_one_and_short_the_other() {
    let setup = setup("spread");
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(0), &mut obs).unwrap();
    env.step(Action::Box(&[1.0]), &mut obs).unwrap();
    let held: Vec<f64> = env.state().account().positions().iter().map(tradepit::account::Position::qty).collect();
    assert_eq!(held, [1.0, -1.0]);
    let one = SimSetup::new(Scenario::named("spread").unwrap().spec().clone(), synth::es_1m(3_000, 0).unwrap());
    let refused = one.unwrap_err().to_string();
    assert!(refused.contains("instrument"), "{refused}");
}
