//! Distance from the average price of the session.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::{Stream, distance, typical},
};
use crate::Timestamp;

/// `close / VWAP of the session so far - 1`, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, SessionVwapDistanceSpec};
/// assert_eq!(FeatureSpec::SessionVwapDistance(SessionVwapDistanceSpec::default()).names(), ["session_vwap_distance"]);
/// ```
///
/// `VWAP = sum(price * volume) / sum(volume)` with the typical price `(high + low + close) / 3` of each bar since the
/// session's first. 0 as long as nothing has traded. The data must have sessions. In the first session of the data, it is that of
/// what the data have of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionVwapDistanceSpec {
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for SessionVwapDistanceSpec {
    fn default() -> Self {
        Self { instrument: 0, scale: 1.0 }
    }
}

impl Describe for SessionVwapDistanceSpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec!["session_vwap_distance".to_owned()]
    }

    fn work(&self) -> Work {
        Work::Facts(Needs::Sessions, Stream::over(SessionVwap::default(), 0, SessionVwap::distance))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct SessionVwap {
    /// Which session, by its close.
    closes: Option<Timestamp>,
    turnover: f64,
    volume: f64,
}

impl SessionVwap {
    fn distance(&mut self, facts: &Facts) -> f64 {
        let closes = Some(facts.moment.session.closes);
        if self.closes != closes {
            *self = Self { closes, ..Self::default() };
        }
        let bar = &facts.bar;
        self.turnover += typical(bar) * bar.volume;
        self.volume += bar.volume;
        if self.volume > 0.0 { distance(bar.close, self.turnover / self.volume) } else { 0.0 }
    }
}
