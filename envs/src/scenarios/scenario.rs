//! One environment by name.

use tradepit::MarketData;

use super::{bench, execution, hedging, market_making, portfolio, spread};
use crate::{EnvSpec, Error, Result};

/// A named spec, with a market for those that need none of yours.
///
/// ```
/// use tradepit_envs::{Action, SimSetup, scenarios::Scenario};
/// let scenario = Scenario::named("market_making")?;
/// let mut spec = scenario.spec().clone();
/// spec.holding = 3.0; // as any other
/// let setup = SimSetup::new(spec, scenario.rows().unwrap().clone())?;
/// let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(7), &mut obs)?;
/// env.step(Action::Box(&[-0.5, 0.5]), &mut obs)?; // the bid nearer than the ask
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    name: &'static str,
    spec: EnvSpec,
    rows: Option<MarketData>,
}

impl Scenario {
    /// All names.
    pub const NAMES: [&'static str; 7] =
        ["single_asset", "portfolio", "spread", "market_making", "execution", "hedging", "bench"];

    /// The scenario of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        let Some(name) = Self::NAMES.into_iter().find(|known| *known == name) else {
            return Err(Error::spec("scenario", format!("{name:?} is none of {}", Self::NAMES.join(", "))));
        };
        let (spec, rows) = match name {
            "portfolio" => (portfolio::spec(), None),
            "spread" => (spread::spec(), None),
            "market_making" => (market_making::spec(), Some(market_making::rows()?)),
            "execution" => (execution::spec(), Some(execution::rows()?)),
            "hedging" => (hedging::spec(), Some(hedging::rows()?)),
            "bench" => (bench::spec(), Some(bench::rows()?)),
            _ => (EnvSpec::default(), None),
        };
        Ok(Self { name, spec, rows })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The environment as data.
    #[must_use]
    pub fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    /// Instrument, times and first price of the market that it draws, or its bars; none where it trades on data of yours.
    #[must_use]
    pub fn rows(&self) -> Option<&MarketData> {
        self.rows.as_ref()
    }
}
