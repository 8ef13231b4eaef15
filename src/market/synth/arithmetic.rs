//! Prices whose changes add up, with factors that foretell them.

use serde::{Deserialize, Serialize};

use super::{
    check::{at_least_zero, finite, need},
    exact::{EXPECTED, Exact, MOST, Published},
    path::normal,
};
use crate::{Error, Result, Rng};

/// Something that foretells the next change, and fades: `f' = (1 - phi) f + sqrt(1 - (1 - phi)^2) sd e`, `e` standard normal.
///
/// ```
/// use tradepit::market::synth::Factor;
/// let slow: Factor = serde_json::from_str(r#"{"phi": 0.02, "sd": 0.05}"#).unwrap();
/// assert_eq!(slow, Factor { phi: 0.02, sd: 0.05 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Share of it that is gone a bar later, in (0, 1]; at 1 it is drawn anew for every bar.
    pub phi: f64,
    /// Its standard deviation in the long run, with which it also begins; points of price a bar, at least 0.
    pub sd: f64,
}

/// Changes that add up: `close' - close = drift + f_1 + .. + f_K + volatility e`, with factors that are known at the close
/// before, and `e` standard normal.
///
/// Without factors it is Brownian motion in points of price (Bachelier 1900, "Theorie de la speculation"), as problems of
/// execution and market making take it (Almgren and Chriss 2001; Avellaneda and Stoikov 2008). With them, returns are those of
/// Garleanu and Pedersen (2013), "Dynamic Trading with Predictable Returns and Transaction Costs", equations 1 and 2: their
/// mean reversion `Phi` is `phi`, and the `Omega` of their shocks is `(1 - (1 - phi)^2) sd^2`. Columns: `factor_1` and so on,
/// `expected_change`.
///
/// ```
/// use tradepit::{InstrumentId, market::synth::{Arithmetic, Factor, SynthRows, SynthSpec}};
/// // The next change is told, to the tick: it is the factor.
/// let told = Arithmetic { factors: vec![Factor { phi: 1.0, sd: 0.3 }], volatility: 0.0, ..Arithmetic::default() };
/// let data = SynthSpec::Arithmetic(told).market(&SynthRows::exact(100), 0).unwrap();
/// let known = data.view(50).column(data.column_index("factor_1").unwrap()).unwrap();
/// let change = data.bars()[50].close - data.bars()[49].close;
/// assert!((change - f64::from(known)).abs() < 1e-6);
/// ```
///
/// A price may fall below 0, as that of a future can; let it begin high enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arithmetic {
    /// Points a bar that are always expected.
    pub drift: f64,
    /// Standard deviation of the part of a change that nothing foretells, points a bar, at least 0.
    pub volatility: f64,
    /// What foretells changes, 0 to 8.
    pub factors: Vec<Factor>,
    /// Units traded a bar, at least 0.
    pub volume: f64,
}

impl Default for Arithmetic {
    fn default() -> Self {
        Self { drift: 0.0, volatility: 1.0, factors: Vec::new(), volume: 0.0 }
    }
}

impl Exact for Arithmetic {
    type State = [f64; MOST];

    fn validate_process(&self) -> Result<()> {
        finite("drift", self.drift)?;
        at_least_zero("volatility", self.volatility)?;
        if self.factors.len() > MOST {
            let count = self.factors.len();
            return Err(Error::spec("synthetic.factors", format!("{count} factors; there may be {MOST}")));
        }
        for (k, Factor { phi, sd }) in self.factors.iter().enumerate() {
            need(&format!("factors[{k}].phi"), *phi, *phi > 0.0 && *phi <= 1.0, "in (0, 1]")?;
            at_least_zero(&format!("factors[{k}].sd"), *sd)?;
        }
        Ok(())
    }

    fn volume(&self) -> f64 {
        self.volume
    }

    fn columns(&self) -> Vec<String> {
        let factors = (1..=self.factors.len()).map(|k| format!("factor_{k}"));
        factors.chain([EXPECTED.to_owned()]).collect()
    }

    fn begin(&self, first: f64, rng: &mut Rng) -> (Self::State, f64) {
        let mut factors = [0.0; MOST];
        for (value, factor) in factors.iter_mut().zip(&self.factors) {
            *value = factor.sd * normal(rng);
        }
        (factors, first)
    }

    fn next(&self, factors: &mut Self::State, price: f64, rng: &mut Rng) -> f64 {
        let noise = if self.volatility == 0.0 { 0.0 } else { self.volatility * normal(rng) };
        let change = self.drift + factors.iter().sum::<f64>() + noise;
        for (value, Factor { phi, sd }) in factors.iter_mut().zip(&self.factors) {
            let kept = 1.0 - phi;
            *value = kept * *value + (1.0 - kept * kept).sqrt() * sd * normal(rng);
        }
        price + change
    }

    fn publish(&self, factors: &Self::State, _: f64, out: &mut Published) {
        let count = self.factors.len();
        for (out, value) in out.iter_mut().zip(&factors[..count]) {
            *out = *value as f32;
        }
        out[count] = (self.drift + factors.iter().sum::<f64>()) as f32;
    }
}
