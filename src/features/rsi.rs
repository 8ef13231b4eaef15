//! The relative strength index.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::Stream,
    wilder::Wilder,
};

/// `(RSI - 50) / 50`, in [-1, 1], a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, RsiSpec};
/// let spec: FeatureSpec = serde_json::from_str(r#"{"kind": "rsi", "timeframe": 5}"#).unwrap();
/// assert_eq!(spec, FeatureSpec::Rsi(RsiSpec { timeframe: Some(5), ..RsiSpec::default() }));
/// assert_eq!(spec.names(), ["rsi_14@5m"]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RsiSpec {
    /// Bars of Wilder's average.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for RsiSpec {
    fn default() -> Self {
        Self { period: 14, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for RsiSpec {
    place_and_name!("rsi", period);

    fn work(&self) -> Work {
        let rsi = Rsi::new(self.period);
        Work::Bars(Stream::boxed(rsi, self.period as usize, |rsi, bar| (rsi.update(bar.close) - 50.0) / 50.0))
    }
}

/// The streaming relative strength index, 0 to 100; NaN for the first `period` prices.
///
/// ```
/// let mut rsi = tradepit::features::Rsi::new(2);
/// assert!(rsi.update(10.0).is_nan() && rsi.update(11.0).is_nan());
/// assert_eq!(rsi.update(10.0), 50.0);
/// assert_eq!(rsi.update(11.0), 75.0);
/// ```
///
/// `100 * gain / (gain + loss)`, both averages smoothed as in Wilder (1978), "New Concepts in Technical Trading
/// Systems", section VI. Where no price has moved it is 50, which says nothing; TA-Lib says 0 there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rsi {
    gain: Wilder,
    loss: Wilder,
    before: f64,
}

impl Rsi {
    /// Over `period` changes, at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { gain: Wilder::new(period), loss: Wilder::new(period), before: f64::NAN }
    }

    /// Takes the next price.
    pub fn update(&mut self, price: f64) -> f64 {
        let change = price - self.before;
        self.before = price;
        if change.is_nan() {
            return f64::NAN;
        }
        let (gain, loss) = (self.gain.update(change.max(0.0)), self.loss.update((-change).max(0.0)));
        let moved = gain + loss;
        if moved == 0.0 { 50.0 } else { 100.0 * gain / moved }
    }
}
