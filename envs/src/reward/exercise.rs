//! When to exercise an option.

use serde::{Deserialize, Serialize};

use super::{
    OptionRight, Reward, RewardMemory, RewardNeeds,
    contract::{above_0, bounded, check},
};
use crate::{Result, StepFacts};

/// `scale * multiplier * payoff x discount / initial_capital` once, in the step in which the position first leaves 0, and
/// nothing before or after; no unit.
///
/// Early exercise as a choice of position: to leave 0 is to exercise at the price of the decision, so the episode is an
/// option with as many dates as it has steps, a number of them (Longstaff and Schwartz, 2001, price the one of the
/// example). The first date is the first decision, the last one the last, `years` later; the discount is
/// `exp(-rate x years since the first)`. What the position itself gains is no part of it. Whether it is over can be
/// observed as `reward_memory`, with `price_since_start` and `time_left`, which it depends on.
///
/// ```
/// use tradepit_envs::{Exercise, Reward, RewardMemory, StepFacts};
/// let put = Exercise { strike: 40.0 / 36.0, rate: 0.06, years: 1.0, scale: 1.0, ..Exercise::default() };
/// let facts = StepFacts { step: 26.0, steps_left: 25.0, first_price: 36.0, price_before: 34.0, price: 50.0, position: 1.0,
///     multiplier: 1.0, initial_capital: 1.0, ..StepFacts::default() };
/// let mut memory = RewardMemory::default();
/// assert!((f64::from(put.reward(&facts, &mut memory)) - 6.0 * (-0.03_f64).exp()).abs() < 1e-6);
/// assert_eq!(put.reward(&facts, &mut memory), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exercise {
    /// Which right is exercised.
    pub right: OptionRight,
    /// Strike by the first price, above 0.
    pub strike: f64,
    /// Years from the first decision to the last.
    pub years: f64,
    /// Interest a year, continuously compounded.
    pub rate: f64,
    /// A factor; the initial capital, to have money.
    pub scale: f64,
}

impl Default for Exercise {
    fn default() -> Self {
        Self { right: OptionRight::Put, strike: 1.0, years: 1.0, rate: 0.0, scale: 1.0 }
    }
}

impl Reward for Exercise {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        if facts.position == 0.0 || memory.0[0] != 0.0 {
            return 0.0;
        }
        memory.0[0] = 1.0;
        let dates = (facts.step + facts.steps_left - 1.0).max(1.0);
        let years = self.years * (facts.step - 1.0) / dates;
        let payoff = self.right.payoff(facts.price_before, self.strike * facts.first_price);
        bounded(self.scale * facts.multiplier * payoff * (-self.rate * years).exp() / facts.initial_capital)
    }

    fn slots(&self) -> usize {
        1
    }

    fn observed(&self) -> Vec<String> {
        vec!["exercised".into()]
    }

    fn observe(&self, memory: &RewardMemory, out: &mut [f32]) {
        out[0] = memory.0[0] as f32;
    }

    fn needs(&self) -> RewardNeeds {
        RewardNeeds { steps: true, ..RewardNeeds::default() }
    }

    fn validate(&self) -> Result<()> {
        above_0("strike", self.strike)?;
        check("years", self.years, self.years > 0.0 && self.years <= 100.0, "in (0, 100]")?;
        check("rate", self.rate, self.rate.abs() < 1.0, "in (-1, 1)")?;
        above_0("scale", self.scale)
    }
}
