//! Simulated optima are what theory says, and naive policies are worse.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tradepit_agents::anchor_table;
use tradepit_envs::anchors::Problem;

#[test]
fn dev() {
    for p in Problem::table() {
        let t = std::time::Instant::now();
        match anchor_table(&[p.clone()], 0.1, 0) {
            Ok(scores) => {
                for s in scores {
                    println!(
                        "{:18} {:22} v {:.6} se {:.6} th {:.6} dev {:.2} naive {:.6} rand {:.6} nr {:?} {} ms",
                        s.name,
                        s.objective,
                        s.value,
                        s.se,
                        s.theory,
                        s.deviation(),
                        s.naive,
                        s.random,
                        s.naive_regret.map(|r| (r.value, r.low, r.high)),
                        t.elapsed().as_millis()
                    );
                }
            }
            Err(e) => println!("{} {e}", p.name()),
        }
    }
}
