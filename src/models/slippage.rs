//! How much worse than the reference an order fills.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use super::FillContext;
use crate::{Error, Result, Rng};

/// The price that an order gets.
///
/// Prices are expected prices: they are not rounded to the tick, so that a cost of a tenth of a tick costs a tenth.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, SlippageModel, FixedTicks}, rng};
/// let (es, known) = (Instrument::es(), Bar::default());
/// let ctx = FillContext { instrument: &es, qty: -1.0, reference: 5000.0, known: &known };
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// assert_eq!(FixedTicks { ticks: 1.0 }.price(&ctx, &mut rng), 4999.75);
/// ```
pub trait SlippageModel: Send + Sync + Debug {
    /// Price of the fill, for the quantity, reference and knowledge in `ctx`.
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64;
}

/// The reference itself.
///
/// ```
/// use tradepit::models::{FillContext, NoSlippage, SlippageModel};
/// # use tradepit::{Bar, Instrument, rng};
/// # let (es, known) = (Instrument::es(), Bar::default());
/// # let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let sell = FillContext { instrument: &es, qty: -1.0, reference: 5000.0, known: &known };
/// assert_eq!(NoSlippage {}.price(&sell, &mut rng), 5000.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSlippage {}

/// A fixed number of ticks.
///
/// ```
/// use tradepit::models::{FillContext, FixedTicks, SlippageModel};
/// # use tradepit::{Bar, Instrument, rng};
/// # let (es, known) = (Instrument::es(), Bar::default());
/// # let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let buy = FillContext { instrument: &es, qty: 3.0, reference: 5000.0, known: &known };
/// assert_eq!(FixedTicks { ticks: 0.5 }.price(&buy, &mut rng), 5000.125); // half a tick of 0.25
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedTicks {
    /// Ticks against the order, at least 0.
    pub ticks: f64,
}

/// A fixed share of the price.
///
/// ```
/// use tradepit::models::{FillContext, FixedBps, SlippageModel};
/// # use tradepit::{Bar, Instrument, rng};
/// # let (share, known) = (Instrument::equity("XYZ"), Bar::default());
/// # let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let sell = FillContext { instrument: &share, qty: -100.0, reference: 50.0, known: &known };
/// assert!((FixedBps { bps: 2.0 }.price(&sell, &mut rng) - 49.99).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedBps {
    /// Basis points (1/10,000 of the price) against the order, at least 0.
    pub bps: f64,
}

/// Quadratic in the share of the volume: `price * (1 +- impact * min(|qty| / volume, limit)^2)`.
///
/// ```
/// use tradepit::{Bar, models::{FillContext, SlippageModel, VolumeShare}};
/// # use tradepit::{Instrument, rng};
/// # let share = Instrument::equity("XYZ");
/// # let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let known = Bar { volume: 10_000.0, ..Bar::default() };
/// let buy = |qty| FillContext { instrument: &share, qty, reference: 100.0, known: &known };
/// // A hundredth of the volume, then half of it, of which a fortieth counts.
/// assert!((VolumeShare::default().price(&buy(100.0), &mut rng) - 100.0 * (1.0 + 0.1 * 0.01 * 0.01)).abs() < 1e-9);
/// assert!((VolumeShare::default().price(&buy(5_000.0), &mut rng) - 100.0 * (1.0 + 0.1 * 0.025 * 0.025)).abs() < 1e-9);
/// ```
///
/// The rule of zipline's and LEAN's volume share models. The volume is that of the last bar that had closed when the
/// order filled: the volume of a bar is not known at its open. Without any volume the share is `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeShare {
    /// Impact of trading the whole volume, as a share of the price.
    pub impact: f64,
    /// The largest share that counts, in (0, 1].
    pub limit: f64,
}

impl Default for VolumeShare {
    fn default() -> Self {
        Self { impact: 0.1, limit: 0.025 }
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
        ctx.reference + (self.ticks * ctx.instrument.tick).copysign(ctx.qty)
    }
}

impl SlippageModel for FixedBps {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        ctx.reference + (self.bps * 1e-4 * ctx.reference).abs().copysign(ctx.qty)
    }
}

impl SlippageModel for VolumeShare {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        // min() drops the NaN of 0/0 and the infinity of a bar without volume.
        let share = (ctx.qty.abs() / ctx.known.volume).min(self.limit);
        ctx.reference + (self.impact * share * share * ctx.reference).abs().copysign(ctx.qty)
    }
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Slippage {
    /// The reference itself.
    None(NoSlippage),
    /// A fixed number of ticks.
    FixedTicks(FixedTicks),
    /// A fixed share of the price.
    FixedBps(FixedBps),
    /// Quadratic in the share of the volume.
    VolumeShare(VolumeShare),
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
        let check = |field: &str, value: f64, ok: bool, range: &str| {
            if ok && value.is_finite() {
                return Ok(());
            }
            Err(Error::spec(format!("slippage.{field}"), format!("{value} must be a finite number {range}")))
        };
        match self {
            Self::None(_) | Self::Custom(_) => Ok(()),
            Self::FixedTicks(m) => check("ticks", m.ticks, m.ticks >= 0.0, "of at least 0"),
            Self::FixedBps(m) => check("bps", m.bps, (0.0..10_000.0).contains(&m.bps), "in [0, 10000)"),
            Self::VolumeShare(m) => {
                check("impact", m.impact, m.impact >= 0.0, "of at least 0")?;
                check("limit", m.limit, m.limit > 0.0 && m.limit <= 1.0, "in (0, 1]")
            }
        }
    }
}

impl SlippageModel for Slippage {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        match self {
            Self::None(model) => model.price(ctx, rng),
            Self::FixedTicks(model) => model.price(ctx, rng),
            Self::FixedBps(model) => model.price(ctx, rng),
            Self::VolumeShare(model) => model.price(ctx, rng),
            Self::Custom(model) => model.price(ctx, rng),
        }
    }
}
