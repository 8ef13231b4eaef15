//! Geometric Brownian motion.

use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{at_least_zero, finite},
    generator::{Moment, Process},
    path::{Path, normal},
};
use crate::{Result, Rng};

/// Geometric Brownian motion: `dS / S = drift dt + volatility dW`.
///
/// The log return over a bar of `dt` years is normal with mean `(drift - volatility^2 / 2) dt` and variance
/// `volatility^2 dt` (Samuelson 1965, "Rational Theory of Warrant Pricing"), exactly, whatever the length of the bar. Time
/// goes on in bars only: nothing moves between sessions.
///
/// ```
/// use tradepit::market::synth::{Brownian, SynthRows, SynthSpec};
/// let calm = SynthSpec::Brownian(Brownian { volatility: 0.01, ..Brownian::default() });
/// let wild = SynthSpec::Brownian(Brownian { volatility: 0.50, ..Brownian::default() });
/// let range = |spec: &SynthSpec| {
///     let data = spec.market(&SynthRows { bars: 1_000, ..SynthRows::default() }, 7).unwrap();
///     data.bars().iter().map(|bar| bar.high - bar.low).sum::<f64>()
/// };
/// assert!(range(&wild) > 10.0 * range(&calm));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brownian {
    /// Expected growth a year, as a share of the price.
    pub drift: f64,
    /// Standard deviation of a year's log return, at least 0.
    pub volatility: f64,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for Brownian {
    fn default() -> Self {
        Self { drift: 0.0, volatility: 0.15, volume: VolumeSpec::default() }
    }
}

impl Process for Brownian {
    /// Mean and variance of a bar.
    type State = (f64, f64);

    fn validate(&self) -> Result<()> {
        finite("drift", self.drift)?;
        at_least_zero("volatility", self.volatility)?;
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, years: f64, _: &mut Rng) -> (f64, f64) {
        let variance = self.volatility * self.volatility;
        ((self.drift - 0.5 * variance) * years, variance * years)
    }

    fn bar(&self, (mean, variance): &mut (f64, f64), _: Moment, path: &mut Path, rng: &mut Rng) {
        path.leg(*mean + variance.sqrt() * normal(rng), *variance, rng);
    }
}
