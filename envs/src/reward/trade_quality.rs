//! Wins and losses of closed trades.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{at_least_0, bounded},
};
use crate::{Result, StepFacts};

/// `scale * v(net) / initial_capital + win * wins - loss * losses`, no unit: pays when something is closed.
///
/// `net` is the profit realised in the step less its fees; `v(x) = x` for gains and `loss_aversion * x` for losses, the
/// value function of Tversky and Kahneman (1992, without its curvature), who measured an aversion of 2.25. `wins` are the
/// trades that the step closed with a net profit, `losses` the others that it closed. With an aversion of 1 and no
/// bonuses the rewards of an episode add up to its realised profit by the initial capital.
///
/// Unrealised losses cost nothing: an agent may learn never to close them. Limit the holding time, or add a reward that
/// sees equity.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, StepFacts, TradeQuality};
/// let reward = TradeQuality { scale: 1.0, loss_aversion: 2.25, win: 0.01, loss: 0.02 };
/// let won = StepFacts { realised: 52.0, fees: 2.0, closed_trades: 1.0, wins: 1.0, initial_capital: 1000.0, ..StepFacts::default() };
/// assert!((reward.reward(&won, &mut RewardMemory::default()) - (0.05 + 0.01)).abs() < 1e-7);
/// let lost = StepFacts { realised: -38.0, wins: 0.0, ..won };
/// assert!((reward.reward(&lost, &mut RewardMemory::default()) + 2.25 * 0.04 + 0.02).abs() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TradeQuality {
    /// Weight of the money, at least 0.
    pub scale: f64,
    /// How much more a loss weighs than a gain, at least 0.
    pub loss_aversion: f64,
    /// What a winning trade is worth.
    pub win: f64,
    /// What another trade costs.
    pub loss: f64,
}

impl Default for TradeQuality {
    fn default() -> Self {
        Self { scale: 1.0, loss_aversion: 2.25, win: 0.0, loss: 0.0 }
    }
}

impl Reward for TradeQuality {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let net = facts.realised - facts.fees;
        let felt = if net > 0.0 { net } else { self.loss_aversion * net };
        let trades = self.win * facts.wins - self.loss * (facts.closed_trades - facts.wins);
        bounded(self.scale * felt / facts.initial_capital + trades)
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        at_least_0("scale", self.scale)?;
        at_least_0("loss_aversion", self.loss_aversion)?;
        at_least_0("win", self.win)?;
        at_least_0("loss", self.loss)
    }
}
