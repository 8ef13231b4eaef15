//! What holds for every reward.

use proptest::prelude::*;
use serde_json::json;

use super::{DifferentialSharpe, HedgedOption, Profit, Reward as _, RewardMemory, RewardSpec};
use crate::StepFacts;

/// Every kind, and where there are cases, each of them.
fn all() -> Vec<RewardSpec> {
    let specs = [
        json!({"kind": "profit"}),
        json!({"kind": "log_return"}),
        json!({"kind": "atr_profit"}),
        json!({"kind": "mean_variance", "kappa": 3}),
        json!({"kind": "differential_sharpe", "eta": 0.3}),
        json!({"kind": "differential_downside", "eta": 0.3}),
        json!({"kind": "volatility_scaled"}),
        json!({"kind": "drawdown_increment"}),
        json!({"kind": "turnover_penalty"}),
        json!({"kind": "implementation_shortfall", "target": -30}),
        json!({"kind": "trade_quality", "win": 0.1, "loss": 0.2}),
        json!({"kind": "expected_profit"}),
        json!({"kind": "expected_profit", "held": "before"}),
        json!({"kind": "hedged_option", "rate": 0.05}),
        json!({"kind": "hedged_option", "right": "put", "strike": 1.1, "units": -3}),
        json!({"kind": "exercise", "rate": -0.5}),
        json!({"kind": "potential_shaping"}),
        json!({"kind": "potential_shaping", "potential": "position", "cut_is_end": true}),
        json!({"kind": "weighted"}),
        json!({"kind": "inventory_penalty", "power": 1, "held": "before", "terminal": 2}),
        json!({"kind": "inventory_penalty"}),
        json!({"kind": "composite", "parts": [{"weight": -2, "reward": {"kind": "differential_downside"}},
            {"reward": {"kind": "hedged_option"}}]}),
    ];
    specs.into_iter().map(|spec| serde_json::from_value(spec).unwrap()).collect()
}

/// Numbers of every size and sign, and 0.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), -2.0..2.0_f64, -1e6..1e6_f64, -1e12..1e12_f64, -1e-9..1e-9_f64]
}

prop_compose! {
    /// Any facts that are finite, of a step of an episode that began with some capital.
    fn facts()(
        money in prop::array::uniform8(number()), prices in prop::array::uniform5(number()),
        positions in prop::array::uniform2(number()), counts in prop::array::uniform4(0_u32..1_000),
        drawdowns in prop::array::uniform2(0.0..3.0_f64), flags in prop::array::uniform2(any::<bool>()),
        capital in prop_oneof![1e-3..1e12_f64, Just(1.0)], multiplier in 1e-3..1e5_f64,
    ) -> StepFacts {
        StepFacts {
            equity_before: money[0], equity: money[1], initial_capital: capital, fees: money[2].abs(), slippage: money[3],
            financing: money[4], traded: money[5].abs(), realised: money[6],
            drawdown: drawdowns[0], drawdown_before: drawdowns[1],
            position: positions[0], position_before: positions[1],
            price: prices[0], price_before: prices[1], first_price: prices[2], true_range: prices[3].abs(),
            expected_change: prices[4], multiplier,
            closed_trades: f64::from(counts[0]), wins: f64::from(counts[0].min(counts[1])),
            winning_streak: f64::from(counts[1]), fills: f64::from(counts[0] + counts[2]),
            step: f64::from(counts[2] + 1), steps_left: f64::from(counts[3]),
            terminated: f64::from(u8::from(flags[0])), truncated: f64::from(u8::from(flags[1] && !flags[0])),
        }
    }
}

/// The facts of an account in another currency, of which one of ours is worth `k`.
fn in_currency(facts: &StepFacts, k: f64) -> StepFacts {
    StepFacts {
        equity_before: k * facts.equity_before,
        equity: k * facts.equity,
        initial_capital: k * facts.initial_capital,
        fees: k * facts.fees,
        slippage: k * facts.slippage,
        financing: k * facts.financing,
        traded: k * facts.traded,
        realised: k * facts.realised,
        multiplier: k * facts.multiplier,
        ..*facts
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_reward_of_finite_facts_is_finite_and_so_is_what_it_shows(path in prop::collection::vec(facts(), 1..12)) {
        for spec in all() {
            let mut memory = RewardMemory::default();
            let mut shown = vec![f32::NAN; spec.observed().len()];
            for facts in &path {
                let reward = spec.reward(facts, &mut memory);
                prop_assert!(reward.is_finite(), "{spec:?} gave {reward} of {facts:?}");
                prop_assert!(memory.0.iter().all(|x| x.is_finite()), "{spec:?} remembers {memory:?} of {facts:?}");
                spec.observe(&memory, &mut shown);
                prop_assert!(shown.iter().all(|x| x.is_finite()), "{spec:?} shows {shown:?} of {memory:?}");
            }
        }
    }

    #[test]
    fn no_reward_depends_on_the_currency(path in prop::collection::vec(facts(), 1..12), power in -3_i32..4) {
        // A power of 2 changes no digit.
        let k = 2.0_f64.powi(power);
        for spec in all() {
            let (mut here, mut there) = (RewardMemory::default(), RewardMemory::default());
            for facts in &path {
                let (a, b) = (spec.reward(facts, &mut here), spec.reward(&in_currency(facts, k), &mut there));
                prop_assert_eq!(a.to_bits(), b.to_bits(), "{:?}: {} and {}", spec, a, b);
            }
        }
    }

    #[test]
    fn what_is_saved_is_what_was(path in prop::collection::vec(facts(), 1..6)) {
        for spec in all() {
            prop_assert!(spec.validate().is_ok());
            let json = serde_json::to_string(&spec).unwrap();
            let back: RewardSpec = serde_json::from_str(&json).unwrap();
            let (mut a, mut b) = (RewardMemory::default(), RewardMemory::default());
            for facts in &path {
                prop_assert_eq!(spec.reward(facts, &mut a), back.reward(facts, &mut b), "{}", json);
            }
        }
    }
}

/// An account in an unlucky market: equity, price and position wander, each step says so.
fn wander(seed: u64, steps: usize) -> Vec<StepFacts> {
    use rand::RngExt as _;
    let mut rng = tradepit::rng::stream(seed, 0, tradepit::rng::Purpose::Models);
    let (mut equity, mut peak, mut price, mut position) = (1_000.0, 1_000.0_f64, 100.0, 0.0_f64);
    let (capital, first) = (equity, price);
    let mut out = vec![];
    for step in 1..=steps {
        let held = f64::from(rng.random_range(-2..=2));
        let change: f64 = rng.random_range(-1.0..1.0);
        let cost = 0.05 * (held - position).abs();
        let before: f64 = 1.0 - equity / peak;
        let facts = StepFacts {
            equity_before: equity,
            equity: equity + held * change - cost,
            initial_capital: capital,
            fees: cost,
            drawdown_before: before,
            position_before: position,
            position: held,
            price_before: price,
            price: price + change,
            first_price: first,
            multiplier: 1.0,
            step: step as f64,
            steps_left: (steps - step) as f64,
            truncated: if step == steps { 1.0 } else { 0.0 },
            ..StepFacts::default()
        };
        (equity, price, position) = (facts.equity, facts.price, held);
        peak = peak.max(equity);
        out.push(StepFacts { drawdown: 1.0 - equity / peak, ..facts });
    }
    out
}

/// The sum of an episode's rewards of that kind, with more fields.
fn sum(kind: &str, mut spec: serde_json::Value, path: &[StepFacts]) -> f64 {
    spec["kind"] = kind.into();
    let spec: RewardSpec = serde_json::from_value(spec).unwrap();
    let mut memory = RewardMemory::default();
    path.iter().map(|facts| f64::from(spec.reward(facts, &mut memory))).sum()
}

proptest! {
    #[test]
    fn rewards_sum_to_what_they_claim(seed in any::<u64>(), steps in 1_usize..120) {
        let path = wander(seed, steps);
        let (first, last) = (path[0], path[steps - 1]);
        let near = |got: f64, claim: f64| (got - claim).abs() < 1e-6 * steps as f64;
        let profit = (last.equity - first.equity_before) / 1_000.0;
        let got = sum("profit", json!({}), &path);
        prop_assert!(near(got, profit));
        let got = sum("log_return", json!({}), &path);
        prop_assert!(near(got, (last.equity / first.equity_before).ln()));
        // Perold: the account's profit less that of the paper portfolio at the arrival price.
        let paper = -7.0 * (last.price - 100.0) / 1_000.0;
        let got = sum("implementation_shortfall", json!({"target": -7}), &path);
        prop_assert!(near(got, profit - paper));
        // Premium, less payoff, and the profit of the hedge.
        let option = json!({"right": "put", "strike": 1.02, "rate": 0.01, "units": 5});
        let put: HedgedOption = serde_json::from_value(option.clone()).unwrap();
        let premium = put.value(100.0, 100.0, put.years);
        let payoff = (102.0 - last.price).max(0.0);
        let got = sum("hedged_option", option, &path);
        prop_assert!(near(got, profit + 5.0 * (premium - payoff) / 1_000.0));
        let rises: f64 = path.iter().map(|f| (f.drawdown - f.drawdown_before).max(0.0)).sum();
        let charges = sum("drawdown_increment", json!({"coefficient": 2}), &path);
        let deepest = path.iter().map(|f| f.drawdown).fold(0.0, f64::max);
        prop_assert!(near(charges, -2.0 * rises) && charges <= -2.0 * deepest + 1e-6);
        // Undiscounted shaping telescopes to the last potential.
        let shaping = sum("potential_shaping", json!({"potential": "position", "gamma": 1}), &path);
        prop_assert!(near(shaping, -last.position.abs()));
        // Exercise pays once: at the price of the first decision that left 0.
        let paid = sum("exercise", json!({"right": "call", "strike": 0.5}), &path);
        let when = path.iter().find(|f| f.position != 0.0);
        prop_assert!(near(paid, when.map_or(0.0, |f| (f.price_before - 50.0).max(0.0) / 1_000.0)));
        // What luck brought is not in the expected profit: with no drift the costs are all that is left.
        let costs: f64 = path.iter().map(|f| f.fees / 1_000.0).sum();
        let got = sum("expected_profit", json!({}), &path);
        prop_assert!(near(got, -costs));
    }
}

#[test]
fn differential_sharpe_sums_to_the_change_of_the_moving_ratio() {
    // What the rewards of a rate miss of the ratio's change: a step, and together by the number of steps.
    let errors = |eta: f64| {
        let steps = (20.0 / eta) as usize;
        let reward = DifferentialSharpe { eta, scale: eta, clip: 1e9, ..DifferentialSharpe::default() };
        let (mut memory, mut each, mut all) = (RewardMemory::default(), 0.0, 0.0);
        let ratio = |m: &RewardMemory| m.0[0] / (m.0[1] - m.0[0] * m.0[0]).sqrt();
        let mut signs = 1_u32;
        for step in 1..=steps {
            // A linear congruence: returns of two sizes that look drawn.
            signs = signs.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let equity = if signs >> 31 == 0 { 1.012 } else { 0.99 };
            let before = ratio(&memory);
            let facts = StepFacts {
                equity_before: 1.0,
                equity,
                initial_capital: 1.0,
                step: step as f64,
                ..StepFacts::default()
            };
            let paid = f64::from(reward.reward(&facts, &mut memory));
            if step as f64 * eta > 1.0 {
                let missed = paid - (ratio(&memory) - before);
                (each, all) = (each + missed.abs(), all + missed);
            }
        }
        [each, all.abs()].map(|error| error / steps as f64)
    };
    let ([coarse, first], [fine, second]) = (errors(0.02), errors(0.005));
    // Of the order of eta^2: 4 times finer, at least 16 times nearer (a moving ratio is more unsteady after fewer steps).
    assert!(coarse < 0.02_f64.powi(2) && coarse > 16.0 * fine, "{coarse} {fine}");
    assert!(first < 0.1 * 0.02_f64.powi(2) && second < 0.1 * 0.005_f64.powi(2), "{first} {second}");
}

#[test]
fn what_the_plain_path_reads_is_all_that_the_plain_rewards_use() {
    let full = wander(3, 20);
    for spec in [RewardSpec::Profit(Profit::default()), RewardSpec::LogReturn(super::LogReturn::default())] {
        assert!(!spec.reads_all());
        for facts in &full {
            let few = StepFacts {
                equity_before: facts.equity_before,
                equity: facts.equity,
                initial_capital: facts.initial_capital,
                ..StepFacts::default()
            };
            let mut memory = RewardMemory::default();
            assert_eq!(spec.reward(&few, &mut memory), spec.reward(facts, &mut memory));
            assert_eq!(memory, RewardMemory::default());
        }
    }
}

#[test]
fn what_one_environment_remembers_is_small() {
    use std::mem::size_of;
    let state = size_of::<crate::Lane>() + size_of::<tradepit::Rng>() + size_of::<tradepit::account::Position>();
    assert!(state <= 512, "{state} bytes");
}
