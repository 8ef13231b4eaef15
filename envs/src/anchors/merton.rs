//! How much of one's wealth to hold in a stock.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::{
        Settlement,
        synth::{Geometric, SynthRows, SynthSpec},
    },
    models::{DailyCarry, Financing},
    time::DAY_NS,
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::{nodes, peak},
    parts::{Known, Parts, need, positive, steps},
    scene::{last_move, spec},
};
use crate::{
    AccountNumber, ActionSpec, EnvSpec, LogReturn, LongShort, PortfolioWeights, Result, RewardSpec, WeightRule,
};

/// A stock in geometric Brownian motion and cash at interest; utility of terminal wealth with constant relative risk aversion
/// (Merton, 1969, "Lifetime portfolio selection under uncertainty").
///
/// ```
/// use tradepit_envs::anchors::Merton;
/// let problem = Merton { gamma: 2.0, ..Merton::default() };
/// assert!((problem.fraction() - 0.75).abs() < 1e-12 && (problem.certainty_equivalent() - 0.0425).abs() < 1e-12);
/// // Who can trade once a week only has a little less.
/// let (fraction, growth) = problem.discrete();
/// assert!((fraction - 0.75).abs() < 2e-4 && growth < 0.0425);
/// ```
///
/// In continuous time the best fraction is `(mu - r) / (gamma sigma^2)`, and the growth rate that a sure investment would need,
/// the certainty equivalent, is `r + (mu - r)^2 / (2 gamma sigma^2)`. Here fractions are set at each step, `steps_per_year`
/// times, and interest is simple within a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Merton {
    /// Drift of the stock, a year: its mean grows by `exp(mu)`.
    pub mu: f64,
    /// Interest on cash, a year; borrowed cash pays it.
    pub r: f64,
    /// Volatility, a square root of a year.
    pub sigma: f64,
    /// Relative risk aversion; 1 is the logarithm.
    pub gamma: f64,
    /// Steps of a year, at each of which the fraction is set anew.
    pub steps_per_year: u32,
}

impl Default for Merton {
    fn default() -> Self {
        Self { mu: 0.08, r: 0.02, sigma: 0.2, gamma: 1.0, steps_per_year: 52 }
    }
}

impl Merton {
    /// The best fraction in continuous time.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        (self.mu - self.r) / (self.gamma * self.sigma * self.sigma)
    }

    /// Certainty equivalent of the best fraction in continuous time, growth a year.
    #[must_use]
    pub fn certainty_equivalent(&self) -> f64 {
        self.r + 0.5 * (self.mu - self.r) * self.fraction()
    }

    /// Certainty equivalent of a fraction that is set at every step, growth a year.
    ///
    /// Steps are independent, so that of many is that of one. Where a step could lose all, it is minus infinity.
    #[must_use]
    pub fn growth(&self, fraction: f64) -> f64 {
        let dt = 1.0 / f64::from(self.steps_per_year);
        let (drift, sd) = ((self.mu - 0.5 * self.sigma * self.sigma) * dt, self.sigma * dt.sqrt());
        let cash = 1.0 + (1.0 - fraction) * self.r * dt;
        let mean = nodes(0.25).into_iter().map(|(z, weight)| {
            let wealth = (cash + fraction * ((drift + sd * z).exp() - 1.0)).max(0.0);
            weight * if self.gamma == 1.0 { wealth.ln() } else { wealth.powf(1.0 - self.gamma) }
        });
        let mean: f64 = mean.sum();
        (if self.gamma == 1.0 { mean } else { mean.ln() / (1.0 - self.gamma) }) / dt
    }

    /// The best fraction of those set at every step, and its certainty equivalent.
    #[must_use]
    pub fn discrete(&self) -> (f64, f64) {
        let near = self.fraction();
        peak(near - 0.5 * near.abs() - 0.1, near + 0.5 * near.abs() + 0.1, |fraction| self.growth(fraction))
    }
}

/// The largest fraction, either way; with a wider range nobody could tell one fraction from another by trying.
const LEVERAGE: f64 = 3.0;

impl Known for Merton {
    fn parts(&self) -> Result<Parts> {
        positive(&[("sigma", self.sigma), ("gamma", self.gamma)])?;
        need("mu", self.mu, self.mu.abs() <= 1.0, "in [-1, 1]")?;
        need("r", self.r, self.r.abs() <= 1.0, "in [-1, 1]")?;
        steps("steps_per_year", self.steps_per_year)?;
        let (best, value) = self.discrete();
        need(
            "gamma",
            self.gamma,
            best.abs() <= LEVERAGE,
            &format!("so that the best fraction, {best}, is in [-3, 3]"),
        )?;
        let (n, dt) = (self.steps_per_year, 1.0 / f64::from(self.steps_per_year));
        let process = Geometric { drift: self.mu * dt, volatility: self.sigma * dt.sqrt(), ..Geometric::default() };
        let spec = spec(
            SynthSpec::Geometric(process),
            vec![last_move(1.0 / (self.sigma * dt.sqrt()))],
            vec![AccountNumber::Position],
            ActionSpec::PortfolioWeights(PortfolioWeights {
                weights: WeightRule::LongShort(LongShort { leverage: LEVERAGE }),
            }),
            RewardSpec::LogReturn(LogReturn::default()),
            n,
        );
        // A bar is a day, whatever part of a year it stands for: interest is counted by days of 365.
        let interest = self.r * 365.0 * dt;
        let stock = Instrument { settlement: Settlement::Spot, ..Instrument::unit() };
        let rows = SynthRows { instrument: stock, period_ns: DAY_NS, ..SynthRows::exact(n as usize + 2) };
        Ok(Parts {
            spec: EnvSpec { financing: Financing::Daily(DailyCarry { interest, borrow: 0.0 }), ..spec },
            rows: rows.build()?,
            goals: vec![Goal::best(Objective::CertaintyEquivalent { gamma: self.gamma, years: 1.0 }, value)],
            optimal: Rule::number(move |_| best / LEVERAGE),
            // All of it in the stock.
            naive: Rule::number(|_| 1.0 / LEVERAGE),
            reference: Reference::Naive,
            episodes: 20_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        for (gamma, fraction, growth) in [(1.0, 1.5, 0.065), (2.0, 0.75, 0.0425), (4.0, 0.375, 0.03125)] {
            let problem = Merton { gamma, ..Merton::default() };
            assert!((problem.fraction() - fraction).abs() < 1e-12);
            assert!((problem.certainty_equivalent() - growth).abs() < 1e-12);
            let (best, value) = problem.discrete();
            assert!((best - fraction).abs() < 2e-3, "{best}");
            assert!((value - growth).abs() < 6e-5, "{value}");
            // A fraction off by d costs half of gamma sigma^2 d^2.
            let loss = value - problem.growth(best + 0.2);
            assert!((loss - 0.5 * gamma * 0.04 * 0.04).abs() < 0.02 * loss, "{loss}");
        }
    }

    #[test]
    fn who_can_trade_once_a_year_holds_another_fraction() {
        // With interest at exp(r): 0.75184 for gamma 2. Simple interest of 2% is less than that of exp(0.02).
        let once = Merton { gamma: 2.0, steps_per_year: 1, ..Merton::default() };
        let same = Merton { r: 0.02_f64.exp() - 1.0, ..once };
        assert!((same.discrete().0 - 0.75184).abs() < 5e-6, "{:?}", same.discrete());
    }
}
