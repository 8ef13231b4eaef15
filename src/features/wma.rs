//! The weighted moving average.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance},
};

/// `close / WMA(close) - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::WmaDistanceSpec;
/// assert_eq!(WmaDistanceSpec::default().period, 20);
/// ```
///
/// Relative, so of the size of a return over about a third of the period: set `scale` to its inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WmaDistanceSpec {
    /// Bars in the average.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for WmaDistanceSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for WmaDistanceSpec {
    place_and_name!("wma_distance", period);

    fn work(&self) -> Work {
        let wma = Wma::new(self.period);
        Work::Bars(Stream::boxed(wma, self.period as usize - 1, |wma, bar| distance(bar.close, wma.update(bar.close))))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// The streaming average with weights that rise by the same from the oldest value to the last; NaN for the first
/// `period - 1` values.
///
/// ```
/// let mut wma = tradepit::features::Wma::new(2);
/// assert!(wma.update(1.0).is_nan());
/// assert_eq!((wma.update(4.0), wma.update(7.0)), (3.0, 6.0));
/// ```
///
/// `sum(i * x_i) / (period * (period + 1) / 2)`, `i` from 1 for the oldest to `period`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wma {
    ring: Vec<f64>,
    at: usize,
    full: bool,
    sum: f64,
    weighted: f64,
    // Both begun afresh each time round the ring, against drift.
    fresh_sum: f64,
    fresh_weighted: f64,
}

impl Wma {
    /// Over `period` values, at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        let ring = vec![0.0; period.max(1) as usize];
        Self { ring, at: 0, full: false, sum: 0.0, weighted: 0.0, fresh_sum: 0.0, fresh_weighted: 0.0 }
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> f64 {
        let n = self.ring.len() as f64;
        let old = std::mem::replace(&mut self.ring[self.at], value);
        // Each value loses one weight, and the oldest its only one.
        self.weighted += n * value - self.sum;
        self.sum += value - old;
        self.at += 1;
        self.fresh_sum += value;
        self.fresh_weighted += self.at as f64 * value;
        if self.at == self.ring.len() {
            (self.sum, self.weighted) = (self.fresh_sum, self.fresh_weighted);
            (self.fresh_sum, self.fresh_weighted) = (0.0, 0.0);
            (self.at, self.full) = (0, true);
        }
        if self.full { self.weighted / (n * (n + 1.0) / 2.0) } else { f64::NAN }
    }
}
