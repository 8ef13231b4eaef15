//! Time of a step of the richest models beside that of the plain ones, in one run: `cargo bench --bench models`.
//!
//! Both take turns, a few milliseconds each, and the fastest turn of each counts: whatever else the machine does slows some
//! turns, and hardly all. Instructions, which do not depend on it, are counted by `cargo bench --bench instructions`.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

mod bench_v0;

use std::time::Instant;

use bench_v0::{rich, setup};
use tradepit_envs::bench::BenchBatch;

const ENVS: usize = 64;
/// Steps of the batch in a turn, and turns.
const STEPS: usize = 500;
const TURNS: usize = 300;

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn main() {
    // `cargo test --all-targets` only asks whether it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut batches =
        [setup(1), rich()].map(|setup| (BenchBatch::new(&setup, ENVS, 1).expect("environments"), f64::INFINITY));
    for _ in 0..TURNS {
        for (batch, fastest) in &mut batches {
            let begun = Instant::now();
            (0..STEPS).for_each(|_| batch.step().expect("a step"));
            *fastest = fastest.min(begun.elapsed().as_secs_f64() / (STEPS * ENVS) as f64);
        }
    }
    let [plain, rich] = batches.map(|(_, seconds)| seconds * 1e9);
    println!("| models | ns a step | times plain |\n|---|---|---|");
    println!("| plain | {plain:.1} | 1.00 |\n| richest | {rich:.1} | {:.2} |", rich / plain);
}
