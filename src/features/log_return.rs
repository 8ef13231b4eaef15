//! Logarithmic returns.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, log_ratio},
    lag::Lag,
};

/// `ln(close / close of lag bars ago)`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::LogReturnSpec;
/// let spec: LogReturnSpec = serde_json::from_str(r#"{"lag": 5, "timeframe": 15}"#).unwrap();
/// assert_eq!((spec.lag, spec.timeframe, spec.scale), (5, Some(15), 1.0));
/// ```
///
/// Bars are counted, not minutes: a gap is one step. A minute of ES moves by about 0.0003.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogReturnSpec {
    /// Bars back.
    pub lag: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for LogReturnSpec {
    fn default() -> Self {
        Self { lag: 1, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for LogReturnSpec {
    place_and_name!("log_return", lag);

    fn work(&self) -> Work {
        let lag = LogReturn::new(self.lag);
        Work::Bars(Stream::boxed(lag, self.lag as usize, |lag, bar| lag.update(bar.close)))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// The streaming logarithmic return; NaN for the first `lag` prices, 0 where a price is not above 0.
///
/// ```
/// let mut back = tradepit::features::LogReturn::new(2);
/// assert!(back.update(100.0).is_nan() && back.update(50.0).is_nan());
/// assert_eq!(back.update(200.0), 2f64.ln());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogReturn {
    past: Lag,
}

impl LogReturn {
    /// Over `lag` prices, at least 1.
    #[must_use]
    pub fn new(lag: u32) -> Self {
        Self { past: Lag::new(lag) }
    }

    /// Takes the next price.
    pub fn update(&mut self, price: f64) -> f64 {
        log_ratio(price, self.past.update(price))
    }
}
