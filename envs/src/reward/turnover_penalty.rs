//! A charge for trading.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{at_least_0, bounded},
};
use crate::{Result, StepFacts};

/// `-coefficient * traded / initial_capital`, no unit: what was bought and sold in the step, by value, over all
/// instruments and both sides of a round trip.
///
/// Beside a reward that is net of costs it charges trading twice: declare it as shaping, for markets whose costs are not
/// modelled, or to have an agent that trades less than would pay.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, StepFacts, TurnoverPenalty};
/// let facts = StepFacts { traded: 5_000.0, initial_capital: 100_000.0, ..StepFacts::default() };
/// let reward = TurnoverPenalty { coefficient: 0.01 }.reward(&facts, &mut RewardMemory::default());
/// assert!((reward + 0.0005).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TurnoverPenalty {
    /// What it costs to trade the initial capital once, in reward; 0.0001 is a basis point of the value traded.
    pub coefficient: f64,
}

impl Default for TurnoverPenalty {
    fn default() -> Self {
        Self { coefficient: 1e-4 }
    }
}

impl Reward for TurnoverPenalty {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        bounded(-self.coefficient * facts.traded / facts.initial_capital)
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        at_least_0("coefficient", self.coefficient)
    }
}
