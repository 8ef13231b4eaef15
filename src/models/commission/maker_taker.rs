//! One rate for orders that rest, another for orders that take.

use serde::{Deserialize, Serialize};

use super::{CommissionModel, FeeContext, check::check};
use crate::Result;

/// A share of the notional that depends on whether the order rested in the book; a negative maker rate is a rebate.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel as _, FeeContext, MakerTaker}};
/// let coin = Instrument::btcusdt();
/// let model = MakerTaker { maker_bps: -0.5, taker_bps: 4.0 };
/// let taker = FeeContext::new(&coin, 1.0, 50_000.0);
/// assert!((model.fee(&taker) - 20.0).abs() < 1e-9);
/// assert!((model.fee(&FeeContext { maker: true, ..taker }) + 2.5).abs() < 1e-9);
/// ```
///
/// A rebate is at most 10 basis points and at most the taker's rate: whoever trades with himself never gains.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakerTaker {
    /// Basis points of the notional for an order that rested, from -10 and from `-taker_bps`.
    pub maker_bps: f64,
    /// Basis points of the notional for an order that took, at least 0.
    pub taker_bps: f64,
}

impl MakerTaker {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check(path, "taker_bps", self.taker_bps, self.taker_bps >= 0.0, "of at least 0")?;
        let least = (-self.taker_bps).max(-10.0);
        let range = format!("of at least {least}: a rebate is at most 10 and at most taker_bps");
        check(path, "maker_bps", self.maker_bps, self.maker_bps >= least, &range)
    }
}

impl CommissionModel for MakerTaker {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        let bps = if ctx.maker { self.maker_bps } else { self.taker_bps };
        bps * 1e-4 * ctx.value()
    }
}
