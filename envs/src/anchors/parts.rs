//! What a problem is made of.

use std::{fmt, sync::Arc};

use tradepit::MarketData;

use super::Objective;
use crate::{EnvSpec, Error, Result};

/// A policy as a function of one environment's observation: it writes the numbers of its action, or the number of its choice.
///
/// ```
/// use tradepit_envs::anchors::{Anchor, Problem};
/// let leak = Anchor::new(Problem::named("leak")?)?;
/// // The next change is told first: a rise is bought.
/// let mut action = [0.0];
/// leak.optimal().act(&[0.7, 0.0], &mut action);
/// assert_eq!(action, [1.0]);
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Rule(Arc<Act>);

type Act = dyn Fn(&[f32], &mut [f32]) + Send + Sync;

impl Rule {
    /// From the function.
    #[must_use]
    pub fn new(act: impl Fn(&[f32], &mut [f32]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(act))
    }

    /// A single number of a single number or more.
    pub(super) fn number(act: impl Fn(&[f32]) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(move |obs, action| action[0] = act(obs) as f32)
    }

    /// Writes the action for an observation.
    pub fn act(&self, obs: &[f32], action: &mut [f32]) {
        (self.0)(obs, action);
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").finish_non_exhaustive()
    }
}

/// One number by which policies of a problem are judged, and the best that there is.
///
/// ```
/// use tradepit_envs::anchors::{Anchor, Goal, Objective, Problem};
/// let null = Anchor::new(Problem::named("null")?)?;
/// assert_eq!(null.goals(), [Goal { objective: Objective::MeanStep {}, theory: 0.0, regret: true }]);
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// What is measured.
    pub objective: Objective,
    /// Its exact value under the optimal policy.
    pub theory: f64,
    /// Whether the optimal policy is the best at this one: else it is there to check the simulation alone.
    pub regret: bool,
}

impl Goal {
    /// What the optimal policy is best at.
    pub(super) fn best(objective: Objective, theory: f64) -> Self {
        Self { objective, theory, regret: true }
    }

    /// What is known of it besides.
    pub(super) fn check(objective: Objective, theory: f64) -> Self {
        Self { objective, theory, regret: false }
    }
}

/// Where regret is 1.
///
/// ```
/// use tradepit_envs::anchors::{Anchor, Problem, Reference};
/// assert_eq!(Anchor::new(Problem::named("leak")?)?.reference(), Reference::Nothing);
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Doing nothing, which earns 0.
    Nothing,
    /// The naive policy.
    Naive,
}

/// A problem made ready: an environment like any other, and what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) spec: EnvSpec,
    /// Times, instrument and first price; the market writes the rest.
    pub(super) rows: MarketData,
    pub(super) goals: Vec<Goal>,
    pub(super) optimal: Rule,
    pub(super) naive: Rule,
    pub(super) reference: Reference,
    /// Episodes that tell the values apart.
    pub(super) episodes: u32,
}

/// What every problem does.
pub(super) trait Known {
    /// Makes it ready.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    fn parts(&self) -> Result<Parts>;
}

/// # Errors
/// Unless a parameter is finite and as it must be.
pub(super) fn need(field: &str, value: f64, ok: bool, range: &str) -> Result<()> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(Error::spec(format!("params.{field}"), format!("{value} must be {range}")))
}

/// # Errors
/// Unless each is finite and above 0.
pub(super) fn positive(fields: &[(&str, f64)]) -> Result<()> {
    fields.iter().try_for_each(|(field, value)| need(field, *value, *value > 0.0, "above 0"))
}

/// # Errors
/// Unless there are between 1 and 10,000 steps.
pub(super) fn steps(field: &str, value: u32) -> Result<()> {
    need(field, f64::from(value), (1..=10_000).contains(&value), "in 1..=10000")
}
