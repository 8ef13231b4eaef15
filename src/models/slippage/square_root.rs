//! The square-root law.

use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, worse};
use crate::{Result, Rng};

/// The square-root law: `price * (1 +- y * sigma * sqrt(|qty| / adv))`.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, Liquidity, SlippageModel as _, SquareRoot}, rng};
/// let (share, known) = (Instrument::equity("XYZ"), Bar::default());
/// let liquidity = Liquidity { sigma: 0.02, adv: 1e6, ..Liquidity::default() };
/// let ctx = FillContext { liquidity, ..FillContext::new(&share, 10_000.0, 50.0, &known) };
/// // A hundredth of a day's volume costs a tenth of a day's volatility.
/// let price = SquareRoot::default().price(&ctx, &mut rng::stream(0, 0, rng::Purpose::Models));
/// assert!((price - 50.0 * (1.0 + 0.02 * 0.1)).abs() < 1e-12);
/// ```
///
/// `sigma` is the standard deviation of a day's return (0.01 is one percent a day), `adv` the units traded in a day,
/// `y` a number near 1. What is given here holds for good. What is left out is the venue's, over the last `days` complete
/// days before the fill; while that is not known (the first day), the cost is `warmup_bps`. With `days` given as well,
/// the numbers here hold until the venue's are known, and no longer.
/// Source: Torre and Ferrari (1997), "Market Impact Model Handbook" (BARRA); Tóth et al. (2011), "Anomalous price
/// impact and the critical nature of liquidity in financial markets", equation 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SquareRoot {
    /// The coefficient, at least 0.
    pub y: f64,
    /// Standard deviation of a day's return, above 0; the venue's when left out.
    pub sigma: Option<f64>,
    /// Units traded in a day, above 0; the venue's when left out.
    pub adv: Option<f64>,
    /// Complete days over which the venue's values are taken, in [1, 10000]; 20 when left out.
    pub days: Option<u32>,
    /// Basis points of the price while volatility or volume are not known, in [0, 10000].
    pub warmup_bps: f64,
    /// The largest cost, as a share of the price, in (0, 1].
    pub limit: f64,
}

impl Default for SquareRoot {
    fn default() -> Self {
        Self { y: 1.0, sigma: None, adv: None, days: None, warmup_bps: 7.5, limit: 1.0 }
    }
}

impl SquareRoot {
    pub(super) fn validate(&self) -> Result<()> {
        check("y", self.y, self.y >= 0.0, "of at least 0")?;
        check_positive("sigma", self.sigma)?;
        check_positive("adv", self.adv)?;
        check_days(self.days)?;
        check_bps("warmup_bps", self.warmup_bps)?;
        check("limit", self.limit, self.limit > 0.0 && self.limit <= 1.0, "in (0, 1]")
    }
}

/// `sigma * sqrt(|qty| / adv)` with what is given or known; not finite when neither is.
#[inline]
pub(super) fn volatilities(ctx: &FillContext<'_>, sigma: Option<f64>, adv: Option<f64>, days: Option<u32>) -> f64 {
    // A number that is given beside `days` stands in for one that is not known yet.
    let value = |given: Option<f64>, known: f64| match given {
        Some(given) if days.is_none() || known.is_nan() => given,
        Some(_) | None => known,
    };
    value(sigma, ctx.liquidity.sigma) * (ctx.qty.abs() / value(adv, ctx.liquidity.adv)).sqrt()
}

impl SlippageModel for SquareRoot {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        let moved = volatilities(ctx, self.sigma, self.adv, self.days);
        let share = if moved.is_finite() { (self.y * moved).min(self.limit) } else { self.warmup_bps * 1e-4 };
        worse(ctx, share * ctx.reference)
    }
}
