//! Tomorrow's return is in the observation.

use serde::{Deserialize, Serialize};

use super::normal::pdf;

/// The next price change, N(0, sd^2), is shown before the decision: be long before a rise, short before a fall.
///
/// ```
/// use tradepit_envs::anchors::Leak;
/// assert!((Leak::default().value() - 0.239365).abs() < 5e-7);
/// ```
///
/// Who does not reach it can't read its observation. A position in `[-1, 1]` earns `E|change| = sd * sqrt(2 / pi)` a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Leak {
    /// Standard deviation of the change.
    pub sd: f64,
}

impl Default for Leak {
    fn default() -> Self {
        Self { sd: 0.3 }
    }
}

impl Leak {
    /// The optimum, a step.
    #[must_use]
    pub fn value(&self) -> f64 {
        // E|Z| = 2 * the density at 0.
        2.0 * pdf(0.0) * self.sd
    }
}
