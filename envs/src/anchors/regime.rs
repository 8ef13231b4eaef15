//! Two states that no one sees.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{HiddenDrift, SynthSpec},
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::pdf,
    parts::{Known, Parts, need, positive},
    scene::{CASH, column, rows, spec},
};
use crate::{
    AccountNumber, ActionSpec, EnvSpec, EpisodeSpec, ExpectedProfit, Held, Result, RewardSpec, StartAt, StartRule,
    TargetPosition,
};

/// Returns of +mean or -mean plus N(0, 1), by a hidden state that stays with probability `stay`; a position in [-1, 1] earns the return.
///
/// ```
/// use tradepit_envs::anchors::Regime;
/// let value = Regime { mean: 0.1, ..Regime::default() }.value();
/// assert!((value - 0.02589).abs() < 5e-6);
/// ```
///
/// All that can be known is the belief `p`, the probability that the next return has the positive mean, which the filter of
/// Hamilton (1989, "A new approach to the economic analysis of nonstationary time series") keeps; its sign is the best position, and earns
/// `mean E|2 p - 1|`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Regime {
    /// Probability that the state stays, in (0.5, 1).
    pub stay: f64,
    /// Mean return in the good state, above 0.
    pub mean: f64,
}

impl Default for Regime {
    fn default() -> Self {
        Self { stay: 0.98, mean: 0.25 }
    }
}

impl Regime {
    /// Belief in the good state at the next return, for that log odds of it at the last one.
    fn belief(&self, log_odds: f64) -> f64 {
        let now = 1.0 / (1.0 + (-log_odds).exp());
        self.stay * now + (1.0 - self.stay) * (1.0 - now)
    }

    /// The optimum, mean reward a step: by the stationary density of the filter.
    ///
    /// A return moves the log odds `x = ln(p / (1 - p))` to `x + 2 mean r`, and `r` is a mixture of two normal densities with weights `p` and
    /// `1 - p`. That operator, on a grid six times as fine as its narrowest density, is applied until the density stands. The
    /// density is even, so its mean of `|2 p - 1|` is twice that over the positive half, by Simpson's rule.
    #[must_use]
    pub fn value(&self) -> f64 {
        let (sd, shift) = (2.0 * self.mean, 2.0 * self.mean * self.mean);
        let reach = (self.stay / (1.0 - self.stay)).ln() + shift + 9.0 * sd;
        let half = 2 * (3.0 * reach / sd).ceil() as usize;
        let step = reach / half as f64;
        let at = |i: usize| (i as f64 - half as f64) * step;
        let beliefs: Vec<f64> = (0..=2 * half).map(|i| self.belief(at(i))).collect();
        let rows: Vec<Vec<f64>> = beliefs
            .iter()
            .map(|p| {
                let before = (p / (1.0 - p)).ln();
                let density = |to: f64, mean: f64| pdf((to - before - mean) / sd) / sd * step;
                (0..=2 * half).map(|j| p * density(at(j), shift) + (1.0 - p) * density(at(j), -shift)).collect()
            })
            .collect();
        let mut density = vec![1.0 / (2 * half + 1) as f64; 2 * half + 1];
        for _ in 0..100_000 {
            let mut next = vec![0.0; density.len()];
            for (weight, row) in density.iter().zip(&rows) {
                next.iter_mut().zip(row).for_each(|(next, k)| *next += weight * k);
            }
            let total: f64 = next.iter().sum();
            next.iter_mut().for_each(|weight| *weight /= total);
            let moved = next.iter().zip(&density).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
            density = next;
            if moved < 1e-14 {
                break;
            }
        }
        let simpson = |i: usize| if i == 0 || i == half { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        let mean = (0..=half).map(|i| simpson(i) / 3.0 * density[half + i] * (2.0 * beliefs[half + i] - 1.0));
        2.0 * self.mean * mean.sum::<f64>()
    }
}

impl Known for Regime {
    fn parts(&self) -> Result<Parts> {
        need("stay", self.stay, self.stay > 0.5 && self.stay < 1.0, "in (0.5, 1)")?;
        positive(&[("mean", self.mean)])?;
        let (steps, one) = (500, Instrument::unit());
        // Rows until what the filter began with is forgotten, to a thousandth.
        let before = ((1e-3_f64.ln() / (2.0 * self.stay - 1.0).ln()).ceil() as u32).clamp(1, 10_000);
        let spec = spec(
            SynthSpec::HiddenDrift(HiddenDrift {
                drift: self.mean,
                volatility: 1.0,
                stay: self.stay,
                ..HiddenDrift::default()
            }),
            vec![column("belief", 1.0), column("change", 1.0)],
            vec![AccountNumber::Position],
            ActionSpec::TargetPosition(TargetPosition { max_lots: 1.0 / one.lot, ..TargetPosition::default() }),
            RewardSpec::ExpectedProfit(ExpectedProfit { scale: CASH, held: Held::After }),
            steps,
        );
        let episode = EpisodeSpec { start: StartRule::At(StartAt { row: before }), ..spec.episode };
        Ok(Parts {
            spec: EnvSpec { episode, ..spec },
            rows: rows(one, 10_000.0, before, steps)?,
            goals: vec![Goal::best(Objective::MeanStep {}, self.value())],
            optimal: Rule::number(|obs| if obs[0] > 0.5 { 1.0 } else { -1.0 }),
            // Follows the last return.
            naive: Rule::number(|obs| f64::from(obs[1].signum())),
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
        // 0.13297 and 0.37503 are what a simulation gives; the integral is 0.1329845 and 0.3750585, whatever the grid.
        for (mean, value) in [(0.1, 0.025_886_1), (0.25, 0.132_984_5), (0.5, 0.375_058_5)] {
            let got = Regime { mean, ..Regime::default() }.value();
            assert!((got - value).abs() < 1e-7, "{got}");
        }
    }

    #[test]
    fn a_filter_earns_the_value() {
        use rand::{RngExt as _, SeedableRng as _};
        use rand_distr::{Distribution as _, StandardNormal};
        let (problem, mut rng) = (Regime::default(), tradepit::Rng::seed_from_u64(1));
        let (mut state, mut log_odds, mut sum) = (1.0, 0.0, 0.0);
        let steps = 400_000;
        for _ in 0..steps {
            let belief = problem.belief(log_odds);
            sum += (2.0 * belief - 1.0).abs() * problem.mean;
            state *= if rng.random::<f64>() < problem.stay { 1.0 } else { -1.0 };
            let noise: f64 = StandardNormal.sample(&mut rng);
            log_odds = (belief / (1.0 - belief)).ln() + 2.0 * problem.mean * (state * problem.mean + noise);
        }
        assert!((sum / f64::from(steps) - problem.value()).abs() < 3e-3);
    }
}
