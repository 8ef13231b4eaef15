//! What a fill costs in fees.

mod bps;
mod check;
mod context;
mod maker_taker;
mod per_contract;
mod per_order;
mod per_share;
mod premium_tiers;
mod schedule;
mod sum;

mod volume_tiers;

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

pub use bps::Bps;
pub use context::FeeContext;
pub use maker_taker::MakerTaker;
pub use per_contract::PerContract;
pub use per_order::PerOrder;
pub use per_share::PerShare;
pub use premium_tiers::{PremiumTier, PremiumTiers};
pub use schedule::{Schedule, ScheduleRow};
pub use sum::Sum;
pub use volume_tiers::{VolumeMeasure, VolumePeriod, VolumeTier, VolumeTiers};

use super::Facts;
use crate::Result;

/// The fee of one fill, in account currency.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext, PerShare}};
/// let share = Instrument::equity("XYZ");
/// let model = PerShare { fee: 0.0075, minimum: 2.5, ..PerShare::default() };
/// let fee = |qty, filled_before| model.fee(&FeeContext { filled_before, ..FeeContext::new(&share, qty, 10.0) });
/// // The minimum is one of the order, not of each part: 230 shares pay it, the next 170 pay what is above it.
/// assert_eq!(fee(230.0, 0.0), 2.5);
/// assert!((fee(170.0, 230.0) - 0.5).abs() < 1e-12);
/// ```
pub trait CommissionModel: Send + Sync + Debug {
    /// Fee of the fill in `ctx`, at least 0; below 0 only as a maker's rebate.
    fn fee(&self, ctx: &FeeContext<'_>) -> f64;
}

/// Nothing.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext, NoCommission}};
/// assert_eq!(NoCommission {}.fee(&FeeContext::new(&Instrument::es(), 1.0, 5000.0)), 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoCommission {}

impl CommissionModel for NoCommission {
    #[inline]
    fn fee(&self, _: &FeeContext<'_>) -> f64 {
        0.0
    }
}

/// The model in use.
///
/// ```
/// use tradepit::models::Commission;
/// let commission: Commission = serde_json::from_str(r#"{"kind": "per_contract", "fee": -1.0}"#).unwrap();
/// let refused = commission.validate().unwrap_err().to_string();
/// assert_eq!(refused, "commission.fee: -1 must be a finite number, at least 0");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Commission {
    /// Nothing.
    None(NoCommission),
    /// A fixed fee for each contract.
    PerContract(PerContract),
    /// A fee for each share with a minimum for each order.
    PerShare(PerShare),
    /// A share of the notional.
    Bps(Bps),
    /// A fixed fee for each order.
    PerOrder(PerOrder),
    /// One rate for orders that rest, another for orders that take.
    MakerTaker(MakerTaker),
    /// A fee for each option contract by its premium.
    PremiumTiers(PremiumTiers),
    /// Fees that fall with what was traded in the month.
    VolumeTiers(VolumeTiers),
    /// Fees by instrument and date.
    Schedule(Schedule),
    /// Several together.
    Sum(Sum),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn CommissionModel>),
}

impl Default for Commission {
    fn default() -> Self {
        Self::None(NoCommission {})
    }
}

impl Commission {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        self.check("commission")
    }

    /// What the model asks of the venue beyond the fill and its order; your own model asks for nothing.
    ///
    /// ```
    /// use tradepit::models::{Commission, Facts};
    /// assert_eq!(Commission::default().needs(), Facts::NONE);
    /// ```
    #[must_use]
    pub fn needs(&self) -> Facts {
        match self {
            Self::VolumeTiers(model) => Facts { month: model.tiers.len() > 1, ..Facts::NONE },
            Self::Sum(model) => model.parts.iter().map(Self::needs).fold(Facts::NONE, Facts::or),
            Self::Schedule(model) => model.needs(),
            Self::None(_)
            | Self::PerContract(_)
            | Self::PerShare(_)
            | Self::Bps(_)
            | Self::PerOrder(_)
            | Self::MakerTaker(_)
            | Self::PremiumTiers(_)
            | Self::Custom(_) => Facts::NONE,
        }
    }

    fn check(&self, path: &str) -> Result<()> {
        match self {
            Self::None(_) | Self::Custom(_) => Ok(()),
            Self::PerContract(model) => model.validate(path),
            Self::PerShare(model) => model.validate(path),
            Self::Bps(model) => model.validate(path),
            Self::PerOrder(model) => model.validate(path),
            Self::MakerTaker(model) => model.validate(path),
            Self::PremiumTiers(model) => model.validate(path),
            Self::VolumeTiers(model) => model.validate(path),
            Self::Schedule(model) => model.validate(path),
            Self::Sum(model) => model.validate(path),
        }
    }
}

impl CommissionModel for Commission {
    // See `Models::execute`.
    #[inline(always)]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        match self {
            Self::None(model) => model.fee(ctx),
            Self::PerContract(model) => model.fee(ctx),
            Self::PerShare(model) => model.fee(ctx),
            Self::Bps(model) => model.fee(ctx),
            Self::PerOrder(model) => model.fee(ctx),
            Self::MakerTaker(model) => model.fee(ctx),
            // What is called out of line gets a copy: a context whose address never leaves stays in registers.
            Self::PremiumTiers(model) => model.fee(&{ *ctx }),
            Self::VolumeTiers(model) => model.fee(&{ *ctx }),
            Self::Schedule(model) => model.fee(&{ *ctx }),
            Self::Sum(model) => model.fee(&{ *ctx }),
            Self::Custom(model) => model.fee(&{ *ctx }),
        }
    }
}
