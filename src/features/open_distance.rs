//! Distance from an open.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance},
    lag::Lag,
};

/// `close / open of the first of the last period bars - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, OpenDistanceSpec}};
/// let mut moved = FeatureSpec::OpenDistance(OpenDistanceSpec { period: 2, ..Default::default() }).indicator().unwrap();
/// let bar = |open: f64, close: f64| Bar { open, close, ..Bar::default() };
/// assert!(moved.update(&bar(8.0, 9.0)).is_nan());
/// assert_eq!(moved.update(&bar(9.0, 10.0)), 0.25);
/// ```
///
/// Of a period of 1, the bar's own move. Unlike a return over as many bars it leaves the gap before them out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenDistanceSpec {
    /// Bars from that open to this close.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for OpenDistanceSpec {
    fn default() -> Self {
        Self { period: 1, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for OpenDistanceSpec {
    place_and_name!("open_distance", period);

    fn work(&self) -> Work {
        let before = self.period as usize - 1;
        if before == 0 {
            return Work::Bars(Stream::boxed((), 0, |(), bar| distance(bar.close, bar.open)));
        }
        Work::Bars(Stream::boxed(Lag::new(self.period - 1), before, |opens, bar| {
            distance(bar.close, opens.update(bar.open))
        }))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}
