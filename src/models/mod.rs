//! How orders execute: whether and at which price of the bar, how much worse, for which fee.
//!
//! Every model is pure: it takes `&self` and what is known at the fill; the random stream is passed in.
//! The built-in ones are data (an enum); your own goes into the `Custom` arm.
#![doc = include_str!("execution.md")]

mod columns;
mod commission;
mod daily;
mod fill;
mod financing;
mod latency;
mod liquidity;
mod margin;
mod matching;
pub mod queue;
mod root;
mod set;
mod size;
mod slippage;

pub(crate) use columns::Known;
pub use commission::{
    Bps, Commission, CommissionModel, FeeContext, MakerTaker, NoCommission, PerContract, PerOrder, PerShare,
    PremiumTier, PremiumTiers, Schedule, ScheduleRow, Sum, VolumeMeasure, VolumePeriod, VolumeTier, VolumeTiers,
};
pub use daily::DailyStats;
pub use fill::{AtQuote, FillContext, FillModel, FillPoint, FillRule, LookAheadClose, Moment, NextClose, NextOpen};
pub use financing::{
    CarryContext, CarrySchedule, DailyCarry, Financing, FinancingModel, FundingColumn, NoFinancing, PerpetualFunding,
};
pub use latency::{FixedLatency, JitteredLatency, Latency, LatencyModel, NoLatency};
pub use liquidity::{Facts, Liquidity};
pub use margin::{
    DatedMargin, Flatten, FuturesTable, InstrumentMargin, LeverageMargin, MarginContext, MarginModel, MarginRule,
    NoMargin, Required,
};
pub use matching::{IntrabarPath, Matching, Stale, Within};
pub use set::Models;
pub(crate) use set::{Spot, Told};
pub use size::Sizing;
pub use slippage::{
    AlmgrenChriss, Empirical, FixedBps, FixedTicks, HalfSpread, NoSlippage, ProbabilisticTick, Slippage, SlippageModel,
    SlippageUnit, SquareRoot, VolatilityVolumeShare, VolumeShare,
};
