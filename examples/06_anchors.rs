//! Problems whose best policy is known: what theory says, and what the simulation gives.
//!
//! `cargo run --release --example 06_anchors [NAME]`: of that problem alone.

#![expect(clippy::print_stdout, reason = "an example prints")]

use tradepit_agents::{Result, anchor_table};
use tradepit_envs::anchors::Problem;

fn main() -> Result<()> {
    let mut problems = Problem::table();
    if let Some(name) = std::env::args().nth(1) {
        let named = Problem::named(&name)?;
        problems.retain(|problem| problem.name() == named.name());
    }
    for score in anchor_table(&problems, 1.0, 0)? {
        println!("{} {}, {}", score.name, score.params, score.objective);
        println!(
            "    {:.6} +- {:.6}, theory {:.6}: {:+.1} standard errors off",
            score.value, score.se, score.theory, score.off
        );
        println!("    naive {:.6}, random {:.6}", score.naive, score.random);
    }
    Ok(())
}
