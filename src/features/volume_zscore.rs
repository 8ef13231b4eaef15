//! Volume in standard deviations.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
    moments::Moments,
};

/// `(volume - mean) / standard deviation` of the last `period` volumes, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, VolumeZscoreSpec}};
/// let mut z = FeatureSpec::VolumeZscore(VolumeZscoreSpec { period: 2, ..Default::default() }).indicator().unwrap();
/// let bar = |volume: f64| Bar { volume, ..Bar::default() };
/// assert!(z.update(&bar(1.0)).is_nan());
/// assert_eq!((z.update(&bar(5.0)), z.update(&bar(5.0))), (1.0, 0.0));
/// ```
///
/// The deviation is that of the population, and the bar itself is in it: at most `sqrt(period - 1)`. 0 where all volumes are
/// the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeZscoreSpec {
    /// Bars in the mean.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for VolumeZscoreSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for VolumeZscoreSpec {
    place_and_name!("volume_zscore", period);

    fn work(&self) -> Work {
        Work::Bars(Stream::boxed(Moments::new(self.period), self.period as usize - 1, |moments, bar| {
            let (mean, variance) = moments.update(bar.volume);
            ratio(bar.volume - mean, variance.sqrt())
        }))
    }
}
