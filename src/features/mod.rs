//! Features: causal numbers of the past, one row a bar, from the same code in training and in a live session.
//!
//! A [`FeaturePipelineSpec`] says what to compute, as data; a [`FeaturePipeline`] computes it bar by bar; [`attach`] runs
//! that over data at hand. One indicator is one file.

mod atr;
mod column;
mod describe;
mod ema;
mod facts;
mod indicator;
mod log_return;
mod node;
mod normalise;
mod pipeline;
mod pipeline_spec;
mod realised_volatility;
mod rsi;
mod seen;
mod sma;
mod spec;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod time_of_day;
mod timeframe;
mod volume_ratio;
mod wilder;
mod window;

pub use atr::{Atr, AtrSpec};
pub use column::ColumnSpec;
pub use ema::{Ema, EmaDistanceSpec};
pub use indicator::{Indicator, State, Stream};
pub use log_return::{LogReturn, LogReturnSpec};
pub use normalise::{Expanding, Frozen, NormaliseBy, NormalisedSpec, RollingWindow};
pub use pipeline::{FeaturePipeline, MarketShape};
pub use pipeline_spec::FeaturePipelineSpec;
pub use realised_volatility::{RealisedVolatility, RealisedVolatilitySpec};
pub use rsi::{Rsi, RsiSpec};
pub use sma::{Sma, SmaDistanceSpec};
pub use spec::FeatureSpec;
pub use table::{attach, backfill, table};
pub use time_of_day::TimeOfDaySpec;
pub use timeframe::Aggregator;
pub use volume_ratio::VolumeRatioSpec;
