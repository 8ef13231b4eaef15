//! Instructions that a step of Bench-v0 takes, counted by callgrind: `cargo bench --bench instructions`.
//!
//! Instructions do not depend on what else the machine does, so they are compared where seconds can't be. Each line is the
//! difference between two runs of different length, divided by their steps. It needs `valgrind`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

mod bench_v0;

use std::process::{Command, ExitCode};

use bench_v0::{rich, setup};
use tradepit_envs::{SimSetup, bench::BenchBatch};

const ENVS: usize = 64;
/// Steps of the batch in the short run and in the long one.
const RUNS: [usize; 2] = [500, 1_500];
/// What a step of the plain models may take at most.
const MOST: f64 = 580.0;
/// How many times that a step of the richest models may take at most.
const RICHEST: f64 = 1.8;

/// What is counted: a name and what makes it.
fn cases() -> Vec<(&'static str, fn() -> SimSetup)> {
    vec![
        ("plain: next open, volume share, per contract", || setup(1)),
        ("rich: latency, participation, protection, square root, dated schedule, interest, futures margin", rich),
    ]
}

fn run(setup: &SimSetup, steps: usize) -> i64 {
    let mut batch = BenchBatch::new(setup, ENVS, 1).expect("environments");
    (0..steps).for_each(|_| batch.step().expect("a step"));
    batch.envs().drain_counts().fills
}

/// Instructions of this program when it runs case `case` for so many steps.
fn count(case: usize, steps: usize) -> Result<u64, String> {
    let me = std::env::current_exe().map_err(|e| e.to_string())?;
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(me)
        .args(["--case", &case.to_string(), &steps.to_string()])
        .output()
        .map_err(|e| format!("valgrind: {e}; install it, as with `apt install valgrind`"))?;
    let text = String::from_utf8_lossy(&out.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected.ok_or_else(|| format!("callgrind counted nothing:\n{text}"))
}

fn table() -> Result<bool, String> {
    let (mut plain, mut kept) = (f64::NAN, true);
    println!("| models | instructions a step | times plain | at most | reached |\n|---|---|---|---|---|");
    for (case, (name, _)) in cases().into_iter().enumerate() {
        let [short, long] = [count(case, RUNS[0])?, count(case, RUNS[1])?];
        let a_step = (long - short) as f64 / ((RUNS[1] - RUNS[0]) * ENVS) as f64;
        if case == 0 {
            plain = a_step;
        }
        let most = if case == 0 { MOST } else { RICHEST * plain };
        kept &= a_step <= most;
        let reached = if a_step <= most { "yes" } else { "no" };
        println!("| {name} | {a_step:.0} | {:.2} | {most:.0} | {reached} |", a_step / plain);
    }
    Ok(kept)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, flag, case, steps] = &args[..]
        && flag == "--case"
    {
        let (case, steps): (usize, usize) = (case.parse().expect("a case"), steps.parse().expect("steps"));
        let fills = run(&cases()[case].1(), steps);
        println!("{fills} fills");
        return ExitCode::SUCCESS;
    }
    // `cargo test --all-targets` only asks whether it starts.
    if args.iter().any(|arg| arg == "--test") || !args.iter().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    match table() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a step takes more instructions than it may");
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
