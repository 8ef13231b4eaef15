//! Half of the spread.

use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, worse};
use crate::{Result, Rng};

/// Half of the spread against the order: `price +- spread / 2`.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, HalfSpread, Liquidity, SlippageModel as _}, rng};
/// let (es, known) = (Instrument::es(), Bar::default());
/// let ctx = FillContext::new(&es, 1.0, 5000.0, &known);
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let one_tick = HalfSpread { spread_ticks: Some(1.0) };
/// assert_eq!(one_tick.price(&ctx, &mut rng), 5000.125);
/// // A quote wins over the number.
/// let quoted = FillContext { liquidity: Liquidity { spread: 0.5, ..Liquidity::default() }, ..ctx };
/// assert_eq!(one_tick.price(&quoted, &mut rng), 5000.25);
/// ```
///
/// The reference counts as the middle. The spread is that of the last quote before the fill where the venue has
/// quotes, else `spread_ticks`; a venue without quotes refuses the model without that number. Source: the effective
/// half-spread of Roll (1984), "A Simple Implicit Measure of the Effective Bid-Ask Spread", equation 1; the rule of
/// zipline's `FixedSlippage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HalfSpread {
    /// Ask less bid in ticks, at least 0, where no quote is known.
    pub spread_ticks: Option<f64>,
}

impl HalfSpread {
    pub(super) fn validate(&self) -> Result<()> {
        self.spread_ticks.map_or(Ok(()), |ticks| check("spread_ticks", ticks, ticks >= 0.0, "of at least 0"))
    }
}

impl SlippageModel for HalfSpread {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        let quoted = ctx.liquidity.spread;
        let spread = if quoted >= 0.0 { quoted } else { self.spread_ticks.unwrap_or(0.0) * ctx.instrument.tick };
        worse(ctx, 0.5 * spread)
    }
}
