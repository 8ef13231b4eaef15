//! Instructions that a step of Bench-v0 takes, counted by callgrind: `cargo bench --bench instructions`.
//!
//! Instructions do not depend on what else the machine does, so they are compared where seconds can't be. Each line is the
//! difference between two runs of different length, divided by their steps. It needs `valgrind`, under which code for AVX-512
//! does not run: environments side by side take fewer on processors that have it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

mod bench_v0;

use std::process::{Command, ExitCode};

use bench_v0::{rich, setup};
use tradepit_envs::{SimSetup, bench::BenchBatch};

/// Steps of the batch in the short run and in the long one.
const RUNS: [usize; 2] = [500, 1_500];

/// What is counted: its name, what makes it, how many environments, and how many instructions a step may take at most.
type Case = (&'static str, fn() -> SimSetup, usize, f64);

const CASES: [Case; 3] = [
    ("plain, side by side: next open, volume share, per contract", || setup(1), 64, 260.0),
    // Too few to stand side by side; what a call costs is a seventh of its own each.
    ("the same, one by one", || setup(1), 7, 760.0),
    (
        "rich: latency, participation, protection, square root, dated schedule, interest, futures margin",
        rich,
        64,
        1_010.0,
    ),
];

fn run((_, setup, envs, _): Case, steps: usize) -> i64 {
    let mut batch = BenchBatch::new(&setup(), envs, 1).expect("environments");
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
    let mut kept = true;
    println!("| models | environments | instructions a step | at most | reached |\n|---|---|---|---|---|");
    for (case, (name, _, envs, most)) in CASES.into_iter().enumerate() {
        let [short, long] = [count(case, RUNS[0])?, count(case, RUNS[1])?];
        let a_step = (long - short) as f64 / ((RUNS[1] - RUNS[0]) * envs) as f64;
        kept &= a_step <= most;
        let reached = if a_step <= most { "yes" } else { "no" };
        println!("| {name} | {envs} | {a_step:.0} | {most:.0} | {reached} |");
    }
    Ok(kept)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, flag, case, steps] = &args[..]
        && flag == "--case"
    {
        let (case, steps): (usize, usize) = (case.parse().expect("a case"), steps.parse().expect("steps"));
        let fills = run(CASES[case], steps);
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
