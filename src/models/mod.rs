//! How orders execute: whether and at which price of the bar, how much worse, for which fee.
//!
//! Every model is pure: it takes `&self` and what is known at the fill; the random stream is passed in.
//! The built-in ones are data (an enum); your own goes into the `Custom` arm.

mod commission;
mod fill;
mod financing;
mod latency;
mod margin;
mod matching;
pub mod queue;
mod set;
mod slippage;

pub use commission::{Bps, Commission, CommissionModel, FeeContext, NoCommission, PerContract, PerShare};
pub use fill::{FillContext, FillModel, FillPoint, FillRule, NextClose, NextOpen};
pub use financing::{
    CarryContext, CarrySchedule, DailyCarry, Financing, FinancingModel, NoFinancing, PerpetualFunding,
};
pub use latency::{FixedLatency, JitteredLatency, Latency, LatencyModel, NoLatency};
pub use margin::{
    DatedMargin, Flatten, InstrumentMargin, LeverageMargin, MarginContext, MarginModel, MarginRule, NoMargin, Required,
};
pub use matching::{IntrabarPath, Matching};
pub use set::Models;
pub use slippage::{FixedBps, FixedTicks, NoSlippage, Slippage, SlippageModel, VolumeShare};
