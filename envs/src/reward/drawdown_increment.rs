//! A charge for falling.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{at_least_0, bounded},
};
use crate::{Result, StepFacts};

/// `-coefficient * max(0, drawdown - drawdown before)` with `drawdown = 1 - equity / peak`, no unit: every fall below the
/// peak is charged when it happens, and climbing back is free.
///
/// Over an episode the charges add up to `coefficient` times all that the drawdown ever rose, at least its maximum. It is
/// no potential-based shaping ([`PotentialShaping`](crate::PotentialShaping) over the drawdown is): the best
/// policy changes. The drawdown must be observed.
///
/// ```
/// use tradepit_envs::{DrawdownIncrement, Reward, RewardMemory, StepFacts};
/// let reward = |before, after| DrawdownIncrement { coefficient: 2.0 }.reward(
///     &StepFacts { drawdown_before: before, drawdown: after, ..StepFacts::default() }, &mut RewardMemory::default());
/// assert!((reward(0.10, 0.15) + 0.1).abs() < 1e-7);
/// assert_eq!(reward(0.15, 0.05), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrawdownIncrement {
    /// What a drawdown of everything costs.
    pub coefficient: f64,
}

impl Default for DrawdownIncrement {
    fn default() -> Self {
        Self { coefficient: 1.0 }
    }
}

impl Reward for DrawdownIncrement {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        bounded(-self.coefficient * (facts.drawdown - facts.drawdown_before).max(0.0))
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        at_least_0("coefficient", self.coefficient)
    }
}
