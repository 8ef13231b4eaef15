//! How much is traded in a bar.

use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::check::{at_least_zero, finite};
use crate::{Result, Rng};

/// Log-normal volume that rises with volatility, in whole lots.
///
/// `volume = mean * activity^with_volatility * exp(spread * z - spread^2 / 2)`, with `z` standard normal and `activity` the
/// volatility of the bar by the usual one. Volume and volatility move together and log volume is about normal: Karpoff
/// (1987), "The Relation Between Price Changes and Trading Volume: A Survey".
///
/// ```
/// use tradepit::market::synth::{Brownian, SynthRows, SynthSpec, VolumeSpec};
/// let volume = VolumeSpec { mean: 250.0, spread: 0.0, ..VolumeSpec::default() };
/// let spec = SynthSpec::Brownian(Brownian { volume, ..Brownian::default() });
/// let data = spec.market(&SynthRows::default(), 0).unwrap();
/// assert!(data.bars().iter().all(|bar| bar.volume == 250.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeSpec {
    /// Units a bar at the usual volatility, at least 0; 0 for a market that tells no volume.
    pub mean: f64,
    /// Standard deviation of the logarithm of what is left when volatility is known, at least 0.
    pub spread: f64,
    /// Power of volatility in volume: 0 for none, 1 for proportional.
    pub with_volatility: f64,
}

impl Default for VolumeSpec {
    fn default() -> Self {
        Self { mean: 1_000.0, spread: 0.5, with_volatility: 1.0 }
    }
}

impl VolumeSpec {
    pub(super) fn validate(&self) -> Result<()> {
        at_least_zero("volume.mean", self.mean)?;
        at_least_zero("volume.spread", self.spread)?;
        finite("volume.with_volatility", self.with_volatility)
    }

    /// Units of a bar of this activity.
    pub(super) fn draw(&self, activity: f64, rng: &mut Rng) -> f64 {
        let z: f64 = if self.spread == 0.0 { 0.0 } else { StandardNormal.sample(rng) };
        let noise = (self.spread * z - 0.5 * self.spread * self.spread).exp();
        // A bar of no volatility under a negative power must not be infinite.
        self.mean * activity.clamp(1e-3, 1e3).powf(self.with_volatility) * noise
    }
}
