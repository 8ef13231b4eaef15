//! What a problem is about, as a number of many episodes.

use serde::{Deserialize, Serialize};

/// What is known of one episode when it has ended.
///
/// ```
/// use tradepit_envs::anchors::{Objective, Outcome};
/// let outcomes = [Outcome { reward: 3.0, steps: 2, position: 0.0 }, Outcome { reward: 1.0, steps: 2, position: 1.0 }];
/// assert_eq!(Objective::MeanStep {}.estimate(&outcomes).value, 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Sum of its rewards.
    pub reward: f64,
    /// Its length.
    pub steps: u32,
    /// Units of the first instrument held at its end.
    pub position: f64,
}

/// What is to be made large, or small; policies are compared by it.
///
/// ```
/// use tradepit_envs::anchors::{Objective, Outcome};
/// let outcomes: Vec<Outcome> = (0..100).map(|i| Outcome { reward: f64::from(i), steps: 1, position: 0.0 }).collect();
/// let tail = Objective::ExpectedShortfall { share: 0.05 }.estimate(&outcomes).value;
/// assert_eq!(tail, -2.0); // the mean of 0 to 4, as a loss
/// assert!((Objective::Sd {}.estimate(&outcomes).value - 28.9).abs() < 0.2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Objective {
    /// Mean reward a step.
    MeanStep {},
    /// Mean of an episode's reward.
    MeanEpisode {},
    /// The growth rate whose certainty is worth the same, `ln(E W^(1 - gamma)) / (1 - gamma) / years`, of an episode whose reward is `ln W`;
    /// at `gamma` 1 the mean of `ln W / years`.
    CertaintyEquivalent {
        /// Relative risk aversion.
        gamma: f64,
        /// Length of an episode.
        years: f64,
    },
    /// Mean loss of an episode and `lambda` times its variance.
    MeanVariance {
        /// What a unit of variance costs.
        lambda: f64,
    },
    /// Standard deviation of an episode's reward.
    Sd {},
    /// Mean loss in the worst `share` of the episodes.
    ExpectedShortfall {
        /// In (0, 1).
        share: f64,
    },
    /// `-ln(E exp(-gamma reward)) / gamma`.
    ExponentialUtility {
        /// Absolute risk aversion.
        gamma: f64,
    },
    /// Standard deviation of the position at the end.
    PositionSd {},
}

/// A value with what it owes to each episode.
///
/// ```
/// use tradepit_envs::anchors::{Objective, Outcome};
/// let outcomes = [1.0, 3.0].map(|reward| Outcome { reward, steps: 1, position: 0.0 });
/// let mean = Objective::MeanEpisode {}.estimate(&outcomes);
/// assert_eq!((mean.value, mean.se(), &mean.influence[..]), (2.0, 1.0, &[-1.0, 1.0][..]));
/// ```
///
/// The influence of an episode is by how much the value would change, times the number of episodes, were there a little more of it
/// (Hampel, 1974, "The influence curve and its role in robust estimation"); their mean is 0, and their spread gives the standard
/// error of the value, and of any function of several values of the same episodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// By episode.
    pub influence: Vec<f64>,
}

impl Estimate {
    /// Standard error of the value.
    #[must_use]
    pub fn se(&self) -> f64 {
        standard_error(&self.influence)
    }
}

/// Of the mean of independent numbers.
fn standard_error(influence: &[f64]) -> f64 {
    let n = influence.len() as f64;
    let mean = influence.iter().sum::<f64>() / n;
    (influence.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n * (n - 1.0))).sqrt()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

impl Objective {
    /// In words.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MeanStep {} => "mean reward a step",
            Self::MeanEpisode {} => "mean reward an episode",
            Self::CertaintyEquivalent { .. } => "certainty equivalent",
            Self::MeanVariance { .. } => "E + lambda V",
            Self::Sd {} => "sd",
            Self::ExpectedShortfall { .. } => "ES95",
            Self::ExponentialUtility { .. } => "exponential certainty equivalent",
            Self::PositionSd {} => "final inventory sd",
        }
    }

    /// The value over independent episodes, at least two.
    #[must_use]
    pub fn estimate(&self, outcomes: &[Outcome]) -> Estimate {
        let rewards = || outcomes.iter().map(|o| o.reward);
        let plain = |values: Vec<f64>| {
            let value = mean(values.iter().copied());
            Estimate { value, influence: values.into_iter().map(|x| x - value).collect() }
        };
        // Of a mean of exponentials, by what is largest in it, so that none overflows.
        let exponential = |rate: f64, scale: f64| {
            let most = rewards().map(|x| rate * x).fold(f64::MIN, f64::max);
            let raw: Vec<f64> = rewards().map(|x| (rate * x - most).exp()).collect();
            let level = mean(raw.iter().copied());
            Estimate {
                value: (level.ln() + most) * scale,
                influence: raw.into_iter().map(|x| (x / level - 1.0) * scale).collect(),
            }
        };
        let spread = |values: &[f64]| {
            let middle = mean(values.iter().copied());
            let squares = plain(values.iter().map(|x| (x - middle).powi(2)).collect());
            let sd = squares.value.sqrt();
            let slope = if sd > 0.0 { 0.5 / sd } else { 0.0 };
            Estimate { value: sd, influence: squares.influence.into_iter().map(|x| x * slope).collect() }
        };
        match *self {
            Self::MeanStep {} => {
                let steps = mean(outcomes.iter().map(|o| f64::from(o.steps)));
                let value = mean(rewards()) / steps;
                let influence = outcomes.iter().map(|o| (o.reward - value * f64::from(o.steps)) / steps).collect();
                Estimate { value, influence }
            }
            Self::MeanEpisode {} => plain(rewards().collect()),
            Self::CertaintyEquivalent { gamma: 1.0, years } => plain(rewards().map(|x| x / years).collect()),
            Self::CertaintyEquivalent { gamma, years } => exponential(1.0 - gamma, 1.0 / ((1.0 - gamma) * years)),
            Self::MeanVariance { lambda } => {
                let middle = mean(rewards());
                plain(rewards().map(|x| lambda * (x - middle).powi(2) - x).collect())
            }
            Self::Sd {} => spread(&rewards().collect::<Vec<f64>>()),
            Self::PositionSd {} => spread(&outcomes.iter().map(|o| o.position).collect::<Vec<f64>>()),
            Self::ExponentialUtility { gamma } => exponential(-gamma, -1.0 / gamma),
            Self::ExpectedShortfall { share } => {
                let mut sorted: Vec<f64> = rewards().collect();
                sorted.sort_by(f64::total_cmp);
                let count = ((share * sorted.len() as f64).round() as usize).clamp(1, sorted.len());
                let edge = sorted[count - 1];
                let value = -mean(sorted[..count].iter().copied());
                // Rockafellar and Uryasev (2000): the mean of the excess over the quantile does not feel the quantile move.
                let excess = |x: f64| (edge - x).max(0.0) / share - edge;
                Estimate { value, influence: rewards().map(|x| excess(x) - value).collect() }
            }
        }
    }
}

/// How much of the way from a reference to the optimum is missing, `(J* - J) / (J* - J_ref)`, with its 95 % confidence interval.
///
/// ```
/// use tradepit_envs::anchors::{Objective, Outcome, Regret};
/// let episodes = |rewards: [f64; 3]| rewards.map(|reward| Outcome { reward, steps: 1, position: 0.0 });
/// let mean = |rewards| Objective::MeanEpisode {}.estimate(&episodes(rewards));
/// let regret = Regret::new(&mean([5.0, 4.0, 6.0]), &mean([4.5, 3.5, 5.5]), None);
/// // On the same episodes the noise is shared: half of 5 is sure to be missing.
/// assert_eq!((regret.value, regret.low < 0.11, regret.high > 0.09), (0.1, true, true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regret {
    /// 0 at the optimum, 1 at the reference.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Regret {
    /// From the optimum, a policy and the reference (none: doing nothing, 0) on the same episodes, by the delta method on their paired
    /// differences.
    #[must_use]
    pub fn new(optimum: &Estimate, policy: &Estimate, reference: Option<&Estimate>) -> Self {
        let room = optimum.value - reference.map_or(0.0, |r| r.value);
        let value = (optimum.value - policy.value) / room;
        let influence = (0..optimum.influence.len()).map(|i| {
            let (best, own) = (optimum.influence[i], policy.influence[i]);
            let base = reference.map_or(0.0, |r| r.influence[i]);
            (best - own - value * (best - base)) / room
        });
        let half = 1.96 * standard_error(&influence.collect::<Vec<f64>>());
        Self { value, low: value - half, high: value + half }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;

    /// Each value of a hundred samples, against the spread of the values.
    #[test]
    fn standard_errors_are_those_of_repeated_samples() {
        let mut rng = tradepit::Rng::seed_from_u64(3);
        let samples: Vec<Vec<Outcome>> = (0..200)
            .map(|_| {
                (0..1_000)
                    .map(|_| {
                        let [x, y]: [f64; 2] = [(); 2].map(|()| StandardNormal.sample(&mut rng));
                        Outcome { reward: 0.1 + 0.3 * x, steps: 10, position: 2.0 * y }
                    })
                    .collect()
            })
            .collect();
        for (objective, truth) in [
            (Objective::MeanStep {}, 0.01),
            (Objective::MeanEpisode {}, 0.1),
            (Objective::CertaintyEquivalent { gamma: 3.0, years: 2.0 }, 0.5 * (0.1 - 0.09)),
            (Objective::MeanVariance { lambda: 2.0 }, 2.0 * 0.09 - 0.1),
            (Objective::Sd {}, 0.3),
            (Objective::ExpectedShortfall { share: 0.05 }, 0.3 * 2.0627 - 0.1),
            (Objective::ExponentialUtility { gamma: 2.0 }, 0.1 - 0.09),
            (Objective::PositionSd {}, 2.0),
        ] {
            let estimates: Vec<Estimate> = samples.iter().map(|sample| objective.estimate(sample)).collect();
            let middle = mean(estimates.iter().map(|e| e.value));
            let spread = mean(estimates.iter().map(|e| (e.value - middle).powi(2))).sqrt();
            let told = mean(estimates.iter().map(Estimate::se));
            assert!((told / spread - 1.0).abs() < 0.2, "{objective:?}: {told} for {spread}");
            assert!(
                (middle - truth).abs() < 0.01 * truth.abs() + 4.0 * spread / 200.0_f64.sqrt(),
                "{objective:?}: {middle}"
            );
        }
    }
}
