//! What a reward is.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use tradepit::MarketView;

use crate::{Error, Result, StepFacts};

/// What a reward remembers within one episode: eight numbers, zero at its beginning unless the reward says otherwise.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, StepFacts};
/// /// The episode's profit so far, in account currency.
/// #[derive(Debug)]
/// struct SoFar;
/// impl Reward for SoFar {
///     fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
///         memory.0[0] += facts.equity_change();
///         memory.0[0] as f32
///     }
/// }
/// let (mut memory, won) = (RewardMemory::default(), StepFacts { equity: 5.0, ..StepFacts::default() });
/// assert_eq!([SoFar.reward(&won, &mut memory), SoFar.reward(&won, &mut memory)], [5.0, 10.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RewardMemory(pub [f64; RewardMemory::LEN]);

impl RewardMemory {
    /// How many numbers.
    pub const LEN: usize = 8;
}

/// What a reward can't be computed without; nothing, unless it says so.
///
/// ```
/// use tradepit_envs::{Composite, Reward, RewardNeeds};
/// assert_eq!(Composite::default().needs(), RewardNeeds { steps: false, expected_change: false });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewardNeeds {
    /// Episodes of a number of steps: it reads how many are left.
    pub steps: bool,
    /// The column `expected_change`, which only synthetic markets have.
    pub expected_change: bool,
}

/// A pure function of a step's facts, with a small memory of the episode.
///
/// ```
/// use tradepit_envs::{Profit, Reward, RewardMemory, StepFacts};
/// let facts = StepFacts { equity_before: 100.0, equity: 103.0, initial_capital: 100.0, ..StepFacts::default() };
/// assert!((Profit { scale: 1.0 }.reward(&facts, &mut RewardMemory::default()) - 0.03).abs() < 1e-9);
/// ```
pub trait Reward: Send + Sync + Debug {
    /// The reward of the step.
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32;

    /// What it remembers when an episode begins, from the rows that are known by then.
    fn begin(&self, market: MarketView<'_>) -> RewardMemory {
        let _ = market;
        RewardMemory::default()
    }

    /// How many numbers of the memory it uses, the first ones; a [`Composite`](crate::Composite) shares them out.
    fn slots(&self) -> usize {
        RewardMemory::LEN
    }

    /// Names of the numbers that an observation may show of its memory
    /// ([`AccountNumber::RewardMemory`](crate::AccountNumber::RewardMemory)).
    fn observed(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes those numbers, scaled to the order of 1.
    fn observe(&self, memory: &RewardMemory, out: &mut [f32]) {
        let _ = (memory, out);
    }

    /// What it can't be computed without.
    fn needs(&self) -> RewardNeeds {
        RewardNeeds::default()
    }

    /// Whether every number of it makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

/// A reward computed once for a whole batch, from the facts of every environment before any autoreset.
///
/// ```
/// use tradepit_envs::{BatchReward, Result, StepFacts};
/// struct Turnover;
/// impl BatchReward for Turnover {
///     fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()> {
///         for (out, f) in out.iter_mut().zip(facts) {
///             *out = -(f.position - f.position_before).abs() as f32;
///         }
///         Ok(())
///     }
/// }
/// let mut out = [0.0];
/// Turnover.rewards(&[StepFacts { position: 2.0, ..StepFacts::default() }], &mut out).unwrap();
/// assert_eq!(out, [-2.0]);
/// ```
pub trait BatchReward {
    /// Writes one reward for each environment.
    ///
    /// # Errors
    /// When it can't; the step's error is then this one.
    fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()>;
}

/// Which position of a step: the one that it began with, or the one after its fills.
///
/// ```
/// use tradepit_envs::{Held, StepFacts};
/// let facts = StepFacts { position_before: 2.0, position: -1.0, ..StepFacts::default() };
/// assert_eq!([Held::Before, Held::After].map(|held| held.of(&facts)), [2.0, -1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Before the step's fills.
    Before,
    /// After them.
    After,
}

impl Held {
    /// Units of the first instrument, signed.
    #[must_use]
    #[inline]
    pub fn of(self, facts: &StepFacts) -> f64 {
        match self {
            Self::Before => facts.position_before,
            Self::After => facts.position,
        }
    }
}

/// As f32, and finite: what is too large for it is its largest number.
pub(super) fn bounded(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// The step's return on the equity that it began with; where that is nothing, on a millionth of the initial capital.
pub(super) fn step_return(facts: &StepFacts) -> f64 {
    facts.equity_change() / facts.equity_before.max(1e-6 * facts.initial_capital)
}

/// # Errors
/// Unless `value` is finite and `ok`.
pub(super) fn check(field: &str, value: f64, ok: bool, range: &str) -> Result<()> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(Error::spec(format!("reward.{field}"), format!("{value} must be a finite number {range}")))
}

/// # Errors
/// Unless it is above 0.
pub(super) fn above_0(field: &str, value: f64) -> Result<()> {
    check(field, value, value > 0.0, "above 0")
}

/// # Errors
/// Unless it is at least 0.
pub(super) fn at_least_0(field: &str, value: f64) -> Result<()> {
    check(field, value, value >= 0.0, "of at least 0")
}
