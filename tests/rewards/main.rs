//! Rewards and the account's numbers inside an environment: what they read is there, and what is refused says why.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod account;
mod facts;
mod known_market;

use serde_json::{Value, json};
use tradepit::{Bar, Instrument, MarketData, Timestamp, market::Calendar};
use tradepit_envs::{Action, Env, EnvSpec, SimSetup, StepFacts, Transition};

const MINUTE: i64 = 60_000_000_000;

/// A share that opens where it closed, at a price that goes up and down by `changes`.
fn market(changes: &[f64]) -> MarketData {
    let mut close = 100.0;
    let bars = [0.0].iter().chain(changes).enumerate().map(|(row, change)| {
        let open = close;
        close += change;
        let time = Timestamp::from_nanos((row as i64 + 1) * MINUTE);
        Bar { time, open, high: open.max(close), low: open.min(close), close, volume: 1_000.0 }
    });
    let share = Instrument { tick: 0.01, ..Instrument::equity("XYZ") };
    let bars = bars.collect();
    MarketData::builder(vec![share]).bars(bars).calendar(Calendar::None).period_ns(MINUTE).build().unwrap()
}

/// A spec of episodes of 20 steps from the first row on, one row of one feature, with `more` fields.
fn spec(more: &Value) -> EnvSpec {
    let mut fields = json!({
        "cash": 10_000.0,
        "window": 1,
        "features": {"features": [{"kind": "log_return"}]},
        "action": {"kind": "target_position", "max_lots": 10},
        "episode": {"start": {"kind": "first"}, "length": {"kind": "steps", "steps": 20}},
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(fields).unwrap()
}

/// An environment of that spec over that market, begun, and its observation.
fn begun(more: &Value, data: MarketData) -> (Env, Vec<f32>) {
    let setup = SimSetup::new(spec(more), data).unwrap();
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(0), &mut obs).unwrap();
    (env, obs)
}

fn step(env: &mut Env, target: f32, obs: &mut [f32]) -> (Transition, StepFacts) {
    let transition = env.step(Action::Box(&[target]), obs).unwrap();
    (transition, *env.facts())
}

/// Up and down, differently often.
fn changes(rows: usize) -> Vec<f64> {
    (0..rows).map(|row| [0.5, -0.25, 1.0, -1.0, 0.25][row % 5]).collect()
}
