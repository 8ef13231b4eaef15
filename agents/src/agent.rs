//! Whatever can act.

use tradepit_envs::Actions;

use crate::Result;

/// Room for one action of each environment, in the form that the action space asks for.
///
/// ```
/// use tradepit_agents::ActionsMut;
/// let mut targets = [0.0f32; 2];
/// let mut actions = ActionsMut::Box(&mut targets);
/// assert_eq!(actions.reborrow().as_actions().len(), 2);
/// ```
#[derive(Debug)]
pub enum ActionsMut<'a> {
    /// `num_envs * len` numbers for a `Space::Box`.
    Box(&'a mut [f32]),
    /// `num_envs * len` whole numbers for a `Space::Discrete` or a `Space::MultiDiscrete`.
    Discrete(&'a mut [i64]),
}

impl ActionsMut<'_> {
    /// The same room, lent for shorter.
    #[must_use]
    pub fn reborrow(&mut self) -> ActionsMut<'_> {
        match self {
            Self::Box(values) => ActionsMut::Box(values),
            Self::Discrete(values) => ActionsMut::Discrete(values),
        }
    }

    /// What a `VecEnv` takes.
    #[must_use]
    pub fn as_actions(&self) -> Actions<'_> {
        match self {
            Self::Box(values) => Actions::Box(values),
            Self::Discrete(values) => Actions::Discrete(values),
        }
    }
}

/// Turns a batch of observations into a batch of actions.
///
/// ```
/// use tradepit_agents::{ActionsMut, Agent, Result};
/// struct Follow;
/// impl Agent for Follow {
///     fn act(&mut self, obs: &[f32], actions: ActionsMut<'_>) -> Result<()> {
///         if let ActionsMut::Box(values) = actions { values.copy_from_slice(obs) }
///         Ok(())
///     }
/// }
/// let mut actions = [0.0];
/// Follow.act(&[0.5], ActionsMut::Box(&mut actions))?;
/// assert_eq!(actions, [0.5]);
/// # tradepit_agents::Result::Ok(())
/// ```
pub trait Agent {
    /// Writes one action for each row of `obs`.
    ///
    /// # Errors
    /// When the shapes do not fit this agent.
    fn act(&mut self, obs: &[f32], actions: ActionsMut<'_>) -> Result<()>;
    /// As [`act`](Self::act), where some choices are closed: `masks` is what
    /// [`VecEnv::action_masks`](tradepit_envs::VecEnv::action_masks) writes. Without one of its own, an agent takes no notice.
    ///
    /// # Errors
    /// As [`act`](Self::act); and when `masks` has another length.
    fn act_masked(&mut self, obs: &[f32], masks: &[bool], actions: ActionsMut<'_>) -> Result<()> {
        let _ = masks;
        self.act(obs, actions)
    }
}
