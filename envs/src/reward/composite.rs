//! Rewards added up.

use serde::{Deserialize, Serialize};
use tradepit::MarketView;

use super::{
    Profit, Reward, RewardMemory, RewardNeeds, RewardSpec,
    contract::{bounded, check},
};
use crate::{Error, Result, StepFacts};

/// The weighted sum of other rewards: `sum of weight x reward`, in whatever units they have.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, RewardSpec, StepFacts};
/// let spec: RewardSpec = serde_json::from_str(r#"{"kind": "composite", "parts": [
///     {"reward": {"kind": "profit", "scale": 100}},
///     {"weight": 0.5, "reward": {"kind": "inventory_penalty", "coefficient": 0.2, "power": 1}}]}"#).unwrap();
/// let facts = StepFacts { equity_before: 100.0, equity: 103.0, initial_capital: 100.0, position: -2.0,
///     ..StepFacts::default() };
/// assert!((spec.reward(&facts, &mut RewardMemory::default()) - (3.0 - 0.5 * 0.2 * 2.0)).abs() < 1e-6);
/// ```
///
/// Its parts share the eight numbers of a [`RewardMemory`], and show theirs one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    /// What is added up; at least one.
    pub parts: Vec<RewardPart>,
}

/// One reward of a [`Composite`], with its weight.
///
/// ```
/// use tradepit_envs::RewardPart;
/// let part: RewardPart = serde_json::from_str(r#"{"reward": {"kind": "log_return"}}"#).unwrap();
/// assert_eq!(part.weight, 1.0);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardPart {
    /// What it is multiplied by; negative to take it away.
    #[serde(default = "one")]
    pub weight: f64,
    /// The reward.
    pub reward: RewardSpec,
}

fn one() -> f64 {
    1.0
}

impl Default for Composite {
    fn default() -> Self {
        Self { parts: vec![RewardPart { weight: 1.0, reward: RewardSpec::Profit(Profit::default()) }] }
    }
}

impl Composite {
    /// The parts, each with where its numbers begin in the memory.
    fn placed(&self) -> impl Iterator<Item = (&RewardPart, std::ops::Range<usize>)> {
        self.parts.iter().scan(0, |next, part| {
            let from = *next;
            *next += part.reward.slots();
            Some((part, from..*next))
        })
    }
}

/// The memory of one part.
fn own(memory: &RewardMemory, place: std::ops::Range<usize>) -> RewardMemory {
    let mut own = RewardMemory::default();
    own.0[..place.len()].copy_from_slice(&memory.0[place]);
    own
}

impl Reward for Composite {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let mut sum = 0.0;
        for (part, place) in self.placed() {
            let mut own = own(memory, place.clone());
            sum += part.weight * f64::from(part.reward.reward(facts, &mut own));
            memory.0[place.clone()].copy_from_slice(&own.0[..place.len()]);
        }
        bounded(sum)
    }

    fn begin(&self, market: MarketView<'_>) -> RewardMemory {
        let mut memory = RewardMemory::default();
        for (part, place) in self.placed() {
            let own = part.reward.begin(market);
            memory.0[place.clone()].copy_from_slice(&own.0[..place.len()]);
        }
        memory
    }

    fn slots(&self) -> usize {
        self.parts.iter().map(|part| part.reward.slots()).sum()
    }

    fn observed(&self) -> Vec<String> {
        self.parts.iter().flat_map(|part| part.reward.observed()).collect()
    }

    fn observe(&self, memory: &RewardMemory, mut out: &mut [f32]) {
        for (part, place) in self.placed() {
            let (now, rest) = out.split_at_mut(part.reward.observed().len());
            part.reward.observe(&own(memory, place), now);
            out = rest;
        }
    }

    fn needs(&self) -> RewardNeeds {
        self.parts.iter().map(|part| part.reward.needs()).fold(RewardNeeds::default(), |all, part| RewardNeeds {
            steps: all.steps || part.steps,
            expected_change: all.expected_change || part.expected_change,
        })
    }

    fn validate(&self) -> Result<()> {
        if self.parts.is_empty() {
            return Err(Error::spec("reward.parts", "are none; name at least one"));
        }
        for (at, part) in self.parts.iter().enumerate() {
            check(&format!("parts.{at}.weight"), part.weight, true, "")?;
            part.reward.validate().map_err(|error| match error {
                Error::Spec { field, message } => {
                    let inner = field.strip_prefix("reward").unwrap_or(&field);
                    Error::spec(format!("reward.parts.{at}.reward{inner}"), message)
                }
                error => error,
            })?;
        }
        let (slots, most) = (self.slots(), RewardMemory::LEN);
        if slots > most {
            let message = format!("remember {slots} numbers together, {most} at most; leave some out");
            return Err(Error::spec("reward.parts", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Composite, Reward as _, RewardMemory, RewardPart};
    use crate::{DifferentialSharpe, InventoryPenalty, Profit, RewardSpec, StepFacts};

    fn parts(weights: [f64; 4]) -> Vec<RewardPart> {
        let sharpe = |eta| RewardSpec::DifferentialSharpe(DifferentialSharpe { eta, ..DifferentialSharpe::default() });
        let rewards = [
            sharpe(0.4),
            RewardSpec::Profit(Profit { scale: 3.0 }),
            sharpe(0.2),
            RewardSpec::InventoryPenalty(InventoryPenalty::default()),
        ];
        weights.into_iter().zip(rewards).map(|(weight, reward)| RewardPart { weight, reward }).collect()
    }

    proptest! {
        #[test]
        fn it_is_the_sum_of_its_parts_each_with_its_own_memory(
            weights in prop::array::uniform4(-3.0..3.0_f64),
            path in prop::collection::vec((-5.0..5.0_f64, -3.0..3.0_f64), 1..40),
        ) {
            let parts = parts(weights);
            let composite = Composite { parts: parts.clone() };
            prop_assert!(composite.validate().is_ok());
            let (mut memory, mut own) = (RewardMemory::default(), [RewardMemory::default(); 4]);
            let mut equity = 1_000.0;
            for (step, (change, position)) in path.into_iter().enumerate() {
                let facts = StepFacts { equity_before: equity, equity: equity + change, initial_capital: 1_000.0,
                    position, step: step as f64 + 1.0, ..StepFacts::default() };
                equity += change;
                let sum: f64 = parts.iter().zip(&mut own)
                    .map(|(part, memory)| part.weight * f64::from(part.reward.reward(&facts, memory))).sum();
                prop_assert_eq!(composite.reward(&facts, &mut memory), sum as f32);
            }
            let mut shown = vec![0.0; composite.observed().len()];
            composite.observe(&memory, &mut shown);
            let apart: Vec<f32> = parts.iter().zip(&own).flat_map(|(part, memory)| {
                let mut out = vec![0.0; part.reward.observed().len()];
                part.reward.observe(memory, &mut out);
                out
            }).collect();
            prop_assert_eq!(shown, apart);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let refused =
            |json: &str| serde_json::from_str::<RewardSpec>(json).unwrap().validate().unwrap_err().to_string();
        assert_eq!(refused(r#"{"kind": "composite", "parts": []}"#), "reward.parts: are none; name at least one");
        assert_eq!(
            refused(
                r#"{"kind": "composite", "parts": [{"reward": {"kind": "profit"}}, {"reward": {"kind": "profit", "scale": 0}}]}"#
            ),
            "reward.parts.1.reward.scale: 0 must be a finite number above 0"
        );
        let four = r#"{"reward": {"kind": "differential_sharpe"}}"#;
        assert_eq!(
            refused(&format!(r#"{{"kind": "composite", "parts": [{four}, {four}, {four}]}}"#)),
            "reward.parts: remember 9 numbers together, 8 at most; leave some out"
        );
    }
}
