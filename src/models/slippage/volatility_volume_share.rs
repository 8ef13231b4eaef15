//! The square-root rule of futures, with a coefficient for each root.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FillContext, SlippageModel, check::*, square_root::volatilities, worse};
use crate::{Result, Rng, models::root::root};

/// zipline's rule of futures: `price * (1 +- eta * sigma_year * sqrt(|qty| / adv) / 10,000)`.
///
/// ```
/// use tradepit::{Bar, Instrument, models::{FillContext, SlippageModel as _, VolatilityVolumeShare}, rng};
/// let model = VolatilityVolumeShare { sigma: Some(0.2 / 252_f64.sqrt()), adv: Some(20_000.0), ..Default::default() };
/// let (es, known) = (Instrument::es(), Bar::default());
/// let price = model.price(&FillContext::new(&es, 50.0, 5000.0, &known), &mut rng::stream(0, 0, rng::Purpose::Models));
/// assert!((price - 5000.0 - 0.000_236_522).abs() < 1e-9);
/// ```
///
/// `sigma_year` is `sigma * sqrt(252)`, `sigma` the standard deviation of a day's return, `adv` the units traded in a
/// day; what is given and what the venue knows go together as in [`SquareRoot`](super::SquareRoot). `etas` is by root (`ES` serves `ESZ4` too); the others take `eta`. The published coefficients give
/// costs of a ten-thousandth of a basis point: for an impact in the usual sense use
/// [`SquareRoot`](super::SquareRoot). Source: zipline (2017), `VolatilityVolumeShare` and the coefficients
/// beside it, five of which are the default here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolatilityVolumeShare {
    /// Coefficients by root, each at least 0.
    pub etas: BTreeMap<String, f64>,
    /// Coefficient of every other root, at least 0.
    pub eta: f64,
    /// Standard deviation of a day's return, above 0; the venue's when left out.
    pub sigma: Option<f64>,
    /// Units traded in a day, above 0; the venue's when left out.
    pub adv: Option<f64>,
    /// Complete days over which the venue's values are taken, in [1, 10000]; 20 when left out.
    pub days: Option<u32>,
    /// Basis points of the price while volatility or volume are not known, in [0, 10000].
    pub warmup_bps: f64,
}

const SQRT_252: f64 = 15.874_507_866_387_544;

impl Default for VolatilityVolumeShare {
    fn default() -> Self {
        let known = [
            ("CL", 0.048_525_446_284_141_96),
            ("ES", 0.047_304_418_321_993_5),
            ("GC", 0.048_933_313_546_125_21),
            ("NG", 0.047_897_809_233_755_716),
            ("NQ", 0.044_772_425_085_977_945),
        ];
        Self {
            etas: known.map(|(root, eta)| (root.to_owned(), eta)).into(),
            eta: 0.049_018_143_225_019_836,
            sigma: None,
            adv: None,
            days: None,
            warmup_bps: 7.5,
        }
    }
}

impl VolatilityVolumeShare {
    pub(super) fn validate(&self) -> Result<()> {
        for (root, &eta) in &self.etas {
            check(&format!("etas.{root}"), eta, eta >= 0.0, "of at least 0")?;
        }
        check("eta", self.eta, self.eta >= 0.0, "of at least 0")?;
        check_positive("sigma", self.sigma)?;
        check_positive("adv", self.adv)?;
        check_days(self.days)?;
        check_bps("warmup_bps", self.warmup_bps)
    }

    fn eta(&self, name: &str) -> f64 {
        *self.etas.get(name).or_else(|| self.etas.get(root(name))).unwrap_or(&self.eta)
    }
}

impl SlippageModel for VolatilityVolumeShare {
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        let moved = volatilities(ctx, self.sigma, self.adv, self.days);
        let bps = if moved.is_finite() { self.eta(&ctx.instrument.name) * SQRT_252 * moved } else { self.warmup_bps };
        worse(ctx, bps.min(10_000.0) * 1e-4 * ctx.reference)
    }
}
