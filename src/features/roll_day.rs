//! The day on which a continuous future goes over to the next contract.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::Stream,
};
use crate::Timestamp;

/// 1 from a roll to the end of its session, else 0; a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, RollDaySpec};
/// assert_eq!(FeatureSpec::RollDay(RollDaySpec::default()).names(), ["roll_day"]);
/// ```
///
/// Rolls are those of the data's events ([`MarketFact::Roll`](crate::market::MarketFact)); what of the day lies before the
/// roll does not know of it. The data must have sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RollDaySpec {
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for RollDaySpec {
    fn default() -> Self {
        Self { instrument: 0, scale: 1.0 }
    }
}

impl Describe for RollDaySpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec!["roll_day".to_owned()]
    }

    fn work(&self) -> Work {
        let step = |rolled: &mut Option<Timestamp>, facts: &Facts| {
            let closes = facts.moment.session.closes;
            if facts.rolled {
                *rolled = Some(closes);
            }
            f64::from(u8::from(*rolled == Some(closes)))
        };
        Work::Facts(Needs::Sessions, Stream::over(None, 0, step))
    }
}
