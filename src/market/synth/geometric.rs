//! Geometric Brownian motion by the bar.

use serde::{Deserialize, Serialize};

use super::{
    check::{at_least_zero, finite},
    exact::{EXPECTED, Exact, Published, named},
    path::normal,
};
use crate::{Result, Rng};

/// Geometric Brownian motion as seen at closes: `ln(close' / close)` is normal with mean `drift - volatility^2 / 2` and standard
/// deviation `volatility`.
///
/// The price is expected to grow by `exp(drift)` a bar (Samuelson 1965, "Rational Theory of Warrant Pricing"): a year's numbers
/// `mu` and `sigma` in bars of `dt` years are `mu dt` and `sigma sqrt(dt)`. It is the market of Merton (1969) and of Black and
/// Scholes (1973); [`Brownian`](super::Brownian) is the same law, with a road inside the bar. Column: `expected_change`.
///
/// ```
/// use tradepit::market::synth::{Geometric, SynthRows, SynthSpec};
/// let sure = Geometric { drift: 0.01, volatility: 0.0, ..Geometric::default() };
/// let data = SynthSpec::Geometric(sure).market(&SynthRows::exact(100), 0).unwrap();
/// assert!((data.bars()[99].close - 100.0 * 1.0_f64.exp()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Geometric {
    /// Logarithm of the growth that is expected in a bar.
    pub drift: f64,
    /// Standard deviation of a bar's log return, at least 0.
    pub volatility: f64,
    /// Units traded a bar, at least 0.
    pub volume: f64,
}

impl Default for Geometric {
    fn default() -> Self {
        Self { drift: 0.0, volatility: 0.01, volume: 0.0 }
    }
}

impl Exact for Geometric {
    /// The mean of a log return, and the growth that is expected.
    type State = (f64, f64);

    fn validate_process(&self) -> Result<()> {
        finite("drift", self.drift)?;
        at_least_zero("volatility", self.volatility)
    }

    fn volume(&self) -> f64 {
        self.volume
    }

    fn columns(&self) -> Vec<String> {
        named([EXPECTED])
    }

    fn begin(&self, first: f64, _: &mut Rng) -> ((f64, f64), f64) {
        ((self.drift - 0.5 * self.volatility * self.volatility, self.drift.exp_m1()), first)
    }

    fn next(&self, (mean, _): &mut (f64, f64), price: f64, rng: &mut Rng) -> f64 {
        price * (*mean + self.volatility * normal(rng)).exp()
    }

    fn publish(&self, (_, growth): &(f64, f64), price: f64, out: &mut Published) {
        out[0] = (growth * price) as f32;
    }
}
