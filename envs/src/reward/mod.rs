//! From the facts of a step to a number.

mod atr_profit;
mod composite;
mod contract;
mod differential_downside;
mod differential_sharpe;
mod drawdown_increment;
mod exercise;
mod expected_profit;
mod hedged_option;
mod implementation_shortfall;
mod inventory_penalty;
mod log_return;
mod mean_variance;
mod potential_shaping;
mod profit;
mod spec;
mod trade_quality;
mod turnover_penalty;
mod volatility_scaled;
mod weighted;

#[cfg(test)]
mod tests;

pub use atr_profit::AtrProfit;
pub use composite::{Composite, RewardPart};
pub use contract::{BatchReward, Held, Reward, RewardMemory, RewardNeeds};
pub use differential_downside::DifferentialDownside;
pub use differential_sharpe::DifferentialSharpe;
pub use drawdown_increment::DrawdownIncrement;
pub use exercise::Exercise;
pub use expected_profit::ExpectedProfit;
pub use hedged_option::{HedgedOption, OptionRight};
pub use implementation_shortfall::ImplementationShortfall;
pub use inventory_penalty::InventoryPenalty;
pub use log_return::LogReturn;
pub use mean_variance::MeanVariance;
pub use potential_shaping::{Potential, PotentialShaping};
pub use profit::Profit;
pub use spec::RewardSpec;
pub use trade_quality::TradeQuality;
pub use turnover_penalty::TurnoverPenalty;
pub use volatility_scaled::VolatilityScaled;
pub use weighted::Weighted;
