//! Env-steps per second of the simulator: `cargo bench --bench step`.
//!
//! Criterion reports elements a second: env-steps of Bench-v0.

mod bench_v0;

use bench_v0::{ROUNDS, setup, spec, targets};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tradepit_envs::{Actions, Autoreset, StepOut, VecEnv};

fn step(criterion: &mut Criterion) {
    for window in [1, 32] {
        let setup = setup(spec(window));
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
