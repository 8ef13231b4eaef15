//! Regimes by expectation and maximisation.

use super::mean_and_variance;
use crate::{
    Error, Result,
    market::synth::{Regime, RegimeSwitching, VolumeSpec, facts::Returns},
};

/// The most states.
const MOST: usize = 4;
const ROUNDS: usize = 60;

type States = [f64; MOST];

/// Baum and others (1970, "A Maximization Technique Occurring in the Statistical Analysis of Probabilistic Functions of
/// Markov Chains"), from volatilities between a third and three times the sample's: the likelihood of Hamilton (1989), and
/// for every bar the probabilities of Kim (1994). Returns over a gap in the data follow each other as if there were none.
pub(super) fn fit(returns: &Returns, states: usize, volume: VolumeSpec) -> Result<RegimeSwitching> {
    if !(2..=MOST).contains(&states) {
        return Err(Error::spec("states", format!("{states} must be 2 to {MOST}")));
    }
    let (mean, variance) = mean_and_variance(&returns.values)?;
    let (r, k) = (&returns.values, states);
    let (mut means, mut variances) = ([mean; MOST], [0.0; MOST]);
    for (i, value) in variances.iter_mut().enumerate() {
        // 1/9 to 9 times the variance, evenly in logarithms.
        *value = variance * 9f64.powf(2.0 * i as f64 / (k - 1) as f64 - 1.0);
    }
    let mut chain = [[0.02 / (k - 1) as f64; MOST]; MOST];
    (0..k).for_each(|i| chain[i][i] = 0.98);
    let mut share = [1.0 / k as f64; MOST];
    let mut forward = vec![[0.0; MOST]; r.len()];
    for _ in 0..ROUNDS {
        let density = |r: f64| -> States {
            std::array::from_fn(|i| {
                // A floor keeps a far return from being impossible in every state.
                (-0.5 * (r - means[i]).powi(2) / variances[i]).exp().max(1e-250) / variances[i].sqrt()
            })
        };
        let mut before = share;
        for (forward, &r) in forward.iter_mut().zip(r) {
            let density = density(r);
            let mut now: States = std::array::from_fn(|i| if i < k { before[i] * density[i] } else { 0.0 });
            let sum: f64 = now.iter().sum();
            now.iter_mut().for_each(|p| *p /= sum);
            *forward = now;
            before = std::array::from_fn(|j| (0..k).map(|i| now[i] * chain[i][j]).sum());
        }
        // Backward, and the sums that the next numbers are made of.
        let (mut weight, mut sum, mut square) = ([0.0; MOST], [0.0; MOST], [0.0; MOST]);
        let mut moves = [[0.0; MOST]; MOST];
        let mut smooth = forward[r.len() - 1];
        for t in (0..r.len()).rev() {
            if t + 1 < r.len() {
                let now = forward[t];
                let next: States = std::array::from_fn(|j| (0..k).map(|i| now[i] * chain[i][j]).sum());
                let later = smooth;
                smooth = [0.0; MOST];
                for i in 0..k {
                    for j in 0..k {
                        let both = if next[j] > 0.0 { now[i] * chain[i][j] * later[j] / next[j] } else { 0.0 };
                        moves[i][j] += both;
                        smooth[i] += both;
                    }
                }
            }
            for i in 0..k {
                weight[i] += smooth[i];
                sum[i] += smooth[i] * r[t];
                square[i] += smooth[i] * r[t] * r[t];
            }
        }
        share = smooth;
        for i in 0..k {
            let row: f64 = moves[i].iter().sum();
            if weight[i] < 1e-9 || row < 1e-9 {
                continue;
            }
            means[i] = sum[i] / weight[i];
            variances[i] = (square[i] / weight[i] - means[i] * means[i]).max(1e-6 * variance);
            (0..k).for_each(|j| chain[i][j] = moves[i][j] / row);
        }
    }
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|a, b| variances[*a].total_cmp(&variances[*b]));
    let regime = |&i: &usize| {
        let sum: f64 = chain[i][..k].iter().sum();
        Regime {
            mean_bps: means[i] * 1e4,
            volatility_bps: variances[i].sqrt() * 1e4,
            next: order.iter().map(|&j| chain[i][j] / sum).collect(),
        }
    };
    Ok(RegimeSwitching { states: order.iter().map(regime).collect(), volume })
}
