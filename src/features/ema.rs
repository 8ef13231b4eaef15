//! The exponential moving average.

use serde::{Deserialize, Serialize};

use super::{
    Sma,
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance},
};

/// `close / EMA(close) - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::EmaDistanceSpec;
/// assert_eq!(EmaDistanceSpec::default().period, 20);
/// ```
///
/// Relative, so of the size of a return over about half the period: set `scale` to its inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmaDistanceSpec {
    /// Bars, in the sense of a weight of `2 / (period + 1)` for the last one.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for EmaDistanceSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for EmaDistanceSpec {
    place_and_name!("ema_distance", period);

    fn work(&self) -> Work {
        let ema = Ema::new(self.period);
        Work::Bars(Stream::boxed(ema, self.period as usize - 1, |ema, bar| distance(bar.close, ema.update(bar.close))))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// The streaming exponential moving average, begun with the simple one of the first `period` values; NaN before.
///
/// ```
/// let mut ema = tradepit::features::Ema::new(3);
/// assert!(ema.update(1.0).is_nan() && ema.update(2.0).is_nan());
/// assert_eq!((ema.update(3.0), ema.update(4.0)), (2.0, 3.0));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ema {
    weight: f64,
    seed: Sma,
    value: f64,
}

impl Ema {
    /// Over `period` values, at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { weight: 2.0 / (f64::from(period.max(1)) + 1.0), seed: Sma::new(period), value: f64::NAN }
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> f64 {
        if self.value.is_nan() {
            self.value = self.seed.update(value);
        } else {
            self.value += self.weight * (value - self.value);
        }
        self.value
    }
}
