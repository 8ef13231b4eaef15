//! GARCH(1,1) by quasi-likelihood.

use super::{degrees, mean_and_variance};
use crate::{
    Result,
    market::synth::{Garch, VolumeSpec, facts::Returns},
};

/// The likelihood of normal surprises gives `alpha` and `beta` whatever the tails are (Bollerslev and Wooldridge 1992,
/// "Quasi-Maximum Likelihood Estimation"), with the long-run variance at that of the sample; then the tails are read from what
/// is left. Returns over a gap in the data follow each other as if there were none.
pub(super) fn fit(returns: &Returns, volume: VolumeSpec) -> Result<Garch> {
    let (mean, variance) = mean_and_variance(&returns.values)?;
    let squares: Vec<f64> = returns.values.iter().map(|r| (r - mean) * (r - mean) / variance).collect();
    // In the logits of persistence and of alpha's share of it, any step stays inside.
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let numbers = |p: [f64; 2]| {
        let persistence = logistic(p[0]).min(0.9999);
        let alpha = persistence * logistic(p[1]);
        (alpha, persistence - alpha)
    };
    let cost = |p: [f64; 2]| {
        let (alpha, beta) = numbers(p);
        let mut h = 1.0f64;
        squares.iter().fold(0.0, |sum: f64, e| {
            let cost = h.ln() + e / h;
            h = 1.0 - alpha - beta + alpha * e + beta * h;
            sum + cost
        })
    };
    let (alpha, beta) = numbers(downhill([3.0, -2.5], 1.0, 0.01, cost));
    let mut h = 1.0;
    let (mut first, mut second) = (0.0, 0.0);
    for e in &squares {
        (first, second) = (first + (e / h).sqrt(), second + e / h);
        h = 1.0 - alpha - beta + alpha * e + beta * h;
    }
    let n = squares.len() as f64;
    let tails = degrees(second / n / (first / n).powi(2));
    Ok(Garch { mean_bps: mean * 1e4, volatility_bps: variance.sqrt() * 1e4, alpha, beta, tails, volume })
}

/// The lowest point that steps along the axes find, halved from `step` to `least` where none helps.
pub(super) fn downhill<const N: usize>(
    mut at: [f64; N],
    mut step: f64,
    least: f64,
    mut cost: impl FnMut([f64; N]) -> f64,
) -> [f64; N] {
    let mut lowest = cost(at);
    while step >= least {
        let mut moved = false;
        for axis in 0..N {
            for way in [step, -step] {
                let mut there = at;
                there[axis] += way;
                let found = cost(there);
                if found < lowest {
                    (at, lowest, moved) = (there, found, true);
                    break;
                }
            }
        }
        step *= if moved { 1.0 } else { 0.5 };
    }
    at
}
