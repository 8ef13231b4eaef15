//! One price over another.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work},
    indicator::{Stream, log_ratio},
    pair::place_and_other,
};
use crate::Bar;

/// `ln(close / close of the other)`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, PairRatioSpec};
/// assert_eq!(FeatureSpec::PairRatio(PairRatioSpec::default()).names(), ["pair_ratio:1"]);
/// ```
///
/// A level, which has no fixed range: normalise it ([`NormalisedSpec`](super::NormalisedSpec)), by its rolling z-score as in
/// Gatev, Goetzmann and Rouwenhorst (2006), "Pairs trading", who trade at two deviations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairRatioSpec {
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Index of the one that it is compared with.
    pub other: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for PairRatioSpec {
    fn default() -> Self {
        Self { timeframe: None, instrument: 0, other: 1, scale: 1.0 }
    }
}

impl Describe for PairRatioSpec {
    place_and_other!();

    fn names(&self) -> Vec<String> {
        vec![format!("pair_ratio:{}", self.other)]
    }

    fn work(&self) -> Work {
        let step = |(): &mut (), [a, b]: &[Bar; 2]| log_ratio(a.close, b.close);
        Work::Pair(self.other, Stream::over((), 0, step))
    }
}
