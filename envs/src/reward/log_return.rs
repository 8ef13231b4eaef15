//! Logarithmic growth.

use serde::{Deserialize, Serialize};

use super::{Reward, RewardMemory, contract::above_0};
use crate::{Result, StepFacts};

/// `scale * ln(equity / equity_before)`, no unit; the sum over an episode is the logarithm of its growth.
///
/// ```
/// use tradepit_envs::{LogReturn, Reward, RewardMemory, StepFacts};
/// let grown = StepFacts { equity_before: 100.0, equity: 110.0, initial_capital: 80.0, ..StepFacts::default() };
/// let reward = LogReturn { scale: 100.0 }.reward(&grown, &mut RewardMemory::default());
/// assert!((f64::from(reward) - 100.0 * 1.1_f64.ln()).abs() < 1e-5);
/// let ruined = StepFacts { equity: -5.0, ..grown };
/// assert!(LogReturn::default().reward(&ruined, &mut RewardMemory::default()).is_finite());
/// ```
///
/// Equity is floored at a millionth of the initial capital, so that ruin is a large finite loss
/// (`ln(1e-6)` is about -13.8), never NaN.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogReturn {
    /// A factor, for agents that do not normalise rewards.
    pub scale: f64,
}

impl Default for LogReturn {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Reward for LogReturn {
    #[inline]
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let floor = 1e-6 * facts.initial_capital;
        (self.scale * (facts.equity.max(floor) / facts.equity_before.max(floor)).ln()) as f32
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        above_0("scale", self.scale)
    }
}
