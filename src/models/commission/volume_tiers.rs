//! Fees that fall with what was traded lately.

use serde::{Deserialize, Serialize};

use super::{Commission, CommissionModel, FeeContext};
use crate::{Error, Result};

/// What a volume is counted in.
///
/// ```
/// use tradepit::models::VolumeMeasure;
/// assert_eq!(serde_json::from_str::<VolumeMeasure>(r#""value""#).unwrap(), VolumeMeasure::Value);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeMeasure {
    /// Units: contracts, shares.
    #[default]
    Quantity,
    /// Value in account currency.
    Value,
}

/// Over which time a volume is counted, in days of UTC.
///
/// ```
/// use tradepit::models::VolumePeriod;
/// assert_eq!(serde_json::from_str::<VolumePeriod>(r#""thirty_days""#).unwrap(), VolumePeriod::ThirtyDays);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumePeriod {
    /// The calendar month so far, as brokers count.
    #[default]
    Month,
    /// The day so far and the 29 before it, as crypto exchanges count.
    ThirtyDays,
}

/// Other fees from one volume of the month to the next.
///
/// ```
/// use tradepit::{Instrument, models::{Commission, CommissionModel as _, FeeContext}};
/// let tiered: Commission = serde_json::from_str(r#"{"kind": "volume_tiers", "tiers": [
///     {"from": 0,    "commission": {"kind": "per_contract", "fee": 0.85}},
///     {"from": 1000, "commission": {"kind": "per_contract", "fee": 0.65}}]}"#).unwrap();
/// let es = Instrument::es();
/// // 900 contracts were traded this month: 100 of these 300 are still in the first tier.
/// let ctx = FeeContext { month_qty: 900.0, ..FeeContext::new(&es, 300.0, 5000.0) };
/// assert!((tiered.fee(&ctx) - (100.0 * 0.85 + 200.0 * 0.65)).abs() < 1e-9);
/// ```
///
/// The volume is the account's own, of all instruments together, since it was opened; the simulated venue and the paper
/// broker count it. A fill across a bound is charged on both sides of it, as Interactive Brokers does;
/// with `whole` an order is charged by the tier that was reached before its first fill, as crypto exchanges do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeTiers {
    /// What the volume is counted in.
    #[serde(default)]
    pub measure: VolumeMeasure,
    /// Over which time the volume is counted.
    #[serde(default)]
    pub period: VolumePeriod,
    /// Whether an order is charged by one tier only.
    #[serde(default)]
    pub whole: bool,
    /// The tiers by rising volume, the first from 0.
    pub tiers: Vec<VolumeTier>,
}

/// The fee from a volume on.
///
/// ```
/// use tradepit::models::{Bps, Commission, VolumeMeasure, VolumePeriod, VolumeTier, VolumeTiers};
/// let tier = |from, bps| VolumeTier { from, commission: Commission::Bps(Bps::new(bps)) };
/// let tiers = vec![tier(0.0, 10.0), tier(1e6, 9.0)];
/// let tiers = VolumeTiers { measure: VolumeMeasure::Value, period: VolumePeriod::ThirtyDays, whole: true, tiers };
/// assert!(Commission::VolumeTiers(tiers).validate().is_ok());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeTier {
    /// Volume of the period, at least 0.
    pub from: f64,
    /// The fee from there on: `per_contract`, `per_share`, `bps` or `maker_taker` without a minimum or a fee per order.
    pub commission: Commission,
}

impl VolumeTiers {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        let mut last = None;
        for (i, tier) in self.tiers.iter().enumerate() {
            let at = format!("{path}.tiers[{i}]");
            let fits = match last {
                None => tier.from == 0.0,
                Some(last) => tier.from > last,
            };
            if !(fits && tier.from.is_finite()) {
                let message = format!("{} must be 0 in the first tier and rise from tier to tier", tier.from);
                return Err(Error::spec(format!("{at}.from"), message));
            }
            last = Some(tier.from);
            tier.commission.check(&format!("{at}.commission"))?;
            // A part of a fill must cost what it would cost beside any other: only then may a fill be cut at a bound.
            let linear = match &tier.commission {
                Commission::None(_) | Commission::MakerTaker(_) => true,
                Commission::PerContract(model) => model.per_order + model.minimum == 0.0,
                Commission::PerShare(model) => model.minimum == 0.0 && model.maximum_rate.is_none(),
                Commission::Bps(model) => model.minimum == 0.0,
                _ => false,
            };
            if !linear {
                let message = "must be per_contract, per_share, bps or maker_taker without a minimum, a maximum or a fee per \
                               order; put those beside the tiers, in a sum";
                return Err(Error::spec(format!("{at}.commission"), message));
            }
        }
        if self.tiers.is_empty() {
            return Err(Error::spec(format!("{path}.tiers"), "is empty; give at least the tier from 0"));
        }
        Ok(())
    }
}

impl CommissionModel for VolumeTiers {
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        let (order, size) = match self.measure {
            VolumeMeasure::Quantity => (ctx.filled_before, ctx.qty.abs()),
            VolumeMeasure::Value => (ctx.value_before, ctx.value()),
        };
        let month = match (self.measure, self.period) {
            (VolumeMeasure::Quantity, VolumePeriod::Month) => ctx.month_qty,
            (VolumeMeasure::Quantity, VolumePeriod::ThirtyDays) => ctx.thirty_days_qty,
            (VolumeMeasure::Value, VolumePeriod::Month) => ctx.month_value,
            (VolumeMeasure::Value, VolumePeriod::ThirtyDays) => ctx.thirty_days_value,
        };
        if self.whole {
            let reached = self.tiers.iter().rev().find(|tier| tier.from <= month - order);
            return reached.or(self.tiers.first()).map_or(0.0, |tier| tier.commission.fee(ctx));
        }
        let mut fee = 0.0;
        for (i, tier) in self.tiers.iter().enumerate() {
            let end = self.tiers.get(i + 1).map_or(f64::INFINITY, |next| next.from);
            let part = (month + size).min(end) - month.max(tier.from);
            if part > 0.0 {
                fee += tier.commission.fee(&FeeContext { qty: ctx.qty * (part / size), ..*ctx });
            }
        }
        fee
    }
}
