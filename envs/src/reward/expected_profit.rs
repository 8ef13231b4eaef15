//! Profit less what was luck.

use serde::{Deserialize, Serialize};

use super::{
    Held, Reward, RewardMemory, RewardNeeds,
    contract::{above_0, bounded},
};
use crate::{Result, StepFacts};

/// `scale * (equity change - position x multiplier x (price change - expected change)) / initial_capital`, no unit: the
/// step's profit with the change of price replaced by its expectation, costs and all else as they are.
///
/// A control variate (Glasserman, 2003, section 4.1): the term taken away has mean 0, so every policy keeps its expected
/// reward, and an agent learns from far less noise. Only a synthetic market knows the expectation and publishes it in
/// the column `expected_change`; any other is refused. With `held` [`After`](Held::After) the position is the one after
/// the step's fills, which must not depend on how the price moves in the step, as those of market orders at its first
/// price; [`Before`](Held::Before) is right for every order, and leaves the noise of what was traded.
///
/// ```
/// use tradepit_envs::{ExpectedProfit, Reward, RewardMemory, StepFacts};
/// // 2 units gained 2 x 1.5, of which 2 x 0.25 were to be expected; 0.1 went in fees.
/// let facts = StepFacts { equity_before: 100.0, equity: 102.9, initial_capital: 100.0, position: 2.0,
///     price_before: 50.0, price: 51.5, expected_change: 0.25, multiplier: 1.0, ..StepFacts::default() };
/// let reward = ExpectedProfit { scale: 100.0, ..ExpectedProfit::default() };
/// assert!((reward.reward(&facts, &mut RewardMemory::default()) - (2.0 * 0.25 - 0.1)).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedProfit {
    /// A factor; the initial capital, to have money.
    pub scale: f64,
    /// Which position the price's change is taken from.
    pub held: Held,
}

impl Default for ExpectedProfit {
    fn default() -> Self {
        Self { scale: 1.0, held: Held::After }
    }
}

impl Reward for ExpectedProfit {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let luck = self.held.of(facts) * facts.multiplier * (facts.price_change() - facts.expected_change);
        bounded(self.scale * (facts.equity_change() - luck) / facts.initial_capital)
    }

    fn slots(&self) -> usize {
        0
    }

    fn needs(&self) -> RewardNeeds {
        RewardNeeds { expected_change: true, ..RewardNeeds::default() }
    }

    fn validate(&self) -> Result<()> {
        above_0("scale", self.scale)
    }
}
