//! Selling a block of shares while the price falls by the selling and moves by itself.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Arithmetic, SynthSpec},
    models::{AlmgrenChriss, Slippage},
};

use super::{
    Goal, Objective, Reference, Rule,
    parts::{Known, Parts, need, positive, steps},
    scene::{last_move, rows, spec},
};
use crate::{AccountNumber, ActionSpec, EnvSpec, ExecutionRate, Profit, Result, RewardSpec};

/// Sell `shares` in `steps` steps; the objective is the mean shortfall plus `lambda` times its variance (Almgren and Chriss, 2001,
/// "Optimal execution of portfolio transactions").
///
/// ```
/// use tradepit_envs::anchors::AlmgrenChrissSale;
/// let sale = AlmgrenChrissSale::default();
/// let (best, even) = (sale.cost(&sale.optimum()), sale.cost(&sale.even()));
/// assert_eq!((best.mean.round(), best.variance.sqrt().round()), (911_227.0, 603_431.0));
/// assert_eq!((best.utility.round(), even.utility.round()), (1_275_356.0, 1_745_500.0));
/// ```
///
/// A sale of `n` shares in a step of length `tau = time / steps` fetches `epsilon + eta n / tau` a share less than the price, and
/// moves the price for all later ones by `gamma n`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlmgrenChrissSale {
    /// Shares to sell.
    pub shares: f64,
    /// Price at the beginning.
    pub price: f64,
    /// Days until all must be sold.
    pub time: f64,
    /// Sales at most.
    pub steps: u32,
    /// Standard deviation of the price, a square root of a day, in its units.
    pub sigma: f64,
    /// Half of the spread and fees, a share.
    pub epsilon: f64,
    /// Permanent impact a share.
    pub gamma: f64,
    /// Temporary impact for a share a day.
    pub eta: f64,
    /// Aversion to variance, above 0.
    pub lambda: f64,
}

impl Default for AlmgrenChrissSale {
    fn default() -> Self {
        Self {
            shares: 1e6,
            price: 50.0,
            time: 5.0,
            steps: 5,
            sigma: 0.95,
            epsilon: 0.0625,
            gamma: 2.5e-7,
            eta: 2.5e-6,
            lambda: 1e-6,
        }
    }
}

/// What a schedule costs.
///
/// ```
/// use tradepit_envs::anchors::{AlmgrenChrissSale, ScheduleCost};
/// let sale = AlmgrenChrissSale { lambda: 0.0, ..AlmgrenChrissSale::default() };
/// let ScheduleCost { mean, variance, utility } = sale.cost(&sale.even());
/// assert_eq!((mean.round(), variance.sqrt().round(), utility), (662_500.0, 1_040_673.0, mean));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleCost {
    /// Mean shortfall.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
    /// `mean + lambda variance`.
    pub utility: f64,
}

impl AlmgrenChrissSale {
    /// Length of a step in days.
    #[must_use]
    pub fn tau(&self) -> f64 {
        self.time / f64::from(self.steps)
    }

    /// How fast the optimum sells, a day: `cosh(kappa tau) = 1 + tau^2 lambda sigma^2 / (2 (eta - gamma tau / 2))`.
    #[must_use]
    pub fn kappa(&self) -> f64 {
        let tau = self.tau();
        let rate = self.lambda * self.sigma * self.sigma / (self.eta - 0.5 * self.gamma * tau);
        (1.0 + 0.5 * tau * tau * rate).acosh() / tau
    }

    /// What is held after each step of the optimum: `X sinh(kappa (T - t)) / sinh(kappa T)`.
    #[must_use]
    pub fn optimum(&self) -> Vec<f64> {
        let kappa = self.kappa();
        if kappa == 0.0 {
            return self.even();
        }
        let left = |step: u32| (kappa * (self.time - self.tau() * f64::from(step))).sinh();
        (1..=self.steps).map(|step| self.shares * left(step) / left(0)).collect()
    }

    /// What is held after each step of equal sales.
    #[must_use]
    pub fn even(&self) -> Vec<f64> {
        let steps = f64::from(self.steps);
        (1..=self.steps).map(|step| self.shares * (1.0 - f64::from(step) / steps)).collect()
    }

    /// What a schedule costs, of the shares held after each step.
    ///
    /// Mean `gamma X^2 / 2 + epsilon X + (eta - gamma tau / 2) / tau * sum n^2`, variance `sigma^2 tau sum x^2`.
    #[must_use]
    pub fn cost(&self, held: &[f64]) -> ScheduleCost {
        let tau = self.tau();
        let before = std::iter::once(&self.shares).chain(held);
        let sold: f64 = before.zip(held).map(|(before, after)| (before - after).powi(2)).sum();
        let kept: f64 = held.iter().map(|x| x * x).sum();
        let fixed = 0.5 * self.gamma * self.shares * self.shares + self.epsilon * self.shares;
        let mean = fixed + (self.eta - 0.5 * self.gamma * tau) / tau * sold;
        let variance = self.sigma * self.sigma * tau * kept;
        ScheduleCost { mean, variance, utility: mean + self.lambda * variance }
    }
}

impl Known for AlmgrenChrissSale {
    fn parts(&self) -> Result<Parts> {
        positive(&[
            ("price", self.price),
            ("time", self.time),
            ("sigma", self.sigma),
            ("eta", self.eta),
            ("lambda", self.lambda),
        ])?;
        let whole = self.shares >= 1.0 && self.shares <= 1e12 && self.shares.fract() == 0.0;
        need("shares", self.shares, whole, "a whole number in 1..=1e12")?;
        need("epsilon", self.epsilon, self.epsilon >= 0.0, "at least 0")?;
        need(
            "gamma",
            self.gamma,
            self.gamma >= 0.0 && self.gamma * self.tau() < 2.0 * self.eta,
            "in [0, 2 eta / tau)",
        )?;
        steps("steps", self.steps)?;
        let (n, sd) = (self.steps, self.sigma * self.tau().sqrt());
        let share = Instrument { lot: 1.0, ..Instrument::unit() };
        // More than all shares are worth: no result ends an episode.
        let cash = 2.0 * self.shares * self.price;
        let spec = spec(
            SynthSpec::Arithmetic(Arithmetic { volatility: sd, ..Arithmetic::default() }),
            vec![last_move(self.price / sd)],
            vec![AccountNumber::Position, AccountNumber::TimeLeft],
            ActionSpec::ExecutionRate(ExecutionRate { lots: -self.shares }),
            RewardSpec::Profit(Profit { scale: cash }),
            n,
        );
        let impact = AlmgrenChriss { epsilon: self.epsilon, eta: self.eta, gamma: self.gamma, period: self.tau() };
        let (held, even) = (self.optimum(), self.even());
        let goal = Goal::best(Objective::MeanVariance { lambda: self.lambda }, self.cost(&held).utility);
        let follow = |held: Vec<f64>| {
            let shares = std::iter::once(self.shares).chain(held.iter().copied());
            let parts: Vec<f64> = shares.zip(&held).map(|(before, after)| 1.0 - after / before).collect();
            Rule::number(move |obs| {
                let left = (f64::from(obs[2]) * f64::from(n)).round() as usize;
                2.0 * parts[n as usize - left.clamp(1, n as usize)] - 1.0
            })
        };
        Ok(Parts {
            spec: EnvSpec { cash, holding: self.shares, slippage: Slippage::AlmgrenChriss(impact), ..spec },
            rows: rows(share, self.price, 1, n)?,
            goals: vec![goal],
            optimal: follow(held),
            naive: follow(even),
            reference: Reference::Naive,
            episodes: 100_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let sale = AlmgrenChrissSale::default();
        let held = sale.optimum();
        for (held, expected) in held.iter().zip([541_955.6, 289_854.0, 147_897.0, 62_142.0, 0.0]) {
            assert!((held - expected).abs() < 0.5, "{held}");
        }
        for (lambda, best, even) in
            [(1e-7, 762_529.0, 770_800.0), (2e-6, 1_544_578.0, 2_828_500.0), (1e-5, 2_140_063.0, 11_492_500.0)]
        {
            let sale = AlmgrenChrissSale { lambda, ..AlmgrenChrissSale::default() };
            assert!((sale.cost(&sale.optimum()).utility - best).abs() < 0.5);
            assert!((sale.cost(&sale.even()).utility - even).abs() < 0.5);
        }
    }

    #[test]
    fn no_schedule_nearby_is_cheaper() {
        let sale = AlmgrenChrissSale::default();
        let best = sale.cost(&sale.optimum()).utility;
        for step in 0..4 {
            for by in [-1_000.0, 1_000.0] {
                let mut held = sale.optimum();
                held[step] += by;
                assert!(sale.cost(&held).utility > best);
            }
        }
    }
}
