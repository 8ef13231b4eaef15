//! The commodity channel index.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio, typical},
    sorted::SortedWindow,
};
use crate::Bar;

/// `CCI / 100`: the typical price's distance from its mean in mean absolute deviations, a
/// [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{CciSpec, FeatureSpec}};
/// let mut cci = FeatureSpec::Cci(CciSpec { period: 2, ..CciSpec::default() }).indicator().unwrap();
/// let bar = |price: f64| Bar { open: price, high: price, low: price, close: price, ..Bar::default() };
/// assert!(cci.update(&bar(10.0)).is_nan());
/// assert_eq!((cci.update(&bar(14.0)), cci.update(&bar(14.0))), (1.0 / 1.5, 0.0));
/// ```
///
/// `(p - mean(p)) / (0.015 * mean(|p - mean(p)|)) / 100` over the last `period` typical prices
/// `p = (high + low + close) / 3`. Lambert (1980), "Commodity Channel Index", Commodities (now Futures) 9(10). 0 where all of
/// them are the same. The deviations are those from today's mean, which no running sum knows: an update takes time
/// of the order of the logarithm of the period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CciSpec {
    /// Bars in the mean.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for CciSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for CciSpec {
    place_and_name!("cci", period);

    fn work(&self) -> Work {
        let cci = Cci { prices: SortedWindow::new(self.period), period: self.period, same: 0, before: 0.0 };
        Work::Bars(Stream::boxed(cci, self.period as usize - 1, Cci::update))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cci {
    prices: SortedWindow,
    period: u32,
    /// How many prices in a row were the same.
    same: u32,
    before: f64,
}

impl Cci {
    fn update(&mut self, bar: &Bar) -> f64 {
        let price = typical(bar);
        self.same = if price == self.before { self.same.saturating_add(1) } else { 1 };
        self.before = price;
        if !self.prices.update(price) {
            return f64::NAN;
        }
        // Of equal prices the mean differs from each by a rounding error, and that error from itself by nothing.
        if self.same >= self.period {
            return 0.0;
        }
        let (value, above) = self.prices.mean();
        // What is missing below the mean is what is too much above it.
        let deviation = 2.0 * self.prices.missing_to((value, above)) / f64::from(self.period);
        ratio((price - value) - above, 1.5 * deviation)
    }
}
