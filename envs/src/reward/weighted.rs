//! Profit, risk and streaks, weighted.

use serde::{Deserialize, Serialize};

use super::{Reward, RewardMemory};
use crate::StepFacts;

/// `scale * ((pnl - cost) / initial_capital - risk_penalty * drawdown + bonus * winning_streak)`.
///
/// `pnl` is the step's change of equity before fees, slippage included; `cost` is what fees and financing took in the
/// step; `drawdown = 1 - equity / peak`; `winning_streak` counts closed trades with a net profit in a row, and only on
/// a step that closes one.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, StepFacts, Weighted};
/// let facts = StepFacts { equity_before: 1000.0, equity: 1008.0, fees: 2.0, initial_capital: 1000.0,
///     drawdown: 0.05, closed_trades: 1.0, winning_streak: 3.0, ..StepFacts::default() };
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
    #[inline]
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let cost = facts.fees + facts.financing;
        let pnl = facts.equity_change() + cost;
        let streak = if facts.closed_trades > 0.0 { facts.winning_streak } else { 0.0 };
        let reward = (pnl - cost) / facts.initial_capital - self.risk_penalty * facts.drawdown + self.bonus * streak;
        (self.scale * reward) as f32
    }
}
