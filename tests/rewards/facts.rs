//! What a reward reads of a step is what happened.

use serde_json::json;
use tradepit::{account::AccountEvent, market::synth};
use tradepit_envs::{Action, EnvSpec, Hooks, SimSetup};

use crate::{begun, changes, market, step};

#[derive(Default)]
struct Traded(f64);

impl Hooks for Traded {
    fn event(&mut self, event: &AccountEvent) {
        if let AccountEvent::Fill(fill) = event {
            self.0 += (fill.qty * fill.price * fill.multiplier).abs();
        }
    }
}

#[test]
fn facts_of_a_run_agree_with_the_account_and_the_market() {
    let spec: EnvSpec = serde_json::from_value(json!({
        "window": 4, "commission": {"kind": "per_contract", "fee": 2.1}, "reward": {"kind": "turnover_penalty", "coefficient": 1},
        "action": {"kind": "target_position", "max_lots": 3},
        "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 60}},
    }))
    .unwrap();
    let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(3), &mut obs).unwrap();
    let bars = setup.world().data.bars();
    let start = env.venue().state().row() as usize;
    assert_eq!(
        (env.facts().steps_left, env.facts().first_price, env.facts().multiplier),
        (60.0, bars[start].close, 50.0)
    );
    let (mut realised, mut wins) = (0.0, 0.0);
    for n in 1..=60_usize {
        let mut traded = Traded::default();
        let target = ((n * 7 % 5) as f32 - 2.0) / 2.0;
        let transition = env.step_with(Action::Box(&[target]), &mut obs, &mut traded).unwrap();
        let (facts, bar, before) = (*env.facts(), bars[start + n], bars[start + n - 1]);
        assert_eq!(facts.traded, traded.0);
        assert_eq!(transition.reward, -(traded.0 / facts.initial_capital) as f32);
        assert_eq!((facts.step, facts.steps_left), (n as f64, (60 - n) as f64));
        assert_eq!(facts.true_range, bar.high.max(before.close) - bar.low.min(before.close));
        assert_eq!((facts.first_price, facts.multiplier, facts.expected_change), (bars[start].close, 50.0, 0.0));
        assert_eq!((facts.is_last(), facts.truncated, facts.terminated), (n == 60, f64::from(u8::from(n == 60)), 0.0));
        realised += facts.realised;
        wins += facts.wins;
        assert!(facts.wins <= facts.closed_trades);
    }
    let account = env.state().account();
    assert!((realised - account.realised()).abs() < 1e-6);
    assert!(wins == f64::from(account.wins()) && wins > 0.0 && account.fills() > 40);
}

#[test]
fn an_episode_that_ends_by_itself_says_so_before_it_is_paid() {
    let more = json!({
        "reward": {"kind": "inventory_penalty", "coefficient": 0, "power": 1, "terminal": 2},
        "episode": {"start": {"kind": "first"}, "length": {"kind": "steps", "steps": 20}, "drawdown_limit": 0.001},
    });
    let (mut env, mut obs) = begun(&more, market(&[0.0, 0.0, 0.0, -5.0, 0.0]));
    for expected in [false, false, true] {
        let (transition, facts) = step(&mut env, 1.0, &mut obs);
        assert_eq!((transition.terminated, facts.terminated > 0.0, transition.truncated), (expected, expected, false));
        assert_eq!(transition.reward, if expected { -20.0 } else { 0.0 });
    }
    // At the end of its length it is cut, and charged as well.
    let more = json!({"reward": more["reward"], "episode": {"start": {"kind": "first"}, "length": {"kind": "steps", "steps": 2}}});
    let (mut env, mut obs) = begun(&more, market(&changes(9)));
    let rewards = [(); 2].map(|()| step(&mut env, -0.5, &mut obs).0.reward);
    assert_eq!(rewards, [0.0, -10.0]);
}

#[test]
fn running_averages_begin_with_the_rows_before_the_episode() {
    // The first decision knows two rows: of a range of nothing and one of 0.5.
    for (period, atr) in [(1, 0.5), (2, 0.25), (50, 0.25)] {
        let reward = json!({"reward": {"kind": "atr_profit", "period": period, "units": 10}});
        let (mut env, mut obs) = begun(&reward, market(&changes(9)));
        let (transition, facts) = step(&mut env, 1.0, &mut obs);
        assert_eq!(facts.equity_change(), 10.0 * -0.25);
        assert_eq!(transition.reward, (-0.25 / atr) as f32, "{period}");
        // The row that closed has a range of 0.25.
        let next = atr + (0.25 - atr) / f64::from(period);
        assert_eq!(step(&mut env, 1.0, &mut obs).0.reward, (1.0 / next) as f32, "{period}");
    }
    // One change is known, of 0.5: as large as the deviation.
    let scaled = json!({"reward": {"kind": "volatility_scaled", "span": 1, "cost": 0, "units": 10, "target": 3}});
    let (mut env, mut obs) = begun(&scaled, market(&changes(9)));
    assert_eq!(step(&mut env, 1.0, &mut obs).0.reward, (3.0 / 0.5 * -0.25) as f32);
}
