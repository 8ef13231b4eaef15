//! From the facts of a step to a number.

mod differential_sharpe;
mod log_return;
mod profit;
mod weighted;

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

pub use differential_sharpe::DifferentialSharpe;
pub use log_return::LogReturn;
pub use profit::Profit;
pub use weighted::Weighted;

use crate::{Error, Result, StepFacts};

/// What a reward remembers within one episode: four numbers, zero at its beginning.
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
pub struct RewardMemory(pub [f64; 4]);

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

/// The reward in use.
///
/// ```
/// use tradepit_envs::RewardSpec;
/// let spec: RewardSpec = serde_json::from_str(r#"{"kind": "weighted", "risk_penalty": 0.1, "bonus": 0.001}"#).unwrap();
/// assert!(spec.validate().is_ok());
/// assert!(serde_json::from_str::<RewardSpec>(r#"{"kind": "log_return", "x": 1}"#).is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RewardSpec {
    /// Change of equity by initial capital.
    Profit(Profit),
    /// Logarithm of the growth of equity.
    LogReturn(LogReturn),
    /// The derivative of an exponentially weighted Sharpe ratio.
    DifferentialSharpe(DifferentialSharpe),
    /// Profit less a drawdown penalty, with a bonus for winning streaks.
    Weighted(Weighted),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn Reward>),
}

impl Default for RewardSpec {
    fn default() -> Self {
        Self::Profit(Profit::default())
    }
}

impl RewardSpec {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let check = |field: &str, value: f64, ok: bool, range: &str| {
            if ok && value.is_finite() {
                return Ok(());
            }
            Err(Error::spec(format!("reward.{field}"), format!("{value} must be a finite number {range}")))
        };
        match self {
            Self::Profit(r) => check("scale", r.scale, r.scale > 0.0, "above 0"),
            Self::LogReturn(r) => check("scale", r.scale, r.scale > 0.0, "above 0"),
            Self::DifferentialSharpe(r) => {
                check("eta", r.eta, r.eta > 0.0 && r.eta < 1.0, "in (0, 1)")?;
                check("clip", r.clip, r.clip > 0.0, "above 0")
            }
            Self::Weighted(r) => {
                check("scale", r.scale, r.scale > 0.0, "above 0")?;
                check("risk_penalty", r.risk_penalty, r.risk_penalty >= 0.0, "of at least 0")?;
                check("bonus", r.bonus, r.bonus >= 0.0, "of at least 0")
            }
            Self::Custom(_) => Ok(()),
        }
    }
}

impl RewardSpec {
    /// Whether it reads more of the facts than equity and initial capital.
    #[must_use]
    #[inline]
    pub fn reads_all(&self) -> bool {
        !matches!(self, Self::Profit(_) | Self::LogReturn(_))
    }
}

impl Reward for RewardSpec {
    #[inline(always)]
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        match self {
            Self::Profit(r) => r.reward(facts, memory),
            Self::LogReturn(r) => r.reward(facts, memory),
            Self::DifferentialSharpe(r) => r.reward(facts, memory),
            Self::Weighted(r) => r.reward(facts, memory),
            // By value: were the facts lent to unknown code, every step would have to write them all to memory.
            Self::Custom(r) => custom(r, *facts, memory),
        }
    }
}

#[cold]
#[inline(never)]
fn custom(reward: &Arc<dyn Reward>, facts: StepFacts, memory: &mut RewardMemory) -> f32 {
    reward.reward(&facts, memory)
}
