//! How much to bet on a coin that is in one's favour.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Coin, SynthSpec},
};

use super::{
    Goal, Objective, Reference, Rule,
    parts::{Known, Parts, need},
    scene::{last_move, rows, spec},
};
use crate::{AccountNumber, ActionSpec, LogReturn, LongShort, PortfolioWeights, Result, RewardSpec, WeightRule};

/// An even-money bet that wins with probability `p`, again and again; the growth of wealth counts (Kelly, 1956, "A new
/// interpretation of information rate").
///
/// ```
/// use tradepit_envs::anchors::Kelly;
/// let coin = Kelly::default();
/// let growth = |stakes: f64| coin.growth(stakes * coin.fraction());
/// assert!((coin.fraction() - 0.2).abs() < 1e-12 && (growth(1.0) - 0.0201355).abs() < 5e-8);
/// assert!((growth(0.5) - 0.0150419).abs() < 5e-8 && (growth(2.0) + 0.0024469).abs() < 5e-8);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kelly {
    /// Probability of winning the stake, above 0.5; else it is lost.
    pub p: f64,
}

impl Default for Kelly {
    fn default() -> Self {
        Self { p: 0.6 }
    }
}

impl Kelly {
    /// The best stake as a fraction of wealth, `2 p - 1`.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        2.0 * self.p - 1.0
    }

    /// Mean growth of the logarithm of wealth a bet, `p ln(1 + f) + (1 - p) ln(1 - f)`.
    #[must_use]
    pub fn growth(&self, fraction: f64) -> f64 {
        self.p * fraction.ln_1p() + (1.0 - self.p) * (-fraction).ln_1p()
    }
}

/// By which share of itself the price moves: a stake of `f` is a position of `f / MOVE` times the wealth.
const MOVE: f64 = 0.05;

impl Known for Kelly {
    fn parts(&self) -> Result<Parts> {
        need("p", self.p, self.p > 0.5 && self.p < 1.0, "in (0.5, 1)")?;
        let (steps, best) = (250, self.fraction());
        Ok(Parts {
            spec: spec(
                SynthSpec::Coin(Coin { heads: self.p, change: MOVE, ..Coin::default() }),
                vec![last_move(1.0 / MOVE)],
                vec![AccountNumber::Position],
                // All stakes from everything against the coin to everything on it.
                ActionSpec::PortfolioWeights(PortfolioWeights {
                    weights: WeightRule::LongShort(LongShort { leverage: 1.0 / MOVE }),
                }),
                RewardSpec::LogReturn(LogReturn::default()),
                steps,
            ),
            rows: rows(Instrument::unit(), 100.0, 1, steps)?,
            goals: vec![Goal::best(Objective::MeanStep {}, self.growth(best))],
            optimal: Rule::number(move |_| best),
            // Twice as much.
            naive: Rule::number(move |_| (2.0 * best).min(0.99)),
            reference: Reference::Naive,
            episodes: 4_000,
        })
    }
}
