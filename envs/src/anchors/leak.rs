//! Tomorrow's return is in the observation.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Arithmetic, Factor, SynthSpec},
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::pdf,
    parts::{Known, Parts, positive},
    scene::{CASH, column, rows, spec},
};
use crate::{AccountNumber, ActionSpec, Profit, Result, RewardSpec, TargetPosition};

/// The next price change, N(0, sd^2), is shown before the decision: be long before a rise, short before a fall.
///
/// ```
/// use tradepit_envs::anchors::Leak;
/// assert!((Leak::default().value() - 0.239365).abs() < 5e-7);
/// ```
///
/// Who does not reach it can't read its observation. A position in `[-1, 1]` earns `E|change| = sd * sqrt(2 / pi)` a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Leak {
    /// Standard deviation of the change.
    pub sd: f64,
}

impl Default for Leak {
    fn default() -> Self {
        Self { sd: 0.3 }
    }
}

impl Leak {
    /// The optimum, a step.
    #[must_use]
    pub fn value(&self) -> f64 {
        // E|Z| = 2 * the density at 0.
        2.0 * pdf(0.0) * self.sd
    }
}

impl Known for Leak {
    fn parts(&self) -> Result<Parts> {
        positive(&[("sd", self.sd)])?;
        let steps = 250;
        let process =
            Arithmetic { factors: vec![Factor { phi: 1.0, sd: self.sd }], volatility: 0.0, ..Arithmetic::default() };
        let one = Instrument::unit();
        Ok(Parts {
            spec: spec(
                SynthSpec::Arithmetic(process),
                vec![column("factor_1", 1.0 / self.sd)],
                vec![AccountNumber::Position],
                ActionSpec::TargetPosition(TargetPosition { max_lots: 1.0 / one.lot, ..TargetPosition::default() }),
                RewardSpec::Profit(Profit { scale: CASH }),
                steps,
            ),
            rows: rows(one, 1_000.0 * self.sd, 0, steps)?,
            goals: vec![Goal::best(Objective::MeanStep {}, self.value())],
            optimal: Rule::number(|obs| f64::from(obs[0].signum())),
            // Buys what will rise only.
            naive: Rule::number(|obs| if obs[0] > 0.0 { 1.0 } else { 0.0 }),
            reference: Reference::Nothing,
            episodes: 4_000,
        })
    }
}
