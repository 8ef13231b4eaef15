//! How much worse than the reference an order fills.

mod almgren_chriss;
mod check;
mod empirical;
mod fixed;
mod half_spread;
mod probabilistic_tick;
mod square_root;

mod volatility_volume_share;
mod volume_share;

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

pub use almgren_chriss::AlmgrenChriss;
pub use empirical::{Empirical, SlippageUnit};
pub use fixed::{FixedBps, FixedTicks, NoSlippage};
pub use half_spread::HalfSpread;
pub use probabilistic_tick::ProbabilisticTick;
pub use square_root::SquareRoot;
pub use volatility_volume_share::VolatilityVolumeShare;
pub use volume_share::VolumeShare;

use super::{Facts, FillContext};
use crate::{Result, Rng};

/// The price that an order gets.
///
/// Prices are expected prices: they are not rounded to the tick, so that a cost of a tenth of a tick costs a tenth.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, SlippageModel, FixedTicks}, rng};
/// let (es, known) = (Instrument::es(), Bar::default());
/// let ctx = FillContext::new(&es, -1.0, 5000.0, &known);
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// assert_eq!(FixedTicks { ticks: 1.0 }.price(&ctx, &mut rng), 4999.75);
/// ```
pub trait SlippageModel: Send + Sync + Debug {
    /// Price of the fill, for the quantity, reference and knowledge in `ctx`.
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64;
}

/// The model in use.
///
/// ```
/// use tradepit::models::Slippage;
/// let slippage: Slippage = serde_json::from_str(r#"{"kind": "fixed_bps", "bps": 0.5}"#).unwrap();
/// assert!(slippage.validate().is_ok());
/// let typo = serde_json::from_str::<Slippage>(r#"{"kind": "fixed_bps", "bsp": 5}"#).unwrap_err();
/// assert!(typo.to_string().contains("unknown field `bsp`, expected `bps`"));
/// ```
///
/// No built-in model gives a price better than the reference, but for the carried part of [`AlmgrenChriss`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Slippage {
    /// The reference itself.
    None(NoSlippage),
    /// A fixed number of ticks.
    FixedTicks(FixedTicks),
    /// A fixed share of the price.
    FixedBps(FixedBps),
    /// Quadratic in the share of the bar's volume.
    VolumeShare(VolumeShare),
    /// Half of the spread.
    HalfSpread(HalfSpread),
    /// The square root of the share of a day's volume, in days' volatilities.
    SquareRoot(SquareRoot),
    /// Linear impact, temporary and permanent.
    AlmgrenChriss(AlmgrenChriss),
    /// With some probability, a tick.
    ProbabilisticTick(ProbabilisticTick),
    /// Drawn from a distribution given by its quantiles.
    Empirical(Empirical),
    /// The square-root rule of futures, with a coefficient for each root.
    VolatilityVolumeShare(VolatilityVolumeShare),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn SlippageModel>),
}

impl Default for Slippage {
    fn default() -> Self {
        Self::None(NoSlippage {})
    }
}

impl Slippage {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::None(_) | Self::Custom(_) => Ok(()),
            Self::FixedTicks(model) => model.validate(),
            Self::FixedBps(model) => model.validate(),
            Self::HalfSpread(model) => model.validate(),
            Self::VolumeShare(model) => model.validate(),
            Self::SquareRoot(model) => model.validate(),
            Self::AlmgrenChriss(model) => model.validate(),
            Self::ProbabilisticTick(model) => model.validate(),
            Self::Empirical(model) => model.validate(),
            Self::VolatilityVolumeShare(model) => model.validate(),
        }
    }

    /// Over how many complete days the venue's volatility and volume are wanted; none where they are not.
    pub(crate) fn days(&self) -> Option<usize> {
        let (sigma, adv, days) = match self {
            Self::SquareRoot(model) => (model.sigma, model.adv, model.days),
            Self::VolatilityVolumeShare(model) => (model.sigma, model.adv, model.days),
            Self::None(_)
            | Self::FixedTicks(_)
            | Self::FixedBps(_)
            | Self::VolumeShare(_)
            | Self::HalfSpread(_)
            | Self::AlmgrenChriss(_)
            | Self::ProbabilisticTick(_)
            | Self::Empirical(_)
            | Self::Custom(_) => return None,
        };
        let wanted = sigma.is_none() || adv.is_none() || days.is_some();
        wanted.then_some(days.unwrap_or(20) as usize)
    }

    /// Whether the model reads what the account's orders had filled of the bar before; your own model may.
    #[must_use]
    pub(crate) fn counts_units(&self) -> bool {
        matches!(self, Self::VolumeShare(_) | Self::Custom(_))
    }

    /// What the model can't do without beyond the bars; your own model asks for nothing.
    ///
    /// ```
    /// use tradepit::models::{Facts, Slippage};
    /// assert_eq!(Slippage::default().needs(), Facts::NONE);
    /// ```
    #[must_use]
    pub fn needs(&self) -> Facts {
        match self {
            Self::HalfSpread(model) => Facts { spread: model.spread_ticks.is_none(), ..Facts::NONE },
            Self::SquareRoot(model) => Facts { sigma: model.sigma.is_none(), adv: model.adv.is_none(), ..Facts::NONE },
            Self::VolatilityVolumeShare(model) => {
                Facts { sigma: model.sigma.is_none(), adv: model.adv.is_none(), ..Facts::NONE }
            }
            Self::AlmgrenChriss(model) => Facts { net_traded: model.gamma > 0.0, ..Facts::NONE },
            Self::None(_)
            | Self::FixedTicks(_)
            | Self::FixedBps(_)
            | Self::VolumeShare(_)
            | Self::ProbabilisticTick(_)
            | Self::Empirical(_)
            | Self::Custom(_) => Facts::NONE,
        }
    }
}

impl SlippageModel for Slippage {
    // See `Models::execute`.
    #[inline(always)]
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        match self {
            Self::None(model) => model.price(ctx, rng),
            Self::FixedTicks(model) => model.price(ctx, rng),
            Self::FixedBps(model) => model.price(ctx, rng),
            Self::VolumeShare(model) => model.price(ctx, rng),
            Self::HalfSpread(model) => model.price(ctx, rng),
            Self::SquareRoot(model) => model.price(ctx, rng),
            Self::AlmgrenChriss(model) => model.price(ctx, rng),
            Self::ProbabilisticTick(model) => model.price(ctx, rng),
            // What is called out of line gets a copy: a context whose address never leaves stays in registers.
            Self::Empirical(model) => model.price(&{ *ctx }, rng),
            Self::VolatilityVolumeShare(model) => model.price(&{ *ctx }, rng),
            Self::Custom(model) => model.price(&{ *ctx }, rng),
        }
    }
}

/// The reference, worse by `cost` a unit: above it for a buy, below it for a sale.
#[inline]
fn worse(ctx: &FillContext<'_>, cost: f64) -> f64 {
    ctx.reference + cost.abs().copysign(ctx.qty)
}
