//! Net profit.

use serde::{Deserialize, Serialize};

use super::{Reward, RewardMemory, contract::above_0};
use crate::{Result, StepFacts};

/// `scale * (equity - equity_before) / initial_capital`: net of all costs, no unit.
///
/// ```
/// use tradepit_envs::{Profit, Reward, RewardMemory, StepFacts};
/// let facts = StepFacts { equity_before: 110.0, equity: 105.0, initial_capital: 100.0, ..StepFacts::default() };
/// let reward = Profit { scale: 10.0 }.reward(&facts, &mut RewardMemory::default());
/// assert_eq!(reward, -0.5);
/// ```
///
/// Its sum over an episode is `scale` times the episode's return on the initial capital.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profit {
    /// A factor, for agents that do not normalise rewards.
    pub scale: f64,
}

impl Default for Profit {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Reward for Profit {
    #[inline]
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        (self.scale * facts.equity_change() / facts.initial_capital) as f32
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        above_0("scale", self.scale)
    }
}
