//! Which prices an episode sees.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tradepit::{
    MarketData,
    features::{FeaturePipelineSpec, Refill, attach},
    market::synth::{Bootstrap, BootstrapSpec, Generator, SynthSpec},
};

use crate::{Error, Result};

/// Which prices an episode sees: those of the data, or a path of its own, drawn for it alone.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{EnvSpec, SimSetup};
/// let spec: EnvSpec = serde_json::from_str(r#"{"market": {"kind": "synthetic", "process": {"kind": "heston"}}}"#).unwrap();
/// let rows = synth::SynthRows { bars: 600, ..synth::SynthRows::default() }.build().unwrap();
/// let setup = SimSetup::new(spec, rows).unwrap();
/// let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// let mut price = |seed| {
///     env.reset(seed, &mut obs).unwrap();
///     env.venue().world().data.bars()[599].close
/// };
/// let (first, next) = (price(Some(7)), price(None));
/// assert_ne!(first, next); // another episode, another path
/// assert_eq!(price(Some(7)), first);
/// ```
///
/// Episode `e` of seed `s` trades on path `e` of seed `s` ([`Generator::redraw`]), whatever the number of environments and
/// threads; its features are computed by the same pipeline, from the first row of the path on. An environment of a batch keeps
/// its path and its features in memory of its own, `rows * (64 + 4 * (features + columns))` bytes, which it writes again for the next
/// episode: so keep `rows` to what an episode needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MarketSpec {
    /// Those of the data, the same for all.
    Data(DataMarket),
    /// A synthetic path.
    Synthetic(SyntheticMarket),
    /// The bars of the data in another order.
    Bootstrap(BootstrapMarket),
}

impl Default for MarketSpec {
    fn default() -> Self {
        Self::Data(DataMarket {})
    }
}

/// The prices of the data.
///
/// ```
/// use tradepit_envs::{DataMarket, EnvSpec, MarketSpec};
/// assert_eq!(EnvSpec::default().market, MarketSpec::Data(DataMarket {}));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataMarket {}

/// A synthetic path for every episode. The data give instrument, calendar, times and first price, and no more. What the
/// process publishes ([`SynthSpec::columns`]) is there as columns, for features of kind `column`.
///
/// ```
/// use tradepit_envs::SyntheticMarket;
/// let market: SyntheticMarket = serde_json::from_str(r#"{"process": {"kind": "garch", "alpha": 0.1}, "rows": 900}"#).unwrap();
/// assert_eq!(market.rows, Some(900));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticMarket {
    /// How prices and volumes move.
    pub process: SynthSpec,
    /// How many rows a path has: the first ones of the data; all of them without.
    pub rows: Option<usize>,
}

/// Blocks or sessions of the data in another order for every episode.
///
/// ```
/// use tradepit_envs::BootstrapMarket;
/// let market: BootstrapMarket = serde_json::from_str(r#"{"blocks": {"sessions": true, "flip": true}, "rows": 2000}"#).unwrap();
/// assert!(market.blocks.sessions);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapMarket {
    /// What is drawn: from all rows of the data.
    pub blocks: BootstrapSpec,
    /// How many rows a path has, with the times of the first ones of the data; all of them without.
    pub rows: Option<usize>,
}

impl MarketSpec {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Data(_) => {}
            Self::Synthetic(market) => market.process.validate()?,
            Self::Bootstrap(market) => market.blocks.validate()?,
        }
        match self.rows() {
            Some(0) => Err(Error::spec("market.rows", "0 must be at least 1")),
            Some(_) | None => Ok(()),
        }
    }

    fn rows(&self) -> Option<usize> {
        match self {
            Self::Data(_) => None,
            Self::Synthetic(market) => market.rows,
            Self::Bootstrap(market) => market.rows,
        }
    }
}

#[derive(Clone, Debug)]
enum Source {
    Synthetic(Generator),
    Bootstrap(Bootstrap),
}

/// What all environments share that draw paths.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    source: Source,
    /// Cold, to be copied once by every environment.
    refill: Refill,
    /// What the paths were made from, for another spec.
    pub(crate) origin: Arc<MarketData>,
}

impl Paths {
    /// The data of a setup: path 0 of seed 0 with its features, or `data` itself; and what draws other paths.
    ///
    /// # Errors
    /// When there are fewer rows than asked for, or the data can't be drawn anew.
    pub(crate) fn new(
        spec: &MarketSpec,
        data: MarketData,
        features: &FeaturePipelineSpec,
    ) -> Result<(MarketData, Option<Arc<Self>>)> {
        let rows = spec.rows().unwrap_or(data.len());
        if rows > data.len() {
            return Err(Error::spec(
                "market.rows",
                format!("{rows} must be at most {}, those of the data", data.len()),
            ));
        }
        let part = || data.part(0..rows).build();
        let source = match spec {
            MarketSpec::Data(_) => return Ok((attach(data, features)?, None)),
            MarketSpec::Synthetic(market) => Source::Synthetic(Generator::new(&market.process, &part()?)?),
            MarketSpec::Bootstrap(market) => Source::Bootstrap(Bootstrap::new(&market.blocks, &data, &part()?)?),
        };
        let mut first = source.prepare(part()?);
        source.redraw(0, 0, &mut first)?;
        let first = attach(first, features)?;
        let refill = Refill::new(features, &first)?;
        Ok((first, Some(Arc::new(Self { source, refill, origin: Arc::new(data) }))))
    }

    /// Writes the path of episode `episode` of `seed` and its features over `data`; `own` is empty before the first.
    pub(crate) fn redraw(
        &self,
        seed: u64,
        episode: u64,
        data: &mut MarketData,
        own: &mut Option<Refill>,
    ) -> tradepit::Result<()> {
        self.source.redraw(seed, episode, data)?;
        own.get_or_insert_with(|| self.refill.clone()).run(data)
    }
}

impl Source {
    /// With room for what is drawn beside bars.
    fn prepare(&self, data: MarketData) -> MarketData {
        match self {
            Self::Synthetic(generator) => generator.prepare(data),
            Self::Bootstrap(_) => data,
        }
    }

    fn redraw(&self, seed: u64, path: u64, data: &mut MarketData) -> tradepit::Result<()> {
        match self {
            Self::Synthetic(generator) => generator.redraw(seed, path, data),
            Self::Bootstrap(bootstrap) => bootstrap.redraw(seed, path, data),
        }
    }
}
