//! A synthetic market as data.

use serde::{Deserialize, Serialize};

use super::{
    Ar1, Arithmetic, Brownian, Coin, Garch, Generator, Geometric, Heston, HiddenDrift, IntradayMarket, JumpDiffusion,
    OrnsteinUhlenbeck, RegimeSwitching, SynthRows, exact::Exact as _, generator::Process as _,
};
use crate::{MarketData, Result};

/// How prices and volumes of a synthetic market move.
///
/// ```
/// use tradepit::market::synth::{SynthRows, SynthSpec};
/// let spec: SynthSpec = serde_json::from_str(r#"{"kind": "heston", "volatility": 0.2, "correlation": -0.7}"#).unwrap();
/// let data = spec.market(&SynthRows { bars: 1_000, ..SynthRows::default() }, 42).unwrap();
/// assert!(data.bars().iter().all(|bar| bar.low <= bar.open.min(bar.close) && bar.close % 0.25 == 0.0));
/// let typo = serde_json::from_str::<SynthSpec>(r#"{"kind": "heston", "volatilty": 0.2}"#).unwrap_err().to_string();
/// assert!(typo.contains("unknown field `volatilty`"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SynthSpec {
    /// Geometric Brownian motion.
    Brownian(Brownian),
    /// A log price that goes back to its level.
    OrnsteinUhlenbeck(OrnsteinUhlenbeck),
    /// Brownian motion with jumps.
    JumpDiffusion(JumpDiffusion),
    /// A variance that moves.
    Heston(Heston),
    /// GARCH(1,1) with Student tails.
    Garch(Garch),
    /// A few states, each with a mean and a volatility.
    RegimeSwitching(RegimeSwitching),
    /// A market with days in it.
    Intraday(IntradayMarket),
    /// Changes that add up, and factors that foretell them.
    Arithmetic(Arithmetic),
    /// A price that goes back to where it began.
    Ar1(Ar1),
    /// Up or down by a state that nobody sees.
    HiddenDrift(HiddenDrift),
    /// Up or down by a share of the price.
    Coin(Coin),
    /// Log returns that are normal.
    Geometric(Geometric),
}

impl Default for SynthSpec {
    fn default() -> Self {
        Self::Intraday(IntradayMarket::default())
    }
}

impl SynthSpec {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Brownian(process) => process.validate(),
            Self::OrnsteinUhlenbeck(process) => process.validate(),
            Self::JumpDiffusion(process) => process.validate(),
            Self::Heston(process) => process.validate(),
            Self::Garch(process) => process.validate(),
            Self::RegimeSwitching(process) => process.validate(),
            Self::Intraday(process) => process.validate(),
            Self::Arithmetic(process) => process.validate(),
            Self::Ar1(process) => process.validate(),
            Self::HiddenDrift(process) => process.validate(),
            Self::Coin(process) => process.validate(),
            Self::Geometric(process) => process.validate(),
        }
    }

    /// Names of the columns that a path has beside its bars, in order.
    ///
    /// ```
    /// use tradepit::market::synth::{Ar1, SynthSpec};
    /// assert_eq!(SynthSpec::Ar1(Ar1::default()).columns(), ["level", "expected_change"]);
    /// assert!(SynthSpec::default().columns().is_empty());
    /// ```
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Brownian(_)
            | Self::OrnsteinUhlenbeck(_)
            | Self::JumpDiffusion(_)
            | Self::Heston(_)
            | Self::Garch(_)
            | Self::RegimeSwitching(_)
            | Self::Intraday(_) => Vec::new(),
            Self::Arithmetic(process) => process.columns(),
            Self::Ar1(process) => process.columns(),
            Self::HiddenDrift(process) => process.columns(),
            Self::Coin(process) => process.columns(),
            Self::Geometric(process) => process.columns(),
        }
    }

    /// A market: path 0 of `seed` on these rows.
    ///
    /// # Errors
    /// When the spec or the rows are out of range.
    pub fn market(&self, rows: &SynthRows, seed: u64) -> Result<MarketData> {
        self.market_like(&rows.build()?, seed, 0)
    }

    /// A market on the rows of another: its instrument, calendar, times and first price, path `path` of `seed`.
    ///
    /// ```
    /// use tradepit::market::synth::{self, SynthSpec};
    /// let real = synth::es_1m(500, 0).unwrap();
    /// let like = SynthSpec::default().market_like(&real, 0, 0).unwrap();
    /// assert_eq!(like.bars()[499].time, real.bars()[499].time);
    /// assert_ne!(like.bars()[499].close, real.bars()[499].close);
    /// ```
    ///
    /// # Errors
    /// When the spec is out of range, or the rows hold more than one instrument's bars.
    pub fn market_like(&self, rows: &MarketData, seed: u64, path: u64) -> Result<MarketData> {
        let generator = Generator::new(self, rows)?;
        let mut data = generator.prepare(rows.part(0..rows.len()).build()?);
        generator.redraw(seed, path, &mut data)?;
        Ok(data)
    }
}
