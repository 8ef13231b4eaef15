//! Another future leaves the past bit-equal; and what can be known too late to trade on earns nothing.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use proptest::prelude::*;
use road::{Actor, bits, costly, es, signal_only};
use tradepit::{
    Bar, Instrument, MarketData,
    market::{
        Calendar,
        synth::{self, Leak},
    },
};
use tradepit_envs::{Action, DataLength, EnvSpec, EpisodeSpec, FirstStart, Length, SimSetup, StartRule, StepFacts};

const WHOLE: EpisodeSpec = EpisodeSpec {
    start: StartRule::First(FirstStart {}),
    length: Length::Data(DataLength {}),
    drawdown_limit: None,
    ruin: 0.0,
};

type Step = (Vec<u32>, u32, StepFacts);

/// Observations, rewards and facts of the steps up to the decision at row `until`, of a seeded random policy.
fn record(bars: Vec<Bar>, until: usize) -> Vec<Step> {
    let data = MarketData::builder(vec![Instrument::es()]).bars(bars).calendar(Calendar::Utc).build().unwrap();
    let setup = SimSetup::new(EnvSpec { episode: WHOLE, ..costly() }, data).unwrap();
    let (mut env, mut steps) = (setup.env(), Vec::new());
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    let mut actor = Actor::new(1, setup.rules().action_space());
    env.reset(Some(0), &mut obs).unwrap();
    let first = setup.world().data.warm_up() + 4 - 1;
    for _ in first..until {
        let drawn = actor.draw();
        let transition = env.step(actor.action(&drawn), &mut obs).unwrap();
        steps.push((bits(&obs), transition.reward.to_bits(), *env.facts()));
    }
    steps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn another_future_leaves_the_past_bit_equal(row in 240usize..590, jump in -40i32..40, seed in 0u64..1000) {
        let bars = es(600).bars().to_vec();
        let other = synth::es_1m(600, seed).unwrap();
        let mut changed = bars.clone();
        for (bar, other) in changed[row + 1..].iter_mut().zip(&other.bars()[row + 1..]) {
            let shift = f64::from(jump) * 0.25;
            *bar = Bar { time: bar.time, open: other.open + shift, high: other.high + shift, low: other.low + shift,
                close: other.close + shift, volume: other.volume };
        }
        prop_assert_eq!(record(bars.clone(), row), record(changed.clone(), row));
        // The test can fail: one row later the two futures are seen.
        if bars[row + 1] != changed[row + 1] {
            prop_assert_ne!(record(bars, row + 1), record(changed, row + 1));
        }
    }
}

/// Profit in ticks of the policy `sign(signal)`, and the sum of absolute moves that it could have earned.
fn follow(leak: Leak) -> (f64, f64) {
    let data = synth::planted(20_000, 5, leak, 8.0, 0.0).unwrap();
    let bars = data.bars().to_vec();
    let setup = SimSetup::new(EnvSpec { episode: WHOLE, ..signal_only() }, data).unwrap();
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(0), &mut obs).unwrap();
    loop {
        let transition = env.step(Action::Box(&[obs[0].signum()]), &mut obs).unwrap();
        if transition.terminated || transition.truncated {
            break;
        }
    }
    let gaps = bars.windows(2).map(|b| (b[1].open - b[0].close).abs());
    let moves = bars.windows(2).map(|b| (b[1].open - b[0].open).abs());
    let possible: f64 = if leak == Leak::CloseToOpen { gaps.sum() } else { moves.sum() };
    ((env.state().account().equity() - 100_000.0) / 12.5, possible * 4.0)
}

#[test]
fn a_leak_from_the_next_open_to_the_open_after_is_earned() {
    let (earned, possible) = follow(Leak::OpenToOpen);
    assert!(earned > 0.99 * possible, "{earned} of {possible} ticks");
}

#[test]
fn a_leak_from_this_close_to_the_next_open_earns_nothing() {
    let (earned, possible) = follow(Leak::CloseToOpen);
    assert!(possible > 100_000.0, "{possible} ticks of gaps");
    assert!(earned.abs() < 0.01 * possible, "{earned} of {possible} ticks");
}
