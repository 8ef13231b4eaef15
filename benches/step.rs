//! Env-steps per second of the simulator: `cargo bench --bench step`.
//!
//! Bench-v0: 350,000 synthetic one-minute bars, random starts, 1,000-step episodes, 16 features and the account in an
//! observation, volume-share slippage, a fee per contract, and targets of which a random half changes every step, so that
//! about half of the steps fill an order. Criterion reports elements a second: env-steps.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::{RngExt as _, SeedableRng as _};
use tradepit::{
    Rng,
    market::synth,
    models::{Commission, PerContract, Slippage, VolumeShare},
};
use tradepit_envs::{
    Actions, Autoreset, EnvSpec, EpisodeSpec, Length, RandomStart, SimSetup, StartRule, StepOut, StepsLength, VecEnv,
};

const ROUNDS: usize = 64;

fn setup(window: usize) -> SimSetup {
    let spec = EnvSpec {
        window,
        slippage: Slippage::VolumeShare(VolumeShare::default()),
        commission: Commission::PerContract(PerContract::new(2.1)),
        episode: EpisodeSpec {
            start: StartRule::Random(RandomStart {}),
            length: Length::Steps(StepsLength { steps: 1_000 }),
            ..EpisodeSpec::default()
        },
        ..EnvSpec::default()
    };
    SimSetup::new(spec, synth::es_1m(350_000, 0).expect("bars")).expect("a valid spec")
}

/// Targets of `ROUNDS` steps: a random half of the environments draws a new one each step.
fn targets(n: usize) -> Vec<f32> {
    let mut rng = Rng::seed_from_u64(1);
    let mut all = vec![0.0f32; n * ROUNDS];
    for t in 1..ROUNDS {
        for i in 0..n {
            all[t * n + i] = if rng.random::<bool>() { rng.random_range(-1.0..=1.0f32) } else { all[(t - 1) * n + i] };
        }
    }
    all
}

fn step(criterion: &mut Criterion) {
    for window in [1, 32] {
        let setup = setup(window);
        let mut group = criterion.benchmark_group(format!("window_{window}"));
        for (n, threads) in [(1, 1), (64, 1), (4096, 1), (4096, 2)] {
            let mut envs = setup.vec_env(n, threads, Autoreset::NextStep).expect("environments");
            let d = envs.observation_space().len();
            let actions = targets(n);
            let (mut obs, mut reward) = (vec![0.0; n * d], vec![0.0; n]);
            let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
            envs.reset(0, &mut obs).expect("reset");
            let mut t = 0;
            group.throughput(Throughput::Elements(n as u64));
            group.bench_function(BenchmarkId::new(format!("threads_{threads}"), n), |b| {
                b.iter(|| {
                    let out = StepOut {
                        obs: &mut obs,
                        reward: &mut reward,
                        terminated: &mut terminated,
                        truncated: &mut truncated,
                        final_obs: None,
                        facts: None,
                    };
                    envs.step(Actions::Box(&actions[t * n..(t + 1) * n]), out).expect("step");
                    t = (t + 1) % ROUNDS;
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
