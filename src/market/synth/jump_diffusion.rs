//! Brownian motion with jumps.

use rand_distr::{Distribution as _, Exp1};
use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{at_least_zero, finite, need},
    generator::{Moment, Process},
    path::{Path, normal},
};
use crate::{Result, Rng};

/// Merton's jump diffusion: Brownian motion, and jumps of the log price that come as a Poisson process.
///
/// `dS / S = (drift - jumps k) dt + volatility dW + (e^J - 1) dN` with `J` normal and `k = exp(jump_mean + jump_sd^2 / 2) - 1`,
/// so that `drift` is the expected growth, jumps included (Merton 1976, "Option Pricing when Underlying Stock Returns are
/// Discontinuous"). Over `dt` years the log return has the cumulants
///
/// ```text
/// mean      (drift - volatility^2 / 2 - jumps k + jumps m) dt          m = jump_mean, s = jump_sd
/// variance  (volatility^2 + jumps (m^2 + s^2)) dt
/// fourth    jumps (m^4 + 6 m^2 s^2 + 3 s^4) dt                         excess kurtosis = fourth / variance^2
/// ```
///
/// Jumps fall at their own times inside a bar; the price goes to each and on from it.
///
/// ```
/// use tradepit::market::synth::{JumpDiffusion, SynthRows, SynthSpec};
/// let spec = JumpDiffusion { volatility: 0.0, jumps: 20_000.0, jump_mean: 0.0, jump_sd: 0.01, ..JumpDiffusion::default() };
/// let data = SynthSpec::JumpDiffusion(spec).market(&SynthRows::default(), 0).unwrap();
/// let moved = data.bars().iter().filter(|bar| (bar.close / bar.open).ln().abs() > 1e-3).count();
/// // 20,000 jumps a year of 347,760 minutes: about one bar in 17.
/// assert!((400..700).contains(&moved));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JumpDiffusion {
    /// Expected growth a year, as a share of the price.
    pub drift: f64,
    /// Standard deviation of a year's log return between the jumps, at least 0.
    pub volatility: f64,
    /// Jumps a year, in [0, 10000000].
    pub jumps: f64,
    /// Mean of a jump of the log price.
    pub jump_mean: f64,
    /// Standard deviation of a jump of the log price, at least 0.
    pub jump_sd: f64,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for JumpDiffusion {
    fn default() -> Self {
        Self {
            drift: 0.0,
            volatility: 0.12,
            jumps: 250.0,
            jump_mean: 0.0,
            jump_sd: 0.005,
            volume: VolumeSpec::default(),
        }
    }
}

/// Of a bar: drift and variance without jumps, and how many to expect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    mean: f64,
    variance: f64,
    jumps: f64,
}

impl Process for JumpDiffusion {
    type State = Step;

    fn validate(&self) -> Result<()> {
        finite("drift", self.drift)?;
        at_least_zero("volatility", self.volatility)?;
        need("jumps", self.jumps, (0.0..=1e7).contains(&self.jumps), "in [0, 10000000] a year")?;
        need("jump_mean", self.jump_mean, self.jump_mean.abs() <= 1.0, "in [-1, 1]")?;
        need("jump_sd", self.jump_sd, (0.0..=1.0).contains(&self.jump_sd), "in [0, 1]")?;
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, years: f64, _: &mut Rng) -> Step {
        let variance = self.volatility * self.volatility;
        let growth = (self.jump_mean + 0.5 * self.jump_sd * self.jump_sd).exp_m1();
        Step {
            mean: (self.drift - 0.5 * variance - self.jumps * growth) * years,
            variance: variance * years,
            jumps: self.jumps * years,
        }
    }

    fn bar(&self, step: &mut Step, _: Moment, path: &mut Path, rng: &mut Rng) {
        let mut done = 0.0;
        loop {
            // The share of the bar until the next jump; infinite where there are none.
            let wait: f64 = Exp1.sample(rng);
            let next = done + wait / step.jumps;
            let part = next.min(1.0) - done;
            path.leg(part * step.mean + (part * step.variance).sqrt() * normal(rng), part * step.variance, rng);
            if next >= 1.0 || next.is_nan() {
                return;
            }
            path.jump(self.jump_mean + self.jump_sd * normal(rng));
            done = next;
        }
    }
}
