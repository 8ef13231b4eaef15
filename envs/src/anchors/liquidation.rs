//! Selling out by a deadline, with a penalty on what is still held.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Arithmetic, SynthSpec},
    models::{AlmgrenChriss, Slippage},
};

use super::{
    Goal, Objective, Reference, Rule,
    parts::{Known, Parts, need, positive, steps},
    scene::{CASH, last_move, rows, spec},
};
use crate::{
    AccountNumber, ActionSpec, Composite, EnvSpec, Held, InventoryPenalty, Profit, Result, RewardPart, RewardSpec,
    TargetPosition,
};

/// Sell `quantity` over `time`: a rate `v` costs `k v^2`, what is held `phi q^2` a unit of time, and what is left `alpha q^2` (Cartea, Jaimungal and
/// Penalva, 2015, "Algorithmic and High-Frequency Trading", section 6.5).
///
/// ```
/// use tradepit_envs::anchors::Liquidation;
/// let known = Liquidation::default();
/// for (time, held) in [(0.25, 0.71589), (0.5, 0.47676), (0.75, 0.26758), (1.0, 0.07522)] {
///     assert!((known.held(time) - held).abs() < 5e-6);
/// }
/// ```
///
/// In steps of `dt = time / steps` a sale of `n` costs `k n^2 / dt`, and the penalty `phi q^2 dt` is on what is held after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Liquidation {
    /// What is to be sold.
    pub quantity: f64,
    /// Until when.
    pub time: f64,
    /// Steps that the time is cut into.
    pub steps: u32,
    /// Cost of the square of the rate.
    pub k: f64,
    /// Penalty on the square of what is held, a unit of time.
    pub phi: f64,
    /// Penalty on the square of what is left.
    pub alpha: f64,
    /// Standard deviation of the price, a square root of time; it does not matter to the mean.
    pub sigma: f64,
}

impl Default for Liquidation {
    fn default() -> Self {
        Self { quantity: 1.0, time: 1.0, steps: 100, k: 1e-3, phi: 1e-3, alpha: 1e-2, sigma: 1e-3 }
    }
}

impl Liquidation {
    /// What the optimum in continuous time still holds at `time`: `Q (z e^(g left) - e^(-g left)) / (z e^(g T) - e^(-g T))`, with `g = sqrt(phi / k)`
    /// and `z = (alpha + sqrt(k phi)) / (alpha - sqrt(k phi))`.
    #[must_use]
    pub fn held(&self, time: f64) -> f64 {
        let (rate, root) = ((self.phi / self.k).sqrt(), (self.k * self.phi).sqrt());
        // Both multiplied by alpha - root, which may be 0.
        let left = |left: f64| (self.alpha + root) * (rate * left).exp() - (self.alpha - root) * (-rate * left).exp();
        self.quantity * left(self.time - time) / left(self.time)
    }

    /// The optimum in steps: its cost, and the share of what is held that each step sells.
    ///
    /// The cost of holding `q` is `p q^2`, by the Riccati recursion `p = c k' / (c + k')` with `c = phi dt + p'` and `k' = k / dt`; the share is
    /// `c / (c + k')`.
    #[must_use]
    pub fn solve(&self) -> (f64, Vec<f64>) {
        let dt = self.time / f64::from(self.steps);
        let trade = self.k / dt;
        let mut p = self.alpha;
        let mut shares: Vec<f64> = (0..self.steps)
            .map(|_| {
                let keep = self.phi * dt + p;
                p = keep * trade / (keep + trade);
                keep / (keep + trade)
            })
            .collect();
        shares.reverse();
        (p * self.quantity * self.quantity, shares)
    }

    /// What selling those shares of what is held costs.
    #[must_use]
    pub fn cost(&self, shares: &[f64]) -> f64 {
        let dt = self.time / f64::from(self.steps);
        let (mut q, mut cost) = (self.quantity, 0.0);
        for share in shares {
            let sold = share * q;
            q -= sold;
            cost += self.k * sold * sold / dt + self.phi * q * q * dt;
        }
        cost + self.alpha * q * q
    }

    /// The shares of what is held that sell all in equal parts.
    #[must_use]
    pub fn even(&self) -> Vec<f64> {
        (0..self.steps).map(|step| 1.0 / f64::from(self.steps - step)).collect()
    }
}

impl Known for Liquidation {
    fn parts(&self) -> Result<Parts> {
        positive(&[
            ("quantity", self.quantity),
            ("time", self.time),
            ("k", self.k),
            ("phi", self.phi),
            ("alpha", self.alpha),
            ("sigma", self.sigma),
        ])?;
        need("quantity", self.quantity, self.quantity <= 1e6, "at most 1e6")?;
        steps("steps", self.steps)?;
        let (n, one) = (self.steps, Instrument::unit());
        let dt = self.time / f64::from(n);
        let (sd, lots) = (self.sigma * dt.sqrt(), (self.quantity / one.lot).round());
        let part = |reward| RewardPart { weight: 1.0, reward };
        let reward = Composite {
            parts: vec![
                part(RewardSpec::Profit(Profit { scale: CASH })),
                part(RewardSpec::InventoryPenalty(InventoryPenalty {
                    coefficient: self.phi * dt,
                    power: 2,
                    held: Held::After,
                    terminal: self.alpha,
                })),
            ],
        };
        let price = 100.0 + 100.0 * sd;
        let spec = spec(
            SynthSpec::Arithmetic(Arithmetic { volatility: sd, ..Arithmetic::default() }),
            vec![last_move(price / sd)],
            vec![AccountNumber::Position, AccountNumber::TimeLeft],
            ActionSpec::TargetPosition(TargetPosition { max_lots: lots, ..TargetPosition::default() }),
            RewardSpec::Composite(reward),
            n,
        );
        let impact = AlmgrenChriss { epsilon: 0.0, eta: self.k, gamma: 0.0, period: dt };
        let (value, shares) = self.solve();
        let follow = |shares: Vec<f64>| {
            Rule::number(move |obs| {
                let left = ((f64::from(obs[2]) * f64::from(n)).round() as usize).clamp(1, n as usize);
                (1.0 - shares[n as usize - left]) * f64::from(obs[1])
            })
        };
        Ok(Parts {
            spec: EnvSpec { holding: lots, slippage: Slippage::AlmgrenChriss(impact), ..spec },
            rows: rows(one, price, 1, n)?,
            goals: vec![Goal::best(Objective::MeanEpisode {}, -value)],
            optimal: follow(shares),
            naive: follow(self.even()),
            reference: Reference::Naive,
            episodes: 5_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_near_to_continuous_time() {
        let problem = Liquidation { steps: 10_000, ..Liquidation::default() };
        let (value, shares) = problem.solve();
        assert!((problem.cost(&shares) - value).abs() < 1e-12);
        let mut q = problem.quantity;
        for (step, share) in shares.iter().enumerate() {
            q -= share * q;
            let time = (step + 1) as f64 / 10_000.0;
            assert!((q - problem.held(time)).abs() < 1e-4, "{time}: {q}");
        }
    }

    #[test]
    fn other_shares_cost_more() {
        let problem = Liquidation::default();
        let (value, shares) = problem.solve();
        assert!(problem.cost(&problem.even()) > value);
        for step in [0, 40, 99] {
            for by in [-1e-3, 1e-3] {
                let mut other = shares.clone();
                other[step] += by;
                assert!(problem.cost(&other) > value);
            }
        }
    }
}
