//! Env-steps per second of the simulator: `cargo bench --bench step`.
//!
//! Criterion reports elements a second: env-steps of Bench-v0. Beside the windows stand as many copies of windows as large
//! from places as random, which is what the machine's memory allows.

mod bench_v0;

use bench_v0::setup;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tradepit_envs::bench::{BenchBatch, BenchCopies};

const ENVS: [usize; 6] = [1, 8, 64, 512, 4_096, 16_384];

fn step(criterion: &mut Criterion) {
    for window in [1, 32] {
        let setup = setup(window);
        let mut group = criterion.benchmark_group(format!("window_{window}"));
        for (n, threads) in ENVS.into_iter().flat_map(|n| [(n, 1), (n, 2)]) {
            let mut batch = BenchBatch::new(&setup, n, threads).expect("environments");
            if batch.envs().threads() < threads {
                continue; // too few environments to be handed to another thread
            }
            group.throughput(Throughput::Elements(n as u64));
            let id = BenchmarkId::new(format!("threads_{threads}"), n);
            group.bench_function(id, |b| b.iter(|| batch.step().expect("a step")));
        }
        if window > 1 {
            let data = &setup.world().data;
            for n in ENVS {
                let mut copies = BenchCopies::new(data.len(), data.width(), window, n).expect("windows");
                group.throughput(Throughput::Elements(n as u64));
                group.bench_function(BenchmarkId::new("copies", n), |b| b.iter(|| copies.copy()));
            }
        }
        group.finish();
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
