//! Nothing, a number of ticks, a share of the price.

use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, worse};
use crate::{Result, Rng};

/// The reference itself.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, NoSlippage, SlippageModel as _}, rng};
/// let (es, known, mut rng) = (Instrument::es(), Bar::default(), rng::stream(0, 0, rng::Purpose::Models));
/// assert_eq!(NoSlippage {}.price(&FillContext::new(&es, -1.0, 5000.0, &known), &mut rng), 5000.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSlippage {}

/// A fixed number of ticks: `price +- ticks * tick`.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, SlippageModel as _}, rng};
/// use tradepit::models::{FixedTicks, Slippage};
/// let (es, known, mut rng) = (Instrument::es(), Bar::default(), rng::stream(0, 0, rng::Purpose::Models));
/// let half = FixedTicks { ticks: 0.5 };
/// assert_eq!(half.price(&FillContext::new(&es, 3.0, 5000.0, &known), &mut rng), 5000.125); // half of 0.25
/// let refused = Slippage::FixedTicks(FixedTicks { ticks: -1.0 }).validate().unwrap_err().to_string();
/// assert_eq!(refused, "slippage.ticks: -1 must be a finite number of at least 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedTicks {
    /// Ticks against the order, at least 0.
    pub ticks: f64,
}

/// A fixed share of the price: `price * (1 +- bps / 10,000)`.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, FixedBps, SlippageModel as _}, rng};
/// let (share, known) = (Instrument::equity("XYZ"), Bar::default());
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let price = FixedBps { bps: 5.0 }.price(&FillContext::new(&share, -100.0, 3.0, &known), &mut rng);
/// assert!((price - 2.9985).abs() < 1e-12);
/// ```
///
/// Basis points of the price, in [0, 10000]. The rule of zipline's `FixedBasisPointsSlippage` and of most backtesters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedBps {
    /// Basis points (1/10,000 of the price) against the order, in [0, 10000].
    pub bps: f64,
}

impl FixedTicks {
    pub(super) fn validate(&self) -> Result<()> {
        check("ticks", self.ticks, self.ticks >= 0.0, "of at least 0")
    }
}

impl FixedBps {
    pub(super) fn validate(&self) -> Result<()> {
        check_bps("bps", self.bps)
    }
}

impl SlippageModel for NoSlippage {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        ctx.reference
    }
}

impl SlippageModel for FixedTicks {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        worse(ctx, self.ticks * ctx.instrument.tick)
    }
}

impl SlippageModel for FixedBps {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        worse(ctx, self.bps * 1e-4 * ctx.reference)
    }
}
