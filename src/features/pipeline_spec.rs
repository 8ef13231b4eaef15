//! A row of features, as data.

use serde::{Deserialize, Serialize};

use super::{
    AtrSpec, EmaDistanceSpec, FeatureSpec, LogReturnSpec, RealisedVolatilitySpec, RsiSpec, TimeOfDaySpec,
    VolumeRatioSpec, state,
};
use crate::{Error, Result, time::MINUTE_NS};

/// The version that this build writes and reads.
const VERSION: u32 = 1;

/// What a feature pipeline computes: its numbers, in the order of a row.
///
/// ```
/// use tradepit::features::FeaturePipelineSpec;
/// let spec = FeaturePipelineSpec::default();
/// assert_eq!(spec.names().len(), 16);
/// let json = serde_json::to_string(&spec).unwrap();
/// let again: FeaturePipelineSpec = serde_json::from_str(&json).unwrap();
/// assert_eq!(again.hash(), spec.hash());
/// ```
///
/// The default is meant for one-minute bars of an index future, where its values are of the order of 1: returns over 1, 5
/// and 15 bars, distances from the averages of 10 and 60, RSI, ATR, realised volatility, volume ratio, time of day, and
/// from completed bars of 5 and 15 minutes the return, the RSI, and the distance from the average. It is warm after 225
/// bars at most. For bars of another size, see [`for_period`](Self::for_period).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeaturePipelineSpec {
    /// Version of the meaning of everything in here: 1.
    pub version: u32,
    /// Numbers are clipped to `[-clip, clip]`, so that observations are bounded; above 0. How many were is counted.
    pub clip: f32,
    /// The features.
    pub features: Vec<FeatureSpec>,
}

impl Default for FeaturePipelineSpec {
    fn default() -> Self {
        Self::for_period(MINUTE_NS)
    }
}

impl FeaturePipelineSpec {
    /// The default features for bars of another size: the same counts of bars, timeframes of 5 bars (rounded up to whole
    /// minutes) and three times that, and scales smaller by the square root of the size, as a random walk asks for.
    ///
    /// ```
    /// use tradepit::{features::FeaturePipelineSpec, time::MINUTE_NS};
    /// let hourly = FeaturePipelineSpec::for_period(60 * MINUTE_NS);
    /// assert!(hourly.names().contains(&"rsi_14@300m".to_owned()));
    /// ```
    #[must_use]
    pub fn for_period(period_ns: i64) -> Self {
        Self::for_market(period_ns, 1)
    }

    /// The same for each of several instruments.
    ///
    /// ```
    /// use tradepit::{features::FeaturePipelineSpec, time::MINUTE_NS};
    /// let pair = FeaturePipelineSpec::for_market(MINUTE_NS, 2);
    /// // The time of day is the same for both.
    /// assert_eq!(pair.names().len(), 2 * FeaturePipelineSpec::default().names().len() - 2);
    /// assert!(pair.names().contains(&"rsi_14@5m#1".to_owned()));
    /// assert!(pair.validate().is_ok());
    /// ```
    #[must_use]
    pub fn for_market(period_ns: i64, instruments: u32) -> Self {
        let features = (0..instruments).flat_map(|instrument| usual(period_ns.max(1), instrument)).collect();
        Self { version: VERSION, clip: 10.0, features }
    }

    /// Names of the numbers of a row.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.features.iter().flat_map(FeatureSpec::names).collect()
    }

    /// Whether every feature makes sense and none is there twice.
    ///
    /// # Errors
    /// Names the feature by its place, the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        if self.version != VERSION {
            return Err(Error::spec("features.version", format!("{} is unknown; this build reads 1", self.version)));
        }
        if !(self.clip.is_finite() && self.clip > 0.0) {
            return Err(Error::spec("features.clip", format!("{} must be a finite number above 0", self.clip)));
        }
        if self.features.is_empty() {
            return Err(Error::spec("features", "there is none; name at least one"));
        }
        let mut seen: Vec<String> = Vec::new();
        for (at, feature) in self.features.iter().enumerate() {
            feature.validate().map_err(|error| match error {
                Error::Spec { field, message } => Error::spec(format!("features[{at}].{field}"), message),
                other => other,
            })?;
            for name in feature.names() {
                if seen.contains(&name) {
                    return Err(Error::spec(format!("features[{at}]"), format!("{name:?} is there twice; drop one")));
                }
                seen.push(name);
            }
        }
        Ok(())
    }

    /// A short text that differs where anything differs: 64-bit FNV-1a (Fowler, Noll and Vo) of the specification as
    /// JSON with all fields, in hexadecimal. The same on every platform.
    #[must_use]
    pub fn hash(&self) -> String {
        // What can't be JSON, a scale of infinity, is refused by `validate`.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{:016x}", state::fnv(json.as_bytes()))
    }
}

/// Those of one instrument; the time of day is of the first.
fn usual(period_ns: i64, instrument: u32) -> Vec<FeatureSpec> {
    // Three digits are enough, and a short number in the saved specification.
    let minutes = period_ns as f64 / MINUTE_NS as f64;
    let scaled = |scale: f64| {
        let scale = scale / minutes.sqrt();
        let unit = 10f64.powf(scale.log10().floor() - 2.0);
        ((scale / unit).round() * unit) as f32
    };
    let five_bars = u32::try_from((period_ns.saturating_mul(5) - 1) / MINUTE_NS + 1).unwrap_or(u32::MAX);
    let (five, fifteen) = (Some(five_bars), Some(five_bars.saturating_mul(3)));
    let log_return = |lag, timeframe, scale| {
        FeatureSpec::LogReturn(LogReturnSpec { lag, timeframe, instrument, scale: scaled(scale) })
    };
    let ema = |period, timeframe, scale| {
        FeatureSpec::EmaDistance(EmaDistanceSpec { period, timeframe, instrument, scale: scaled(scale) })
    };
    let rsi = |timeframe| FeatureSpec::Rsi(RsiSpec { timeframe, instrument, scale: 2.0, ..RsiSpec::default() });
    let clock = (instrument == 0).then(|| FeatureSpec::TimeOfDay(TimeOfDaySpec::default()));
    let bars = [
        log_return(1, None, 2000.0),
        log_return(5, None, 1000.0),
        log_return(15, None, 500.0),
        ema(10, None, 1000.0),
        ema(60, None, 500.0),
        rsi(None),
        FeatureSpec::Atr(AtrSpec { instrument, scale: scaled(2000.0), ..AtrSpec::default() }),
        FeatureSpec::RealisedVolatility(RealisedVolatilitySpec {
            instrument,
            scale: scaled(2000.0),
            ..RealisedVolatilitySpec::default()
        }),
        FeatureSpec::VolumeRatio(VolumeRatioSpec { instrument, ..VolumeRatioSpec::default() }),
    ];
    let longer =
        [log_return(1, five, 1000.0), rsi(five), log_return(1, fifteen, 500.0), rsi(fifteen), ema(10, fifteen, 250.0)];
    bars.into_iter().chain(clock).chain(longer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_of_the_whole_specification() {
        let parse = |text: &str| serde_json::from_str::<FeaturePipelineSpec>(text).unwrap();
        let short = parse(r#"{"features": [{"kind": "rsi", "timeframe": 5}]}"#);
        // By another program, of {"version":1,"clip":10.0,"features":[{"kind":"rsi","period":14,"timeframe":5,
        // "instrument":0,"scale":1.0}]} without the line break.
        assert_eq!(short.hash(), "efa3fc9c84d4aa95");
        for other in [
            r#"{"features": [{"kind": "rsi", "timeframe": 15}]}"#,
            r#"{"features": [{"kind": "rsi", "timeframe": 5, "scale": 2}]}"#,
            r#"{"features": [{"kind": "rsi", "timeframe": 5, "instrument": 1}]}"#,
            r#"{"clip": 5, "features": [{"kind": "rsi", "timeframe": 5}]}"#,
            r#"{"version": 2, "features": [{"kind": "rsi", "timeframe": 5}]}"#,
        ] {
            assert_ne!(parse(other).hash(), short.hash(), "{other}");
        }
    }

    #[test]
    fn defaults_of_any_period_are_valid_and_read_back() {
        for seconds in [1, 20, 60, 300, 3600, 86_400] {
            let spec = FeaturePipelineSpec::for_period(seconds * MINUTE_NS / 60);
            spec.validate().unwrap();
            let again = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
            assert_eq!(spec, again);
        }
        assert!(FeaturePipelineSpec::for_period(MINUTE_NS / 60).names().contains(&"rsi_14@3m".to_owned()));
    }
}
