//! Distance from the volume-weighted average price.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance, ratio, typical},
    window::RollingSum,
};
use crate::Bar;

/// `close / VWAP of the last period bars - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, RollingVwapDistanceSpec}};
/// let spec = RollingVwapDistanceSpec { period: 2, ..Default::default() };
/// let mut far = FeatureSpec::RollingVwapDistance(spec).indicator().unwrap();
/// let bar = |price: f64, volume: f64| Bar { open: price, high: price, low: price, close: price, volume, ..Bar::default() };
/// assert!(far.update(&bar(6.0, 1.0)).is_nan());
/// assert_eq!(far.update(&bar(10.0, 1.0)), 0.25);
/// ```
///
/// `VWAP = sum(price * volume) / sum(volume)` with the typical price `(high + low + close) / 3` of each bar, as bars do not
/// say what traded where. 0 where nothing traded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RollingVwapDistanceSpec {
    /// Bars in the average.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for RollingVwapDistanceSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for RollingVwapDistanceSpec {
    place_and_name!("rolling_vwap_distance", period);

    fn work(&self) -> Work {
        let sum = RollingSum::new(self.period);
        let vwap = Vwap { turnover: sum.clone(), volume: sum };
        Work::Bars(Stream::boxed(vwap, self.period as usize - 1, |vwap, bar| distance(bar.close, vwap.update(bar))))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Vwap {
    turnover: RollingSum,
    volume: RollingSum,
}

impl Vwap {
    /// NaN for the first `period - 1` bars, 0 where nothing traded.
    fn update(&mut self, bar: &Bar) -> f64 {
        ratio(self.turnover.update(typical(bar) * bar.volume), self.volume.update(bar.volume))
    }
}
