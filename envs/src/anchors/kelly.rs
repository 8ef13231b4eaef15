//! How much to bet on a coin that is in one's favour.

use serde::{Deserialize, Serialize};

/// An even-money bet that wins with probability `p`, again and again; the growth of wealth counts (Kelly, 1956, "A new
/// interpretation of information rate").
///
/// ```
/// use tradepit_envs::anchors::Kelly;
/// let coin = Kelly::default();
/// let growth = |stakes: f64| coin.growth(stakes * coin.fraction());
/// assert!((coin.fraction() - 0.2).abs() < 1e-12 && (growth(1.0) - 0.0201355).abs() < 5e-8);
/// assert!((growth(0.5) - 0.0150419).abs() < 5e-8 && (growth(2.0) + 0.0024469).abs() < 5e-8);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kelly {
    /// Probability of winning the stake, above 0.5; else it is lost.
    pub p: f64,
}

impl Default for Kelly {
    fn default() -> Self {
        Self { p: 0.6 }
    }
}

impl Kelly {
    /// The best stake as a fraction of wealth, `2 p - 1`.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        2.0 * self.p - 1.0
    }

    /// Mean growth of the logarithm of wealth a bet, `p ln(1 + f) + (1 - p) ln(1 - f)`.
    #[must_use]
    pub fn growth(&self, fraction: f64) -> f64 {
        self.p * fraction.ln_1p() + (1.0 - self.p) * (-fraction).ln_1p()
    }
}
