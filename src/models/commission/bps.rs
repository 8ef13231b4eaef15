//! A share of the notional.

use serde::{Deserialize, Serialize};

use super::{CommissionModel, FeeContext, check::check_fees, per_contract::at_least};
use crate::Result;

/// A share of the notional, with a minimum for each order: `max(bps / 10,000 * |qty * price * multiplier|, minimum)`.
///
/// ```
/// use tradepit::{Instrument, models::{Bps, CommissionModel as _, FeeContext}};
/// let euro = Instrument::eurusd();
/// let forex = Bps { bps: 0.2, minimum: 2.0 };
/// assert_eq!(forex.fee(&FeeContext::new(&euro, 1_000.0, 1.1)), 2.0);
/// assert!((forex.fee(&FeeContext::new(&euro, 1_000_000.0, 1.1)) - 22.0).abs() < 1e-9);
/// ```
///
/// The minimum is money of the account and holds for an order across its partial fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bps {
    /// Basis points (1/10,000) of the notional, at least 0.
    pub bps: f64,
    /// The least that an order pays, at least 0.
    #[serde(default)]
    pub minimum: f64,
}

impl Bps {
    /// A share of the notional and nothing else.
    #[must_use]
    pub const fn new(bps: f64) -> Self {
        Self { bps, minimum: 0.0 }
    }

    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_fees(path, &[("bps", self.bps), ("minimum", self.minimum)])
    }
}

impl CommissionModel for Bps {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        ctx.added(|_, value| at_least(self.minimum, self.bps * 1e-4 * value))
    }
}
