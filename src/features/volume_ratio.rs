//! Volume against its average.

use serde::{Deserialize, Serialize};

use super::{
    Sma,
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance},
};

/// `volume / SMA(volume) - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, VolumeRatioSpec}};
/// let mut ratio = FeatureSpec::VolumeRatio(VolumeRatioSpec { period: 2, ..Default::default() }).indicator().unwrap();
/// let bar = |volume: f64| Bar { volume, ..Bar::default() };
/// assert!(ratio.update(&bar(1.0)).is_nan());
/// assert_eq!(ratio.update(&bar(3.0)), 0.5);
/// assert_eq!((ratio.update(&bar(0.0)), ratio.update(&bar(0.0))), (-1.0, 0.0));
/// ```
///
/// From -1 to `period - 1`, as the bar itself is in the average; 0 where nothing traded in all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeRatioSpec {
    /// Bars in the average.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for VolumeRatioSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for VolumeRatioSpec {
    place_and_name!("volume_ratio", period);

    fn work(&self) -> Work {
        let sma = Sma::new(self.period);
        Work::Bars(Stream::boxed(sma, self.period as usize - 1, |sma, bar| {
            distance(bar.volume, sma.update(bar.volume))
        }))
    }
}
