//! On-balance volume.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
    lag::Lag,
    window::RollingSum,
};
use crate::Bar;

/// How much of the volume of the last `period` bars went with the price, -1 to 1, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, ObvSpec}};
/// let mut obv = FeatureSpec::Obv(ObvSpec { period: 2, ..ObvSpec::default() }).indicator().unwrap();
/// let bar = |close: f64, volume: f64| Bar { close, volume, ..Bar::default() };
/// assert!(obv.update(&bar(10.0, 9.0)).is_nan() && obv.update(&bar(11.0, 3.0)).is_nan());
/// assert_eq!(obv.update(&bar(10.0, 1.0)), 0.5); // (3 - 1) / (3 + 1)
/// ```
///
/// `(OBV now - OBV of period bars ago) / sum of the volume between`. On-balance volume itself, the sum of volumes signed by
/// the change of the close since the first bar (Granville 1963, "New Key to Stock Market Profits"), has no level and grows
/// with the data, so an observation can't hold it. 0 where nothing traded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObvSpec {
    /// Bars whose volume is summed.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for ObvSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for ObvSpec {
    place_and_name!("obv", period);

    fn work(&self) -> Work {
        let sum = RollingSum::new(self.period);
        let obv = Obv { before: Lag::new(1), signed: sum.clone(), volume: sum };
        Work::Bars(Stream::boxed(obv, self.period as usize, Obv::update))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Obv {
    before: Lag,
    signed: RollingSum,
    volume: RollingSum,
}

impl Obv {
    fn update(&mut self, bar: &Bar) -> f64 {
        let change = bar.close - self.before.update(bar.close);
        if change.is_nan() {
            return f64::NAN;
        }
        let sign = if change == 0.0 { 0.0 } else { change.signum() };
        ratio(self.signed.update(sign * bar.volume), self.volume.update(bar.volume)).clamp(-1.0, 1.0)
    }
}
