//! Drawn from a distribution given by its quantiles.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, worse};
use crate::{Error, Result, Rng};

/// What a slippage is counted in.
///
/// ```
/// use tradepit::models::SlippageUnit;
/// assert_eq!(serde_json::to_string(&SlippageUnit::Bps).unwrap(), r#""bps""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlippageUnit {
    /// Ticks of the instrument.
    Ticks,
    /// 1/10,000 of the price.
    Bps,
}

/// Drawn from the distribution whose evenly spaced quantiles are given.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{Empirical, FillContext, SlippageModel as _, SlippageUnit}, rng};
/// // Half of the fills cost nothing, the worst one two ticks: minimum, quartiles, maximum.
/// let model = Empirical { unit: SlippageUnit::Ticks, quantiles: vec![0.0, 0.0, 0.0, 1.0, 2.0] };
/// let (es, known, mut rng) = (Instrument::es(), Bar::default(), rng::stream(0, 0, rng::Purpose::Models));
/// let price = model.price(&FillContext::new(&es, 1.0, 5000.0, &known), &mut rng);
/// assert!((5000.0..=5000.5).contains(&price));
/// ```
///
/// `quantiles[i]` is the slippage that a share of `i / (n - 1)` of the fills stays below: the first one the smallest
/// ever, the last one the largest. Between them the inverse distribution is linear. One draw a fill. Sampling by
/// inversion: Devroye (1986), "Non-Uniform Random Variate Generation", chapter II.2; the quantiles are of type 7 of
/// Hyndman and Fan (1996), "Sample Quantiles in Statistical Packages": what `numpy.quantile(x, numpy.linspace(0, 1, n))`
/// gives. Fills better than the reference are not part of it: cut them at 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empirical {
    /// What the quantiles are counted in.
    pub unit: SlippageUnit,
    /// At least 2 numbers of at least 0, none below the one before it.
    pub quantiles: Vec<f64>,
}

impl Empirical {
    pub(super) fn validate(&self) -> Result<()> {
        if self.quantiles.len() < 2 {
            let message =
                format!("{} numbers are too few; give at least the smallest and the largest", self.quantiles.len());
            return Err(Error::spec("slippage.quantiles", message));
        }
        let mut least = 0.0;
        for (i, &value) in self.quantiles.iter().enumerate() {
            check(&format!("quantiles[{i}]"), value, value >= least, &format!("of at least {least}: sort them"))?;
            if self.unit == SlippageUnit::Bps {
                check_bps(&format!("quantiles[{i}]"), value)?;
            }
            least = value;
        }
        Ok(())
    }
}

impl SlippageModel for Empirical {
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        let at = rng.random::<f64>() * (self.quantiles.len() - 1) as f64;
        // A draw is below 1, so there is a quantile above it.
        let below = at as usize;
        let (low, high) = (self.quantiles[below], self.quantiles[below + 1]);
        let drawn = low + (high - low) * (at - below as f64);
        let unit = match self.unit {
            SlippageUnit::Ticks => ctx.instrument.tick,
            SlippageUnit::Bps => 1e-4 * ctx.reference,
        };
        worse(ctx, drawn * unit)
    }
}
