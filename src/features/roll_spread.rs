//! The spread that closes give away.

use serde::{Deserialize, Serialize};

use super::{
    Sma,
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
    lag::Lag,
};

/// Roll's measure of the bid-ask spread, relative to the close, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, RollSpreadSpec}};
/// let mut roll = FeatureSpec::RollSpread(RollSpreadSpec { period: 2, ..Default::default() }).indicator().unwrap();
/// let closes = [9.0, 10.0, 9.0, 10.0].map(|close| roll.update(&Bar { close, ..Bar::default() }));
/// assert!(closes[..3].iter().all(|x| x.is_nan()));
/// assert_eq!(closes[3], 0.2); // 2 * sqrt(1) / 10
/// ```
///
/// `2 sqrt(-cov)` with the covariance of each change of the close with the one before it, over `period` such pairs: Roll
/// (1984), "A Simple Implicit Measure of the Effective Bid-Ask Spread in an Efficient Market", Journal of Finance 39(4). Where
/// the covariance is not negative, which trends make, it is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RollSpreadSpec {
    /// Pairs of changes in the covariance.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for RollSpreadSpec {
    fn default() -> Self {
        Self { period: 60, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for RollSpreadSpec {
    place_and_name!("roll_spread", period);

    fn work(&self) -> Work {
        let mean = Sma::new(self.period);
        let roll =
            Roll { price: Lag::new(1), change: Lag::new(1), product: mean.clone(), now: mean.clone(), before: mean };
        Work::Bars(Stream::boxed(roll, self.period as usize + 1, |roll, bar| {
            let cov = roll.update(bar.close);
            // `max` would turn NaN into 0.
            ratio(if cov >= 0.0 { 0.0 } else { 2.0 * (-cov).sqrt() }, bar.close)
        }))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Roll {
    price: Lag,
    change: Lag,
    product: Sma,
    now: Sma,
    before: Sma,
}

impl Roll {
    /// The covariance; NaN for the first `period + 1` prices.
    fn update(&mut self, price: f64) -> f64 {
        let change = price - self.price.update(price);
        let before = self.change.update(change);
        if before.is_nan() {
            return f64::NAN;
        }
        self.product.update(change * before) - self.now.update(change) * self.before.update(before)
    }
}
