//! How fast the batch is from Rust, without Python in between: for the table of `tradepit bench`.

#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock; nothing that it reads goes into a market")]

use std::time::Instant;

use pyo3::prelude::*;
use rand::RngExt as _;
use tradepit::rng::{Purpose, stream};
use tradepit_envs::{Actions, Autoreset, Space, StepOut, VecEnv as _};

use crate::{
    data::PyMarketData,
    error::{detached, fault},
    spec,
};

/// Steps a batch with random targets, of which a random half changes every step.
///
/// Gives seconds, steps of single environments, and fills of the episodes that ended.
#[pyfunction]
#[pyo3(signature = (data, spec_json, num_envs, threads, steps))]
pub(crate) fn bench_steps(
    py: Python<'_>,
    data: &Bound<'_, PyMarketData>,
    spec_json: &str,
    num_envs: usize,
    threads: usize,
    steps: usize,
) -> PyResult<(f64, u64, u64)> {
    /// Different batches of actions, drawn beforehand.
    const ROUNDS: usize = 32;
    let (spec, market) = (spec::parse(spec_json)?, data.get());
    let run = || {
        let mut envs = market.setup(spec)?.vec_env(num_envs, threads, Autoreset::NextStep)?;
        let (n, d) = (num_envs, envs.observation_space().len());
        let width = match envs.action_space() {
            Space::Discrete { .. } | Space::MultiDiscrete { .. } => {
                return Err(tradepit_envs::Error::spec("action", "the bench draws box actions"));
            }
            space => space.len(),
        };
        let mut rng = stream(1, 0, Purpose::Policy);
        let mut targets = vec![0.0f32; n * width * ROUNDS];
        for i in n * width..targets.len() {
            targets[i] = if rng.random::<bool>() { rng.random_range(-1.0..=1.0) } else { targets[i - n * width] };
        }
        let (mut obs, mut reward) = (vec![0.0; n * d], vec![0.0; n]);
        let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
        envs.reset(0, &mut obs)?;
        let mut run = |steps: usize| {
            for step in 0..steps {
                let out = StepOut {
                    obs: &mut obs,
                    reward: &mut reward,
                    terminated: &mut terminated,
                    truncated: &mut truncated,
                    final_obs: None,
                    facts: None,
                };
                let at = step % ROUNDS * n * width;
                envs.step(Actions::Box(&targets[at..at + n * width]), out)?;
            }
            tradepit_envs::Result::Ok(())
        };
        run(steps.div_ceil(10))?;
        let started = Instant::now();
        run(steps)?;
        let seconds = started.elapsed().as_secs_f64();
        Ok((seconds, (steps * n) as u64, envs.drain_episodes().fills))
    };
    detached(py, run)?.map_err(fault)
}
