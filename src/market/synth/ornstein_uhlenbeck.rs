//! A log price that goes back to its level.

use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{above_zero, at_least_zero},
    generator::{Moment, Process},
    path::{Path, normal},
};
use crate::{Result, Rng};

/// Ornstein-Uhlenbeck motion of the log price `x = ln S`: `dx = reversion (ln level - x) dt + volatility dW`.
///
/// The step is exact: over a bar of `dt` years the distance from the level shrinks by `exp(-reversion dt)` and takes a
/// normal of variance `volatility^2 (1 - exp(-2 reversion dt)) / (2 reversion)` (Uhlenbeck and Ornstein 1930, "On the
/// Theory of the Brownian Motion"). In the long run the log price has the standard deviation
/// `volatility / sqrt(2 reversion)` about its level, and half of a distance is gone after `ln 2 / reversion` years.
///
/// ```
/// use tradepit::market::synth::{OrnsteinUhlenbeck, SynthRows, SynthSpec};
/// let spec = OrnsteinUhlenbeck { reversion: 5_000.0, volatility: 0.2, level: 1.1, ..OrnsteinUhlenbeck::default() };
/// let data = SynthSpec::OrnsteinUhlenbeck(spec).market(&SynthRows::default(), 0).unwrap();
/// // It starts at 5,000, and soon is at its level of 5,500.
/// assert!(data.bars()[2_000..].iter().all(|bar| (bar.close / 5_500.0 - 1.0).abs() < 0.02));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrnsteinUhlenbeck {
    /// Speed of the way back, a year, above 0.
    pub reversion: f64,
    /// Standard deviation of a year's log return, were there no way back; at least 0.
    pub volatility: f64,
    /// Where it goes back to, as a multiple of the first price, above 0.
    pub level: f64,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for OrnsteinUhlenbeck {
    fn default() -> Self {
        Self { reversion: 50.0, volatility: 0.15, level: 1.0, volume: VolumeSpec::default() }
    }
}

/// What a bar leaves of a distance, and the variance that it adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    kept: f64,
    variance: f64,
    level: f64,
}

impl Process for OrnsteinUhlenbeck {
    type State = Step;

    fn validate(&self) -> Result<()> {
        above_zero("reversion", self.reversion)?;
        at_least_zero("volatility", self.volatility)?;
        above_zero("level", self.level)?;
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, years: f64, _: &mut Rng) -> Step {
        let shrunk = -(-2.0 * self.reversion * years).exp_m1();
        Step {
            kept: (-self.reversion * years).exp(),
            variance: self.volatility * self.volatility * shrunk / (2.0 * self.reversion),
            level: self.level.ln(),
        }
    }

    fn bar(&self, step: &mut Step, _: Moment, path: &mut Path, rng: &mut Rng) {
        let back = (step.level - path.at) * (1.0 - step.kept);
        path.leg(back + step.variance.sqrt() * normal(rng), step.variance, rng);
    }
}
