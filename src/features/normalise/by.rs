//! The ways to normalise.

use serde::{Deserialize, Serialize};

use super::expanding::ExpandingMoments;
use crate::{
    Timestamp,
    features::{
        describe::Fault,
        extreme::RollingMax,
        moments::Moments,
        sorted::SortedWindow,
        state::{read_in_place, write},
    },
};

/// By what a feature is normalised, part of a [`NormalisedSpec`](super::NormalisedSpec).
///
/// ```
/// use tradepit::features::{NormaliseBy, RollingWindow};
/// let by: NormaliseBy = serde_json::from_str(r#"{"kind": "rank", "window": 250}"#).unwrap();
/// assert_eq!(by, NormaliseBy::Rank(RollingWindow { window: 250 }));
/// ```
///
/// `x` is the feature's newest value; a window holds it and those before it, in bars of the feature's own timeframe.
/// Deviations are those of a population (divided by `n`). All take constant time and memory a bar, but for the rank
/// (logarithmic in the window) and the minimum and maximum (constant on average).
///
/// ```text
/// z_score   (x - mean(window)) / deviation(window), 0 where all values are one
/// rank      2 (r - 1) / (window - 1) - 1: from -1, the lowest of the window, to 1; r is the mean rank among equals
/// min_max   2 (x - min(window)) / (max(window) - min(window)) - 1, from -1 to 1, 0 where all values are one
/// expanding (x - mean) / deviation of all values so far, 0 where all are one
/// frozen    (x - mean) / deviation by two given numbers
/// ```
///
/// A window of `n` values adds `n - 1` bars to the warm-up, `expanding` adds `after - 1`, `frozen` none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NormaliseBy {
    /// By mean and deviation of a rolling window.
    ZScore(RollingWindow),
    /// By the rank in a rolling window.
    Rank(RollingWindow),
    /// By minimum and maximum of a rolling window.
    MinMax(RollingWindow),
    /// By mean and deviation of all that came so far.
    Expanding(Expanding),
    /// By mean and deviation of a stretch of rows, fitted once.
    Frozen(Frozen),
}

/// The last values of a feature.
///
/// ```
/// assert_eq!(tradepit::features::RollingWindow::default().window, 500);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RollingWindow {
    /// Values in it, at least 2.
    pub window: u32,
}

impl Default for RollingWindow {
    fn default() -> Self {
        Self { window: 500 }
    }
}

/// All values so far.
///
/// ```
/// assert_eq!(tradepit::features::Expanding::default().after, 500);
/// ```
///
/// Two sessions that began at different rows differ forever: a live session must begin with all of the history, or with
/// a saved state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expanding {
    /// How many there must be, at least 2.
    pub after: u32,
}

impl Default for Expanding {
    fn default() -> Self {
        Self { after: 500 }
    }
}

/// Statistics that no longer change.
///
/// ```
/// use tradepit::features::FeaturePipelineSpec;
/// let json = r#"{"features": [{"kind": "normalised", "of": {"kind": "rsi"}, "by": {"kind": "frozen"}}]}"#;
/// let spec: FeaturePipelineSpec = serde_json::from_str(json).unwrap();
/// let refused = spec.validate().unwrap_err().to_string();
/// assert!(refused.starts_with("features[0].normalised.by.frozen: is not fitted"), "{refused}");
/// ```
///
/// [`FeaturePipelineSpec::fit`](crate::features::FeaturePipelineSpec::fit) fills them in from rows that it is told; whoever
/// evaluates on rows before `until` looks ahead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Frozen {
    /// What is taken off.
    pub mean: Option<f64>,
    /// What the rest is divided by, above 0.
    pub deviation: Option<f64>,
    /// When the last row closed that they were fitted on; unknown where somebody wrote them.
    pub until: Option<Timestamp>,
}

impl NormaliseBy {
    pub(super) fn name(&self) -> String {
        match self {
            Self::ZScore(RollingWindow { window }) => format!("z_score_{window}"),
            Self::Rank(RollingWindow { window }) => format!("rank_{window}"),
            Self::MinMax(RollingWindow { window }) => format!("min_max_{window}"),
            Self::Expanding(Expanding { after }) => format!("expanding_{after}"),
            Self::Frozen(_) => "frozen".to_owned(),
        }
    }

    pub(super) fn count(&self) -> Option<(&'static str, u32)> {
        match self {
            Self::ZScore(by) | Self::Rank(by) | Self::MinMax(by) => Some(("by.window", by.window)),
            Self::Expanding(by) => Some(("by.after", by.after)),
            Self::Frozen(_) => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        if let Some((field, count)) = self.count().filter(|(_, count)| *count < 2) {
            return Err((field, format!("{count} must be at least 2")));
        }
        match self {
            Self::Frozen(Frozen { mean: Some(mean), deviation: Some(deviation), .. }) => {
                if mean.is_finite() && deviation.is_finite() && *deviation > 0.0 {
                    return Ok(());
                }
                Err(("by.frozen", format!("mean {mean} and deviation {deviation} must be finite, the latter above 0")))
            }
            Self::Frozen(_) => Err((
                "by.frozen",
                "is not fitted; fit the spec on rows of the training data, or give both numbers".into(),
            )),
            Self::ZScore(_) | Self::Rank(_) | Self::MinMax(_) | Self::Expanding(_) => Ok(()),
        }
    }

    pub(super) fn normaliser(&self) -> Normaliser {
        match self {
            Self::ZScore(by) => Normaliser::ZScore(by.window, Moments::new(by.window)),
            Self::Rank(by) => Normaliser::Rank(by.window, SortedWindow::new(by.window)),
            Self::MinMax(by) => {
                let max = RollingMax::new(by.window);
                Normaliser::MinMax(by.window, max.clone(), max)
            }
            Self::Expanding(by) => Normaliser::Expanding(ExpandingMoments::new(by.after)),
            Self::Frozen(by) => Normaliser::Frozen(by.mean.unwrap_or_default(), by.deviation.unwrap_or(1.0)),
        }
    }
}

/// The state of one; of a rolling one, with the length of its window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::features) enum Normaliser {
    ZScore(u32, Moments),
    Rank(u32, SortedWindow),
    /// The largest of the negatives, and the largest.
    MinMax(u32, RollingMax, RollingMax),
    Expanding(ExpandingMoments),
    /// Mean and deviation.
    Frozen(f64, f64),
}

impl Normaliser {
    /// Takes the feature's next value, a number.
    pub(in crate::features) fn update(&mut self, value: f64) -> f64 {
        match self {
            Self::ZScore(_, moments) => {
                let (mean, variance) = moments.update(value);
                z_score(value, mean, variance.sqrt())
            }
            Self::Rank(_, sorted) => {
                let Some(n) = sorted.update(value) else { return f64::NAN };
                let (below, equal) = sorted.rank(value);
                // This value is one of its equals.
                (2.0 * f64::from(below) + f64::from(equal - 1)) / (n - 1.0) - 1.0
            }
            Self::MinMax(_, low, high) => {
                let (low, high) = (-low.update(-value), high.update(value));
                if low == high { 0.0 } else { 2.0 * (value - low) / (high - low) - 1.0 }
            }
            Self::Expanding(moments) => {
                let (mean, deviation) = moments.update(value);
                z_score(value, mean, deviation)
            }
            Self::Frozen(mean, deviation) => (value - *mean) / *deviation,
        }
    }

    /// The state alone, to be [restored](Self::restore) in place.
    pub(in crate::features) fn save(&self) -> crate::Result<Vec<u8>> {
        match self {
            Self::ZScore(_, state) => write(state),
            Self::Rank(_, state) => write(state),
            Self::MinMax(_, low, high) => write(&(low, high)),
            Self::Expanding(state) => write(state),
            Self::Frozen(..) => Ok(Vec::new()),
        }
    }

    /// Takes over a state of its own kind, in its own memory.
    pub(in crate::features) fn restore(&mut self, bytes: &[u8]) -> crate::Result<()> {
        match self {
            Self::ZScore(_, state) => read_in_place(bytes, state),
            Self::Rank(_, state) => read_in_place(bytes, state),
            Self::MinMax(_, low, high) => {
                // Both begin with the same state.
                let (first, second) = bytes.split_at(bytes.len() / 2);
                read_in_place(first, low)?;
                read_in_place(second, high)
            }
            Self::Expanding(state) => read_in_place(bytes, state),
            Self::Frozen(..) => Ok(()),
        }
    }

    /// How many first values give NaN.
    pub(in crate::features) fn warm_up(&self) -> usize {
        match self {
            Self::ZScore(window, _) | Self::Rank(window, _) | Self::MinMax(window, ..) => *window as usize - 1,
            Self::Expanding(moments) => moments.after() - 1,
            Self::Frozen(..) => 0,
        }
    }
}

/// `(value - mean) / deviation`, and 0 where nothing deviates; NaN of the warm-up passes.
fn z_score(value: f64, mean: f64, deviation: f64) -> f64 {
    if deviation == 0.0 { 0.0 } else { (value - mean) / deviation }
}
