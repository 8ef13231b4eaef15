//! A variance that moves.

use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{above_zero, at_least_zero, finite, need},
    generator::{Moment, Process},
    path::{Path, normal},
};
use crate::{Result, Rng};

/// Heston's stochastic volatility: `dS / S = drift dt + sqrt(v) dW`, `dv = reversion (volatility^2 - v) dt + vol_of_vol sqrt(v) dB`,
/// with `dW dB = correlation dt` (Heston 1993, "A Closed-Form Solution for Options with Stochastic Volatility").
///
/// Scheme: full truncation Euler (Lord, Koekkoek and van Dijk 2010, "A comparison of biased simulation schemes for
/// stochastic volatility models"): where the variance is below 0, it is taken for 0 in both equations, and keeps its own
/// value. A bar takes `steps` of them. The bias is of the order of `reversion dt / steps`: small for minutes; for daily bars
/// take more steps.
///
/// A path begins with the variance at its level. There the variance has the mean `volatility^2`, in the long run the
/// standard deviation `vol_of_vol volatility / sqrt(2 reversion)`, and the correlation `exp(-reversion u)` with itself `u`
/// years later.
///
/// ```
/// use tradepit::market::synth::{Heston, SynthRows, SynthSpec};
/// let spec = SynthSpec::Heston(Heston { correlation: -0.9, ..Heston::default() });
/// assert_eq!(spec.market(&SynthRows::default(), 3).unwrap().len(), 10_000);
/// let refused = SynthSpec::Heston(Heston { correlation: -1.5, ..Heston::default() }).validate().unwrap_err().to_string();
/// assert_eq!(refused, "synthetic.correlation: -1.5 must be in [-1, 1]");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Heston {
    /// Expected growth a year, as a share of the price.
    pub drift: f64,
    /// Square root of the variance's level: the usual standard deviation of a year's log return, above 0.
    pub volatility: f64,
    /// Speed at which the variance goes back to its level, a year, above 0.
    pub reversion: f64,
    /// Volatility of the variance, a year, at least 0.
    pub vol_of_vol: f64,
    /// Between returns and changes of the variance, in [-1, 1].
    pub correlation: f64,
    /// Steps a bar, in 1..=1000.
    pub steps: u32,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for Heston {
    fn default() -> Self {
        Self {
            drift: 0.0,
            volatility: 0.15,
            reversion: 50.0,
            vol_of_vol: 1.0,
            correlation: -0.5,
            steps: 4,
            volume: VolumeSpec::default(),
        }
    }
}

/// The variance of a year, as it stands, and the length of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variance {
    now: f64,
    dt: f64,
}

impl Process for Heston {
    type State = Variance;

    fn validate(&self) -> Result<()> {
        finite("drift", self.drift)?;
        above_zero("volatility", self.volatility)?;
        above_zero("reversion", self.reversion)?;
        at_least_zero("vol_of_vol", self.vol_of_vol)?;
        need("correlation", self.correlation, self.correlation.abs() <= 1.0, "in [-1, 1]")?;
        need("steps", self.steps.into(), (1..=1000).contains(&self.steps), "in 1..=1000")?;
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, years: f64, _: &mut Rng) -> Variance {
        Variance { now: self.volatility * self.volatility, dt: years / f64::from(self.steps) }
    }

    fn bar(&self, Variance { now, dt }: &mut Variance, _: Moment, path: &mut Path, rng: &mut Rng) {
        let level = self.volatility * self.volatility;
        let (mut sum, own) = (0.0, (1.0 - self.correlation * self.correlation).sqrt());
        for _ in 0..self.steps {
            let held = now.max(0.0);
            let (price, variance) = (normal(rng), normal(rng));
            let shock = (held * *dt).sqrt();
            let mixed = self.correlation * variance + own * price;
            path.leg((self.drift - 0.5 * held) * *dt + shock * mixed, held * *dt, rng);
            *now += self.reversion * (level - held) * *dt + self.vol_of_vol * shock * variance;
            sum += held;
        }
        path.activity = (sum / (f64::from(self.steps) * level)).sqrt();
    }
}
