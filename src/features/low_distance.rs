//! Distance from the lowest price.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    extreme::RollingMax,
    indicator::{Stream, distance},
};

/// `close / lowest low of the last period bars - 1`, 0 or above, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, LowDistanceSpec}};
/// let mut far = FeatureSpec::LowDistance(LowDistanceSpec { period: 2, ..Default::default() }).indicator().unwrap();
/// let bar = |low: f64, close: f64| Bar { low, close, ..Bar::default() };
/// assert!(far.update(&bar(8.0, 9.0)).is_nan());
/// assert_eq!((far.update(&bar(9.0, 10.0)), far.update(&bar(12.0, 12.0))), (0.25, 12.0 / 9.0 - 1.0));
/// ```
///
/// The bar itself counts. Relative, of the size of a return over about the period: set `scale` to its inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowDistanceSpec {
    /// Bars looked at.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for LowDistanceSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for LowDistanceSpec {
    place_and_name!("low_distance", period);

    fn work(&self) -> Work {
        Work::Bars(Stream::boxed(RollingMax::new(self.period), self.period as usize - 1, |lows, bar| {
            distance(bar.close, -lows.update(-bar.low))
        }))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}
