//! Distance from the highest price.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    extreme::RollingMax,
    indicator::{Stream, distance},
};

/// `close / highest high of the last period bars - 1`, 0 or below, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, HighDistanceSpec}};
/// let mut far = FeatureSpec::HighDistance(HighDistanceSpec { period: 2, ..Default::default() }).indicator().unwrap();
/// let bar = |high: f64, close: f64| Bar { high, close, ..Bar::default() };
/// assert!(far.update(&bar(16.0, 15.0)).is_nan());
/// assert_eq!((far.update(&bar(14.0, 12.0)), far.update(&bar(14.0, 14.0))), (-0.25, 0.0));
/// ```
///
/// The bar itself counts. Relative, of the size of a return over about the period: set `scale` to its inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HighDistanceSpec {
    /// Bars looked at.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for HighDistanceSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for HighDistanceSpec {
    place_and_name!("high_distance", period);

    fn work(&self) -> Work {
        Work::Bars(Stream::boxed(RollingMax::new(self.period), self.period as usize - 1, |highs, bar| {
            distance(bar.close, highs.update(bar.high))
        }))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}
