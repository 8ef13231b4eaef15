//! Environments by name: the same engine, each with another market, action and reward.
//!
//! | name | the problem | actions | reward | market |
//! |---|---|---|---|---|
//! | `single_asset` | hold how much of one thing | [`TargetPosition`](crate::TargetPosition) | [`Profit`](crate::Profit) | yours |
//! | `portfolio` | which share of the equity in each of several | [`PortfolioWeights`](crate::PortfolioWeights) | [`LogReturn`](crate::LogReturn) | yours |
//! | `spread` | one position in a pair | [`SpreadPosition`](crate::SpreadPosition) | [`Profit`](crate::Profit) | yours, of two instruments |
//! | `market_making` | a bid and an ask at every step | [`TwoSidedQuotes`](crate::TwoSidedQuotes) | profit less [`InventoryPenalty`](crate::InventoryPenalty) | drawn, orders come by intensity |
//! | `execution` | sell a block by a deadline, against impact | [`ExecutionRate`](crate::ExecutionRate) | [`ImplementationShortfall`](crate::ImplementationShortfall) | drawn |
//! | `hedging` | hold the stock that a short call needs | [`TargetPosition`](crate::TargetPosition) | [`HedgedOption`](crate::HedgedOption), averse to risk | drawn |
//! | `bench` | none: speed is measured on it ([`bench`](crate::bench)) | [`TargetPosition`](crate::TargetPosition) | [`Profit`](crate::Profit) | 350,000 synthetic bars |
//!
//! A scenario is an [`EnvSpec`](crate::EnvSpec) and no more: any field can be changed, and any market be put in place of the drawn one.

mod bench;
mod execution;
mod hedging;
mod market_making;
mod portfolio;
mod scenario;
mod spread;
#[cfg(test)]
mod tests;

pub use scenario::Scenario;
