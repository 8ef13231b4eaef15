//! Env-steps per second of the simulator: `cargo bench --bench step`.
//!
//! Criterion reports elements a second: env-steps of Bench-v0.

mod bench_v0;

use bench_v0::{Batch, setup, spec};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn step(criterion: &mut Criterion) {
    for window in [1, 32] {
        let setup = setup(spec(window));
        let mut group = criterion.benchmark_group(format!("window_{window}"));
        for (n, threads) in [(1, 1), (64, 1), (4096, 1), (4096, 2)] {
            let mut batch = Batch::new(&setup, n, threads);
            group.throughput(Throughput::Elements(n as u64));
            group.bench_function(BenchmarkId::new(format!("threads_{threads}"), n), |b| b.iter(|| batch.step()));
        }
        group.finish();
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
