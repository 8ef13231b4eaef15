//! Where a few moments are enough.

use super::mean_and_variance;
use crate::{
    Error, MarketData, Result,
    market::synth::{Brownian, JumpDiffusion, OrnsteinUhlenbeck, VolumeSpec, facts::Returns},
};

pub(super) fn brownian(returns: &Returns, years: f64, volume: VolumeSpec) -> Result<Brownian> {
    let (mean, variance) = mean_and_variance(&returns.values)?;
    let drift = (mean + 0.5 * variance) / years;
    Ok(Brownian { drift, volatility: (variance / years).sqrt(), volume })
}

/// Least squares of `x' = a + b x` over consecutive bars: the likelihood's own answer, as the step is exact.
pub(super) fn ornstein_uhlenbeck(
    data: &MarketData,
    returns: &Returns,
    years: f64,
    volume: VolumeSpec,
) -> Result<OrnsteinUhlenbeck> {
    mean_and_variance(&returns.values)?;
    let first = data.bars()[0].open;
    let x: Vec<f64> = returns.rows.iter().map(|&row| (data.bars()[row as usize - 1].close / first).ln()).collect();
    let n = x.len() as f64;
    let (mean_x, mean_r) = (x.iter().sum::<f64>() / n, returns.values.iter().sum::<f64>() / n);
    let pairs = || x.iter().zip(&returns.values);
    let covariance: f64 = pairs().map(|(x, r)| (x - mean_x) * (r - mean_r)).sum();
    let square: f64 = x.iter().map(|x| (x - mean_x) * (x - mean_x)).sum();
    let slope = covariance / square;
    if !(slope < 0.0 && slope > -1.0) {
        let message = format!("the log price does not go back to a level (slope {slope}); fit another kind");
        return Err(Error::TooLittleData(message));
    }
    let reversion = -slope.ln_1p() / years;
    let left = pairs().map(|(x, r)| (r - mean_r - slope * (x - mean_x)).powi(2)).sum::<f64>() / n;
    let volatility = (left * 2.0 * reversion / -(-2.0 * reversion * years).exp_m1()).sqrt();
    let level = (mean_x - mean_r / slope).exp();
    Ok(OrnsteinUhlenbeck { reversion, volatility, level, volume })
}

/// Bars on which the local standard deviation is taken.
const LOCAL: usize = 120;
/// Local standard deviations beyond which a return is a jump: of normal returns, one in 16,000 is.
const JUMP: f64 = 4.0;

/// Jumps are returns beyond [`JUMP`] local standard deviations, these from bipower variation, which jumps hardly move
/// (Barndorff-Nielsen and Shephard 2004, "Power and Bipower Variation with Stochastic Volatility and Jumps"); the rule is
/// that of Lee and Mykland (2008, "Jumps in Financial Markets"), with a fixed bound.
pub(super) fn jump_diffusion(returns: &Returns, years: f64, volume: VolumeSpec) -> Result<JumpDiffusion> {
    let r = &returns.values;
    mean_and_variance(r)?;
    // E|z||z'| = 2 / pi.
    let products: Vec<f64> = r.windows(2).map(|w| (w[0] * w[1]).abs() * std::f64::consts::FRAC_PI_2).collect();
    let whole = products.iter().sum::<f64>() / products.len() as f64;
    let (mut sum, mut jumps, mut calm) = (0.0, Vec::new(), Vec::new());
    for (t, &r) in r.iter().enumerate() {
        // The products that end before this return.
        let known = t.saturating_sub(1);
        if known > 0 {
            sum += products[known - 1];
            sum -= if known > LOCAL { products[known - 1 - LOCAL] } else { 0.0 };
        }
        let local = if known >= LOCAL { (sum / LOCAL as f64).max(0.01 * whole) } else { whole };
        if r.abs() > JUMP * local.sqrt() { jumps.push(r) } else { calm.push(r) }
    }
    let n = r.len() as f64;
    let (mean, variance) = mean_and_variance(&calm)?;
    let count = jumps.len() as f64;
    let jump_mean = if jumps.is_empty() { 0.0 } else { jumps.iter().sum::<f64>() / count };
    let spread = jumps.iter().map(|j| (j - jump_mean).powi(2)).sum::<f64>() / count.max(1.0);
    let jump_sd = (spread - variance).max(0.0).sqrt();
    let jumps = count / (n * years);
    let growth = (jump_mean + 0.5 * jump_sd * jump_sd).exp_m1();
    let drift = (mean + 0.5 * variance) / years + jumps * growth;
    Ok(JumpDiffusion { drift, volatility: (variance / years).sqrt(), jumps, jump_mean, jump_sd, volume })
}
