//! Nothing to be known.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Arithmetic, SynthSpec},
    models::{Commission, PerContract},
};

use super::{
    Goal, Objective, Reference, Rule,
    parts::{Known, Parts, positive},
    scene::{CASH, last_move, rows, spec},
};
use crate::{AccountNumber, ActionSpec, EnvSpec, Profit, Result, RewardSpec, TargetPosition};

/// Independent returns and a cost for each unit traded: never trade.
///
/// ```
/// use tradepit_envs::anchors::Null;
/// assert_eq!(Null::default().value(), 0.0);
/// ```
///
/// Whoever trades sees a pattern that is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Null {
    /// Standard deviation of a step's price change.
    pub sd: f64,
    /// Cost of a unit traded.
    pub cost: f64,
}

impl Default for Null {
    fn default() -> Self {
        Self { sd: 0.3, cost: 0.02 }
    }
}

impl Null {
    /// The optimum, a step.
    #[must_use]
    pub fn value(&self) -> f64 {
        0.0
    }
}

impl Known for Null {
    fn parts(&self) -> Result<Parts> {
        positive(&[("sd", self.sd), ("cost", self.cost)])?;
        let (steps, one, price) = (250, Instrument::unit(), 1_000.0 * self.sd);
        let process = Arithmetic { volatility: self.sd, ..Arithmetic::default() };
        let spec = spec(
            SynthSpec::Arithmetic(process),
            vec![last_move(price / self.sd)],
            vec![AccountNumber::Position],
            ActionSpec::TargetPosition(TargetPosition { max_lots: 1.0 / one.lot, ..TargetPosition::default() }),
            RewardSpec::Profit(Profit { scale: CASH }),
            steps,
        );
        Ok(Parts {
            spec: EnvSpec { commission: Commission::PerContract(PerContract::new(self.cost)), ..spec },
            rows: rows(one, price, 1, steps)?,
            goals: vec![Goal::best(Objective::MeanStep {}, self.value())],
            optimal: Rule::number(|_| 0.0),
            // Follows the last move.
            naive: Rule::number(|obs| f64::from(obs[0].signum())),
            reference: Reference::Naive,
            episodes: 4_000,
        })
    }
}
