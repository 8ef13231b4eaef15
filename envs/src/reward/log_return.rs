//! Logarithmic growth.

use serde::{Deserialize, Serialize};

use super::{Reward, RewardMemory};
use crate::StepFacts;

/// `scale * ln(equity / equity_before)`, no unit; the sum over an episode is the logarithm of its growth.
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
}
