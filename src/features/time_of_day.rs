//! The hour of the day, without a jump at midnight.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::Stream,
};

/// Sine and cosine of the local time of the bar's close, two numbers of a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, TimeOfDaySpec};
/// let spec = FeatureSpec::TimeOfDay(TimeOfDaySpec::default());
/// assert_eq!(spec.names(), ["time_of_day_sin", "time_of_day_cos"]);
/// ```
///
/// The day is a circle of 1,440 minutes from local midnight, in the time zone of the data's calendar: the opening bell
/// is at the same angle in winter and in summer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeOfDaySpec {
    /// Factor on both values.
    pub scale: f32,
}

impl Default for TimeOfDaySpec {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Describe for TimeOfDaySpec {
    fn place(&self) -> Place {
        Place { instrument: 0, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        ["time_of_day_sin", "time_of_day_cos"].map(str::to_owned).to_vec()
    }

    fn work(&self) -> Work {
        Work::Facts(Needs::Nothing, Stream::over((), 0, |(), facts: &Facts| angle(facts).sin()))
    }

    fn more_work(&self) -> Vec<Work> {
        vec![Work::Facts(Needs::Nothing, Stream::over((), 0, |(), facts: &Facts| angle(facts).cos()))]
    }
}

fn angle(facts: &Facts) -> f64 {
    facts.moment.minute / 1440.0 * TAU
}

#[cfg(test)]
mod tests {
    use crate::{
        Bar,
        features::{FeaturePipeline, FeaturePipelineSpec, MarketShape},
        market::Calendar,
    };

    #[test]
    fn the_opening_bell_is_at_the_same_angle_in_winter_and_summer() {
        let spec: FeaturePipelineSpec = serde_json::from_str(r#"{"features": [{"kind": "time_of_day"}]}"#).unwrap();
        let clock = Calendar::Nyse.clock().unwrap();
        let shape = MarketShape { instruments: 1, period_ns: 0, clock, columns: &[], quotes: false };
        let cold = FeaturePipeline::new(&spec, shape).unwrap();
        let at = |time: &str| {
            let mut row = [0.0; 2];
            cold.clone().update(&[Bar { time: time.parse().unwrap(), ..Bar::default() }], &[], &mut row);
            row
        };
        assert_eq!(at("2024-01-10T14:30:00Z"), at("2024-07-10T13:30:00Z"));
        let [sin, cos] = at("2024-01-10T23:00:00Z"); // 18:00 in New York
        assert!((sin + 1.0).abs() < 1e-6 && cos.abs() < 1e-6, "{sin} {cos}");
    }
}
