//! With some probability, a tick.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, worse};
use crate::{Result, Rng};

/// With `probability`, `ticks` against the order; else the reference.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, ProbabilisticTick, SlippageModel as _}, rng};
/// let (es, known, mut rng) = (Instrument::es(), Bar::default(), rng::stream(0, 0, rng::Purpose::Models));
/// let model = ProbabilisticTick { probability: 0.25, ticks: 1.0 };
/// let n = 10_000;
/// let paid: f64 = (0..n).map(|_| model.price(&FillContext::new(&es, 1.0, 5000.0, &known), &mut rng) - 5000.0).sum();
/// // A quarter of a tick on average, within four standard errors.
/// assert!((paid / f64::from(n) / 0.25 - 0.25).abs() < 4.0 * (0.25_f64 * 0.75 / f64::from(n)).sqrt());
/// ```
///
/// One draw a fill, whatever the probability, so that changing it leaves later draws where they were. The rule of
/// NautilusTrader's `prob_slippage`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbabilisticTick {
    /// Probability that a fill is worse, in [0, 1].
    pub probability: f64,
    /// Ticks by which it then is, at least 0.
    #[serde(default = "one")]
    pub ticks: f64,
}

fn one() -> f64 {
    1.0
}

impl ProbabilisticTick {
    pub(super) fn validate(&self) -> Result<()> {
        check("probability", self.probability, (0.0..=1.0).contains(&self.probability), "in [0, 1]")?;
        check("ticks", self.ticks, self.ticks >= 0.0, "of at least 0")
    }
}

impl SlippageModel for ProbabilisticTick {
    #[inline]
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        let hit = f64::from(u8::from(rng.random::<f64>() < self.probability));
        worse(ctx, hit * self.ticks * ctx.instrument.tick)
    }
}
