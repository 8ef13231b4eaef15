//! The simple moving average.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance},
    window::RollingSum,
};

/// `close / SMA(close) - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::SmaDistanceSpec;
/// assert_eq!(SmaDistanceSpec::default().period, 20);
/// ```
///
/// Relative, so of the size of a return over about half the period: set `scale` to its inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmaDistanceSpec {
    /// Bars in the average.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for SmaDistanceSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for SmaDistanceSpec {
    place_and_name!("sma_distance", period);

    fn work(&self) -> Work {
        let sma = Sma::new(self.period);
        Work::Bars(Stream::boxed(sma, self.period as usize - 1, |sma, bar| distance(bar.close, sma.update(bar.close))))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// The streaming simple moving average; NaN for the first `period - 1` values.
///
/// ```
/// let mut sma = tradepit::features::Sma::new(2);
/// assert!(sma.update(1.0).is_nan());
/// assert_eq!((sma.update(2.0), sma.update(4.0)), (1.5, 3.0));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sma {
    sum: RollingSum,
}

impl Sma {
    /// Over `period` values, at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { sum: RollingSum::new(period) }
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> f64 {
        self.sum.update(value) / self.sum.len() as f64
    }
}
