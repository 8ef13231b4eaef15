//! What a fill costs in fees.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Error, Instrument, Result};

/// What a fee may depend on.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext}};
/// /// A fifth of a percent of the notional, 20 at most.
/// #[derive(Debug)]
/// struct Capped;
/// impl CommissionModel for Capped {
///     fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
///         (0.002 * (ctx.qty * ctx.price * ctx.instrument.multiplier).abs()).min(20.0)
///     }
/// }
/// let share = Instrument::equity("XYZ");
/// assert_eq!(Capped.fee(&FeeContext { instrument: &share, qty: -500.0, price: 40.0, filled_before: 0.0 }), 20.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FeeContext<'a> {
    /// What was traded.
    pub instrument: &'a Instrument,
    /// Units of this fill, signed.
    pub qty: f64,
    /// Price of this fill.
    pub price: f64,
    /// Units that the order had filled before, without a sign.
    pub filled_before: f64,
}

/// The fee of one fill, in account currency.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext, PerShare}};
/// let share = Instrument::equity("XYZ");
/// let fee = |qty, filled_before| PerShare { fee: 0.0075, minimum: 2.5 }
///     .fee(&FeeContext { instrument: &share, qty, price: 10.0, filled_before });
/// // The minimum is one of the order, not of each part: 230 shares pay it, the next 170 pay what is above it.
/// assert_eq!(fee(230.0, 0.0), 2.5);
/// assert!((fee(170.0, 230.0) - 0.5).abs() < 1e-12);
/// ```
pub trait CommissionModel: Send + Sync + Debug {
    /// Fee of the fill in `ctx`, at least 0.
    fn fee(&self, ctx: &FeeContext<'_>) -> f64;
}

/// Nothing.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext, NoCommission}};
/// let es = Instrument::es();
/// assert_eq!(NoCommission {}.fee(&FeeContext { instrument: &es, qty: 1.0, price: 5000.0, filled_before: 0.0 }), 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoCommission {}

/// A fixed fee for each contract.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext, PerContract}};
/// let es = Instrument::es();
/// let sold = FeeContext { instrument: &es, qty: -2.0, price: 5000.0, filled_before: 0.0 };
/// assert_eq!(PerContract { fee: 2.25 }.fee(&sold), 4.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerContract {
    /// Money per contract and side, at least 0.
    pub fee: f64,
}

/// A fee for each share, with a minimum for each order across its partial fills.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel, FeeContext, PerShare}};
/// let share = Instrument::equity("XYZ");
/// let fee = |qty| PerShare { fee: 0.005, minimum: 1.0 }
///     .fee(&FeeContext { instrument: &share, qty, price: 40.0, filled_before: 0.0 });
/// assert_eq!((fee(100.0), fee(-1_000.0)), (1.0, 5.0));
/// ```
///
/// A part of an order pays what the order's fee has grown by: see [`CommissionModel`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerShare {
    /// Money per share, at least 0.
    pub fee: f64,
    /// The least that an order pays, at least 0.
    #[serde(default)]
    pub minimum: f64,
}

/// A share of the notional.
///
/// ```
/// use tradepit::{Instrument, models::{Bps, CommissionModel, FeeContext}};
/// let coin = Instrument::btcusdt();
/// let fee = Bps { bps: 10.0 }.fee(&FeeContext { instrument: &coin, qty: 0.5, price: 60_000.0, filled_before: 0.0 });
/// assert!((fee - 30.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bps {
    /// Basis points (1/10,000) of the notional, at least 0.
    pub bps: f64,
}

impl CommissionModel for NoCommission {
    #[inline]
    fn fee(&self, _: &FeeContext<'_>) -> f64 {
        0.0
    }
}

impl CommissionModel for PerContract {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        self.fee * ctx.qty.abs()
    }
}

impl CommissionModel for PerShare {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        let total = |qty: f64| if qty > 0.0 { (self.fee * qty).max(self.minimum) } else { 0.0 };
        total(ctx.filled_before + ctx.qty.abs()) - total(ctx.filled_before)
    }
}

impl CommissionModel for Bps {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        self.bps * 1e-4 * (ctx.qty * ctx.price * ctx.instrument.multiplier).abs()
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
        let fields: &[(&str, f64)] = match self {
            Self::None(_) | Self::Custom(_) => &[],
            Self::PerContract(m) => &[("fee", m.fee)],
            Self::PerShare(m) => &[("fee", m.fee), ("minimum", m.minimum)],
            Self::Bps(m) => &[("bps", m.bps)],
        };
        match fields.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            Some((field, value)) => {
                Err(Error::spec(format!("commission.{field}"), format!("{value} must be a finite number, at least 0")))
            }
            None => Ok(()),
        }
    }
}

impl CommissionModel for Commission {
    #[inline]
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        match self {
            Self::None(model) => model.fee(ctx),
            Self::PerContract(model) => model.fee(ctx),
            Self::PerShare(model) => model.fee(ctx),
            Self::Bps(model) => model.fee(ctx),
            Self::Custom(model) => model.fee(ctx),
        }
    }
}
