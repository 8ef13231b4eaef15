//! A charge for what is held.

use serde::{Deserialize, Serialize};

use super::{
    Held, Reward, RewardMemory,
    contract::{at_least_0, bounded},
};
use crate::{Error, Result, StepFacts};

/// `-coefficient * |q|^power`, and in the episode's last step besides `-terminal * |q at its end|^power`; `q` in units of
/// the first instrument, the coefficients in reward by unit^power.
///
/// Running inventory penalty and terminal charge of Cartea, Jaimungal and Penalva (2015, chapter 10): power 2,
/// `coefficient = phi dt` on the inventory before the step's fills, `terminal = alpha`. With `gamma / 2` on the position
/// after the trade it is the risk term of Garleanu and Pedersen (2013). It charges risk that profit does not show; an
/// agent with a large coefficient learns to hold nothing.
///
/// ```
/// use tradepit_envs::{Held, InventoryPenalty, Reward, RewardMemory, StepFacts};
/// let penalty = InventoryPenalty { coefficient: 0.01, power: 2, held: Held::Before, terminal: 0.5 };
/// let facts = StepFacts { position_before: -3.0, position: 2.0, ..StepFacts::default() };
/// assert!((penalty.reward(&facts, &mut RewardMemory::default()) + 0.09).abs() < 1e-7);
/// let last = StepFacts { truncated: 1.0, ..facts };
/// assert!((penalty.reward(&last, &mut RewardMemory::default()) + 0.09 + 0.5 * 4.0).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InventoryPenalty {
    /// What a step costs for one unit.
    pub coefficient: f64,
    /// 1 or 2.
    pub power: u8,
    /// Which position the step is charged for.
    pub held: Held,
    /// What a unit costs that is held when the episode ends, by whatever cause.
    pub terminal: f64,
}

impl Default for InventoryPenalty {
    fn default() -> Self {
        Self { coefficient: 0.01, power: 2, held: Held::After, terminal: 0.0 }
    }
}

impl Reward for InventoryPenalty {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let size = |units: f64| if self.power == 1 { units.abs() } else { units * units };
        let last = if facts.is_last() { self.terminal * size(facts.position) } else { 0.0 };
        bounded(-self.coefficient * size(self.held.of(facts)) - last)
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        at_least_0("coefficient", self.coefficient)?;
        at_least_0("terminal", self.terminal)?;
        if matches!(self.power, 1 | 2) {
            return Ok(());
        }
        Err(Error::spec("reward.power", format!("{} must be 1 or 2", self.power)))
    }
}
