//! Volatility of the last bars.

use serde::{Deserialize, Serialize};

use super::{
    LogReturn, Sma,
    describe::{Describe, Work, place_and_name},
    indicator::Stream,
};

/// Root mean square of the last `period` one-bar log returns, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::RealisedVolatilitySpec;
/// assert_eq!(RealisedVolatilitySpec::default().period, 30);
/// ```
///
/// Per bar, not annualised; the mean is not taken out. About 0.0003 for a minute of ES.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealisedVolatilitySpec {
    /// Returns in the mean.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for RealisedVolatilitySpec {
    fn default() -> Self {
        Self { period: 30, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for RealisedVolatilitySpec {
    place_and_name!("realised_volatility", period);

    fn work(&self) -> Work {
        let volatility = RealisedVolatility::new(self.period);
        Work::Bars(Stream::boxed(volatility, self.period as usize, |volatility, bar| volatility.update(bar.close)))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// The streaming root mean square of log returns; NaN for the first `period` prices.
///
/// ```
/// let mut volatility = tradepit::features::RealisedVolatility::new(2);
/// assert!(volatility.update(1.0).is_nan() && volatility.update(2.0).is_nan());
/// assert_eq!(volatility.update(1.0), 2f64.ln());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RealisedVolatility {
    step: LogReturn,
    square: Sma,
}

impl RealisedVolatility {
    /// Over `period` returns, at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { step: LogReturn::new(1), square: Sma::new(period) }
    }

    /// Takes the next price.
    pub fn update(&mut self, price: f64) -> f64 {
        let step = self.step.update(price);
        if step.is_nan() {
            return f64::NAN;
        }
        let mean = self.square.update(step * step);
        // A running sum of squares may end a rounding error below 0; `max` would turn NaN into 0.
        if mean < 0.0 { 0.0 } else { mean.sqrt() }
    }
}
