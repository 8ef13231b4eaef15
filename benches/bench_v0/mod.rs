//! Bench-v0 and the richest models, made ready.

use tradepit::MarketData;
use tradepit_envs::{EnvSpec, SimSetup, scenarios::Scenario};

/// Bench-v0, of so many rows an observation.
pub(crate) fn setup(window: usize) -> SimSetup {
    let (rows, spec) = bench();
    SimSetup::new(EnvSpec { window, ..spec }, rows).expect("a valid spec")
}

/// The richest models that a futures account can have, all at once, in the same episodes.
#[allow(dead_code, reason = "not every bench has them")]
pub(crate) fn rich() -> SimSetup {
    let models: EnvSpec = serde_json::from_str(include_str!("rich.json")).expect("a spec");
    let (rows, spec) = bench();
    SimSetup::new(EnvSpec { episode: spec.episode, window: 1, ..models }, rows).expect("a valid spec")
}

fn bench() -> (MarketData, EnvSpec) {
    let bench = Scenario::named("bench").expect("a scenario");
    (bench.rows().expect("bars").clone(), bench.spec().clone())
}
