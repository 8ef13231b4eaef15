//! Drawn numbers: only they differ between two episodes of one seed, and each is what its range says.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod batch;
mod draws;
mod observation;
mod refusals;
#[path = "../road/mod.rs"]
mod road;
mod same_seed;
mod snapshot;

use road::{Actor, bits, es};
use serde_json::{Value, json};
use tradepit::account::{AccountEvent, Fill};
use tradepit_envs::{Env, EnvSpec, Hooks, SimSetup, StepFacts};

/// A spec of short random episodes, with `more` fields.
fn spec(more: &Value) -> EnvSpec {
    let mut fields = json!({
        "window": 4,
        "commission": {"kind": "per_contract", "fee": 2.1},
        "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
        "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 40}},
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(fields).unwrap()
}

fn setup(more: &Value) -> SimSetup {
    SimSetup::new(spec(more), es(4_000)).unwrap()
}

/// `range` for one path.
fn drawing(path: &str, range: &Value) -> Value {
    json!({"ranges": {path: range}})
}

fn obs_of(setup: &SimSetup) -> Vec<f32> {
    vec![0.0; setup.rules().observation_space().len()]
}

#[derive(Default)]
struct Fills(Vec<Fill>);

impl Hooks for Fills {
    fn event(&mut self, event: &AccountEvent) {
        if let AccountEvent::Fill(fill) = event {
            self.0.push(*fill);
        }
    }
}

/// All that an episode shows.
#[derive(Debug, Default, PartialEq)]
struct Episode {
    row: u32,
    obs: Vec<Vec<u32>>,
    rewards: Vec<u32>,
    facts: Vec<StepFacts>,
    fills: Vec<Fill>,
}

fn episode(env: &mut Env, seed: Option<u64>) -> Episode {
    let mut obs = vec![0.0; env.rules().observation_space().len()];
    let mut actor = Actor::new(5, env.rules().action_space());
    env.reset(seed, &mut obs).unwrap();
    let mut all = Episode { row: env.venue().state().row(), obs: vec![bits(&obs)], ..Episode::default() };
    let mut fills = Fills::default();
    loop {
        let drawn = actor.draw();
        let transition = env.step_with(actor.action(&drawn), &mut obs, &mut fills).unwrap();
        all.obs.push(bits(&obs));
        all.rewards.push(transition.reward.to_bits());
        all.facts.push(*env.facts());
        if transition.terminated || transition.truncated {
            all.fills = fills.0;
            return all;
        }
    }
}

/// A spec in which numbers of several models are drawn and shown.
fn rich() -> Value {
    json!({
        "slippage": {"kind": "probabilistic_tick", "probability": 0.5},
        "latency": {"kind": "jittered", "ms": 10, "jitter_ms": 500},
        "financing": {"kind": "funding", "rate": 1e-4, "hours": 1},
        "randomise": {"observe": true, "ranges": {
            "slippage.probability": [0, 1],
            "commission.fee": {"kind": "log_uniform", "low": 0.1, "high": 10},
            "latency.ms": [0, 20000],
            "financing.hours": {"kind": "choice", "values": [1, 2, 4]},
        }},
    })
}
