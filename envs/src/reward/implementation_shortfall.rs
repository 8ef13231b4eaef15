//! What execution costs against trading at once at the arrival price.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{above_0, bounded, check},
};
use crate::{Result, StepFacts};

/// `scale * (equity change - target x multiplier x price change) / initial_capital`, no unit.
///
/// Over an episode the rewards add up to minus the implementation shortfall of Perold (1988): the account's profit less
/// that of a paper portfolio which bought the `target` at the arrival price, the price when the episode began, at no
/// cost. What has not been executed counts with the price that it could be had for at the end. To sell what the
/// episode begins with the target is 0; to sell short, or to buy, it is the position to reach.
///
/// ```
/// use tradepit_envs::{ImplementationShortfall, Reward, RewardMemory, StepFacts};
/// // 1000 to buy at 50: 400 bought at 50.10; the price went to 50.20.
/// let facts = StepFacts { equity_before: 1e5, equity: 1e5 + 400.0 * 0.10, initial_capital: 1e5, price_before: 50.0,
///     price: 50.2, position: 400.0, multiplier: 1.0, ..StepFacts::default() };
/// let reward = ImplementationShortfall { target: 1_000.0, scale: 1e5 };
/// // 400 were 0.10 too dear, and 600 have run away by 0.20.
/// assert!((reward.reward(&facts, &mut RewardMemory::default()) + 400.0 * 0.1 + 600.0 * 0.2).abs() < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImplementationShortfall {
    /// The position to reach, in units of the first instrument, signed.
    pub target: f64,
    /// A factor; the initial capital, to have money.
    pub scale: f64,
}

impl Default for ImplementationShortfall {
    fn default() -> Self {
        Self { target: 0.0, scale: 1.0 }
    }
}

impl Reward for ImplementationShortfall {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let paper = self.target * facts.multiplier * facts.price_change();
        bounded(self.scale * (facts.equity_change() - paper) / facts.initial_capital)
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        check("target", self.target, true, "of units")?;
        above_0("scale", self.scale)
    }
}
