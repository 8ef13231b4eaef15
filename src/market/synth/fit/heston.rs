//! Heston's model by its moments.

use super::mean_and_variance;
use crate::{
    Result,
    market::synth::{Heston, VolumeSpec, facts::Returns},
};

/// With `v` the variance of a year and `dt` a bar: `cov(r_t^2, r_u^2) = dt^2 var(v) exp(-reversion (u - t))`, with
/// `var(v) = vol_of_vol^2 volatility^2 / (2 reversion)`, and `cov(r_t, r_u^2) = dt^2 correlation vol_of_vol volatility^2
/// exp(-reversion (u - t))`. Sums over two neighbouring ranges of lags give the decay; of several ranges, the one over which
/// about half of it happens.
pub(super) fn fit(returns: &Returns, years: f64, volume: VolumeSpec) -> Result<Heston> {
    let (mean, variance) = mean_and_variance(&returns.values)?;
    let r: Vec<f64> = returns.values.iter().map(|r| r - mean).collect();
    let squares: Vec<f64> = r.iter().map(|r| r * r - variance).collect();
    let covariance = |x: &[f64], lag: usize| {
        let n = x.len() - lag;
        x.iter().zip(&squares[lag..]).map(|(x, s)| x * s).sum::<f64>() / n as f64
    };
    let sum = |from: usize, to: usize| (from..to).map(|lag| covariance(&squares, lag)).sum::<f64>();
    let kept = [4usize, 16, 64].into_iter().filter(|m| 4 * m < r.len()).map(|m| {
        // Noise may leave nothing, or more than there was.
        let ratio = (sum(m + 1, 2 * m + 1) / sum(1, m + 1)).clamp(0.05, 0.95);
        (if ratio.is_nan() { 0.05 } else { ratio }, m)
    });
    let best = kept.min_by(|a, b| (a.0 - 0.5).abs().total_cmp(&(b.0 - 0.5).abs()));
    let (ratio, m) = best.unwrap_or((0.5, 1));
    let a_bar = ratio.powf(1.0 / m as f64);
    let weights: f64 = (1..=m).map(|lag| a_bar.powi(lag as i32)).sum();
    let reversion = -a_bar.ln() / years;
    let level = variance / years;
    let spread = (sum(1, m + 1) / weights / (years * years)).max(0.0);
    let vol_of_vol = (spread * 2.0 * reversion / level).sqrt();
    let leverage = (1..=m).map(|lag| covariance(&r, lag)).sum::<f64>() / weights / (years * years);
    let correlation = if vol_of_vol > 0.0 { (leverage / (vol_of_vol * level)).clamp(-0.95, 0.95) } else { 0.0 };
    let drift = mean / years + 0.5 * level;
    Ok(Heston { drift, volatility: level.sqrt(), reversion, vol_of_vol, correlation, volume, ..Heston::default() })
}
