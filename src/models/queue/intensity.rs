//! Fills that come at random, the rarer the farther a limit is from the market.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{LimitContext, LimitModel, Print, Queue};
use crate::{Bar, Error, Result, Rng};

/// All of it, or nothing: a limit at a distance `d` from the reference fills during a bar with probability
/// `min(1, arrivals exp(-decay d))`, at its limit, whatever prices the bar shows.
///
/// The reference is the middle of the quote that stands at the open, else the close before the bar; the distance is in points of
/// price. Orders to trade arrive at a rate of `A exp(-k d)` at a distance of `d`: Avellaneda and Stoikov (2008), "High-frequency
/// Trading in a Limit Order Book", section 2.5, after Ho and Stoll (1981); in a bar of length `dt`, `arrivals` is `A dt` and
/// `decay` is `k`. At a distance of 0 or less it fills for certain; one that is better than the open takes at the open, as under
/// every rule.
///
/// Each order takes one uniform number of the stream a bar, in the order of their age at the close of the bar, whether it can fill
/// or not: the same stream shows what another distance would have got. Fills of two orders in one bar are independent.
///
/// ```
/// use tradepit::models::queue::{Intensity, LimitRule};
/// let rule: LimitRule = serde_json::from_str(r#"{"kind": "intensity", "arrivals": 0.7, "decay": 1.5}"#).unwrap();
/// assert!(rule.validate().is_ok());
/// let rule = Intensity { arrivals: 0.7, decay: 1.5 };
/// assert_eq!([0.0, 1.0, 2.0].map(|d| (rule.probability(d) * 1000.0).round()), [1000.0, 156.0, 35.0]);
/// ```
///
/// Public trades fill nothing: the rule stands in their place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intensity {
    /// Orders of others that are expected in a bar right at the reference, at least 0.
    pub arrivals: f64,
    /// How fast they get fewer, per point of price, at least 0.
    pub decay: f64,
}

impl Default for Intensity {
    fn default() -> Self {
        Self { arrivals: 0.7, decay: 1.5 }
    }
}

impl Intensity {
    /// The probability of a fill in a bar at that distance, in points.
    #[must_use]
    #[inline]
    pub fn probability(&self, distance: f64) -> f64 {
        if distance <= 0.0 { 1.0 } else { (self.arrivals * (-self.decay * distance).exp()).min(1.0) }
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in [("arrivals", self.arrivals), ("decay", self.decay)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::spec(
                    format!("limit.{field}"),
                    format!("{value} must be a finite number of at least 0"),
                ));
            }
        }
        Ok(())
    }
}

impl LimitModel for Intensity {
    #[inline]
    fn bar(&self, order: &LimitContext<'_>, _: &Bar, _: &mut Queue, rng: &mut Rng) -> f64 {
        let drawn: f64 = rng.random();
        if drawn < self.probability(order.distance()) { order.qty.abs() } else { 0.0 }
    }

    #[inline]
    fn trade(&self, _: &LimitContext<'_>, _: &Print, _: &mut Queue) -> f64 {
        0.0
    }
}
