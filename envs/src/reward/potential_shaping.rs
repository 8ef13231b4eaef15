//! Shaping that leaves the best policy as it is.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{bounded, check},
};
use crate::{Result, StepFacts};

/// A number that every state has: what [`PotentialShaping`] pays the changes of.
///
/// ```
/// use tradepit_envs::{Potential, StepFacts};
/// let facts = StepFacts { drawdown_before: 0.1, drawdown: 0.2, position_before: 3.0, position: -4.0, ..StepFacts::default() };
/// assert_eq!((Potential::Drawdown.before(&facts), Potential::Drawdown.after(&facts)), (-0.1, -0.2));
/// assert_eq!((Potential::Position.before(&facts), Potential::Position.after(&facts)), (-3.0, -4.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Potential {
    /// Minus the drawdown from the peak.
    Drawdown,
    /// Minus the absolute position, in units of the first instrument.
    Position,
}

impl Potential {
    /// Of the state that the step began in.
    #[must_use]
    pub fn before(self, facts: &StepFacts) -> f64 {
        match self {
            Self::Drawdown => -facts.drawdown_before,
            Self::Position => -facts.position_before.abs(),
        }
    }

    /// Of the state that it led to.
    #[must_use]
    pub fn after(self, facts: &StepFacts) -> f64 {
        match self {
            Self::Drawdown => -facts.drawdown,
            Self::Position => -facts.position.abs(),
        }
    }
}

/// `coefficient * (gamma * potential after - potential before)`, to be added to another reward: it guides an agent, and
/// no policy becomes better or worse against another (Ng, Harada and Russell, 1999).
///
/// `gamma` must be the agent's discount. A state that ends the problem has potential 0: one that terminated, and, with
/// `cut_is_end`, one where the episode was cut. Set it when agents do not bootstrap from the last observation of a
/// truncated episode; agents that do see the state go on. What is observed must contain what the potential reads.
///
/// ```
/// use tradepit_envs::{Potential, PotentialShaping, Reward, RewardMemory, StepFacts};
/// let shaping = PotentialShaping { potential: Potential::Position, gamma: 0.9, coefficient: 1.0, cut_is_end: false };
/// let facts = StepFacts { position_before: 2.0, position: 1.0, ..StepFacts::default() };
/// assert!((shaping.reward(&facts, &mut RewardMemory::default()) - (-0.9 + 2.0)).abs() < 1e-6);
/// let last = StepFacts { terminated: 1.0, ..facts };
/// assert_eq!(shaping.reward(&last, &mut RewardMemory::default()), 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PotentialShaping {
    /// Which potential.
    pub potential: Potential,
    /// Discount of the agent, in (0, 1].
    pub gamma: f64,
    /// What a potential of 1 is worth in reward.
    pub coefficient: f64,
    /// Whether an episode that is cut ends the problem.
    pub cut_is_end: bool,
}

impl Default for PotentialShaping {
    fn default() -> Self {
        Self { potential: Potential::Drawdown, gamma: 0.99, coefficient: 1.0, cut_is_end: false }
    }
}

impl Reward for PotentialShaping {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        let over = facts.terminated > 0.0 || (self.cut_is_end && facts.truncated > 0.0);
        let after = if over { 0.0 } else { self.potential.after(facts) };
        bounded(self.coefficient * (self.gamma * after - self.potential.before(facts)))
    }

    fn slots(&self) -> usize {
        0
    }

    fn validate(&self) -> Result<()> {
        check("gamma", self.gamma, self.gamma > 0.0 && self.gamma <= 1.0, "in (0, 1]")?;
        check("coefficient", self.coefficient, true, "")
    }
}

#[cfg(test)]
mod tests {
    use super::{Potential, PotentialShaping, Reward as _, RewardMemory};
    use crate::StepFacts;

    const GAMMA: f64 = 0.9;
    /// Expected changes of the price: known, so that the problem is solved by going backwards.
    const CHANGES: [f64; 7] = [0.3, -0.2, 0.05, 0.6, -0.7, 0.1, -0.05];
    const POSITIONS: [f64; 3] = [-1.0, 0.0, 1.0];

    /// Values and best choices of every time and position: profit less a cost of 0.15 a unit traded, and `shaping`.
    fn solve(shaping: Option<PotentialShaping>) -> (Vec<[f64; 3]>, Vec<[usize; 3]>) {
        let (mut values, mut choices) = (vec![[0.0; 3]], vec![]);
        for (time, change) in CHANGES.iter().enumerate().rev() {
            let (mut value, mut choice) = ([0.0; 3], [0; 3]);
            for (from, held) in POSITIONS.iter().enumerate() {
                let of = |to: usize| {
                    let position = POSITIONS[to];
                    let truncated = if time + 1 == CHANGES.len() { 1.0 } else { 0.0 };
                    let facts = StepFacts { position_before: *held, position, truncated, ..StepFacts::default() };
                    let shaped = shaping.map_or(0.0, |s| f64::from(s.reward(&facts, &mut RewardMemory::default())));
                    position * change - 0.15 * (position - held).abs() + shaped + GAMMA * values[0][to]
                };
                choice[from] = (0..3).max_by(|a, b| of(*a).total_cmp(&of(*b))).unwrap();
                value[from] = of(choice[from]);
            }
            values.insert(0, value);
            choices.insert(0, choice);
        }
        (values, choices)
    }

    #[test]
    fn the_best_policy_of_a_solved_problem_is_the_same_and_values_differ_by_the_potential() {
        let shaping =
            PotentialShaping { potential: Potential::Position, gamma: GAMMA, coefficient: 0.4, cut_is_end: true };
        let ((plain, best), (shaped, same)) = (solve(None), solve(Some(shaping)));
        assert_eq!(best, same);
        assert!(best.iter().flatten().any(|to| *to == 0) && best.iter().flatten().any(|to| *to == 2));
        for (plain, shaped) in plain.iter().zip(&shaped).take(CHANGES.len()) {
            for (at, held) in POSITIONS.iter().enumerate() {
                assert!((shaped[at] - (plain[at] + 0.4 * held.abs())).abs() < 1e-6, "{plain:?} {shaped:?}");
            }
        }
        // With the discount of another agent, or a last state that counts, the best policy is another one.
        for wrong in [
            PotentialShaping { gamma: 0.3, ..shaping },
            PotentialShaping { coefficient: 9.0, cut_is_end: false, ..shaping },
        ] {
            assert_ne!(solve(Some(wrong)).1, best);
        }
    }
}
