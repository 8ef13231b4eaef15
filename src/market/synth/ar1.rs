//! A price that goes back to where it began.

use serde::{Deserialize, Serialize};

use super::{
    check::{at_least_zero, need},
    exact::{EXPECTED, Exact, Published, named},
    path::normal,
};
use crate::{Result, Rng};

/// A price about the first one: `close = first + scale z` with `z' = rho z + sqrt(1 - rho^2) e`, `e` standard normal.
///
/// The level `z` is an autoregression of order 1, an Ornstein-Uhlenbeck process in steps, of mean 0 and variance 1, with which it
/// also begins (Uhlenbeck and Ornstein 1930; Box and Jenkins 1970, "Time Series Analysis"). It is the signal for which a
/// band of no trade is best: Martin and Schoeneborn (2011), "Mean Reversion Pays, but Costs". Columns: `level`, which is `z`,
/// and `expected_change`, which is `(rho - 1) z scale`.
///
/// ```
/// use tradepit::market::synth::{Ar1, SynthRows, SynthSpec};
/// let data = SynthSpec::Ar1(Ar1 { scale: 2.0, ..Ar1::default() }).market(&SynthRows::exact(100), 0).unwrap();
/// let level = data.view(40).column(data.column_index("level").unwrap()).unwrap();
/// assert!((data.bars()[39].close - (100.0 + 2.0 * f64::from(level))).abs() < 1e-5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ar1 {
    /// Share of the level that is left a bar later, in [0, 1).
    pub rho: f64,
    /// Points of price for a level of 1, at least 0.
    pub scale: f64,
    /// Units traded a bar, at least 0.
    pub volume: f64,
}

impl Default for Ar1 {
    fn default() -> Self {
        Self { rho: 0.9, scale: 1.0, volume: 0.0 }
    }
}

/// The first price, and the level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    first: f64,
    z: f64,
}

impl Exact for Ar1 {
    type State = Level;

    fn validate_process(&self) -> Result<()> {
        need("rho", self.rho, (0.0..1.0).contains(&self.rho), "in [0, 1)")?;
        at_least_zero("scale", self.scale)
    }

    fn volume(&self) -> f64 {
        self.volume
    }

    fn columns(&self) -> Vec<String> {
        named(["level", EXPECTED])
    }

    fn begin(&self, first: f64, rng: &mut Rng) -> (Level, f64) {
        let z = normal(rng);
        (Level { first, z }, first + self.scale * z)
    }

    fn next(&self, level: &mut Level, _: f64, rng: &mut Rng) -> f64 {
        level.z = self.rho * level.z + (1.0 - self.rho * self.rho).sqrt() * normal(rng);
        level.first + self.scale * level.z
    }

    fn publish(&self, level: &Level, _: f64, out: &mut Published) {
        out[0] = level.z as f32;
        out[1] = ((self.rho - 1.0) * level.z * self.scale) as f32;
    }
}
