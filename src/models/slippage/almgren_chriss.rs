//! Linear impact, temporary and permanent.

use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*};
use crate::{Error, Result, Rng};

/// Linear impact: `price + gamma * net +- epsilon + eta * qty / period`, `net` being what was bought less sold before.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{AlmgrenChriss, FillContext, Liquidity, SlippageModel as _}, rng};
/// // A million shares in five equal sales: the example of the paper.
/// let model = AlmgrenChriss { epsilon: 0.0625, eta: 2.5e-6, gamma: 2.5e-7, period: 1.0 };
/// let (share, known, mut rng) = (Instrument::equity("XYZ"), Bar::default(), rng::stream(0, 0, rng::Purpose::Models));
/// let shortfall: f64 = (0..5).map(|sold| {
///     let liquidity = Liquidity { net_traded: -200_000.0 * f64::from(sold), ..Liquidity::default() };
///     let ctx = FillContext { liquidity, ..FillContext::new(&share, -200_000.0, 50.0, &known) };
///     200_000.0 * (50.0 - model.price(&ctx, &mut rng))
/// }).sum();
/// assert!((shortfall - 662_500.0).abs() < 1e-6);
/// ```
///
/// `epsilon` (half of the spread and fees) is in units of price, `gamma` in price per unit, `eta` in price per unit and
/// time, `period` in that time: how long one fill takes. The temporary part is paid by the fill alone. The permanent
/// part stays: every later fill of the account finds the price moved by `gamma` times all that it bought less sold
/// before, so the price of a sale after a purchase may lie above the reference. Models hold no state: the venue gives
/// that sum as [`Liquidity::net_traded`](crate::models::Liquidity::net_traded), which for an account that was opened
/// flat is its position before the fill; what it held from the beginning does not count. Values of positions stay at the data's prices. A round trip never gains,
/// because `eta / period >= gamma / 2` is required. Prices end at 0. Source: Almgren and Chriss (2001), "Optimal
/// execution of portfolio transactions", equations 1 to 3, 6 and 7.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlmgrenChriss {
    /// Fixed cost a unit, in units of price, at least 0.
    #[serde(default)]
    pub epsilon: f64,
    /// Temporary impact: price per (unit / time), at least 0.
    pub eta: f64,
    /// Permanent impact: price per unit, in [0, 2 * eta / period].
    #[serde(default)]
    pub gamma: f64,
    /// Time that a fill takes, above 0, in the time of `eta`.
    #[serde(default = "one")]
    pub period: f64,
}

fn one() -> f64 {
    1.0
}

impl AlmgrenChriss {
    pub(super) fn validate(&self) -> Result<()> {
        check("epsilon", self.epsilon, self.epsilon >= 0.0, "of at least 0")?;
        check("eta", self.eta, self.eta >= 0.0, "of at least 0")?;
        check("period", self.period, self.period > 0.0, "above 0")?;
        check("gamma", self.gamma, self.gamma >= 0.0, "of at least 0")?;
        let most = 2.0 * self.eta / self.period;
        if self.gamma > most {
            let message = format!("{} must be at most 2 * eta / period = {most}, else a round trip gains", self.gamma);
            return Err(Error::spec("slippage.gamma", message));
        }
        Ok(())
    }
}

impl SlippageModel for AlmgrenChriss {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        let moved = self.gamma * ctx.liquidity.net_traded;
        let temporary = self.epsilon.copysign(ctx.qty) + self.eta * ctx.qty / self.period;
        (ctx.reference + moved + temporary).max(0.0)
    }
}
