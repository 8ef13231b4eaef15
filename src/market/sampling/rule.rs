//! When a bar of trades is full.

use serde::{Deserialize, Serialize};

use super::Imbalance;
use crate::{Error, Result};

/// When a bar of trades is full. What is not time follows Lopez de Prado, Advances in Financial Machine Learning (2018),
/// chapter 2: information comes with trades, not with the clock.
///
/// ```
/// use tradepit::market::{BarRule, UnitBars};
/// let rule: BarRule = serde_json::from_str(r#"{"kind": "volume", "units": 1000.0}"#).unwrap();
/// assert_eq!(rule, BarRule::Volume(UnitBars { units: 1000.0 }));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BarRule {
    /// When its time is over.
    Time(TimeBars),
    /// After so many trades.
    Ticks(TickBars),
    /// After so many units.
    Volume(UnitBars),
    /// After so much money.
    Dollar(ValueBars),
    /// When buyers and sellers are further apart than expected.
    Imbalance(Imbalance),
}

/// Bars of equal time, that close at its multiples since 1970 UTC; a trade at such a moment is in the next bar, and a bar
/// without a trade does not come.
///
/// ```
/// use tradepit::{market::TimeBars, time::MINUTE_NS};
/// assert_eq!(TimeBars { period_ns: MINUTE_NS }.period_ns, 60_000_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeBars {
    /// Length in nanoseconds, above 0.
    pub period_ns: i64,
}

/// Bars of equally many trades.
///
/// ```
/// use tradepit::market::TickBars;
/// assert_eq!(TickBars { count: 500 }.count, 500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TickBars {
    /// Trades of a bar, at least 1.
    pub count: u64,
}

/// Bars of at least so many units: the trade that fills one is in it, whole.
///
/// ```
/// use tradepit::market::UnitBars;
/// assert_eq!(UnitBars { units: 1e4 }.units, 1e4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitBars {
    /// Units of a bar, above 0.
    pub units: f64,
}

/// Bars of at least so much money: price times size, without a contract's multiplier.
///
/// ```
/// use tradepit::market::ValueBars;
/// assert_eq!(ValueBars { value: 1e6 }.value, 1e6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueBars {
    /// Money of a bar, above 0.
    pub value: f64,
}

/// What of a trade counts for an imbalance.
///
/// ```
/// use tradepit::market::Measure;
/// assert_eq!(serde_json::to_string(&Measure::Value).unwrap(), "\"value\"");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Each trade is one.
    #[default]
    Ticks,
    /// Its units.
    Volume,
    /// Its money.
    Value,
}

impl BarRule {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let positive = |field: &str, value: f64| {
            let fine = value.is_finite() && value > 0.0;
            fine.then_some(()).ok_or_else(|| Error::spec(field, format!("{value} must be a finite number above 0")))
        };
        match self {
            Self::Time(TimeBars { period_ns }) => positive("rule.period_ns", *period_ns as f64),
            Self::Ticks(TickBars { count }) => positive("rule.count", *count as f64),
            Self::Volume(UnitBars { units }) => positive("rule.units", *units),
            Self::Dollar(ValueBars { value }) => positive("rule.value", *value),
            Self::Imbalance(rule) => rule.validate(),
        }
    }

    pub(super) fn imbalance(&self) -> Option<Imbalance> {
        match self {
            Self::Imbalance(rule) => Some(*rule),
            Self::Time(_) | Self::Ticks(_) | Self::Volume(_) | Self::Dollar(_) => None,
        }
    }
}
