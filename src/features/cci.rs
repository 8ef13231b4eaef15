//! The commodity channel index.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio, typical},
    sorted::SortedWindow,
};

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
/// them are the same. The deviations are those from today's mean, which no running sum knows: up to 128 prices are gone
/// through, more are kept in order, at a cost of the order of the logarithm of the period.
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
        let (state, warm_up) = (Same { period: self.period, count: 0, before: 0.0 }, self.period as usize - 1);
        Work::Bars(if self.period <= SHORT {
            let window = Window { ring: vec![0.0; self.period as usize], at: 0, full: false };
            Stream::boxed((state, window), warm_up, |(same, window), bar| {
                same.update(typical(bar), |p| window.update(p))
            })
        } else {
            let window = SortedWindow::new(self.period);
            Stream::boxed((state, window), warm_up, |(same, window), bar| {
                same.update(typical(bar), |p| sorted(window, p))
            })
        })
    }
}

/// The longest period whose prices are gone through at each bar: then that is no slower than to keep them in order.
const SHORT: u32 = 128;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Same {
    period: u32,
    /// How many prices in a row were the same.
    count: u32,
    before: f64,
}

impl Same {
    /// `window` gives a price's distance from the mean and the mean distance; NaN of the warm-up passes.
    fn update(&mut self, price: f64, window: impl FnOnce(f64) -> (f64, f64)) -> f64 {
        self.count = if price == self.before { self.count.saturating_add(1) } else { 1 };
        self.before = price;
        let (distance, deviation) = window(price);
        // Of equal prices the mean differs from each by a rounding error, and that error from itself by nothing.
        if self.count >= self.period { 0.0 } else { ratio(distance, 1.5 * deviation) }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Window {
    ring: Vec<f64>,
    at: usize,
    full: bool,
}

impl Window {
    fn update(&mut self, price: f64) -> (f64, f64) {
        self.ring[self.at] = price;
        self.at += 1;
        if self.at == self.ring.len() {
            (self.at, self.full) = (0, true);
        }
        if !self.full {
            return (f64::NAN, f64::NAN);
        }
        let n = self.ring.len() as f64;
        // Sums of differences: prices are large beside them.
        let above = self.ring.iter().map(|other| other - price).sum::<f64>() / n;
        (-above, self.ring.iter().map(|other| ((other - price) - above).abs()).sum::<f64>() / n)
    }
}

/// As [`Window::update`].
fn sorted(window: &mut SortedWindow, price: f64) -> (f64, f64) {
    let Some(n) = window.update(price) else { return (f64::NAN, f64::NAN) };
    let (value, above) = window.mean();
    // What is missing below the mean is what is too much above it.
    ((price - value) - above, 2.0 * window.missing_to((value, above)) / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_or_gone_through_is_the_same() {
        let mut window = Window { ring: vec![0.0; 20], at: 0, full: false };
        let mut order = SortedWindow::new(20);
        for at in 0..500u64 {
            let price = 4000.0 + (crate::rng::mix(at) % 64) as f64 / 12.0;
            let (a, b) = (window.update(price), sorted(&mut order, price));
            assert_eq!(a.0.is_nan(), at < 19);
            assert!(a.0.is_nan() && b.0.is_nan() || (a.0 - b.0).abs() + (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
        }
    }
}
