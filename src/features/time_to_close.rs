//! How much of the session is left.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::Stream,
};

/// The part of the session that is left when the bar closes, from 1 to 0; a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, TimeToCloseSpec};
/// assert_eq!(FeatureSpec::TimeToClose(TimeToCloseSpec::default()).names(), ["time_to_close"]);
/// ```
///
/// By the calendar, which is known beforehand. 1 before the session opens. The data must have sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeToCloseSpec {
    /// Factor on the value.
    pub scale: f32,
}

impl Default for TimeToCloseSpec {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Describe for TimeToCloseSpec {
    fn place(&self) -> Place {
        Place { instrument: 0, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec!["time_to_close".to_owned()]
    }

    fn work(&self) -> Work {
        Work::Facts(Needs::Sessions, Stream::over((), 0, |(), facts: &Facts| left(facts)))
    }
}

fn left(facts: &Facts) -> f64 {
    let session = facts.moment.session;
    let [opens, closes, now] = [session.opens, session.closes, facts.bar.time].map(|time| time.nanos() as f64);
    ((closes - now) / (closes - opens)).clamp(0.0, 1.0)
}
