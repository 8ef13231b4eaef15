//! Steps 4,096 environments in parallel over the shipped ES sample and prints env-steps per second.
//!
//! `cargo run --release --example 01_step`

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "an example that measures and prints")]

use std::time::Instant;

use tradepit::{
    Instrument,
    ingest::{Stamp, load_csv},
    market::Calendar,
};
use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, StepBuffers, VecEnv as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/python/tradepit/samples/es_1m.csv");
    let data = load_csv(path, Instrument::es(), Calendar::Cme, Stamp::Open)?;
    let spec: EnvSpec = serde_json::from_str(
        r#"{
            "window": 8,
            "slippage": {"kind": "volume_share"},
            "commission": {"kind": "per_contract", "fee": 2.1},
            "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 200}}
        }"#,
    )?;
    let setup = SimSetup::new(spec, data)?;
    let n = 4_096;
    let mut envs = setup.vec_env(n, 0, Autoreset::NextStep)?;
    let d = envs.observation_space().len();
    let mut buffers = StepBuffers::new(&envs);
    envs.reset(0, &mut buffers.obs)?;
    let started = Instant::now();
    let steps = 1_000;
    for t in 0..steps {
        // Every environment turns its position round each few steps, each at its own time.
        let targets: Vec<f32> = (0..n).map(|i| if (t + i) / 4 % 2 == 0 { 1.0 } else { -1.0 }).collect();
        envs.step(Actions::Box(&targets), buffers.out())?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let sums = envs.drain_episodes();
    let rate = (n * steps) as f64 / seconds / 1e6;
    println!("{rate:.1} million env-steps a second on {} threads, {} floats each", envs.threads(), d);
    println!(
        "{} episodes, {} fills, mean profit {:.2} USD",
        sums.episodes,
        sums.fills,
        sums.profit / sums.episodes as f64
    );
    Ok(())
}
