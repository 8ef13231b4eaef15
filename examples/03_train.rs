//! Trains PPO on a market with a planted edge, and compares it with the best that is possible.
//!
//! `cargo run --release --example 03_train`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::ops::ControlFlow;

use tradepit::market::synth::{self, Leak};
use tradepit_agents::{ActionsMut, Ppo, PpoConfig};
use tradepit_envs::{Action, Autoreset, EnvSpec, SimSetup};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The signal says, with noise, how the next open will move to the open after it: what a decision can still earn.
    let market = |seed| synth::planted(20_000, seed, Leak::OpenToOpen, 8.0, 8.0);
    let spec: EnvSpec = serde_json::from_str(
        r#"{
            "window": 1,
            "features": {"features": [{"kind": "column", "name": "signal"}]},
            "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 256}}
        }"#,
    )?;
    let mut envs = SimSetup::new(spec.clone(), market(0)?)?.vec_env(64, 0, Autoreset::SameStep)?;
    let config = PpoConfig { n_steps: 64, batch_size: 1024, learning_rate: 1e-3, gamma: 0.9, ..PpoConfig::default() };
    let mut ppo = Ppo::new(config, &envs)?;
    ppo.learn(&mut envs, 200_000, |progress| {
        println!("{progress:?}");
        ControlFlow::Continue(())
    })?;

    // Another market of the same kind, from its first bar to its last.
    let whole = r#"{"start": {"kind": "first"}, "length": {"kind": "data"}}"#;
    let setup = SimSetup::new(EnvSpec { episode: serde_json::from_str(whole)?, cash: 1e7, ..spec }, market(1)?)?;
    let profit = |policy: &mut dyn FnMut(&[f32]) -> f32| -> Result<f64, Box<dyn std::error::Error>> {
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(0), &mut obs)?;
        while !env.step(Action::Box(&[policy(&obs)]), &mut obs)?.truncated {}
        Ok(env.state().account().equity() - 1e7)
    };
    let mut policy = ppo.policy().clone();
    let learned = profit(&mut |obs| {
        let mut action = [0.0];
        policy.act(obs, None, ActionsMut::Box(&mut action)).map_or(0.0, |()| action[0])
    })?;
    let best = profit(&mut |obs| obs[0].signum())?;
    println!("learned {learned:.0} USD of {best:.0} USD: {:.1} %", 100.0 * learned / best);
    Ok(())
}
