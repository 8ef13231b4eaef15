//! A fixed fee for each order.

use serde::{Deserialize, Serialize};

use super::{CommissionModel, FeeContext, check::check_fees};
use crate::Result;

/// A fixed fee for each order, paid by its first fill.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel as _, FeeContext, PerOrder}};
/// let share = Instrument::equity("XYZ");
/// let first = FeeContext::new(&share, 230.0, 10.0);
/// assert_eq!(PerOrder { fee: 10.0 }.fee(&first), 10.0);
/// assert_eq!(PerOrder { fee: 10.0 }.fee(&FeeContext { filled_before: 230.0, ..first }), 0.0);
/// ```
///
/// Money of the account. The rule of zipline's `PerTrade`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerOrder {
    /// Money per order, at least 0.
    pub fee: f64,
}

impl PerOrder {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_fees(path, &[("fee", self.fee)])
    }
}

impl CommissionModel for PerOrder {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        if ctx.filled_before > 0.0 { 0.0 } else { self.fee }
    }
}
