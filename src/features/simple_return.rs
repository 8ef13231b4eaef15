//! Simple returns.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, distance},
    lag::Lag,
};

/// `close / close of lag bars ago - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, SimpleReturnSpec}};
/// let mut step = FeatureSpec::SimpleReturn(SimpleReturnSpec::default()).indicator().unwrap();
/// assert!(step.update(&Bar { close: 100.0, ..Bar::default() }).is_nan());
/// assert_eq!(step.update(&Bar { close: 125.0, ..Bar::default() }), 0.25);
/// ```
///
/// Bars are counted, not minutes: a gap is one step. Over more than a bar prefer
/// [`LogReturnSpec`](super::LogReturnSpec), whose gains and losses are of one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimpleReturnSpec {
    /// Bars back.
    pub lag: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for SimpleReturnSpec {
    fn default() -> Self {
        Self { lag: 1, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for SimpleReturnSpec {
    place_and_name!("simple_return", lag);

    fn work(&self) -> Work {
        Work::Bars(Stream::boxed(Lag::new(self.lag), self.lag as usize, |past, bar| {
            distance(bar.close, past.update(bar.close))
        }))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}
