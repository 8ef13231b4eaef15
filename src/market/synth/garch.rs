//! GARCH(1,1) with Student tails.

use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{above_zero, at_least_zero, finite, need},
    generator::{Moment, Process},
    path::{Path, normal},
    tails::Tails,
};
use crate::{Result, Rng};

/// GARCH(1,1): the variance of the next bar is `omega + alpha e^2 + beta h`, with `e` the last bar's surprise and `h` its variance.
///
/// `omega = (1 - alpha - beta) volatility^2`, so that `volatility` is the long-run standard deviation of a bar's log return
/// (Bollerslev 1986, "Generalized Autoregressive Conditional Heteroskedasticity"); surprises are Student's t with variance
/// `h` (Bollerslev 1987, "A Conditionally Heteroskedastic Time Series Model for Speculative Prices and Rates of Return"). With
/// `k = 3 (tails - 2) / (tails - 4)`, the kurtosis of returns is `k (1 - (alpha + beta)^2) / (1 - beta^2 - 2 alpha beta - k alpha^2)`,
/// where that is above 0, else infinite. All numbers are of bars, not of years: a fit belongs to its bars' length. A path
/// begins at the long-run variance.
///
/// ```
/// use tradepit::market::synth::{Garch, SynthSpec};
/// let spec: SynthSpec = serde_json::from_str(r#"{"kind": "garch", "alpha": 0.1, "beta": 0.85, "tails": 5}"#).unwrap();
/// assert!(spec.validate().is_ok());
/// let refused = SynthSpec::Garch(Garch { alpha: 0.2, beta: 0.8, ..Garch::default() }).validate().unwrap_err().to_string();
/// assert_eq!(refused, "synthetic.beta: 0.8 must be at least 0, and below 1 - alpha = 0.8");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Garch {
    /// Mean of a bar's log return, in basis points.
    pub mean_bps: f64,
    /// Long-run standard deviation of a bar's log return, in basis points, above 0.
    pub volatility_bps: f64,
    /// Weight of the last surprise, at least 0.
    pub alpha: f64,
    /// Weight of the last variance, at least 0; `alpha + beta` below 1.
    pub beta: f64,
    /// Degrees of freedom, above 2; 1,000 is as good as normal.
    pub tails: f64,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for Garch {
    fn default() -> Self {
        Self { mean_bps: 0.0, volatility_bps: 3.0, alpha: 0.05, beta: 0.94, tails: 6.0, volume: VolumeSpec::default() }
    }
}

/// The variance of the next bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variance {
    next: f64,
    tails: Tails,
}

impl Process for Garch {
    type State = Variance;

    fn validate(&self) -> Result<()> {
        finite("mean_bps", self.mean_bps)?;
        above_zero("volatility_bps", self.volatility_bps)?;
        at_least_zero("alpha", self.alpha)?;
        let range = format!("at least 0, and below 1 - alpha = {}", 1.0 - self.alpha);
        need("beta", self.beta, self.beta >= 0.0 && self.alpha + self.beta < 1.0, &range)?;
        Tails::check(self.tails)?;
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, _: f64, _: &mut Rng) -> Variance {
        let sd = self.volatility_bps * 1e-4;
        Variance { next: sd * sd, tails: Tails::new(self.tails) }
    }

    fn bar(&self, Variance { next, tails }: &mut Variance, _: Moment, path: &mut Path, rng: &mut Rng) {
        let sd = self.volatility_bps * 1e-4;
        let variance = *next * tails.variance(rng);
        let surprise = variance.sqrt() * normal(rng);
        path.leg(self.mean_bps * 1e-4 + surprise, variance, rng);
        path.activity = next.sqrt() / sd;
        *next = (1.0 - self.alpha - self.beta) * sd * sd + self.alpha * surprise * surprise + self.beta * *next;
    }
}
