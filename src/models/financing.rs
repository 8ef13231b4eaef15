//! What it costs, or earns, to hold cash and positions.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Error, Instrument, Result};

/// When carry is paid.
///
/// ```
/// use tradepit::models::{CarrySchedule, Financing, FinancingModel};
/// let funding: Financing = serde_json::from_str(r#"{"kind": "funding", "rate": 0.0001}"#).unwrap();
/// assert_eq!(funding.schedule(), CarrySchedule::EveryHours(8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrySchedule {
    /// Never.
    Never,
    /// Where one session of the calendar gives way to the next, for the calendar days between their closes: a weekend
    /// counts three. Without sessions, at midnight UTC.
    Daily,
    /// At every whole multiple of so many hours, counted from midnight UTC.
    EveryHours(u32),
}

/// What carry may depend on: a position over a boundary.
///
/// ```
/// use tradepit::{Instrument, models::{CarryContext, FinancingModel, PerpetualFunding}};
/// let coin = Instrument::btcusdt();
/// let ctx = CarryContext { instrument: &coin, qty: 2.0, price: 50_000.0, days: 1.0 / 3.0, column: None };
/// assert_eq!(ctx.notional(), 100_000.0);
/// // The long side pays a positive rate.
/// assert!((PerpetualFunding { rate: 0.0001, hours: 8 }.position(&ctx) + 10.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CarryContext<'a> {
    /// What is held.
    pub instrument: &'a Instrument,
    /// Units held over the boundary, signed, not 0.
    pub qty: f64,
    /// The last price known at the boundary.
    pub price: f64,
    /// Days for which is paid.
    pub days: f64,
    /// The number of the column that the model [reads](FinancingModel::column), in the last row that had closed at the
    /// boundary.
    pub column: Option<f64>,
}

impl CarryContext<'_> {
    /// Notional in account currency, signed.
    #[must_use]
    pub fn notional(&self) -> f64 {
        self.qty * self.price * self.instrument.multiplier
    }
}

/// What is paid, or received, at each boundary of a schedule.
///
/// ```
/// use tradepit::models::{CarryContext, CarrySchedule, FinancingModel};
/// /// A custody fee of 0.5% of the notional a year.
/// #[derive(Debug)]
/// struct Custody;
/// impl FinancingModel for Custody {
///     fn schedule(&self) -> CarrySchedule { CarrySchedule::Daily }
///     fn position(&self, ctx: &CarryContext<'_>) -> f64 { -0.005 / 365.0 * ctx.days * ctx.notional().abs() }
/// }
/// assert_eq!(Custody.cash(1_000.0, 1.0), 0.0);
/// ```
pub trait FinancingModel: Send + Sync + Debug {
    /// When it is paid.
    fn schedule(&self) -> CarrySchedule;
    /// Added to cash for a position, in account currency; negative is paid.
    fn position(&self, ctx: &CarryContext<'_>) -> f64;
    /// Added to cash for the cash itself, over `days`; negative is paid.
    fn cash(&self, cash: f64, days: f64) -> f64 {
        let _ = (cash, days);
        0.0
    }
    /// The user's column of the data that it reads; a venue without it is refused.
    fn column(&self) -> Option<&str> {
        None
    }
}

/// Nothing.
///
/// ```
/// use tradepit::models::{CarrySchedule, FinancingModel, NoFinancing};
/// assert_eq!(NoFinancing {}.schedule(), CarrySchedule::Never);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFinancing {}

/// Interest on cash by the day, and a fee for what is sold short.
///
/// ```
/// use tradepit::{Instrument, models::{CarryContext, DailyCarry, FinancingModel}};
/// let carry = DailyCarry { interest: 0.0365, borrow: 0.036 };
/// assert!((carry.cash(10_000.0, 1.0) - 1.0).abs() < 1e-12);
/// let share = Instrument::equity("XYZ");
/// let short = CarryContext { instrument: &share, qty: -100.0, price: 100.0, days: 3.0, column: None };
/// assert!((carry.position(&short) + 3.0).abs() < 1e-12);
/// assert_eq!(carry.position(&CarryContext { qty: 100.0, ..short }), 0.0);
/// ```
///
/// Interest is `cash * interest / 365` a day; cash below 0 pays it. Borrow is `notional * borrow / 360` a day, the
/// money-market convention for lent shares; a future is not borrowed, and pays none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyCarry {
    /// Interest on cash, a year: 0.05 is 5%. May be negative.
    #[serde(default)]
    pub interest: f64,
    /// Fee on the notional of short spot positions, a year, at least 0.
    #[serde(default)]
    pub borrow: f64,
}

/// The exchange of money between the long and the short side of a perpetual contract.
///
/// ```
/// use tradepit::models::{Financing, PerpetualFunding};
/// assert!(Financing::Funding(PerpetualFunding { rate: 0.0001, hours: 0 }).validate().is_err());
/// ```
///
/// At 00:00, 08:00 and 16:00 UTC, unless `hours` says otherwise, who is long pays `notional * rate`, and who is short
/// receives it; the other way round when the rate is negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerpetualFunding {
    /// Share of the notional at each boundary: 0.0001 is a basis point.
    pub rate: f64,
    /// Hours between boundaries: 1, 2, 3, 4, 6, 8, 12 or 24.
    #[serde(default = "eight")]
    pub hours: u32,
}

/// Funding at the rates that were paid: a column of the data says how much.
///
/// ```
/// use tradepit::{Instrument, models::{CarryContext, Financing, FinancingModel}};
/// let json = r#"{"kind": "funding_column", "column": "funding_rate"}"#;
/// let funding: Financing = serde_json::from_str(json).unwrap();
/// let coin = Instrument::btcusdt();
/// let ctx = CarryContext { instrument: &coin, qty: -2.0, price: 50_000.0, days: 1.0 / 3.0, column: Some(0.0003) };
/// assert!((funding.position(&ctx) - 30.0).abs() < 1e-9); // who is short receives
/// ```
///
/// As [`PerpetualFunding`], with the rate of the last row that had closed at the boundary; the rate itself closes with it:
/// an exchange fixes the rate of a boundary no later than there. Without the column, or with a number in it that is not
/// finite, a market is refused. One column serves all instruments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingColumn {
    /// Name of the column: shares of the notional, 0.0001 is a basis point.
    pub column: String,
    /// Hours between boundaries: 1, 2, 3, 4, 6, 8, 12 or 24.
    #[serde(default = "eight")]
    pub hours: u32,
}

fn eight() -> u32 {
    8
}

impl FinancingModel for NoFinancing {
    fn schedule(&self) -> CarrySchedule {
        CarrySchedule::Never
    }

    fn position(&self, _: &CarryContext<'_>) -> f64 {
        0.0
    }
}

impl FinancingModel for DailyCarry {
    fn schedule(&self) -> CarrySchedule {
        CarrySchedule::Daily
    }

    fn position(&self, ctx: &CarryContext<'_>) -> f64 {
        let borrowed = if ctx.instrument.is_futures() { 0.0 } else { (-ctx.notional()).max(0.0) };
        -borrowed * self.borrow / 360.0 * ctx.days
    }

    fn cash(&self, cash: f64, days: f64) -> f64 {
        cash * self.interest / 365.0 * days
    }
}

impl FinancingModel for PerpetualFunding {
    fn schedule(&self) -> CarrySchedule {
        CarrySchedule::EveryHours(self.hours)
    }

    fn position(&self, ctx: &CarryContext<'_>) -> f64 {
        -ctx.notional() * self.rate
    }
}

impl FinancingModel for FundingColumn {
    fn schedule(&self) -> CarrySchedule {
        CarrySchedule::EveryHours(self.hours)
    }

    fn position(&self, ctx: &CarryContext<'_>) -> f64 {
        ctx.column.map_or(0.0, |rate| -ctx.notional() * rate)
    }

    fn column(&self) -> Option<&str> {
        Some(&self.column)
    }
}

/// The model in use.
///
/// ```
/// use tradepit::models::Financing;
/// let financing: Financing = serde_json::from_str(r#"{"kind": "daily", "interest": 0.04, "borrow": -1}"#).unwrap();
/// let refused = financing.validate().unwrap_err().to_string();
/// assert_eq!(refused, "financing.borrow: -1 must be a finite number, at least 0");
/// assert!(Financing::default().is_none());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Financing {
    /// Nothing (the default).
    None(NoFinancing),
    /// Interest on cash by the day, and a fee for what is sold short.
    Daily(DailyCarry),
    /// Funding of a perpetual contract.
    Funding(PerpetualFunding),
    /// Funding of a perpetual contract at the rates of a column.
    FundingColumn(FundingColumn),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn FinancingModel>),
}

impl Default for Financing {
    fn default() -> Self {
        Self::None(NoFinancing {})
    }
}

impl Financing {
    /// Whether nothing is ever paid.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None(_))
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field: &str, message: String| Err(Error::spec(format!("financing.{field}"), message));
        match self {
            Self::None(_) | Self::Custom(_) => Ok(()),
            Self::Daily(m) if !m.interest.is_finite() => {
                refuse("interest", format!("{} must be a finite number", m.interest))
            }
            Self::Daily(m) if !(m.borrow.is_finite() && m.borrow >= 0.0) => {
                refuse("borrow", format!("{} must be a finite number, at least 0", m.borrow))
            }
            Self::Funding(m) if !m.rate.is_finite() => refuse("rate", format!("{} must be a finite number", m.rate)),
            Self::Funding(PerpetualFunding { hours, .. }) | Self::FundingColumn(FundingColumn { hours, .. })
                if *hours == 0 || 24 % *hours != 0 =>
            {
                refuse("hours", format!("{hours} must be one of 1, 2, 3, 4, 6, 8, 12 and 24"))
            }
            Self::Daily(_) | Self::Funding(_) | Self::FundingColumn(_) => Ok(()),
        }
    }
}

impl FinancingModel for Financing {
    #[inline(always)]
    fn schedule(&self) -> CarrySchedule {
        match self {
            Self::None(model) => model.schedule(),
            Self::Daily(model) => model.schedule(),
            Self::Funding(model) => model.schedule(),
            Self::FundingColumn(model) => model.schedule(),
            Self::Custom(model) => model.schedule(),
        }
    }

    fn position(&self, ctx: &CarryContext<'_>) -> f64 {
        match self {
            Self::None(model) => model.position(ctx),
            Self::Daily(model) => model.position(ctx),
            Self::Funding(model) => model.position(ctx),
            Self::FundingColumn(model) => model.position(ctx),
            Self::Custom(model) => model.position(ctx),
        }
    }

    fn cash(&self, cash: f64, days: f64) -> f64 {
        match self {
            Self::None(model) => model.cash(cash, days),
            Self::Daily(model) => model.cash(cash, days),
            Self::Funding(model) => model.cash(cash, days),
            Self::FundingColumn(model) => model.cash(cash, days),
            Self::Custom(model) => model.cash(cash, days),
        }
    }

    fn column(&self) -> Option<&str> {
        match self {
            Self::None(model) => model.column(),
            Self::Daily(model) => model.column(),
            Self::Funding(model) => model.column(),
            Self::FundingColumn(model) => model.column(),
            Self::Custom(model) => model.column(),
        }
    }
}
