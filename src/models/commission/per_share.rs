//! A fee for each share.

use serde::{Deserialize, Serialize};

use super::{
    CommissionModel, FeeContext,
    check::{check, check_fees},
};
use crate::Result;

/// A fee for each share, with a minimum for each order and a maximum share of its value.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel as _, FeeContext, PerShare}};
/// let share = Instrument::equity("XYZ");
/// let fixed = PerShare { fee: 0.005, minimum: 1.0, maximum_rate: Some(0.01), ..PerShare::default() };
/// let fee = |qty, price| fixed.fee(&FeeContext::new(&share, qty, price));
/// assert_eq!(fee(100.0, 25.0), 1.0); // the minimum
/// assert_eq!(fee(1000.0, 25.0), 5.0);
/// assert_eq!(fee(1000.0, 0.25), 2.5); // one percent of 250
/// ```
///
/// An order pays `min(max(fee * qty, minimum), maximum_rate * value)`: Interactive Brokers' rule, by which the maximum
/// wins over the minimum (its three published examples are those above). With `minimum_wins` it pays
/// `max(min(fee * qty, maximum_rate * value), minimum)`. Both hold for an order across its partial fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerShare {
    /// Money per share, at least 0.
    pub fee: f64,
    /// The least that an order pays, at least 0.
    #[serde(default)]
    pub minimum: f64,
    /// The most that an order pays, as a share of its value, in (0, 1]; no such limit when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_rate: Option<f64>,
    /// Whether the minimum wins where it is above the maximum.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub minimum_wins: bool,
}

impl PerShare {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_fees(path, &[("fee", self.fee), ("minimum", self.minimum)])?;
        let rate = self.maximum_rate.unwrap_or(1.0);
        check(path, "maximum_rate", rate, rate > 0.0 && rate <= 1.0, "in (0, 1]")
    }
}

impl CommissionModel for PerShare {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        ctx.added(|qty, value| {
            let most = self.maximum_rate.map_or(f64::INFINITY, |rate| rate * value);
            let raw = self.fee * qty;
            if self.minimum_wins { raw.min(most).max(self.minimum) } else { raw.max(self.minimum).min(most) }
        })
    }
}
