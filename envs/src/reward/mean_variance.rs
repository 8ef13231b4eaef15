//! Return less its square.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{above_0, at_least_0, bounded, step_return},
};
use crate::{Result, StepFacts};

/// `scale * (r - kappa / 2 * r^2)` with the step's return `r` on equity, no unit.
///
/// Mean-variance utility step by step (Markowitz, 1952): for steps that are short against their means, `E[r^2]` is the
/// variance, and the best exposure is the mean by `kappa` times the variance. Its maximum is at `r = 1 / kappa`: keep
/// returns of a step below that, or gains hurt.
///
/// ```
/// use tradepit_envs::{MeanVariance, Reward, RewardMemory, StepFacts};
/// let facts = StepFacts { equity_before: 200.0, equity: 210.0, initial_capital: 100.0, ..StepFacts::default() };
/// let reward = MeanVariance { kappa: 4.0, scale: 1.0 }.reward(&facts, &mut RewardMemory::default());
/// assert!((reward - (0.05 - 2.0 * 0.0025)).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeanVariance {
    /// Risk aversion, at least 0.
    pub kappa: f64,
    /// A factor, for agents that do not normalise rewards.
    pub scale: f64,
}

impl Default for MeanVariance {
    fn default() -> Self {
        Self { kappa: 1.0, scale: 1.0 }
    }
}

impl Reward for MeanVariance {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let r = step_return(facts);
        bounded(self.scale * (r - 0.5 * self.kappa * r * r))
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        at_least_0("kappa", self.kappa)?;
        above_0("scale", self.scale)
    }
}
