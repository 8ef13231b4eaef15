//! The average true range.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
    wilder::Wilder,
};
use crate::Bar;

/// `ATR / close`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::AtrSpec;
/// assert_eq!(AtrSpec::default().period, 14);
/// ```
///
/// Relative: that of a minute of ES is about 0.0003.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AtrSpec {
    /// Bars of Wilder's average.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for AtrSpec {
    fn default() -> Self {
        Self { period: 14, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for AtrSpec {
    place_and_name!("atr", period);

    fn work(&self) -> Work {
        let atr = Atr::new(self.period);
        Work::Bars(Stream::boxed(atr, self.period as usize, |atr, bar| ratio(atr.update(bar), bar.close)))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

/// The streaming average true range in points of price; NaN for the first `period` bars.
///
/// ```
/// use tradepit::{Bar, features::Atr};
/// let bar = |low: f64, high: f64, close: f64| Bar { open: close, high, low, close, ..Bar::default() };
/// let mut atr = Atr::new(1);
/// assert!(atr.update(&bar(9.0, 11.0, 10.0)).is_nan());
/// assert_eq!(atr.update(&bar(12.0, 13.0, 12.5)), 3.0); // a gap counts: 13 - 10
/// ```
///
/// Wilder (1978), "New Concepts in Technical Trading Systems", section III. The first bar has no close before it and
/// gives no range.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Atr {
    average: Wilder,
    close_before: f64,
}

impl Atr {
    /// Over `period` ranges, at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { average: Wilder::new(period), close_before: f64::NAN }
    }

    /// Takes the next bar.
    pub fn update(&mut self, bar: &Bar) -> f64 {
        let before = std::mem::replace(&mut self.close_before, bar.close);
        if before.is_nan() {
            return f64::NAN;
        }
        self.average.update(bar.high.max(before) - bar.low.min(before))
    }
}
