//! A fixed fee for each contract.

use serde::{Deserialize, Serialize};

use super::{CommissionModel, FeeContext, check::check_fees};
use crate::Result;

/// A fixed fee for each contract, one for each order, and a minimum: `max(fee * qty + per_order, minimum)`.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel as _, FeeContext, PerContract}};
/// let es = Instrument::es();
/// let model = PerContract { fee: 0.01, per_order: 0.3, minimum: 3.0 };
/// let first = FeeContext::new(&es, 230.0, 5000.0);
/// assert_eq!(model.fee(&first), 3.0);
/// // The order's next part pays what the order now owes above what it paid.
/// let next = FeeContext { filled_before: 230.0, value_before: first.value(), ..FeeContext::new(&es, 170.0, 5000.0) };
/// assert!((model.fee(&next) - 1.3).abs() < 1e-12);
/// ```
///
/// Money of the account. `per_order` and `minimum` hold for an order across its partial fills. The rule of zipline's
/// `PerContract`, whose exchange fee is `per_order`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerContract {
    /// Money per contract and side, at least 0.
    pub fee: f64,
    /// Money per order, at least 0.
    #[serde(default)]
    pub per_order: f64,
    /// The least that an order pays, at least 0.
    #[serde(default)]
    pub minimum: f64,
}

/// The larger one; no branch and, unlike `f64::max`, no thought of NaN.
#[inline]
pub(super) fn at_least(minimum: f64, fee: f64) -> f64 {
    if fee > minimum { fee } else { minimum }
}

impl PerContract {
    /// A fee for each contract and nothing else.
    #[must_use]
    pub const fn new(fee: f64) -> Self {
        Self { fee, per_order: 0.0, minimum: 0.0 }
    }

    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_fees(path, &[("fee", self.fee), ("per_order", self.per_order), ("minimum", self.minimum)])
    }
}

impl CommissionModel for PerContract {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        ctx.added(|qty, _| at_least(self.minimum, self.fee * qty + self.per_order))
    }
}
