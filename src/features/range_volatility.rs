//! Volatility from open, high, low and close.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use super::{
    Sma,
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, log_ratio},
    yang_zhang::YangZhang,
};
use crate::Bar;

/// Volatility a bar from the prices inside bars, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, RangeEstimator, RangeVolatilitySpec};
/// let spec: FeatureSpec = serde_json::from_str(r#"{"kind": "range_volatility", "estimator": "parkinson"}"#).unwrap();
/// let parkinson = RangeVolatilitySpec { estimator: RangeEstimator::Parkinson, ..RangeVolatilitySpec::default() };
/// assert_eq!(spec, FeatureSpec::RangeVolatility(parkinson));
/// assert_eq!(spec.names(), ["parkinson_30"]);
/// ```
///
/// The standard deviation of a bar's log return, not annualised: of the same size as
/// [`RealisedVolatilitySpec`](super::RealisedVolatilitySpec), and known more closely from as many bars. In ticks and with
/// few trades a bar's range is too small, and so are these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RangeVolatilitySpec {
    /// The formula.
    pub estimator: RangeEstimator,
    /// Bars in the mean; at least 2 for `yang_zhang`.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for RangeVolatilitySpec {
    fn default() -> Self {
        Self { estimator: RangeEstimator::YangZhang, period: 30, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

/// How a [`RangeVolatilitySpec`] sees a bar: `o`, `h`, `l`, `c` are the logarithms of its prices.
///
/// ```
/// use tradepit::features::RangeEstimator;
/// assert_eq!(serde_json::to_string(&RangeEstimator::GarmanKlass).unwrap(), r#""garman_klass""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeEstimator {
    /// Root of the mean of `(h - l)^2 / (4 ln 2)`: Parkinson (1980), "The Extreme Value Method for Estimating the Variance of
    /// the Rate of Return", Journal of Business 53(1). For a price without drift and gaps.
    Parkinson,
    /// Root of the mean of `(h - l)^2 / 2 - (2 ln 2 - 1) (c - o)^2`: Garman and Klass (1980), "On the Estimation of Security
    /// Price Volatilities from Historical Data", Journal of Business 53(1). For a price without drift and gaps.
    GarmanKlass,
    /// Root of the mean of `(h - c)(h - o) + (l - c)(l - o)`: Rogers and Satchell (1991), "Estimating Variance from High, Low
    /// and Closing Prices", Annals of Applied Probability 1(4). For a price without gaps.
    RogersSatchell,
    /// With the gaps between bars: Yang and Zhang (2000), "Drift-Independent Volatility Estimation Based on High, Low, Open,
    /// and Close Prices", Journal of Business 73(3), the root of `var(o - c before) + k var(c - o) + (1 - k) RS`, both
    /// variances those of a sample, `RS` the mean of Rogers and Satchell, `k = 0.34 / (1.34 + (n + 1) / (n - 1))`.
    YangZhang,
}

impl RangeEstimator {
    fn name(self) -> &'static str {
        match self {
            Self::Parkinson => "parkinson",
            Self::GarmanKlass => "garman_klass",
            Self::RogersSatchell => "rogers_satchell",
            Self::YangZhang => "yang_zhang",
        }
    }
}

impl Describe for RangeVolatilitySpec {
    place_and_name!(estimator.name, period);

    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.estimator == RangeEstimator::YangZhang && self.period < 2 {
            return Err(("period", format!("{} must be at least 2 for yang_zhang", self.period)));
        }
        Ok(())
    }

    fn work(&self) -> Work {
        let (mean, period) = (Sma::new(self.period), self.period as usize);
        Work::Bars(match self.estimator {
            RangeEstimator::Parkinson => Stream::boxed(mean, period - 1, |mean, bar| root(mean.update(parkinson(bar)))),
            RangeEstimator::GarmanKlass => {
                Stream::boxed(mean, period - 1, |mean, bar| root(mean.update(garman_klass(bar))))
            }
            RangeEstimator::RogersSatchell => {
                Stream::boxed(mean, period - 1, |mean, bar| root(mean.update(rogers_satchell(bar))))
            }
            RangeEstimator::YangZhang => {
                Stream::boxed(YangZhang::new(self.period), period, |state, bar| root(state.update(bar)))
            }
        })
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// A running mean may end a rounding error below 0; `max` would turn NaN into 0.
fn root(variance: f64) -> f64 {
    if variance < 0.0 { 0.0 } else { variance.sqrt() }
}

fn parkinson(bar: &Bar) -> f64 {
    log_ratio(bar.high, bar.low).powi(2) / (4.0 * LN_2)
}

fn garman_klass(bar: &Bar) -> f64 {
    log_ratio(bar.high, bar.low).powi(2) / 2.0 - (2.0 * LN_2 - 1.0) * log_ratio(bar.close, bar.open).powi(2)
}

pub(super) fn rogers_satchell(bar: &Bar) -> f64 {
    let Bar { open, high, low, close, .. } = *bar;
    log_ratio(high, close) * log_ratio(high, open) + log_ratio(low, close) * log_ratio(low, open)
}
