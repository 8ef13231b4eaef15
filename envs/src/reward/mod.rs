//! From the facts of a step to a number.

mod composite;
mod contract;
mod differential_sharpe;
mod expected_profit;
mod inventory_penalty;
mod log_return;
mod profit;
mod spec;
mod weighted;

pub use composite::{Composite, RewardPart};
pub use contract::{BatchReward, Held, Reward, RewardMemory, RewardNeeds};
pub use differential_sharpe::DifferentialSharpe;
pub use expected_profit::ExpectedProfit;
pub use inventory_penalty::InventoryPenalty;
pub use log_return::LogReturn;
pub use profit::Profit;
pub use spec::RewardSpec;
pub use weighted::Weighted;
