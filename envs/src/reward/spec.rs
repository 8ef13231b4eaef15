//! Rewards as data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tradepit::MarketView;

use super::{
    AtrProfit, Composite, DifferentialDownside, DifferentialSharpe, DrawdownIncrement, Exercise, ExpectedProfit,
    HedgedOption, ImplementationShortfall, InventoryPenalty, LogReturn, MeanVariance, PotentialShaping, Profit, Reward,
    RewardMemory, RewardNeeds, TradeQuality, TurnoverPenalty, VolatilityScaled, Weighted,
};
use crate::{Result, StepFacts};

/// The reward in use.
///
/// ```
/// use tradepit_envs::{Reward, RewardSpec};
/// let spec: RewardSpec = serde_json::from_str(r#"{"kind": "weighted", "risk_penalty": 0.1, "bonus": 0.001}"#).unwrap();
/// assert!(spec.validate().is_ok());
/// assert!(serde_json::from_str::<RewardSpec>(r#"{"kind": "log_return", "x": 1}"#).is_err());
/// ```
#[doc = ""]
#[doc = include_str!("rewards.md")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RewardSpec {
    /// Change of equity by initial capital.
    Profit(Profit),
    /// Logarithm of the growth of equity.
    LogReturn(LogReturn),
    /// Profit in average true ranges.
    AtrProfit(AtrProfit),
    /// Return less its square.
    MeanVariance(MeanVariance),
    /// The derivative of an exponentially weighted Sharpe ratio.
    DifferentialSharpe(DifferentialSharpe),
    /// The same of a ratio whose risk is losses alone.
    DifferentialDownside(DifferentialDownside),
    /// Trading at constant volatility.
    VolatilityScaled(VolatilityScaled),
    /// A charge for every fall below the peak.
    DrawdownIncrement(DrawdownIncrement),
    /// A charge for what is traded.
    TurnoverPenalty(TurnoverPenalty),
    /// A charge for what is held.
    InventoryPenalty(InventoryPenalty),
    /// Profit less that of a paper portfolio.
    ImplementationShortfall(ImplementationShortfall),
    /// Wins and losses of closed trades.
    TradeQuality(TradeQuality),
    /// Profit without the luck of the price.
    ExpectedProfit(ExpectedProfit),
    /// Profit of a short option and its hedge.
    HedgedOption(HedgedOption),
    /// The payoff of an option, once.
    Exercise(Exercise),
    /// Guidance that leaves the best policy as it is.
    PotentialShaping(PotentialShaping),
    /// Profit less a drawdown penalty, with a bonus for winning streaks.
    Weighted(Weighted),
    /// A weighted sum of rewards.
    Composite(Composite),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn Reward>),
}

impl Default for RewardSpec {
    fn default() -> Self {
        Self::Profit(Profit::default())
    }
}

impl RewardSpec {
    /// Whether it reads more of the facts than equity and initial capital.
    #[must_use]
    #[inline]
    pub fn reads_all(&self) -> bool {
        !matches!(self, Self::Profit(_) | Self::LogReturn(_))
    }

    fn inner(&self) -> &dyn Reward {
        match self {
            Self::Profit(r) => r,
            Self::LogReturn(r) => r,
            Self::AtrProfit(r) => r,
            Self::MeanVariance(r) => r,
            Self::DifferentialSharpe(r) => r,
            Self::DifferentialDownside(r) => r,
            Self::VolatilityScaled(r) => r,
            Self::DrawdownIncrement(r) => r,
            Self::TurnoverPenalty(r) => r,
            Self::InventoryPenalty(r) => r,
            Self::ImplementationShortfall(r) => r,
            Self::TradeQuality(r) => r,
            Self::ExpectedProfit(r) => r,
            Self::HedgedOption(r) => r,
            Self::Exercise(r) => r,
            Self::PotentialShaping(r) => r,
            Self::Weighted(r) => r,
            Self::Composite(r) => r,
            Self::Custom(r) => &**r,
        }
    }
}

impl Reward for RewardSpec {
    #[inline(always)]
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        match self {
            Self::Profit(r) => r.reward(facts, memory),
            Self::LogReturn(r) => r.reward(facts, memory),
            // By value: were the facts lent to unknown code, every step would have to write them all to memory.
            _ => other(self.inner(), *facts, memory),
        }
    }

    #[inline]
    fn begin(&self, market: MarketView<'_>) -> RewardMemory {
        if self.reads_all() { self.inner().begin(market) } else { RewardMemory::default() }
    }

    fn slots(&self) -> usize {
        self.inner().slots()
    }

    fn observed(&self) -> Vec<String> {
        self.inner().observed()
    }

    fn observe(&self, memory: &RewardMemory, out: &mut [f32]) {
        self.inner().observe(memory, out);
    }

    fn needs(&self) -> RewardNeeds {
        self.inner().needs()
    }

    fn validate(&self) -> Result<()> {
        self.inner().validate()
    }
}

#[cold]
#[inline(never)]
fn other(reward: &dyn Reward, facts: StepFacts, memory: &mut RewardMemory) -> f32 {
    reward.reward(&facts, memory)
}
