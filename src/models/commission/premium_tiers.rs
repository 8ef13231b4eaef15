//! A fee for each option contract that depends on its premium.

use serde::{Deserialize, Serialize};

use super::{
    CommissionModel, FeeContext,
    check::{check, check_fees},
};
use crate::{Error, Result};

/// A fee for each contract by the price paid for it, with a minimum for each order.
///
/// ```
/// use tradepit::{Instrument, models::{CommissionModel as _, FeeContext, PremiumTiers}};
/// let option = Instrument { multiplier: 100.0, ..Instrument::equity("XYZ 100C") };
/// let model = PremiumTiers::default();
/// let fee = |contracts, premium| model.fee(&FeeContext::new(&option, contracts, premium));
/// assert_eq!((fee(1000.0, 0.01), fee(1000.0, 0.07), fee(1000.0, 3.0)), (250.0, 500.0, 650.0));
/// assert_eq!(fee(1.0, 3.0), 1.0);
/// ```
///
/// The premium is the average price of what the order has filled. The default is Interactive Brokers' schedule of
/// United States options up to 10,000 contracts a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PremiumTiers {
    /// Premiums below a bound and their fees, by rising bound.
    pub tiers: Vec<PremiumTier>,
    /// Money per contract from the last bound on, at least 0.
    pub fee: f64,
    /// The least that an order pays, at least 0.
    pub minimum: f64,
}

/// Premiums below a bound.
///
/// ```
/// use tradepit::models::{PremiumTier, PremiumTiers};
/// let cheap = PremiumTier { below: 0.10, fee: 0.50 };
/// let tiers = PremiumTiers { tiers: vec![cheap], fee: 0.65, minimum: 1.0 };
/// assert_eq!(tiers.tiers[0].fee, 0.50);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PremiumTier {
    /// The bound, above 0.
    pub below: f64,
    /// Money per contract, at least 0.
    pub fee: f64,
}

impl Default for PremiumTiers {
    fn default() -> Self {
        let tiers = vec![PremiumTier { below: 0.05, fee: 0.25 }, PremiumTier { below: 0.10, fee: 0.50 }];
        Self { tiers, fee: 0.65, minimum: 1.0 }
    }
}

impl PremiumTiers {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_fees(path, &[("fee", self.fee), ("minimum", self.minimum)])?;
        let mut last = 0.0;
        for (i, tier) in self.tiers.iter().enumerate() {
            let at = format!("{path}.tiers[{i}]");
            check(&at, "below", tier.below, tier.below > last, &format!("above {last}: bounds rise"))?;
            check_fees(&at, &[("fee", tier.fee)])?;
            last = tier.below;
        }
        if self.tiers.is_empty() {
            return Err(Error::spec(format!("{path}.tiers"), "is empty; use per_contract for one fee"));
        }
        Ok(())
    }

    fn rate(&self, premium: f64) -> f64 {
        self.tiers.iter().find(|tier| premium < tier.below).map_or(self.fee, |tier| tier.fee)
    }
}

impl CommissionModel for PremiumTiers {
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        let total = |qty: f64, value: f64| {
            let premium = value / (qty * ctx.instrument.multiplier);
            (self.rate(premium) * qty).max(self.minimum)
        };
        // An average that falls below a bound takes no money back.
        ctx.added(total).max(0.0)
    }
}
