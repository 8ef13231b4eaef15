//! Trading a level that reverts, at a linear cost.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Ar1, SynthSpec},
    models::{Commission, PerContract},
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::{pdf, simpson},
    parts::{Known, Parts, need, positive},
    scene::{CASH, column, rows, spec},
};
use crate::{AccountNumber, ActionSpec, EnvSpec, ExpectedProfit, Held, Result, RewardSpec, TargetLevels};

/// A level `z' = rho z + sqrt(1 - rho^2) e` that reverts to 0; a position of -1, 0 or 1 earns its change, and a unit traded costs
/// `cost`.
///
/// ```
/// use tradepit_envs::anchors::OuThreshold;
/// let solved = OuThreshold { cost: 0.25, ..OuThreshold::default() }.solve();
/// assert!((solved.threshold() - 0.711).abs() < 5e-4 && (solved.value() - 0.0509).abs() < 5e-5);
/// assert_eq!((solved.position(-0.72, -1), solved.position(-0.70, -1)), (1, -1));
/// ```
///
/// Solved by dynamic programming of the mean reward on a grid. Flipping between long and short at a threshold, and never being
/// flat, is best (de Lataillade, Deremble, Potters and Bouchaud, 2012, "Optimal trading with linear costs").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OuThreshold {
    /// What is left of the level after a step, in (0, 1).
    pub rho: f64,
    /// Cost of a unit traded, above 0.
    pub cost: f64,
}

impl Default for OuThreshold {
    fn default() -> Self {
        Self { rho: 0.9, cost: 0.25 }
    }
}

/// The optimal policy of [`OuThreshold`].
///
/// ```
/// use tradepit_envs::anchors::{OuSolution, OuThreshold};
/// let solved: OuSolution = OuThreshold::default().solve();
/// assert_eq!(solved.position(0.0, 1), 1); // stay
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OuSolution {
    cost: f64,
    /// What being long is worth above being flat, over a grid of levels, before the cost of getting there.
    long: Vec<f64>,
}

const STEP: f64 = 0.01;
/// Nodes from 0 to the end of the grid, 7 standard deviations.
const HALF: usize = 700;

/// The most of staying flat and of going long or short, from a position.
fn best(long: f64, short: f64, cost: f64, position: f64) -> f64 {
    let pay = |to: f64, worth: f64| worth - cost * (to - position).abs();
    pay(1.0, long).max(pay(0.0, 0.0)).max(pay(-1.0, short))
}

impl OuThreshold {
    /// Dynamic programming of the mean reward a step.
    ///
    /// With `Q_a(z)` the worth of position `a` after trading, `L = Q_1 - Q_0` is enough: by symmetry `Q_-1(z) - Q_0(z) = L(-z)`. It is
    /// the fixed point of `L(z) = -(1 - rho) z + E[V_1(z') - V_0(z')]` with `V_p - Q_0 = max over a of (Q_a - Q_0 - cost |a - p|)`.
    #[must_use]
    pub fn solve(&self) -> OuSolution {
        let nodes = 2 * HALF + 1;
        let level = |i: usize| (i as f64 - HALF as f64) * STEP;
        let sd = (1.0 - self.rho * self.rho).sqrt();
        let kernel = |i: usize| {
            let mean = self.rho * level(i);
            let first = (((mean - 8.0 * sd) / STEP).ceil() as i64 + HALF as i64).max(0) as usize;
            let last = (((mean + 8.0 * sd) / STEP).floor() as i64 + HALF as i64).clamp(0, nodes as i64 - 1) as usize;
            let weights: Vec<f64> = (first..=last).map(|j| pdf((level(j) - mean) / sd)).collect();
            let total: f64 = weights.iter().sum();
            (first, weights.into_iter().map(|w| w / total).collect::<Vec<f64>>())
        };
        let kernels: Vec<(usize, Vec<f64>)> = (0..nodes).map(kernel).collect();
        let mut long: Vec<f64> = (0..nodes).map(|i| -(1.0 - self.rho) * level(i)).collect();
        let mut gain = vec![0.0; nodes];
        for _ in 0..10_000 {
            for i in 0..nodes {
                let (up, down) = (long[i], long[nodes - 1 - i]);
                gain[i] = best(up, down, self.cost, 1.0) - best(up, down, self.cost, 0.0);
            }
            let mut moved = 0.0_f64;
            for (i, (first, weights)) in kernels.iter().enumerate() {
                let expected: f64 = weights.iter().zip(&gain[*first..]).map(|(w, g)| w * g).sum();
                let next = expected - (1.0 - self.rho) * level(i);
                moved = moved.max((next - long[i]).abs());
                long[i] = next;
            }
            if moved < 1e-11 {
                break;
            }
        }
        OuSolution { cost: self.cost, long }
    }
}

impl OuSolution {
    fn long(&self, z: f64) -> f64 {
        let at = (z / STEP + HALF as f64).clamp(0.0, (2 * HALF) as f64 - 1e-9);
        let (i, share) = (at as usize, at.fract());
        (1.0 - share) * self.long[i] + share * self.long[i + 1]
    }

    /// The best position at level `z` for who holds `held`, of -1, 0 and 1. Of equals, the one that trades least.
    #[must_use]
    pub fn position(&self, z: f64, held: i8) -> i8 {
        let worth = [self.long(-z), 0.0, self.long(z)];
        let pay = |to: i8| worth[(to + 1) as usize] - self.cost * f64::from((to - held).abs());
        [-1, 0, 1].into_iter().fold(held, |best, to| if pay(to) > pay(best) { to } else { best })
    }

    /// How far below 0 the level must be for a short position to become a long one; the mirror image above.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        let (mut low, mut high) = (0.0, 7.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.position(-middle, -1) == 1 { high = middle } else { low = middle }
        }
        high
    }

    /// The optimum, mean reward a step.
    ///
    /// `V_0 = M + E V_0(z') - g` with `M = max over a of (Q_a - Q_0 - cost |a|)`; under the stationary N(0, 1) of the level both means of
    /// `V_0` are the same, which leaves `g = E M`.
    #[must_use]
    pub fn value(&self) -> f64 {
        let half = simpson(0.0, 7.0, HALF / 2);
        2.0 * half.map(|(z, weight)| weight * best(self.long(z), self.long(-z), self.cost, 0.0)).sum::<f64>()
    }
}

impl Known for OuThreshold {
    fn parts(&self) -> Result<Parts> {
        need("rho", self.rho, self.rho > 0.0 && self.rho < 1.0, "in (0, 1)")?;
        positive(&[("cost", self.cost)])?;
        let (steps, one) = (500, Instrument { lot: 1.0, ..Instrument::unit() });
        let spec = spec(
            SynthSpec::Ar1(Ar1 { rho: self.rho, ..Ar1::default() }),
            vec![column("level", 1.0)],
            vec![AccountNumber::Position],
            ActionSpec::TargetLevels(TargetLevels { levels: vec![-1.0, 0.0, 1.0] }),
            RewardSpec::ExpectedProfit(ExpectedProfit { scale: CASH, held: Held::After }),
            steps,
        );
        let solved = self.solve();
        let value = solved.value();
        Ok(Parts {
            spec: EnvSpec { commission: Commission::PerContract(PerContract::new(self.cost)), ..spec },
            rows: rows(one, 100.0, 0, steps)?,
            goals: vec![Goal::best(Objective::MeanStep {}, value)],
            optimal: Rule::number(move |obs| f64::from(solved.position(f64::from(obs[0]), obs[1].round() as i8) + 1)),
            // Always against the level.
            naive: Rule::number(|obs| if obs[0] > 0.0 { 0.0 } else { 2.0 }),
            reference: Reference::Nothing,
            episodes: 2_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        for (rho, cost, threshold, value) in [
            (0.9, 0.1, 0.437, 0.0640),
            (0.9, 0.25, 0.711, 0.0509),
            (0.9, 0.5, 1.014, 0.0362),
            (0.98, 0.25, 0.8495, 0.010_056),
        ] {
            let solved = OuThreshold { rho, cost }.solve();
            assert!((solved.threshold() - threshold).abs() < 6e-4, "{}", solved.threshold());
            assert!((solved.value() - value).abs() < 5e-5, "{}", solved.value());
        }
    }

    #[test]
    fn a_walk_earns_the_value() {
        use rand::SeedableRng as _;
        use rand_distr::{Distribution as _, StandardNormal};
        let (problem, mut rng) = (OuThreshold::default(), tradepit::Rng::seed_from_u64(1));
        let (solved, steps) = (problem.solve(), 400_000);
        let (mut z, mut held, mut sum) = (0.0, 0, 0.0);
        for _ in 0..steps {
            let to = solved.position(z, held);
            let noise: f64 = StandardNormal.sample(&mut rng);
            // The expected change: the same mean, and far less noise.
            sum -= f64::from(to) * (1.0 - problem.rho) * z + problem.cost * f64::from((to - held).abs());
            z = problem.rho * z + (1.0 - problem.rho * problem.rho).sqrt() * noise;
            held = to;
        }
        assert!((sum / f64::from(steps) - solved.value()).abs() < 1e-3);
    }
}
