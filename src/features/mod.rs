//! Features: causal numbers of the past, one row a bar, from the same code in training and in a live session.
//!
//! A [`FeaturePipelineSpec`] says what to compute, as data; a [`FeaturePipeline`] computes it bar by bar; [`attach`] runs
//! that over data at hand. One indicator is one file.
//!
#![doc = include_str!("features.md")]

mod adx;
mod amihud;
mod atr;
mod bollinger;
mod candle;
mod cci;
mod column;
mod describe;
mod ema;
mod extreme;
mod high_distance;
mod indicator;
mod lag;
mod log_return;
mod low_distance;
mod macd;
mod moments;
mod obv;
mod open_distance;
mod pipeline;
mod pipeline_spec;
mod range_volatility;
mod realised_volatility;
mod roll_spread;
mod rsi;
mod series;
mod simple_return;
mod sma;
mod sorted;
mod spec;
mod stochastic;
mod table;
#[cfg(test)]
mod tests;
mod time_of_day;
mod timeframe;
mod volume_ratio;
mod volume_zscore;
mod vwap;
mod wilder;
mod window;
mod wma;
mod yang_zhang;

pub use adx::{AdxLine, AdxSpec};
pub use amihud::AmihudSpec;
pub use atr::{Atr, AtrSpec};
pub use bollinger::{BollingerLine, BollingerSpec};
pub use candle::{CandlePart, CandleSpec};
pub use cci::CciSpec;
pub use column::ColumnSpec;
pub use ema::{Ema, EmaDistanceSpec};
pub use high_distance::HighDistanceSpec;
pub use indicator::Indicator;
pub use log_return::{LogReturn, LogReturnSpec};
pub use low_distance::LowDistanceSpec;
pub use macd::{MacdLine, MacdSpec};
pub use obv::ObvSpec;
pub use open_distance::OpenDistanceSpec;
pub use pipeline::FeaturePipeline;
pub use pipeline_spec::FeaturePipelineSpec;
pub use range_volatility::{RangeEstimator, RangeVolatilitySpec};
pub use realised_volatility::{RealisedVolatility, RealisedVolatilitySpec};
pub use roll_spread::RollSpreadSpec;
pub use rsi::{Rsi, RsiSpec};
pub use series::series;
pub use simple_return::SimpleReturnSpec;
pub use sma::{Sma, SmaDistanceSpec};
pub use spec::FeatureSpec;
pub use stochastic::{StochasticLine, StochasticSpec};
pub use table::{attach, backfill};
pub use time_of_day::TimeOfDaySpec;
pub use timeframe::Aggregator;
pub use volume_ratio::VolumeRatioSpec;
pub use volume_zscore::VolumeZscoreSpec;
pub use vwap::RollingVwapDistanceSpec;
pub use wma::{Wma, WmaDistanceSpec};
