//! Trading on factors that decay, at quadratic costs.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Arithmetic, Factor, SynthSpec},
    models::{AlmgrenChriss, Slippage},
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::peak,
    parts::{Known, Parts, need, positive},
    scene::{CASH, column, rows, spec},
};
use crate::{
    AccountNumber, ActionSpec, Composite, EnvSpec, ExpectedProfit, Held, InventoryPenalty, Result, RewardPart,
    RewardSpec, TargetPosition,
};

/// The expected price change is a sum of factors that decay at different speeds, trading costs `lambda / 2` times its square, risk
/// `gamma / 2` times the square of the position (Garleanu and Pedersen, 2013, "Dynamic trading with predictable returns and
/// transaction costs", proposition 3).
///
/// ```
/// use tradepit_envs::anchors::GarleanuPedersen;
/// let best = GarleanuPedersen::default().optimum();
/// assert!((best.rate - 0.2).abs() < 1e-12);
/// assert!((best.aims[0] - 1.0 / 3.0).abs() < 1e-12 && (best.aims[1] - 1.0 / 1.08).abs() < 1e-12);
/// assert!((GarleanuPedersen::default().value(&best) - 0.00162723).abs() < 5e-9);
/// ```
///
/// A step trades first, from `x` to `x + d`, and then earns `x f - gamma x^2 / 2 - lambda d^2 / 2` at the new position, with `f` the
/// sum of the factors and a variance of 1. Each factor is an AR(1), `f' = (1 - phi) f + noise`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GarleanuPedersen {
    /// Share of each factor that is lost in a step.
    pub phi: Vec<f64>,
    /// Stationary standard deviation of each factor.
    pub sd: Vec<f64>,
    /// Risk aversion.
    pub gamma: f64,
    /// Cost of trading.
    pub lambda: f64,
}

impl Default for GarleanuPedersen {
    fn default() -> Self {
        Self { phi: vec![0.5, 0.02], sd: vec![0.1, 0.05], gamma: 1.0, lambda: 20.0 }
    }
}

/// Go a share of the way to an aim that is linear in the factors: `x' = (1 - rate) x + rate * sum(aim f)`.
///
/// ```
/// use tradepit_envs::anchors::{GarleanuPedersen, LinearRule};
/// // To the best portfolio without costs, in one go: what trading costs eats all of it.
/// let greedy = LinearRule { rate: 1.0, aims: vec![1.0, 1.0] };
/// assert!((GarleanuPedersen::default().value(&greedy) + 0.09475).abs() < 5e-6);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRule {
    /// Share of the way in a step.
    pub rate: f64,
    /// Aim for each unit of each factor.
    pub aims: Vec<f64>,
}

impl GarleanuPedersen {
    /// The optimal rule for the mean reward a step.
    ///
    /// The value of a position is a parabola whose curvature `a` solves the Riccati equation `a^2 + gamma a = gamma lambda`; the rate is
    /// `a / lambda`, and a factor counts the less the faster it decays: `1 / (gamma (1 + phi a / gamma))`.
    #[must_use]
    pub fn optimum(&self) -> LinearRule {
        let (gamma, lambda) = (self.gamma, self.lambda);
        let a = 0.5 * ((gamma * gamma + 4.0 * gamma * lambda).sqrt() - gamma);
        LinearRule { rate: a / lambda, aims: self.phi.iter().map(|phi| 1.0 / (gamma + phi * a)).collect() }
    }

    /// The best rule that aims at the portfolio that would be best without costs, whatever the factors' decay.
    #[must_use]
    pub fn myopic(&self) -> LinearRule {
        let rule = |rate| LinearRule { rate, aims: vec![1.0 / self.gamma; self.phi.len()] };
        rule(peak(1e-4, 1.0, |rate| self.value(&rule(rate))).0)
    }

    /// Mean reward a step of a rule, from the stationary moments of position and factors.
    #[must_use]
    pub fn value(&self, rule: &LinearRule) -> f64 {
        let (rate, keep) = (rule.rate, 1.0 - rule.rate);
        let (mut earned, mut carried, mut aimed) = (0.0, 0.0, 0.0);
        for ((phi, sd), aim) in self.phi.iter().zip(&self.sd).zip(&rule.aims) {
            let (left, variance) = (1.0 - phi, sd * sd);
            // Covariance of the new position with the factor that it was made for.
            let with = rate * aim * variance / (1.0 - keep * left);
            earned += with;
            // That of the old position with the new aim, and the variance of the aim.
            carried += aim * left * with;
            aimed += aim * aim * variance;
        }
        let variance = (2.0 * keep * rate * carried + rate * rate * aimed) / (1.0 - keep * keep);
        let traded = rate * rate * (aimed + variance - 2.0 * carried);
        earned - 0.5 * self.gamma * variance - 0.5 * self.lambda * traded
    }
}

impl Known for GarleanuPedersen {
    fn parts(&self) -> Result<Parts> {
        positive(&[("gamma", self.gamma), ("lambda", self.lambda)])?;
        let count = self.phi.len();
        need("sd", self.sd.len() as f64, count == self.sd.len() && (1..=8).contains(&count), "as many as phi, 1 to 8")?;
        for (phi, sd) in self.phi.iter().zip(&self.sd) {
            need("phi", *phi, *phi > 0.0 && *phi <= 1.0, "in (0, 1]")?;
            positive(&[("sd", *sd)])?;
        }
        let (steps, one) = (500, Instrument::unit());
        // Four deviations of the portfolio that would be best without costs.
        let most = 4.0 * self.sd.iter().map(|sd| sd * sd).sum::<f64>().sqrt() / self.gamma;
        let factors = self.phi.iter().zip(&self.sd).map(|(phi, sd)| Factor { phi: *phi, sd: *sd }).collect();
        let part = |reward| RewardPart { weight: 1.0, reward };
        let reward = Composite {
            parts: vec![
                part(RewardSpec::ExpectedProfit(ExpectedProfit { scale: CASH, held: Held::After })),
                part(RewardSpec::InventoryPenalty(InventoryPenalty {
                    coefficient: 0.5 * self.gamma,
                    power: 2,
                    held: Held::After,
                    terminal: 0.0,
                })),
            ],
        };
        let spec = spec(
            SynthSpec::Arithmetic(Arithmetic { factors, volatility: 1.0, ..Arithmetic::default() }),
            (1..).zip(&self.sd).map(|(k, sd)| column(&format!("factor_{k}"), 1.0 / sd)).collect(),
            vec![AccountNumber::Position],
            ActionSpec::TargetPosition(TargetPosition {
                max_lots: (most / one.lot).round(),
                ..TargetPosition::default()
            }),
            RewardSpec::Composite(reward),
            steps,
        );
        // A trade of d pays eta d a unit.
        let costs = AlmgrenChriss { epsilon: 0.0, eta: 0.5 * self.lambda, gamma: 0.0, period: 1.0 };
        let follow = |rule: LinearRule| {
            let aims: Vec<f64> = rule.aims.iter().zip(&self.sd).map(|(aim, sd)| rule.rate * aim * sd / most).collect();
            Rule::number(move |obs| {
                let (factors, position) = obs.split_at(aims.len());
                let aim: f64 = aims.iter().zip(factors).map(|(aim, factor)| aim * f64::from(*factor)).sum();
                (1.0 - rule.rate) * f64::from(position[0]) + aim
            })
        };
        let best = self.optimum();
        Ok(Parts {
            spec: EnvSpec { slippage: Slippage::AlmgrenChriss(costs), ..spec },
            rows: rows(one, 10_000.0, 0, steps)?,
            goals: vec![Goal::best(Objective::MeanStep {}, self.value(&best))],
            optimal: follow(best),
            naive: follow(self.myopic()),
            reference: Reference::Nothing,
            episodes: 4_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let problem = GarleanuPedersen::default();
        let myopic = problem.value(&problem.myopic());
        // 0.00130572 is the best rate of a coarse grid; the peak is a hair above.
        assert!((myopic - 0.001_305_73).abs() < 5e-9, "{myopic}");
        let one = GarleanuPedersen { phi: vec![0.1], sd: vec![0.1], gamma: 1.0, lambda: 5.0 };
        assert!((one.optimum().rate - 0.358_26).abs() < 5e-6);
        assert!((one.value(&one.optimum()) - 0.003_596_23).abs() < 5e-9);
    }

    #[test]
    fn no_linear_rule_nearby_is_better() {
        let problem = GarleanuPedersen::default();
        let best = problem.optimum();
        let value = problem.value(&best);
        for by in [-0.02, -0.001, 0.001, 0.02] {
            assert!(problem.value(&LinearRule { rate: best.rate + by, ..best.clone() }) < value);
            for k in 0..2 {
                let mut aims = best.aims.clone();
                aims[k] += by;
                assert!(problem.value(&LinearRule { aims, ..best.clone() }) < value);
            }
        }
    }

    #[test]
    fn the_riccati_recursion_ends_at_the_closed_form() {
        // Cost to go of a position, by one step at a time: c(x) = min over y of (gamma y^2 + lambda (y - x)^2 + a y^2) / 2.
        let GarleanuPedersen { gamma, lambda, .. } = GarleanuPedersen::default();
        let a = (0..500).fold(0.0, |a, _| lambda * (gamma + a) / (lambda + gamma + a));
        assert!((a / lambda - GarleanuPedersen::default().optimum().rate).abs() < 1e-12);
    }
}
