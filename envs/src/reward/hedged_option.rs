//! A short option, hedged.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, Normal};

use super::{
    Reward, RewardMemory, RewardNeeds,
    contract::{above_0, bounded, check},
};
use crate::{Result, StepFacts};

/// Which right an option gives.
///
/// ```
/// use tradepit_envs::OptionRight;
/// assert_eq!((OptionRight::Call.payoff(110.0, 100.0), OptionRight::Put.payoff(110.0, 100.0)), (10.0, 0.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionRight {
    /// To buy at the strike.
    Call,
    /// To sell at it.
    Put,
}

impl OptionRight {
    /// What exercise at `price` pays.
    #[must_use]
    pub fn payoff(self, price: f64, strike: f64) -> f64 {
        match self {
            Self::Call => (price - strike).max(0.0),
            Self::Put => (strike - price).max(0.0),
        }
    }
}

/// `scale * (equity change - units x multiplier x change of the option's value) / initial_capital`, no unit: the step's
/// profit of an account that is short `units` European options on the first instrument.
///
/// The option expires with the episode, which must be a number of steps; its strike is a share of the price that the
/// episode began with. It is marked at the value of Black and Scholes (1973), with that of Merton (1973) for the rate, no
/// dividends, and at its payoff when it expires. Over a whole episode the rewards add up to
/// `scale * (premium - payoff + profit of the hedge) / initial_capital`. What they depend on beside the position is
/// `price_since_start` and `time_left`: name both in [`EnvSpec::account`](crate::EnvSpec::account).
///
/// ```
/// use tradepit_envs::HedgedOption;
/// let option = HedgedOption { volatility: 0.2, years: 30.0 / 365.0, ..HedgedOption::default() };
/// assert!((option.value(100.0, 100.0, 30.0 / 365.0) - 2.28715).abs() < 1e-5);
/// assert_eq!(option.value(100.0, 103.0, 0.0), 3.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HedgedOption {
    /// Which right it gives.
    pub right: OptionRight,
    /// Strike by the first price, above 0.
    pub strike: f64,
    /// Years from the beginning of the episode to its end.
    pub years: f64,
    /// Deviation of the price's logarithm a year.
    pub volatility: f64,
    /// Interest a year, continuously compounded.
    pub rate: f64,
    /// Options that were sold, each on one unit; negative for bought ones.
    pub units: f64,
    /// A factor; the initial capital, to have money.
    pub scale: f64,
    /// Half of it, times the square of the reward, is taken off: then it pays to hedge, and sums say less.
    pub risk_aversion: f64,
}

impl Default for HedgedOption {
    fn default() -> Self {
        Self {
            right: OptionRight::Call,
            strike: 1.0,
            years: 30.0 / 365.0,
            volatility: 0.2,
            rate: 0.0,
            units: 1.0,
            scale: 1.0,
            risk_aversion: 0.0,
        }
    }
}

impl HedgedOption {
    /// Value of the option on one unit, in the price's unit: `first` is the price that the episode began with, `years`
    /// what is left.
    #[must_use]
    pub fn value(&self, first: f64, price: f64, years: f64) -> f64 {
        let strike = self.strike * first;
        if years <= 0.0 {
            return self.right.payoff(price, strike);
        }
        let discounted = strike * (-self.rate * years).exp();
        // Where a price or a strike is not above 0 the logarithm has no meaning: exercise is certain, or never.
        if price <= 0.0 || strike <= 0.0 {
            return self.right.payoff(price, discounted);
        }
        let deviation = (self.volatility * years.sqrt()).max(1e-12);
        let up = (price / discounted).ln() / deviation + 0.5 * deviation;
        let normal = Normal::standard();
        let sign = if self.right == OptionRight::Call { 1.0 } else { -1.0 };
        sign * (price * normal.cdf(sign * up) - discounted * normal.cdf(sign * (up - deviation)))
    }
}

/// Share of the episode's steps that are left before and after this one.
pub(super) fn left(facts: &StepFacts) -> [f64; 2] {
    let all = (facts.step + facts.steps_left).max(1.0);
    [(facts.steps_left + 1.0) / all, facts.steps_left / all]
}

impl Reward for HedgedOption {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let [before, after] = left(facts);
        let first = facts.first_price;
        let was =
            if facts.step > 1.0 { memory.0[0] } else { self.value(first, facts.price_before, before * self.years) };
        let value = self.value(first, facts.price, after * self.years);
        memory.0[0] = value;
        let owed = self.units * facts.multiplier * (value - was);
        let reward = self.scale * (facts.equity_change() - owed) / facts.initial_capital;
        bounded(reward - 0.5 * self.risk_aversion * reward * reward)
    }

    fn slots(&self) -> usize {
        1
    }

    fn needs(&self) -> RewardNeeds {
        RewardNeeds { steps: true, ..RewardNeeds::default() }
    }

    fn validate(&self) -> Result<()> {
        above_0("strike", self.strike)?;
        check("years", self.years, self.years > 0.0 && self.years <= 100.0, "in (0, 100]")?;
        above_0("volatility", self.volatility)?;
        check("rate", self.rate, self.rate.abs() < 1.0, "in (-1, 1)")?;
        check("units", self.units, true, "of options")?;
        above_0("scale", self.scale)?;
        check("risk_aversion", self.risk_aversion, self.risk_aversion >= 0.0, "of at least 0")
    }
}
