//! How good an agent is.

use serde::{Deserialize, Serialize};
use tradepit_envs::{Autoreset, EpisodeStats, Space, StepOut, VecEnv};

use crate::agent::{ActionsMut, Agent};
use crate::policy::check_finite;
use crate::sight::Sight;
use crate::{Error, Result};

/// What an evaluation saw.
///
/// ```
/// use tradepit_agents::{Constant, EvaluationStats, evaluate, toy::Toy};
/// let mut env = Toy::follow(4, 1);
/// let stats: EvaluationStats = evaluate(&mut Constant::new(vec![0.0]), &mut env, 6, 0)?;
/// assert_eq!(stats.mean_length(), Some(Toy::LENGTH as f64));
/// assert!(stats.std_reward().is_some_and(|spread| spread > 0.0));
/// assert_eq!(EvaluationStats::default().mean_reward(), None);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvaluationStats {
    /// Undiscounted reward of each counted episode, in the order in which they ended.
    pub rewards: Vec<f64>,
    /// Length of each, in steps.
    pub lengths: Vec<u64>,
    /// The environment's own sums, over every episode that ended meanwhile; more than were counted, as environments
    /// go on while others finish their share.
    pub totals: EpisodeStats,
    /// Steps of single environments.
    pub steps: u64,
}

impl EvaluationStats {
    /// Mean reward of an episode, if one was counted.
    #[must_use]
    pub fn mean_reward(&self) -> Option<f64> {
        (!self.rewards.is_empty()).then(|| self.rewards.iter().sum::<f64>() / self.rewards.len() as f64)
    }

    /// Standard deviation of the reward over episodes (not over seeds), if there were two.
    #[must_use]
    pub fn std_reward(&self) -> Option<f64> {
        let mean = self.mean_reward().filter(|_| self.rewards.len() > 1)?;
        let squares: f64 = self.rewards.iter().map(|reward| (reward - mean).powi(2)).sum();
        Some((squares / (self.rewards.len() - 1) as f64).sqrt())
    }

    /// Mean length of an episode in steps, if one was counted.
    #[must_use]
    pub fn mean_length(&self) -> Option<f64> {
        (!self.lengths.is_empty()).then(|| self.lengths.iter().sum::<u64>() as f64 / self.lengths.len() as f64)
    }
}

/// Runs an agent for `episodes` episodes from a reset with `seed`; it sees observations as a network reads them.
///
/// ```
/// use tradepit_agents::{Constant, evaluate, toy::Toy};
/// let mut env = Toy::follow(4, 1);
/// let stats = evaluate(&mut Constant::new(vec![0.0]), &mut env, 8, 0)?;
/// assert_eq!(stats.rewards.len(), 8);
/// assert!(stats.mean_reward().is_some_and(|reward| reward < 0.0));
/// # tradepit_agents::Result::Ok(())
/// ```
///
/// Each environment counts the same number of its first episodes (up to one more in the first ones), so that short
/// episodes are not counted more often than long ones.
///
/// # Errors
/// When the environment or the agent fails, a reward is not finite, or the environment does not reset by itself.
pub fn evaluate(
    agent: &mut (impl Agent + ?Sized),
    env: &mut (impl VecEnv + ?Sized),
    episodes: usize,
    seed: u64,
) -> Result<EvaluationStats> {
    if env.autoreset() == Autoreset::Disabled {
        return Err(Error::Mismatch("autoreset: evaluation needs SameStep or NextStep, got Disabled".into()));
    }
    let (envs, inputs, sight) = (env.num_envs(), env.observation_space().len(), Sight::of(env));
    let skip = env.autoreset() == Autoreset::NextStep;
    let mut obs = vec![0.0; envs * inputs];
    let mut final_obs = vec![0.0; envs * inputs];
    let mut room = vec![0.0; sight.room(envs)];
    let mut rewards = vec![0.0; envs];
    let (mut terminated, mut truncated) = (vec![false; envs], vec![false; envs]);
    let mut numbers = vec![0.0; envs * env.action_space().len()];
    let mut choices = vec![0; numbers.len()];
    let discrete = !matches!(env.action_space(), Space::Box { .. });
    let outputs: usize = env.action_space().choices().iter().sum();
    let mut masks = vec![true; if env.masks() { envs * outputs } else { 0 }];

    let mut quota: Vec<usize> = (0..envs).map(|i| episodes / envs + usize::from(i < episodes % envs)).collect();
    let (mut sums, mut lengths) = (vec![0.0f64; envs], vec![0u64; envs]);
    let mut stats = EvaluationStats::default();
    env.reset(seed, &mut obs)?;
    env.drain_episodes();
    let mut resetting = vec![false; envs];
    while stats.rewards.len() < episodes {
        let mut actions = if discrete { ActionsMut::Discrete(&mut choices) } else { ActionsMut::Box(&mut numbers) };
        let seen = sight.see(&obs, &mut room)?;
        if masks.is_empty() {
            agent.act(seen, actions.reborrow())?;
        } else {
            env.action_masks(&mut masks)?;
            agent.act_masked(seen, &masks, actions.reborrow())?;
        }
        let out = StepOut {
            obs: &mut obs,
            reward: &mut rewards,
            terminated: &mut terminated,
            truncated: &mut truncated,
            final_obs: Some(&mut final_obs).filter(|_| !skip).map(Vec::as_mut_slice),
            facts: None,
        };
        env.step(actions.as_actions(), out)?;
        check_finite("reward", &rewards, 1)?;
        stats.steps += envs as u64;
        for env in 0..envs {
            // Under NextStep the step after the end only resets.
            if std::mem::take(&mut resetting[env]) {
                continue;
            }
            sums[env] += f64::from(rewards[env]);
            lengths[env] += 1;
            if terminated[env] || truncated[env] {
                let (sum, length) = (std::mem::take(&mut sums[env]), std::mem::take(&mut lengths[env]));
                if quota[env] > 0 {
                    quota[env] -= 1;
                    stats.rewards.push(sum);
                    stats.lengths.push(length);
                }
                resetting[env] = skip;
            }
        }
    }
    stats.totals = env.drain_episodes();
    Ok(stats)
}
