//! Profit, risk and streaks, weighted.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{above_0, at_least_0, bounded},
};
use crate::{Result, StepFacts};

/// `scale * ((pnl - cost) / initial_capital - risk_penalty * drawdown + bonus * winning_streak)`, no unit.
///
/// `pnl` is the step's change of equity before fees and financing, slippage included; `cost` is what these took in the
/// step; `drawdown = 1 - equity / peak` and `winning_streak`, the closed trades with a net profit in a row, are those
/// after the step, in every step: each is paid again as long as it stands. So a large bonus rewards many small wins and
/// then doing nothing; [`TradeQuality`](crate::TradeQuality) pays for a trade once.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, StepFacts, Weighted};
/// let facts = StepFacts { equity_before: 1000.0, equity: 1008.0, fees: 2.0, initial_capital: 1000.0,
///     drawdown: 0.05, winning_streak: 3.0, ..StepFacts::default() };
/// let reward = Weighted { scale: 1.0, risk_penalty: 0.1, bonus: 0.001 }.reward(&facts, &mut RewardMemory::default());
/// assert!((reward - (0.008 - 0.005 + 0.003)).abs() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weighted {
    /// A factor over all, for agents that do not normalise rewards.
    pub scale: f64,
    /// Weight of the drawdown.
    pub risk_penalty: f64,
    /// Weight of the winning streak.
    pub bonus: f64,
}

impl Default for Weighted {
    fn default() -> Self {
        Self { scale: 1.0, risk_penalty: 0.1, bonus: 0.001 }
    }
}

impl Reward for Weighted {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let cost = facts.fees + facts.financing;
        let pnl = facts.equity_change() + cost;
        let risk = self.risk_penalty * facts.drawdown;
        bounded(self.scale * ((pnl - cost) / facts.initial_capital - risk + self.bonus * facts.winning_streak))
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        above_0("scale", self.scale)?;
        at_least_0("risk_penalty", self.risk_penalty)?;
        at_least_0("bonus", self.bonus)
    }
}
