//! How far one instrument moves with another.

use serde::{Deserialize, Serialize};

use super::{
    LogReturn,
    describe::{Describe, Work},
    indicator::Stream,
    pair::{PairMoments, place_and_other},
};
use crate::Bar;

/// The beta of one-bar log returns over the last `period` of them, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, PairBetaSpec};
/// assert_eq!(FeatureSpec::PairBeta(PairBetaSpec { period: 20, ..Default::default() }).names(), ["pair_beta_20:1"]);
/// ```
///
/// `cov(r, r of the other) / var(r of the other)`, means taken out: the least-squares slope (Sharpe 1964). 0 where the other
/// has not moved. Instruments that do not trade at the same moments have a beta too small (Epps 1979): take a longer
/// timeframe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairBetaSpec {
    /// Returns in the regression.
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

impl Default for PairBetaSpec {
    fn default() -> Self {
        Self { period: 60, timeframe: None, instrument: 0, other: 1, scale: 1.0 }
    }
}

impl Describe for PairBetaSpec {
    place_and_other!();

    fn names(&self) -> Vec<String> {
        vec![format!("pair_beta_{}:{}", self.period, self.other)]
    }

    fn counts(&self) -> Vec<(&'static str, u32)> {
        vec![("period", self.period)]
    }

    fn work(&self) -> Work {
        let step = LogReturn::new(1);
        let beta = Beta { returns: [step.clone(), step], moments: PairMoments::new(self.period) };
        Work::Pair(self.other, Stream::over(beta, self.period as usize, Beta::update))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Beta {
    returns: [LogReturn; 2],
    moments: PairMoments,
}

impl Beta {
    fn update(&mut self, [a, b]: &[Bar; 2]) -> f64 {
        let [y, x] = &mut self.returns;
        let (y, x) = (y.update(a.close), x.update(b.close));
        if y.is_nan() {
            return f64::NAN;
        }
        self.moments.update(y, x).map_or(f64::NAN, |line| line.slope)
    }
}
