//! Time of a step of the richest models beside that of the plain ones, in one run: `cargo bench --bench models`.
//!
//! The plain ones are stepped one by one too, as all others are. They take turns, a few milliseconds each, and the fastest turn of each counts: whatever else the machine does slows some
//! turns, and hardly all. Instructions, which do not depend on it, are counted by `cargo bench --bench instructions`.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

mod bench_v0;

use std::time::Instant;

use bench_v0::{rich, setup};
use tradepit_envs::bench::BenchBatch;

const ENVS: usize = 64;
/// Too few to stand side by side.
const FEW: usize = 7;
/// Steps of the batch in a turn, and turns.
const STEPS: usize = 500;
const TURNS: usize = 300;

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn main() {
    // `cargo test --all-targets` only asks whether it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let cases = [("plain", setup(1), FEW), ("plain, side by side", setup(1), ENVS), ("richest", rich(), ENVS)];
    let mut batches = cases.map(|(name, setup, envs)| {
        (name, BenchBatch::new(&setup, envs, 1).expect("environments"), envs, f64::INFINITY)
    });
    for _ in 0..TURNS {
        for (_, batch, envs, fastest) in &mut batches {
            let steps = STEPS * ENVS / *envs;
            let begun = Instant::now();
            (0..steps).for_each(|_| batch.step().expect("a step"));
            *fastest = fastest.min(begun.elapsed().as_secs_f64() / (steps * *envs) as f64);
        }
    }
    println!("| models | environments | ns a step | times plain |\n|---|---|---|---|");
    let plain = batches[0].3;
    for (name, _, envs, seconds) in batches {
        println!("| {name} | {envs} | {:.1} | {:.2} |", seconds * 1e9, seconds / plain);
    }
}
