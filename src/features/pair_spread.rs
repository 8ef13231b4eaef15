//! What one price is above what another says.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work},
    indicator::Stream,
    pair::{PairMoments, place_and_other},
};
use crate::Bar;

/// The residual of the last bar in a regression of log prices, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, PairSpreadSpec};
/// assert_eq!(FeatureSpec::PairSpread(PairSpreadSpec::default()).names(), ["pair_spread_60:1"]);
/// ```
///
/// With `y = ln(close)` and `x = ln(close of the other)` over the last `period` bars, this one with them:
/// `(y - mean(y)) - b (x - mean(x))`, `b` the least-squares slope `cov(x, y) / var(x)`: the spread of a pair as in Engle and
/// Granger (1987), with a hedge ratio that rolls. About the part by which the instrument is dear. Where x has not moved, `b` is
/// 0, as it is where a price is not above 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairSpreadSpec {
    /// Bars in the regression: through two of them any line fits, and the residual is 0.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Index of the one that it is compared with.
    pub other: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for PairSpreadSpec {
    fn default() -> Self {
        Self { period: 60, timeframe: None, instrument: 0, other: 1, scale: 1.0 }
    }
}

impl Describe for PairSpreadSpec {
    place_and_other!();

    fn names(&self) -> Vec<String> {
        vec![format!("pair_spread_{}:{}", self.period, self.other)]
    }

    fn counts(&self) -> Vec<(&'static str, u32)> {
        vec![("period", self.period)]
    }

    fn work(&self) -> Work {
        let step = |moments: &mut PairMoments, [a, b]: &[Bar; 2]| {
            let [y, x] = [a, b].map(|bar| if bar.close > 0.0 { bar.close.ln() } else { 0.0 });
            let line = moments.update(y, x);
            line.map_or(f64::NAN, |line| (y - line.mean_y) - line.slope * (x - line.mean_x))
        };
        Work::Pair(self.other, Stream::over(PairMoments::new(self.period), self.period as usize - 1, step))
    }
}
