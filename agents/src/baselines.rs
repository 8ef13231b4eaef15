//! Agents that do not learn, to compare with.

use tradepit_envs::Space;

use crate::agent::{ActionsMut, Agent};
use crate::dist::Head;
use crate::policy::{Policy, stream};
use crate::rng::Rng;
use crate::{Error, Result};

/// The same action always.
///
/// ```
/// use tradepit_agents::{ActionsMut, Agent, Constant};
/// let mut actions = [0.0f32; 2];
/// Constant::new(vec![0.5]).act(&[], ActionsMut::Box(&mut actions))?;
/// assert_eq!(actions, [0.5, 0.5]);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    action: Vec<f32>,
}

impl Constant {
    /// One action; for a discrete space its numbers.
    #[must_use]
    pub fn new(action: Vec<f32>) -> Self {
        Self { action }
    }
}

impl Agent for Constant {
    fn act(&mut self, _obs: &[f32], actions: ActionsMut<'_>) -> Result<()> {
        let width = self.action.len();
        let got = actions.as_actions().len();
        match actions {
            ActionsMut::Box(out) if width > 0 && got.is_multiple_of(width) => {
                out.chunks_exact_mut(width).for_each(|row| row.copy_from_slice(&self.action));
            }
            ActionsMut::Discrete(out) if width > 0 && got.is_multiple_of(width) => {
                out.iter_mut().zip(self.action.iter().cycle()).for_each(|(out, value)| *out = *value as i64);
            }
            _ => return Err(Error::Shape { name: "actions", expected: width, got }),
        }
        Ok(())
    }
}

/// An even draw from the action space each time.
///
/// ```
/// use tradepit_agents::{ActionsMut, Agent, Random};
/// use tradepit_envs::Space;
/// let mut actions = [9i64; 4];
/// Random::new(&Space::Discrete { n: 3 }, 0)?.act(&[], ActionsMut::Discrete(&mut actions))?;
/// assert!(actions.iter().all(|action| (0..3).contains(action)));
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    head: Head,
    rng: Rng,
}

impl Random {
    /// Draws from this space.
    ///
    /// # Errors
    /// When the space is empty.
    pub fn new(action: &Space, seed: u64) -> Result<Self> {
        Ok(Self { head: Head::new(action)?, rng: Rng::new(seed, stream::BASELINE) })
    }
}

impl Agent for Random {
    fn act(&mut self, _obs: &[f32], actions: ActionsMut<'_>) -> Result<()> {
        match (actions, &self.head) {
            (ActionsMut::Box(out), &Head::Gaussian { low, high, .. }) => {
                let (low, width) = (f64::from(low), f64::from(high) - f64::from(low));
                out.iter_mut().for_each(|value| *value = (low + width * self.rng.uniform()) as f32);
            }
            (ActionsMut::Discrete(out), Head::Categorical { nvec }) => {
                for (value, n) in out.iter_mut().zip(nvec.iter().cycle()) {
                    *value = i64::from(self.rng.below(u32::try_from(*n).unwrap_or(u32::MAX)));
                }
            }
            (_, head) => return Err(Error::Mismatch(format!("the actions are not of the kind that {head:?} draws"))),
        }
        Ok(())
    }

    fn act_masked(&mut self, obs: &[f32], masks: &[bool], mut actions: ActionsMut<'_>) -> Result<()> {
        let (Head::Categorical { nvec }, ActionsMut::Discrete(out)) = (&self.head, actions.reborrow()) else {
            return self.act(obs, actions);
        };
        let (mut rest, expected) = (masks, out.len() / nvec.len() * self.head.outputs());
        if masks.len() != expected {
            return Err(Error::Shape { name: "masks", expected, got: masks.len() });
        }
        for (value, n) in out.iter_mut().zip(nvec.iter().cycle()) {
            let (part, behind) = rest.split_at(*n);
            rest = behind;
            let open = part.iter().filter(|open| **open).count();
            let nth = self.rng.below(u32::try_from(open.max(1)).unwrap_or(u32::MAX)) as usize;
            let at = part.iter().enumerate().filter(|(_, open)| **open).nth(nth).map_or(0, |(at, _)| at);
            *value = at as i64;
        }
        Ok(())
    }
}

/// A policy that draws its actions, as it does in training.
///
/// ```
/// use tradepit_agents::{ActionsMut, Agent, Policy, Sampling};
/// use tradepit_envs::Space;
/// let unit = Space::Box { len: 1, low: -1.0, high: 1.0 };
/// let mut agent = Sampling::new(Policy::new(&unit, &unit, &[8], 0)?, 0);
/// let mut actions = [0.0f32; 2];
/// agent.act(&[0.1, 0.1], ActionsMut::Box(&mut actions))?;
/// assert_ne!(actions[0], actions[1]);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Sampling {
    policy: Policy,
    rng: Rng,
}

impl Sampling {
    /// Draws from this seed.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Self {
        Self { policy, rng: Rng::new(seed, stream::PREDICT) }
    }
}

impl Agent for Sampling {
    fn act(&mut self, obs: &[f32], actions: ActionsMut<'_>) -> Result<()> {
        self.policy.act(obs, Some(&mut self.rng), actions)
    }

    fn act_masked(&mut self, obs: &[f32], masks: &[bool], actions: ActionsMut<'_>) -> Result<()> {
        self.policy.act_among(obs, Some(masks), Some(&mut self.rng), actions)
    }
}
