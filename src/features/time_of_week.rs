//! The hour of the week, without a jump on Sunday.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::Stream,
};

/// Sine and cosine of the local time of the week at the bar's close, two numbers of a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, TimeOfWeekSpec};
/// let spec = FeatureSpec::TimeOfWeek(TimeOfWeekSpec::default());
/// assert_eq!(spec.names(), ["time_of_week_sin", "time_of_week_cos"]);
/// ```
///
/// The week is a circle of 10,080 minutes from Monday, 00:00, in the time zone of the data's calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeOfWeekSpec {
    /// Factor on both values.
    pub scale: f32,
}

impl Default for TimeOfWeekSpec {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Describe for TimeOfWeekSpec {
    fn place(&self) -> Place {
        Place { instrument: 0, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        ["time_of_week_sin", "time_of_week_cos"].map(str::to_owned).to_vec()
    }

    fn work(&self) -> Work {
        Work::Facts(Needs::Nothing, Stream::over((), 0, |(), facts: &Facts| angle(facts).sin()))
    }

    fn more_work(&self) -> Vec<Work> {
        vec![Work::Facts(Needs::Nothing, Stream::over((), 0, |(), facts: &Facts| angle(facts).cos()))]
    }
}

fn angle(facts: &Facts) -> f64 {
    (f64::from(facts.moment.weekday) * 1440.0 + facts.moment.minute) / 10_080.0 * TAU
}
