//! A problem over the engine.

use std::fmt;

use super::{Goal, Problem, Reference, Rule, parts::Parts};
use crate::{EnvSpec, Result, SimSetup};

/// A [`Problem`] made ready: its environment, which is like any other, its optimum, and policies that need no learning.
///
/// ```
/// use tradepit_envs::anchors::{Anchor, Problem};
/// use tradepit_envs::Action;
/// let anchor = Anchor::new(Problem::named("leak")?)?;
/// let mut env = anchor.setup().env();
/// let (mut obs, mut action) = (vec![0.0; anchor.setup().rules().observation_space().len()], [0.0]);
/// env.reset(Some(7), &mut obs)?;
/// let (mut sum, mut steps) = (0.0, 0.0);
/// loop {
///     anchor.optimal().act(&obs, &mut action);
///     let step = env.step(Action::Box(&action), &mut obs)?;
///     (sum, steps) = (sum + f64::from(step.reward), steps + 1.0);
///     if step.truncated { break }
/// }
/// assert!((sum / steps - anchor.goals()[0].theory).abs() < 0.05);
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Anchor {
    problem: Problem,
    setup: SimSetup,
    parts: Parts,
}

impl Anchor {
    /// Solves the problem, and makes its environment.
    ///
    /// # Errors
    /// Names the parameter that is out of its range.
    pub fn new(problem: Problem) -> Result<Self> {
        let parts = problem.known().parts()?;
        let setup = SimSetup::new(parts.spec.clone(), parts.rows.clone())?;
        Ok(Self { problem, setup, parts })
    }

    /// Name and parameters.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The environment as data; its market draws every episode anew.
    #[must_use]
    pub fn spec(&self) -> &EnvSpec {
        &self.parts.spec
    }

    /// What makes environments of it.
    #[must_use]
    pub fn setup(&self) -> &SimSetup {
        &self.setup
    }

    /// What policies are judged by, the most important first.
    #[must_use]
    pub fn goals(&self) -> &[Goal] {
        &self.parts.goals
    }

    /// The best policy that there is.
    #[must_use]
    pub fn optimal(&self) -> &Rule {
        &self.parts.optimal
    }

    /// One that seems reasonable.
    #[must_use]
    pub fn naive(&self) -> &Rule {
        &self.parts.naive
    }

    /// Where regret is 1.
    #[must_use]
    pub fn reference(&self) -> Reference {
        self.parts.reference
    }

    /// How many episodes tell policies apart in a report.
    #[must_use]
    pub fn episodes(&self) -> u32 {
        self.parts.episodes
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.problem.name(), self.problem.params())
    }
}
